"""A run reported as the STRESS guidelines ask for.

Monks, Currie, Onggo, Robinson, Kunc & Taylor (2019), Strengthening the reporting of empirical
simulation studies: introducing the STRESS guidelines. Journal of Simulation 13(1):55-67; the
checklist for discrete-event simulation, whose twenty items also cover a Monte Carlo study.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sim.engine.plan import CAUSES
from sim.results.result import Result

NOT_STATED = "Not stated."


class Item(NamedTuple):
    """One item of the checklist: section, number and name, and what the run says."""

    section: str
    name: str
    text: str


def stress(result: Result, sources: int, judgements: int) -> list[Item]:
    """Fill the checklist from a run.

    Parameters
    ----------
    result
        The run.
    sources, judgements
        How many figures have a source or a note, and how many of them are judgements.
    """
    run, data = result.run, result.run["inputs"]
    time, settings = data["time"], data.get("run", {})
    mandates, nations = data["mandates"], data.get("contributors", {})
    versions = ", ".join(f"{name} {version}" for name, version in run["versions"].items())
    sections: dict[str, Sequence[tuple[str, str]]] = {
        "1. Objectives": (
            ("1.1 Purpose of the model", _purpose(data)),
            (
                "1.2 Model outputs",
                "Probabilities of each gate (authorised, pledged, initial capability, full "
                "capability, held) and of being adequate; strength and fill over time; what binds; "
                "presence, burden, breaches of rest, deaths and cost of each contributor. "
                "Definitions: docs/model.md.",
            ),
            (
                "1.3 Experimentation aims",
                f"{_count(mandates, 'mandate')} ({', '.join(map(str, mandates))}) at force sizes "
                f"{_sizes(result)}, over the same futures.",
            ),
        ),
        "2. Logic": (
            (
                "2.1 Base model overview diagram",
                "A funnel: authorised, pledged, initial capability, full capability, held.",
            ),
            (
                "2.2 Base model logic",
                "In every time step: leave, rest, join or withdraw, need, send, conflict, record. "
                "docs/model.md gives each rule.",
            ),
            ("2.3 Scenario logic", "; ".join(_mandate(*pair) for pair in mandates.items()) + "."),
            (
                "2.4 Algorithms",
                "One-factor Gaussian copula for participation; Gale's condition for the pledge; "
                "priority or proportional sending under caps and lift; a Markov chain for the "
                "conflict; exponential thresholds for withdrawal.",
            ),
            (
                "2.5 Components",
                f"{_count(nations, 'contributor')} with pools of whole units; "
                f"{_count(data.get('corridors', {}), 'corridor')}; "
                f"{_count(data['force']['capabilities'], 'capability', 'capabilities')}; "
                f"{_count(data.get('conditions', {}), 'condition')}; what may bind: "
                f"{', '.join(CAUSES)}.",
            ),
        ),
        "3. Data": (
            (
                "3.1 Data sources",
                f"{sources:,} entries, listed under Assumptions; {judgements:,} of them are "
                "judgements."
                if sources
                else NOT_STATED,
            ),
            (
                "3.2 Pre-processing",
                "None but the merging of the scenario's files; "
                "run.json holds the merged scenario and where every value was written.",
            ),
            (
                "3.3 Input parameters",
                f"Everything that the merged scenario says (hash {run['scenario_hash'][:12]}).",
            ),
            (
                "3.4 Assumptions",
                f"{judgements:,} figures are marked as judgements, with the reasoning; those of "
                "the model stand in docs/model.md."
                if judgements
                else "Those of the model stand in docs/model.md; the scenario marks no figure as a "
                "judgement.",
            ),
        ),
        "4. Experimentation": (
            (
                "4.1 Initialisation",
                f"Begins on {time['start']}. Units at home are spread over their cycle or rested, "
                "as the scenario says for each contributor. No warm-up is cut off: the build-up is "
                "part of the question.",
            ),
            ("4.2 Run length", f"{time['horizon']} in steps of {time.get('step', '1 week')}."),
            (
                "4.3 Estimation approach",
                f"{run['replications']:,} independent replications; proportions with 95% Wilson "
                "intervals and Monte Carlo standard errors, means with Monte Carlo standard "
                "errors. Mandates and sizes share their futures (common random numbers).",
            ),
        ),
        "5. Implementation": (
            ("5.1 Software or programming language", versions + "."),
            (
                "5.2 Random sampling",
                f"{run['bit_generator']}, seed {run['seed']}; every named draw has a stream of its "
                f"own per block of {run['block']:,} replications; distributions by inversion.",
            ),
            (
                "5.3 Model execution",
                "Fixed time steps, vectorised over replications; the figures do not depend on "
                "the number of processes.",
            ),
            ("5.4 System specification", _system(run)),
        ),
        "6. Code access": (
            (
                "6.1 Computer model sharing statement",
                f"peacekeeping-sim {run['versions'].get('peacekeeping-sim', '')}, Apache-2.0. "
                f"Scenario {run['scenario']}; its replications by default: "
                f"{settings.get('replications', 10_000):,}.",
            ),
        ),
    }
    return [Item(section, *item) for section, items in sections.items() for item in items]


def _purpose(data: Mapping[str, Any]) -> str:
    return str(data.get("summary") or NOT_STATED)


def _count(things: Any, one: str, many: str = "") -> str:
    return f"{len(things):,} {one if len(things) == 1 else many or one + 's'}"


def _sizes(result: Result) -> str:
    sizes = sorted(set(result.tables["summary"]["force_size"]))
    if len(sizes) > 6:
        return f"{sizes[0]:,} to {sizes[-1]:,} ({len(sizes)} sizes)"
    return ", ".join(f"{size:,}" for size in sizes)


def _mandate(name: str, mandate: Mapping[str, Any]) -> str:
    asked = len(mandate.get("authorisation", {}).get("decided_by", {}))
    decided = f", {asked} players decide" if asked else ""
    return f"{name}: kind {mandate['kind']}{decided}"


def _system(run: Mapping[str, Any]) -> str:
    machine = run.get("platform")
    return f"{machine or 'Machine not stated'}; the run took {run['seconds']:,.1f} s."
