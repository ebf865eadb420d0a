# SPDX-License-Identifier: MIT
"""What every strategy offers, and where strategies must agree in the limit."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sweep.fields.field import Field, Knob
from sweep.model import batch
from sweep.model.counting import laws
from sweep.model.scenario import Scenario
from sweep.model.strategies import NAMES, page_flip, strategy
from sweep.model.strategies.protocol import OPTIONAL, Strategy
from tests.model.scenes import LOCAL, NS, constant, knobs, plain, run, scenario, world
from tests.model.typed_modules import assignments, members

ROOT = Path(__file__).parents[3]
WORK = {"stack_local": 300 * NS, "stack_drop": 100 * NS, "poll": 50 * NS, "dma_map": 5 * NS, "dma_unmap": 4 * NS}
WORK |= {"page_alloc": 30 * NS, "page_free": 20 * NS, "zone_lock": 10 * NS, "buddy_page": 8 * NS}


def made(name: str, costs: dict[str, int] = WORK, **changes: object) -> Scenario:
    settings = {"strategy": name, "knobs": knobs(name), "ring": 16, "packets": 400, "warmup": 100}
    return scenario(costs, **(settings | changes))


def test_names_are_sorted_and_known() -> None:
    assert list(NAMES) == sorted(set(NAMES))
    with pytest.raises(KeyError):
        strategy("page_pol")


@pytest.mark.parametrize("name", NAMES)
def test_contract(name: str) -> None:
    """The names and arguments of the protocols, optional ones whole or not at all; what fills a hole is kernel code."""
    module = strategy(name)
    for required in (Strategy, *OPTIONAL):
        offered = [member for member in members(required) if hasattr(module, member)]
        assert offered == members(required) or (required in OPTIONAL and not offered)
        for member in offered:
            asked = vars(required)[member]
            if inspect.isfunction(asked):
                wanted = list(inspect.signature(asked).parameters)[1:]
                assert list(inspect.signature(getattr(module, member)).parameters) == wanted
    assert all(fills.is_device for fills in batch.fillings(name).values())
    assert all(isinstance(knob, Knob) for knob in module.KNOBS)
    assert all(isinstance(counter, Field) for counter in module.COUNTERS)
    assert module.LAWS
    defaults = dict(knobs(name, ring=1024))
    assert 0 < module.buffer_bytes(defaults) < module.truesize_bytes(defaults) <= 4096
    assert inspect.getdoc(module)


def test_optional_parts_are_filled_in_where_a_strategy_has_them() -> None:
    holes = {"alloc", "release"}
    assert set(batch.fillings("page_allocator")) == holes
    assert set(batch.fillings("page_flip")) == holes | {"received"}
    assert set(batch.fillings("bounded_pool")) == holes | {"provider_alloc", "provider_release"}
    assert set(batch.fillings("hugepage_pool")) == holes | {"provider_alloc", "provider_release"}


@pytest.mark.parametrize("name", NAMES)
def test_alloc_and_release_keep_the_books(name: str) -> None:
    """The window opens with a full ring and nothing else; buffers posted and not released are held by somebody."""
    sim = run(made(name, **LOCAL, warmup=0, wakeup_ps=constant(2500 * NS)))
    assert laws.violations(sim, strategy(name).LAWS) == [""]
    c = sim.counters[0]
    held = c.rx_ring_end_buffers + c.tx_ring_end_buffers + c.socket_end_buffers
    assert held == 16 + c.posted_buffers - c.released_buffers
    assert c.released_buffers > 300


@pytest.mark.parametrize("name", NAMES)
def test_without_memory_alloc_fails(name: str) -> None:
    sim, pool = world(made(name))
    sim.state.zone_free[0] = 0
    with np.errstate(over="ignore"):  # the random generator wraps
        assert plain(strategy(name).alloc, **batch.fillings(name))(sim, pool, 0, 0) == -1
    assert sim.counters.allocator_failures[0] > 0


def test_fragments_of_a_page_never_reused_are_the_page_allocator() -> None:
    """No block of order 3 to be had, a fragment as large as a page: every counter but what counts blocks."""
    changes = {**LOCAL, "wakeup_ps": constant(2500 * NS)}
    pages = run(made("page_allocator", **changes))
    fragments = run(made("page_frag", **changes, knobs=(("frag_bytes", 4096), ("order3_fail_ppm", 1_000_000))))
    own = {"pool_cache_page_ns", "pool_cache_start_pages", "pool_cache_end_pages"}  # the page cut last counts as ready
    assert fragments.counters.block_reuses[0] == 0
    assert fragments.counters.block_fallbacks[0] == fragments.counters.allocator_calls[0] > 0
    names = set(pages.counters.dtype.names) - own
    assert {name: int(fragments.counters[name][0]) for name in names} == {
        name: int(pages.counters[name][0]) for name in names
    }
    assert np.array_equal(pages.latency, fragments.latency)


@pytest.mark.parametrize(
    "name", ["bounded_pool", "fifo_cache", "hugepage_pool", "page_flip", "page_pool", "refcount_recycle"]
)
def test_pages_that_nobody_holds_are_all_recycled(name: str) -> None:
    """Every packet is dropped at once by the driver: after warm-up nothing calls the page allocator."""
    c = run(made(name)).counters[0]
    assert c.posted_buffers > 0
    assert c.allocator_calls == c.pages_taken == c.pages_given == c.dma_maps == c.dma_unmaps == 0


def test_a_block_serves_sixteen_fragments_of_half_a_page() -> None:
    """Its last fragments are on the ring when it is exhausted, so it is not used again."""
    c = run(made("page_frag")).counters[0]
    assert c.block_reuses == c.block_fallbacks == 0
    assert c.posted_buffers // 16 <= c.allocator_calls <= c.posted_buffers // 16 + 1


def test_every_posted_page_of_a_slot_is_reused_when_nobody_holds_it() -> None:
    c = run(made("refcount_recycle")).counters[0]
    assert c.slot_reuse == c.posted_buffers == 300 + c.inside_start_packets
    assert c.slot_busy == 0


def test_no_posted_page_of_a_slot_is_reused_when_all_are_held_for_longer_than_a_lap() -> None:
    """A lap takes 16 us, the reader sleeps for a millisecond: each slot's page is busy when its turn comes."""
    c = run(made("refcount_recycle", **LOCAL, wakeup_ps=constant(1000 * 1000 * NS))).counters[0]
    assert (c.slot_reuse, c.slot_busy) == (0, c.posted_buffers)
    assert c.allocator_calls == c.posted_buffers


