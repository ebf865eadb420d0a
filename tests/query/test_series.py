# SPDX-License-Identifier: MIT
"""The time series as a table of SQL: a row per simulation and bin."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from published_tables import publish, series

from sweep import query
from sweep.errors import RunError
from sweep.query.export import export


@pytest.fixture
def run(tmp_path: Path) -> str:
    return publish(tmp_path / "run", series=series())


def test_a_row_per_simulation_and_bin(run: str) -> None:
    with query.open(run) as database:
        found = database.ask("select id, bin, end_ps, offered_packets from series order by all").read()
    assert found.column("bin").to_pylist() == [1, 2, 3] * 7
    assert found.column("end_ps").to_pylist() == [5, 6, 7] * 7
    assert found.column("offered_packets").to_pylist() == [10 * row + place for row in range(7) for place in (1, 2, 3)]
    assert found.schema.field("offered_packets").metadata[b"unit"] == b"packets"


def test_it_joins_the_results(run: str) -> None:
    with query.open(run) as database:
        sql = "select strategy, sum(offered_packets) as n from results join series using (id) group by 1 order by 1"
        found = database.ask(sql).read().to_pylist()
    assert found == [
        {"strategy": "page_allocator", "n": sum(10 * row + k for row in (0, 1, 2) for k in (1, 2, 3))},
        {"strategy": "page_pool", "n": sum(10 * row + k for row in (3, 4, 5, 6) for k in (1, 2, 3))},
    ]


def test_it_is_described(run: str) -> None:
    with query.open(run) as database:
        (table,) = [each for each in database.tables if each.name == "series"]
        assert [column.name for column in table.columns] == ["id", "bin", "end_ps", "offered_packets"]
        assert {column.type for column in table.columns[1:]} == {pa.int64()}
        assert database.rows("series") == 21


def test_a_run_of_an_earlier_version_has_none(known: Path) -> None:
    with query.open(known) as database:
        assert "series" not in [each.name for each in database.tables]


def test_a_database_has_it_with_comments(run: str, tmp_path: Path) -> None:
    export(run, str(tmp_path / "all.duckdb"))
    with duckdb.connect(str(tmp_path / "all.duckdb"), read_only=True) as connection:
        assert connection.sql("select count(*), max(bin) from series").fetchall() == [(21, 3)]
        told = "select comment from duckdb_columns() where table_name = 'series' and column_name = 'bin'"
        assert connection.sql(told).fetchall() == [("number of the bin, from 1",)]


def test_a_series_that_is_no_list_is_damage(tmp_path: Path) -> None:
    told = {"role": "series"}
    made = pa.table([series().column("id"), series().column("id")], ["id", "end_ps"])
    made = made.cast(pa.schema([made.schema.field(0), made.schema.field(1).with_metadata(told)]))
    with pytest.raises(RunError, match=r'series\.arrow" is damaged: its column "end_ps" is string, and lists'):
        query.open(publish(tmp_path / "run", series=made))
