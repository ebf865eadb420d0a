# SPDX-License-Identifier: MIT
"""A sentence of a report: text that carries what it claims, of the kinds in `Claim`."""

from __future__ import annotations

from typing import TypeAlias

from .contests import (
    CellWinner,
    Compared,
    Difference,
    DropsDiffer,
    FewestMean,
    Led,
    Mark,
    NoDearer,
    OnFront,
    RingSize,
    SetAside,
)
from .limits import ClaimOfFile, From, Judged, LargeEnough, Sides, SmallestRing
from .values import (
    Absent,
    Count,
    Extreme,
    First,
    Geomean,
    Lacking,
    LapRule,
    Leaner,
    Level,
    Metadata,
    MostChanged,
    NoClaim,
    Ranked,
    ShareOfVariance,
    Values,
)

Claim: TypeAlias = (
    NoClaim
    | Count
    | Extreme
    | Absent
    | Values
    | First
    | Difference
    | Level
    | Geomean
    | Lacking
    | CellWinner
    | Mark
    | SetAside
    | DropsDiffer
    | Led
    | FewestMean
    | SmallestRing
    | Sides
    | Compared
    | NoDearer
    | From
    | LapRule
    | ClaimOfFile
    | RingSize
    | MostChanged
    | Ranked
    | LargeEnough
    | ShareOfVariance
    | OnFront
    | Leaner
    | Judged
    | Metadata
)


class Sentence(str):
    """Text that carries what it claims.  Raises TypeError for text without: fixed text says so, with `NoClaim`."""

    claims: tuple[Claim, ...]

    def __new__(cls, text: str, *claims: Claim) -> Sentence:
        """`text` as it is shown."""
        if not claims:
            raise TypeError(f'"{text}" says nothing of what it claims; fixed text has NoClaim()')
        made = super().__new__(cls, text)
        made.claims = claims
        return made


def fixed(text: str) -> Sentence:
    """Text that claims nothing about the table."""
    return Sentence(text, NoClaim())


def joined(sentences: list[Sentence], separator: str = " ") -> Sentence:
    """Those that are not empty, as one."""
    kept = [sentence for sentence in sentences if sentence]
    return Sentence(separator.join(kept), *(claim for sentence in kept for claim in sentence.claims or (NoClaim(),)))
