# SPDX-License-Identifier: MIT
"""Traces of other kernels than 6.12.117: equal with the rules of their own release, different with its rules."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sweep.fields.release import Release
from sweep.model.kernel.releases import ReleaseError, RulesError
from sweep.replay.kernel import trace_kernel
from sweep.replay.run import differences, plain_kernel, run
from sweep.replay.trace import COLUMNS, COUNTER_COLUMNS, Trace, TraceError, read_trace
from tests.replay.traces import KERNELS, row, trace

LINES = KERNELS.read_text(encoding="utf-8").splitlines()


def test_every_kernel_has_traces() -> None:
    found = {json.loads(line)["kernel"].removeprefix("linux ") for line in LINES}
    assert found == {
        *("6.1.192", "6.6.57", "6.14.0", "6.18.2", "7.1.5", "7.3.4"),
        "7.3.4, pages of 65536 bytes",
    }


@pytest.mark.parametrize("line", LINES, ids=lambda line: json.loads(line)["id"])
def test_compiled_code_equals_its_kernel_and_differs_from_6_12_117(line: str) -> None:
    recorded = read_trace(line)
    assert differences(recorded, run(recorded)) == []
    as_6_12 = read_trace(line, trace_kernel("6.12.117"))
    assert differences(as_6_12, run(as_6_12)) != []


@pytest.mark.parametrize("line", LINES, ids=lambda line: json.loads(line)["id"])
def test_plain_python_equals_its_kernel(line: str) -> None:
    recorded = read_trace(line)
    if recorded.operations <= 700:
        assert differences(recorded, run(recorded, plain_kernel())) == []


@pytest.mark.parametrize(
    ("text", "release", "page_bytes"),
    [
        ("linux 6.12.117 (Debian linux-source-6.12 6.12.117-1~deb12u1)", "6.12.117", 4096),
        ("linux 6.1.192-2", "6.1.192", 4096),
        ("linux 7.3.4-1~bpo13+1", "7.3.4", 4096),
        ("linux 7.3.4, pages of 65536 bytes", "7.3.4", 65536),
        ("7.3.4-16k", "7.3.4", 16384),
        ("linux 7.3.4-64k", "7.3.4", 65536),
        ("linux 6.8.0-rt8, pages of 16384 bytes", "6.8", 16384),
        ("4.11-rc1", "4.11-rc1", 4096),
        ("v5.15", "5.15", 4096),
    ],
)
def test_texts_that_name_a_kernel(text: str, release: str, page_bytes: int) -> None:
    found = trace_kernel(text)
    assert (str(found.release), found.page_bytes) == (release, page_bytes)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("freebsd 14.1", "is no release of Linux such as"),
        ("linux 6", "is no release of Linux such as"),
        ("6.12.117.1", "is no release of Linux such as"),
        ("", "is no release of Linux such as"),
        ("linux 4.5.1", "is older than the oldest rules known here, those of 4.6"),
        ("7.3.4-5k", "has pages of 5,120 bytes"),
        ("7.3.4, pages of 512 bytes", "has pages of 512 bytes"),
    ],
)
def test_texts_that_name_no_kernel(text: str, reason: str) -> None:
    with pytest.raises(ReleaseError, match=reason):
        trace_kernel(text)
    with pytest.raises(TraceError, match=f'"kernel": ".*" {reason}'):
        read_trace(json.dumps(row(0) | {"kernel": text}))


def test_a_trace_that_names_no_kernel_is_of_6_12_117() -> None:
    named = row(0)
    del named["kernel"]
    assert read_trace(json.dumps(named)).kernel.release == Release(6, 12, patch=117)
    with pytest.raises(TraceError, match='"kernel" must be a string'):
        read_trace(json.dumps(row(0) | {"kernel": 6.12}))


# Kernels before 5.18 had no counters: their books and the identity of their pages are compared.


def without_counters(kernel: str, **changes: Any) -> Trace:
    """A recorded trace as an older kernel would record it: no eleven counters."""
    recorded = row(19) | {"kernel": kernel, **changes}
    for shot in recorded["expected"]["snapshots"]:
        shot[: len(COUNTER_COLUMNS)] = [0] * len(COUNTER_COLUMNS)
    recorded["expected"]["final"] |= dict.fromkeys(COUNTER_COLUMNS, 0)
    return read_trace(json.dumps(recorded))


@pytest.mark.parametrize("kernel", ["linux 5.15.135", "5.17"])
def test_counters_that_a_kernel_does_not_have_are_not_compared(kernel: str) -> None:
    recorded = without_counters(kernel)
    assert not recorded.has_counters
    assert differences(recorded, run(recorded)) == []
    final = (*recorded.final[:12], recorded.final[12] + 1, *recorded.final[13:])
    changed = Trace(**{name: getattr(recorded, name) for name in Trace.__slots__} | {"final": final})
    assert [each.column for each in differences(changed, run(changed))] == [COLUMNS[12]]


def test_counters_are_compared_from_5_18_on_and_where_the_row_has_them() -> None:
    assert without_counters("5.18").has_counters
    assert differences(without_counters("5.18"), run(without_counters("5.18"))) != []
    assert not without_counters("6.1.192", counters="none").has_counters
    assert not read_trace(json.dumps(row(19)), trace_kernel("5.15.135")).has_counters


def test_without_bulk_requests_a_page_is_a_request_and_the_cache_stays_empty() -> None:
    """5.10: one request a page, straight to the caller; refills and direct puts are what they are later."""
    got = run(trace("A70 ! R0-39 A10 !", "5.10.223"), plain_kernel())
    first, second = ({name: shot[COLUMNS.index(name)] for name in COLUMNS} for shot in got.shots.tolist()[:2])
    assert (first["single_calls"], first["single_pages"], first["bulk_calls"], first["bulk_pages"]) == (70, 70, 0, 0)
    assert (first["hold"], first["inflight"], first["cache_count"]) == (70, 70, 0)
    assert (second["single_calls"], second["cache_count"], second["ring_count"]) == (70, 30, 0)
    assert got.handles[:, 0].tolist()[70:] == [*range(39, 29, -1)]


def test_pools_that_are_too_large_were_refused_before_the_clamp() -> None:
    for kernel, errno, slots in (("6.14.0", -7, 0), ("6.12.57", -7, 0), ("6.12.58", 0, 16384), ("6.18", 0, 16384)):
        got = run(trace("A1", kernel, pool_size=32769), plain_kernel())
        assert (got.create_errno, got.totals.get("ring_size", 0)) == (errno, slots), kernel
    assert run(trace("A1", "6.14.0", pool_size=32768), plain_kernel()).totals["ring_size"] == 32768


def test_one_rule_is_changed_and_rules_that_contradict_each_other_are_refused() -> None:
    line = json.dumps(row(0) | {"ops": "A2 N0 !", "kernel": "6.12.117"})
    shots = {on: run(read_trace(line, None, {"pool_locality": on}), plain_kernel()).shots[0] for on in (True, False)}
    assert [shots[on][COLUMNS.index("ring")] for on in (True, False)] == [0, 1]
    with pytest.raises(RulesError, match="cache_by_page_size needs pool_bulk, which is set off"):
        read_trace(line, trace_kernel("7.3"), {"pool_bulk": False})
