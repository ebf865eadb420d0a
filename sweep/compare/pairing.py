# SPDX-License-Identifier: MIT
"""Pair the rows of two sides: cells with equal scenarios, and in each cell replicates that met the same packets.

A *cell* is a scenario without its seed and replicate: strategy, label, traffic, load, ring, and every other parameter
that varies inside one of the two sides.  A *pair* is a seed and a replicate.  Ids are not used: they contain the
digest of the code, which is mostly what is compared.  A parameter that is constant on each side but differs between
them is not a coordinate but a change (see `changes`), unless it decides which packets arrive, by the column's metadata:
then the sides met other packets and cannot be paired.  That they met the same packets is not concluded from the
parameters alone: the column `packet_stream` identifies the packets of each row.

Not modelled: with another link or number of queues the same packets arrive at other times; that counts as a change
like any other.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sweep import as_written, evidence, format
from sweep.errors import NotComparableError
from sweep.fields import column as columns
from sweep.fields.traffic import ARRIVALS, STALL_EVERY
from sweep.results import coordinates

from .sides import Side

Codes = NDArray[np.int64]

SCENARIO = ("strategy", "label", "traffic", "load", "ring")
PAIR = ("seed", "replicate")
EPISODES = (STALL_EVERY.name, ARRIVALS.name)  # columns that decide what an episode is
PACKET_STREAM = "packet_stream"  # column: rows equal in it, in seed and in replicate met the same packets
UNPAIRED = "they are unpaired: they met other packets"
OTHER = {"window": "the measured windows are not the same", "packets": UNPAIRED}  # what a parameter decides -> reason
VALUES_SHOWN = 4


@dataclass(frozen=True)
class Pairing:
    """The cells of BASE in its order; `base_rows` and `new_rows` (cells, pairs) are rows of the tables, or -1."""

    base: Side
    new: Side
    keys: tuple[str, ...]  # parameters that identify a cell
    base_rows: Codes
    new_rows: Codes
    only_new: int  # number of cells of NEW that BASE lacks

    @property
    def cells(self) -> int:
        return len(self.base_rows)

    @property
    def common(self) -> NDArray[np.bool_]:
        """Cells with a pair, (cells,)."""
        return np.asarray(self.both.any(axis=1))

    @property
    def both(self) -> NDArray[np.bool_]:
        """Where both sides have a row, (cells, pairs)."""
        return np.asarray((self.base_rows >= 0) & (self.new_rows >= 0))

    @property
    def first(self) -> Codes:
        """A row of BASE for each cell, (cells,)."""
        return np.asarray(self.base_rows[np.arange(self.cells), (self.base_rows >= 0).argmax(axis=1)], np.int64)

    def values(self, name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """A metric or counter of BASE and of NEW, (cells, pairs) each; NaN where there is no row."""
        base, new = self._evidence
        return base.column(name)[self.base_rows], new.column(name)[self.new_rows]

    def sides(self, cells: Codes) -> tuple[evidence.Cells, evidence.Cells]:
        """The evidence of NEW and of BASE (in this order) in these cells, from paired rows only."""
        base, new = self._evidence
        both = self.both[cells]
        return (
            new.cells(np.where(both, self.new_rows[cells], -1)),
            base.cells(np.where(both, self.base_rows[cells], -1)),
        )

    @cached_property
    def _evidence(self) -> tuple[evidence.TableRows, evidence.TableRows]:
        return evidence.TableRows(self.base.table), evidence.TableRows(self.new.table)

    @cached_property
    def same_simulations(self) -> NDArray[np.bool_]:
        """Whether every pair is one simulation compared with itself, (cells,); False without ids or pairs."""
        tables = self.base.table, self.new.table
        if not all("id" in table.column_names for table in tables):
            return np.zeros(self.cells, np.bool_)
        base, new, _ = encoded(*tables, "id")
        equal = base[self.base_rows] == new[self.new_rows]
        return np.asarray((equal | ~self.both).all(axis=1) & self.common)

    def episode_word(self, cell: int) -> str:
        """The word for an episode of a cell: "stall", "burst" or "busy period"."""
        row, table = int(self.first[cell]), self.base.table
        stall, arrivals = (table.column(name)[row].as_py() if name in table.column_names else None for name in EPISODES)
        return evidence.episode_word(stall, arrivals or "")

    def coordinates(self, cell: int) -> dict[str, Any]:
        """The parameters that identify a cell, name -> value."""
        return {name: values[cell] for name, values in self._named.items()}

    @cached_property
    def _named(self) -> dict[str, list[Any]]:
        named: dict[str, list[Any]] = self.base.table.select(list(self.keys)).take(pa.array(self.first)).to_pydict()
        return named

    def _unit(self, name: str) -> str:
        return columns.said(self.base.table.schema.field(name), "unit") or "1"

    def words(self, cell: int, *, group: bool = False) -> str:
        """A cell as text: "page_pool (pool=2x) in router at load 0.3, ring 256"; `group` leaves out load and ring."""
        present_values = {name: value for name, value in self.coordinates(cell).items() if value is not None}
        label = f" ({present_values['label']})" if "label" in present_values else ""
        place = (
            f"{present_values['strategy']}{label} in {present_values['traffic']}"
            if "strategy" in present_values
            else f"{present_values['traffic']}"
        )
        more = [
            f"{name}={as_written.value(value, self._unit(name))}"
            for name, value in present_values.items()
            if name not in SCENARIO
        ]
        where = [] if group else [f"at load {present_values['load']:g}", f"ring {present_values['ring']}"]
        return place + " " * bool(where or more) + ", ".join([*where, *more])


def pair(base: Side, new: Side, keys: tuple[str, ...] | None = None) -> Pairing:
    """Pair the rows of two sides.  `keys`: the parameters that identify a cell, if they are known.

    Raises NotComparableError if nothing can be paired, or what would be paired met other packets.
    """
    if keys is None:
        varied = (name for side in (base, new) for names in coordinates.varied(side.table) for name in names)
        keys = tuple(dict.fromkeys([*SCENARIO, *varied]))
        keys = tuple(name for name in keys if all(name in side.table.column_names for side in (base, new)))
    _same_seeds(base, new)
    tables = base.table, new.table
    cell_base, cell_new = _numbered(*tables, keys)
    pair_base, pair_new = _numbered(*tables, PAIR)
    shape = tuple(int(max(base.max(), new.max())) + 1 for base, new in ((cell_base, cell_new), (pair_base, pair_new)))
    rows = []
    for cells, pairs in ((cell_base, pair_base), (cell_new, pair_new)):
        index = np.full(shape, -1, np.int64)
        index[cells, pairs] = np.arange(len(cells))
        if (distinct := int((index >= 0).sum())) < len(cells):
            raise NotComparableError(
                f"not comparable: {len(cells) - distinct:,} rows have the coordinates of another row "
                f"({', '.join(keys)}, {', '.join(PAIR)}); were they published by `sweep run`?"
            )
        rows.append(index)
    _, first_rows = np.unique(cell_base, return_index=True)
    order = cell_base[np.sort(first_rows)]  # of BASE
    pairing = Pairing(base, new, keys, rows[0][order], rows[1][order], shape[0] - len(order))
    if not pairing.common.any():
        raise NotComparableError(_nothing_in_common(base, new, keys))
    _same_packets(pairing)
    return pairing


def encoded(base: pa.Table, new: pa.Table, name: str) -> tuple[Codes, Codes, list[Any]]:
    """A column of both tables as codes, and the sorted distinct values that they index; null has code -1."""
    both = pa.concat_tables([base.select([name]), new.select([name])], promote_options="permissive")
    codes, values = coordinates.encode(both, name)
    return codes[: len(base)], codes[len(base) :], values


def _numbered(base: pa.Table, new: pa.Table, names: tuple[str, ...]) -> tuple[Codes, Codes]:
    """Number of each row's distinct combination of `names`, in both tables; columns absent from one are ignored."""
    present = [name for name in names if name in base.column_names and name in new.column_names]
    columns = [np.concatenate(encoded(base, new, name)[:2]) for name in present]
    _, number = np.unique(np.stack(columns, axis=1), axis=0, return_inverse=True)
    flat = np.asarray(number.ravel(), np.int64)
    return flat[: len(base)], flat[len(base) :]


