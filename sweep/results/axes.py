# SPDX-License-Identifier: MIT
"""The parameters that can be rows, columns or tables of a projection, and those left to average over.

The *atoms* of a sweep are the few parameters that identify a row: strategy (with its variant), traffic, load, ring and
any other parameter that the sweep varied independently.  All other parameters follow from them (a cost from its host,
a pool's size from ring and variant), so they can be axes too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from sweep import as_written
from sweep.errors import SweepError, did_you_mean

from .coordinates import Codes, column_metadata, encode, parameters, varied
from .dataset import Dataset
from .selection import varying

ATOMS = ("strategy", "traffic", "load", "ring")
NONE = "none"  # label for rows whose strategy does not have the parameter


@dataclass(frozen=True, eq=False)
class LayoutAxis:
    """A parameter over the rows in use."""

    name: str
    labels: tuple[str, ...]  # of its values, in the order in which they are shown
    codes: Codes  # (rows,) indices of `labels`

    def said(self, place: int) -> str:
        """A value with the name of its parameter, "load 0.3"; a strategy without."""
        label = self.labels[place]
        return label if self.name == "strategy" else f"{self.name} {label}"


@dataclass(frozen=True, eq=False)
class Axes:
    """The layout of the rows in use: what is row, column, table or averaged."""

    used: Codes  # rows of the dataset's table
    rows: tuple[LayoutAxis, ...]
    columns: tuple[LayoutAxis, ...]
    tables: tuple[LayoutAxis, ...]
    averaged: tuple[LayoutAxis, ...]  # atoms that vary and are neither row, column nor table
    atoms: tuple[LayoutAxis, ...]
    pair: Codes  # (rows,) number of the pair: its seed and replicate


def lay_out(data: Dataset, rows: tuple[str, ...], columns: tuple[str, ...], tables: tuple[str, ...] | None) -> Axes:
    """Lay out rows by these axes; `tables` None: by whatever else varied.  Raises SweepError for an unknown name."""
    _check(data.table, {"--row": rows, "--col": columns, "--table": tables or ()})
    used = np.sort(data.index[data.index >= 0])
    table = data.table.take(pa.array(used))
    coordinates_of_rows = np.argwhere(data.index >= 0)
    coordinates_of_rows = coordinates_of_rows[np.argsort(data.index[data.index >= 0])]
    pair = coordinates_of_rows[:, -1]
    _, splits = varied(table)
    splits = [name for name in splits if name not in ATOMS]
    full = LayoutAxis("strategy", data.columns, coordinates_of_rows[:, -2])
    atoms = [full, *(_axis(table, name) for name in (*ATOMS[1:], *splits))]
    names_given = [*rows, *columns, *(tables or ())]
    axis_of = {name: _axis(table, name) for name in names_given if name != "strategy"}
    if "strategy" in names_given:
        axis_of["strategy"] = _strategy(data, full, [*axis_of.values(), *atoms[1:]])
    groups = _groups([axis.codes for axis in axis_of.values()], len(used))
    remaining = []
    for atom in atoms:
        finer = _groups([groups, atom.codes], len(used))
        if finer.max() > groups.max():
            groups = finer
            remaining.append(atom)
    table_axes = tuple(axis_of[name] for name in tables or ())
    return Axes(
        used=used,
        rows=tuple(axis_of[name] for name in rows),
        columns=tuple(axis_of[name] for name in columns),
        tables=tuple(remaining) if tables is None else table_axes,
        averaged=() if tables is None else tuple(remaining),
        atoms=tuple(atoms),
        pair=pair,
    )


def together(axes: tuple[LayoutAxis, ...], rows: Codes) -> tuple[Codes, Codes]:
    """Number of each row's combination of values, (rows,), and the combinations that occur, (combinations, axes)."""
    if not axes:
        return np.zeros(len(rows), dtype=np.int64), np.zeros((1, 0), dtype=np.int64)
    keys = np.stack([axis.codes[rows] for axis in axes], axis=1)
    combinations, code = np.unique(keys, axis=0, return_inverse=True)
    return code.ravel(), combinations


def _check(table: pa.Table, named: dict[str, tuple[str, ...]]) -> None:
    names, option_of = parameters(table) or list(ATOMS), dict[str, str]()
    for option, names_given in named.items():
        for name in names_given:
            if name not in (*names, *ATOMS, "replicate", "label"):
                is_result = name in table.column_names
                problem = "is a result, not a parameter" if is_result else "is not a parameter of this sweep"
                raise SweepError(
                    f'{option} "{name}" {problem}.{did_you_mean(name, names)}\n'
                    f"  {varying(table)}\n"
                    + (
                        f"  next: give it as --metric {name}"
                        if is_result
                        else "  next: choose one of these; `sweep show parameters` explains them"
                    )
                )
            if name in option_of:
                where = f"{option_of[name]} and {option}" if option_of[name] != option else f"{option} twice"
                raise SweepError(
                    f'"{name}" is given to {where}: a parameter is a row, a column or a table\n'
                    f"  {varying(table)}\n"
                    "  next: name another one, or leave one of them out"
                )
            option_of[name] = option


def _axis(table: pa.Table, name: str) -> LayoutAxis:
    """The axis of a parameter: numbers rising, names in the order of the sweep, `none` last."""
    codes, values = encode(table, name)
    unit = column_metadata(table, name, "unit") or "1"
    labels = [as_written.value(value, unit) for value in values]
    if labels and isinstance(values[0], str):
        first_row = np.array([int(np.argmax(codes == code)) for code in range(len(values))])
        order = np.argsort(first_row)
        codes = np.where(codes >= 0, np.argsort(order)[codes], -1)
        labels = [labels[code] for code in order]
    if (codes < 0).any():
        codes = np.where(codes < 0, len(labels), codes)
        labels.append(NONE)
    return LayoutAxis(name, tuple(labels), codes)


def _strategy(data: Dataset, full: LayoutAxis, others: list[LayoutAxis]) -> LayoutAxis:
    """The axis of strategies: with their variants, unless the other axes tell the variants apart."""
    plain = list(dict.fromkeys(data.strategies))
    codes = np.array([plain.index(name) for name in data.strategies])[full.codes]
    groups = _groups([codes, *(axis.codes for axis in others)], len(codes))
    if _groups([groups, full.codes], len(codes)).max() > groups.max():
        return full
    return LayoutAxis("strategy", tuple(plain), codes)


def _groups(keys: list[Codes], rows: int) -> Codes:
    if not keys:
        return np.zeros(rows, dtype=np.int64)
    _, group = np.unique(np.stack(keys, axis=1), axis=0, return_inverse=True)
    return group.ravel()
