# SPDX-License-Identifier: MIT
"""JSON of ethtool and dumps of the netdev netlink family as the kernel's ynl prints them: JSON or Python's notation."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from typing import Any

from . import readings
from .readings import Key, Moment

POOL_COUNTERS = (
    "alloc-fast", "alloc-slow", "alloc-slow-high-order", "alloc-empty", "alloc-refill", "alloc-waive",
    "recycle-cached", "recycle-cache-full", "recycle-ring", "recycle-ring-full", "recycle-released-refcnt",
)  # fmt: skip
POOL_COUNTS_32 = ("hold-count", "release-count")  # 32 bits wide in struct page_pool
POOL_LEVELS = ("inflight", "inflight-mem", "cache-count", "ring-used", "ring-slots", "pool-size")
POOL_FACTS = ("kind", "napi-set", "napi-id", "cpuid", "system-pool-of-cpu", "detach-time", "ifindex", "order")
PUT_CALLS = " puts"  # ends the scope of calls of the put function
MOST_NOTATION = 4 << 20  # bytes of Python's notation that are read: it is slower to read than JSON


class NotReadError(ValueError):
    """The text is neither JSON nor Python's notation; `str()` says where it ends or breaks."""


def decoded(text: str) -> Any:
    """The value that `text` holds.  Errors: NotReadError."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        said = f"{error.lineno}:{error.colno}: {error.msg}"
    except (RecursionError, ValueError) as error:
        said = f"1:1: {type(error).__name__}"
    if len(text) > MOST_NOTATION:
        raise NotReadError(said)
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
        raise NotReadError(said) from None


def read(moment: Moment, file: str, value: Any, named: str) -> str | None:
    """Read a decoded value.  Returns its source, or None if it is of no known kind.

    `named` is the file's name: it alone tells what an empty dump or a refusal is of.
    """
    if isinstance(value, dict) and isinstance(value.get("error"), dict):
        source = _by_name(named)
        reason = str(value["error"].get("name") or value["error"].get("errno") or "no reason given")[:80]
        moment.refused[source or named] = reason
        return source or "a refusal"
    rows = value if isinstance(value, list) else [value]
    if not rows:
        source = _by_name(named)
        if source:
            moment.facts.setdefault(f"empty {source}", {})
        return source
    if not all(isinstance(row, dict) for row in rows):
        return None
    for is_one, source, take in KINDS:
        if any(is_one(row) for row in rows):
            for index, row in enumerate(rows):
                take(moment, f"{file}: entry {index}", row)
            return source
    return None


def _by_name(named: str) -> str | None:
    for source in (readings.POOLS, readings.POOL_LEVELS, readings.QUEUE_STATS, readings.QUEUES, readings.NAPIS):
        if source in named.replace("_", "-"):
            return source
    return readings.STRUCTS if "page_pool_struct" in named else None


def _pool(row: dict[str, Any]) -> str | None:
    info = row.get("info", row)
    number = info.get("id") if isinstance(info, dict) else None
    return f"pool {number}" if readings.whole(number) is not None else None


def _facts(moment: Moment, scope: str, row: dict[str, Any]) -> None:
    info = row.get("info")
    said = {**(info if isinstance(info, dict) else {}), **row}
    moment.facts.setdefault(scope, {}).update(
        {name: said[name] for name in POOL_FACTS if isinstance(said.get(name), str | int)}
    )


def _statistics(moment: Moment, where: str, row: dict[str, Any]) -> None:
    _pool_counts(moment, where, row, readings.POOLS)


def _struct(moment: Moment, where: str, row: dict[str, Any]) -> None:
    if row.get("kind") == "put-call":
        _put_call(moment, where, row)
    else:
        _pool_counts(moment, where, row, readings.STRUCTS)


def _pool_counts(moment: Moment, where: str, row: dict[str, Any], source: str) -> None:
    scope = _pool(row)
    if scope is None:
        moment.notes.append(f"{where}: a pool without a number: not used")
        return
    _facts(moment, scope, row)
    for name in (*POOL_COUNTERS, *POOL_COUNTS_32):
        if name in row:
            moment.count(where, Key(source, scope, name), row[name])
    for name in POOL_LEVELS:
        if name in row:
            moment.count(where, Key(source, scope, name), row[name], level=True)
    per_cpu = row.get("recycle-per-cpu")
    for cpu, counts in enumerate(per_cpu if isinstance(per_cpu, list) else ()):
        for name in POOL_COUNTERS if isinstance(counts, dict) else ():
            if name in counts:
                moment.count(where, Key(source, f"{scope} cpu {cpu}", name), counts[name])


def _put_call(moment: Moment, where: str, row: dict[str, Any]) -> None:
    """Calls of the kernel's put function, by CPU and by whose list has the pool's NAPI: -1 none, -2 no NAPI."""
    scope, owner, cpu = _pool(row), row.get("napi-list-owner"), readings.whole(row.get("on-cpu"))
    calls = readings.whole(row.get("calls"))
    if scope is None or cpu is None or calls is None or not isinstance(owner, int):
        moment.notes.append(f"{where}: put calls without a pool, a CPU or a count: not used")
        return
    asked = ", direct asked" if row.get("direct-asked") else ""
    state = {-1: "NAPI on no list", -2: "no NAPI"}.get(owner, f"NAPI on the list of CPU {owner}")
    key = Key(readings.STRUCTS, f"{scope}{PUT_CALLS}", f"on CPU {cpu}, {state}{asked}")
    moment.counters[key] = moment.counters.get(key, 0) + calls


def _levels(moment: Moment, where: str, row: dict[str, Any]) -> None:
    scope = _pool(row)
    if scope is None:
        moment.notes.append(f"{where}: a pool without a number: not used")
        return
    _facts(moment, scope, row)
    for name in ("inflight", "inflight-mem"):
        if name in row:
            moment.count(where, Key(readings.POOL_LEVELS, scope, name), row[name], level=True)


def _queue_statistics(moment: Moment, where: str, row: dict[str, Any]) -> None:
    queue = f" {row.get('queue-type')} {row.get('queue-id')}" if "queue-type" in row else ""
    scope = f"ifindex {row.get('ifindex')}{queue}"
    for name, value in row.items():
        if isinstance(name, str) and name.startswith(("rx-", "tx-")):
            moment.count(where, Key(readings.QUEUE_STATS, scope, name), value)


def _object(prefix: str) -> Callable[[Moment, str, dict[str, Any]], None]:
    def take(moment: Moment, where: str, row: dict[str, Any]) -> None:
        scope = " ".join(str(word)[:20] for word in (prefix, row.get("ifindex"), row.get("type", ""), row.get("id")))
        moment.facts[" ".join(scope.split())] = {
            str(name): value for name, value in row.items() if isinstance(value, str | int)
        }

    return take


def _ethtool(moment: Moment, where: str, row: dict[str, Any]) -> None:
    """`ethtool --json`: settings of -g, -c, -l and -k, or statistics, flat or in groups."""
    scope = str(row.get("ifname"))[:40]
    if "rx-max" in row or "rx" in row:
        source = readings.RINGS
    elif "combined-count" in row or "rx-count" in row:
        source = readings.CHANNELS
    elif "rx-usecs" in row or "adaptive-rx" in row:
        source = readings.COALESCE
    elif any(isinstance(value, dict) and "active" in value for value in row.values()):
        source = readings.FEATURES
    else:
        _groups(moment, where, scope, row)
        return
    moment.settings.setdefault(source, {}).update(_as_text(source, row))


def _as_text(source: str, row: dict[str, Any]) -> dict[str, str]:
    """Settings named as ethtool's text has them."""
    said: dict[str, str] = {}
    for name, value in row.items():
        if name == "ifname":
            said["interface"] = str(value)
        elif isinstance(value, dict):
            said[name] = ("on" if value.get("active") else "off") + (" [fixed]" if value.get("fixed") else "")
        elif source == readings.RINGS and name in ("rx", "tx", "rx-max", "tx-max"):
            said[name.upper().replace("-MAX", " max")] = str(value)
        elif source == readings.CHANNELS and name.endswith(("-count", "-max")):
            what, _, which = name.rpartition("-")
            what = what.upper() if what in ("rx", "tx") else what.title()
            said[f"{what} max" if which == "max" else what] = str(value)
        elif source == readings.COALESCE and name in ("adaptive-rx", "adaptive-tx"):
            said[f"Adaptive {name[-2:].upper()}"] = "on" if value in (True, "on") else "off"
        else:
            said[name] = str(value)
    return said


