# SPDX-License-Identifier: MIT
"""What is missing, in chunks of predicted equal cost.

`survey` lays a sweep out, `divide` cuts what is missing into chunks, `plan` with `encode` and `decode` is the file
that workers read, `forecast` says what it will take.
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
