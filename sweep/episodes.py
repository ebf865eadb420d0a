# SPDX-License-Identifier: MIT
"""What the episodes of a cell are called: "only 2 stalls seen" says more than "only 2 episodes".

Every row counts stalls where the reader stalls, else bursts where packets arrive in bursts, else busy periods
(`model.episodes`); the parameters of a row say which.
"""

from __future__ import annotations

import re

FEWEST_EPISODES = 30  # mean drops by stalls seen: t over replicates covers 90 to 97 % from 27 on (docs/confidence.md)
BURSTY = re.compile(
    r"\bburst\b"
)  # in the column `traffic.arrivals`: a setting of processes whose packets come in bursts


def episode_word(stall_every: str | None, arrivals: str) -> str:
    """What one episode is called: "stall", "burst" or "busy period".

    `stall_every`: the law of the time between stalls, None where the reader never stalls; `arrivals`: the arrival
    process; both as the columns of these names have them.
    """
    if stall_every is not None:
        return "stall"
    return "burst" if BURSTY.search(arrivals) else "busy period"


def only_seen(episodes: int, word: str) -> str:
    """ "only 1 stall seen", "only 12 bursts seen", "no stall seen"."""
    if episodes == 0:
        return f"no {word} seen"
    return f"only {episodes:,} {word}{'' if episodes == 1 else 's'} seen"
