# SPDX-License-Identifier: MIT
"""Select one simulation by the start of its id or by conditions on its parameters.

A *point* is the simulations that agree in every parameter but their replicate.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sweep import as_written, conditions
from sweep.conditions import Column, ConditionError, parse_items
from sweep.conditions.tables import Table, unit_of
from sweep.errors import SweepError, did_you_mean
from sweep.fields.column import said
from sweep.fields.field import Role
from sweep.model.kernel.releases import usual

CHOICES_SHOWN = 12
VALUES_SHOWN = 8
NOT_OF_A_POINT = ("id", "replicate")
PLAIN = re.compile(r"[\w.]+=[^\s=]*|[0-9a-fA-F]+")  # a word that needs no others: a parameter, or the start of an id
ID_SHOWN = 16  # characters shown of an id


@dataclass(frozen=True)
class Chosen:
    """The selected simulation, and its point."""

    row: pa.Table  # of the simulation, one row
    point: pa.Table  # all replicates of its point, this one included, in order
    varied: tuple[str, ...]  # the parameters that differ between the points of the table
    place: str  # the location of the run directory

    @property
    def id(self) -> str:
        return str(self.row.column("id")[0].as_py())

    def value(self, name: str) -> Any:
        """The value of the simulation in a column; None if there is no such column."""
        return self.row.column(name)[0].as_py() if name in self.row.column_names else None

    def coordinates(self) -> str:
        """The simulation's varied parameters as text: "strategy=page_pool traffic=router ring=512 replicate=0"."""
        return _words(self.row, 0, (*self.varied, "replicate"))


def choose(table: pa.Table, words: Sequence[str], place: str) -> Chosen:
    """The simulation selected by `words`: the start of an id, or conditions on parameters such as `name=value`.

    If several replicates of one point match, the first.  Raises SweepError if none matches, or several points do.
    """
    words_given = [word for text in words for word in _split(text)]
    fields = [field for field in table.schema if said(field, "role") == Role.PARAMETER]
    # The packets of a window last: if the window is given as a time, they follow from link, queues and load.
    names = [field.name for field in sorted(fields, key=lambda field: said(field, "decides") == "window")]
    if not {"id", "replicate"} <= set(table.column_names) or not names:
        raise SweepError(f'the table of "{place}" has no ids or no parameters; was it published by `sweep run`?')
    groups, varied = _points(table, [name for name in names if name not in NOT_OF_A_POINT])
    if not len(table):
        raise SweepError(f'the table of "{place}" has no rows\n  see: sweep status {shlex.quote(place)}')
    if not words_given:
        raise SweepError(_which(table, varied, place, len(np.unique(groups))))
    matches = np.ones(len(table), np.bool_)
    for word in words_given:
        matching = matches & (_fit(table, word, names, varied) if _is_condition(word) else _starts(table, word))
        if not matching.any():
            raise SweepError(_none(table, matches, word, place))
        matches = matching
    rows = np.flatnonzero(matches)
    by_id = not all(map(_is_condition, words_given))
    group_of_row = np.arange(len(table)) if by_id else groups
    if len(np.unique(group_of_row[rows])) > 1:
        raise SweepError(_several(table, rows, group_of_row, (*varied, *["replicate"] * by_id), words_given, place))
    point = np.flatnonzero(groups == groups[rows[0]])
    replicates = table.column("replicate").to_numpy()
    order = point[np.argsort(replicates[point], kind="stable")]
    row = int(rows[np.argmin(replicates[rows])])
    return Chosen(table.slice(row, 1), table.take(pa.array(order)), varied, place)


def _points(table: pa.Table, names: list[str]) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Number of each row's point, and the parameters that distinguish points and do not follow from others."""
    groups = np.zeros(len(table), np.int64)
    distinguishing = []
    for name in names:
        column = table.column(name).combine_chunks().dictionary_encode(null_encoding="encode")
        if len(column) and len(column.dictionary) > 1:
            codes = np.asarray(column.indices, np.int64)
            _, finer = np.unique(groups * len(column.dictionary) + codes, return_inverse=True)
            if finer.max() > groups.max():
                distinguishing.append(name)
            groups = finer.ravel().astype(np.int64)
    return groups, tuple(distinguishing)


def _starts(table: pa.Table, word: str) -> NDArray[np.bool_]:
    return np.asarray(pc.starts_with(table.column("id"), word.lower()))


def _split(text: str) -> list[str]:
    """The words of `text` if each is an id or a plain condition; else `text` as a single condition."""
    words = text.replace(",", " ").split()
    return words if all(map(PLAIN.fullmatch, words)) else [text]


