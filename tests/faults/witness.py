# SPDX-License-Identifier: MIT
"""What workers began, as they wrote it down themselves (`planted/sitecustomize.py`), held against the kills.

A chunk that was begun again had been lost: with its worker, its node, or its driver's connection to Ray, the session.
Times alone do not tell to which kill.  Ray goes on for a second after its GCS was killed, and so do the workers of a
driver that was killed; what they begin meanwhile is lost to that kill, though the next one may have come before.  And
the GCS of a cluster takes its node along at once, the session seconds later: two losses, each of what is then in
flight.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple


class Begun(NamedTuple):
    """A chunk, or a slice of one, that a worker began."""

    when: float
    session: str
    node: int  # pid of its raylet
    worker: int  # pid
    simulations: tuple[int, ...]

    @classmethod
    def read(cls, path: Path) -> list[Begun]:
        """All of them, in the order of time."""
        rows = map(json.loads, path.read_text().splitlines())
        return sorted(cls(**{**row, "simulations": tuple(row["simulations"])}) for row in rows)


class Kill(NamedTuple):
    """One process that was killed, or one node, and what goes with it."""

    what: str
    when: float
    worker: int = 0  # its pid
    node: int = 0  # pid of its raylet
    ends_session: bool = False  # of one session, if it strikes any
    left: int = 0  # simulations that had no row


class Loss(NamedTuple):
    """What took chunks with it."""

    of: str  # worker, node or session
    kill: Kill


class Rerun(NamedTuple):
    """What was begun more than once."""

    chunks: Counter[Loss]  # that were begun again after a loss
    unexplained: list[Begun]  # that were begun again after none


@dataclass
class _Session:
    first: float  # beginning
    last: float
    end: Kill | None = None


def rerun(begun: Sequence[Begun], kills: Sequence[Kill]) -> Rerun:
    """Which kill each chunk that was begun again was lost to; `begun` in the order of time."""
    sessions = _sessions(begun, sorted(kills, key=lambda kill: kill.when))
    workers = {kill.worker: Loss("worker", kill) for kill in kills if kill.worker}
    nodes = {kill.node: Loss("node", kill) for kill in kills if kill.node}
    at_last = {chunk.worker: chunk for chunk in begun}  # the only one that can have been lost with its worker
    latest: dict[int, Begun] = {}
    lost: dict[Begun, Loss | None] = {}
    for chunk in sorted(begun, key=lambda each: (sessions[each.session].first, each.when)):  # orphans before heirs
        for earlier in {latest[simulation] for simulation in chunk.simulations if simulation in latest}:
            loss = workers.get(earlier.worker) or nodes.get(earlier.node)
            if loss is None or at_last[earlier.worker] is not earlier:
                end = sessions[earlier.session].end if earlier.session != chunk.session else None
                loss = Loss("session", end) if end else None
            lost[earlier] = loss
        latest.update(dict.fromkeys(chunk.simulations, chunk))
    return Rerun(Counter(filter(None, lost.values())), [chunk for chunk, loss in lost.items() if loss is None])


def _sessions(begun: Sequence[Begun], kills: Sequence[Kill]) -> dict[str, _Session]:
    """The sessions in the order of time, each but the last with the kill that ended it, if there is one.

    That is the first one since it began anything; a session that was killed while it started may begin something yet.
    """
    sessions: dict[str, _Session] = {}
    for chunk in begun:
        sessions.setdefault(chunk.session, _Session(chunk.when, chunk.when)).last = chunk.when
    unused = [kill for kill in kills if kill.ends_session]
    before = float("-inf")  # when the session before it began something last
    for session, heir in pairwise(sessions.values()):
        during = [kill for kill in unused if session.first < kill.when < heir.first]
        starting = [kill for kill in unused if before < kill.when < session.first]
        session.end = next(iter(during + starting[::-1]), None)
        if session.end:
            unused.remove(session.end)
        before = session.last
    return sessions
