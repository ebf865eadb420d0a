# SPDX-License-Identifier: MIT
"""One simulation of a published table again, in this process: who it was, and whether it counts the same here.

Everything comes from what was published: the table's own description has the sweep's document, the document has the
scenario, and its id says whether that is the one: an id covers the scenario, the tables that it draws from and the
sources.  The tables are made anew: they are the same on every machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from sweep import config, schema
from sweep.errors import IncompleteError, SweepError
from sweep.fields.series import PREFIX
from sweep.model import batch
from sweep.model.scenario import Scenario
from sweep.plan.identity import Identity, code, texts
from sweep.plan.tables import Tables, tables

AGAIN = "the sweep file, run again, makes rows of these sources"


@dataclass(frozen=True)
class Found:
    """A simulation of a published table, as this process would run it."""

    id: str
    scenario: Scenario
    tables: Tables


@dataclass(frozen=True)
class Difference:
    """A counter, or a bucket of a histogram, that is not what the table has."""

    name: str
    stored: int | None
    here: int | None


def find(about: Mapping[str, Any], strategy: str, id: str) -> Found:
    """The simulation `id` of the table that says this `about` itself.

    Raises IncompleteError if this process would run something else: other sources, another format, another document.
    """
    _check_sources(about, strategy)
    try:
        sweep = config.from_document(about["document"])
    except (SweepError, LookupError, TypeError, ValueError, AttributeError) as error:
        raise IncompleteError(
            f"the table does not say what it was made from, or in a way that this version of sweep does not read: "
            f"{error or type(error).__name__}\n  next: {AGAIN}"
        ) from error
    needed = sweep.scenarios.each(batch.distributions, "traffic")
    made = tables(dict.fromkeys(each for some in needed.values for each in some))
    identity = Identity(made, code(sweep.strategies))
    drawn = sweep.scenarios.each(identity.drawn, "traffic")
    ids = texts(identity.keys(sweep.scenarios.columns, drawn, sweep.replicates))
    places = np.flatnonzero(ids == id.encode())
    if not len(places):
        raise IncompleteError(
            f'simulation "{id}" is none of the sweep that the table says it was made from: one of the two has been '
            f"changed\n  next: {AGAIN}"
        )
    return Found(id, sweep.scenario(*divmod(int(places[0]), sweep.replicates)), made)


def simulate(found: Found) -> pa.Table:
    """Its row as a part has it, by the compiled kernel (plain Python where JIT is off)."""
    result = batch.simulate(found.scenario.strategy, [found.scenario], found.tables)
    return schema.part(found.scenario.strategy, [found.id], result)


def differences(stored: pa.Table, here: pa.Table) -> tuple[list[Difference], int]:
    """What differs between a row of a published table and of a part, and how many numbers were compared.

    The time series is compared where the table was read with it.
    """
    found, compared = [], 0
    for name in here.column_names:
        if name in ("id", "violation") or (name.startswith(PREFIX) and name not in stored.column_names):
            continue
        numbers = here.column(name)[0].as_py()
        kept = stored.column(name)[0].as_py() if name in stored.column_names else None
        if isinstance(numbers, list):
            pairs = zip(kept or [None] * len(numbers), numbers, strict=True)
            each = [(f"{name}[{index}]", *pair) for index, pair in enumerate(pairs)]
        else:
            each = [(name, kept, numbers)]
        compared += len(each)
        found += [Difference(*one) for one in each if one[1] != one[2]]
    return found, compared


def _check_sources(about: Mapping[str, Any], strategy: str) -> None:
    """Raises IncompleteError unless the sources here are those of the table."""
    there = {"": about.get("core_digest"), strategy: (about.get("strategy_digests") or {}).get(strategy)}
    if about.get("format") != schema.FORMAT:
        raise IncompleteError(
            f'the table has rows of format "{about.get("format")}", this version of sweep makes format '
            f"{schema.FORMAT}\n  next: {AGAIN}"
        )
    for name, here in code([strategy]).items():
        if here != there[name]:
            source = f"the source of strategy {name}" if name else "the core of sweep/model"
            raise IncompleteError(
                f'the sources have changed since: {source} has digest "{here}" here and "{there[name]}" in the table, '
                f"so the simulation has another id now\n"
                f"  next: {AGAIN}; or go to the commit of the table, {about.get('git_commit') or 'which is not known'}"
            )
