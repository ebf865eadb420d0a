# SPDX-License-Identifier: MIT
"""Names and columns of a published table, for conditions over its rows.

A parameter has the name of its column there, or the one that it has in a sweep file: `cost_dma_sync`, a number of ps,
is `host.dma_sync`, which is compared with a time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from sweep import units
from sweep.closest_choice import release_order
from sweep.fields.column import said

from .columns import SCALES, Column, amount, column_of

# Rates and speeds in a sweep file, of which the table has the time of one packet or byte.
RATES: Mapping[str, Callable[[str], int]] = {
    "nic.link": units.link_ps_per_byte,
    "nic.pcie_rate": units.packet_ps,
    "traffic.reader.rate": units.packet_ps,
}
RANKS = {"kernel": release_order}  # of text with an order of its own


class Table:
    """Gives a condition its columns.  `fields`: those that may be named; `read`: the values of one, (points,)."""

    def __init__(self, fields: Mapping[str, pa.Field], read: Callable[[str], Any]) -> None:
        self.fields, self.read, self.made = fields, read, dict[str, Column | None]()

    def __call__(self, name: str) -> Column | None:
        if name not in self.made:
            column = column_of(name, self.fields)
            self.made[name] = None if column is None else self._made(name, column)
        return self.made[name]

    def _made(self, name: str, column: str) -> Column:
        found = of_arrow(column, self.read(column), unit_of(self.fields[column]))
        if name in RATES:
            with np.errstate(divide="ignore"):
                return replace(
                    found, values=1 / found.values, literal=lambda text: 1 / RATES[name](text), is_plain=False
                )
        return replace(found, is_plain=name == column or found.literal is None or unit_of(self.fields[column]) != "ps")


def unit_of(field: pa.Field) -> str:
    """The unit of a column, "1" without one."""
    return said(field, "unit") or "1"


def of_arrow(name: str, values: Any, unit: str) -> Column:
    """An Arrow column.  Null is not known."""
    known = np.asarray(values.is_valid().to_numpy(zero_copy_only=False), np.bool_)
    if pa.types.is_integer(values.type) or pa.types.is_floating(values.type):
        numbers = values.cast(pa.float64()).fill_null(0).to_numpy(zero_copy_only=False)
        literal = (lambda text: amount(text, unit)) if unit in SCALES else None
        return Column(np.asarray(numbers, np.float64), known, literal, is_plain=True)
    codes = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    codes = codes if pa.types.is_dictionary(codes.type) else codes.dictionary_encode()
    texts = np.array([*map(str, codes.dictionary.to_pylist()), ""], object)
    places = codes.indices.fill_null(len(texts) - 1).to_numpy(zero_copy_only=False)
    return Column(texts[places], known, choices=tuple(sorted(set(texts[places][known]))) or None, rank=RANKS.get(name))
