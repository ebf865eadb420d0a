# SPDX-License-Identifier: MIT
"""Tables with columns of other types, and texts that are not whole: one line, and no number of them is used."""

from __future__ import annotations

import struct

import pyarrow as pa
import pytest

from sweep.results import soundness

ROWS = {
    **{"strategy": ["a", "b"], "traffic": ["router"] * 2, "ring": [64, 128], "load": [0.3, 0.3], "replicate": [0, 0]},
    **{"ns_per_packet": [1.0, 2.0], "rx_packets": [1, 2], "strategy.pool_size": [None, 3]},
}
ROLES = {"ns_per_packet": b"metric", "rx_packets": b"counter", "strategy.pool_size": b"parameter"}


def table(**columns: object) -> pa.Table:
    found = pa.table({**ROWS, **columns})
    fields = [field.with_metadata({b"role": ROLES.get(field.name, b"")}) for field in found.schema]
    return found.cast(pa.schema(fields))


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"strategy": [1, 2]}, '"strategy" is int64, and texts are needed'),
        ({"ring": ["64", "128"]}, '"ring" is string, and whole numbers are needed'),
        ({"ring": [64.0, 128.0]}, '"ring" is double'),
        ({"load": [[0.3], [0.3]]}, '"load" is list'),
        ({"ns_per_packet": ["1", "2"]}, '"ns_per_packet" is string, and numbers are needed'),
        ({"rx_packets": [True, False]}, '"rx_packets" is bool'),
        ({"strategy.pool_size": [[1], [2]]}, '"strategy.pool_size" is list'),
        ({"ring": [0, 64]}, '"ring" has a value that is not above zero'),
        ({"load": [float("nan"), 0.3]}, '"load" has a value that is not above zero'),
        ({"ring": [None, 64]}, '"ring" has rows without a value'),
        ({"strategy": ["a", None]}, '"strategy" has rows without a value'),
        ({"valid": ["yes", "no"]}, '"valid" is string, and true or false are needed'),
    ],
)
def test_a_column_of_another_type(columns: dict[str, object], why: str) -> None:
    assert soundness.table(table()).num_rows == 2
    with pytest.raises(soundness.UnsoundError) as caught:
        soundness.table(table(**columns))
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)


def test_texts_and_metadata_that_are_not_whole() -> None:
    ends = pa.array([0, 1 << 28, 1], pa.int32()).buffers()[1]
    texts = pa.Array.from_buffers(pa.string(), 2, [None, ends, pa.py_buffer(b"x")])
    with pytest.raises(soundness.UnsoundError, match='"label" is damaged'):
        soundness.table(table().append_column("label", texts))
    odd = pa.field("more", pa.int64(), metadata={b"unit": b"\xff"})
    with pytest.raises(soundness.UnsoundError, match="not UTF-8"):
        soundness.schema(pa.schema([odd]))
    with pytest.raises(soundness.UnsoundError, match='two columns "more"'):
        soundness.schema(pa.schema([pa.field("more", pa.int64())] * 2))


@pytest.mark.parametrize("nulls", [1, 1 << 29])
def test_a_number_of_nulls_that_is_not_theirs(nulls: int) -> None:
    """Arrow leaves out what is null by this number, and ends the process where it is more than there is."""
    sink = pa.BufferOutputStream()
    given = table(**{"strategy.pool_size": [None, 3]})
    with pa.ipc.new_file(sink, given.schema) as writer:
        writer.write_table(given)
    rows, head = len(given), sink.getvalue().to_pybytes()
    node = struct.pack("<qq", rows, 1)  # of pool_size: length and nulls
    assert head.count(node) == 1
    data = head.replace(node, struct.pack("<qq", rows, 1 + nulls))
    with pytest.raises(soundness.UnsoundError, match=r'"strategy\.pool_size" is damaged'):
        soundness.table(pa.ipc.open_file(data).read_all())
