# SPDX-License-Identifier: MIT
"""What is written down of a strategy that is not built in, and a strategy made from that: it can be told, and not run.

A run directory and a table are read without the user's file; knobs, counters and the digest of the code stand in the
sweep's document.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NoReturn

import numpy as np

from sweep.fields.constants import PAGE_BYTES
from sweep.fields.field import Better, Field, Knob
from sweep.model.counting.laws import Law
from sweep.model.lane.capacity import Capacity
from sweep.model.lane.sim import Sim
from sweep.model.strategies import own, set_own

FIELD = ("name", "unit", "meaning", "kernel", "dtype", "defined")  # of a counter, beside what is better


class DeclaredStrategy:
    """A strategy of which only the declarations are here."""

    LAWS: tuple[Callable[[Sim], Iterator[Law]], ...] = ()

    def __init__(self, about: Mapping[str, Any]) -> None:
        """about: as `declaration` writes it.  Errors: TypeError, KeyError, ValueError if it is damaged."""
        self.__doc__ = str(about["about"])
        self.digest = str(about["digest"])
        self.KNOBS = tuple(Knob(*each) for each in about["knobs"])
        self.COUNTERS = tuple(map(_counter, about["counters"]))
        self.DEFERRED_FREE = bool(about["deferred_free"])

    def empty(self, capacity: Capacity) -> tuple[Any, ...]:
        """No state."""
        return (np.zeros(0, np.int64),)

    def truesize_bytes(self, knobs: dict[str, int]) -> int:
        """A page, as good as any: nothing is simulated."""
        return PAGE_BYTES

    def buffer_bytes(self, knobs: dict[str, int]) -> int:
        """No limit: the sweep was checked when it was run."""
        return 1 << 40

    def mapped_pages(self, knobs: dict[str, int]) -> int:
        """One."""
        return 1

    def alloc(self, sim: Sim, pool: Any, lane: int, slot: int) -> NoReturn:
        """It cannot be run."""
        raise NotImplementedError

    def release(self, sim: Sim, pool: Any, lane: int, buffer: int, context: int) -> NoReturn:
        """It cannot be run."""
        raise NotImplementedError


def _counter(about: Mapping[str, Any]) -> Field:
    name, unit, meaning, kernel, dtype, defined = (str(about[each]) for each in FIELD)
    return Field(name, unit, meaning, kernel, dtype, defined, better=Better(about["better"]))


def declaration(module: Any, digest: str) -> dict[str, Any]:
    """What a `DeclaredStrategy` is made from, as plain JSON."""
    return {
        "about": (module.__doc__ or "").strip().split("\n")[0],
        "digest": digest,
        "knobs": [list(knob) for knob in module.KNOBS],
        "counters": [
            {**{name: getattr(each, name) for name in FIELD}, "better": each.better.value} for each in module.COUNTERS
        ],
        "deferred_free": bool(module.DEFERRED_FREE),
    }


def let_declared(document: Mapping[str, Any]) -> None:
    """Let the strategies that a sweep's document declares be known by their declarations, unless they are loaded.

    Errors: as `DeclaredStrategy`.
    """
    about = document.get("strategies", {})
    if not about.keys() <= own().keys():
        set_own({name: DeclaredStrategy(each) for name, each in about.items()})


def is_declared(name: str) -> bool:
    """Whether only the declarations of a strategy are here."""
    return isinstance(own().get(name), DeclaredStrategy)
