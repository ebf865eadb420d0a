# SPDX-License-Identifier: MIT
"""The page_pool code against cases worked out by hand from tests/golden/page_pool/SEMANTICS.md."""

from __future__ import annotations

import pytest

from sweep.replay.run import ReplayResult, fragment_handles, handle_hash, plain_kernel, run
from sweep.replay.trace import COLUMNS, encode
from tests.replay.traces import trace


def answer(ops: str, **params: int) -> ReplayResult:
    return run(trace(ops, **params), plain_kernel())


def final(ops: str, **params: int) -> dict[str, int]:
    """The columns that are not 0 at the end, and the totals that tell."""
    got = answer(ops, **params)
    columns = dict(zip(COLUMNS, got.shots[-1].tolist(), strict=True))
    totals = {key: got.totals[key] for key in ("allocator_failures", "release_retry_pending")}
    return {key: value for key, value in (columns | totals).items() if value}


def serials(ops: str, **params: int) -> list[int]:
    return answer(ops, **params).handles[:, 0].tolist()


# Worked by hand in SEMANTICS.md section 11.


def test_stale_slots_by_hand() -> None:
    ops = "A64 R0-9 A10 R10-12 A3 R13-14 A2 A128 R15-154 A70"
    got = final(ops, pool_size=100)
    want = {"fast": 269, "slow": 3, "empty": 3, "refill": 5, "ring": 100, "ring_full": 55, "cache_count": 15}
    assert {key: got[key] for key in want} == want
    assert "ring_stale" not in got


def test_direct_overflow_by_hand() -> None:
    got = final("A300 D0-299 A140 D300-439", pool_size=16)
    want = {"fast": 434, "slow": 5, "empty": 5, "refill": 1, "cached": 232, "cache_full": 208, "ring": 32}
    assert {key: got[key] for key in want} == want


# One allocation: 64 pages come, the last one is given out.
FIRST = {"slow": 1, "empty": 1, "hold": 64, "inflight": 64, "cache_count": 63, "bulk_calls": 1, "bulk_pages": 64}

