# SPDX-License-Identifier: MIT
"""What a run is cut to: workers and lanes that fit, and a sentence with a way on where nothing does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sweep.jobs.executors.choice import kind
from sweep.jobs.resources import LEAST_LANE_BYTES, Resources, fit_to_resources
from sweep.plan.chunks import LANE_BYTES
from sweep.plan.forecast import memory_bytes

GIB = 1 << 30
LARGE = Resources(64 * GIB, "this machine has", threads=30_000)
GROUP = replace(LARGE, source="the control group of this process allows")
LANE = 2 << 20


def test_a_machine_with_room_gets_a_worker_per_processor() -> None:
    room = fit_to_resources("ray", 8, None, LANE, 2, LARGE)
    assert (room.workers, room.lane_bytes, room.note, room.shortage) == (8, LANE_BYTES, "", "")


@pytest.mark.parametrize("gib", [1, 2, 3, 4])
def test_fewer_workers_and_smaller_chunks_fit_into_a_limit(gib: int) -> None:
    has = replace(GROUP, memory_bytes=gib * GIB)
    room = fit_to_resources("ray", 64, None, LANE, 0, has)
    assert not room.shortage
    assert 1 <= room.workers < 64
    assert memory_bytes(kind("ray").cost, room.workers, room.workers * room.lane_bytes, 0) <= gib * GIB
    assert memory_bytes(kind("ray").cost, room.workers + 1, (room.workers + 1) * LEAST_LANE_BYTES, 0) > gib * GIB
    assert f"{room.workers} of 64 workers" in room.note
    assert "the control group of this process allows" in room.note


def test_a_limit_below_local_ray_names_the_way_on() -> None:
    """As f18: 400 MB."""
    room = fit_to_resources("ray", 2, None, LANE, 0, replace(GROUP, memory_bytes=400_000_000))
    assert "the control group of this process allows 0.4 GB" in room.shortage
    assert "next: --executor inline" in room.shortage
    assert fit_to_resources("inline", 2, None, LANE, 0, replace(GROUP, memory_bytes=400_000_000)).shortage == ""


def test_a_limit_below_what_compiling_takes_names_warm() -> None:
    has = replace(GROUP, memory_bytes=240_000_000)
    assert "sweep warm" in fit_to_resources("inline", 2, None, LANE, 2, has).shortage
    assert fit_to_resources("inline", 2, None, LANE, 0, has).shortage == ""


def test_a_limit_below_python_itself() -> None:
    room = fit_to_resources("inline", 2, None, LANE, 0, replace(GROUP, memory_bytes=100_000_000))
    assert "does not fit in this process" in room.shortage
    assert "--executor" not in room.shortage


def test_more_workers_than_fit_are_refused_with_how_many_do() -> None:
    room = fit_to_resources("ray", 2, 500, LANE, 0, replace(LARGE, memory_bytes=24 * GIB))
    fits = int(room.shortage.split("--workers ")[1].split(",")[0])
    assert not fit_to_resources("ray", 2, fits, LANE, 0, replace(LARGE, memory_bytes=24 * GIB)).shortage
    assert fit_to_resources("ray", 2, fits + 1, LANE, 0, replace(LARGE, memory_bytes=24 * GIB)).shortage


def test_any_number_of_workers_is_answered_at_once() -> None:
    assert (
        "next: --workers "
        in fit_to_resources("ray", 2, 10**20, LANE, 0, replace(LARGE, memory_bytes=24 * GIB)).shortage
    )


def test_threads_that_cannot_be_started() -> None:
    room = fit_to_resources("ray", 8, None, LANE, 0, replace(LARGE, threads=300))
    assert (room.workers, room.shortage) == (4, "")
    assert "threads" in room.note
    room = fit_to_resources("ray", 8, None, LANE, 0, replace(LARGE, threads=100))
    assert "threads" in room.shortage
    assert "--executor inline" in room.shortage
    assert fit_to_resources("inline", 8, None, LANE, 0, replace(LARGE, threads=100)).shortage == ""


def test_what_a_process_may_map() -> None:
    room = fit_to_resources("ray", 2, None, LANE, 0, replace(LARGE, address_bytes=2 * GIB))
    assert "--executor inline" in room.shortage
    assert fit_to_resources("inline", 2, None, LANE, 0, replace(LARGE, address_bytes=2 * GIB)).shortage == ""
    assert "ulimit -v" in fit_to_resources("inline", 2, None, LANE, 0, replace(LARGE, address_bytes=GIB)).shortage
    assert "ulimit -d" in fit_to_resources("inline", 2, None, LANE, 0, replace(LARGE, data_bytes=300 << 20)).shortage


def test_a_lane_that_is_larger_than_what_is_left() -> None:
    assert fit_to_resources("inline", 1, None, 3 * GIB, 0, replace(GROUP, memory_bytes=2 * GIB)).shortage
