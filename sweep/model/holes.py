# SPDX-License-Identifier: MIT
"""The holes of the loop: placeholders that `bind` replaces by a strategy's functions of the same names."""

from __future__ import annotations

from typing import Any

from sweep.model.compiler.jit import device
from sweep.model.lane.sim import Sim


@device
def alloc(sim: Sim, pool: Any, lane: int, slot: int) -> int:
    """A buffer for descriptor `slot`, or -1."""
    raise NotImplementedError


@device
def release(sim: Sim, pool: Any, lane: int, buffer: int, context: int) -> None:
    """Take back a buffer whose last user is done with it, in `context` (see `sim`)."""
    raise NotImplementedError


@device
def received(sim: Sim, pool: Any, lane: int, slot: int, giver: int) -> None:
    """Decide about the page of the packet in RX slot `slot`, after its fate is known and before its buffer is released.

    giver: the context that releases the buffer now (NAPI: only the driver has had it; SOFTIRQ), or KEPT if it is
    released later.  Optional: without it nothing happens and no code is generated.
    """
