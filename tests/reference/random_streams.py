# SPDX-License-Identifier: MIT
"""Random numbers and quantile tables: docs/model.md, section 2."""

from __future__ import annotations

import hashlib

MODULO = 1 << 64
BYTE = 0xFF
PART_BITS = 20
LEVEL = 257  # entries of one level of a table


def splitmix64(state: int) -> int:
    """The output function of SplitMix64 for this state."""
    z = state % MODULO
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % MODULO
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB % MODULO
    return z ^ (z >> 31)


def draw(key: int, i: int) -> int:
    """Value `i` of the stream `key`: 64 bits."""
    return splitmix64(key + (i + 1) * 0x9E3779B97F4A7C15)


def stream_key(name: str, seed: int, replicate: int, decided_by: list[tuple[int, object]]) -> int:
    """Key of a stream: what decides its process, as (number, value) without those at their default."""
    text = _written([1, seed, replicate, name]) + _written([list(each) for each in decided_by])
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def _written(value: object) -> str:
    """Bencode, with "n" for None."""
    if isinstance(value, list | tuple):
        return "l" + "".join(_written(each) for each in value) + "e"
    if isinstance(value, int):
        return f"i{value}e"
    return "n" if value is None else f"{len(str(value).encode())}:{value}"


def bits(u: int, high: int, low: int) -> int:
    """Bits `high` down to `low` of `u`, both included."""
    return (u >> low) % (1 << (high - low + 1))


def sample(table: list[int], u: int) -> int:
    """The quantile of a table at probability u / 2^64."""
    first, second, third = bits(u, 63, 56), bits(u, 55, 48), bits(u, 47, 40)
    if 1 <= first <= 254:
        level, entry, part = 0, first, bits(u, 55, 36)
    elif first == 0 and second >= 1:
        level, entry, part = 1, second, bits(u, 47, 28)
    elif first == 0:
        level, entry, part = 2, third, bits(u, 39, 20)
    elif second <= 254:
        level, entry, part = 3, second, bits(u, 47, 28)
    else:
        level, entry, part = 4, third, bits(u, 39, 20)
    low, high = table[level * LEVEL + entry], table[level * LEVEL + entry + 1]
    return low + ((high - low) * part >> PART_BITS)
