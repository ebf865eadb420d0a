# SPDX-License-Identifier: MIT
"""What a strategy's file must offer: `Strategy`; and what it may offer beside that: `Receives`, `Provides`.

A strategy is a module, and a module that has these names with these signatures is one: mypy holds every module of
`NAMES` against the three (`make check`), so a name that is missing and an argument too many are found before anything
runs.  Device functions are kernel code (`compiler.jit.device`); the others run on the host.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol, runtime_checkable

from sweep.fields.field import Field, Knob
from sweep.model.counting.laws import Law
from sweep.model.lane.capacity import Capacity
from sweep.model.lane.sim import Sim


class Strategy(Protocol):
    """What every strategy offers.  Its docstring begins with "name: what it is", for people who choose one."""

    @property
    def KNOBS(self) -> tuple[Knob, ...]:
        """Its own parameters."""

    @property
    def COUNTERS(self) -> tuple[Field, ...]:
        """Its own counters."""

    @property
    def LAWS(self) -> tuple[Callable[[Sim], Iterator[Law]], ...]:
        """What must hold in every row of it, as in `counting.laws`."""

    @property
    def DEFERRED_FREE(self) -> bool:
        """Whether a buffer is freed with its sk_buff, so that the deferral of the kernel applies, the cache line of
        its struct page moves with it, and a frame is mapped for TX.  Others are sent from the mapping they have."""

    def empty(self, capacity: Capacity) -> tuple[Any, ...]:
        """Its state for a batch before the first allocation: a NamedTuple of arrays, lanes first; there `Pool`."""

    def truesize_bytes(self, knobs: dict[str, int]) -> int:
        """What one received buffer is charged to a socket, without the sk_buff."""

    def buffer_bytes(self, knobs: dict[str, int]) -> int:
        """The largest frame that a buffer holds."""

    def mapped_pages(self, knobs: dict[str, int]) -> int:
        """Pages under one DMA mapping."""

    def alloc(self, sim: Sim, pool: Any, lane: int, slot: int) -> int:
        """Device: a buffer for descriptor `slot`, or -1.  It calls `llc.opened` when a page begins to serve buffers."""

    def release(self, sim: Sim, pool: Any, lane: int, buffer: int, context: int) -> None:
        """Device: the last user is done with a buffer, in `context` (see `lane.sim`)."""


@runtime_checkable
class Receives(Protocol):
    """A strategy that decides about a buffer when its packet has its fate."""

    def received(self, sim: Sim, pool: Any, lane: int, slot: int, giver: int) -> None:
        """Device: as `model.holes` says.  Left out, nothing happens and no code is made."""


@runtime_checkable
class Provides(Protocol):
    """A strategy on the kernel's page_pool that gets the pool's pages from elsewhere than the page allocator."""

    def provider_alloc(self, sim: Sim, pool: Any, lane: int) -> int:
        """Device: fresh pages into the pool's empty cache: how many."""

    def provider_release(self, sim: Sim, pool: Any, lane: int, page: int, context: int) -> None:
        """Device: the pool gives a page up."""


OPTIONAL = (Receives, Provides)
