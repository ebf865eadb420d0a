# SPDX-License-Identifier: MIT
"""Exports for programs that read many runs: folders, columns of the run, mapped files, older versions of DuckDB."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from published_tables import publish, results

from sweep.errors import RunError, SweepError
from sweep.query.export import export

RUN = ["sweep_name", "run_id", "run_time"]


def storage_name(run: Path) -> str:
    """The name of the published snapshot."""
    return str(json.loads((run / "manifest.json").read_text())["snapshot"])


class TestFolders:
    """--partition-by."""

    def test_they_are_read_as_the_table(self, known: Path, tmp_path: Path) -> None:
        done = export(known, str(tmp_path / "all"), partition_by=["strategy", "label", "ring"])
        assert (done.paths, done.rows) == ((str(tmp_path / "all"),), 7)
        run = storage_name(known)
        names = sorted(path.relative_to(tmp_path / "all").as_posix() for path in (tmp_path / "all").rglob("*.parquet"))
        assert names[0] == f"strategy=page_allocator/label=__HIVE_DEFAULT_PARTITION__/ring=64/{run}-0.parquet"
        assert len(names) == 3
        glob = f"{tmp_path}/all/**/*.parquet"
        ours = duckdb.sql(
            f"select id, strategy, label, ring, ns_per_packet, rx_packets from '{glob}' order by id"
        ).fetchall()
        assert ours == [
            tuple(row[name] for name in ("id", "strategy", "label", "ring", "ns_per_packet", "rx_packets"))
            for row in results().sort_by("id").to_pylist()
        ]
        schema = pq.read_schema(next((tmp_path / "all").rglob("*.parquet")))
        assert schema.field("ns_per_packet").metadata[b"unit"] == b"ns"
        assert json.loads(schema.metadata[b"sweep"])["name"] == "known"

    def test_runs_are_united_and_one_that_is_exported_again_is_not_doubled(self, tmp_path: Path) -> None:
        for name in ("a", "b", "a"):
            if not (tmp_path / name).exists():
                publish(tmp_path / name)
            export(tmp_path / name, str(tmp_path / "all"), partition_by=["traffic"])
        counts = duckdb.sql(f"select run_id, count(*) from '{tmp_path}/all/**/*.parquet' group by all").fetchall()
        assert sorted(counts) == sorted((storage_name(tmp_path / name), 7) for name in ("a", "b"))

    def test_a_column_of_many_values(self, known: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("sweep.query.folders.MOST_FOLDERS", 3)
        with pytest.raises(SweepError, match='--partition-by "id" makes more than 3 folders'):
            export(known, str(tmp_path / "all"), partition_by=["id"])
        assert not (tmp_path / "all").exists()

    def test_an_object_store(self, known: Path, s3) -> None:
        export(known, s3.uri("exports"), columns=["ring", "label"], partition_by=["label"])
        run = storage_name(known)
        assert f"exports/label=a%20%22b%22%2C%20c/{run}-0.parquet" in s3.objects()

    def test_a_damaged_table(self, tmp_path: Path) -> None:
        table = results()
        bits, cells = pa.py_buffer(b"\xff"), pa.py_buffer(bytes(8 * len(table)))
        odd = pa.Array.from_buffers(pa.float64(), len(table), [bits, cells], null_count=1)
        at = table.column_names.index("ns_per_packet")
        publish(tmp_path / "run", table.set_column(at, table.schema.field(at), odd), batch_rows=100)
        with pytest.raises(RunError, match=r"results\.arrow.* is damaged"):
            export(tmp_path / "run", str(tmp_path / "all"), partition_by=["ring"])
        assert not (tmp_path / "all").exists()


@pytest.mark.parametrize("ending", ["csv", "parquet", "arrow", "duckdb"])
def test_every_row_says_its_run(known: Path, tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"x.{ending}"
    export(known, str(file), columns=["run_id", "ring", "sweep_name", "run_time"])
    if ending == "duckdb":
        with duckdb.connect(str(file)) as made:
            rows = made.sql("from results").fetchall()
    elif ending == "arrow":
        rows = [tuple(row.values()) for row in pa.ipc.open_file(file).read_all().to_pylist()]
    else:
        rows = duckdb.sql(f"from '{file}'").fetchall()
    time = datetime.fromisoformat(json.loads((known / "manifest.json").read_text())["published"]).replace(tzinfo=None)
    assert set(rows) == {(storage_name(known), ring, "known", time) for ring in (64, 128)}


def test_a_table_without_a_manifest_has_no_run_id(known: Path, tmp_path: Path) -> None:
    (tmp_path / "results.arrow").write_bytes((known / "results.arrow").read_bytes())
    export(tmp_path, str(tmp_path / "x.parquet"))
    assert set(pq.read_table(tmp_path / "x.parquet")["run_id"].to_pylist()) == {None}


@pytest.mark.parametrize("compression", ["none", "lz4", "zstd"])
def test_an_uncompressed_arrow_file_is_mapped_without_a_copy(known: Path, tmp_path: Path, compression: str) -> None:
    export(known, str(tmp_path / "x.arrow"), compression=compression)
    with pa.memory_map(str(tmp_path / "x.arrow")) as mapped:
        before = pa.total_allocated_bytes()
        table = pa.ipc.open_file(mapped).read_all()
        copied = pa.total_allocated_bytes() - before
        assert table.drop_columns(RUN).equals(results())
    assert (copied == 0) == (compression == "none")


def test_duckdb_files_are_of_the_version_that_older_programs_read(known: Path, tmp_path: Path) -> None:
    export(known, str(tmp_path / "x.duckdb"))
    with duckdb.connect(str(tmp_path / "x.duckdb"), read_only=True) as made:
        ((tags,),) = made.sql("select tags from duckdb_databases() where not internal").fetchall()
    assert tags["storage_version"].startswith("v1.0.0")


CLI = shutil.which("duckdb", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")


@pytest.mark.skipif(CLI is None, reason="DuckDB's command line is not here: pip install duckdb-cli")
def test_the_command_line_of_duckdb_reads_it(known: Path, tmp_path: Path) -> None:
    export(known, str(tmp_path / "x.duckdb"))
    sql = (
        "select count(*) as n, (select count(*) from points) as p, (select count(*) from histograms) as h from results"
    )
    done = subprocess.run(
        [str(CLI), "-readonly", "-json", str(tmp_path / "x.duckdb"), sql], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == [{"n": 7, "p": 3, "h": 18}]
