# SPDX-License-Identifier: MIT
"""The precision that a table was run for, as stored with it: the looks, and the comparisons that stay open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

NAMED = 3  # open comparisons in a line
MANY = 100  # looks: twice as many replicates each time, so a table has no more


class ReachedPrecision(NamedTuple):
    """The precision reached by a run; in the metadata of its table under `precision`."""

    looks: list[int]  # replicates at each
    targets: list[str]  # "drop_ratio 0.1 pp"
    comparisons: int  # that were to be decided
    open: int  # of them, those that are not
    named: list[str]  # some of these
    finished: bool  # no look is to come

    @classmethod
    def of(cls, about: Mapping[str, Any]) -> ReachedPrecision | None:
        """The precision in the metadata of a table; None if there is none, or it is not valid."""
        stored = about.get("precision")
        try:
            reached = cls(**stored)  # type: ignore[arg-type]
            counts = [*reached.looks, reached.comparisons, reached.open]
            texts = [*reached.targets, *reached.named]
        except TypeError:
            return None
        numbers = all(type(count) is int and count >= 0 for count in counts) and type(reached.finished) is bool
        is_valid = numbers and 0 < len(reached.looks) <= MANY and all(isinstance(text, str) for text in texts)
        return reached if is_valid else None

    @property
    def asked(self) -> str:
        """The targets as text: "drop_ratio 0.1 pp, ns_per_packet 0.5 %"."""
        return ", ".join(self.targets)

    @property
    def line(self) -> str:
        """One line: "4 of 12 comparisons stay open at 32 replicates: page_pool, router, ring 256 (drop_ratio); ..."."""
        if not self.finished:
            return f"the looks are not finished: {self.open:,} of {self.comparisons:,} comparisons are not decided yet"
        if not self.open:
            return f"all of {self.comparisons:,} comparisons are as precise as was asked for, or decided"
        named_text = "; ".join(self.named[:NAMED])
        more = f"; and {self.open - NAMED:,} more" if self.open > NAMED else ""
        verb = "stays" if self.open == 1 else "stay"
        start = f"{self.open:,} of {self.comparisons:,} comparisons {verb} open"
        return f"{start} at {self.looks[-1]:,} replicates: {named_text}{more}"
