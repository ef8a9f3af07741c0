"""What a plug-in's arguments can be annotated with: units, and plain arrays.

An argument with a unit is an amount that the scenario writes, in any unit of its kind; the function
gets it drawn, one value per future, in the unit given here.

============= ==================================
Number        a number
Share         a number from 0 to 1
Duration      days
DailyRate     per day
YearlyRate    per year
Length        km
Area          km2
PerLength     per km
PerArea       per km2
PerThousand   per head, written per 1000
============= ==================================
"""

from __future__ import annotations

from sim.scenario.plugins import (
    Area,
    DailyRate,
    Duration,
    Floats,
    Length,
    Number,
    PerArea,
    PerLength,
    PerThousand,
    Share,
    YearlyRate,
)

__all__ = [
    "Area",
    "DailyRate",
    "Duration",
    "Floats",
    "Length",
    "Number",
    "PerArea",
    "PerLength",
    "PerThousand",
    "Share",
    "YearlyRate",
]
