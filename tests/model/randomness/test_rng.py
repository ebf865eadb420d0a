# SPDX-License-Identifier: MIT
"""The random streams against the published SplitMix64."""

from __future__ import annotations

import numpy as np

from sweep.model.randomness.rng import draw

MASK = (1 << 64) - 1


def splitmix64(seed: int, count: int) -> list[int]:
    """The generator as published: a state that grows by the golden gamma, and the mixer."""
    outputs, state = [], seed
    for _ in range(count):
        state = (state + 0x9E3779B97F4A7C15) & MASK
        z = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        outputs.append(z ^ (z >> 31))
    return outputs


def draws(key: int, count: int) -> list[int]:
    with np.errstate(over="ignore"):
        return [int(draw(np.uint64(key), i)) for i in range(count)]


def test_known_answers() -> None:
    """Published with the definition: the first outputs from the state 0 and from 1234567."""
    assert draws(0, 3) == [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]
    assert draws(1234567, 2) == [6457827717110365317, 3203168211198807973]


def test_draw_is_the_sequence_of_the_generator() -> None:
    for key in (0, 1, MASK, 0x9E3779B97F4A7C15):
        assert draws(key, 50) == splitmix64(key, 50)
