# SPDX-License-Identifier: MIT
"""Parts that somebody else wrote: their name is right, what is in them is not.  They are set aside and run again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from sweep.jobs.executors.task import METADATA, encode
from sweep.jobs.run import run
from sweep.jobs.status import status
from sweep.jobs.store.parts import Store
from sweep.plan import digest
from tests.tiny_sweep import MakeRequest, read


def _without_a_counter(table: pa.Table) -> pa.Table:
    return table.remove_column(table.num_columns - 3)


def _of_another_type(table: pa.Table) -> pa.Table:
    at = table.num_columns - 3
    return table.set_column(at, table.column_names[at], pa.array(["7"] * len(table)))


def _with_a_column_more(table: pa.Table) -> pa.Table:
    return table.append_column("more", pa.array([1] * len(table)))


def _without_ids(table: pa.Table) -> pa.Table:
    return table.set_column(0, pa.field("id", pa.string()), pa.nulls(len(table), pa.string()))


def _saying(**fields: Any) -> Callable[[pa.Table], pa.Table]:
    def damage(table: pa.Table) -> pa.Table:
        about = json.loads(table.schema.metadata[METADATA]) | fields
        return table.replace_schema_metadata({METADATA: json.dumps(about)})

    return damage


def _replaced(path: Path, data: bytes) -> Path:
    """The part with these bytes, under the name that they deserve."""
    path.unlink()
    found = path.with_name(f"{path.stem.rpartition('-')[0]}-{digest(data, 8)}.arrow")
    found.write_bytes(data)
    return found


DAMAGES = {
    "a counter is missing": _without_a_counter,
    "a counter is a text": _of_another_type,
    "a column too many": _with_a_column_more,
    "ids are null": _without_ids,
    "seconds are a text": _saying(simulate_s="1"),
    "seconds are below zero": _saying(model_s=-1.0),
    "the strategy is a list": _saying(strategy=["page_pool"]),
    "rows are true": _saying(rows=True),
    "the sources are a number": _saying(code=3),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_part_of_another_form(
    request_of: MakeRequest, undisturbed: pa.Table, damage: Callable[[pa.Table], pa.Table]
) -> None:
    request = request_of()
    run(request)
    victim = Store(request.directory).scan(set_aside=False)[0]
    path = _replaced(request.directory / victim.name, encode(damage(victim.table())))
    assert status(request.directory).damaged == 1
    again = run(request)
    assert (again.exit_code, again.inventory.missing) == (0, len(victim.ids))
    assert path.with_suffix(".bad").exists()
    assert read(request.directory).equals(undisturbed)


def test_a_part_whose_body_is_not_whole(request_of: MakeRequest, undisturbed: pa.Table) -> None:
    """A text that is no UTF-8: Arrow reads it all the same."""
    request = request_of()
    run(request)
    victim = Store(request.directory).scan(set_aside=False)[0]
    table = victim.table()
    ends = pa.array([0, *[1] * len(table)], pa.int32()).buffers()[1]
    texts = pa.Array.from_buffers(pa.string(), len(table), [None, ends, pa.py_buffer(b"\xff")])
    place = table.column_names.index("violation")
    wrong = table.set_column(place, table.schema.field(place), texts)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, wrong.schema) as writer:
        writer.write_table(wrong)
    path = _replaced(request.directory / victim.name, bytes(sink.getvalue()))
    assert run(request).inventory.missing == len(victim.ids)
    assert path.with_suffix(".bad").exists()
    assert read(request.directory).equals(undisturbed)
