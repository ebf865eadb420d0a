# SPDX-License-Identifier: MIT
"""A panel of a report: a section that all writers have, and a drawing that the page alone makes of its numbers.

A file in `sections` has its panels under the name PANELS, and a word in `contents.DETAILS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from sweep.document.blocks import Section
from sweep.results.analysis import Analysis
from sweep.results.dataset import Array


class Split(NamedTuple):
    """What a number is made of, as bars whose traffic mix, load and ring the reader of the page chooses."""

    name: str  # what the still drawings in its place have as `live`
    heading: str  # "Where the time goes"
    part: str  # what one part of the number is, for the table below the bars
    quantity: str  # in that table
    axis: str
    unit: str
    parts: Callable[[Analysis], Mapping[str, Array]]  # part -> means, shape of the cube without pairs


class Panel(NamedTuple):
    """One entry of the report."""

    section: Callable[[Analysis], Section]  # without blocks if the table lacks what it tells of: then it is left out
    view: str  # of `views.VIEWS`
    split: Split | None = None
