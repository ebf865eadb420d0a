# SPDX-License-Identifier: MIT
"""What simulations will take: core time and memory of a lane, as the model says, for a million at once.

Only some fields matter to either, and of a mix or a NIC only some numbers; the model is asked once for each
combination of those, with everything else as the first point has it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from sweep.config import Scenarios
from sweep.config.points.windows import SOME
from sweep.grid import Coded
from sweep.model import batch
from sweep.model.scenario import Nic, Reader, Scenario, Traffic

P = TypeVar("P", Nic, Reader)

DIGITS = 5

MIX, NIC = SOME.traffic, SOME.nic  # what does not matter, in one form


def predicted_ns(scenarios: Scenarios) -> NDArray[np.float64]:
    """Core time of each point's scenario before calibration, shape (points,)."""
    matter: dict[str, Coded[Any]] = {
        "traffic": scenarios["traffic"].map(_paced),
        "nic": scenarios["nic"].map(_polled),
        **{name: scenarios[name] for name in ("load_ppm", "queues", "packets")},
    }
    return scenarios.outline(batch.predicted_ns, matter).array(np.float64)


def state_bytes(scenarios: Scenarios) -> NDArray[np.int64]:
    """Memory of a lane of each point's scenario, shape (points,).  Tables are shared and not counted in full.

    Sizes are rounded up to DIGITS binary digits first, so that an axis of all rings is not a question each: what comes
    out is a sixteenth too large at most.  It decides where chunks are cut, and no result depends on that.
    """
    matter: dict[str, Coded[Any]] = {
        "traffic": scenarios["traffic"].map(_buffered),
        "nic": scenarios["nic"].map(_sized),
        "knobs": scenarios["knobs"].map(lambda knobs: tuple((name, _up(number)) for name, number in knobs)),
        "ring": scenarios["ring"].map(_up),
        **{name: scenarios[name] for name in ("strategy", "kernel")},
    }
    return scenarios.outline(_state_bytes, matter).array(np.int64)


def _state_bytes(scenario: Scenario) -> int:
    """A host whose poll takes no time is refused when it is run, not here."""
    costs = tuple((name, max(ps, 1)) for name, ps in scenario.costs_ps)
    return batch.state_bytes(replace(scenario, costs_ps=costs, memory_pages=0))


def _paced(mix: Traffic) -> Traffic:
    """Its packet rate and fates."""
    return replace(MIX, sizes=mix.sizes, local_ppm=mix.local_ppm, forward_ppm=mix.forward_ppm)


def _polled(nic: Nic) -> Nic:
    """What decides how many packets a poll has."""
    names = ("link_ps_per_byte", "napi_budget", "coalesce_ps", "coalesce_frames")
    return _with(NIC, {name: getattr(nic, name) for name in names})


def _buffered(mix: Traffic) -> Traffic:
    """Its receive buffer."""
    return replace(MIX, reader=_with(MIX.reader, {"rcvbuf_bytes": _up(mix.reader.rcvbuf_bytes)}))


def _sized(nic: Nic) -> Nic:
    """Its TX ring, and whether it copies small packets."""
    return _with(NIC, {"tx_ring": _up(nic.tx_ring), "copybreak_bytes": int(nic.copybreak_bytes > 0)})


def _with(part: P, numbers: dict[str, Any]) -> P:
    """A part of a scenario with these numbers in place of its own."""
    return replace(part, **numbers)


def _up(size: int) -> int:
    """The size rounded up to DIGITS binary digits."""
    shift = max(size.bit_length() - DIGITS, 0)
    return -(-size >> shift) << shift