def _is_condition(word: str) -> bool:
    return re.search(r"[=<>]|\bin\b", word) is not None


def _fit(table: pa.Table, word: str, names: list[str], varied: tuple[str, ...]) -> NDArray[np.bool_]:
    """Mask of the rows that meet a condition.  Raises SweepError if it is not one, or not of a parameter."""
    columns = Table({name: table.schema.field(name) for name in names}, table.column)

    def column(name: str) -> Column | None:
        found = columns(name)
        return replace(found, choices=None, standard=usual if name == "kernel" else None) if found else None

    try:
        return conditions.holds(parse_items(f"{word}none" if word.endswith("=") else word), column, len(table))
    except ConditionError as error:
        raise SweepError(
            f'"{word}" {error.told(names)}\n  those that vary: {", ".join((*varied, "replicate"))}\n'
            "  see: sweep show parameters"
        ) from None


def _none(table: pa.Table, fits: NDArray[np.bool_], word: str, place: str) -> str:
    """Message for a condition that no row matches, with the values there are."""
    if not _is_condition(word):
        hint = "" if all(c in "0123456789abcdef" for c in word.lower()) else "; a parameter is given as name=value"
        return (
            f'no simulation in "{place}" has an id that starts with "{word}"{hint}; ids change when the model, the '
            f"strategy or the sweep file does\n  see: sweep show {shlex.quote(place)}"
        )
    names = [each for each in sorted(conditions.names(parse_items(word))) if each in table.schema.names]
    values = {name: _values(table.filter(pa.array(fits)), name) for name in names}
    name, is_equal, text = word.partition("=")
    known = values.get(name) if is_equal else None
    asked = f'has {name} "{text}".{did_you_mean(text, known)}' if known else f'meets "{word}".'
    given_before = " with what is said before it" if not fits.all() else ""
    there = "".join(f"\n  there are: {f'{each} ' * (len(names) > 1)}{_some(values[each])}" for each in names)
    return f'no simulation in "{place}"{given_before} {asked}{there}'


def _several(
    table: pa.Table,
    rows: NDArray[np.int64],
    groups: NDArray[np.int64],
    varied: tuple[str, ...],
    given: Sequence[str],
    place: str,
) -> str:
    """Message if several points (or, with an id, simulations) match: the first ones, with what distinguishes them."""
    _, first = np.unique(groups[rows], return_index=True)
    heads = rows[np.sort(first)]
    telling = [name for name in varied if len(_values(table.take(pa.array(heads)), name)) > 1]
    lines = [
        f"  {table.column('id')[int(row)].as_py()[:ID_SHOWN]}  {_words(table, int(row), telling)}"
        for row in heads[:CHOICES_SHOWN].tolist()
    ]
    things = "simulations" if "replicate" in varied else "points"
    more = [f"  and {len(heads) - CHOICES_SHOWN:,} more"] if len(heads) > CHOICES_SHOWN else []
    return "\n".join(
        [
            f'"{" ".join(given)}" fits {len(heads):,} {things} of "{place}"; say more of: {", ".join(telling)}',
            *lines,
            *more,
            f"  next: sweep show {shlex.join((place, *given))} {_words(table, int(heads[0]), telling)}",
        ]
    )


def _which(table: pa.Table, varied: tuple[str, ...], place: str, points: int) -> str:
    lines = [f"  {name}: {_some(_values(table, name))}" for name in (*varied, "replicate")]
    first = _words(table, 0, varied)
    return "\n".join(
        [
            f'"{place}" has {len(table):,} simulations of {points:,} points: which one?  Its parameters, or an id',
            *lines,
            f"  next: sweep show {shlex.quote(place)} {first}",
        ]
    )


def _values(table: pa.Table, name: str) -> list[str]:
    """The distinct values of a column as they are typed, sorted; "none" for null."""
    column, unit = pc.unique(table.column(name)), unit_of(table.schema.field(name))
    known = [as_written.value(value, unit) for value in sorted(column.drop_null().to_pylist())]
    return known + [as_written.NONE] * bool(column.null_count)


def _some(values: list[str]) -> str:
    shown = values if len(values) <= VALUES_SHOWN else [*values[: VALUES_SHOWN - 2], "…", values[-1]]
    return ", ".join(shown)


def _words(table: pa.Table, row: int, names: Sequence[str]) -> str:
    texts = (as_written.value(table.column(name)[row].as_py(), unit_of(table.schema.field(name))) for name in names)
    texts = (f'"{text}"' if "(" in text else text for text in texts)  # a law, which has signs of its own
    return " ".join(shlex.quote(f"{name}={text}") for name, text in zip(names, texts, strict=True))