def _same_seeds(base: Side, new: Side) -> None:
    sides = [side for side in (base, new) if "seed" in side.table.column_names]
    seeds = [coordinates.encode(side.table, "seed")[1] for side in sides]
    if len(seeds) == 2 and not set(seeds[0]) & set(seeds[1]):
        raise NotComparableError(
            f"not comparable: seed is {_list(seeds[0])} in BASE and {_list(seeds[1])} in NEW: they met other packets\n"
            f"  next: {new.command} --set seed={seeds[0][0]}"
        )


def _same_packets(found: Pairing) -> None:
    """Raises NotComparableError if the rows of a pair differ in their measured window or in the packets they met."""
    tables = found.base.table, found.new.table
    for decided, what in OTHER.items():
        for name in coordinates.parameters(found.base.table):
            decides_of_sides = [coordinates.column_metadata(table, name, "decides") for table in tables]
            if decided in decides_of_sides and name in tables[1].column_names:
                _equal(found, name, what)
    for side in (found.base, found.new):
        if PACKET_STREAM not in side.table.column_names:
            raise NotComparableError(
                f'not comparable: the rows of {side.name} "{side.location}" are of an earlier version and do not say '
                f"which packets they met\n  next: {side.command}"
            )
    _equal(found, PACKET_STREAM, UNPAIRED)


