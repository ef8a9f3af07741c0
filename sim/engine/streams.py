"""Named random streams: the only maker of generators.

A draw is a pure function of (seed, name, block of replications). The name is the path of the thing
that the draw belongs to, so adding a contributor, reordering a file or choosing another executor
changes no other draw.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Replications of one block. Fixed: the draws of replication k must not depend on how many follow.
BLOCK = 8192

_SMALLEST = 2.0**-54  # quantile functions want the open interval (0, 1)


def generator(seed: int, name: str, block: int) -> np.random.Generator:
    """The generator of the stream `name` in `block`.

    PCG64DXSM over a `SeedSequence` whose spawn key is the first 128 bits of SHA-256 of the name,
    and the block: independent streams without any state that is passed along.
    """
    digest = hashlib.sha256(name.encode()).digest()
    words = tuple(int.from_bytes(digest[i : i + 4], "little") for i in range(0, 16, 4))
    sequence = np.random.SeedSequence(seed, spawn_key=(*words, block))
    return np.random.Generator(np.random.PCG64DXSM(sequence))


def uniforms(
    seed: int, name: str, block: int, count: int = BLOCK, rows: int | None = None
) -> NDArray[np.float64]:
    """Uniform numbers in (0, 1) of the stream `name`.

    Parameters
    ----------
    count
        Replications wanted, at most `BLOCK`; the first of a block are the same however many.
    rows
        Draws per replication (steps, units); the first rows do not depend on how many follow.

    Returns
    -------
    float64 array, shape (count,) or (rows, count)
    """
    stream = generator(seed, name, block)
    bits: Any = stream.bit_generator  # whose kind is known: it can pass draws over
    if rows is None or count == BLOCK:
        draws = stream.random(count if rows is None else (rows, count))
    else:
        draws = np.empty((rows, count))
        for row in draws:  # those that nobody asks for are passed over, not drawn
            stream.random(out=row)
            bits.advance(BLOCK - count)
    return np.maximum(draws, _SMALLEST, out=draws)
