# SPDX-License-Identifier: MIT
"""Means and paired differences of metrics in the cells of a sweep, with the evidence that their intervals rest on.

`stats` knows samples; this package knows columns: which metrics are clustered, which counters count their episodes, and
how many independent episodes an interval needs.  A cell that has seen too few gets its mean without an interval, and
`seen` has the counts.
"""

from ..episodes import FEWEST_EPISODES, episode_word, only_seen
from .columns import COLUMNS, columns
from .enough import Enough, enough, enough_alone
from .episodes import DRAWN, FEWEST_PIECES, MORE_THAN_ONE, Cells, Seen, deterministic
from .estimates import difference, estimate, log_ratio, per_packet
from .halves import halves
from .losses import Losses, losses
from .precise import open_difference, open_mean
from .quantiles import pooled, pooled_difference, pooled_log_ratio, quantile
from .tables import TableRows

__all__ = [
    "COLUMNS",
    "DRAWN",
    "FEWEST_EPISODES",
    "FEWEST_PIECES",
    "MORE_THAN_ONE",
    "Cells",
    "Enough",
    "Losses",
    "Seen",
    "TableRows",
    "columns",
    "deterministic",
    "difference",
    "enough",
    "enough_alone",
    "episode_word",
    "estimate",
    "halves",
    "log_ratio",
    "losses",
    "only_seen",
    "open_difference",
    "open_mean",
    "per_packet",
    "pooled",
    "pooled_difference",
    "pooled_log_ratio",
    "quantile",
]
