# SPDX-License-Identifier: MIT
"""Rows are gathered from parts a batch at a time: the same table, whatever the batches, the parts and their order."""

from __future__ import annotations

import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sweep import plan as planning
from sweep import schema
from sweep.jobs.origin import Origin
from sweep.jobs.run import run
from sweep.jobs.store import collect
from sweep.jobs.store.collect import Collection
from sweep.jobs.store.part import Part
from sweep.jobs.store.parts import Store
from sweep.jobs.store.tables import RowCounts, write
from sweep.plan import Survey
from tests.tiny_sweep import SIMULATIONS, MakeRequest

ORIGIN = Origin.of("tiny.yaml", (), None)
EVERYTHING = np.ones(SIMULATIONS, np.bool_)


@pytest.fixture
def survey(request_of: MakeRequest) -> Survey:
    return planning.survey(request_of().sweep)


@pytest.fixture
def parts(request_of: MakeRequest) -> list[Part]:
    """Those of a run in chunks of two or three simulations."""
    run(request_of())
    found = Store(request_of().directory).scan(set_aside=False)
    assert len(found) >= SIMULATIONS // 3
    return found


@pytest.mark.parametrize("batch_rows", [1, 3, 5, SIMULATIONS, 100])
@pytest.mark.parametrize("kept_bytes", [0, 1 << 30])
def test_same_table_for_any_batches_and_parts_in_any_order(
    survey: Survey,
    parts: list[Part],
    undisturbed: pa.Table,
    monkeypatch: pytest.MonkeyPatch,
    batch_rows: int,
    kept_bytes: int,
) -> None:
    monkeypatch.setattr(collect, "KEPT_BYTES", kept_bytes)
    rows = Collection(survey, parts[::-1], EVERYTHING, ORIGIN, batch_rows=batch_rows)
    assert [len(batch) for batch in rows][:-1] == [batch_rows] * ((SIMULATIONS - 1) // batch_rows)
    found = rows.table()
    assert found.equals(undisturbed.replace_schema_metadata(None))
    assert found.schema.equals(undisturbed.schema.remove_metadata(), check_metadata=True)


def test_a_part_is_read_once(survey: Survey, parts: list[Part], monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    table = Part.table
    monkeypatch.setattr(Part, "table", lambda part: read.append(part.name) or table(part))
    assert sum(len(batch) for batch in Collection(survey, parts, EVERYTHING, ORIGIN, batch_rows=1)) == SIMULATIONS
    assert sorted(read) == sorted(part.name for part in parts)


def test_only_what_is_wanted_and_there(survey: Survey, parts: list[Part], undisturbed: pa.Table) -> None:
    wanted = np.arange(SIMULATIONS) % 3 == 0
    some = [part for part in parts if survey.ids[3] not in part.ids]
    rows = Collection(survey, some, wanted, ORIGIN, batch_rows=2)
    there = set(np.concatenate([part.ids for part in some]).tolist())
    expected = [index for index in range(0, SIMULATIONS, 3) if survey.ids[index] in there]
    assert rows.simulations.tolist() == expected
    assert 0 < len(rows) == len(expected) < wanted.sum()
    assert rows.table().equals(undisturbed.replace_schema_metadata(None).take(expected))


def test_the_same_simulation_twice_in_a_sweep_is_two_rows(request_of: MakeRequest) -> None:
    """`2*ring` and 256 are two points at ring 128, by their labels, and one simulation."""
    request = request_of("zip=[{strategy.pool_size: [2*ring, 256], label: [one, two]}]", "where=[ring == 128]")
    summary = run(request)
    assert (summary.exit_code, summary.rows) == (0, request.sweep.simulations)
    table = summary.table
    assert table is not None
    both = [row for row in table.to_pylist() if row["strategy"] == "page_pool"]
    assert sorted({row["label"] for row in both}) == ["one", "two"]
    assert len({row["id"] for row in both}) * 2 == len(both) == 8


def test_no_row_at_all_is_a_table_too(survey: Survey) -> None:
    rows = Collection(survey, [], EVERYTHING, ORIGIN)
    arrow, parquet, found = io.BytesIO(), io.BytesIO(), RowCounts()
    write(map(found.counted, rows), schema.results_schema(), arrow, parquet)
    assert (found.rows, found.invalid, len(rows)) == (0, 0, 0)
    for table in (pa.ipc.open_file(arrow.getvalue()).read_all(), pq.read_table(io.BytesIO(parquet.getvalue()))):
        assert table.schema.names == schema.results_schema().names
        assert len(table) == 0


def test_both_files_have_the_batches(survey: Survey, parts: list[Part], undisturbed: pa.Table) -> None:
    arrow, parquet, found = io.BytesIO(), io.BytesIO(), RowCounts()
    batches = Collection(survey, parts, EVERYTHING, ORIGIN, batch_rows=5)
    write(map(found.counted, batches), undisturbed.schema, arrow, parquet)
    assert (found.rows, found.invalid) == (SIMULATIONS, 0)
    assert found.head is not None
    assert len(found.head) == 5
    assert pa.ipc.open_file(arrow.getvalue()).read_all().equals(undisturbed)
    assert pq.ParquetFile(io.BytesIO(parquet.getvalue())).num_row_groups == 4
    assert pq.read_table(io.BytesIO(parquet.getvalue())).equals(undisturbed)


class Full(io.RawIOBase):
    """A disk with room for a little."""

    def __init__(self) -> None:
        self.left = 50_000

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        size = memoryview(data).nbytes  # type: ignore[arg-type]
        self.left -= size
        if self.left < 0:
            raise OSError(28, "No space left on device")
        return size


@pytest.mark.parametrize("full", [0, 1])
def test_a_full_disk_is_an_error_and_not_a_hang(survey: Survey, parts: list[Part], full: int) -> None:
    files = [io.BytesIO(), io.BytesIO()]
    files[full] = Full()  # type: ignore[call-overload]
    with pytest.raises(OSError, match="No space left"):
        write(Collection(survey, parts, EVERYTHING, ORIGIN, batch_rows=2), schema.results_schema(), *files)
