"""Files as large as may be, full of mistakes: what takes longest to refuse."""

from __future__ import annotations

from sim.scenario.builder import MAX_ENTRIES

WIDE = MAX_ENTRIES - 1


def rows(section: str, row: str, times: int = WIDE) -> str:
    """A section of many rows; ``#`` stands for the row's number."""
    return f"{section}:\n" + "".join(f"  {row.replace('#', str(n))}\n" for n in range(times))


def many(item: str, times: int) -> str:
    return ", ".join(item.replace("@", str(n)) for n in range(times))


_MISTAKES = {
    "unknown keys": "".join(f"k{n}: 1\n" for n in range(WIDE)),
    "keys misspelt": rows("contributors", f"c#: {{{many('armi@: 1', 25)}}}"),
    "nobody has this name": rows("contributors", f"#{'c' * 70}: {{excludes: [#{'d' * 70}]}}")
    + rows("mandates", f"m#: {{kind: line, eligible: [{many('x@' + 'c' * 70, 900)}]}}", 20),
    "units misspelt": rows(
        "contributors",
        "c#: {tour: 6 mnths, rest: {goal: 6 mnths, least: 6 mnths}, handover: 6 mnths,"
        " mobilisation: 6 mnths, demobilisation: tringular(1 2) mnths}",
    ),
    "conditions misspelt": rows(
        "contributors",
        f"c#: {{participation: {{{many('m@: {probability: {whn: x, thn: 1, els: 1}}', 5)}}}}}",
    ),
    "unknown stances": rows("mandates", "m#: {kind: alliance#}")
    + rows("contributors", f"c#: {{participation: {{{many('y#@: {}', 20)}}}}}"),
    "rotations that contradict": "rotation: {tour: 1 month, handover: 2 months}\n"
    + rows("contributors", f"c#: {{forces: [{many('{tour: 1 month, handover: 3 months}', 6)}]}}"),
    "rates between no states": "conflict:\n  states: {a: {}}\n"
    + rows("  rates", "  a# -> b#: 1 per year"),
    "conditions of themselves": rows(
        "conditions", "c#: {probability: {when: c#, then: 1, else: 0}}"
    ),
    "distributions never closed": f"more: [{'(a, ' * WIDE}]\n",
}

LARGE = {name: f"language: 1\ntitle: Large\n{text}" for name, text in _MISTAKES.items()}
