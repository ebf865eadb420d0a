# SPDX-License-Identifier: MIT
"""`sweep query` and `sweep export` as they are typed: output, files, every wrong use with its exit code."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from typed import REPOSITORY, SWEEP, sweep


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a finished run in runs/tiny, made in plain Python."""
    directory = tmp_path_factory.mktemp("asked")
    (directory / "tiny.yaml").write_text(SWEEP)
    os.environ["SWEEP_PLAIN_PYTHON"] = "1"
    try:
        sweep(directory, "run", "tiny.yaml", "--executor", "inline", "--no-report")
    finally:
        del os.environ["SWEEP_PLAIN_PYTHON"]
    (directory / "empty").mkdir()
    return directory


COUNT = "select ring, count(*) as simulations from results group by ring order by ring"


def test_query_prints_a_table(done: Path) -> None:
    out, error = sweep(done, "query", "runs/tiny", COUNT)
    assert error == ""
    assert out == (
        "       ring  simulations\ndescriptors\n-----------  -----------\n"
        "         64            2\n        128            2\n        256            2\n3 rows\n"
    )


def test_query_in_other_forms_and_into_files(done: Path, tmp_path: Path) -> None:
    assert sweep(done, "query", "runs/tiny", COUNT, "--format", "csv")[0] == (
        '"ring","simulations"\n64,2\n128,2\n256,2\n'
    )
    assert json.loads(sweep(done, "query", "runs/tiny", COUNT, "--format", "json")[0])[1] == {
        "ring": 128,
        "simulations": 2,
    }
    assert sweep(done, "query", "runs/tiny", COUNT, "--format", "md")[0].splitlines()[0] == (
        "| ring [descriptors] | simulations |"
    )
    for ending in ("csv", "json", "md", "arrow", "txt"):
        out, _ = sweep(done, "query", "runs/tiny", COUNT, "--out", str(tmp_path / f"x.{ending}"))
        assert out == f"{tmp_path}/x.{ending}\n"
    assert (tmp_path / "x.csv").read_text() == '"ring","simulations"\n64,2\n128,2\n256,2\n'
    assert pa.ipc.open_file(tmp_path / "x.arrow").read_all()["simulations"].to_pylist() == [2, 2, 2]
    assert (tmp_path / "x.txt").read_text().endswith("3 rows\n")
    assert (tmp_path / "x.md").read_text().count("\n") == 5


def test_a_kept_table_has_all_rows(done: Path, tmp_path: Path) -> None:
    sql = "select range from range(100)"
    assert "40 rows shown · more rows" in sweep(done, "query", "runs/tiny", sql)[0]
    assert "100 rows\n" in sweep(done, "query", "runs/tiny", sql, "--rows", "0")[0]
    sweep(done, "query", "runs/tiny", sql, "--out", str(tmp_path / "x.txt"))
    assert (tmp_path / "x.txt").read_text().endswith("\n100 rows\n")


def test_arrow_goes_into_a_pipe_and_not_to_a_terminal(done: Path) -> None:
    command = [sys.executable, "-m", "sweep", "query", "runs/tiny", COUNT, "--format", "arrow"]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    piped = subprocess.run(command, cwd=done, env=environment, capture_output=True, check=True)
    assert pa.ipc.open_stream(piped.stdout).read_all().num_rows == 3
    ours, theirs = pty.openpty()
    try:
        shown = subprocess.run(command, cwd=done, env=environment, stdout=theirs, stderr=subprocess.PIPE, check=False)
    finally:
        os.close(theirs)
        os.close(ours)
    assert shown.returncode == 2
    assert b"arrow is not for terminals\n  next: --out FILE.arrow" in shown.stderr


def test_sql_from_stdin(done: Path) -> None:
    command = [sys.executable, "-m", "sweep", "query", "runs/tiny", "-", "--format", "csv"]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    found = subprocess.run(
        command, cwd=done, env=environment, input="select 1\n  as one", capture_output=True, text=True, check=True
    )
    assert found.stdout == '"one"\n1\n'


