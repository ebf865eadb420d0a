# SPDX-License-Identifier: MIT
"""Random streams of a simulation, each keyed only by the parameters that decide its process.

Two simulations that differ in strategy, ring, receive buffer, reader speed, cost or kernel meet the same packets, the
same stalls and the same wake-up delays, so their difference is that of the change alone (common random numbers).

| streams | keyed by seed, replicate and |
|---|---|
| gap, burst, packet | arrivals, frame sizes, fates, flows and load: what decides the packets |
| stall | the distributions of the time between stalls and of their length |
| wakeup | the distribution of the wake-up delay |
| order3 | nothing more: it decides with its own probability |

A key must stay what it is when fields are renamed or added, or every result would change.  So it is a digest of a
frozen encoding of values: no name of a class or a field goes in, and a property at its default is left out.  Each
property has a number of its own that is never used again.  A new one gets the next number and a default at which
everything is as it was before.

Source: common random numbers, a stream per source of randomness [law-2015] section 11.2; encoding: bencode
[bep 3], with "n" for nothing.
"""

from __future__ import annotations

import hashlib
from typing import TypeAlias

import numpy as np

from sweep.model.scenario import Distribution, Scenario, Traffic
from sweep.model.traffic.processes import process

VERSION = 1  # of the encoding: another one changes every key, so every result
KEY_BYTES = 8

Value: TypeAlias = "int | str | tuple[Value, ...] | None"
Properties: TypeAlias = "tuple[tuple[int, Value], ...]"

NAMES = ("gap", "burst", "packet", "wakeup", "stall", "order3")  # part of the keys: frozen


def encode(value: Value) -> bytes:
    """The frozen encoding of a value: equal bytes exactly for equal values."""
    match value:
        case None:
            return b"n"
        case int():
            return b"i%de" % value
        case str():
            data = value.encode()
            return b"%d:%s" % (len(data), data)
        case tuple():
            return b"l" + b"".join(map(encode, value)) + b"e"


def packets(traffic: Traffic, load_ppm: int) -> bytes:
    """The parameters that decide the packets of a simulation, besides seed and replicate, encoded."""
    arrivals = traffic.arrivals
    numbers = {setting.name: setting.property for setting in process(arrivals.kind).SETTINGS}
    properties: Properties = (
        (1, arrivals.kind),
        *((numbers[name], _plain(value)) for name, value in arrivals.settings),
        (4, traffic.sizes),
        (5, traffic.local_ppm),
        (6, traffic.forward_ppm),
        (7, traffic.flows),
        (8, load_ppm),
    )
    return _without(tuple(sorted(properties, key=lambda each: each[0])), {5: 0, 6: 0, 7: 0})


def stalls(traffic: Traffic) -> bytes:
    """The parameters that decide when the reader stalls and for how long, encoded."""
    reader = traffic.reader
    return _without(((1, _plain(reader.stall_every_ps)), (2, _plain(reader.stall_for_ps))), {1: None, 2: None})


def wakeups(traffic: Traffic) -> bytes:
    """The parameters that decide the wake-up delays of the reader, encoded."""
    return _without(((1, _plain(traffic.reader.wakeup_ps)),), {})


def keys(scenario: Scenario) -> dict[str, np.uint64]:
    """The key of each stream by its name, 64 bits."""
    traffic = scenario.traffic
    packet_properties = packets(traffic, scenario.load_ppm)
    properties = {
        "gap": packet_properties,
        "burst": packet_properties,
        "packet": packet_properties,
        "stall": stalls(traffic),
        "wakeup": wakeups(traffic),
    }
    return {name: key(scenario.seed, scenario.replicate, name, properties.get(name, encode(()))) for name in NAMES}


def key(seed: int, replicate: int, name: str, decided_by: bytes) -> np.uint64:
    """The key of one stream: the first eight bytes of a digest, little endian."""
    data = encode((VERSION, seed, replicate, name)) + decided_by
    return np.uint64(int.from_bytes(hashlib.blake2b(data, digest_size=KEY_BYTES).digest(), "little"))


def digest(decided_by: bytes) -> str:
    """Digest, 16 hex digits, of the parameters that decide a process: equal for equal ones, for the published table."""
    return hashlib.blake2b(encode((VERSION,)) + decided_by, digest_size=KEY_BYTES).hexdigest()


def _plain(value: int | Distribution | None) -> Value:
    return (value.kind, *value.values) if isinstance(value, Distribution) else value


def _without(properties: Properties, defaults: dict[int, Value]) -> bytes:
    """Properties by number, encoded, without those at their default."""
    return encode(
        tuple(
            numbered for numbered in properties if numbered[0] not in defaults or numbered[1] != defaults[numbered[0]]
        )
    )
