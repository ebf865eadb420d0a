# SPDX-License-Identifier: MIT
"""Planning: the missing simulations of a sweep, cut into chunks of about equal predicted cost.

`survey` lays a sweep out, `divide` cuts what is missing into chunks, `plan` with `encode` and `decode` is the file
that workers read, `forecast` predicts time and memory.
"""

from .chunks import LANE_BYTES, Chunk, divide
from .file import Plan, decode, encode, plan
from .forecast import Forecast, forecast
from .identity import digest
from .survey import Survey, survey

__all__ = [
    "LANE_BYTES",
    "Chunk",
    "Forecast",
    "Plan",
    "Survey",
    "decode",
    "digest",
    "divide",
    "encode",
    "forecast",
    "plan",
    "survey",
]
