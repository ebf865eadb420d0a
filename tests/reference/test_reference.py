# SPDX-License-Identifier: MIT
"""The engine counts what the plain reference counts: every counter and every bucket, exactly."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sweep.fields.host import COST_NAMES
from sweep.model.batch import Prepared
from sweep.model.lane.sim import Sim
from sweep.model.scenario import Scenario
from sweep.model.strategies import NAMES

from .comparison import check_inputs, differences, parameters, prepare, run_engine, run_reference
from .drawing import scenario, share_hardware, vary_lists

ROOT = Path(__file__).parents[2]
BATCH = 8
given_seeds = given(rng=st.randoms(use_true_random=True))


def bounded(examples: int) -> settings:
    return settings(max_examples=examples, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def check_random_batch(name: str, rng: Random, most_packets: int) -> None:
    scenarios = [scenario(rng, name, most_packets) for _ in range(BATCH)]
    inputs = prepare(scenarios)
    vary_lists(rng, inputs)
    check_inputs(name, inputs, scenarios)


@pytest.mark.parametrize("name", NAMES)
@bounded(16)
@given_seeds
def test_engine_equals_reference(name: str, rng: Random) -> None:
    check_random_batch(name, rng, 1500)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
@bounded(40)
@given_seeds
def test_engine_equals_reference_in_depth(name: str, rng: Random) -> None:
    check_random_batch(name, rng, 3000)


@pytest.mark.parametrize("name", NAMES)
@bounded(2)
@given_seeds
def test_plain_python_equals_compiled(name: str, rng: Random) -> None:
    shared = replace(share_hardware(rng, scenario(rng, name), 600), packets=1150)  # an epoch and a little
    inputs = prepare([*(scenario(rng, name, 100) for _ in range(BATCH - 1)), shared])
    for compiled, plain in zip(run_engine(name, inputs), run_engine(name, inputs, plain=True), strict=True):
        assert np.array_equal(compiled, plain)


@pytest.mark.parametrize("name", NAMES)
@bounded(5)
@given_seeds
def test_batch_of_many_equals_batches_of_one(name: str, rng: Random) -> None:
    scenarios = [scenario(rng, name) for _ in range(BATCH)]
    together = run_engine(name, prepare(scenarios))
    for lane, alone in enumerate(scenarios):
        single = run_engine(name, prepare([alone]))
        assert single.counters[0] == together.counters[lane], alone
        assert np.array_equal(single.latency[0], together.latency[lane])
        assert np.array_equal(single.occupancy[0], together.occupancy[lane])
        assert np.array_equal(single.series[0], together.series[lane])


def test_reference_imports_nothing_of_sweep() -> None:
    """Neither sweep nor NumPy is loaded by the plain reference."""
    code = (
        "import sys, tests.reference.simulation\n"
        "print(sorted({name.split('.')[0] for name in sys.modules} & {'sweep', 'numpy', 'llvmlite'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# --- the comparison would notice -------------------------------------------------------------------------


Batches = dict[str, tuple[list[Scenario], Prepared, Sim]]  # by strategy: scenarios, inputs, what the engine counted
SHARED_COSTS = ("llc_miss", "lock_waiter", "dma_transfer", "walk_read", "ack")
MAPPING_COSTS = ("iommu_map", "iommu_unmap", "iommu_invalidate")  # in dma_map, tx_map, ...: test_reference_inputs.py


def simulated(draw: Callable[[Random, str], list[Scenario]]) -> Batches:
    """Batches of scenarios drawn for each strategy."""
    batches = {}
    for name in NAMES:
        rng = Random(f"costs of {name}")
        scenarios = draw(rng, name)
        inputs = prepare(scenarios)
        vary_lists(rng, inputs)
        batches[name] = scenarios, inputs, run_engine(name, inputs)
    return batches


@pytest.fixture(scope="module")
def some_batches() -> Batches:
    """Scenarios that together exercise every cost of a queue by itself."""
    return simulated(lambda rng, name: [scenario(rng, name, 600) for _ in range(24)])


@pytest.fixture(scope="module")
def shared_batches() -> Batches:
    """Scenarios of a few epochs, in which queues share scarce hardware, the page allocator included."""
    return simulated(lambda rng, name: [share_hardware(rng, scenario(rng, name), 1000) for _ in range(8)])


def is_noticed(batches: Batches, changed: Callable[[Scenario], str | None], by: int) -> bool:
    """Whether a reference with another value of a parameter (None: not in this scenario) differs in any scenario."""
    for name, (scenarios, inputs, sim) in batches.items():
        for lane, drawn in enumerate(scenarios):
            parameter = changed(drawn)
            if parameter is None:
                continue
            value = parameters(inputs, lane)[parameter] + by
            if differences(sim, lane, run_reference(name, inputs, lane, **{parameter: value})):
                return True
    return False


def parameter_of(cost: str, drawn: Scenario) -> str | None:
    """The kernel parameter by which a cost acts in this scenario; None if it does not."""
    if cost.startswith("stack_forward_"):
        return "stack_forward_ps" if cost == f"stack_forward_{drawn.traffic.forward_path}" else None
    return f"cost_{cost}"


@pytest.mark.parametrize("cost", [name for name in COST_NAMES if name not in MAPPING_COSTS])
def test_one_picosecond_of_a_cost_is_noticed(cost: str, some_batches: Batches, shared_batches: Batches) -> None:
    """A reference that is wrong by 1 ps in one cost differs somewhere: each cost is really compared."""
    batches = shared_batches if cost in SHARED_COSTS else some_batches
    assert is_noticed(batches, lambda drawn: parameter_of(cost, drawn), by=1)


# By how much each parameter is changed: by one, unless no draw or size is that close to it.
BY_ONE = (
    *("ring", "tx_ring", "napi_budget", "coalesce_ps", "coalesce_frames", "tx_coalesce_ps", "tx_coalesce_frames"),
    *("refill_batch", "link_ps_per_byte", "burst_gap_ps", "read_ps", "call_ps", "batch_packets", "memory_pages"),
    *("buffer_truesize_bytes", "copy_truesize_bytes", "packets", "warmup", "tx_map", "cost_tx_map", "cost_tx_unmap"),
    *("key_gap", "key_burst", "key_packet", "key_wakeup", "key_stall"),
)
CHANGES = dict.fromkeys(BY_ONE, 1) | {
    "copybreak_bytes": 100,
    "rcvbuf_bytes": 5000,
    "local_cut": 1 << 28,
    "forward_cut": -(1 << 28),
}
SHARED_BY_ONE = (
    *("queues", "pcie_packet_ps", "iommu", "frame_bytes", "lines_in_page", "offsets_used", "mapped_pages", "flows"),
    *("llc_sets", "llc_ways", "ddio_ways", "header_lines_milli", "iotlb_entries", "walk_cache_entries"),
    *("pcp_batch", "pcp_high"),
)
SHARED_CHANGES = dict.fromkeys(SHARED_BY_ONE, 1) | {"rx_buffer_bytes": 2000}


@pytest.mark.parametrize("changed", CHANGES)
def test_a_changed_parameter_is_noticed(changed: str, some_batches: Batches) -> None:
    assert is_noticed(some_batches, lambda drawn: changed, CHANGES[changed])


@pytest.mark.parametrize("changed", SHARED_CHANGES)
def test_a_changed_parameter_of_shared_hardware_is_noticed(changed: str, shared_batches: Batches) -> None:
    assert is_noticed(shared_batches, lambda drawn: changed, SHARED_CHANGES[changed])