def test_tables_lists_every_column_with_its_unit(done: Path) -> None:
    from sweep import schema

    out, _ = sweep(done, "query", "runs/tiny", "--tables")
    heads = [line for line in out.splitlines() if line and not line.startswith(" ")]
    width = len(schema.columns())
    assert heads[0] == f"results: a row per simulation; 6 rows, {width} columns"
    assert heads[1].startswith("points: a row per point: ")
    assert heads[1].split("; ")[-1].startswith("3 rows, ")
    assert heads[2] == f"dictionary: a row per column of results; {width} rows, 10 columns"
    for column in schema.columns():
        assert f"    {column.name} " in out
    (ring,) = [line for line in out.splitlines() if line.split()[:1] == ["ring"]][:1]
    assert ring.split(maxsplit=2) == ["ring", "descriptors", "RX descriptors"]


def test_export_says_what_it_wrote(done: Path, tmp_path: Path) -> None:
    out, _ = sweep(
        done, "export", "runs/tiny", "--out", str(tmp_path / "x.csv"), "--columns", "ring, metric", "--columns", "valid"
    )
    assert out.startswith(f"{tmp_path}/x.csv · {tmp_path}/x.dictionary.csv: 6 rows, ")
    assert (tmp_path / "x.csv").read_text().startswith('"ring","ns_per_packet"')
    out, _ = sweep(done, "export", "runs/tiny", "--out", str(tmp_path / "y.csv"))
    assert "left out: latency_ns_histogram, " in out
    out, _ = sweep(done, "export", "runs/tiny", "--out", str(tmp_path / "y.duckdb"))
    assert out.startswith(f"{tmp_path}/y.duckdb: 6 rows, ")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["query", "runs/tiny"], 2, "give one SELECT, or --tables\n  next: sweep query runs/tiny "),
        (["query", "runs/tiny", "select 1", "--tables"], 2, "give one SELECT, or --tables"),
        (["query", "runs/none", "select 1"], 2, 'run directory "runs/none" does not exist'),
        (["query", "empty", "select 1"], 3, 'run directory "empty" has no results yet'),
        (["query", "runs/tiny", "select rnig from points"], 2, 'SQL:1:8: column "rnig" is not known. Did you mean'),
        (["query", "runs/tiny", "drop table x"], 2, '"DROP" is not for reading'),
        (["query", "runs/tiny", "select 1", "--format", "jsn"], 2, 'format "jsn" is not known. Did you mean "json"?'),
        (["query", "runs/tiny", "select 1", "--rows", "-1"], 2, "--rows"),
        (["query", "runs/tiny", "select 1", "--out", "runs/tiny/manifest.json"], 2, "itself has published"),
        (["query", "runs/tiny", "select 1", "--out", "empty"], 2, "is a directory"),
        (["query", "s4://x/y", "select 1"], 2, 'has scheme "s4", which is not known.'),
        (["query", "runs/tiny", "select 1", "--out", "x.parquet"], 2, 'the ending of "x.parquet" says no format'),
        (["query", "runs/tiny", "--tables", "--out", "x.csv"], 2, 'next: sweep query runs/tiny "from dictionary"'),
        (["export", "runs/tiny"], 2, "--out"),
        (["export", "runs/none", "--out", "x.csv"], 2, 'run directory "runs/none" does not exist'),
        (["export", "empty", "--out", "x.csv"], 3, "has no results yet"),
        (["export", "runs/tiny", "--out", "x.xls"], 2, "next: give --format csv|parquet|arrow|duckdb"),
        (["export", "runs/tiny", "--out", "x.csv", "--columns", "rnig"], 2, 'column "rnig" is not known. Did you mean'),
        (["watch", "runs/none"], 2, 'run directory "runs/none" does not exist'),
        (["watch", "empty", "--once"], 2, '"empty" is no run directory'),
    ],
)  # fmt: skip
def test_wrong_use(done: Path, words: list[str], code: int, said: str) -> None:
    out, error = sweep(done, *words, code=code)
    assert out == ""
    assert said in error
    assert not list(done.glob("x.*"))


def test_a_reader_that_goes_away_is_no_news(done: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "sweep",
        "query",
        "runs/tiny",
        "select range from range(1000000)",
        "--format",
        "csv",
    ]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    process = subprocess.Popen(command, cwd=done, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        assert process.stdout.readline() == b'"range"\n'
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 1
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
