# SPDX-License-Identifier: MIT
"""What a NIC's driver counted, under the kernel's names: for the whole device and by queue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from . import drivers
from .json_forms import POOL_COUNTERS
from .readings import DRIVER, ETHTOOL

Counts = dict[str, int]


@dataclass
class Device:
    """`whole` is of the whole device, or the sum of the queues where it has no count.

    `by_queue`: queue -> name -> count.  `unmapped` are counts under names that no data file has; `tested` is whether
    real output of the driver was read in tests, None if there is no data file.
    """

    driver: str | None = None
    tested: bool | None = None
    whole: Counts = field(default_factory=dict)
    by_queue: dict[str, Counts] = field(default_factory=dict)
    unmapped: Counts = field(default_factory=dict)

    def pool(self) -> Counts:
        """The page_pool counters, as far as the driver prints them."""
        return {name: self.whole[name] for name in POOL_COUNTERS if name in self.whole}

    def queue_sum(self, name: str) -> int | None:
        """The sum over queues; None if no queue has it."""
        values = [counts[name] for counts in self.by_queue.values() if name in counts]
        return sum(values) if values else None


def device(counts: Mapping[str, Mapping[str, int]], settings: Mapping[str, Mapping[str, str]]) -> Device:
    """The device whose `ethtool -S` counts are given as scope -> printed name -> count; scopes are added up."""
    name = settings.get(DRIVER, {}).get("driver") or None
    own = drivers.known().get(name or "")
    found = Device(name, None if own is None else bool(own.samples))
    printed_whole: dict[str, int] = {}
    for scope in counts.values():
        for printed, value in scope.items():
            meaning = drivers.meaning(name, printed)
            if meaning is None:
                found.unmapped[printed] = found.unmapped.get(printed, 0) + value
            elif meaning.queue is None:
                printed_whole[meaning.name] = printed_whole.get(meaning.name, 0) + value
            else:
                queue = found.by_queue.setdefault(meaning.queue, {})
                queue[meaning.name] = queue.get(meaning.name, 0) + value
    for counted in {counted for queue in found.by_queue.values() for counted in queue}:
        total = found.queue_sum(counted)
        if total is not None:
            found.whole[counted] = total
    found.whole.update(printed_whole)
    return found


def what_is_missing(found: Device, counts: Mapping[str, Mapping[str, int]]) -> list[str]:
    """Sentences on what the data files do not know."""
    said: list[str] = []
    if counts and found.driver is None:
        said.append(
            f"{ETHTOOL} without {DRIVER}: the driver is not known, so only names that all drivers share are used"
        )
    elif counts and found.tested is None:
        said.append(f'no data file for the driver "{found.driver}": only names that all drivers share are used')
    elif found.driver and found.tested is False:
        said.append(
            f'the names of the driver "{found.driver}" are from its source; no real output was tested (untested)'
        )
    moved = [name for name, value in found.unmapped.items() if value and not name.lower().startswith("tx")]
    if moved:
        shown = ", ".join(f"{name} {found.unmapped[name]:,}" for name in moved[:6])
        said.append(f"names that are not mapped, and rose: {shown}" + (" ..." if len(moved) > 6 else ""))
    return said
