# SPDX-License-Identifier: MIT
"""However many strategies there are, each has a colour of its own, and none but the baseline the baseline's."""

from __future__ import annotations

import re
from importlib.resources import files

from sweep.fields.counters import HEADINGS
from sweep.report.charts.panels import COLORS, shade


def test_colours_are_all_different() -> None:
    assert len({shade(place) for place in range(200)}) == 200
    assert shade(0) == "var(--s0)"
    assert shade(9) not in {shade(place) for place in range(9)}


def test_the_page_has_those_that_are_named() -> None:
    css = (files("sweep.report.page") / "page.css").read_text()
    for family in "sc":
        assert {f"--{family}{place}" for place in range(COLORS)} <= set(re.findall(r"--[sc]\d", css))
    assert len(HEADINGS) <= COLORS
