# SPDX-License-Identifier: MIT
"""The holes of the loop: what `bind` fills with a strategy's functions of the same names."""

from __future__ import annotations

from typing import Any

from .jit import device
from .sim import Sim


@device
def alloc(sim: Sim, pool: Any, lane: int, slot: int) -> int:
    """A buffer for descriptor `slot`, or -1."""
    raise NotImplementedError


@device
def release(sim: Sim, pool: Any, lane: int, buffer: int, context: int) -> None:
    """The last user is done with a buffer, in `context` (see `sim`)."""
    raise NotImplementedError
