# SPDX-License-Identifier: MIT
"""What counters rose by between two moments: wrapping is undone; resets and restarts are found and said."""

from __future__ import annotations

from dataclasses import dataclass, field

from .files import Host
from .json_forms import POOL_COUNTS_32, PUT_CALLS
from .readings import POOLS, SOCKETS, SOFTNET, STRUCTS, Key

WIDE, NARROW = 1 << 64, 1 << 32
RESTARTED = 0.5  # of the counters of a scope that were not zero: if so many fell, all began again


@dataclass
class Change:
    """`rises` by counter; `since_start` if there was no first moment, so that they are counts since creation."""

    rises: dict[Key, int] = field(default_factory=dict)
    since_start: bool = False
    restarted: set[tuple[str, str]] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)

    def of(self, source: str) -> dict[str, dict[str, int]]:
        """scope -> name -> rise."""
        rises: dict[str, dict[str, int]] = {}
        for key, value in self.rises.items():
            if key.source == source:
                rises.setdefault(key.scope, {})[key.name] = value
        return rises


def change(host: Host) -> Change:
    """The rises from the first moment to the last.

    Where at least half of a scope's counters fell, the driver or pool began again: all of them count from zero, which
    is at least what happened.  A single counter that fell alone has wrapped if its width says so; else it is not used.
    """
    if host.before is None:
        return Change(dict(host.after.counters), since_start=True)
    result = Change()
    first, last = host.before.counters, host.after.counters
    scopes: dict[tuple[str, str], list[Key]] = {}
    for key in last:
        scopes.setdefault((key.source, key.scope), []).append(key)
    for (source, scope), keys in scopes.items():
        if scope.endswith(PUT_CALLS):  # a kind of call is not listed before the first
            first = {**dict.fromkeys(keys, 0), **first}
        shared = [key for key in keys if key in first]
        if not shared:
            _appeared(host, result, source, scope, keys)
            continue
        fell = [key for key in shared if last[key] < first[key] and not _has_wrapped(key, first[key], last[key])]
        moved = [key for key in shared if first[key]]
        if fell and (len(moved) == 1 or (len(fell) > 1 and len(fell) >= RESTARTED * len(moved))):
            result.restarted.add((source, scope))
            result.notes.append(
                f"{_named(source, scope)}: {len(fell)} of {len(moved)} counters fell: it began again in between; "
                "counted from zero, so what is shown is at least what happened"
            )
            result.rises.update((key, last[key]) for key in keys)
            continue
        for key in shared:
            if key in fell:
                result.notes.append(
                    f"{_named(source, scope)}: {key.name} fell from {first[key]:,} to {last[key]:,} while others did "
                    "not: it looks wrong and is not used"
                )
            else:
                result.rises[key] = (last[key] - first[key]) % _width(key, first[key], last[key])
                if last[key] < first[key]:
                    result.notes.append(f"{_named(source, scope)}: {key.name} wrapped in between")
        missing = [key.name for key in keys if key not in first]
        if missing:
            result.notes.append(f"{_named(source, scope)}: only in the later moment, not used: {_some(missing)}")
    gone: dict[tuple[str, str], list[str]] = {}
    for key in first:
        if key not in last and " cpu " not in key.scope and not key.scope.endswith(PUT_CALLS):
            gone.setdefault((key.source, key.scope), []).append(key.name)
    for (source, scope), names in gone.items():
        whole = (source, scope) not in scopes
        what = "gone in the later moment: its counts are lost" if whole else f"gone in the later moment: {_some(names)}"
        result.notes.append(f"{_named(source, scope)}: {what}")
    return result


def _appeared(host: Host, result: Change, source: str, scope: str, keys: list[Key]) -> None:
    assert host.before is not None
    if any(key.source == source for key in host.before.counters) or f"empty {source}" in host.before.facts:
        if source in (POOLS, STRUCTS, SOCKETS):
            result.rises.update((key, host.after.counters[key]) for key in keys)
            if " cpu " not in scope:
                result.notes.append(f"{_named(source, scope)}: made in between, so counted from zero")
        else:
            result.notes.append(f"{_named(source, scope)}: only in the later moment: not used")
    elif source == SOCKETS:
        result.rises.update((key, host.after.counters[key]) for key in keys)
        result.notes.append(f"{_named(source, scope)}: only in the later moment: counts since the socket was made")
    else:
        result.notes.append(f"{_named(source, scope)}: no {source} in the first moment: not used")


def _is_narrow(key: Key) -> bool:
    return key.source == SOFTNET or key.name in POOL_COUNTS_32


def _width(key: Key, first: int, last: int) -> int:
    return NARROW if _is_narrow(key) or (last < first < NARROW) else WIDE


def _has_wrapped(key: Key, first: int, last: int) -> bool:
    """Whether a fall is a wrap: the counter was in the upper half of its width, and rose by less than half of it."""
    width = _width(key, first, last)
    return first >= width // 2 and (last - first) % width < width // 2


def _named(source: str, scope: str) -> str:
    return f"{source}, {scope}" if scope else source


def _some(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
