# SPDX-License-Identifier: MIT
"""The pace of a run and the time left, weighted by the predicted cost of simulations.

The pace is predicted core seconds done per second, over the chunks of the last minutes, each of which records its
predicted time and its end.  The rest is measured in the same unit, so a sweep that starts with its long simulations
does not look slow, and a run that has just been resumed does not look fast.

Not modelled: clocks of nodes and observer that differ by more than some seconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sweep.jobs.store.part import Part

WINDOW_S = 180.0  # the current pace is that of chunks that ended within this time
FEWEST = 4  # fewest chunks in the window; with fewer, the whole run is used


def seconds_left(
    left_s: float, parts: Sequence[Part], factors: Mapping[str, float], started: str, now_s: float
) -> float | None:
    """Seconds until `left_s` predicted core seconds are done; None while the pace is unknown.

    `parts` are those of the run directory, `factors` measured over predicted core time by strategy, `started` is when
    the run began (ISO), `now_s` the time now (Unix).
    """
    began_s = datetime.fromisoformat(started).timestamp()
    chunks = (about for part in parts for about in part.chunks)
    chunks_of_run = sorted((about for about in chunks if about.get("ended", 0.0) >= began_s), key=_ended)
    if not chunks_of_run:
        return None
    now_s = max(now_s, _ended(chunks_of_run[-1]))
    recent = [about for about in chunks_of_run if _ended(about) > now_s - WINDOW_S]
    since_s = now_s - WINDOW_S
    if len(recent) < FEWEST or len(recent) == len(chunks_of_run):
        recent, since_s = chunks_of_run, min(_ended(about) - float(about["simulate_s"]) for about in chunks_of_run)
    done_s = sum(float(about["model_s"]) * factors.get(about["strategy"], 1.0) for about in recent)
    pace = done_s / max(now_s - since_s, 1e-3)
    return left_s / pace if pace > 0 else None


def _ended(about: Mapping[str, Any]) -> float:
    return float(about["ended"])