CASES = {
    "nothing is allocated ahead": ("!", {}, {}),
    "one page": ("A", {}, FIRST),
    "a retry that is not pending does nothing": ("A W", {}, FIRST),
    "a fragment larger than the page is refused": ("A F4097", {}, FIRST),
    "a fragment as large as a high-order page": (
        "F8192",
        {"order": 1},
        {"slow_high_order": 1, "empty": 1, "hold": 1, "inflight": 1, "single_calls": 1, "single_pages": 1},
    ),
    "a put without the right to the cache goes to the ring": (
        "A P0",
        {},
        FIRST | {"ring": 1, "ring_count": 1},
    ),
    "softirq on the NAPI's CPU is direct": ("A N0", {}, FIRST | {"cached": 1, "cache_count": 64}),
    "without a NAPI it is not": ("A N0", {"napi": 0}, FIRST | {"ring": 1, "ring_count": 1}),
    "a reserved page is given up": (
        "A H0 D0",
        {},
        FIRST | {"released_refcnt": 1, "release": 1, "inflight": 63, "freed": 1},
    ),
    "a page that an outsider holds outlives its release": (
        "A G0 R0",
        {},
        FIRST | {"released_refcnt": 1, "release": 1, "inflight": 63},
    ),
    "a page whose reference was dropped by an outsider is not freed twice": (
        "A U0 D0",
        {},
        FIRST | {"released_refcnt": 1, "release": 1, "inflight": 63, "freed": 1},
    ),
    "a reserved page of fragments is given back without a counter when it is full": (
        "F2048*2 H0 D0-1 F2048",
        {},
        FIRST | {"fast": 2, "cache_count": 62, "release": 1, "inflight": 63, "freed": 1},
    ),
    "a reserved page with a fragment out is given up by its last put": (
        "F4096 H0 F4096 D0",
        {},
        FIRST | {"fast": 1, "cache_count": 62, "released_refcnt": 1, "release": 1, "inflight": 63, "freed": 1},
    ),
    "the node of the CPU does not matter to the current page of fragments": (
        "F4096 R0 V1 F4096",
        {},
        FIRST | {"fast": 1},
    ),
    "no preferred node is a change of node": (
        "A M-1",
        {"nid": 0},
        FIRST | {"cache_count": 0, "release": 63, "inflight": 1, "freed": 63},
    ),
    "the same node is none": ("A M0", {"nid": 0}, FIRST),
    "a page of the old node is waived, then the page allocator is asked without counting empty": (
        "A R0 M1 A",
        {"nid": 0},
        {"slow": 2, "empty": 1, "waive": 1, "ring": 1, "hold": 128, "release": 64, "inflight": 64, "freed": 64}
        | {"cache_count": 63, "ring_stale": 1, "bulk_calls": 2, "bulk_pages": 128},
    ),
    "one page is waived per allocation": (
        "A64 R0-63 V1 A2",
        {},
        {"fast": 64, "slow": 2, "empty": 1, "waive": 1, "ring": 64, "ring_count": 63, "ring_stale": 1}
        | {"hold": 128, "release": 1, "inflight": 127, "freed": 1, "cache_count": 62}
        | {"bulk_calls": 2, "bulk_pages": 128},
    ),
    "a failing page allocator counts as empty only": (
        "E1 A",
        {},
        {"empty": 1, "bulk_calls": 1, "allocator_failures": 1},
    ),
    "failures come before the short delivery": (
        "L3 E1 A A",
        {},
        {"slow": 1, "empty": 2, "hold": 3, "inflight": 3, "cache_count": 2, "bulk_calls": 2, "bulk_pages": 3}
        | {"allocator_failures": 1},
    ),
    "a single request fails as well, and is never short": (
        "E1 A L1 A",
        {"order": 1},
        {"slow_high_order": 1, "empty": 2, "hold": 1, "inflight": 1, "single_calls": 2, "single_pages": 1}
        | {"allocator_failures": 1},
    ),
    "operations on a failed handle do nothing": (
        "E1 A D0 N0 R0 P0 B0-0 C0-0 G0 U0 H0",
        {},
        {"empty": 1, "bulk_calls": 1, "allocator_failures": 1},
    ),
    "a bulk put leaves failed handles out": (
        "E1 A A2 C0-2",
        {},
        FIRST
        | {"fast": 1, "empty": 2, "cached": 2, "cache_count": 64, "bulk_calls": 2}
        | {"allocator_failures": 1},
    ),
    "a full ring counts once per bulk put": (
        "A4 B0-3",
        {"pool_size": 1},
        FIRST
        | {"fast": 3, "cache_count": 60, "ring": 1, "ring_count": 1, "ring_full": 1}
        | {"release": 3, "inflight": 61, "freed": 3},
    ),
    "an empty pool is destroyed at once": ("Z", {}, {"destroyed": 1}),
    "a page out delays destruction, a second destroy does nothing": (
        "A Z Z W",
        {},
        FIRST | {"cache_count": 0, "release": 63, "inflight": 1, "freed": 63, "release_retry_pending": 1},
    ),
    "the retry after the last put ends it": (
        "A Z R0 W W",
        {},
        FIRST | {"cache_count": 0, "ring": 1, "ring_stale": 1, "release": 64, "inflight": 0, "freed": 64}
        | {"destroyed": 1},
    ),
    "a destroyed pool has no NAPI": (
        "A Z N0",
        {},
        FIRST | {"cache_count": 0, "ring": 1, "ring_count": 1, "release": 63, "inflight": 1, "freed": 63}
        | {"release_retry_pending": 1},
    ),
    "the cache is emptied once": (
        "A Z D0 W",
        {},
        FIRST | {"cache_count": 1, "cached": 1, "release": 63, "inflight": 1, "freed": 63}
        | {"release_retry_pending": 1},
    ),
    "destruction unmaps what is out and ends syncs": (
        "A Z R0",
        {"flags": 3, "max_len": 1500},
        FIRST | {"cache_count": 0, "ring": 1, "ring_count": 1, "release": 63, "inflight": 1, "freed": 63}
        | {"dma_maps": 64, "dma_unmaps": 64, "dma_syncs": 64, "dma_sync_bytes": 96000, "release_retry_pending": 1},
    ),
    "a put that is given up for its reference is not synced": (
        "A2 G0 R0 R1",
        {"flags": 3},
        FIRST | {"fast": 1, "cache_count": 62, "ring": 1, "ring_count": 1, "released_refcnt": 1, "release": 1}
        | {"inflight": 63, "dma_maps": 64, "dma_unmaps": 1, "dma_syncs": 65, "dma_sync_bytes": 65 * 4096},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("ops", "params", "want"), CASES.values(), ids=CASES.keys())
def test_case_by_hand(ops: str, params: dict[str, int], want: dict[str, int]) -> None:
    assert final(ops, **params) == {key: value for key, value in want.items() if value}


def test_cache_is_a_stack_and_ring_a_queue() -> None:
    assert serials("A3") == [63, 62, 61]
    assert serials("A3 D0-2 A2")[3:] == [61, 62]
    # A refill pushes oldest first and pops newest first: the last one put comes out first.
    assert serials("A64 R0-63 A64")[64:] == list(range(64))
    assert serials("A64 R63-0 A64")[64:] == list(range(63, -1, -1))


def test_fragments_lie_side_by_side() -> None:
    assert answer("F1000 F1001 F3000").handles.tolist() == [[63, 0], [63, 1000], [62, 0]]
    assert answer("F1 F9 F1").handles.tolist() == [[63, 0], [63, 8], [63, 24]]


def test_hash_by_hand() -> None:
    ops = "E1 A A F8"
    handles = answer(ops).handles
    assert handles.tolist() == [[-1, 0], [63, 0], [62, 0]]
    after_page = (0 * 1000003 + 64) % (2**61 - 1)
    after_fragment = (after_page * 1000003 + 63) % (2**61 - 1)
    assert handle_hash(handles, fragment_handles(encode(ops)[0])) == after_fragment * 1000003 % (2**61 - 1)


@pytest.mark.parametrize(
    ("params", "errno"),
    [
        ({"flags": 1}, 0),
        ({"flags": 3}, 0),
        ({"flags": 2}, -22),
        ({"flags": 3, "max_len": 0}, -22),
        ({"flags": 1, "max_len": 0}, 0),
        ({"flags": 1 << 20}, -22),
    ],
)
def test_create(params: dict[str, int], errno: int) -> None:
    assert answer("A", **params).create_errno == errno


@pytest.mark.parametrize(("asked", "slots"), [(0, 1024), (1, 1), (16384, 16384), (16385, 16384), (100_000, 16384)])
def test_ring_size(asked: int, slots: int) -> None:
    assert answer("", pool_size=asked).totals["ring_size"] == slots
