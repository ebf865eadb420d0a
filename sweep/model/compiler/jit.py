# SPDX-License-Identifier: MIT
"""Mark kernel code, bind a strategy into it, compile it: the whole plug-in mechanism of sweep.

A strategy is a module of plain Python functions.  `device` marks a function as kernel code and returns it
unchanged; `bind` copies a marked function and every marked function it names, puts the strategy's functions
where the loop has holes, gives each copy its own name and hands it to a compiler.  The compiler is the
identity (plain Python: oracle and debugger) or numba.  Because each copy is an ordinary global function with
its own name, numba's disk cache is hit by the next process.

Rules for device code: integers only; int64 everywhere except in the random generator; import device functions
by name (`from .rng import draw`); never raise, write a status instead; hole names are reserved in `sweep.model`.

Source: the pattern and its measurements are in DESIGN.md, "Strategies that are pluggable and compiled".
"""

from __future__ import annotations

import hashlib
import os
import types
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from .kernel_cache import make, usable

F = TypeVar("F", bound=Callable[..., Any])


def device(fn: F) -> F:
    """Mark `fn` as kernel code.  It stays plain Python until `bind` compiles a copy of it."""
    fn.is_device = True  # type: ignore[attr-defined]
    return fn


def bind(
    fn: Callable[..., Any],
    compile: Callable[[Any], Any],
    tag: str,
    holes: dict[str, Callable[..., Any]],
    done: dict[Any, Any] | None = None,
) -> Any:
    """Compile `fn` and every marked function it names; `holes` maps a name to what fills it."""
    is_entry = done is None
    done = {} if done is None else done
    if fn not in done:
        scope = dict(fn.__globals__)
        for name in fn.__code__.co_names:
            callee = holes.get(name, scope.get(name))
            if getattr(callee, "is_device", False):
                scope[name] = bind(callee, compile, tag, holes, done)  # type: ignore[arg-type]
        copy = types.FunctionType(fn.__code__, scope, fn.__name__)
        copy.__module__, copy.__qualname__ = fn.__module__, f"{fn.__qualname__}__{tag}"
        copy.is_entry = is_entry  # type: ignore[attr-defined]
        done[fn] = compile(copy)
    return done[fn]


def jit_disabled() -> bool:
    """True when `NUMBA_DISABLE_JIT=1`: kernels run as plain Python and a breakpoint in them works."""
    return os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")


def kernel_cache() -> str:
    """The folder where compiled kernels are kept: `NUMBA_CACHE_DIR`, or this user's cache on this node's disk.

    Not beside the sources: they may be read-only, or shared by nodes of different kinds.  A temporary folder where
    that one cannot be used (`kernel_cache`).  Raises OSError if there is none either.
    """
    return str(usable(core_digest()))


def compiler() -> Callable[[Any], Any]:
    """The compiler of this process: numba with the one set of options, or the identity when JIT is off.

    Only the entry is called from Python and cached.  Everything under it is inlined, because a call would
    pass each array of a batch by value (measured: 200 to 290 ns per packet called, 48 to 58 inlined), and
    compiled without reference counting (`_nrt`), because nothing is allocated (1,060 ns with it).
    """
    if jit_disabled():
        return lambda fn: fn
    os.environ["NUMBA_CACHE_DIR"] = folder = kernel_cache()
    make(folder)
    import numba

    numba.config.CACHE_DIR = folder  # type: ignore[attr-defined]  # who has imported numba before has it read the variable already
    common: dict[str, Any] = {"nogil": True, "error_model": "numpy", "_nrt": False}
    entry = common | {"cache": True}
    inner = common | {"forceinline": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    return lambda fn: numba.njit(**(entry if fn.is_entry else inner))(fn)


MODEL_DIR = Path(__file__).parents[1]
FIELDS_DIR = MODEL_DIR.parent / "fields"
AFTERWARDS = ("column.py", "declared.py", "metrics.py")  # of sweep/fields: no kernel is made from these


@cache
def core_digest() -> str:
    """Digest (16 hex digits) of the sources that every strategy shares: sweep/model but strategies/, and sweep/fields.

    Of sweep/fields, all that a kernel is made from: not what is AFTERWARDS, which is mended without running anything.

    A cached caller does not notice a changed callee in another file (numba #1833), so the digest is part
    of each kernel's name; it is part of every result's identity for the same reason.
    """
    model = (path for path in MODEL_DIR.rglob("*.py") if path.parent.name != "strategies")
    return _digest([*model, *(path for path in FIELDS_DIR.rglob("*.py") if path.name not in AFTERWARDS)])


@cache
def strategy_digest(name: str) -> str:
    """Digest (16 hex digits) of one strategy's source file, so editing it reruns that strategy only."""
    return _digest([MODEL_DIR / "strategies" / f"{name}.py"])


def kernel_tag(strategy: str, core: str, own: str) -> str:
    """The part of a kernel's name that identifies its sources: the digests of the core and of the strategy."""
    return f"{strategy}_{core}_{own}"


def _digest(paths: Any) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for path in sorted(paths, key=lambda path: path.relative_to(MODEL_DIR.parent).as_posix()):
        digest.update(path.relative_to(MODEL_DIR.parent).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
