# SPDX-License-Identifier: MIT
"""What files of a host say, as lines for people."""

from __future__ import annotations

from collections import Counter

from sweep.format import count as plural
from sweep.format import percent, significant
from sweep.safe_text import visible_line

from . import readings
from .result import Result

SETTINGS = (
    (readings.DRIVER, ("driver",)),
    (readings.RINGS, ("RX", "RX max", "TX")),
    (readings.COALESCE, ("Adaptive RX", "rx-usecs", "rx-frames")),
    (readings.CHANNELS, ("Combined", "RX")),
    (readings.FEATURES, ("generic-receive-offload", "large-receive-offload", "rx-gro-hw", "receive-hashing")),
    (readings.SPREAD, ("RSS hash key",)),
)
MOST_DOUBTS = 30


def lines(result: Result) -> list[str]:
    """All of it: what was read, the counts, what follows, the checks, the doubts."""
    derived = result.derived
    said = [*_read(result)]
    if derived.packets is not None:
        said.append(f"packets: {derived.packets:,} ({derived.packets_from})")
    moved = [pool for pool in result.pools if pool.has_moved]
    if derived.counts:
        which = plural(len(moved), "pool that moved", "pools that moved") if moved else "what the driver prints"
        said.append(f"page_pool counters, of {which}")
        said += [f"  {name} {value:,}" for name, value in derived.counts.items()]
    elif result.pools:
        said.append("page_pool counters: none read")
    if derived.allocations is not None and derived.puts is not None:
        said.append(f"pages got: {derived.allocations:,}; pages given back: {derived.puts:,}")
    if derived.levels:
        said.append("pages at the end: " + ", ".join(f"{name} {value:,}" for name, value in derived.levels.items()))
    said += [f"  {name}: {share(name, value)}" for name, value in derived.shares.items() if value is not None]
    if derived.put_calls:
        said += ["put calls", *(f"  {name}: {value:,}" for name, value in derived.put_calls.items())]
    said += drops(result)
    said += checked(result)
    said += doubts(result)
    return [visible_line(line) for line in said]


def share(name: str, value: float) -> str:
    """A derived ratio: a share in percent, or so many a packet."""
    return f"{percent(value)} %" if name.endswith("given back") else significant(value)


def drops(result: Result) -> list[str]:
    """Drops by cause: those that happened; that the others were counted and are zero is said in one line."""
    happened = [drop for drop in result.derived.drops if drop.count]
    none = [f"{drop.source} {drop.name}" for drop in result.derived.drops if not drop.count]
    said = ["drops by cause"] if result.derived.drops else ["drops: no counter of drops was read"]
    said += [f"  {drop.count:,}: {drop.cause} ({drop.source} {drop.name})" for drop in happened]
    if none:
        said.append(f"  none in: {', '.join(none)}")
    return said


def checked(result: Result) -> list[str]:
    """How many identities hold, and each that does not."""
    if not result.checks:
        return ["checks: no two numbers here can be checked against each other"]
    wrong = [check for check in result.checks if not check.holds]
    close = sum(check.close and check.off > 0 for check in result.checks)
    near = f", {close} of them nearly, as on a host that works on between two reads" if close else ""
    said = [f"checks: {len(result.checks) - len(wrong)} of {len(result.checks)} hold{near}"]
    for check in wrong:
        why = f": {check.reason}" if check.reason else ""
        said.append(f"  does not hold: {check.where}: {check.rule}, off by {check.off:,}{why}")
    if result.suspects:
        said.append(f"  looks wrong: {', '.join(result.suspects)}")
    return said


def doubts(result: Result) -> list[str]:
    """What was not read or not used, and why."""
    refused = [
        f"{source}: refused by the kernel or driver: {why}"
        for source, why in {source: why for m in result.host.moments for source, why in m.refused.items()}.items()
    ]
    found = list(dict.fromkeys([*refused, *result.doubts]))
    said = ["doubts"] if found else []
    said += [f"  {doubt}" for doubt in found[:MOST_DOUBTS]]
    if len(found) > MOST_DOUBTS:
        said.append(f"  and {len(found) - MOST_DOUBTS} more: --json has all")
    return said


def _read(result: Result) -> list[str]:
    host = result.host
    kinds = Counter(what for moment in host.moments for _, what in moment.files)
    files = sum(kinds.values())
    what = "two moments" if host.before is not None else "one moment, so counts are since each counter began"
    said = [f"{plural(files, 'file')}, {what}", f"  read as: {', '.join(f'{kind} ({n})' for kind, n in kinds.items())}"]
    for source, names in SETTINGS:
        values = [f"{name} {host.settings[source][name]}" for name in names if name in host.settings.get(source, {})]
        if values:
            said.append(f"  {source}: {', '.join(values)}")
    return said
