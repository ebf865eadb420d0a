# SPDX-License-Identifier: MIT
"""Recorded page_pool traces: one JSON object per line, read and checked, operations encoded for the replay.

A trace is what a driver did with one pool, and the results of the kernel's own code: eleven counters and the page
counts of pool and page allocator at each snapshot, and a hash of which page each handle got.  The format is described
in tests/golden/page_pool/FORMAT.md.  It leaves two things open, which are read as follows: a later E or L replaces an
earlier one, and a request that L cuts to nothing does not count as a failure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from sweep.model.kernel.releases import ReleaseError

from .kernel import DEFAULT, STATISTICS, TraceKernel, trace_kernel

COUNTER_COLUMNS = (
    *("fast", "slow", "slow_high_order", "empty", "refill", "waive"),
    *("cached", "cache_full", "ring", "ring_full", "released_refcnt"),
)
# The columns of a snapshot, in order: the kernel's eleven counters, then page counts.
COLUMNS = (
    *COUNTER_COLUMNS,
    *("hold", "release", "inflight", "cache_count", "ring_count", "ring_stale"),
    *("bulk_calls", "bulk_pages", "single_calls", "single_pages", "freed"),
    *("dma_maps", "dma_unmaps", "dma_syncs", "dma_sync_bytes", "destroyed"),
)

# Totals that `expected` may give beside `final`; the first one must be there.
TOTALS = (
    "handle_hash",
    "n_handles",
    "alloc_ok",
    "allocator_failures",
    "release_retry_pending",
    "ring_size",
    "ring_batch",
)

NO_CHANGES: Mapping[str, bool] = MappingProxyType({})
MOST_HANDLES = 1_000_000  # a page table has 64 entries for each
MOST = 999_999_999  # largest number in a token

RANGE_OPS = "DNRPBCGUH"
_NUMBER = "([0-9]{1,9})"
_GRAMMAR = {
    "A": re.compile(f"{_NUMBER}?"),
    "F": re.compile(rf"{_NUMBER}(?:\*{_NUMBER})?"),
    **dict.fromkeys(RANGE_OPS, re.compile(f"{_NUMBER}(?:-{_NUMBER})?")),
    **dict.fromkeys("VEL", re.compile(_NUMBER)),
    "M": re.compile("(-1|[0-9]{1,9})"),
    **dict.fromkeys("ZW!", re.compile("")),
}
_SHAPES = {
    "A": "A or A<n>",
    "F": "F<bytes> or F<bytes>*<n>",
    "M": "M<node>, -1 for none",
    **{op: f"{op}<handle> or {op}<first>-<last>" for op in RANGE_OPS},
    **{op: f"{op}<n>" for op in "VEL"},
    **{op: op for op in "ZW!"},
}

# Parameter, smallest and largest value.
_PARAMS = {
    "pool_size": (0, 2**32 - 1),
    "flags": (0, 2**32 - 1),
    "order": (0, 10),
    "nid": (-1, 1023),
    "numa_node": (0, 1023),
    "napi": (0, 1),
    "max_len": (0, 2**32 - 1),
}


class TraceError(ValueError):
    """A line is not a valid trace.  `column`: position in the line, from 1, if known."""

    def __init__(self, message: str, column: int | None = None) -> None:
        super().__init__(message)
        self.column = column


class TraceParams(NamedTuple):
    """The parameters with which the driver creates the pool."""

    pool_size: int  # slots asked for; 0: not set
    flags: int  # 1 DMA map, 2 DMA sync for the device
    order: int
    nid: int  # -1: no preference
    numa_node: int  # node of the allocating CPU at the start
    napi: int  # 1: tied to a NAPI that runs on CPU 0
    max_len: int  # bytes of a DMA sync


@dataclass(frozen=True, slots=True)
class Trace:
    """One trace, checked."""

    id: str
    kernel: TraceKernel  # that of the replay: the recorded one unless another is asked for
    has_counters: bool  # whether the recorded kernel had the eleven counters: if not, they are not compared
    params: TraceParams
    ops: np.ndarray  # (operations, 3) int64: letter, first number, second number
    operations: int  # as recorders count them: one per page, fragment or handle, none for !, E and L
    handles: int  # handles that the operations consume
    snapshots: int  # snapshots that they take
    create_errno: int  # expected from here on
    shots: tuple[tuple[int, ...], ...]
    final: tuple[int, ...]
    totals: tuple[tuple[str, int], ...]  # those of TOTALS that are given
    handle_list: tuple[tuple[int, int], ...] | None  # serial (-1: failed) and offset of each handle, if given


def read_trace(line: str, kernel: TraceKernel | None = None, changes: Mapping[str, bool] = NO_CHANGES) -> Trace:
    """The trace on one line of a trace file, to be replayed as on `kernel`, by default its own.

    changes: rules to put in force (True) or out of force (False).  Errors: TraceError; RulesError if the rules then
    contradict each other.
    """
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise TraceError(f"not JSON: {error.msg}", error.pos + 1) from None
    except RecursionError:
        raise TraceError("not a trace: nested too deeply") from None
    except ValueError as error:  # an integer of more than 4,300 digits
        raise TraceError(f"not a trace: {error}") from None
    if not isinstance(row, dict):
        raise TraceError(f'a trace is an object, not "{_short(row)}"')
    trace_id = _get(row, "id", str)
    if not trace_id.isprintable() or not trace_id:
        raise TraceError(f'"id" must be printable text, not "{_short(trace_id)}"')
    recorded = _kernel(row)
    replayed = (kernel or recorded).with_rules(changes)
    has_counters = all(STATISTICS in each.rules for each in (recorded, replayed)) and row.get("counters", True) is True
    params = _params(_get(row, "params", dict))
    ops, handles, snapshots = encode(_get(row, "ops", str))
    expected = _get(row, "expected", dict)
    errno = _integer(expected, "create_errno", "expected")
    shots: tuple[tuple[int, ...], ...] = ()
    final: tuple[int, ...] = ()
    totals: tuple[tuple[str, int], ...] = ()
    handle_list = None
    if errno == 0:
        shots = _rows(expected, "snapshots", len(COLUMNS))
        final = _final(_get(expected, "final", dict, "expected"))
        total_names = [key for key in TOTALS if key in expected or key == TOTALS[0]]
        totals = tuple((key, _integer(expected, key, "expected")) for key in total_names)
        if "handles" in expected:
            handle_list = tuple((pair[0], pair[1]) for pair in _rows(expected, "handles", 2))
    return Trace(
        trace_id,
        replayed,
        has_counters,
        params,
        ops,
        _operations(ops),
        handles,
        snapshots,
        errno,
        shots,
        final,
        totals,
        handle_list,
    )


def _kernel(row: dict[str, Any]) -> TraceKernel:
    """The kernel that a row names; DEFAULT if it names none.  Errors: TraceError."""
    text = _get(row, "kernel", str) if "kernel" in row else DEFAULT
    try:
        return trace_kernel(text)
    except ReleaseError as error:
        raise TraceError(f'"kernel": "{_short(text)}" {error}') from None


def encode(text: str) -> tuple[np.ndarray, int, int]:
    """Operations as an (n, 3) int64 array (letter, first, second number), handles consumed, snapshots taken.

    Errors: TraceError for a token that is not understood, or a handle that does not exist yet.
    """
    rows: list[tuple[int, int, int]] = []
    handles = snapshots = 0
    for index, token in enumerate(text.split(), 1):
        op = token[0]
        if op not in _GRAMMAR:
            raise TraceError(f'ops token {index} "{_short(token)}" is not known; known: {" ".join(_GRAMMAR)}')
        match = _GRAMMAR[op].fullmatch(token[1:])
        if match is None:
            shape = f"{_SHAPES[op]}, numbers up to {MOST:,}"
            raise TraceError(f'ops token {index} "{_short(token)}" is not understood; expected {shape}')
        first, second = _numbers(op, match)
        if op in RANGE_OPS and max(first, second) >= handles:
            raise TraceError(
                f'ops token {index} "{token}": handle {max(first, second)} does not exist yet, there are {handles}'
            )
        handles += {"A": first, "F": second}.get(op, 0)
        if handles > MOST_HANDLES:
            raise TraceError(f'ops token {index} "{token}": more than {MOST_HANDLES:,} handles')
        snapshots += op == "!"
        rows.append((ord(op), first, second))
    return np.array(rows, np.int64).reshape(-1, 3), handles, snapshots


def _numbers(op: str, match: re.Match[str]) -> tuple[int, int]:
    """The two numbers of a token: A count; F size and count; ranges first and last; else the number itself."""
    groups = [None if group is None else int(group) for group in match.groups()] + [None, None]
    first, second = groups[0], groups[1]
    if op == "A":
        return (1 if first is None else first), 0
    if first is None:
        return 0, 0
    if op == "F":
        return first, (1 if second is None else second)
    return first, (first if second is None else second)


def _operations(ops: np.ndarray) -> int:
    """Number of operations, counted as recorders do: one per page, fragment or handle, none for !, E and L."""
    count = 0
    for code, first, second in ops.tolist():
        op = chr(code)
        count += {"A": first, "F": second, "!": 0, "E": 0, "L": 0}.get(op, 1)
        count += abs(second - first) if op in RANGE_OPS else 0
    return count


def _short(value: object) -> str:
    text = "".join(char if char.isprintable() else "?" for char in str(value))
    return text if len(text) <= 40 else text[:37] + "..."


def _get(row: dict[str, Any], key: str, kind: type, where: str = "") -> Any:
    """`row[key]`, which must be of type `kind`.  Errors: TraceError."""
    path = f"{where}.{key}" if where else key
    if key not in row:
        raise TraceError(f'"{path}" is missing')
    if not isinstance(row[key], kind):
        nouns: dict[type, str] = {str: "a string", dict: "an object", list: "a list"}
        raise TraceError(f'"{path}" must be {nouns[kind]}, not "{_short(row[key])}"')
    return row[key]


def _integer(row: dict[str, Any], key: str, where: str) -> int:
    if key not in row:
        raise TraceError(f'"{where}.{key}" is missing')
    if type(row[key]) is not int or abs(row[key]) >= 2**63:
        raise TraceError(f'"{where}.{key}" must be a 64-bit integer, not "{_short(row[key])}"')
    return int(row[key])


def _params(row: dict[str, Any]) -> TraceParams:
    unknown = sorted(set(row) - set(_PARAMS))
    if unknown:
        raise TraceError(f'"params.{_short(unknown[0])}" is not known; known: {", ".join(_PARAMS)}')
    values = {}
    for key, (low, high) in _PARAMS.items():
        values[key] = _integer(row, key, "params")
        if not low <= values[key] <= high:
            raise TraceError(f'"params.{key}" must be {low} to {high}, not "{values[key]}"')
    return TraceParams(**values)


def _final(row: dict[str, Any]) -> tuple[int, ...]:
    unknown = sorted(set(row) - set(COLUMNS))
    if unknown:
        raise TraceError(f'"expected.final.{_short(unknown[0])}" is not known; known: {", ".join(COLUMNS)}')
    return tuple(_integer(row, key, "expected.final") for key in COLUMNS)


def _rows(expected: dict[str, Any], key: str, width: int) -> tuple[tuple[int, ...], ...]:
    """`expected[key]`, which must be a list of lists of `width` integers.  Errors: TraceError."""
    rows = _get(expected, key, list, "expected")
    for index, row in enumerate(rows):
        if not isinstance(row, list) or len(row) != width:
            raise TraceError(f'"expected.{key}[{index}]" must be a list of {width} integers, not "{_short(row)}"')
        for column, value in enumerate(row):
            if type(value) is not int or abs(value) >= 2**63:
                raise TraceError(f'"expected.{key}[{index}][{column}]" must be an integer, not "{_short(value)}"')
    return tuple(tuple(row) for row in rows)
