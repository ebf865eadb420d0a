# SPDX-License-Identifier: MIT
"""Exports: the same rows in every format, units and meanings with them, whole files only."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from published_tables import FIELDS, publish, results

from sweep import query
from sweep.errors import RunError, SweepError
from sweep.query.export import export

UNITS = {name: (unit, meaning) for name, _, unit, _, meaning in FIELDS}
RUN = ["sweep_name", "run_id", "run_time"]


@pytest.mark.parametrize("form", ["parquet", "arrow"])
def test_parquet_and_arrow_have_all_of_it(known: Path, tmp_path: Path, form: str) -> None:
    done = export(known, str(tmp_path / f"x.{form}"))
    assert (done.rows, done.columns, done.left_out) == (7, len(FIELDS) + len(RUN), ())
    read = pq.read_table if form == "parquet" else lambda path: pa.ipc.open_file(path).read_all()
    table = read(done.paths[0])
    assert table.drop_columns(RUN).equals(results())
    assert {name: (table.schema.field(name).metadata[b"unit"].decode()) for name in UNITS} == {
        name: unit for name, (unit, _) in UNITS.items()
    }
    assert json.loads(table.schema.metadata[b"sweep"])["name"] == "known"


def test_csv_has_a_dictionary_beside_it_and_says_what_it_leaves_out(known: Path, tmp_path: Path) -> None:
    done = export(known, str(tmp_path / "x.csv"))
    assert done.left_out == ("latency_ns_histogram",)
    assert done.paths == (str(tmp_path / "x.csv"), str(tmp_path / "x.dictionary.csv"))
    with open(tmp_path / "x.csv", newline="", encoding="utf-8") as file:
        found = list(csv.DictReader(file))
    assert [row["label"] for row in found] == [label or "" for label in results()["label"].to_pylist()]
    assert [int(row["rx_packets"]) for row in found] == results()["rx_packets"].to_pylist()
    with open(tmp_path / "x.dictionary.csv", newline="", encoding="utf-8") as file:
        said = {row["name"]: (row["unit"], row["meaning"]) for row in csv.DictReader(file)}
    assert {name: known for name, known in said.items() if name not in RUN} == {
        name: known for name, known in UNITS.items() if name != "latency_ns_histogram"
    }
    assert list(found[0]) == list(said)


def test_a_histogram_asked_for_by_name_is_json_in_a_csv(known: Path, tmp_path: Path) -> None:
    done = export(known, str(tmp_path / "x.csv"), columns=["ring", "latency_ns_histogram"])
    assert done.left_out == ()
    with open(tmp_path / "x.csv", newline="", encoding="utf-8") as file:
        (first, *_) = csv.DictReader(file)
    assert json.loads(first["latency_ns_histogram"]) == [0, 0, 17, 1 << 40]


def test_duckdb_has_tables_comments_and_points(known: Path, tmp_path: Path) -> None:
    export(known, str(tmp_path / "x.duckdb"))
    with query.open(known) as database, duckdb.connect(str(tmp_path / "x.duckdb"), read_only=True) as made:
        for table in ("results", "points", "dictionary", "failures", "histograms"):
            mine = database.ask(f"from {table} order by all").read()
            ours = "where name not in ('sweep_name', 'run_id', 'run_time')" if table == "dictionary" else ""
            made_rows = made.sql(f"select {', '.join(mine.column_names)} from {table} {ours} order by all")
            assert made_rows.fetchall() == [tuple(row.values()) for row in _tuples(mine)]
        comments = dict(
            made.sql("select column_name, comment from duckdb_columns() where table_name = 'results'").fetchall()
        )
        assert comments["ring"] == "RX ring size [descriptors]"
        assert comments["strategy"] == "page recycling strategy"
        tables = made.sql("select comment from duckdb_tables() where table_name = 'results'")
        assert tables.fetchall() == [("a row per simulation",)]


def _tuples(table: pa.Table) -> list[dict]:
    """Rows as DuckDB gives them: arrays are tuples, and lists are lists."""
    return [
        {k: tuple(v) if isinstance(v, list) and k != "bucket_edges" else v for k, v in row.items()}
        for row in table.to_pylist()
    ]


def test_a_database_without_all_parameters_has_no_points(known: Path, tmp_path: Path) -> None:
    export(known, str(tmp_path / "x.duckdb"), columns=["strategy", "metric"])
    with duckdb.connect(str(tmp_path / "x.duckdb")) as made:
        assert made.sql("show tables").fetchall() == [("dictionary",), ("failures",), ("results",)]
        assert made.sql("from results").columns == ["strategy", "ns_per_packet", "drop_ratio"]


@pytest.mark.parametrize(
    ("asked", "columns"),
    [
        (["ring", "strategy"], ["ring", "strategy"]),
        (["metric", "ring", "drop_ratio"], ["ns_per_packet", "drop_ratio", "ring"]),
        (["quality"], ["valid", "violation"]),
    ],
)
def test_columns_by_name_and_by_role(known: Path, tmp_path: Path, asked: list[str], columns: list[str]) -> None:
    export(known, str(tmp_path / "x.parquet"), columns=asked)
    assert pq.read_schema(tmp_path / "x.parquet").names == columns


def test_the_ending_says_the_format_unless_it_is_given(known: Path, tmp_path: Path) -> None:
    export(known, str(tmp_path / "x.bin"), "arrow", ["ring"])
    assert pa.ipc.open_file(tmp_path / "x.bin").schema.names == ["ring"]
    export(known, str(tmp_path / "odd"), "csv", ["ring"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["odd", "odd.dictionary.csv", "x.bin"]


@pytest.mark.parametrize(
    ("out", "options", "said"),
    [
        ("x.xlsx", {}, 'the ending of "[^"]*x.xlsx" says no format\n  next: give --format csv|parquet|arrow|duckdb'),
        ("x.csv", {"form": "parket"}, r'format "parket" is not known. Did you mean "parquet"\?'),
        ("x.csv", {"columns": ["rnig"]}, r'column "rnig" is not known. Did you mean "ring"\?'),
        ("x.csv", {"columns": [""]}, 'column "" is not known'),
        ("x.csv", {"compression": "none"}, "--compression is for a file of parquet or arrow, not csv"),
        ("x.arrow", {"compression": "gzip"}, 'compression "gzip" is not known.'),
        ("x.csv", {"form": "csv", "partition_by": ["ring"]}, "--partition-by makes folders of parquet, not csv"),
        ("x", {"partition_by": ["rnig"]}, r'column "rnig" is not among the exported columns. Did you mean "ring"\?'),
        ("x", {"partition_by": ["latency_ns_histogram"]}, 'column "latency_ns_histogram" is a list'),
        ("x", {"partition_by": ["ring", "ring"]}, '--partition-by "ring,ring" names a column twice'),
        ("x", {"partition_by": ["ring"], "columns": ["ring"]}, "leaves no column for the files"),
        ("x.csv", {"columns": ["histogram"]}, "next: --columns latency_ns_histogram"),
    ],
)
def test_wrong_use(known: Path, tmp_path: Path, out: str, options: dict, said: str) -> None:
    with pytest.raises(SweepError, match=said.replace("|", r"\|")) as caught:
        export(known, str(tmp_path / out), **options)
    assert caught.value.exit_code == 2
    assert list(tmp_path.iterdir()) == []


class TestPlaces:
    def test_what_the_run_has_published_is_not_replaced(self, tmp_path: Path) -> None:
        run = Path(publish(tmp_path / "run"))
        before = (run / "results.arrow").read_bytes()
        for name in ("results.arrow", "manifest.json", "run.json", "lock", "current"):
            with pytest.raises(SweepError, match=r"is what the run itself has published|is a directory"):
                export(run, str(run / name), "arrow")
        assert (run / "results.arrow").read_bytes() == before
        export(run, str(run / "mine.csv"))
        assert (run / "mine.csv").is_file()

    def test_a_directory_a_file_in_the_way_and_no_name(self, known: Path, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("x")
        for out, said in (
            (tmp_path, "is a directory"),
            (tmp_path / "file/x.csv", "cannot be written: File exists"),
            (f"{tmp_path}/new/", "not the name"),
        ):
            with pytest.raises(SweepError, match=said):
                export(known, str(out), "csv")

    def test_folders_on_the_way_are_made(self, known: Path, tmp_path: Path) -> None:
        export(known, str(tmp_path / "a/b/x.csv"))
        assert (tmp_path / "a/b/x.csv").is_file()

    @pytest.mark.parametrize("form", ["csv", "parquet", "arrow", "duckdb"])
    def test_a_failure_leaves_what_was_there(self, known: Path, tmp_path: Path, monkeypatch, form: str) -> None:
        def full(*arguments: object) -> None:
            raise OSError(28, "No space left on device")

        target = tmp_path / f"x.{form}"
        target.write_text("old")
        monkeypatch.setattr("sweep.query.export.WRITERS", dict.fromkeys(("csv", "parquet", "arrow"), full))
        monkeypatch.setattr("sweep.query.database_file.shutil.copyfileobj", full)
        with pytest.raises(RunError, match="No space left on device"):
            export(known, str(target))
        assert target.read_text() == "old"
        assert not [path for path in tmp_path.iterdir() if path.name.endswith(".tmp")]

    def test_an_object_store(self, known: Path, s3) -> None:
        out = s3.uri("exports").replace("?", "/x.parquet?")
        export(known, out, columns=["ring"])
        export(known, out.replace("x.parquet", "x.csv"), columns=["ring"])
        assert s3.objects() == ["exports/x.csv", "exports/x.dictionary.csv", "exports/x.parquet"]


@pytest.mark.parametrize("ending", ["csv", "parquet", "arrow"])
def test_a_table_whose_numbers_are_damaged(tmp_path: Path, ending: str) -> None:
    """Its digest is right: somebody wrote it so."""
    table = results()
    bits, cells = pa.py_buffer(b"\xff"), pa.py_buffer(bytes(8 * len(table)))
    odd = pa.Array.from_buffers(pa.float64(), len(table), [bits, cells], null_count=1)
    at = table.column_names.index("ns_per_packet")
    directory = publish(tmp_path / "run", table.set_column(at, table.schema.field(at), odd), batch_rows=100)
    with pytest.raises(RunError, match=r"results\.arrow.* is damaged") as caught:
        export(directory, str(tmp_path / f"x.{ending}"))
    assert "\n  next: sweep run" in str(caught.value)
    assert not (tmp_path / f"x.{ending}").exists()


@pytest.mark.parametrize(
    ("name", "use"),
    [
        ("\0", lambda directory, out: query.open(directory)),
        ("\0", lambda directory, out: export(directory, out)),
        ("STRATEGY", lambda directory, out: export(directory, out)),
    ],
)
def test_names_that_sql_does_not_take(tmp_path: Path, name: str, use: Callable[[str, str], object]) -> None:
    table = results()
    field = table.schema.field("ns_per_packet").with_name(name)
    directory = publish(tmp_path / "run", table.append_column(field, table.column("ns_per_packet")))
    with pytest.raises(RunError, match="is damaged"):
        use(directory, str(tmp_path / "x.duckdb"))
