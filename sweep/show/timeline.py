# SPDX-License-Identifier: MIT
"""A trace over time: packets and pages by holder, from the samples taken at the start of each poll.

Drawn with characters for a terminal, and as curves for a page.  Each column is the mean of the samples in its interval
of time, or the value of the column before if no poll began in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sweep import format
from sweep.document.blocks import Block, Chart, Section
from sweep.report.charts.panels import CONFIG, Spec

from .text_drawing import columns

TITLE = "Over time"
HEIGHT = 4  # lines of a drawing
POINTS = 240  # of a curve
MARGIN = 10  # characters on the left of a drawing
SHOWN = (
    ("packets waiting on the RX ring", ("rx_waiting",)),
    ("frames in the TX ring", ("tx_queued",)),
    ("buffers in the socket, or deferred", ("socket_packets", "deferred_buffers")),
    ("pages kept by the strategy, ready", ("pool_cache_pages",)),
    ("pages in the pool's ring", ("pool_ring_pages",)),
    ("free pages in regions in use", ("provider_pages",)),
    ("pages held: taken, not given back", ("pages_held",)),
)
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Timeline:
    """The S samples of a trace, in order of time."""

    time_ns: Array  # (S,)
    series: dict[str, Array]  # title -> (S,), without those that are always zero
    window_ns: float | None  # time at which the measured window opens; None if it does not


def read(file: Path) -> Timeline:
    """The samples of a trace file, one batch of it in memory at a time."""
    parts: dict[str, list[Array]] = {}
    window_ns = None
    with pa.memory_map(str(file)) as source:
        reader = pa.ipc.open_file(source)
        for number in range(reader.num_record_batches):
            batch = pa.Table.from_batches([reader.get_batch(number)])
            event = batch.column("event").cast(pa.string())
            window_events = batch.filter(pc.equal(event, "window_open"))
            if len(window_events):
                window_ns = float(window_events.column("time_ns")[0].as_py())
            samples = batch.filter(pc.equal(event, "sample"))
            for name in ("time_ns", *(column_name for _, names in SHOWN for column_name in names)):
                parts.setdefault(name, []).append(np.asarray(samples.column(name).cast(pa.float64())))
    column_samples = {name: np.concatenate(batches) for name, batches in parts.items()}
    series = (
        {title: np.sum([column_samples[name] for name in names], axis=0) for title, names in SHOWN}
        if column_samples
        else {}
    )
    time_ns = column_samples.get("time_ns", np.zeros(0))
    return Timeline(time_ns, {title: values for title, values in series.items() if values.any()}, window_ns)


def text(timeline: Timeline, width: int) -> str:
    """Drawings of `width` characters, one below the other, with a time axis below the last."""
    if not len(timeline.time_ns) or not timeline.series:
        return ""
    room = width - MARGIN - 2
    end_ns = float(timeline.time_ns[-1])
    lines = [f"{TITLE}, as each poll finds it, means of {format.time(end_ns / room)} a column"]
    for title, values in timeline.series.items():
        binned = means(timeline.time_ns, values, room)
        largest = float(np.nanmax(binned))
        lines += ["", f"{title} (at most {values.max():,.0f})"]
        drawn = columns(binned, largest, HEIGHT)
        labels = [format.coarse(largest), *[""] * (HEIGHT - 2), "0"]
        lines += [f"{label:>{MARGIN}} │{line}".rstrip() for label, line in zip(labels, drawn, strict=True)]
    lines += [f"{'':{MARGIN}} └{'─' * room}", _axis(timeline, end_ns, room)]
    return "\n".join(lines)


def section(timeline: Timeline) -> Section:
    """The section of the timeline as charts, for writers with graphics."""
    blocks: list[Block] = [_curve(timeline, title, values) for title, values in timeline.series.items()]
    return Section(TITLE, tuple(blocks), beside=True)


def means(time_ns: Array, values: Array, bins: int) -> Array:
    """Means of the samples in `bins` equal intervals of time from 0 to the last sample, (bins,)."""
    end = max(float(time_ns[-1]), 1e-9)
    place = np.minimum((time_ns / end * bins).astype(np.int64), bins - 1)
    count = np.bincount(place, minlength=bins)
    total = np.bincount(place, weights=values, minlength=bins)
    filled = np.maximum.accumulate(np.where(count > 0, np.arange(bins), -1))
    filled_means: Array = np.where(filled >= 0, (total / np.maximum(count, 1))[filled], 0.0)
    return filled_means


def _axis(timeline: Timeline, end_ns: float, room: int) -> str:
    """The time axis: 0, the end, and a mark where the measured window opens."""
    line = list(" " * (MARGIN + 2 + room))
    end = format.time(end_ns)
    line[-len(end) :] = end
    line[MARGIN + 2] = "0"
    if timeline.window_ns:
        place = MARGIN + 2 + min(int(timeline.window_ns / end_ns * room), room - 1)
        mark = "▲ the window opens"
        if place + len(mark) + len(end) < len(line):
            line[place : place + len(mark)] = mark
    return "".join(line).rstrip()


def _curve(timeline: Timeline, title: str, values: Array) -> Chart:
    end_ms = float(timeline.time_ns[-1]) / 1e6
    rows = [
        {"time": (place + 0.5) * end_ms / POINTS, "value": float(value)}
        for place, value in enumerate(means(timeline.time_ns, values, POINTS))
    ]
    spec: Spec = {
        "data": {"values": rows},
        "width": 420,
        "height": 120,
        "mark": {"type": "line", "color": "var(--s1)", "interpolate": "step", "strokeWidth": 1},
        "encoding": {
            "x": {"field": "time", "type": "quantitative", "title": "time, ms"},
            "y": {"field": "value", "type": "quantitative", "title": None},
        },
        "config": CONFIG,
    }
    return Chart(title, f"{title} over time, from 0 to {end_ms:.3g} ms", spec)