def _groups(moment: Moment, where: str, scope: str, row: dict[str, Any], group: str = "") -> None:
    for name, value in row.items():
        if isinstance(value, dict) and not group:
            _groups(moment, where, scope, value, "" if name in ("statistics", "stats") else f"{name}: ")
        elif isinstance(value, list):
            for entry in value:
                if isinstance(entry, dict) and "val" in entry:
                    key = Key(readings.ETHTOOL, scope, f"{group}{name} {entry.get('low')}-{entry.get('high')}")
                    moment.count(where, key, entry["val"])
        elif name != "ifname":
            moment.count(where, Key(readings.ETHTOOL, scope, f"{group}{name}"), value)


KINDS: tuple[tuple[Callable[[dict[str, Any]], bool], str, Callable[[Moment, str, dict[str, Any]], None]], ...] = (
    (lambda row: "kind" in row and "info" in row, readings.STRUCTS, _struct),
    (lambda row: "info" in row and any(name in row for name in POOL_COUNTERS), readings.POOLS, _statistics),
    (lambda row: "inflight" in row and "id" in row, readings.POOL_LEVELS, _levels),
    (lambda row: "ifindex" in row and any(str(name)[:3] in ("rx-", "tx-") for name in row), readings.QUEUE_STATS,
     _queue_statistics),
    (lambda row: row.get("type") in ("rx", "tx") and "ifindex" in row, readings.QUEUES, _object("queue")),
    (lambda row: "ifindex" in row and "id" in row, readings.NAPIS, _object("napi")),
    (lambda row: "ifname" in row, readings.ETHTOOL, _ethtool),
)  # fmt: skip
