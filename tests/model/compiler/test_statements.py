# SPDX-License-Identifier: MIT
"""Statements, arrays and calls of device code: compiled, they do what plain Python does."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest

from sweep.fields.field import Field
from sweep.model.compiler.jit import device, out_of_line
from sweep.model.compiler.kernel import Kernel
from sweep.model.record import zeros

LOW, HIGH = -(1 << 63), (1 << 63) - 1
SQUARES = np.array([n * n for n in range(16)], np.int64)
EVENS = (2, 4, 6)


def both(fn: Callable[..., Any], *arguments: Any) -> tuple[Any, Any]:
    """What a function returns compiled, and as plain Python."""
    return Kernel(fn, {}, "")(*arguments), fn(*arguments)


@device
def ways(a: int, b: int) -> int:
    if a > b:
        result = 1
    elif a == b and a != 3:
        result = 2
    elif 0 <= a < b <= 10:
        result = 3
    elif not a & 1 or b in EVENS:
        result = 4
    else:
        result = 5 if b not in (1, 3) else 6
    return result + (a > 4) + (1 if a & 2 else 0)


def test_conditions() -> None:
    compiled = Kernel(ways, {}, "")
    for a, b in itertools.product(range(-2, 12), repeat=2):
        assert compiled(a, b) == ways(a, b)


@device
def noted(log: np.ndarray, value: int, answer: bool) -> bool:
    log[log[0]] = value
    log[0] += 1
    return answer


@device
def short(log: np.ndarray, a: bool, b: bool) -> bool:
    c = noted(log, 1, a) and noted(log, 2, b)
    return noted(log, 3, b) or noted(log, 4, c)


@device
def order(log: np.ndarray, n: int) -> int:
    """The old value is read before the right side is evaluated, and that before the target's index is."""
    log[0] += 2 + np.int64(noted(log, 1, True))
    log[1 + np.int64(noted(log, 2, False))] = log[0]
    return n - 1 if noted(log, 3, n > 0) else 0


def test_the_order_of_evaluation() -> None:
    for fn, rest in ((order, (3,)), (order, (-3,)), *((short, (a, b)) for a in (False, True) for b in (False, True))):
        logs = [np.array([1] + [0] * 20, np.int64) for _ in range(2)]
        assert Kernel(fn, {}, "")(logs[0], *rest) == fn(logs[1], *rest)
        assert logs[0].tolist() == logs[1].tolist()


@device
def loops(n: int, step: int) -> tuple[int, int, int]:
    total, last, rounds = 0, -1, 0
    for i in range(n):
        if i % 5 == 3:
            continue
        total += i
        for k in range(i, n + 3, 2):
            if k > 20:
                break
            total ^= k
    for i in range(n, -n, step):
        last = i
        i = 1000
        rounds += i
    while True:
        n -= 1
        if n < 0 or rounds > 1_000_000:
            break
        while n > 7:
            n -= 3
            total += n
    return total, last, rounds


def test_loops() -> None:
    compiled = Kernel(loops, {}, "")
    for n in (-5, 0, 1, 2, 9, 30):
        for step in (-3, -1, 1, 4):
            assert compiled(n, step) == loops(n, step), (n, step)


@device
def near_the_end(first: int, last: int) -> int:
    rounds = 0
    for _ in range(first, last, 1 << 62):
        rounds += 1
    for _ in range(last - 2, last):
        rounds += 1
    return rounds


def test_a_range_that_ends_with_the_largest_number() -> None:
    for arguments in ((LOW, HIGH), (0, HIGH), (HIGH - 1, HIGH), (5, 5)):
        compiled, plain = both(near_the_end, *arguments)
        assert compiled == plain


class Inner(NamedTuple):
    counts: np.ndarray  # (L, 2)


class Arrays(NamedTuple):
    state: np.recarray
    cells: np.recarray
    inner: Inner
    cube: np.ndarray
    keys: np.ndarray


STATE = (Field("a", "1", ""), Field("key", "1", "", dtype="u8"), Field("b", "1", ""))


def some() -> Arrays:
    cells = np.zeros((3, 4), zeros(STATE, 1).dtype).view(np.recarray)
    cells.b = np.arange(12).reshape(3, 4)
    return Arrays(
        zeros(STATE, 3),
        cells,
        Inner(np.arange(6).reshape(3, 2)),
        np.arange(24).reshape(2, 3, 4),
        np.array([3, 1 << 63], np.uint64),
    )


@device
def swap(inner: Inner, lane: int) -> tuple[int, int]:
    counts = inner.counts
    return counts[lane, 1], counts[lane, 0]


@device
@out_of_line
def touch(arrays: Arrays, lane: int) -> None:
    st = arrays.state[lane]
    st.a += 5
    st.key = arrays.keys[1] ^ arrays.keys[0]
    st.b = arrays.cube[1, lane, 3] > 3
    cell = arrays.cells[lane, 0]
    for i in range(arrays.cells.shape[1]):
        cell = arrays.cells[lane, i]
        cell.a = cell.b * 2 + SQUARES[i]
    cell.b -= 1
    arrays.cells[lane, 1] = 0
    row = arrays.cube[1, lane]
    row[2] = row[1] + arrays.cube.shape[2]
    arrays.inner.counts[lane, 0], arrays.inner.counts[lane, 1] = swap(arrays.inner, lane)


@device
def touch_all(arrays: Arrays) -> int:
    for lane in range(arrays.state.shape[0]):
        touch(arrays, lane)
    pass
    return arrays.cells.shape[0]


def values(arrays: Any) -> Iterator[Any]:
    for part in arrays:
        if isinstance(part, tuple):
            yield from values(part)
        else:
            yield part.tolist()


def test_arrays_records_and_tuples() -> None:
    compiled, plain = some(), some()
    assert Kernel(touch_all, {}, "")(compiled) == touch_all(plain)
    assert list(values(compiled)) == list(values(plain))
    assert list(values(compiled)) != list(values(some()))


@device
def hole(a: int) -> int:
    raise NotImplementedError


@device
def twice(a: int) -> int:
    return a * 2


@device
def with_hole(a: int) -> int:
    return hole(a) + 1


def test_a_hole_is_filled_by_name() -> None:
    assert Kernel(with_hole, {"hole": twice}, "")(4) == 9


def test_one_kernel_takes_arrays_of_any_size_and_other_types_again() -> None:
    @device
    def total(array: np.ndarray) -> int:
        result = 0
        for i in range(array.shape[0]):
            result += np.int64(array[i])
        return result

    kernel = Kernel(total, {}, "")
    assert [kernel(np.arange(n)) for n in (0, 1, 10)] == [0, 0, 45]
    assert kernel(np.arange(4, dtype=np.uint64)) == 6


def test_arrays_that_a_kernel_does_not_take() -> None:
    kernel = Kernel(noted, {}, "")
    array = np.zeros(20, np.int64)
    with pytest.raises(ValueError, match="C-contiguous"):
        kernel(array[::2], 1, True)
    with pytest.raises(TypeError, match="is no array"):
        kernel([0, 1], 1, True)

    @device
    def two(a: np.ndarray, b: np.ndarray) -> int:
        a[0] = 1
        b[0] = 2
        return a[0]

    assert Kernel(two, {}, "")(array[:5], array[5:]) == 1
    with pytest.raises(ValueError, match="share memory"):
        Kernel(two, {}, "")(array[:6], array[5:])
