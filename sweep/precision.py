# SPDX-License-Identifier: MIT
"""What a table says of the precision that it was run for: how often was looked, and what stays open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

NAMED = 3  # open comparisons in a line
MANY = 100  # looks: twice as many replicates each time, so a table has no more


class Reached(NamedTuple):
    """Of one run; in the metadata of its table under `precision`."""

    looks: list[int]  # replicates at each
    targets: list[str]  # "drop_ratio 0.1 pp"
    comparisons: int  # that were to be decided
    open: int  # of them, those that are not
    named: list[str]  # some of these
    finished: bool  # no look is to come

    @classmethod
    def of(cls, about: Mapping[str, Any]) -> Reached | None:
        """What the description of a table says; None if it has none, or none that a run wrote."""
        said = about.get("precision")
        try:
            found = cls(**said)  # type: ignore[arg-type]
            counts = [*found.looks, found.comparisons, found.open]
            texts = [*found.targets, *found.named]
        except TypeError:
            return None
        numbers = all(type(count) is int and count >= 0 for count in counts) and type(found.finished) is bool
        sound = numbers and 0 < len(found.looks) <= MANY and all(isinstance(text, str) for text in texts)
        return found if sound else None

    @property
    def asked(self) -> str:
        """ "drop_ratio 0.1 pp, ns_per_packet 0.5 %"."""
        return ", ".join(self.targets)

    @property
    def line(self) -> str:
        """ "4 of 12 comparisons stay open at 32 replicates: page_pool, router, ring 256 (drop_ratio); and 3 more"."""
        if not self.finished:
            return f"the looks are not finished: {self.open:,} of {self.comparisons:,} comparisons are not decided yet"
        if not self.open:
            return f"all of {self.comparisons:,} comparisons are as precise as was asked for, or decided"
        named = "; ".join(self.named[:NAMED])
        more = f"; and {self.open - NAMED:,} more" if self.open > NAMED else ""
        stay = "stays" if self.open == 1 else "stay"
        some = f"{self.open:,} of {self.comparisons:,} comparisons {stay} open"
        return f"{some} at {self.looks[-1]:,} replicates: {named}{more}"
