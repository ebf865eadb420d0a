# SPDX-License-Identifier: MIT
"""Names and columns of a published table, for conditions over its rows.

A parameter has the name and the unit that it has in a sweep file: `host.dma_sync`, a number of ns, is compared with a
time, which needs its unit here as there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from sweep import units
from sweep.as_written import WITH_UNIT
from sweep.closest_choice import release_order
from sweep.fields.column import said
from sweep.fields.field import Role
from sweep.fields.parameter import LINK, RATE, Kind

from .columns import SCALES, Column, amount

# Rates and speeds, of which the model has the time of one packet or byte: what is written is rounded as it does.
RATES: Mapping[str, tuple[Kind, Callable[[str], int]]] = {
    LINK.column_unit: (LINK, units.link_ps_per_byte),
    RATE.column_unit: (RATE, units.packet_ps),
}
RANKS = {"kernel": release_order}  # of text with an order of its own


class Table:
    """Gives a condition its columns.  `fields`: those that may be named; `read`: the values of one, (points,)."""

    def __init__(self, fields: Mapping[str, pa.Field], read: Callable[[str], Any]) -> None:
        self.fields, self.read, self.made = fields, read, dict[str, Column | None]()

    def __call__(self, name: str) -> Column | None:
        if name not in self.made:
            self.made[name] = of_field(self.fields[name], self.read(name)) if name in self.fields else None
        return self.made[name]


def of_field(field: pa.Field, values: Any) -> Column:
    """A column of a table.  A parameter with a unit is compared with quantities in it; any other, with numbers too."""
    unit = unit_of(field)
    found = of_arrow(field.name, values, unit)
    if said(field, "role") != Role.PARAMETER or found.is_text:
        return found
    if unit in RATES:
        kind, parse = RATES[unit]
        found = replace(found, literal=lambda text: float(kind.column_value(parse(text)) or 0))
    return replace(found, is_plain=unit not in WITH_UNIT)


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
