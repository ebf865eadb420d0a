# SPDX-License-Identifier: MIT
"""The sample of a table: the points of a space-filling design that its rows are at, in place of a grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from sweep import format
from sweep.errors import RunError
from sweep.fields.parameters import PARAMETERS
from sweep.records import COUNT, INTEGER, LIST, TEXT, RecordError, validated
from sweep.stats.first_order import SampledAxis

from .coordinates import Codes, column_metadata, encode

FORM = {"method": TEXT, "points": COUNT, "seed": INTEGER, "axes": LIST}
# Parameters of a mix whose column is another's, or several.
PARTS = {
    "traffic.fates": ("traffic.fates.local", "traffic.fates.forward", "traffic.fates.drop"),
    "traffic.reader.stall": ("traffic.reader.stall.every", "traffic.reader.stall.for"),
}
UNITS = ("ns", "us", "bytes", "Gbit/s", "Mpps")  # that a person has to be told
TITLES = {"sobol": "Sobol' points", "latin_hypercube": "a Latin hypercube"}


@dataclass(frozen=True)
class Sample:
    """What the sweep file asked for."""

    method: str
    asked: int  # points; fewer where some are alike or a constraint has removed them
    seed: int
    axes: tuple[str, ...]  # sampled parameters, as a sweep file names them

    @property
    def title(self) -> str:
        """The design in words: "Sobol' points"."""
        return TITLES.get(self.method, self.method)

    def numbers(self, table: pa.Table) -> tuple[Codes, Codes]:
        """The number of each row's point, (rows,), and a row of each point, (points,), in the order of the rows."""
        columns = [column for axis in self.axes for column in columns_of(axis)]
        keys = np.stack([encode(table, name)[0] for name in columns], axis=1)
        _, first, numbers = np.unique(keys, axis=0, return_index=True, return_inverse=True)
        order = np.argsort(first, kind="stable")
        return np.argsort(order)[numbers.ravel()], first[order]

    def along(self, table: pa.Table, rows: Codes) -> dict[str, SampledAxis]:
        """The coordinates of these rows along each axis."""
        axes = {}
        for axis in self.axes:
            encoded = [encode(table, column) for column in columns_of(axis)]
            keys = np.stack([codes[rows] for codes, _ in encoded], axis=1)
            are_numbers = len(encoded) == 1 and all(isinstance(value, int | float) for value in encoded[0][1])
            codes = np.unique(keys, axis=0, return_inverse=True)[1].ravel()
            axes[axis] = SampledAxis(np.asarray(codes, np.int64), are_numbers and bool((keys >= 0).all()))
        return axes

    def words(self, table: pa.Table, row: int) -> str:
        """The point of a row: "load 0.31, ring 300"; its mix is left out."""
        texts = []
        for axis in self.axes:
            for column in columns_of(axis) if axis != "traffic" else ():
                value = table.column(column)[row].as_py() if column in table.column_names else None
                unit = column_metadata(table, column, "unit") or ""
                text = f"{value:g}" if isinstance(value, float) else "none" if value is None else str(value)
                name = axis if axis not in PARTS else column
                texts.append(f"{name} {text}" + (f" {unit}" if unit in UNITS and value is not None else ""))
        return ", ".join(texts) or format.MISSING


def of_metadata(metadata: dict[str, Any]) -> Sample | None:
    """The sample that a table's own description tells of; None if it has none.  Errors: RunError."""
    section = (metadata.get("document") or {}).get("sample")
    if section is None:
        return None
    try:
        found = validated(section, FORM, FORM)
    except RecordError as error:
        raise RunError(f'the table\'s own description is damaged: of its "sample", {error}') from error
    axes = tuple(name for name in found["axes"] if isinstance(name, str) and name in PARAMETERS)
    if not axes:
        raise RunError('the table\'s own description is damaged: its "sample" names no parameter')
    return Sample(found["method"], found["points"], found["seed"], axes)


def columns_of(axis: str) -> tuple[str, ...]:
    """The columns of the table that have the values of a parameter."""
    return PARTS.get(axis, (axis,))
