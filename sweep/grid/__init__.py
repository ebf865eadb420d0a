# SPDX-License-Identifier: MIT
"""From axes to points by index arithmetic; no list of points is held.

`layout` numbers the points, `coded` holds columns over them, `sequence` has the short forms of lists.
"""

from .coded import Coded, Codes, combined, distinct, first_rows, hashable, only_used
from .layout import LABEL, GridDimension, Ints, Layout
from .sequence import FORMS, SequenceError

__all__ = [
    "FORMS",
    "LABEL",
    "Coded",
    "Codes",
    "GridDimension",
    "Ints",
    "Layout",
    "SequenceError",
    "combined",
    "distinct",
    "first_rows",
    "hashable",
    "only_used",
]
