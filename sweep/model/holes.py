# SPDX-License-Identifier: MIT
"""The holes of the loop: what `bind` fills with a strategy's functions of the same names."""

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
    """The last user is done with a buffer, in `context` (see `sim`)."""
    raise NotImplementedError


@device
def received(sim: Sim, pool: Any, lane: int, slot: int, giver: int) -> None:
    """The packet in RX slot `slot` has its fate, and nobody has released its buffer since.

    `giver`: who releases it now (NAPI: no one but the driver has had it; SOFTIRQ), or KEPT: somebody will later.
    For a driver that decides here about the page.  A strategy may leave it out: then nothing happens and no code
    is made.
    """
