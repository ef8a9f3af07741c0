"""Which mandate and which force size are meant."""

from __future__ import annotations

from sim.engine.plan import Plan
from sim.errors import SimError, nearest


def mandate_of(plan: Plan, name: str | None, *, sending: bool = True) -> int:
    """Index of a mandate; `sending`: of one that sends.

    Raises
    ------
    SimError
        Where there is none of this name, or it sends nobody, or it is not clear which one.
    """
    senders = [mandate.name for mandate in plan.mandates if mandate.sends]
    names = [mandate.name for mandate in plan.mandates]
    if name is None:
        if len(senders) == 1:
            return names.index(senders[0])
        if not senders:
            raise SimError("no mandate of this scenario sends anybody")
        raise SimError(f"which mandate? one of: {', '.join(senders)}")
    if name not in names:
        hint = nearest(name, senders) or f"those that send: {', '.join(senders) or 'none'}"
        raise SimError(f"no mandate '{name}'; {hint}")
    if sending and name not in senders:
        others = f"; those that send: {', '.join(senders)}" if senders else ""
        raise SimError(f"mandate '{name}' sends nobody{others}")
    return names.index(name)


def size_of(plan: Plan, mandate: int, size: int | None) -> int:
    """One of a mandate's sizes: the smallest where none is named.

    Raises
    ------
    SimError
        Where it is not one of them, with the nearest.
    """
    sizes = plan.mandates[mandate].sizes
    if size is None:
        return min(sizes)
    if size not in sizes:
        close = min(sizes, key=lambda known: (abs(known - size), known))
        raise SimError(
            f"mandate '{plan.mandates[mandate].name}' has no force size {size:,}; the nearest is "
            f"{close:,} (it has {len(sizes)}, {min(sizes):,} to {max(sizes):,})"
        )
    return size
