# SPDX-License-Identifier: MIT
"""What a sentence claims about the published table, as data: typed, and checkable by whoever can ask the table in SQL.

A claim names what it is about in the words of three relations, which a checker makes of the table without this package
(`tests/report/claims_in_sql.py` does, and holds every sentence of many reports against it):

    rows     valid rows as published, with `mix` and `col`, the names that the report has for mix and column, and
             `base_ns`, the baseline's ns per packet in the same cell and pair
    points   (mix, load, ring, col): `strategy`, `pairs` (replicates with a cost), `base_pairs` (those with `base_ns`
             too), `base` (is the baseline), `kind` and `stalls` of the mix, `last` (its highest load), `middle` (the
             ring that stands for the mix), `short` and `moving`
    cells    (mix, load, ring): `state` ("decided", "open" or "drops"), `decided` (but for drops), `settled`, `leaders`
             (strategies), `pairs`, `needed`, `short`, `moving`

`where` is a condition on a relation, an `expression` aggregates the rows of a point.  Nothing here computes anything.
"""

from .conditions import at, both, named, quoted
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
from .sentences import Claim, Sentence, fixed, joined
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
    Number,
    Ranked,
    ShareOfVariance,
    Values,
)

__all__ = [
    "Absent",
    "CellWinner",
    "Claim",
    "ClaimOfFile",
    "Compared",
    "Count",
    "Difference",
    "DropsDiffer",
    "Extreme",
    "FewestMean",
    "First",
    "From",
    "Geomean",
    "Judged",
    "Lacking",
    "LapRule",
    "LargeEnough",
    "Leaner",
    "Led",
    "Level",
    "Mark",
    "Metadata",
    "MostChanged",
    "NoClaim",
    "NoDearer",
    "Number",
    "OnFront",
    "Ranked",
    "RingSize",
    "Sentence",
    "SetAside",
    "ShareOfVariance",
    "Sides",
    "SmallestRing",
    "Values",
    "at",
    "both",
    "fixed",
    "joined",
    "named",
    "quoted",
]
