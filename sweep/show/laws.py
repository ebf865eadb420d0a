# SPDX-License-Identifier: MIT
"""The conservation laws that a row was checked against, and the one it breaks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from sweep.document.blocks import Block, Paragraph, Section
from sweep.model import batch, identity, strategies
from sweep.model.counting import laws
from sweep.model.lane.capacity import Capacity
from sweep.model.lane.prepare import SIZE_CLASSES
from sweep.model.record import zeros
from sweep.model.strategies import strategy

from .choose import Chosen

TITLE = "Laws that it was held against"


@strategies.cached
def names(name: str) -> tuple[str, ...]:
    """The names of all laws of a strategy's rows, the common ones first."""
    params = zeros(batch.param_fields(name), 1)
    params[0] = 1  # laws divide by some
    tables = np.zeros((1, 1), np.int64)
    classes = np.zeros((1, SIZE_CLASSES), np.int64)
    sim = batch.new_sim(name, batch.Prepared(params, tables, classes, classes), Capacity(1, 1, 1, 1, 1, params))
    own = strategy(name).LAWS
    return tuple(law.name for group in (*laws.COMMON, *own) for law in group(sim))


def section(chosen: Chosen, about: Mapping[str, Any]) -> Section:
    """The section on whether a simulation is valid, with the laws' names if the sources are those of the table."""
    blocks: list[Block] = []
    if chosen.value("valid") is False:
        blocks.append(Paragraph(f"It breaks: {chosen.value('violation')}"))
    name = str(chosen.value("strategy"))
    if name not in strategies.NAMES or (about.get("strategy_digests") or {}).get(name) != identity.strategy_digest(
        name
    ):
        blocks.append(Paragraph("Their names are not told: the sources here are not those of the table."))
    else:
        known = names(name)
        verdict_text = "It obeys all of" if chosen.value("valid") else "It was held against"
        blocks.append(Paragraph(f"{verdict_text} these {len(known)}: {' · '.join(known)}"))
    return Section(TITLE, tuple(blocks))
