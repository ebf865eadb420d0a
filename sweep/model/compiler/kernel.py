# SPDX-License-Identifier: MIT
"""A compiled device function: found in the cache or compiled when it is first called, then called with arrays.

What identifies its machine code is the code that Python has of every function that it reaches, the constants that
these name, the types of the arrays, and the compiler's own sources; and the processor (`machine.processor`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import CodeType
from typing import Any

import numpy as np

from . import kernel_cache, machine
from .program import ENTRY, Program, parameter_types, result_of
from .source import Source
from .values import BOOL, UINT, Scalar, arrays, layout, signature

MASK = (1 << 64) - 1


class Kernel:
    """A device function whose parameters are int64, uint64, bool, and arrays or named tuples of arrays.

    Arrays are of int64, uint64 or records of these, and C-contiguous; no two of one call may share memory.
    """

    def __init__(self, fn: Callable[..., Any], holes: dict[str, Callable[..., Any]], name: str) -> None:
        """name: what the kernel is called in the cache; "" if it is not to be kept."""
        self.fn, self.holes, self.name = fn, holes, name
        self._loaded: dict[Any, tuple[Callable[[Any], None], int]] = {}

    def __call__(self, *arguments: Any) -> Any:
        """Run it.  Errors: KernelError, ValueError for arrays that it does not take."""
        code, slots, results = self._ready(arguments)
        table = np.empty(slots + len(results), np.uint64)
        table[:slots] = list(_slots(arguments))
        code(table.ctypes.data)
        values = [_result(number, scalar) for number, scalar in zip(table[slots:].tolist(), results, strict=True)]
        return tuple(values) if len(values) > 1 else values[0] if values else None

    def is_kept(self, *arguments: Any) -> bool:
        """Whether the cache has its machine code for arguments like these, for whatever processor."""
        return kernel_cache.has(self.name, self.key(arguments))

    def check(self, *arguments: Any) -> None:
        """Errors: KernelError if the compiler does not know something that the function, or one that it calls, says."""
        Program(self.fn, self.holes, layout(parameter_types(Source(self.fn)), arguments)).text()

    def key(self, arguments: tuple[Any, ...]) -> str:
        """Digest (16 hex digits) of everything that its code is made from, but for the processor."""
        digest = hashlib.blake2b(repr(signature(arguments)).encode() + own_digest(), digest_size=8)
        for piece in _fingerprint(self.fn, self.holes, set()):
            digest.update(piece.encode() + b"\0")
        return digest.hexdigest()

    def _ready(self, arguments: tuple[Any, ...]) -> Any:
        kind = signature(arguments)
        if kind not in self._loaded:
            self._loaded[kind] = self._load(arguments)
        return self._loaded[kind]

    def _load(self, arguments: tuple[Any, ...]) -> Any:
        source = Source(self.fn)
        made = layout(parameter_types(source), arguments)
        key = self.key(arguments) if self.name else ""
        code = kernel_cache.read(self.name, key) if self.name else None
        if code is None:
            code = machine.object_code(Program(self.fn, self.holes, made).text())
            if self.name:
                kernel_cache.write(self.name, key, code)
        return machine.callable_code(code, ENTRY), made.slots, result_of(source)


@cache
def own_digest() -> bytes:
    """Digest of the compiler's sources."""
    digest = hashlib.blake2b(digest_size=8)
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.digest()


def _fingerprint(fn: Callable[..., Any], holes: dict[str, Callable[..., Any]], seen: set[Any]) -> Iterator[str]:
    """What decides the meaning of a device function and of those that it calls."""
    seen.add(fn)
    code = fn.__code__
    yield f"{fn.__module__}.{fn.__qualname__} {code.co_varnames} {code.co_names} {code.co_code.hex()}"
    yield repr([item for item in code.co_consts if not isinstance(item, CodeType)])
    yield repr(fn.__annotations__)
    for name in code.co_names:
        found = holes.get(name, fn.__globals__.get(name))
        if getattr(found, "is_device", False):
            if found not in seen:
                yield from _fingerprint(found, holes, seen)  # type: ignore[arg-type]
        elif isinstance(found, np.ndarray):
            yield f"{name} {found.dtype} {found.tolist()}"
        elif isinstance(found, (int, tuple, np.integer, np.bool_)):
            yield f"{name} {found!r}"


def _slots(arguments: tuple[Any, ...]) -> Iterator[int]:
    """The table of arguments, and the proof that compiled code may rely on what it assumes of arrays."""
    spans = []
    for argument in arguments:
        if not isinstance(argument, (tuple, np.ndarray)):
            yield int(argument) & MASK
            continue
        for array in arrays(argument):
            if not array.flags.c_contiguous or not array.flags.aligned:
                raise ValueError("a kernel takes C-contiguous arrays")
            start = array.ctypes.data
            spans.append((start, start + array.nbytes))
            yield start
            yield from array.shape
    spans.sort()
    for (_, end), (start, _) in pairwise(spans):
        if end > start:
            raise ValueError("two arrays of one call share memory")


def _result(number: int, scalar: Scalar) -> int | bool:
    if scalar is BOOL:
        return bool(number)
    return number if scalar is UINT or number < 1 << 63 else number - (1 << 64)
