# SPDX-License-Identifier: MIT
"""What to do when an attempt ends badly: the whole failure policy, and nothing else.

A simulation has failed if it fails alone, repeatedly, where others succeed.  Otherwise it stays open: nothing is
recorded against it, and the next run tries it again.

| ending | whose doing | what happens | at last |
|---|---|---|---|
| exception | the model's (`blame`) | nothing more; its neighbours are in the part (`task`) | failed |
| crash, of a worker | unknown | again, watched: in a process of its own whose end is seen (`trial`) | |
| crash, watched | its own: SIGSEGV, an exit | halves, all watched; alone: CRASHES times | failed |
| memory | its own: more than it may have | halves, each with a node to itself; alone: FILLS times | failed |
| too slow | perhaps its own | a second copy; if that ends no sooner, both are ended, then halves | failed |
| killed | outside: SIGKILL | again, watched; KILLS times; every CROWDED times in halves | open |
| node memory | perhaps others' | halves, each with a node to itself; alone: FILLS times | open |
| surroundings | files, imports, compiler, threads | again; TROUBLES times, then halves | open |
| lost | its node's | again, LOSSES times at most | open |

`failed` waits for a witness: another simulation that has ended well since the last attempt began; the driver runs one
that has ended well before once more if there is none.  Where nothing has ended well yet, the breaker (`breaker`) stops
the run: what fails everywhere is nobody's fault.

A poisonous simulation among n costs at most 3 + 2 log2 n tries that end badly, so a bounded time whatever it does.
Halves keep nothing of what the whole has been through but `alone` and `watched`.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from statistics import median

from sweep.jobs.executors.work import Ending

CRASHES = 2  # of one simulation, watched
FILLS = 2  # of memory, by one simulation alone
KILLS = 20  # by somebody who may go on for minutes
CROWDED = 4  # kills after which fewer simulations are tried together: it may have been the kernel, for memory
ENVIRONMENT_TRIES = 3
LOSSES = 20  # nodes may go often on spot machines; but a simulation that takes its node along must end, too

DEADLINE_S = 60.0  # least deadline: a cold kernel takes 2 s to compile, ten times that on a busy machine
DEADLINE_FACTOR = 5.0  # of the expected time
PACES = 50  # chunks whose pace decides what is expected of the next


@dataclass(frozen=True)
class Piece:
    """Simulations [start:stop] of a chunk that are tried together, and how earlier attempts at them ended."""

    number: int  # of the chunk
    start: int
    stop: int
    crashes: int = 0  # in a process of its own (`watched`)
    fills: int = 0  # times it filled the memory of a node that it had to itself
    kills: int = 0
    environment_errors: int = 0
    losses: int = 0
    alone: bool = False  # to be tried with a node to itself
    watched: bool = False  # to be tried in a process of its own
    witness: bool = False  # has ended well before; tried again only to see whether it still does

    @property
    def size(self) -> int:
        return self.stop - self.start


def again(piece: Piece, ending: Ending) -> tuple[Piece, ...]:
    """The pieces to try after an attempt at `piece` ended with `ending`; () if its simulations failed or stay open."""
    single = piece.size == 1
    match ending:
        case Ending.CRASHED if not piece.watched:
            return (replace(piece, watched=True),)
        case Ending.CRASHED:
            retry = replace(piece, crashes=piece.crashes + 1)
            return _halves(piece) if not single else (retry,) if retry.crashes < CRASHES else ()
        case Ending.MEMORY | Ending.PRESSED:
            retry = replace(piece, fills=piece.fills + piece.alone, alone=True)
            return _halves(retry) if not single else (retry,) if retry.fills < FILLS else ()
        case Ending.KILLED:
            retry = replace(piece, kills=piece.kills + 1, watched=True)
            if not single and retry.kills >= CROWDED:
                return _halves(retry)
            return (retry,) if retry.kills <= KILLS else ()
        case Ending.ENVIRONMENT:
            retry = replace(piece, environment_errors=piece.environment_errors + 1)
            return (retry,) if retry.environment_errors < ENVIRONMENT_TRIES else _halves(piece)
        case Ending.SLOW:
            return _halves(piece)
        case Ending.LOST:
            retry = replace(piece, losses=piece.losses + 1)
            return (retry,) if retry.losses <= LOSSES else ()
        case _:
            return ()


def blames(ending: Ending) -> bool:
    """Whether simulations that are given up after this ending have failed; otherwise they stay open."""
    return ending in (Ending.RAISED, Ending.CRASHED, Ending.MEMORY, Ending.SLOW)


def _halves(piece: Piece) -> tuple[Piece, ...]:
    """The two halves of `piece`; () if it is one simulation."""
    if piece.size == 1:
        return ()
    middle = (piece.start + piece.stop) // 2
    return (
        Piece(piece.number, piece.start, middle, alone=piece.alone, watched=piece.watched),
        Piece(piece.number, middle, piece.stop, alone=piece.alone, watched=piece.watched),
    )


def deadline_s(expected_s: float, least_s: float = DEADLINE_S) -> float:
    """Seconds an attempt may run before a second copy is handed out; after twice that it is ended."""
    return max(least_s, DEADLINE_FACTOR * expected_s)


class Pace:
    """Measured over predicted run time of the latest chunks, and the deadlines that follow from it."""

    def __init__(self, least_deadline_s: float) -> None:
        self.least_deadline_s = least_deadline_s
        self._paces: deque[float] = deque(maxlen=PACES)  # measured over predicted

    def took(self, predicted_s: float, measured_s: float) -> None:
        """Note how long a chunk that ended well took."""
        if predicted_s:
            self._paces.append(measured_s / predicted_s)

    def of(self, predicted_s: float) -> tuple[float, float]:
        """Expected run time and deadline of a chunk, seconds."""
        expected_s = predicted_s * (median(self._paces) if self._paces else 1.0)
        return expected_s, deadline_s(expected_s, self.least_deadline_s)
