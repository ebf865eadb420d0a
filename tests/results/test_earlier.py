# SPDX-License-Identifier: MIT
"""Tables of earlier versions, in which parameters had names and units of their own, are read as those of today."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from sweep import query, report
from sweep.errors import SweepError
from sweep.fields.earlier import EARLIER
from sweep.fields.parameter import LAW, WORD
from sweep.fields.parameters import PARAMETERS
from sweep.results import earlier
from sweep.schema.parameters import columns

ROWS = {  # of an earlier version: name, unit, values, and what they are today
    "load_ppm": ("ppm", [300_000, 300_000], None),
    "pool_size": ("pages", [None, 512], ("strategy.pool_size", "pages", [None, 512])),
    "cost_dma_sync": ("ps", [1300, 2000], ("host.dma_sync", "ns", [1.3, 2.0])),
    "host_header_lines": ("1e-3", [1600, 0], ("host.header_lines", "1", [1.6, 0.0])),
    "host_llc": ("bytes", [1 << 24, 0], ("host.llc", "bytes", [1 << 24, 0])),
    "link_ps_per_byte": ("ps", [800, 320], ("nic.link", "Gbit/s", [10.0, 25.0])),
    "pcie_packet_ps": ("ps", [0, 50_000], ("nic.pcie_rate", "Mpps", [None, 20.0])),
    "read_ps": ("ps", [333_333, 500_000], ("traffic.reader.rate", "Mpps", [10**6 / 333_333, 2.0])),
    "coalesce_ps": ("ps", [8_000_000, 0], ("nic.coalesce.usecs", "us", [8.0, 0.0])),
    "local_ppm": ("ppm", [980_000, 0], ("traffic.fates.local", "1", [0.98, 0.0])),
    "duration_ps": ("ps", [None, 10**9], ("duration", "ns", [None, 10.0**6])),
    "wakeup": (
        "ps",
        ["lognormal(20000000, 200000000)", "constant(5000000)"],
        ("traffic.reader.wakeup", "1", ["lognormal(median=20 us, p99=200 us)", "5 us"]),
    ),
    "stall_every": (
        "ps",
        [None, "pareto(1500000, 1500)"],
        ("traffic.reader.stall.every", "1", [None, "pareto(scale=1.5 us, alpha=1.5)"]),
    ),
    "arrivals": (
        "1",
        ["poisson", "on_off(burst uniform(2, 64), peak 500000 ppm)"],
        ("traffic.arrivals", "1", ["poisson", "on_off(burst=uniform(low=2, high=64), peak=0.5)"]),
    ),
}
TODAY = {
    "id": ["a1", "b2"],
    "strategy": ["page_allocator", "page_pool"],
    "traffic": ["host", "host"],
    "load": [0.3, 0.3],
    "ring": [256, 256],
    "replicate": [0, 0],
    "seed": [1, 1],
}


@pytest.fixture(scope="module")
def table() -> pa.Table:
    """As an earlier version published it."""
    fields, arrays = [], []
    for name, (unit, values, _) in ROWS.items():
        arrays.append(pa.array(values))
        fields.append(pa.field(name, arrays[-1].type, metadata={"role": "parameter", "unit": unit, "meaning": "m"}))
    for name, of_today in TODAY.items():
        role = "id" if name == "id" else "parameter"
        arrays.append(pa.array(of_today))
        fields.append(pa.field(name, arrays[-1].type, metadata={"role": role, "unit": "1", "meaning": "m"}))
    arrays.append(pa.array([600.0, 500.0]))
    metric = {"role": "metric", "unit": "ns", "meaning": "m"}
    fields.append(pa.field("ns_per_packet", pa.float64(), metadata=metric))
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


@pytest.fixture
def run(table: pa.Table, tmp_path: Path) -> Path:
    """A run directory with it."""
    with pa.ipc.new_file(tmp_path / "results.arrow", table.schema) as writer:
        writer.write_table(table)
    return tmp_path


def test_names_units_and_values_are_those_of_today(run: Path) -> None:
    found = report.read(run)
    assert not set(ROWS) & set(found.column_names)
    for _, _, today in ROWS.values():
        if today is not None:
            name, unit, values = today
            assert found.column(name).to_pylist() == values, name
            assert found.schema.field(name).metadata[b"unit"].decode() == unit, name
    assert found.column("load").to_pylist() == [0.3, 0.3]


def test_a_query_sees_today(run: Path) -> None:
    with query.open(run) as database:
        found = database.ask('select "host.dma_sync" as cost from results where "nic.link" > 10').read()
        assert found.to_pylist() == [{"cost": 2.0}]
        with pytest.raises(SweepError, match=r'column "cost_dma_sync" is not known. It is called "host.dma_sync" now'):
            database.ask("select cost_dma_sync from results")


def test_a_table_of_today_is_left_alone(run: Path) -> None:
    today = report.read(run)
    assert earlier.as_of_today(today) is today


def test_a_counter_of_such_a_name_is_left_alone() -> None:
    table = pa.table([[1]], schema=pa.schema([pa.field("bulk", pa.int64(), metadata={"role": "counter", "unit": "1"})]))
    assert earlier.as_of_today(table) is table


def test_every_earlier_name_stands_for_a_column_of_today_with_its_unit() -> None:
    units = {column.name: column.unit for column in columns()}
    for name, (today, kind) in EARLIER.items():
        assert today in units, name
        if kind not in (LAW, WORD) and kind.column_unit:
            assert units[today] == kind.column_unit, name
        if today in PARAMETERS and kind not in (LAW, WORD):
            assert PARAMETERS[today].kind.column_unit == kind.column_unit, name


def test_what_the_model_has_comes_back_from_every_column() -> None:
    """Float64 is exact to the unit of the model for all that a parameter may be."""
    for parameter in PARAMETERS.values():
        low, high = parameter.within
        for value in {max(low, 1), (low + high) // 3, high - 1, high} - {0, -1}:
            shown = parameter.kind.column_value(value)
            assert shown is not None
            back = parameter.kind.scale / shown if parameter.kind.inverse else shown * parameter.kind.scale
            assert round(back) == value, (parameter.name, value)


def test_unquoted_dots_are_explained(run: Path) -> None:
    with query.open(run) as database:
        for sql in ("select nic.link from results", "select r.strategy.pool_size from results r"):
            with pytest.raises(SweepError, match=r'SQL needs it in double quotes, "(nic.link|strategy.pool_size)"'):
                database.ask(sql)
        assert pc.sum(database.ask('select "nic.link" as l from results').read()["l"]).as_py() == 35
