# SPDX-License-Identifier: MIT
"""Planning: the missing simulations of a sweep, cut into chunks of about equal predicted cost.

`survey` lays a sweep out, `divide` cuts what is missing into chunks, `plan` with `encode` and `decode` is the file
that workers read, `forecast` predicts time and memory.
"""

from .chunks import CHUNK_S, COMMITS_PER_S, LANE_BYTES, LONGEST_S, Chunk, advised_s, divide
from .file import Plan, decode, encode, plan
from .forecast import Forecast, forecast
from .identity import digest
from .survey import Survey, survey

__all__ = [
    "CHUNK_S",
    "COMMITS_PER_S",
    "LANE_BYTES",
    "LONGEST_S",
    "Chunk",
    "Forecast",
    "Plan",
    "Survey",
    "advised_s",
    "decode",
    "digest",
    "divide",
    "encode",
    "forecast",
    "plan",
    "survey",
]