def test_the_page_allocator_calls_once_for_every_buffer() -> None:
    c = run(made("page_allocator")).counters[0]
    assert c.allocator_calls == c.pages_taken == c.dma_maps == c.posted_buffers == 300 + c.inside_start_packets
    assert c.pages_given == c.dma_unmaps == c.released_buffers


def test_direct_recycling_needs_no_ring() -> None:
    c = run(made("page_pool")).counters[0]
    assert c.recycle_cached == c.alloc_fast == c.posted_buffers
    assert c.recycle_ring == c.recycle_ring_full == c.alloc_slow == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("def alloc(sim: Sim, pool: Pool, lane: int, slot: int)", "def alloc(sim: Sim, pool: Pool, lane: int)"),
        ("def release(", "def released("),
        ("DEFERRED_FREE = True", 'DEFERRED_FREE = "yes"'),
        ("def received(sim: Sim,", "def received(sim: Sim, more: int,"),
    ],
)
def test_mypy_refuses_what_is_no_strategy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: str, after: str
) -> None:
    """A copy of a strategy passes, and with one fault, which a look at its names alone would not find, it does not."""
    source = Path(inspect.getfile(page_flip)).read_text().replace("from ..", "from sweep.model.")
    assert before in source
    monkeypatch.syspath_prepend(tmp_path)
    for fault, text in ((False, source), (True, source.replace(before, after, 1))):
        package = f"{tmp_path.name}_{fault}"
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").write_text("")
        (tmp_path / package / "flip.py").write_text(text)
        program = assignments(package, ["flip"], Strategy, OPTIONAL)
        told = subprocess.run(
            [sys.executable, "-m", "mypy", "--no-warn-return-any", "-c", program],
            cwd=ROOT,
            env=os.environ | {"MYPYPATH": str(tmp_path)},
            capture_output=True,
            text=True,
        )
        assert told.returncode == int(fault), told.stdout
        assert ("Incompatible types in assignment" in told.stdout) == fault
