# SPDX-License-Identifier: MIT
"""What device code may not say is refused, with its place and what to write instead."""

from __future__ import annotations

import linecache
import re
from collections.abc import Callable
from itertools import count
from typing import Any

import numpy as np
import pytest

from sweep.model.compiler.jit import device
from sweep.model.compiler.kernel import Kernel
from sweep.model.compiler.source import KernelError

numbers = count()


def defined(source: str, **more: Any) -> Callable[..., Any]:
    """The last function of a source that no file has, marked as device code, as are all others in it."""
    file = f"made-{next(numbers)}.py"
    linecache.cache[file] = len(source), None, source.splitlines(keepends=True), file
    scope: dict[str, Any] = {"np": np, "device": device, **more}
    exec(compile(source, file, "exec", dont_inherit=True), scope)
    functions = [value for value in scope.values() if getattr(value, "__code__", None) and value is not device]
    return [function for function in functions if function.__code__.co_filename == file][-1]


def one(body: str, parameters: str = "a: int, b: int, u: np.uint64, v: np.ndarray", result: str = "int") -> str:
    """A function of one line."""
    return f"@device\ndef f({parameters}) -> {result}:\n    {body}\n"


ARGUMENTS = (1, 2, np.uint64(3), np.zeros(4, np.int64))

REFUSED = [
    ("return a / b", 12, '"a / b" is no integer arithmetic'),
    ("return a ** b", 12, '"a ** b" is no integer arithmetic'),
    ("return 1.5", 12, "is of type float"),
    ("return a + u", 12, "mixes int64 and uint64"),
    ("return a if a < u else b", 17, "compares int64 with uint64"),
    ("return (a > b) + (b > a)", 12, "two bools"),
    ("return a or b", 12, '"a" is a number, and `and` or `or` would return it'),
    ("return -(a > b)", 12, "arithmetic on a bool"),
    ("return -u", 12, "negative of an unsigned number"),
    ("return v[-1]", 14, "counts from the end"),
    ("return v[0, 1]", 12, "more indices"),
    ("return v[0:1]", 14, "is a slice"),
    ("return v.shape[1]", 12, "no dimension of this array"),
    ("return v.sum()", 12, "calls what device code does not know"),
    ("return v.size", 12, "is an attribute of an array"),
    ("return v", 5, "returns (something else)"),
    ("return len(v)", 12, "calls what device code does not know"),
    ("return [a, b]", 12, "(List)"),
    ("return (lambda: a)()", 12, "calls what device code does not know"),
    ("return f'{a}'", 12, "(JoinedStr)"),
    ("return (c := a)", 13, "(NamedExpr)"),
    ("return a is b", 12, "no comparison of numbers"),
    ("return a in b", 12, "in what is no tuple"),
    ("return missing", 12, "is not defined"),
    ("return 1 << 70 if a else 9223372036854775808", 30, "no int64"),
    ("return a > b", 5, "returns (bool)"),
    ("return a, b", 5, "returns (int64, int64)"),
    ("return", 5, "returns ()"),
    ("return f(a, b, u, v)", 12, "no recursion"),
    ("return min(a, u)", 12, "numbers of one type"),
    ("return int(u)", 12, "integer without end"),
    ("return max(a, key=b)", 12, "arguments by name"),
    ("a = 1", 1, "may end without a return"),
    ("a += 1.5; return a", 10, "float"),
    ("c = a > b; c = a; return 1", 16, 'makes "c" int64, and before it is bool'),
    ("c = d = a; return c", 5, "several names"),
    ("c, d = a, b, a; return c", 5, "takes 2 values"),
    ("c: int; return 1", 5, "has no value"),
    ("a; return 1", 5, "does nothing"),
    ("v = v; return 1", 5, "a second value"),
    ("v[0] = u; return 1", 5, "is int64 and is given uint64"),
    ("del a", 5, "(Delete)"),
    ("assert a; return 1", 5, "(Assert)"),
    ("raise ValueError", 5, "cannot raise"),
    ("return 1; a = 2", 15, "never reached"),
    ("import os; return 1", 5, "(Import)"),
    ("global g; return 1", 5, "(Global)"),
    ("for i in v: a += i", 14, "no range"),
    ("for i in range(1, 2, 0): a += i", 14, "the step 0"),
    ("for i, j in range(2): a += i", 5, "no plain loop"),
]


