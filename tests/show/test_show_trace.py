# SPDX-License-Identifier: MIT
"""A traced simulation is the compiled one, and its trace accounts for every counter that events can."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from shown_sweep import Shown

from sweep.errors import SweepError
from sweep.model.strategies import NAMES
from sweep.trace import events as trace_events
from sweep.trace import record, rerun

# Counter of the simulation -> events of its trace that it counts, in the measured window.
COUNTED = {
    "rx_packets": "receive",
    "polls": "poll",
    "delivered_packets": "read",
    "released_buffers": "release",
    "dma_maps": "dma_map",
    "dma_unmaps": "dma_unmap",
    "dma_syncs": "dma_sync",
    "tx_dma_maps": "tx_map",
    "tx_dma_unmaps": "tx_unmap",
    "zone_lock_takes": "zone_lock",
    "drop_nic_buffer_packets": "drop_nic_buffer",
    "drop_no_descriptor_packets": "drop_no_descriptor",
    "drop_no_memory_packets": "drop_no_memory",
    "deferred_kicks": "kick",
}
DETAILED = {
    "drop_socket_buffer_packets": ("deliver", "dropped"),
    "drop_tx_ring_packets": ("transmit", "dropped"),
    "recycle_cached": ("pool_put", "cached"),
    "recycle_ring": ("pool_ring_put", "stored"),
    "recycle_ring_full": ("pool_ring_put", "full"),
    "interrupts": ("poll", "interrupt"),
}


def traced(shown: Shown, row: pa.Table, file: Path, packets: int | None = None) -> tuple[record.Traced, pa.Table]:
    """What came of a traced simulation, and its trace."""
    done = record.record(shown.found(row), file, packets, lambda arrived: None)
    with pa.memory_map(str(file)) as source:
        return done, pa.ipc.open_file(source).read_all()


@pytest.mark.parametrize("traffic", ["everything", "same_cpu"])
@pytest.mark.parametrize("name", NAMES)
def test_a_traced_simulation_counts_what_the_compiled_one_does(
    shown: Shown, tmp_path: Path, name: str, traffic: str
) -> None:
    row = shown.row(name, traffic)
    done, trace = traced(shown, row, tmp_path / "trace.arrow")
    differences, compared = rerun.differences(row, done.row)
    assert differences == []
    assert compared > 500
    counts = row.to_pylist()[0]
    assert done.cost_ps == counts["busy_ps"] + counts["release_ps"] > 0
    assert done.rows == len(trace) == sum(done.events.values())

    measured = trace.filter(trace.column("measured"))
    assert pc.sum(measured.column("cost_ps")).as_py() == done.cost_ps
    event, detail = (measured.column(column).cast(pa.string()).to_pylist() for column in ("event", "detail"))
    pairs = list(zip(event, detail, strict=True))
    assert {counter: event.count(kind) for counter, kind in COUNTED.items()} == {n: counts[n] for n in COUNTED}
    own = {counter for counter in DETAILED if counts[counter] is not None}
    assert {counter: pairs.count(DETAILED[counter]) for counter in own} == {counter: counts[counter] for counter in own}
    allocated = measured.filter(pc.equal(measured.column("event").cast(pa.string()), "alloc"))
    assert len(allocated) - allocated.column("buffer").null_count == counts["posted_buffers"]


def test_the_sweep_of_these_tests_has_every_event_of_a_packet(shown: Shown) -> None:
    """Or the comparison above would be of zeros."""
    sums = {name: pc.sum(shown.table.column(name)).as_py() for name in (*COUNTED, *DETAILED)}
    rare = {"drop_nic_buffer_packets", "drop_no_memory_packets"}
    assert [name for name, total in sums.items() if not total and name not in rare] == []


def test_the_samples_of_the_census_add_up_to_its_counters(shown: Shown, tmp_path: Path) -> None:
    row = shown.row("page_pool")
    _, trace = traced(shown, row, tmp_path / "trace.arrow")
    samples = trace.filter(pc.equal(trace.column("event").cast(pa.string()), "sample"))
    whole_ns = (np.rint(samples.column("time_ns").to_numpy() * 1000) // 1000).astype(np.int64)
    since = np.diff(whole_ns) * samples.column("measured").to_numpy()[1:]
    opened = trace.filter(pc.equal(trace.column("event").cast(pa.string()), "window_open"))
    assert (
        samples.column("time_ns")[int(np.argmax(samples.column("measured").to_numpy()))] == opened.column("time_ns")[0]
    )
    held = samples.column("pages_held").to_numpy()[1:]
    since[np.argmax(samples.column("measured").to_numpy()) - 1] = 0  # the window opens with this sample
    assert int((since * held).sum()) == row.column("pages_held_page_ns")[0].as_py()
    last, inside = trace.slice(len(trace) - 2).to_pylist()
    assert (last["event"], inside["event"], inside["depth"]) == ("window_close", "sample", 1)
    ends = {
        "pages_held": "pages_held_end",
        "pool_cache_pages": "pool_cache_end_pages",
        "tx_queued": "tx_ring_end_buffers",
    }
    assert {name: last[name] for name in ends} == {name: row.column(end)[0].as_py() for name, end in ends.items()}


@pytest.mark.parametrize("name", ["page_pool", "page_flip"])
def test_a_packet_can_be_followed_by_its_number(shown: Shown, tmp_path: Path, name: str) -> None:
    """It arrives once, is received after that, and read or sent after that, with one buffer all the way."""
    _, trace = traced(shown, shown.row(name), tmp_path / "trace.arrow")
    lives: dict[int, list[dict[str, object]]] = {}
    for row in trace.filter(pc.is_valid(trace.column("packet"))).to_pylist():
        lives.setdefault(row["packet"], []).append(row)
    assert len(lives) == 1500
    ways = set()
    for life in lives.values():
        kinds = [row["event"] for row in life]
        assert kinds[0] in ("arrival", *trace_events.DROPS)
        assert kinds.count("receive") == (kinds[0] == "arrival")
        times = [row["time_ns"] for row in life if row["event"] in ("arrival", "receive", "read")]
        assert times == sorted(times)
        assert (
            len({row["buffer"] for row in life if row["event"] in ("receive", "deliver", "transmit", "release")}) <= 1
        )
        ways.add((life[0]["detail"], kinds[-1]))
    assert {("forward", "release"), ("local", "read"), ("drop", "release")} <= ways


def test_rows_are_in_order_and_nested(shown: Shown, tmp_path: Path) -> None:
    _, trace = traced(shown, shown.row("page_pool_frag"), tmp_path / "trace.arrow")
    depth = trace.column("depth").to_numpy()
    assert depth[0] == 0
    assert (np.diff(depth) <= 1).all()
    polls = trace.filter(pc.equal(trace.column("event").cast(pa.string()), "poll"))
    assert (np.diff(polls.column("time_ns").to_numpy()) > 0).all()
    assert polls.column("depth").unique().to_pylist() == [0]
    received = pc.sum(pc.equal(trace.column("event").cast(pa.string()), "receive")).as_py()
    assert pc.sum(polls.column("count")).as_py() == received


def test_the_first_packets_are_the_beginning_of_the_whole(shown: Shown, tmp_path: Path) -> None:
    row = shown.row("page_pool", ring=128)
    _, whole = traced(shown, row, tmp_path / "whole.arrow")
    done, part = traced(shown, row, tmp_path / "part.arrow", 700)
    assert not done.whole
    assert json.loads(part.schema.metadata[b"sweep_trace"])["packets"] == 700
    last = pc.index(part.column("packet"), 699).as_py()
    while part.column("depth")[last].as_py() > 0:  # what is still going on then ends otherwise
        last -= 1
    assert last > 3000
    assert part.slice(0, last).equals(whole.slice(0, last))
    assert traced(shown, row, tmp_path / "whole.arrow", 10**9)[0].whole


def test_a_trace_explains_itself(shown: Shown, tmp_path: Path) -> None:
    _, trace = traced(shown, shown.row("zero_copy"), tmp_path / "trace.arrow")
    for field in trace.schema:
        assert field.metadata[b"unit"]
        assert field.metadata[b"meaning"]
    about = json.loads(trace.schema.metadata[b"sweep_trace"])
    assert about["id"] == shown.row("zero_copy").column("id")[0].as_py()
    assert set(trace.column("event").cast(pa.string()).unique().to_pylist()) <= set(about["events"])


def test_every_event_is_a_function_of_the_model() -> None:
    for function in trace_events.EVENTS:
        module, _, name = function.rpartition(".")
        assert getattr(import_module(f"sweep.model.{module}"), name).is_device, function
    events = [kind.name for kind in (*trace_events.EVENTS.values(), *trace_events.HOLES.values(), trace_events.STEP)]
    assert len(events) == len(set(events))
    assert {kind.counts for kind in trace_events.EVENTS.values()} <= {"", *events}


def test_a_trace_that_does_not_come_to_its_end_leaves_no_file(shown: Shown, tmp_path: Path) -> None:
    def stop(arrived: int) -> None:
        raise KeyboardInterrupt

    found = shown.found(shown.row("page_pool"))
    with pytest.raises(KeyboardInterrupt):
        record.record(found, tmp_path / "trace.arrow", None, stop)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(SweepError, match=r'"/proc/none/trace.arrow" cannot be written'):
        record.record(found, Path("/proc/none/trace.arrow"), None, stop)
