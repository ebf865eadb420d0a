# SPDX-License-Identifier: MIT
"""What could not be simulated, as a table: a row per simulation with its parameters, how it failed and why."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sweep.fields.column import Column
from sweep.plan import Survey
from sweep.schema import parameters

from .collect import Parameters
from .failure import ENDINGS, Failure

ID = Column("id", pa.string(), "1", "as it would be in the results", "id", "", False)
OWN = (
    Column("ending", pa.string(), "1", f"how it failed: {', '.join(ENDINGS)}", "quality", "", False),
    Column("error", pa.string(), "1", "its traceback, or what was known of its process", "quality", "", False),
    Column("node", pa.string(), "1", "where it was tried last; empty if unknown", "quality", "", False),
)


def failed_rows(survey: Survey, failures: Sequence[Failure], wanting: NDArray[np.bool_]) -> pa.Table:
    """A row for each simulation of the mask `without_row` (N,) that is in `failures`, in the order of the sweep.

    Of several failures of one simulation, the latest counts.
    """
    names = [name for failure in failures for name in failure.ids]
    owners = [failure for failure in failures for _ in failure.ids]
    latest = {name: index for index, name in enumerate(names)}
    places = survey.rows(np.array(list(latest), "S32"))
    simulations = np.flatnonzero(wanting & (places >= 0)).astype(np.int64)
    ids_and_owners = list(latest.items())
    id_and_failure = [
        (ids_and_owners[place][0], owners[ids_and_owners[place][1]]) for place in places[simulations].tolist()
    ]
    columns = {
        "id": [name for name, _ in id_and_failure],
        **Parameters(survey).of(simulations),
        "ending": [owner.ending for _, owner in id_and_failure],
        "error": [owner.error for _, owner in id_and_failure],
        "node": [owner.node for _, owner in id_and_failure],
    }
    known = pa.schema([column.field() for column in (ID, *parameters.columns(), *OWN)])
    return pa.table({field.name: pa.array(columns[field.name], field.type) for field in known}, schema=known)
