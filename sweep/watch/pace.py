# SPDX-License-Identifier: MIT
"""How fast a run goes and when it will be done, weighted by what simulations are predicted to cost.

The pace is predicted core seconds done per second, over the parts of the last minutes: each says what it was predicted
to take and when it ended.  What is left is priced in the same way, so a sweep whose long simulations come first is not
taken for a slow one, and a run that has just been resumed is not taken for a fast one.

Not modelled: clocks of the nodes and of whoever watches that differ by more than some seconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sweep.jobs.store.parts import Part

WINDOW_S = 180.0  # parts that ended in this time say what the pace is now
FEWEST = 4  # parts that are enough for that; with fewer in it, the whole run counts


def seconds_left(
    left_s: float, parts: Sequence[Part], factors: Mapping[str, float], started: str, now_s: float
) -> float | None:
    """When `left_s` core seconds will be done, in seconds from now; None while nothing says how fast it goes.

    `parts` are those of the run directory, `factors` measured over predicted core time by strategy, `started` is when
    the run began (ISO), `now_s` the time now (Unix).
    """
    began_s = datetime.fromisoformat(started).timestamp()
    own = sorted((part.about for part in parts if part.about.get("ended", 0.0) >= began_s), key=_ended)
    if not own:
        return None
    now_s = max(now_s, _ended(own[-1]))
    recent = [about for about in own if _ended(about) > now_s - WINDOW_S]
    since_s = now_s - WINDOW_S
    if len(recent) < FEWEST or len(recent) == len(own):
        recent, since_s = own, min(_ended(about) - float(about["simulate_s"]) for about in own)
    done_s = sum(float(about["model_s"]) * factors.get(about["strategy"], 1.0) for about in recent)
    pace = done_s / max(now_s - since_s, 1e-3)
    return left_s / pace if pace > 0 else None


def _ended(about: Mapping[str, Any]) -> float:
    return float(about["ended"])
