# SPDX-License-Identifier: MIT
"""The two sides of a comparison, BASE and NEW: published rows, checked to be comparable."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sweep import report
from sweep.errors import IncompleteError, NotComparableError, SweepError, did_you_mean
from sweep.fields.counters import LATENCY
from sweep.results import coordinates, dataset, soundness
from sweep.storage import resume

Location: TypeAlias = str | Path | pa.Table  # a run directory (path or URI), or its table

KEPT = (LATENCY,)  # quantiles are of the packets of all replicates
IN_MEMORY = "table"  # what a table is called


@dataclass(frozen=True)
class Side:
    """One side of a comparison: its valid rows and where they are from."""

    name: str  # "BASE" or "NEW"
    location: str  # as the user gave it; IN_MEMORY for a table
    table: pa.Table
    about: dict[str, Any]  # metadata that the sweep wrote into the table
    invalid: int  # rows set aside because they break a law
    strategy: str = ""  # the strategy (and variant) of this side if both are from one run

    @property
    def title(self) -> str:
        """Name for people: the strategy and its variant, or the location of the run."""
        return self.strategy or self.location

    @property
    def command(self) -> str:
        """The command that runs this side again; overrides may be appended."""
        typed = str(self.about.get("command") or "sweep run FILE")
        return typed if self.location == IN_MEMORY else resume.at(typed, self.location, str(self.about.get("name")))


def runs(base: Location, new: Location) -> tuple[Side, Side]:
    """BASE and NEW of two runs.  Raises SweepError if one is missing or incomplete, or if their formats differ."""
    sides = _side("BASE", base), _side("NEW", new)
    formats = [side.about.get("format", "none") for side in sides]
    if formats[0] != formats[1]:
        raise NotComparableError(
            f'not comparable: results of BASE "{sides[0].location}" have format "{formats[0]}", '
            f'of NEW "{sides[1].location}" format "{formats[1]}"\n'
            f"  next: run the older one again with the version of sweep that ran the other: {_older(*sides)}"
        )
    return sides


def strategies(run: Location, baseline: str, strategy: str) -> tuple[Side, Side, tuple[str, ...]]:
    """BASE and NEW of two strategies of one run, and the parameters that identify their cells.

    A strategy with variants is named as the report names it: "page_pool (pool=2x)".  Raises SweepError.
    """
    run_side = _side("BASE", run)
    data = dataset.read(run_side.table)
    sides_found = []
    for option, side, column_name in (("baseline", "BASE", baseline), ("strategy", "NEW", strategy)):
        rows = data.index[:, :, :, _column(data, option, column_name), :].ravel()
        table = data.table.take(pa.array(np.sort(rows[rows >= 0])))
        sides_found.append(Side(side, run_side.location, table, run_side.about, run_side.invalid, column_name))
    _, splits = coordinates.varied(data.table)
    return sides_found[0], sides_found[1], ("traffic", "load", "ring", *splits)


def _column(data: dataset.Dataset, option: str, wanted: str) -> int:
    """Index of the column called `wanted`, or of the only variant of that strategy."""
    if wanted in data.columns:
        return data.columns.index(wanted)
    variants = data.of(wanted)
    if len(variants) == 1:
        return variants[0]
    if variants:
        names = [data.columns[place] for place in variants]
        raise SweepError(
            f'--{option} "{wanted}" has {len(names)} variants: name one\n  known: {", ".join(names)}\n'
            f"  next: sweep compare RUN ... --{option} {shlex.quote(names[0])}"
        )
    raise SweepError(
        f'--{option} "{wanted}" is not in this run.{did_you_mean(wanted, data.columns)}\n'
        f"  known: {', '.join(data.columns)}"
    )


def _side(name: str, given: Location) -> Side:
    location = IN_MEMORY if isinstance(given, pa.Table) else str(given)
    try:
        table = soundness.table(given) if isinstance(given, pa.Table) else report.read(given, histograms=KEPT)
    except soundness.UnsoundError as error:
        raise SweepError(f'{name} "{location}" cannot be compared: {error}') from None
    metadata = dataset.published(table.schema)
    missing = [column for column in coordinates.REQUIRED if column not in table.column_names]
    if missing:
        raise SweepError(
            f'{name} "{location}" has no column "{missing[0]}": a comparison needs '
            f"{', '.join(coordinates.REQUIRED)}; was it published by `sweep run`?"
        )
    side = Side(name, location, table, metadata, 0)
    planned, published = metadata.get("simulations", len(table)), len(table)
    if published < planned or not published:
        raise IncompleteError(
            f'{name} "{location}" is incomplete: {published:,} of {planned:,} simulations have a result\n'
            f"  next: {side.command}"
        )
    if "valid" not in table.column_names:
        return side
    valid = table.filter(pc.equal(table.column("valid"), True))
    if not len(valid):
        raise IncompleteError(
            f'{name} "{location}" has no valid row: all {published:,} break a law of the model\n'
            f"  next: see which: sweep report {shlex.quote(location)} --full"
        )
    return Side(name, location, valid, metadata, published - len(valid))


def _older(base: Side, new: Side) -> str:
    return min((base, new), key=lambda side: str(side.about.get("format", ""))).command
