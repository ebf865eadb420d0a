# SPDX-License-Identifier: MIT
"""The identity of code: a digest of the functions that a result comes from, and of all that they name.

From its roots, `Identity.digest` follows every name that a function uses, as `bind` does: functions and classes of this
package (and of the roots' own packages) by their syntax, with what fills the holes of device functions; constants by
their value; everything else, such as NumPy, by its name.  So an edit counts exactly where the function can be reached,
and how it is written does not: comments, docstrings, annotations, positions, the texts of exceptions, where a function
is defined, and what it is called.

Syntax is written down by `Syntax` and not by `ast.dump`, whose output differs between versions of Python.
"""

from __future__ import annotations

import builtins
import dataclasses
import functools
import hashlib
import inspect
import operator
import re
import types
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from fractions import Fraction
from typing import Any

import numpy as np

from .syntax import imported, syntax_of

DIGEST_BYTES = 8
OWN_PACKAGE = __name__.partition(".")[0]
PLAIN = (type(None), bool, int, float, complex, str, bytes, type(...), range, Fraction)
REDUCED = (operator.attrgetter, operator.itemgetter, operator.methodcaller)


class UnknownValueError(TypeError):
    """A function uses a value of which nobody can say whether it is the same elsewhere; the message names both."""


class Identity:
    """Computes digests of code.

    matters: of a type, the attributes that decide a result; the others are descriptions.  apart: objects that are not
    followed, because a scenario says which part of them counts, so that part is a fact of its own.
    """

    def __init__(self, matters: Mapping[type, tuple[str, ...]], apart: Iterable[Any] = ()) -> None:
        self._matters = matters
        self._apart = {id(_inner(each)): each for each in apart}

    def digest(self, roots: Mapping[str, Any], holes: Mapping[str, Callable[..., Any]] | None = None) -> str:
        """Digest, 16 hex digits, of the roots; `holes`: what fills the holes of device functions, by name.

        Raises UnknownValueError, and OSError for a function without source.
        """
        walk = _Walk(self._matters, self._apart, holes or {}, {_package(root) for root in roots.values()})
        return walk.digest(roots)


