# SPDX-License-Identifier: MIT
"""Names that evidence writes down, because it may not import the model, are those that tables are published with."""

from __future__ import annotations

from sweep.evidence import kinds
from sweep.evidence.halves import NEEDED, PREFIX
from sweep.schema import results_schema, series


def test_causes_of_drops_are_the_counters_of_drops() -> None:
    published = [name for name in results_schema().names if name.startswith("drop_") and name.endswith("_packets")]
    assert published == [f"drop_{cause}_packets" for cause in kinds.CAUSES]


def test_columns_of_the_series_have_this_prefix() -> None:
    assert PREFIX == series.PREFIX
    assert {PREFIX + name for name in NEEDED} <= {field.name for field in series.part_fields()}
