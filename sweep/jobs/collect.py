# SPDX-License-Identifier: MIT
"""The rows of a sweep out of the parts that hold them, in the order of the sweep, with the parameters of each."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sweep import schema
from sweep.plan import Survey
from sweep.schema import parameters

from .origin import Origin
from .store import Part


def collect(survey: Survey, parts: Iterable[Part], wanted: NDArray[np.bool_], origin: Origin) -> pa.Table:
    """The rows of the wanted simulations that are in `parts`, each once, in the order of the sweep."""
    order = np.argsort(survey.ids)
    ranked = survey.ids[order]
    taken = ~wanted
    tables, places = [pa.schema(schema.results_schema()).empty_table().select(["id", "violation"])], []
    for part in parts:
        rank = np.minimum(np.searchsorted(ranked, part.ids), len(ranked) - 1)
        place = order[rank]
        use = (survey.ids[place] == part.ids) & ~taken[place]
        if use.any():
            taken[place[use]] = True
            tables.append(part.table().replace_schema_metadata(None).filter(pa.array(use)))
            places.append(place[use])
    simulations = np.concatenate([np.zeros(0, np.int64), *places])
    rows = pa.concat_tables(tables, promote_options="permissive").take(pa.array(np.argsort(simulations)))
    return schema.results(_explain(rows, origin), _parameters(survey, np.sort(simulations)))


def _parameters(survey: Survey, simulations: NDArray[np.int64]) -> dict[str, pa.Array]:
    points, replicates = np.divmod(simulations, survey.sweep.replicates)
    distinct, where = np.unique(points, return_inverse=True)
    scenarios = [survey.scenarios[point] for point in distinct]
    labels = [survey.sweep.labels(int(point)).get("label") for point in distinct]
    columns = parameters.arrays(scenarios, [None if label is None else str(label) for label in labels])
    spread = {name: column.take(pa.array(where)) for name, column in columns.items()}
    return spread | {"replicate": pa.array(replicates)}


def _explain(rows: pa.Table, origin: Origin) -> pa.Table:
    """Add to each violation the command that shows it again."""
    broken = pc.not_equal(rows.column("violation"), "")
    if not pc.any(broken).as_py():
        return rows
    pairs = zip(rows.column("id").to_pylist(), rows.column("violation").to_pylist(), strict=True)
    texts = [f"{text}; see it again: {origin.reproduce(name)}" if text else "" for name, text in pairs]
    return rows.set_column(rows.column_names.index("violation"), "violation", pa.array(texts, pa.string()))