@pytest.mark.parametrize(("body", "column", "problem"), REFUSED, ids=[body for body, _, _ in REFUSED])
def test_it_is_refused_where_it_is(body: str, column: int, problem: str) -> None:
    with pytest.raises(KernelError) as caught:
        Kernel(defined(one(body)), {}, "")(*ARGUMENTS)
    line = 2 if column == 1 else 3
    assert re.match(rf"made-\d+\.py:{line}:{column}: ", str(caught.value)), caught.value
    assert problem in str(caught.value)


BLOCKS = {
    "if a:\n        c = 1\n    return c": '"c" may have no value here',
    "while a > 5:\n        c = 1\n        a -= 1\n    return c": '"c" may have no value here',
    "for i in range(a):\n        b += i\n    return i": '"i" may have no value here',
    "while a > 5:\n        a -= 1\n    else:\n        a = 1\n    return a": "loops have none",
    "if a:\n        return 1": "may end without a return",
    "try:\n        a = 1\n    except ValueError:\n        pass\n    return a": "(Try)",
    "with a:\n        pass\n    return 1": "(With)",
    "def g() -> None:\n        pass\n    return 1": "(FunctionDef)",
}


@pytest.mark.parametrize("body", BLOCKS)
def test_blocks(body: str) -> None:
    with pytest.raises(KernelError, match=re.escape(BLOCKS[body])):
        Kernel(defined(one(body)), {}, "")(*ARGUMENTS)


@pytest.mark.parametrize(
    ("parameters", "result", "problem"),
    [
        ("a: int, b: int = 1", "int", "no defaults"),
        ("*a: int", "int", "no *"),
        ("a: int, *, b: int", "int", "no *"),
        ("a: int", "float", "is no result of device code"),
        ("a: int", "list[int]", "is no result of device code"),
    ],
)
def test_signatures(parameters: str, result: str, problem: str) -> None:
    with pytest.raises(KernelError, match=re.escape(problem)):
        Kernel(defined(one("return 1", parameters, result)), {}, "")(1)


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        ("g(a)", "gives 1 arguments to a function of 2"),
        ("g(a > b, v)", "is bool, and the parameter is declared int64"),
        ("g(a, b)", "pass whole arrays"),
        ("g(u, v)", "is uint64, and the parameter is declared int64"),
        ("h(a)", "calls what device code does not know"),
    ],
)
def test_calls(call: str, problem: str) -> None:
    source = "def h(a: int) -> int:\n    return a\n@device\ndef g(a: int, v: np.ndarray) -> int:\n    return v[a]\n"
    with pytest.raises(KernelError, match=re.escape(problem)):
        Kernel(defined(source + one(f"return {call}")), {}, "")(*ARGUMENTS)


def test_a_hole_that_nobody_fills() -> None:
    source = "@device\ndef hole(a: int) -> int:\n    raise NotImplementedError\n" + one("return hole(a)", "a: int")
    with pytest.raises(KernelError, match="a hole must be filled"):
        Kernel(defined(source), {}, "")(1)


def test_source_that_is_not_what_was_imported() -> None:
    function = defined(one("return a", "a: int"))
    assert Kernel(function, {}, "")(7) == 7
    file = function.__code__.co_filename
    changed = one("return a + 1", "a: int")
    linecache.cache[file] = len(changed), None, changed.splitlines(keepends=True), file
    with pytest.raises(KernelError, match="has changed since it was imported"):
        Kernel(function, {}, "")(7)
    del linecache.cache[file]
    with pytest.raises(KernelError, match="is not there"):
        Kernel(function, {}, "")(7)