def _equal(found: Pairing, name: str, otherwise: str) -> None:
    """Raises NotComparableError with the reason `otherwise` if a column differs between the rows of a pair."""
    base, new, distinct = encoded(found.base.table, found.new.table, name)
    values = [*distinct, "none"]
    differs = found.both & (base[found.base_rows] != new[found.new_rows])
    if not differs.any():
        return
    cell, place = np.argwhere(differs)[0]
    was, now = base[found.base_rows[cell, place]], new[found.new_rows[cell, place]]
    cells = f"{int(differs.any(axis=1).sum()):,} of {format.count(int(found.common.sum()), 'common cell')}"
    raise NotComparableError(
        f'not comparable: "{name}" is {_text(values[was])} in BASE and {_text(values[now])} in NEW '
        f"({cells}), so {otherwise}\n  next: {found.new.command} with the {name} of BASE"
    )


def _nothing_in_common(base: Side, new: Side, keys: tuple[str, ...]) -> str:
    """The message for sides without a common cell; names a parameter of which they share no value."""
    for name in keys:
        codes_base, codes_new, values = encoded(base.table, new.table, name)
        texts = [*values, "none"]
        ours, theirs = ([texts[code] for code in np.unique(codes)] for codes in (codes_base, codes_new))
        if not set(ours) & set(theirs):
            return (
                f'not comparable: no cell in common: "{name}" is {_list(ours)} in BASE and {_list(theirs)} in NEW\n'
                "  next: run NEW with the sweep file of BASE, or give two runs of the same file"
            )
    return (
        f"not comparable: no cell in common: no combination of {', '.join(keys)} is in both, with an equal replicate\n"
        "  next: run NEW with the sweep file of BASE, or give two runs of the same file"
    )


def _list(values: list[Any]) -> str:
    shown = [_text(value) for value in values[:VALUES_SHOWN]]
    return ", ".join(shown) + (f" and {len(values) - VALUES_SHOWN} more" if len(values) > VALUES_SHOWN else "")


def _text(value: Any) -> str:
    """A value of a parameter as text: 20,000 · 0.3 · imix"""
    if isinstance(value, float):
        return f"{value:g}"
    return f"{value:,}" if isinstance(value, int) and abs(value) >= 10_000 else str(value)
