# SPDX-License-Identifier: MIT
"""From axes to points by index arithmetic; no list of points is held.

`layout` numbers the points, `expression` is the language of constraints, `sequence` the short forms of lists.
"""

from .expression import Column, Expression, ExpressionError
from .layout import LABEL, MOST_POINTS, Dimension, Layout
from .sequence import FORMS, SequenceError

__all__ = [
    "FORMS",
    "LABEL",
    "MOST_POINTS",
    "Column",
    "Dimension",
    "Expression",
    "ExpressionError",
    "Layout",
    "SequenceError",
]
