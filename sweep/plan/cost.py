# SPDX-License-Identifier: MIT
"""Predicted core time and lane memory of simulations, from the model, for a million of them at once.

Only some fields of a scenario, and some numbers of its mix and NIC, decide either; the model is asked once for each
combination of those, with everything else as in the first point.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from sweep.config import Scenarios
from sweep.config.points.windows import PLACEHOLDER
from sweep.grid import Coded
from sweep.model import batch
from sweep.model.scenario import Nic, Reader, Scenario, Traffic

P = TypeVar("P", Nic, Reader)

DIGITS = 5

MIX, NIC = PLACEHOLDER.traffic, PLACEHOLDER.nic  # placeholders for what does not decide the cost


def predicted_ns(scenarios: Scenarios) -> NDArray[np.float64]:
    """Core time of each point's scenario before calibration, shape (points,)."""
    deciding_columns: dict[str, Coded[Any]] = {
        "traffic": scenarios["traffic"].map(_paced),
        "nic": scenarios["nic"].map(_polled),
        **{name: scenarios[name] for name in ("load_ppm", "queues", "packets")},
    }
    return scenarios.outline(batch.predicted_ns, deciding_columns).array(np.float64)


def state_bytes(scenarios: Scenarios) -> NDArray[np.int64]:
    """Bytes of memory of a lane of each point's scenario, shape (points,).  Tables are shared and not counted in full.

    Sizes are first rounded up to DIGITS binary digits, so that an axis of many ring sizes needs few calls of the model:
    the result is at most a sixteenth too large.  It decides where chunks are cut, and no result depends on that.
    """
    deciding_columns: dict[str, Coded[Any]] = {
        "traffic": scenarios["traffic"].map(_buffered),
        "nic": scenarios["nic"].map(_sized),
        "knobs": scenarios["knobs"].map(lambda knobs: tuple((name, _up(number)) for name, number in knobs)),
        "ring": scenarios["ring"].map(_up),
        **{name: scenarios[name] for name in ("strategy", "kernel")},
    }
    return scenarios.outline(_state_bytes, deciding_columns).array(np.int64)


def _state_bytes(scenario: Scenario) -> int:
    """Lane memory of a scenario; costs of 0 are raised to 1 ps, since a host whose poll takes no time fails later."""
    costs = tuple((name, max(ps, 1)) for name, ps in scenario.costs_ps)
    return batch.state_bytes(replace(scenario, costs_ps=costs, memory_pages=0))


def _paced(mix: Traffic) -> Traffic:
    """A mix with only what decides packet rate and fates."""
    return replace(MIX, sizes=mix.sizes, local_ppm=mix.local_ppm, forward_ppm=mix.forward_ppm)


def _polled(nic: Nic) -> Nic:
    """A NIC with only what decides how many packets a poll has."""
    names = ("link_ps_per_byte", "napi_budget", "coalesce_ps", "coalesce_frames")
    return _with(NIC, {name: getattr(nic, name) for name in names})


def _buffered(mix: Traffic) -> Traffic:
    """A mix with only its receive buffer."""
    return replace(MIX, reader=_with(MIX.reader, {"rcvbuf_bytes": _up(mix.reader.rcvbuf_bytes)}))


def _sized(nic: Nic) -> Nic:
    """A NIC with only its TX ring, and whether it copies small packets."""
    return _with(NIC, {"tx_ring": _up(nic.tx_ring), "copybreak_bytes": int(nic.copybreak_bytes > 0)})


def _with(part: P, numbers: dict[str, Any]) -> P:
    """A part of a scenario with these numbers in place of its own."""
    return replace(part, **numbers)


def _up(size: int) -> int:
    """The size rounded up to DIGITS binary digits."""
    shift = max(size.bit_length() - DIGITS, 0)
    return -(-size >> shift) << shift
