# SPDX-License-Identifier: MIT
"""SQL over a published run: right answers, units kept, and nothing else within reach."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pyarrow as pa
import pytest
from published_tables import failures, publish, results

from sweep import query
from sweep.errors import IncompleteError, RunError, SweepError

REPOSITORY = Path(__file__).resolve().parents[2]


def rows(database: query.Database, sql: str) -> list[tuple]:
    table = database.ask(sql).read()
    return [tuple(row.values()) for row in table.to_pylist()]


def test_every_row_comes_back_as_it_was_published(database: query.Database) -> None:
    table = database.ask("select * from results").read()
    assert table.equals(results().cast(table.schema))
    assert len(database.ask("from failures").read()) == 1


def test_an_aggregate(database: query.Database) -> None:
    found = rows(database, "select ring, max(ns_per_packet) from results where valid group by all order by all")
    assert found == [(64, 620.0), (128, 400.0)]


def test_points_have_counts_means_and_intervals(database: query.Database) -> None:
    found = rows(
        database,
        "select label, ring, replicates, valid_replicates, failed_replicates, ns_per_packet, ns_per_packet_half_width"
        " from points order by ns_per_packet desc",
    )
    assert found == [
        (None, 64, 3, 3, 0, 610.0, pytest.approx(4.302652729 * 10 / 3**0.5)),
        ('a "b", c', 64, 2, 2, 1, 510.0, pytest.approx(12.70620474 * 200**0.5 / 2**0.5)),
        ("naïve\n2x", 128, 2, 1, 0, 400.0, None),
    ]


def test_points_agree_with_the_project_s_own_statistics(database: query.Database) -> None:
    from sweep import stats

    table = results().filter(results()["valid"])
    for name, label in (("page_allocator", None), ("page_pool", 'a "b", c')):
        values = [row["ns_per_packet"] for row in table.to_pylist() if (row["strategy"], row["label"]) == (name, label)]
        known = stats.mean(values)
        condition = "label is null" if label is None else "label like 'a%'"
        ((center, width),) = rows(
            database,
            f"select ns_per_packet, ns_per_packet_half_width from points where strategy = '{name}' and {condition}",
        )
        assert center == pytest.approx(float(known.center))
        assert width == pytest.approx(float(known.high - known.center))


def test_a_point_that_only_failed_is_a_point(tmp_path: Path) -> None:
    lost = failures()
    lost = lost.set_column(lost.column_names.index("ring"), lost.schema.field("ring"), [pa.array([4096])])
    with query.open(publish(tmp_path / "run", lost=lost)) as database:
        assert rows(database, "select replicates, failed_replicates, ns_per_packet from points where ring = 4096") == [
            (0, 1, None)
        ]


def test_points_without_failures_that_have_the_parameters(tmp_path: Path) -> None:
    with query.open(publish(tmp_path / "run", lost=pa.table({"id": ["x"]}))) as database:
        assert rows(database, "select sum(failed_replicates)::int, count(*) from points") == [(0, 3)]


def test_the_dictionary_is_that_of_the_table(database: query.Database) -> None:
    found = rows(database, "select unit, role, meaning from dictionary where name = 'ring'")
    assert found == [("descriptors", "parameter", "RX ring size")]
    assert rows(database, "select count(*) from dictionary") == [(len(results().column_names),)]


def test_columns_keep_their_unit_where_they_pass_through(database: query.Database) -> None:
    schema = database.ask(
        "select ring, ns_per_packet, avg(ns_per_packet), count(*) as n from results group by all"
    ).schema
    assert [(field.metadata or {}).get(b"unit") for field in schema] == [b"descriptors", b"ns", None, None]


def test_every_table_is_as_it_is_described(database: query.Database) -> None:
    assert [table.name for table in database.tables] == ["results", "points", "dictionary", "histograms", "failures"]
    for table in database.tables:
        found = database.ask(f"select * from {table.name}").schema
        assert [(column.name, column.type) for column in table.columns] == list(
            zip(found.names, found.types, strict=True)
        )
    assert [database.rows(table.name) for table in database.tables] == [7, 3, 14, 18, 1]


@pytest.mark.parametrize(
    "sql",
    [
        "describe results",
        "summarize points",
        "show tables",
        "explain select 1",
        "with a as (from results) from a",
        "pivot results on strategy using avg(ns_per_packet)",
        "values (1)",
        "select 1;",
        "select 1 -- and no more",
    ],
)
def test_what_only_reads_is_answered(database: query.Database, sql: str) -> None:
    assert len(database.ask(sql).read()) >= 1


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_csv('{file}')",
        "select * from '{file}'",
        "select * from read_text('{file}')",
        "select * from read_parquet('https://localhost/x.parquet')",
        "select * from glob('/*')",
        "select getenv('HOME')",
        "copy results to '{new}'",
        "export database '{new}'",
        "attach '{new}' as other",
        "create table x as from results",
        "insert into dictionary values ('x')",
        "drop view results",
        "install httpfs",
        "load httpfs",
        "set enable_external_access = true",
        "set lock_configuration = false",
        "pragma enable_profiling",
        "call pragma_version()",
        "prepare x as select 1",
        "begin",
        "select * from local_variable",
    ],
)
def test_nothing_else_is_within_reach(database: query.Database, tmp_path: Path, sql: str) -> None:
    local_variable = results()  # which DuckDB would take for a table
    assert local_variable.num_rows
    (tmp_path / "secret.csv").write_text("a,b\n1,2\n")
    with pytest.raises(SweepError) as caught:
        database.ask(sql.format(file=tmp_path / "secret.csv", new=tmp_path / "new")).read()
    assert caught.value.exit_code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["secret.csv"]
    assert database.rows("results") == 7


def test_the_configuration_is_locked_below_the_check_of_statements(database: query.Database) -> None:
    """Also if DuckDB had a statement that reads and writes: the settings hold, not the list of statements."""
    connection = database._connection
    for sql in ("copy results to 'x.csv'", "attach 'x.duckdb'", "set enable_external_access = true"):
        with pytest.raises(Exception, match=r"disabled|locked"):
            connection.execute(sql)


def test_a_query_leaves_the_run_directory_alone(known: Path) -> None:
    def state() -> list[tuple[str, int]]:
        return sorted((str(path), path.lstat().st_mtime_ns) for path in known.rglob("*"))

    before = state()
    with query.open(known) as database:
        rows(database, "from points")
    assert state() == before


def test_what_does_not_fit_into_memory_is_an_error_and_no_file(known: Path, tmp_path: Path, monkeypatch) -> None:
    from sweep.query import database as module

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(module, "CONFINED", {**module.CONFINED, "memory_limit": "50MB", "threads": "1"})
    with query.open(known) as database, pytest.raises(RunError, match="needs more memory than there is"):
        database.ask("select a.range as x, b.range as y from range(10000) a, range(10000) b order by x + y, y").read()
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_is_heard_while_duckdb_works(database: query.Database) -> None:
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    began = time.monotonic()
    try:
        with pytest.raises(KeyboardInterrupt):
            database.ask(
                "select count(*) from range(1000000000) a, range(1000) b where a.range * b.range % 7 = 3"
            ).read()
    finally:
        timer.cancel()
        timer.join()
    assert time.monotonic() - began < 60  # it would take hours
    assert database.rows("results") == 7  # and the next query is answered


def test_a_column_is_read_without_the_others(tmp_path: Path) -> None:
    """Of 170 MB of histograms none is decompressed for an average: Arrow never holds more than a few batches."""
    many = pa.concat_tables([results()] * 1000)
    heavy = pa.FixedSizeListArray.from_arrays(pa.array([7] * 3000 * len(many)), 3000)
    place = many.column_names.index("latency_ns_histogram")
    many = many.set_column(place, many.schema.field(place).with_type(heavy.type), heavy)
    directory = publish(tmp_path / "run", many, batch_rows=512)
    script = (
        "import sys, pyarrow as pa\nfrom sweep import query\n"
        "with query.open(sys.argv[1]) as database:\n"
        "    average = database.ask('select avg(ns_per_packet) from results').read()[0][0]\n"
        "print(average, pa.default_memory_pool().max_memory())\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        [sys.executable, "-c", script, directory], env=environment, capture_output=True, text=True, check=True
    )
    average, most_bytes = map(float, done.stdout.split())
    assert average == pytest.approx((600 + 610 + 620 + 500 + 520 + 400 + 999) / 7)
    assert 0 < most_bytes < 20e6


class TestWrongDirectories:
    def test_none(self, tmp_path: Path) -> None:
        with pytest.raises(SweepError, match=r'"[^"]*none" does not exist'):
            query.open(tmp_path / "none")

    def test_nothing_published(self, tmp_path: Path) -> None:
        with pytest.raises(IncompleteError, match="has no results yet"):
            query.open(tmp_path)

    def test_damaged(self, tmp_path: Path) -> None:
        directory = Path(publish(tmp_path / "run"))
        path = (directory / "results.arrow").resolve()
        path.write_bytes(path.read_bytes()[:-9])
        with pytest.raises(RunError, match="is damaged"):
            query.open(directory)

    def test_a_table_without_a_manifest_is_asked_as_it_is(self, tmp_path: Path) -> None:
        with pa.ipc.new_file(str(tmp_path / "results.arrow"), results().schema) as writer:
            writer.write_table(results())
        with query.open(tmp_path) as database:
            assert database.rows("results") == 7
            assert [table.name for table in database.tables] == ["results", "points", "dictionary", "histograms"]


def test_a_run_in_an_object_store(s3) -> None:
    with query.open(publish(s3.uri("run"))) as database:
        assert rows(database, "select count(*), sum(valid::int)::int from results") == [(7, 6)]
