# SPDX-License-Identifier: MIT
"""Where a simulation's packets were lost, beside the other replicates of its point, and what helps."""

from __future__ import annotations

import numpy as np

from sweep import evidence, format, stats
from sweep.document.blocks import Block, Paragraph, Section
from sweep.fields.losses import SEEN_ONLY
from sweep.results.dataset import published

from .choose import Chosen
from .summary import valid, words_and_numbers


def section(chosen: Chosen) -> Section:
    """A line per cause that any replicate has lost packets to, and what helps against the largest; empty if none."""
    title, rows = "Where packets are lost", chosen.point.filter(valid(chosen.point))
    cells = evidence.TableRows(rows).cells(np.arange(len(rows)))
    found = evidence.losses(cells, stats.confidence_of(published(chosen.point.schema)))
    if found is None or found.first < 0:
        return Section(title, ())
    number, blocks = int(found.first), list[Block]()
    lines = [
        (
            cause.place,
            f"{chosen.value(cause.counter.name) or 0:,}",
            f"{int(found.counts[place]):,}",
            f"{format.percent(float(found.shares[place]))} %",
            cause.counter.name,
        )
        for place, cause in enumerate(found.causes)
        if found.counts[place]
    ]
    header = ("packets lost", f"replicate {chosen.value('replicate')}", f"all {len(rows)}", "share", "counter")
    blocks.append(words_and_numbers(header, lines))
    doubt = "" if bool(found.shown) else f"; {SEEN_ONLY}"
    helps = found.causes[number].helps
    blocks.append(Paragraph(f"Most is lost {found.causes[number].place}{doubt}. {helps[:1].upper()}{helps[1:]}."))
    return Section(title, tuple(blocks))
