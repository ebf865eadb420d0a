# SPDX-License-Identifier: MIT
"""The claims of the 2016 thread stand in the report of a sweep that asks for them, and in no other."""

from __future__ import annotations

import pytest

from sweep.document import plain_text
from sweep.report import brief, contents
from tests.report.synthetic_sweep import table

GRID = {"mixes": ("router",), "loads": (0.3,), "rings": (256,), "replicates": 2}


@pytest.mark.parametrize(
    ("claims", "asked"),
    [
        ([], False),
        ([{"name": "S1 a pool never calls the allocator", "that": "ns_per_packet > 0"}], True),
        ([{"name": "S10 another", "that": "ns_per_packet > 0"}, {"that": "ns_per_packet > 0"}], False),
        (["S1 is no claim", {"name": "", "that": "ns_per_packet > 0"}], False),
    ],
)
def test_the_six_are_judged_where_a_claim_of_the_file_is_named_after_one(claims, asked):
    data, found = contents.compared(table(**GRID, claims=claims))
    for document in (contents.of(data, found), brief.of(data, found)):
        assert ("2016 thread" in plain_text.render(document)) is asked
