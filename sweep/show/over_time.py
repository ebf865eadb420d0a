# SPDX-License-Identifier: MIT
"""How one simulation went over time: drops, cost, latency and pages held, bin by bin, and from when on they are steady.

A character stands for a bin, a fortieth of the packets; its height is on a scale from 0 to the largest of its line.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sweep import format
from sweep.document.blocks import Section
from sweep.evidence.halves import NEEDED, of_metric
from sweep.fields.series import PREFIX
from sweep.results.drift import QUANTITIES
from sweep.stats.settling import UNSETTLED, settled_after

from .choose import Chosen
from .strokes import columns
from .summary import valid, words_and_numbers

Array = NDArray[np.float64]
TITLE = "Bin by bin"
UNITS = {"drop_ratio": "%", "ns_per_packet": "ns", "latency_mean_ns": "ns", "pages_held_mean_pages": "pages"}


def section(chosen: Chosen) -> Section:
    """A line for each quantity; none without time series."""
    if not all(PREFIX + name in chosen.row.column_names for name in NEEDED):
        return Section(TITLE, ())
    packets, warmup = int(chosen.value("packets")), int(chosen.value("warmup"))
    others = chosen.point.filter(valid(chosen.point))
    lines = []
    for quantity in QUANTITIES:
        own = _means(quantity.metric, chosen.row)
        together = _means(quantity.metric, others) if len(others) else own
        scale = 100.0 if quantity.metric == "drop_ratio" else 1.0
        largest = float(np.nanmax(own, initial=0.0))
        (drawn,) = columns(own, largest, 1)
        unit = UNITS[quantity.metric]
        lines.append(
            (
                quantity.name,
                f"{format.significant(scale * largest, 3)} {unit}",
                *(_settled(means, packets) for means in (own, together)),
                drawn,
            )
        )
    bins = len(own)
    at = f"the window opens in bin {min(warmup * bins // packets + 1, bins)} of {bins}" if packets else ""
    legend = f"a character is a bin of {format.significant(packets / bins, 3)} packets, warm-up included; {at}"
    header = ("mean of a bin", "largest", "settled after", f"mean of {len(others)}", "from 0 to the largest")
    return Section(TITLE, (words_and_numbers(header, lines, legend),))


def _means(metric: str, rows: pa.Table) -> Array:
    """Of each bin, over these rows together; NaN where nothing was measured."""
    above, below = (np.nansum(each, axis=0) for each in of_metric(metric, _reader(rows)))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(below > 0, above / below, np.nan))


def _reader(rows: pa.Table) -> Callable[[str], Array]:
    def read(name: str) -> Array:
        lists = rows.column(PREFIX + name).combine_chunks()
        return np.asarray(lists.flatten().to_numpy(zero_copy_only=False), np.float64).reshape(len(lists), -1)

    return read


def _settled(means: Array, packets: int) -> str:
    """After how many packets, by MSER."""
    cut = int(settled_after(means))
    return "not" if cut == UNSETTLED else f"{-(-cut * packets // len(means)):,}"
