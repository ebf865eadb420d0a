# SPDX-License-Identifier: MIT
"""The language of conditions: of `where:`, claims, gates, filters and `sweep show`, and values such as `2*ring`.

The language is in docs/conditions.md.  Nothing is executed: a text becomes a tree of nodes (`tree`), and
these are evaluated over columns.
"""

from .bounds import EXAMPLE, FORM, Bound, MetricCells, parse_bound, with_metrics
from .columns import Column, amount
from .evaluation import holds, keeps, numbers
from .parser import parse, parse_items
from .tokens import ConditionError
from .tree import Expression, conjuncts, names

__all__ = [
    "EXAMPLE",
    "FORM",
    "Bound",
    "Column",
    "ConditionError",
    "Expression",
    "MetricCells",
    "amount",
    "conjuncts",
    "holds",
    "keeps",
    "names",
    "numbers",
    "parse",
    "parse_bound",
    "parse_items",
    "with_metrics",
]
