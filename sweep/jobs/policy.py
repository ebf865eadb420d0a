# SPDX-License-Identifier: MIT
"""What to do when an attempt fails: the whole failure policy, and nothing else.

| ending | whose fault | what happens |
|---|---|---|
| an exception in a simulation | its own | a failed row at once; its neighbours are in the part (`task`) |
| an exception outside any | the chunk's | all its simulations fail at once: it would be the same again |
| crash | perhaps its own | once more, then in halves; a simulation that crashes twice alone has failed |
| memory | perhaps its own | in halves, each with a node to itself; a simulation that fills one twice has failed |
| too slow | perhaps its own | a second copy; if that ends no sooner, both are ended, then halves; alone: failed |
| lost | not its own | again, LOSSES times at most |

A poisonous simulation among n costs at most 2 (1 + log2 n) tries that end badly, so a bounded time whatever it does.
Halves keep nothing of what the whole has been through but `alone`.

Source: Ray's own retries are off, because it retries without end when memory is short and knows no deadline.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from .work import Ending

CRASHES = 2  # of the same simulations; the first may have been a neighbour's doing
KILLS = 2  # for memory, of one simulation alone
LOSSES = 20  # nodes may go often on spot machines; but a simulation that takes its node along must end, too

DEADLINE_S = 60.0  # least deadline: a cold kernel takes 15 s to compile, three times that on a busy machine
DEADLINE_FACTOR = 5.0  # of the expected time


@dataclass(frozen=True)
class Piece:
    """Simulations [start:stop] of a chunk, which are tried together, and what has become of them so far."""

    number: int
    start: int
    stop: int
    crashes: int = 0
    kills: int = 0
    losses: int = 0
    alone: bool = False  # to be tried with a node to itself

    @property
    def size(self) -> int:
        return self.stop - self.start


def again(piece: Piece, ending: Ending) -> tuple[Piece, ...]:
    """What to try after `piece` has ended like this; nothing if its simulations have failed."""
    single = piece.size == 1
    match ending:
        case Ending.CRASHED:
            tried = replace(piece, crashes=piece.crashes + 1)
            return (tried,) if tried.crashes < CRASHES else _halves(piece)
        case Ending.MEMORY:
            tried = replace(piece, kills=piece.kills + piece.alone, alone=True)
            return _halves(tried) if not single else (tried,) if tried.kills < KILLS else ()
        case Ending.SLOW:
            return _halves(piece)
        case Ending.LOST:
            tried = replace(piece, losses=piece.losses + 1)
            return (tried,) if tried.losses <= LOSSES else ()
        case _:
            return ()


def _halves(piece: Piece) -> tuple[Piece, ...]:
    """Nothing if it is one simulation."""
    if piece.size == 1:
        return ()
    middle = (piece.start + piece.stop) // 2
    return (
        Piece(piece.number, piece.start, middle, alone=piece.alone),
        Piece(piece.number, middle, piece.stop, alone=piece.alone),
    )


def deadline_s(expected_s: float, least_s: float = DEADLINE_S) -> float:
    """How long an attempt may run before it gets a second copy; after twice that it is ended."""
    return max(least_s, DEADLINE_FACTOR * expected_s)
