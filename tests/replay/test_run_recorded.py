# SPDX-License-Identifier: MIT
"""The page_pool code against the kernel's recorded answers; a difference is found and named."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sweep.replay.run import TraceDifference, differences, plain_kernel, run
from sweep.replay.trace import COLUMNS, Trace, read_trace
from tests.replay.traces import LINES, TRACES, row


def test_there_are_95_traces() -> None:
    assert len(TRACES) == 95


@pytest.mark.parametrize("recorded", TRACES, ids=lambda each: each.id)
def test_compiled_code_equals_the_kernel(recorded: Trace) -> None:
    assert differences(recorded, run(recorded)) == []


@pytest.mark.parametrize("recorded", [each for each in TRACES if each.operations <= 700], ids=lambda each: each.id)
def test_plain_python_equals_the_kernel(recorded: Trace) -> None:
    assert differences(recorded, run(recorded, plain_kernel())) == []


@pytest.mark.parametrize("line", LINES, ids=lambda line: json.loads(line)["id"])
def test_conservation_laws(line: str) -> None:
    """SEMANTICS.md section 10, at every snapshot of our own answer."""
    recorded = read_trace(line)
    got = run(recorded)
    has_destroy = ord("Z") in recorded.ops[:, 0]
    for shot in got.shots.tolist():
        s = dict(zip(COLUMNS, shot, strict=True))
        assert s["hold"] == s["bulk_pages"] + s["single_pages"]
        assert s["inflight"] == s["hold"] - s["release"]
        assert s["cache_count"] + s["ring_count"] <= s["inflight"]
        assert s["cache_count"] <= 128
        assert s["ring_count"] + s["ring_stale"] <= got.totals["ring_size"]
        assert s["freed"] <= s["release"]
        assert s["slow"] <= s["bulk_calls"]
        assert s["slow_high_order"] == s["single_pages"]
        calls = s["bulk_calls"] + s["single_calls"]
        assert s["slow"] + s["slow_high_order"] <= calls <= s["empty"] + s["waive"]
        if recorded.params.flags & 1 and not has_destroy:
            assert s["dma_maps"] - s["dma_unmaps"] == s["inflight"]
    if recorded.create_errno == 0:
        assert got.totals["alloc_ok"] == s["fast"] + s["refill"] + s["slow"] + s["slow_high_order"]
        letters = {chr(code) for code in recorded.ops[:, 0].tolist()}
        if letters <= set("ADNRPGUH!"):
            spans = [abs(int(b - a)) + 1 for code, a, b in recorded.ops if chr(code) in "DNRP"]
            assert sum(spans) == s["cached"] + s["ring"] + s["ring_full"] + s["released_refcnt"]
            assert s["inflight"] == s["cache_count"] + s["ring_count"] + len(got.handles) - sum(spans)


@pytest.mark.parametrize("index", [19, 28, 84, 88])
def test_recorded_operation_counts(index: int) -> None:
    recorded = json.loads(LINES[index])
    assert TRACES[index].operations == recorded["expected"]["n_ops"]


# What differs is found and named.


def found(changed: dict[str, Any]) -> list[TraceDifference]:
    recorded = read_trace(json.dumps(changed))
    return differences(recorded, run(recorded))


def test_a_wrong_snapshot_is_named() -> None:
    changed = row(19)
    changed["expected"]["snapshots"][2][COLUMNS.index("ring_full")] += 7
    true = row(19)["expected"]["snapshots"][2][COLUMNS.index("ring_full")]
    assert found(changed) == [TraceDifference("snapshots[2]", "ring_full", true + 7, true)]


@pytest.mark.parametrize("column", COLUMNS)
def test_every_column_of_the_final_state_is_compared(column: str) -> None:
    changed = row(91)
    changed["expected"]["final"][column] += 1
    assert [each[:2] for each in found(changed)] == [("final", column)]


@pytest.mark.parametrize(
    "total", ["handle_hash", "alloc_ok", "allocator_failures", "release_retry_pending", "ring_size", "ring_batch"]
)
def test_every_total_is_compared(total: str) -> None:
    changed = row(19)
    changed["expected"][total] += 1
    assert [each[:2] for each in found(changed)] == [("totals", total)]


def test_a_wrong_handle_is_named() -> None:
    changed = row(40)
    changed["expected"]["handles"][3][1] += 8
    assert [each[:2] for each in found(changed)] == [("handles[3]", "offset")]


def test_a_missing_snapshot_is_noticed() -> None:
    changed = row(19)
    del changed["expected"]["snapshots"][-1]
    assert [each[:2] for each in found(changed)] == [("totals", "snapshots")]


def test_a_pool_that_should_not_have_been_created() -> None:
    changed = row(64)
    changed["params"]["flags"] = 3
    assert found(changed) == [TraceDifference("create", "create_errno", -22, 0)]


def test_another_operation_is_noticed() -> None:
    changed = row(19)
    changed["ops"] = changed["ops"].replace("R10-12", "R12-10")  # the same pages in another order
    assert changed["ops"] != row(19)["ops"]
    assert {each.where for each in found(changed)} <= {"totals"} | {f"handles[{i}]" for i in range(277)}
    assert ("totals", "handle_hash") in [each[:2] for each in found(changed)]
