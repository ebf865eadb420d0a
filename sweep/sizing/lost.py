# SPDX-License-Identifier: MIT
"""Why nothing keeps drops low enough: what most packets are lost to where it fails, and what helps."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, NamedTuple

from pydantic import Field
from typing_extensions import TypedDict

from .. import evidence, format
from ..fields.losses import SEEN_ONLY, Cause
from .search import AskedCells, Cell


class MostLost(NamedTuple):
    """What most of the packets that a cell drops are lost to."""

    place: str  # of the cell: "ring 4096"
    cause: Cause
    share: float  # of what is dropped
    shown: bool  # whether that is more than half beyond doubt

    @property
    def text(self) -> str:
        """In words, with what helps."""
        doubt = "" if self.shown else f" ({SEEN_ONLY})"
        share = f"{format.percent(self.share)} % of what is dropped"
        return f"at {self.place} {share} is lost {self.cause.place}{doubt}: {self.cause.helps}"


class LostRecord(TypedDict):
    """What most of the dropped packets are lost to."""

    at: Annotated[str, Field(description='where it was simulated: "ring 4096"')]
    cause: Annotated[str, Field(description="as the counters have it: socket_buffer")]
    share: Annotated[float, Field(description="of what is dropped")]
    shown: Annotated[bool, Field(description="whether that is more than half beyond doubt")]
    helps: Annotated[str, Field(description="what helps against it, and what does not")]


def most_lost(search: AskedCells, cell: Cell, place: str) -> MostLost | None:
    """What a simulated cell loses most packets to; None if it drops none, or no objective speaks of drops."""
    if not search.question.about_drops:
        return None
    found = evidence.losses(search.evidence(cell), search.question.confidence)
    if found is None or found.first[0] < 0:
        return None
    number = int(found.first[0])
    return MostLost(place, found.causes[number], float(found.shares[0, number]), bool(found.shown[0]))


def notes(series: Iterable[tuple[str, MostLost | None]]) -> tuple[str, ...]:
    """A footnote for each thing that is to be said, with the columns that it is true of."""
    named = dict[str, list[str]]()
    for column, lost in series:
        if lost is not None:
            named.setdefault(lost.text, []).append(column)
    return tuple(f"{', '.join(columns)}: {text}" for text, columns in named.items())


def lost_record(lost: MostLost | None) -> LostRecord | None:
    """What most packets are lost to."""
    if lost is None:
        return None
    cause = lost.cause
    return {"at": lost.place, "cause": cause.name, "share": lost.share, "shown": lost.shown, "helps": cause.helps}
