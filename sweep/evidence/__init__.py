# SPDX-License-Identifier: MIT
"""What is known of a metric in the cells of a sweep, and what that rests on: means and paired differences.

`stats` knows samples; this knows columns: which metric comes in clumps, which counter says in how many episodes, and
how many independent episodes make an interval worth printing.  A cell that has seen too little gets its mean and no
interval, and `seen` says what it has seen.
"""

from ..episodes import FEWEST_EPISODES, episode_word, only_seen
from .columns import COLUMNS, columns
from .enough import Enough, enough, enough_alone
from .episodes import DRAWN, FEWEST_PIECES, MORE_THAN_ONE, Cells, Seen, deterministic
from .estimates import difference, estimate, log_ratio, per_packet
from .halves import halves
from .precise import open_difference, open_mean
from .quantiles import pooled, pooled_difference, pooled_log_ratio, quantile
from .tables import Rows

__all__ = [
    "COLUMNS",
    "DRAWN",
    "FEWEST_EPISODES",
    "FEWEST_PIECES",
    "MORE_THAN_ONE",
    "Cells",
    "Enough",
    "Rows",
    "Seen",
    "columns",
    "deterministic",
    "difference",
    "enough",
    "enough_alone",
    "episode_word",
    "estimate",
    "halves",
    "log_ratio",
    "only_seen",
    "open_difference",
    "open_mean",
    "per_packet",
    "pooled",
    "pooled_difference",
    "pooled_log_ratio",
    "quantile",
]
