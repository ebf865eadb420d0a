# SPDX-License-Identifier: MIT
"""What may be a row, a column or a table of a projection, and what is left to average over.

The *atoms* of a sweep are the few parameters that name a row: strategy (with its variant), traffic, load, ring and
whatever else the sweep varied at fixed ones.  Any other parameter follows from them (a cost from its host, a pool's
size from ring and variant), so it may be an axis too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from sweep.errors import SweepError, did_you_mean

from .coordinates import Codes, encode, parameters, varied
from .dataset import Dataset
from .selection import varying

ATOMS = ("strategy", "traffic", "load", "ring")
NONE = "none"  # of a parameter that a strategy does not have


@dataclass(frozen=True, eq=False)
class Axis:
    """A parameter over the rows in use."""

    name: str
    labels: tuple[str, ...]  # of its values, in the order in which they are shown
    codes: Codes  # (rows,) places in `labels`

    def said(self, place: int) -> str:
        """A value that says what it is a value of: "load 0.3", but "page_pool"."""
        label = self.labels[place]
        return label if self.name == "strategy" else f"{self.name} {label}"


@dataclass(frozen=True, eq=False)
class Axes:
    """How the rows in use are laid out."""

    used: Codes  # rows of the dataset's table
    rows: tuple[Axis, ...]
    columns: tuple[Axis, ...]
    tables: tuple[Axis, ...]
    averaged: tuple[Axis, ...]  # varied, and named nowhere
    atoms: tuple[Axis, ...]
    pair: Codes  # (rows,) replicate and seed


def lay_out(data: Dataset, rows: tuple[str, ...], columns: tuple[str, ...], tables: tuple[str, ...] | None) -> Axes:
    """The axes named; `tables` None splits by whatever else varied.  Raises SweepError for a name that is none."""
    _check(data.table, {"--row": rows, "--col": columns, "--table": tables or ()})
    used = np.sort(data.index[data.index >= 0])
    table = data.table.take(pa.array(used))
    places = np.argwhere(data.index >= 0)
    places = places[np.argsort(data.index[data.index >= 0])]
    pair = places[:, -1]
    _, splits = varied(table)
    splits = [name for name in splits if name not in ATOMS]
    full = Axis("strategy", data.columns, places[:, -2])
    atoms = [full, *(_axis(table, name) for name in (*ATOMS[1:], *splits))]
    named = [*rows, *columns, *(tables or ())]
    shown = {name: _axis(table, name) for name in named if name != "strategy"}
    if "strategy" in named:
        shown["strategy"] = _strategy(data, full, [*shown.values(), *atoms[1:]])
    groups = _groups([axis.codes for axis in shown.values()], len(used))
    left = []
    for atom in atoms:
        finer = _groups([groups, atom.codes], len(used))
        if finer.max() > groups.max():
            groups = finer
            left.append(atom)
    by = tuple(shown[name] for name in tables or ())
    return Axes(
        used=used,
        rows=tuple(shown[name] for name in rows),
        columns=tuple(shown[name] for name in columns),
        tables=tuple(left) if tables is None else by,
        averaged=() if tables is None else tuple(left),
        atoms=tuple(atoms),
        pair=pair,
    )


def together(axes: tuple[Axis, ...], rows: Codes) -> tuple[Codes, Codes]:
    """Which combination of values each of these rows has, and the combinations that occur, in the order of the axes."""
    if not axes:
        return np.zeros(len(rows), dtype=np.int64), np.zeros((1, 0), dtype=np.int64)
    keys = np.stack([axis.codes[rows] for axis in axes], axis=1)
    found, code = np.unique(keys, axis=0, return_inverse=True)
    return code.ravel(), found


def _check(table: pa.Table, named: dict[str, tuple[str, ...]]) -> None:
    names, taken = parameters(table) or list(ATOMS), dict[str, str]()
    for option, given in named.items():
        for name in given:
            if name not in (*names, *ATOMS, "replicate", "label"):
                result = name in table.column_names
                why = "is a result, not a parameter" if result else "is not a parameter of this sweep"
                raise SweepError(
                    f'{option} "{name}" {why}.{did_you_mean(name, names)}\n'
                    f"  {varying(table)}\n"
                    + (
                        f"  next: give it as --metric {name}"
                        if result
                        else "  next: choose one of these; `sweep show parameters` explains them"
                    )
                )
            if name in taken:
                where = f"{taken[name]} and {option}" if taken[name] != option else f"{option} twice"
                raise SweepError(
                    f'"{name}" is given to {where}: a parameter is a row, a column or a table\n'
                    f"  {varying(table)}\n"
                    "  next: name another one, or leave one of them out"
                )
            taken[name] = option


def _axis(table: pa.Table, name: str) -> Axis:
    """Numbers in their order, names in the order in which the sweep has them, `none` last."""
    codes, values = encode(table, name)
    labels = [f"{value:g}" if isinstance(value, float) else str(value) for value in values]
    if labels and isinstance(values[0], str):
        first = np.array([int(np.argmax(codes == place)) for place in range(len(values))])
        order = np.argsort(first)
        codes = np.where(codes >= 0, np.argsort(order)[codes], -1)
        labels = [labels[place] for place in order]
    if (codes < 0).any():
        codes = np.where(codes < 0, len(labels), codes)
        labels.append(NONE)
    return Axis(name, tuple(labels), codes)


def _strategy(data: Dataset, full: Axis, others: list[Axis]) -> Axis:
    """Strategies, with their variants unless the other axes tell these apart."""
    plain = list(dict.fromkeys(data.strategies))
    codes = np.array([plain.index(name) for name in data.strategies])[full.codes]
    groups = _groups([codes, *(axis.codes for axis in others)], len(codes))
    if _groups([groups, full.codes], len(codes)).max() > groups.max():
        return full
    return Axis("strategy", tuple(plain), codes)


def _groups(keys: list[Codes], rows: int) -> Codes:
    if not keys:
        return np.zeros(rows, dtype=np.int64)
    _, group = np.unique(np.stack(keys, axis=1), axis=0, return_inverse=True)
    return group.ravel()
