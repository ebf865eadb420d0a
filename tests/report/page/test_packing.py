# SPDX-License-Identifier: MIT
"""Columns as text: what is packed comes out again, in few bytes, the same bytes each time."""

from __future__ import annotations

import base64
import gzip
import json

import numpy as np
import pytest

from sweep.report.page import packing


def unpacked(text: str) -> tuple[dict, dict[str, np.ndarray]]:
    """Written out from the description of the format."""
    data = gzip.decompress(base64.b64decode(text))
    end = 4 + int.from_bytes(data[:4], "little")
    header = json.loads(data[4:end])
    found = {}
    for column in header["columns"]:
        kind = np.dtype("<" + column["type"])
        count = header["rows"] * column["width"]
        planes = np.frombuffer(data[end : end + count * kind.itemsize], dtype=np.uint8)
        values = np.ascontiguousarray(planes.reshape(kind.itemsize, count).T).view(kind).ravel()
        found[column["name"]] = values if column["width"] == 1 else values.reshape(header["rows"], -1)
        end += count * kind.itemsize
    assert end == len(data)
    return header, found


def test_there_and_back() -> None:
    columns = {
        "code": packing.codes(np.array([0, 1, 300])),
        "value": np.array([1.5, np.nan, -2e30], dtype=np.float32),
        "id": np.frombuffer(b"abcdef", dtype=np.uint8).reshape(3, 2),
    }
    header, found = unpacked(packing.packed({"rows": 3, "name": "</script>\u2028"}, columns))
    assert header["name"] == "</script>\u2028"
    assert [column["type"] for column in header["columns"]] == ["u2", "f4", "u1"]
    for name, values in columns.items():
        np.testing.assert_array_equal(found[name], values)


def test_the_same_columns_give_the_same_text() -> None:
    columns = {"x": np.arange(5, dtype=np.float32)}
    assert packing.packed({"rows": 5}, columns) == packing.packed({"rows": 5}, columns)
    assert set(packing.packed({"rows": 5, "name": "<>&\"'"}, columns)) <= set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
    )


@pytest.mark.parametrize("bits", [7, 10, 15])
def test_rounding_is_off_by_half_a_step_at_most(bits: int) -> None:
    values = np.random.default_rng(1).lognormal(0, 8, 10_000) * np.resize([1, -1], 10_000)
    found = packing.rounded(values, bits).astype(np.float64)
    assert np.abs(found / values - 1).max() <= 2.0 ** -(bits + 1) * 1.001
    assert np.isnan(packing.rounded(np.array([np.nan]), bits)).all()
    assert packing.rounded(np.array([0.0, 1.0]), bits).tolist() == [0.0, 1.0]
    assert (
        len(packing.packed({"rows": 10_000}, {"x": packing.rounded(values, bits)})) < 10_000 * (bits + 12) / 8 * 4 / 3
    )
