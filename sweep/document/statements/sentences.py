# SPDX-License-Identifier: MIT
"""A sentence of a report: text with its claims about the table; `Claim` lists their types."""

from __future__ import annotations

from typing import TypeAlias

from .contests import (
    CellWinner,
    Compared,
    CostDifference,
    DropsDiffer,
    FewestMean,
    Mark,
    MixLeader,
    NotCostlier,
    OnFront,
    RingSize,
    SetAside,
)
from .limits import (
    BelowFromRing,
    ClaimOfFile,
    FallsWithLoad,
    LargeEnough,
    LostTo,
    SmallestRing,
    ThresholdCounts,
    VerdictByRule,
)
from .values import (
    Absent,
    Count,
    Extreme,
    ExtremeName,
    Geomean,
    Lacking,
    LapRule,
    MeanOfPoint,
    Metadata,
    MostChanged,
    NoClaim,
    Ranked,
    RelativeToSmallest,
    ShareOfVariance,
    Values,
)

Claim: TypeAlias = (
    NoClaim
    | Count
    | Extreme
    | Absent
    | Values
    | ExtremeName
    | CostDifference
    | MeanOfPoint
    | Geomean
    | Lacking
    | CellWinner
    | Mark
    | SetAside
    | DropsDiffer
    | MixLeader
    | FewestMean
    | SmallestRing
    | ThresholdCounts
    | Compared
    | NotCostlier
    | BelowFromRing
    | LapRule
    | ClaimOfFile
    | RingSize
    | MostChanged
    | Ranked
    | LargeEnough
    | LostTo
    | FallsWithLoad
    | ShareOfVariance
    | OnFront
    | RelativeToSmallest
    | VerdictByRule
    | Metadata
)


class Sentence(str):
    """Text that carries its claims.  Raises TypeError without claims; fixed text has `NoClaim`."""

    claims: tuple[Claim, ...]

    def __new__(cls, text: str, *claims: Claim) -> Sentence:
        """`text` as it is shown."""
        if not claims:
            raise TypeError(f'"{text}" says nothing of what it claims; fixed text has NoClaim()')
        sentence = super().__new__(cls, text)
        sentence.claims = claims
        return sentence


def fixed(text: str) -> Sentence:
    """Text that claims nothing about the table."""
    return Sentence(text, NoClaim())


def joined(sentences: list[Sentence], separator: str = " ") -> Sentence:
    """The sentences that are not empty, joined into one with all their claims; without any, a text that is empty."""
    kept = [sentence for sentence in sentences if sentence]
    return Sentence(separator.join(kept), *(claim for sentence in kept or [fixed("")] for claim in sentence.claims))
