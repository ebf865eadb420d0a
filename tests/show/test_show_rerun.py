# SPDX-License-Identifier: MIT
"""A published simulation is found again by its id, or it is said why not; what differs is said."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from shown_sweep import Shown

from sweep.errors import IncompleteError
from sweep.evidence.halves import NEEDED
from sweep.fields.series import BINS
from sweep.model import batch
from sweep.model.lane.capacity import measure
from sweep.model.strategies import NAMES, strategy
from sweep.trace import rerun
from sweep.trace.lane_objects import lane_objects


@pytest.mark.parametrize("name", NAMES)
def test_a_simulation_alone_counts_what_it_counted_among_others(shown: Shown, name: str) -> None:
    row = shown.row(name, "same_cpu", 128, 1)
    found = shown.found(row)
    assert (found.scenario.strategy, found.scenario.ring, found.scenario.replicate) == (name, 128, 1)
    differences, compared = rerun.differences(row, rerun.simulate(found))
    assert differences == []
    assert compared == len(batch.counter_fields(name)) + 2 * 256 + len(NEEDED) * BINS


def test_a_counter_and_a_bucket_that_differ_are_named(shown: Shown) -> None:
    row = shown.row("page_pool")
    here = rerun.simulate(shown.found(row))
    polls = row.column("polls")[0].as_py()
    buckets = row.column("waiting_histogram")[0].as_py()
    other = [*buckets[:3], buckets[3] + 1, *buckets[4:]]
    changed = _with(_with(row, "polls", polls - 5), "waiting_histogram", other)
    changed = _with(changed, "alloc_fast", None).drop_columns(["rx_packets"])
    found, _ = rerun.differences(changed, here)
    counts = here.to_pylist()[0]
    assert {(each.name, each.stored, each.here) for each in found} == {
        ("polls", polls - 5, polls),
        ("waiting_histogram[3]", buckets[3] + 1, buckets[3]),
        ("alloc_fast", None, counts["alloc_fast"]),
        ("rx_packets", None, counts["rx_packets"]),
    }


def _with(row: pa.Table, name: str, value: object) -> pa.Table:
    field = row.schema.field(name)
    place = row.schema.get_field_index(name)
    return row.set_column(place, field, pa.array([value], field.type))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"strategy_digests": {"page_pool": "1" * 16}}, 'the code of strategy page_pool has digest "'),
        ({"strategy_digests": None}, "the table has none of it"),
        ({"format": 1}, 'rows of format "1"'),
        ({"document": {"format": 99}}, 'document format "99"'),
        ({"document": None}, "does not say what it was made from"),
        ({"document": {"format": 1}}, "does not say what it was made from"),
    ],
)
def test_what_would_not_be_the_same_simulation_is_not_run(shown: Shown, change: dict[str, object], said: str) -> None:
    row = shown.row("page_pool").to_pylist()[0]
    with pytest.raises(IncompleteError, match="next: ") as error:
        rerun.find(shown.about | change, "page_pool", row["id"])
    assert said in str(error.value)


def test_a_simulation_that_the_table_s_own_sweep_does_not_have_is_not_run(shown: Shown) -> None:
    other = {**shown.about, "document": {**shown.about["document"], "seed": 8}}
    with pytest.raises(IncompleteError, match="is none of the sweep that the table says it was made from") as error:
        rerun.find(other, "page_pool", shown.found(shown.row("page_pool")).id)
    assert "next: " in str(error.value)


def test_objects_divide_by_a_parameter_that_is_nought_as_compiled_code_does(shown: Shown) -> None:
    found = shown.found(shown.row("page_pool"))
    inputs = batch.prepare("page_pool", [found.scenario], found.tables)
    inputs.params.tx_coalesce_frames = 0
    capacity = measure(inputs.params)
    lane, _ = lane_objects(batch.new_sim("page_pool", inputs, capacity), strategy("page_pool").empty(capacity))
    with np.errstate(divide="ignore"):
        assert 7 % lane.params[0].tx_coalesce_frames == 7 // lane.params[0].tx_coalesce_frames == 0
