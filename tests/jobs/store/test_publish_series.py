# SPDX-License-Identifier: MIT
"""The time series of a run: published beside its table, row by row, and read with it."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sweep import report, schema, storage
from sweep.errors import RunError
from sweep.fields.series import BINS, INSTANTS, SERIES
from sweep.jobs.run import run
from sweep.storage import snapshot
from tests.tiny_sweep import SIMULATIONS, MakeRequest, read


def published(directory: object, name: str = "series") -> pa.Table:
    found = snapshot.read(storage.open(str(directory)), f"{name}.arrow")
    assert found is not None
    return pa.ipc.open_file(found[1][f"{name}.arrow"]).read_all()


def test_rows_are_those_of_the_results_in_their_order(request_of: MakeRequest) -> None:
    run(request_of())
    series, results = published(request_of().directory), published(request_of().directory, "results")
    assert series.column("id").equals(results.column("id"))
    assert series.schema.remove_metadata().equals(schema.series.schema().remove_metadata())
    assert series.schema.metadata[b"sweep"] == results.schema.metadata[b"sweep"]
    assert {field.metadata[b"unit"] for field in series.schema} >= {b"ps", b"packets", b"ns"}
    assert pq.read_table(request_of().directory / "series.parquet").equals(series)


def test_bins_add_up_to_the_packets_of_a_row(request_of: MakeRequest) -> None:
    run(request_of())
    table = report.read(request_of().directory, series=True)
    assert len(table) == SIMULATIONS
    for row in table.to_pylist():
        assert sum(row["series_offered_packets"]) == row["packets"]
        assert row["series_end_ps"] == sorted(row["series_end_ps"])
        assert row["series_end_ps"][-1] == row["end_ps"]
        assert sum(row["series_dropped_packets"]) >= row["drop_ratio"] * row["offered_packets"] - 0.5
        assert sum(row["series_episodes"]) >= row["episodes"]


def test_any_chunks_give_equal_series(request_of: MakeRequest) -> None:
    run(request_of())
    run(request_of(out="whole", chunk_s=60.0))
    assert published(request_of().directory).equals(published(request_of(out="whole").directory))


def test_results_are_what_they_are_without_it(request_of: MakeRequest) -> None:
    run(request_of())
    plain = read(request_of().directory)
    assert not [name for name in plain.column_names if name.startswith(schema.series.PREFIX)]
    assert report.read(request_of().directory, series=True).select(plain.column_names).equals(plain)


def test_a_snapshot_of_an_earlier_version_has_none(request_of: MakeRequest) -> None:
    """The table is read, and its report made, as before there were any."""
    run(request_of())
    results = published(request_of().directory, "results")
    files = storage.open(str(request_of(out="old").directory))
    with files.writing():
        draft = snapshot.Draft(files)
        with draft.file("results.arrow") as sink, pa.ipc.new_file(sink, results.schema) as writer:
            writer.write_table(results)
        draft.publish({})
    assert report.read(files, series=True).equals(results)
    assert "Quality" in report.text(report.read(files, series=True), full=True)


def test_series_of_other_rows_are_damage(request_of: MakeRequest) -> None:
    run(request_of())
    directory = request_of().directory
    results, series = published(directory, "results"), published(directory)
    files = storage.open(str(request_of(out="odd").directory))
    with files.writing():
        draft = snapshot.Draft(files)
        for name, table in (("results", results), ("series", series.slice(1))):
            with draft.file(f"{name}.arrow") as sink, pa.ipc.new_file(sink, table.schema) as writer:
                writer.write_table(table)
        draft.publish({})
    assert len(report.read(files)) == len(results)  # who needs none is not hindered
    with pytest.raises(RunError, match=r'series.arrow" is damaged: its rows are not those of "results.arrow"'):
        report.read(files, series=True)


def test_a_bin_has_a_number_of_everything() -> None:
    assert BINS == 40
    assert set(INSTANTS) < {field.name for field in SERIES}
    assert all(field.type.list_size == BINS for field in list(schema.series.schema())[1:])
