# SPDX-License-Identifier: MIT
"""Everything that files of a host say, put together: changes, pools, checks and what follows from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import files
from .change import Change, change
from .derived import Derived, derive
from .device import Device, device, what_is_missing
from .files import Host
from .identities import Check, checks, suspects
from .pools import Pool, pools
from .readings import ETHTOOL


@dataclass
class Result:
    """`doubts` are sentences: what was not read, not used, restarted, or is not known of the driver."""

    host: Host
    change: Change
    pools: list[Pool]
    device: Device
    checks: list[Check]
    derived: Derived
    doubts: list[str]

    @property
    def suspects(self) -> list[str]:
        """The numbers that look wrong."""
        return suspects(self.checks)

    def record(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        host, derived = self.host, self.derived
        return {
            "moments": 1 if host.before is None else 2,
            "files": [{"file": name, "read_as": what} for moment in host.moments for name, what in moment.files],
            "refused": {source: why for moment in host.moments for source, why in moment.refused.items()},
            "settings": host.settings,
            "counters": [
                {"source": key.source, "of": key.scope, "name": key.name, "count": value}
                for key, value in sorted(self.change.rises.items())
            ],
            "pools": [
                {"pool": pool.number, "from": pool.source, **pool.facts, "counts": pool.rises, "levels": pool.after}
                for pool in self.pools
            ],
            "driver": {
                "name": self.device.driver,
                "tested": self.device.tested,
                "counts": self.device.whole,
                "by_queue": self.device.by_queue,
                "not_mapped": self.device.unmapped,
            },
            "totals": derived.counts,
            "allocations": derived.allocations,
            "puts": derived.puts,
            "packets": derived.packets,
            "packets_from": derived.packets_from,
            "shares": derived.shares,
            "pages": derived.levels,
            "put_calls": derived.put_calls,
            "drops": [
                {"source": drop.source, "name": drop.name, "cause": drop.cause, "count": drop.count}
                for drop in derived.drops
            ],
            "checks": [
                {"of": check.where, "rule": check.rule, "holds": check.holds, "off_by": check.off}
                for check in self.checks
            ],
            "looks_wrong": self.suspects,
            "doubts": self.doubts,
        }


def read(before: Sequence[Path], after: Sequence[Path] = ()) -> Result:
    """What files and folders say; see `files.read` for which is which.  Errors: SweepError."""
    host = files.read(before, after)
    rises = change(host)
    found = pools(host, rises)
    counts = rises.of(ETHTOOL)
    nic = device(counts, host.settings)
    result = checks(host, rises, found, nic)
    doubts = [note for moment in host.moments for note in moment.notes] + rises.notes + what_is_missing(nic, counts)
    return Result(host, rises, found, nic, result, derive(rises, found, nic), doubts)
