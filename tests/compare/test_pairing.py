# SPDX-License-Identifier: MIT
"""Which rows are compared with which, what is said to have changed, and what cannot be compared at all."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from made_tables import published, table, worse

from sweep import compare
from sweep.errors import NotComparableError, SweepError
from sweep.schema import parameters
from tests.model.scenes import constant, scenario


def column(source: pa.Table, name: str, values) -> pa.Table:
    """`source` with a parameter column set: a value for all rows, or one for each."""
    listed = list(values) if isinstance(values, list | np.ndarray) else [values] * len(source)
    field = pa.field(name, pa.array(listed).type, metadata={"role": "parameter", "unit": "1"} | published(name))
    if name in source.column_names:
        return source.set_column(source.column_names.index(name), field, pa.array(listed))
    return source.append_column(field, pa.array(listed))


def shuffled(source: pa.Table) -> pa.Table:
    return source.take(pa.array(np.random.default_rng(1).permutation(len(source))))


def test_the_order_of_rows_and_the_code_s_version_do_not_matter(gate):
    base, new = table(), table(worse(0.03, ring=256), version="new")
    found = [compare.runs(base, other, gate=gate) for other in (new, shuffled(new))]
    assert found[0].judged.p.tolist() == pytest.approx(found[1].judged.p.tolist(), nan_ok=True)
    assert [found[0].pairing.coordinates(int(found[0].cell[place]))["ring"] for place in found[0].which(0)] == [
        256,
        256,
    ]
    base_ids, new_ids = (set(side.column("id").to_pylist()) for side in (base, new))
    assert not base_ids & new_ids


def test_pairs_take_the_noise_of_the_packets_away(gate):
    """The packets make 2 % of noise, the code 0.05 %: unpaired, 1 % could never be shown with 4 replicates."""
    found = compare.runs(table(), table(version="new"), gate=gate)
    ns = found.rule == 0
    assert found.exit_code == 0
    assert float(found.judged.worsening.deviation[ns].max()) < 0.002


def test_a_changed_cost_is_said_and_does_not_keep_rows_apart(gate):
    base = table()
    new = column(table(version="new"), "host.atomic", 4.912)
    found = compare.runs(base, new, gate=gate)
    assert found.pairing.common.all()
    assert "host.atomic: 4.769 → 4.912 ns (+3.0 %)" in found.changed
    assert "host.atomic" not in found.pairing.keys


def test_a_cost_changed_in_some_cells_says_in_how_many(gate):
    base = table()
    new = table(version="new")
    costs = np.where(pc.equal(new.column("ring"), 256).to_numpy(), 4.912, 4.769)
    found = compare.runs(base, column(new, "host.atomic", costs), gate=gate)
    assert any("in 2 of 4 cells" in line for line in found.changed)


def test_an_exchanged_host_brings_its_numbers_along(gate):
    new = column(column(table(version="new"), "host", "epyc"), "host.atomic", 9.0)
    found = compare.runs(table(), new, gate=gate)
    assert found.changed[:2] == ("host: xeon → epyc", "and 1 number that came with it")


def test_a_parameter_that_one_side_varies_is_a_coordinate(gate):
    """NEW has two hosts: its cells of the host that BASE has are compared, the others are left out."""
    base = table()
    new = pa.concat_tables([table(version="new"), column(table(worse(0.5), version="new"), "host", "epyc")])
    new = new.replace_schema_metadata(table(version="new").schema.metadata)
    found = compare.runs(base, new, gate=gate)
    assert "host" in found.pairing.keys
    assert (found.exit_code, found.pairing.only_new) == (0, 4)


def test_variants_by_label_and_by_knob_are_cells_of_their_own(gate):
    labels = {"page_pool": ("pool=ring", "pool=2x")}
    found = compare.runs(
        table(labels=labels), table(worse(0.03, label="pool=2x"), labels=labels, version="new"), gate=gate
    )
    assert found.pairing.cells == 6
    assert all("page_pool (pool=2x)" in found.pairing.words(int(found.cell[place])) for place in found.which(0))


def test_more_replicates_on_one_side_are_left_alone(gate):
    found = compare.runs(table(replicates=3), table(replicates=6, version="new"), gate=gate)
    assert found.exit_code == 0
    assert set(found.judged.worsening.pairs.tolist()) == {3}


def test_invalid_rows_are_set_aside_and_counted(gate):
    def broken(row):
        row["valid"] = row["replicate"] != 2

    found = compare.runs(table(), table(broken, version="new"), gate=gate)
    assert set(found.judged.worsening.pairs.tolist()) == {3}
    assert "4 invalid rows of NEW set aside" in compare.write(found, "txt")


def test_a_metric_that_vanished_is_not_passed_over(gate):
    def gone(row):
        if row["strategy"] == "page_pool" and row["ring"] == 256:
            row["ns_per_packet"] = None  # everything was dropped: there is no packet to divide by

    found = compare.runs(table(), table(gone, version="new"), gate=gate)
    assert found.exit_code == 4
    assert "NEW has no value here" in compare.write(found, "txt")


def test_two_strategies_of_one_run(gate):
    labels = {"page_pool": ("pool=ring", "pool=2x")}
    run = table(worse(0.3, label="pool=2x"), labels=labels)
    slow = compare.strategies(run, "page_allocator", "page_pool (pool=2x)", gate=gate)
    fast = compare.strategies(run, "page_allocator", "page_pool (pool=ring)", gate=gate)
    assert (slow.exit_code, fast.exit_code) == (1, 0)
    assert slow.changed == ("strategy: page_allocator → page_pool (pool=2x)",)
    assert slow.pairing.words(0) == "router at load 0.3, ring 256"
    assert compare.strategies(run, "page_allocator", "page_allocator", gate=gate).exit_code == 0
    with pytest.raises(
        SweepError, match=r'"page_pool" has 2 variants: name one\n  known: page_pool \(pool=ring\)'
    ) as error:
        compare.strategies(run, "page_allocator", "page_pool", gate=gate)
    assert "next: sweep compare RUN ... --strategy 'page_pool (pool=ring)'" in str(error.value)


def without(source: pa.Table, *names: str) -> pa.Table:
    return source.drop_columns(list(names))


NOT_COMPARABLE = {
    "other_format": (table(), table(about={"format": 3}), 'results of BASE .* have format "2", of NEW .* "3"'),
    "other_seeds": (
        table(),
        table(seed=2),
        r"seed is 1 in BASE and 2 in NEW: they met other packets\n  next: .*--set seed=1",
    ),
    "other_rings": (table(), table(rings=(64,)), 'no cell in common: "ring" is 256, 1024 in BASE and 64 in NEW'),
    "other_packets": (table(), column(table(), "packets", 40_000), '"packets" is 20,000 in BASE and 40,000 in NEW'),
    "other_warmup": (
        table(),
        column(table(), "warmup", 5_000),
        '"warmup" is 4000 in BASE and 5000 in NEW .*windows',
    ),
    "other_sizes": (
        column(column(table(), "traffic.sizes", "64x1"), "packet_stream", "64"),
        column(column(table(), "traffic.sizes", "1518x1"), "packet_stream", "1518"),
        '"traffic.sizes" is 64x1 in BASE and 1518x1 in NEW .4 of 4 common cells., so they are unpaired: '
        "they met other packets",
    ),
    "other_packets_for_no_reason_in_the_table": (
        table(),
        column(table(), "packet_stream", "other"),
        '"packet_stream" is .* in BASE and other in NEW .*unpaired: they met other packets',
    ),
    "of_an_earlier_version": (
        without(table(), "packet_stream"),
        table(),
        'the rows of BASE "table" are of an earlier version and do not say which packets they met',
    ),
    "crossed": (
        table(keep=lambda row: (row["strategy"] == "page_pool") == (row["ring"] == 256)),
        table(keep=lambda row: (row["strategy"] == "page_pool") != (row["ring"] == 256)),
        "no combination of strategy, label, traffic, load, ring is in both",
    ),
    "incomplete": (table(), table(about={"simulations": 20}), r'NEW "table" is incomplete: 16 of 20 simulations'),
    "no_valid_row": (table(), table(lambda row: row.update(valid=False)), 'NEW "table" has no valid row'),
}


def test_equal_packets_are_a_pair_whatever_else_the_traffic_is(gate):
    """The rows say which packets came; another receive buffer is a change, not other packets."""
    name = "traffic.reader.rcvbuf"
    base, new = column(table(), name, 4 << 20), column(table(version="new"), name, 256 << 10)
    assert "traffic.reader.rcvbuf: 4,194,304 → 262,144 (-93.8 %)" in compare.runs(base, new, gate=gate).changed


CHANGED = {
    "traffic.arrivals": {"kind": "on_off", "settings": (("burst", constant(8)), ("peak", 1_000_000))},
    "traffic.sizes": {"sizes": ((80, 1), (1518, 1))},
    "traffic.fates.local traffic.fates.drop": {"local_ppm": 1_000_000, "drop_ppm": 0},
    "traffic.fates.forward traffic.fates.drop": {"forward_ppm": 1_000_000, "drop_ppm": 0},
    "traffic.flows": {"flows": 8},
    "load": {"load_ppm": 200_000},
    "traffic.reader.rcvbuf": {"rcvbuf_bytes": 1 << 18},
    "traffic.reader.rate": {"read_ps": 99},
    "traffic.reader.stall.every traffic.reader.stall.for": {"stall_every_ps": constant(9), "stall_for_ps": constant(9)},
    "traffic.reader.wakeup": {"wakeup_ps": constant(9)},
    "traffic.reader.cpu": {"same_cpu": True},
    "traffic.forward_path": {"forward_path": "xdp"},
    "kernel": {"kernel": "6.12"},
    "ring": {"ring": 512},
}


@pytest.mark.parametrize("names", CHANGED)
def test_columns_that_decide_the_packets_are_those_that_change_the_stream(names):
    rows = parameters.arrays([scenario(), scenario(**CHANGED[names])], [None, None])
    differ = {name for name, values in rows.items() if len(set(values.to_pylist())) == 2}
    said = {column.name for column in parameters.columns() if column.decides == "packets"}
    follow = {"packet_stream", "truesize_bytes", "strategy.pool_size"}
    if names == "kernel":
        follow |= {column.name for column in parameters.columns() if column.of == "kernel"}  # its rules
    assert differ - follow == set(names.split())
    assert ("packet_stream" in differ) == bool(differ & said)


@pytest.mark.parametrize("name", NOT_COMPARABLE)
def test_what_cannot_be_compared_says_why_and_what_to_type(name, gate):
    base, new, message = NOT_COMPARABLE[name]
    with pytest.raises(SweepError, match=message) as error:
        compare.runs(base, new, gate=gate)
    assert error.value.exit_code == 3
    assert "\n  next: " in str(error.value)


def test_rows_that_cannot_be_told_apart_are_refused(gate):
    """A table of another making, in which nothing says how rows differ."""
    twice = pa.concat_tables([table(), table()]).replace_schema_metadata(table().schema.metadata)
    with pytest.raises(NotComparableError, match="16 rows have the coordinates of another row"):
        compare.runs(table(), twice, gate=gate)


def test_a_table_without_coordinates_is_refused(gate):
    with pytest.raises(SweepError, match='BASE "table" has no column "ring"') as error:
        compare.runs(without(table(), "ring"), table(), gate=gate)
    assert error.value.exit_code == 2


def test_a_table_of_before_labels_and_seeds_compares(gate):
    old = without(table(), "label", "seed", "id", "valid")
    assert compare.runs(old, without(table(version="new"), "label", "seed"), gate=gate).exit_code == 0
