# SPDX-License-Identifier: MIT
"""What is read of a host: counters and levels by source, scope and name, settings by command, and what was doubtful."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

ETHTOOL, POOLS, POOL_LEVELS = "ethtool -S", "page-pool-stats-get", "page-pool-get"
STRUCTS, QUEUES, NAPIS, QUEUE_STATS = "page_pool structs", "queue-get", "napi-get", "qstats-get"
SNMP, SOFTNET, LINK, SOCKETS = "/proc/net/snmp", "softnet_stat", "ip -s link", "ss -m"
VMSTAT, INTERRUPTS = "/proc/vmstat", "/proc/interrupts"
RINGS, COALESCE, CHANNELS, DRIVER = "ethtool -g", "ethtool -c", "ethtool -l", "ethtool -i"
FEATURES, SPREAD = "ethtool -k", "ethtool -x"
MOST_DIGITS = 20  # of 2**64 - 1
LARGEST = 2**64 - 1


class Key(NamedTuple):
    """A counter's full name: `source` is the command or file, `scope` the pool, queue, CPU, socket or interface."""

    source: str
    scope: str
    name: str


@dataclass
class Moment:
    """All that was read at one moment.

    `counters` only rise, `levels` go up and down, `settings` maps a command to what it printed, `refused` a source to
    the kernel's reason, `facts` a scope to what a dump says of it besides counts.  `notes` are sentences for people.
    """

    counters: dict[Key, int] = field(default_factory=dict)
    levels: dict[Key, int] = field(default_factory=dict)
    settings: dict[str, dict[str, str]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def count(self, where: str, key: Key, value: Any, *, level: bool = False) -> None:
        """Take a count; one that cannot be a count, or that contradicts what was read, is said and not used."""
        number = whole(value)
        if number is None:
            self.notes.append(f'{where}: {key.name} is "{str(value).strip()[:40]}", which is no count: not used')
            return
        into = self.levels if level else self.counters
        if into.get(key, number) != number:
            self.notes.append(f"{where}: {_called(key)} is there twice, as {into[key]} and {number}: neither is used")
            into.pop(key)
            return
        into[key] = number

    def by_scope(self, source: str) -> dict[str, dict[str, int]]:
        """Counters and levels of a source: scope -> name -> value."""
        scopes: dict[str, dict[str, int]] = {}
        for values in (self.counters, self.levels):
            for key, value in values.items():
                if key.source == source:
                    scopes.setdefault(key.scope, {})[key.name] = value
        return scopes


def whole(value: Any) -> int | None:
    """`value`, a number or decimal digits, as a count that fits in 64 bits; None if it is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        digits = value.strip()
        if not (digits.isascii() and digits.isdigit()) or len(digits) > MOST_DIGITS:
            return None
        value = int(digits)
    return value if isinstance(value, int) and 0 <= value <= LARGEST else None


def _called(key: Key) -> str:
    return f"{key.name} of {key.scope}" if key.scope else key.name
