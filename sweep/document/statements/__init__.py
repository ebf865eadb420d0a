# SPDX-License-Identifier: MIT
"""The claims of a sentence about the published table, as typed data that can be checked with SQL on the table.

Claims refer to three relations, which a checker builds from the table without this package
(`tests/report/claims_in_sql.py` does, and checks every sentence of many reports):

    rows     valid rows as published, with `mix` and `col`, the names that the report has for mix and column, and
             `base_ns`, the baseline's ns per packet in the same cell and pair
    points   (mix, load, ring, col): `strategy`, `pairs` (replicates with a cost), `base_pairs` (those with `base_ns`
             too), `base` (is the baseline), `kind` and `stalls` of the mix, `last` (its highest load), `middle` (the
             ring that stands for the mix), `short` and `moving`
    cells    (mix, load, ring): `state` ("decided", "open" or "drops"), `decided` (but for drops), `settled`, `leaders`
             (strategies), `pairs`, `needed`, `short`, `moving`

`where` is a condition on a relation; an `expression` aggregates the rows of a point.  Nothing is computed here.
"""

from .conditions import at, both, named, quoted
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
from .sentences import Claim, Sentence, fixed, joined
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
    Number,
    Ranked,
    RelativeToSmallest,
    ShareOfVariance,
    Values,
)

__all__ = [
    "Absent",
    "BelowFromRing",
    "CellWinner",
    "Claim",
    "ClaimOfFile",
    "Compared",
    "CostDifference",
    "Count",
    "DropsDiffer",
    "Extreme",
    "ExtremeName",
    "FallsWithLoad",
    "FewestMean",
    "Geomean",
    "Lacking",
    "LapRule",
    "LargeEnough",
    "LostTo",
    "Mark",
    "MeanOfPoint",
    "Metadata",
    "MixLeader",
    "MostChanged",
    "NoClaim",
    "NotCostlier",
    "Number",
    "OnFront",
    "Ranked",
    "RelativeToSmallest",
    "RingSize",
    "Sentence",
    "SetAside",
    "ShareOfVariance",
    "SmallestRing",
    "ThresholdCounts",
    "Values",
    "VerdictByRule",
    "at",
    "both",
    "fixed",
    "joined",
    "named",
    "quoted",
]
