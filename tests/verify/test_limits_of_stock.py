# SPDX-License-Identifier: MIT
"""Limits of strategies whose stock of buffers is fixed: as many as are out at once suffice, and fewer drop packets."""

from __future__ import annotations

import numpy as np
import pytest

from ..model.scenes import LOCAL, NS, US, constant, run, scenario

SLOW = {**LOCAL, "wakeup_ps": constant(40 * US), "kernel": "6.12", "ring": 16, "packets": 400, "read_ps": 500 * NS}


def test_a_bound_that_is_never_reached_is_the_page_pool() -> None:
    """Every counter that both have, and every latency."""
    runs = [
        run(scenario({"poll": 50 * NS}, strategy=name, knobs=(("bulk", 64), ("pool_size", 1024), *more), **SLOW))
        for name, more in (("page_pool", (("shared", 0),)), ("bounded_pool", ()))
    ]
    pages, bounded = (each.counters[0] for each in runs)
    assert bounded.pool_exhausted == 0 < pages.recycle_ring
    names = set(pages.dtype.names) & set(bounded.dtype.names)
    assert {name: int(bounded[name]) for name in names} == {name: int(pages[name]) for name in names}
    assert np.array_equal(runs[0].latency, runs[1].latency)


def test_a_bound_of_all_that_is_out_at_once_starves_nobody_and_less_does() -> None:
    """With an ample bound, see how many pages are held at most; as many suffice, and a smaller pool drops packets."""

    def starved(pool_size: int) -> tuple[int, int, int]:
        knobs = (("bulk", 1), ("pool_size", pool_size))
        c = run(scenario({"poll": 50 * NS}, strategy="bounded_pool", knobs=knobs, **SLOW)).counters[0]
        return int(c.pool_exhausted), int(c.drop_no_memory_packets), int(c.pages_held_peak)

    exhausted, dropped, held = starved(1000)
    assert (exhausted, dropped) == (0, 0)
    assert starved(held) == (0, 0, held)
    exhausted, dropped, most = starved(held - 20)
    assert min(exhausted, dropped) > 0
    assert most == held - 20


@pytest.mark.parametrize("zcrx", [0, 1])
def test_an_area_for_the_ring_and_all_that_the_application_holds_never_runs_dry(zcrx: int) -> None:
    """With an area that is ample, see how many packets the socket holds at most; then frames for exactly that.

    Half of what it holds is too few.
    """
    ring = 16
    changes = {**LOCAL, "wakeup_ps": constant(40 * US), "kernel": "6.12", "ring": ring, "packets": 400}

    def starved(area_frames: int) -> tuple[int, int, int]:
        knobs = (("area_frames", area_frames), ("zcrx", zcrx))
        made = scenario({"poll": 50 * NS}, strategy="zero_copy", knobs=knobs, read_ps=500 * NS, **changes)
        c = run(made).counters[0]
        return int(c.fill_empty), int(c.drop_no_memory_packets), int(c.socket_truesize_peak) // (4096 + 256)

    _, _, held = starved(1000)
    assert held > 30
    assert starved(ring + held + 1)[:2] == (0, 0)  # and the frame that is being read
    empty, dropped, _ = starved(ring + held // 2)
    assert empty > 0
    assert dropped > 0
