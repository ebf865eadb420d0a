# SPDX-License-Identifier: MIT
"""Columns of numbers packed as text inside a page: typed arrays, byte planes, gzip, base64.

Before compression the bytes are: the length of a header, 4 bytes; the header, JSON in UTF-8; then column after column.
The header's `columns` say name, type ("f4", "u1", "u2", "u4", as NumPy writes them) and width (numbers per row).  Of
a column, first all lowest bytes, then all second ones, and so on: bytes of equal significance stand together, so
that they compress well.  All is little-endian.  A reader needs base64, gzip and a loop, which every browser has.

Numbers are rounded to the bits of mantissa that their display needs, which halves the size.
Text is safe in any page as base64, so nothing in a header can end a script.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

BITS = 23  # of the mantissa of a float32


def packed(header: Mapping[str, Any], columns: Mapping[str, NDArray[Any]]) -> str:
    """Header and columns, each of shape (rows,) or (rows, width), as base64."""
    described = [{"name": name, "type": array.dtype.str[1:], "width": _width(array)} for name, array in columns.items()]
    header_bytes = json.dumps({**header, "columns": described}, separators=(",", ":")).encode()
    parts = [len(header_bytes).to_bytes(4, "little"), header_bytes, *(planes(array) for array in columns.values())]
    return text(b"".join(parts))


def text(data: bytes) -> str:
    """`data` compressed with gzip, as base64; the same bytes give the same text."""
    return base64.b64encode(gzip.compress(data, 9, mtime=0)).decode("ascii")


def planes(array: NDArray[Any]) -> bytes:
    """The bytes of an array by significance: all lowest bytes, then all second ones, and so on."""
    little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    return little.view(np.uint8).reshape(-1, array.dtype.itemsize).T.tobytes()


def codes(values: NDArray[Any]) -> NDArray[Any]:
    """Integers from 0 on in the narrowest unsigned type."""
    return np.asarray(values).astype(np.min_scalar_type(int(np.max(values, initial=0))))


def rounded(values: NDArray[np.float64], bits: int) -> NDArray[np.float32]:
    """`values` as float32 with `bits` of mantissa: relative error at most 2^-(bits + 1); NaN stays."""
    narrow = np.asarray(values, dtype=np.float32)
    dropped_bits = BITS - bits
    raw_bits = narrow.view(np.uint32)
    rounded_bits = ((raw_bits + np.uint32(1 << (dropped_bits - 1))) >> np.uint32(dropped_bits)) << np.uint32(
        dropped_bits
    )
    return np.where(np.isfinite(narrow), rounded_bits.view(np.float32), narrow)


def _width(array: NDArray[Any]) -> int:
    return int(np.prod(array.shape[1:], dtype=int))
