# SPDX-License-Identifier: MIT
"""From axes to points by index arithmetic; no list of points is held.

`layout` numbers the points, `coded` holds columns over them, `expression` is the language of constraints, `sequence`
the short forms of lists.
"""

from .coded import Coded, Codes, distinct, firsts, together, used
from .expression import Column, Expression, ExpressionError
from .layout import LABEL, MOST_POINTS, Dimension, Ints, Layout
from .sequence import FORMS, SequenceError

__all__ = [
    "FORMS",
    "LABEL",
    "MOST_POINTS",
    "Coded",
    "Codes",
    "Column",
    "Dimension",
    "Expression",
    "ExpressionError",
    "Ints",
    "Layout",
    "SequenceError",
    "distinct",
    "firsts",
    "together",
    "used",
]
