"""One row per replication: outcomes and the draws that matter most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sim.engine.plan import CAUSES, Plan
from sim.engine.simulate import Cell
from sim.results.tables import Table


def replications(plan: Plan, rows: Mapping[Cell, Sequence[Mapping[str, Any]]]) -> Table:
    """One row per mandate, force size and replication: outcomes and the draws that matter most."""
    table: dict[str, list[Any]] = {}
    kinds = {
        key: values.dtype
        for blocks in rows.values()
        for block in blocks[:1]
        for key, values in block.items()
    }
    for cell, blocks in rows.items():
        count = sum(len(block["feasible"]) for block in blocks)
        table.setdefault("mandate", []).append(
            np.full(count, plan.mandates[cell.mandate].name, object)
        )
        table.setdefault("force_size", []).append(np.full(count, cell.size))
        table.setdefault("replication", []).append(np.arange(count))
        for key, kind in kinds.items():
            if key == "binding":
                names = np.array(["", *CAUSES], object)
                parts = [names[block[key].astype(int) + 1] for block in blocks]
            elif key in blocks[0]:
                parts = [block[key] for block in blocks]
            else:  # another mandate's; a missing truth value is none, not a number
                absent = (None, object) if kind == np.bool_ else (np.nan, np.float64)
                parts = [np.full(count, *absent)]
            table.setdefault(key, []).append(np.concatenate(parts))
    return {key: list(np.concatenate(parts)) for key, parts in table.items()}
