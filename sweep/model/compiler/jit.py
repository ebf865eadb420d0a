# SPDX-License-Identifier: MIT
"""Mark kernel code, bind a strategy into it, run it: the whole plug-in mechanism of sweep.

A strategy is a module of plain Python functions.  `device` marks a function as kernel code and returns it unchanged.
The loop has holes, names that a strategy's functions fill: `bind` copies the functions that the loop reaches, the holes
filled, and they run as plain Python (the judge, the debugger); `compiled` makes machine code of the same source.
What device code may say is in the docstring of `sweep.model.compiler`.

Source: the pattern and its measurements are in DESIGN.md, "Strategies that are pluggable and compiled".
"""

from __future__ import annotations

import os
import types
from collections.abc import Callable
from typing import Any, TypeVar

from .kernel import Kernel

F = TypeVar("F", bound=Callable[..., Any])
PLAIN_PYTHON = "SWEEP_PLAIN_PYTHON"


def device(fn: F) -> F:
    """Mark `fn` as kernel code.  It stays plain Python until `compiled` makes machine code of it."""
    fn.is_device = True  # type: ignore[attr-defined]
    return fn


def out_of_line(fn: F) -> F:
    """Mark a device function that is called once in hundreds of packets, or less.

    Others are compiled into their callers; this one once, which takes less time and leaves room for what is frequent.
    """
    fn.is_out_of_line = True  # type: ignore[attr-defined]
    return fn


def bind(
    fn: Callable[..., Any],
    holes: dict[str, Callable[..., Any]],
    wrap: Callable[[Any], Any] = lambda copy: copy,
    done: dict[Any, Any] | None = None,
) -> Any:
    """`fn` as plain Python, copied with every marked function it names; `holes` maps a name to what fills it.

    wrap: what is put in place of each copy.
    """
    done = {} if done is None else done
    if fn not in done:
        scope = dict(fn.__globals__)
        for name in fn.__code__.co_names:
            callee = holes.get(name, scope.get(name))
            if getattr(callee, "is_device", False):
                scope[name] = bind(callee, holes, wrap, done)  # type: ignore[arg-type]
        copy = types.FunctionType(fn.__code__, scope, fn.__name__)
        copy.__module__, copy.__qualname__ = fn.__module__, fn.__qualname__
        done[fn] = wrap(copy)
    return done[fn]


def plain_python() -> bool:
    """True when `SWEEP_PLAIN_PYTHON=1`: kernels run as plain Python and a breakpoint in them works."""
    return os.environ.get(PLAIN_PYTHON, "0") not in ("", "0")


def compiled(fn: Callable[..., Any], holes: dict[str, Callable[..., Any]], name: str) -> Any:
    """`fn` with its holes filled, compiled when it is first called; plain Python if `plain_python`.

    name: what it is called in the cache.
    """
    return bind(fn, holes) if plain_python() else Kernel(fn, holes, name)
