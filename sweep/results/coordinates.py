# SPDX-License-Identifier: MIT
"""How rows are named: from parameter columns to mixes, strategies and their variants.

Strategy, label, traffic, load, ring and replicate are coordinates.  Any other parameter that varies at fixed
coordinates must show in a name: one of a strategy makes a variant of it ("page_pool (strategy.pool_size=2×ring)"),
any other splits the traffic mix ("host · nic=mlx5").  The metadata of the table's columns say which is which; a column
without metadata belongs to strategies if only some of them have it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sweep import as_written
from sweep.fields import column as columns
from sweep.fields.field import Role

Codes = NDArray[np.int64]
Variant = tuple[str, str]  # strategy, variant ("" for the only one)

REQUIRED = ("strategy", "traffic", "load", "ring", "replicate")
HEAD = (*REQUIRED, "label", "seed", "id", "valid", "violation")


def encode(table: pa.Table, name: str) -> tuple[Codes, list[Any]]:
    """A column as codes (rows,) and its sorted distinct values; null, or an absent column, has code -1."""
    if table.schema.get_field_index(name) < 0:
        return np.full(len(table), -1, dtype=np.int64), []
    column = table.column(name)
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    values = sorted(pc.unique(column.drop_null()).to_pylist())
    codes = pc.index_in(column, value_set=pa.array(values, column.type))
    return np.asarray(codes.fill_null(-1).to_numpy(), dtype=np.int64), values


def column_texts(table: pa.Table, name: str) -> list[str]:
    """A column as texts, one per row, as a sweep file has them; "" for null."""
    codes, values = encode(table, name)
    unit = column_metadata(table, name, "unit") or "1"
    texts = [*(as_written.value(value, unit) for value in values), ""]
    return [texts[code] for code in codes]


def assigned(table: pa.Table, name: str) -> list[str]:
    """A parameter as text per row ("nic=mlx5"); a number relative to the ring if that gives fewer distinct values."""
    codes, values = encode(table, name)
    present = codes >= 0
    if len(values) > 1 and all(type(value) is int for value in values):
        sizes = np.array([*values, 0], dtype=np.float64)[codes] / table.column("ring").to_numpy()
        if len(np.unique(sizes[present])) < len(values):
            return [f"{name}={size:g}×ring" if known else "" for size, known in zip(sizes, present, strict=True)]
    return [f"{name}={text}" if text else "" for text in column_texts(table, name)]


def joined(first: list[str], others: list[list[str]], separator: str) -> list[str]:
    """Row by row, the texts that are not empty, joined by `separator`."""
    return [separator.join(part for part in parts if part) for parts in zip(first, *others, strict=True)]


def column_metadata(table: pa.Table, name: str, what: str) -> str | None:
    """Entry `what` ("role", "of", "decides") of the metadata of a column; None if there is none."""
    index = table.schema.get_field_index(name)  # `name in table.column_names` takes a third of a millisecond
    return columns.said(table.schema.field(index), what) if index >= 0 else None


def parameters(table: pa.Table) -> list[str]:
    """Names of the columns that are parameters, by their metadata."""
    return columns.names(table.schema, Role.PARAMETER)


def varied(table: pa.Table, point: Codes | None = None) -> tuple[list[str], list[str]]:
    """Parameters that vary at fixed coordinates: those of a strategy, and the rest.

    `point`: of a sample, the number of each row's point (rows,), which is a coordinate too.
    A parameter that follows from an earlier one, such as a cost from its host, is in neither list; so a knob that
    follows from a parameter common to all strategies makes no variant.
    """
    fixed = [encode(table, name)[0] for name in ("strategy", "label", "traffic", "load", "ring")]
    groups = _groups(np.stack([*fixed, *([] if point is None else [point])], axis=1))
    variants: list[str] = []
    splits: list[str] = []
    names = [name for name in parameters(table) if name not in HEAD]
    of_strategy = {name: _is_of_strategy(table, name) for name in names}
    # Parameters of all strategies come before those of one, and the packets of a window last: if the window is given
    # as a time, they follow from the link, the queues and the load.
    for name in sorted(
        names, key=lambda name: (of_strategy[name], column_metadata(table, name, "decides") == "window")
    ):
        codes, values = encode(table, name)
        if not values or len(values) + bool((codes < 0).any()) < 2:
            continue
        finer = _groups(np.stack([groups, codes], axis=1))
        if finer.max() > groups.max():
            groups = finer
            (variants if of_strategy[name] else splits).append(name)
    return variants, splits


def _is_of_strategy(table: pa.Table, name: str) -> bool:
    part = column_metadata(table, name, "of")
    if part is not None:
        return part == "strategy"
    codes, _ = encode(table, name)  # a table from before columns said what they belong to
    strategies, _ = encode(table, "strategy")
    return bool(set(strategies[codes < 0].tolist()) - set(strategies[codes >= 0].tolist()))


@dataclass(frozen=True)
class Placed:
    """Which mix and which column each row of a table belongs to."""

    mixes: tuple[str, ...]
    mix: Codes  # (rows,)
    order: tuple[Variant, ...]  # the columns in order, the baseline first
    column: Codes  # (rows,)
    splits: tuple[str, ...]  # parameters that split a traffic mix into several

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns, "page_pool (strategy.pool_size=2×ring)"."""
        return tuple(f"{strategy} ({variant})" if variant else strategy for strategy, variant in self.order)


def place(table: pa.Table, metadata: dict[str, Any], point: Codes | None = None) -> Placed:
    """Name the mixes and columns of a table with at least the columns of REQUIRED; `point` as in `varied`."""
    variants, splits = varied(table, point)
    names = joined(column_texts(table, "label"), [assigned(table, name) for name in variants], ", ")
    entries = list(zip(column_texts(table, "strategy"), names, strict=True))
    order = column_order(entries, metadata)
    position = {entry: number for number, entry in enumerate(order)}
    mix_names = joined(column_texts(table, "traffic"), [assigned(table, name) for name in splits], " · ")
    mixes = {name: number for number, name in enumerate(dict.fromkeys(mix_names))}
    return Placed(
        mixes=tuple(mixes),
        mix=np.array([mixes[name] for name in mix_names], dtype=np.int64),
        order=tuple(order),
        column=np.array([position[entry] for entry in entries], dtype=np.int64),
        splits=tuple(splits),
    )


def _groups(keys: Codes) -> Codes:
    """For each row of `keys`, the number of its distinct value."""
    _, group = np.unique(keys, axis=0, return_inverse=True)
    return group.ravel()


def column_order(variants: Iterable[Variant], metadata: dict[str, Any]) -> list[Variant]:
    """The distinct variants: the baseline first, the others in the order of the rows, that of the sweep file."""
    baseline = metadata.get("baseline") or {}
    wanted, label = baseline.get("strategy", "page_allocator"), baseline.get("label") or ""
    return sorted(
        dict.fromkeys(variants), key=lambda entry: (entry[0] != wanted, entry[0] == wanted and entry[1] != label)
    )