class _Walk:
    """One walk over everything that can be reached; what has been met has a number."""

    def __init__(
        self,
        matters: Mapping[type, tuple[str, ...]],
        apart: Mapping[int, Any],
        holes: Mapping[str, Callable[..., Any]],
        packages: set[str],
    ) -> None:
        self._matters, self._apart, self._holes = matters, apart, holes
        self._packages = {OWN_PACKAGE, *packages} - {""}
        self._numbers: dict[int, int] = {}
        self._todo: deque[Any] = deque()

    def digest(self, roots: Mapping[str, Any]) -> str:
        digest = hashlib.blake2b(digest_size=DIGEST_BYTES)
        for name, root in roots.items():
            digest.update(f"{name}={self._value(root)}\n".encode())
        while self._todo:
            for line in self._described(self._todo.popleft()):
                digest.update(f"{line}\n".encode())
        return digest.hexdigest()

    def _described(self, met: Any) -> Iterable[str]:
        """The syntax of a function or class, and what each name in it stands for."""
        syntax = syntax_of(met)
        is_device = getattr(met, "is_device", False)
        scope = _scope(met)
        yield syntax.text
        for chain in syntax.names:
            yield self._named(chain, scope, self._holes if is_device else {}, met)
        if not is_device:  # what it is given may have methods; device code is given arrays
            for chain in syntax.annotations:
                yield from self._methods(_followed(chain, scope)[0])

    def _named(self, chain: tuple[str, ...], scope: Mapping[str, Any], holes: Mapping[str, Any], where: Any) -> str:
        """What a dotted name stands for, as text."""
        if chain[0] not in scope and chain[0] not in holes:
            return f"{'builtin' if hasattr(builtins, chain[0]) else 'unknown'} {'.'.join(chain)}"
        value, rest = _followed(chain, {**scope, **holes})
        if id(_inner(value)) not in self._apart and self._is_foreign(value):
            return _foreign_name(chain, scope, where)
        try:
            return ".".join([self._value(value), *rest])
        except UnknownValueError as error:
            name = f"{where.__module__}.{where.__qualname__}"
            raise UnknownValueError(f'{name} uses "{".".join(chain)}", {error}') from None

    def _value(self, value: Any) -> str:
        """A value as text: equal for what gives equal results.  Raises UnknownValueError."""
        value = _inner(value)
        if id(value) in self._apart:
            return "apart"
        if isinstance(value, type) and value in self._matters:
            return f"declaration {value.__qualname__}"
        if isinstance(value, types.FunctionType | type) and self._is_ours(value):
            return f"protocol {value.__qualname__}" if getattr(value, "_is_protocol", False) else self._reference(value)
        if isinstance(value, types.ModuleType):
            return f"module {value.__name__}"
        if isinstance(value, np.generic):
            return f"{value.dtype.str} {value.item()!r}"
        if isinstance(value, np.ndarray):
            return f"{value.dtype.str} {value.shape} {hashlib.blake2b(value.tobytes(), digest_size=16).hexdigest()}"
        if isinstance(value, np.dtype):
            return f"dtype {value.descr}"
        if type(value) in PLAIN:
            return f"{type(value).__name__} {value!a}"
        if isinstance(value, re.Pattern):
            return f"pattern {value.flags} {value.pattern!a}"
        return self._composed(value)

    def _composed(self, value: Any) -> str:
        kind = type(value)
        if isinstance(value, Enum):
            return f"{kind.__qualname__}.{value.name} {self._value(value.value)}"
        if kind in self._matters:
            return f"{kind.__qualname__}({self._list(getattr(value, name) for name in self._matters[kind])})"
        if dataclasses.is_dataclass(value) or hasattr(kind, "_fields"):
            names = getattr(kind, "_fields", ()) or [field.name for field in dataclasses.fields(value)]
            methods = " ".join(self._methods(kind))
            return f"{kind.__qualname__}({self._list(getattr(value, name) for name in names)}) {methods}"
        if isinstance(value, tuple | list):
            return f"[{self._list(value)}]"
        if isinstance(value, set | frozenset):
            return f"set [{', '.join(sorted(map(self._value, value)))}]"
        if isinstance(value, dict | types.MappingProxyType):
            return f"dict [{self._list(each for item in value.items() for each in item)}]"
        if isinstance(value, functools.partial):
            return f"partial [{self._list((value.func, value.args, value.keywords))}]"
        if isinstance(value, REDUCED):
            return f"{kind.__name__} {self._value(value.__reduce__()[1])}"
        if self._is_foreign(value):  # its module is a private one in some versions
            return f"foreign {value.__name__}"
        raise UnknownValueError(f"a value of type {kind.__module__}.{kind.__qualname__} that is no constant")

    def _list(self, values: Iterable[Any]) -> str:
        return ", ".join(map(self._value, values))

    def _reference(self, met: Any) -> str:
        if id(met) not in self._numbers:
            self._numbers[id(met)] = len(self._numbers)
            self._todo.append(met)
        return f"#{self._numbers[id(met)]}"

    def _methods(self, kind: Any) -> Iterable[str]:
        """References to the methods that a class of ours defines itself or inherits from others of ours."""
        if not isinstance(kind, type) or kind in self._matters or getattr(kind, "_is_protocol", False):
            return
        for each in kind.__mro__:
            for name, method in vars(each).items() if self._is_ours(each) else ():
                function = getattr(method, "fget", None) or getattr(method, "func", None) or method
                function = getattr(function, "__func__", function)
                is_generated = isinstance(function, types.FunctionType) and function.__code__.co_filename == "<string>"
                if isinstance(function, types.FunctionType) and self._is_ours(function) and not is_generated:
                    yield f"{name} {self._value(function)}"

    def _is_foreign(self, value: Any) -> bool:
        """Whether this is a function, a class or the like of another package, which is told by its name."""
        return callable(value) and hasattr(value, "__name__") and not self._is_ours(_inner(value))

    def _is_ours(self, met: Any) -> bool:
        return getattr(met, "is_device", False) or _package(met) in self._packages


def _package(met: Any) -> str:
    """The top-level package that defines something; "" if that is not said."""
    met = _inner(met)
    if isinstance(met, types.FunctionType):  # its `__module__` may be that of what it wraps
        return str(met.__globals__.get("__name__", "")).partition(".")[0]
    return (getattr(met, "__module__", None) or "").partition(".")[0] if isinstance(met, type) else ""


def _inner(met: Any) -> Any:
    """The function that a cache is of."""
    return met.__wrapped__ if isinstance(met, functools._lru_cache_wrapper) else met


def _scope(met: Any) -> dict[str, Any]:
    """What the free names of a function or class stand for."""
    if isinstance(met, type):
        return vars(inspect.getmodule(met))
    cells = zip(met.__code__.co_freevars, met.__closure__ or (), strict=True)
    return {**met.__globals__, **{name: cell.cell_contents for name, cell in cells}}


def _foreign_name(chain: tuple[str, ...], scope: Mapping[str, Any], where: Any) -> str:
    """What a dotted name of another package is called there: "numpy.uint64", whatever NumPy is called here."""
    if isinstance(first := scope.get(chain[0]), types.ModuleType):
        return ".".join([first.__name__, *chain[1:]])
    return ".".join([imported(where).get(chain[0], chain[0]), *chain[1:]])


def _followed(chain: tuple[str, ...], scope: Mapping[str, Any]) -> tuple[Any, tuple[str, ...]]:
    """The value of a dotted name, followed through modules, and the attributes that are left of it."""
    value = scope.get(chain[0])
    for place, name in enumerate(chain[1:], 1):
        if not isinstance(value, types.ModuleType) or not hasattr(value, name):
            return value, chain[place:]
        value = getattr(value, name)
    return value, ()
