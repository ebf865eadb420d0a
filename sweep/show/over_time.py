# SPDX-License-Identifier: MIT
"""One simulation over time: drops, cost, latency and pages held per bin, and after how many packets they settle.

A character is a bin, a fortieth of the packets; its height is on a scale from 0 to the largest value of its line.
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
from .summary import valid, words_and_numbers
from .text_drawing import columns

Array = NDArray[np.float64]
TITLE = "Bin by bin"
UNITS = {"drop_ratio": "%", "ns_per_packet": "ns", "latency_mean_ns": "ns", "pages_held_mean_pages": "pages"}


def section(chosen: Chosen) -> Section:
    """The section with a line per quantity; no blocks without time series."""
    if not all(PREFIX + name in chosen.row.column_names for name in NEEDED):
        return Section(TITLE, ())
    packets, warmup = int(chosen.value("packets")), int(chosen.value("warmup"))
    replicates = chosen.point.filter(valid(chosen.point))
    lines = []
    for quantity in QUANTITIES:
        own_means = _means(quantity.metric, chosen.row)
        mean_of_replicates = _means(quantity.metric, replicates) if len(replicates) else own_means
        scale = 100.0 if quantity.metric == "drop_ratio" else 1.0
        largest = float(np.nanmax(own_means, initial=0.0))
        (drawing,) = columns(own_means, largest, 1)
        unit = UNITS[quantity.metric]
        lines.append(
            (
                quantity.name,
                f"{format.significant(scale * largest, 3)} {unit}",
                *(_settled(means, packets) for means in (own_means, mean_of_replicates)),
                drawing,
            )
        )
    bins = len(own_means)
    window_text = f"the window opens in bin {min(warmup * bins // packets + 1, bins)} of {bins}" if packets else ""
    legend = f"a character is a bin of {format.significant(packets / bins, 3)} packets, warm-up included; {window_text}"
    header = ("mean of a bin", "largest", "settled after", f"mean of {len(replicates)}", "from 0 to the largest")
    return Section(TITLE, (words_and_numbers(header, lines, legend),))


def _means(metric: str, rows: pa.Table) -> Array:
    """Mean of a metric per bin over `rows`, (bins,); NaN where nothing was measured."""
    numerators, denominators = (np.nansum(added, axis=0) for added in of_metric(metric, _reader(rows)))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(denominators > 0, numerators / denominators, np.nan))


def _reader(rows: pa.Table) -> Callable[[str], Array]:
    def read(name: str) -> Array:
        lists = rows.column(PREFIX + name).combine_chunks()
        return np.asarray(lists.flatten().to_numpy(zero_copy_only=False), np.float64).reshape(len(lists), -1)

    return read


def _settled(means: Array, packets: int) -> str:
    """Packets after which a series settles (MSER), as text; "not" if it does not."""
    settled_bin = int(settled_after(means))
    return "not" if settled_bin == UNSETTLED else f"{-(-settled_bin * packets // len(means)):,}"
