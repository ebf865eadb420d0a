# SPDX-License-Identifier: MIT
"""Chosen simulations as slices of chunks: each once, as few as can be, or several for each worker."""

from __future__ import annotations

import numpy as np
import pytest

from sweep.jobs.driver.policy import Piece
from sweep.jobs.driver.slices import PER_WORKER, SHORTEST_S, Slices
from sweep.plan import Chunk

SIMULATIONS = 12


def chunk(*simulations: int, predicted_s: float = 0.001) -> Chunk:
    return Chunk("page_pool", np.array(simulations), "", predicted_s)


def wanted(*simulations: int) -> np.ndarray:
    found = np.zeros(SIMULATIONS, np.bool_)
    found[list(simulations)] = True
    return found


POINTS = [chunk(0, 1, 2, 3), chunk(4, 5, 6, 7), chunk(8, 9, 10, 11)]


@pytest.mark.parametrize(
    ("some", "pieces"),
    [
        ((0, 1, 2, 4, 5, 9, 10, 11), [Piece(0, 0, 3), Piece(1, 0, 2), Piece(2, 1, 4)]),
        ((0, 3, 4), [Piece(0, 0, 1), Piece(0, 3, 4), Piece(1, 0, 1)]),
        ((), []),
    ],
)
def test_of_points(some: tuple[int, ...], pieces: list[Piece]) -> None:
    assert list(Slices(POINTS, SIMULATIONS).of(wanted(*some))) == pieces


def test_simulations_follow_each_other_in_their_chunk_not_in_the_sweep() -> None:
    slices = Slices([chunk(1, 5, 9), chunk(0, 2)], SIMULATIONS)
    assert list(slices.of(wanted(9, 5, 0, 2))) == [Piece(0, 1, 3), Piece(1, 0, 2)]


def test_every_worker_gets_several_pieces_of_no_less_than_is_worth_it() -> None:
    seconds = 100 * SHORTEST_S
    slices = Slices([chunk(*range(12), predicted_s=seconds)], SIMULATIONS)
    pieces = list(slices.of(wanted(*range(12)), workers=3))
    assert len(pieces) >= 3 * PER_WORKER
    assert [index for piece in pieces for index in range(piece.start, piece.stop)] == list(range(12))
    short = Slices([chunk(*range(12), predicted_s=SHORTEST_S)], SIMULATIONS)
    assert list(short.of(wanted(*range(12)), workers=3)) == [Piece(0, 0, 12)]
