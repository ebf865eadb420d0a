# SPDX-License-Identifier: MIT
"""Run one simulation of a published table again in this process, and compare its counters.

Everything comes from what was published: the table's metadata has the sweep's document, the document has the scenario,
and the id shows whether it is the right one, since it covers the scenario, the quantile tables and the sources.  The
quantile tables are computed again: they are the same on every machine.
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
from sweep.jobs.executors import HERE
from sweep.model import batch, strategies
from sweep.model.scenario import Scenario
from sweep.plan.identity import SimulationIds, code, texts
from sweep.plan.tables import Tables, tables

AGAIN = "run the sweep file again, which makes rows with these sources"


@dataclass(frozen=True)
class PublishedSimulation:
    """A simulation of a published table, as this process would run it."""

    id: str
    scenario: Scenario
    tables: Tables


@dataclass(frozen=True)
class CounterDifference:
    """A counter, or a bucket of a histogram, that differs from the table."""

    name: str
    stored: int | None
    here: int | None


def find(about: Mapping[str, Any], strategy: str, id: str) -> PublishedSimulation:
    """The simulation `id` of the table with this `metadata`.

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
    quantile_tables = tables(dict.fromkeys(distribution for of_mix in needed.values for distribution in of_mix))
    identity = SimulationIds(quantile_tables, code(sweep.strategies))
    drawn = sweep.scenarios.each(identity.drawn, "traffic")
    ids = texts(identity.keys(sweep.scenarios.columns, drawn, sweep.replicates))
    places = np.flatnonzero(ids == id.encode())
    if not len(places):
        raise IncompleteError(
            f'simulation "{id}" is none of the sweep that the table says it was made from: one of the two has been '
            f"changed\n  next: {AGAIN}"
        )
    return PublishedSimulation(id, sweep.scenario(*divmod(int(places[0]), sweep.replicates)), quantile_tables)


def simulate(found: PublishedSimulation) -> pa.Table:
    """Run a simulation with the compiled kernel (plain Python where JIT is off); returns its row as in a part."""
    result = batch.simulate(found.scenario.strategy, [found.scenario], found.tables)
    return schema.part(found.scenario.strategy, [found.id], result)


def differences(stored: pa.Table, here: pa.Table) -> tuple[list[CounterDifference], int]:
    """The differences between a row of a published table and one of a part, and how many numbers were compared.

    The time series is compared if the table was read with it.
    """
    differing, compared = [], 0
    for name in here.column_names:
        if name in ("id", "violation") or (name.startswith(PREFIX) and name not in stored.column_names):
            continue
        numbers = here.column(name)[0].as_py()
        stored_value = stored.column(name)[0].as_py() if name in stored.column_names else None
        if isinstance(numbers, list):
            pairs = zip(stored_value or [None] * len(numbers), numbers, strict=True)
            triples = [(f"{name}[{index}]", *pair) for index, pair in enumerate(pairs)]
        else:
            triples = [(name, stored_value, numbers)]
        compared += len(triples)
        differing += [CounterDifference(*triple) for triple in triples if triple[1] != triple[2]]
    return differing, compared


def _check_sources(about: Mapping[str, Any], strategy: str) -> None:
    """Raises IncompleteError unless the sources here are those of the table."""
    there = (about.get("strategy_digests") or {}).get(strategy)
    if about.get("format") != schema.FORMAT:
        raise IncompleteError(
            f'the table has rows of format "{about.get("format")}", this version of sweep makes format '
            f"{schema.FORMAT}\n  next: {AGAIN}"
        )
    if strategy not in strategies.NAMES:
        raise IncompleteError(
            f'strategy "{strategy}" is in a file of the user\'s, and this command loads none\n'
            f"  next: from its sweep file: {about.get('command') or 'sweep run FILE'} --executor {HERE} --only ID"
        )
    if (here := code([strategy])[strategy]) != there:
        in_table = f'"{there}" in the table' if there else "the table has none of it"
        raise IncompleteError(
            f'the sources have changed since: the code of strategy {strategy} has digest "{here}" here and '
            f"{in_table}, so the simulation has another id now\n"
            f"  next: {AGAIN}; or go to the commit of the table, {about.get('git_commit') or 'which is not known'}"
        )
