# SPDX-License-Identifier: MIT
"""The six claims of the 2016 linux-mm thread, each with its evidence in numbers and a verdict in words.

Thresholds are ours, since the thread names none: "never calls the allocator" is fewer than one slow allocation in
10,000 packets, "hardly ever" one in 100, "usually" nine packets in ten, in two thirds of the cells.
Whether a mix is a router or a host follows from what happens to its packets: forwarded or delivered.

They are judged where a sweep asks for them: a claim of its file is named after one of them ("S1 in steady state ...").

Source: [brouer-2016-04-07] proposes (S1), [dumazet-2016-04-07] answers (S2 to S6); the numbers S1 to S6 are ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sweep.document.blocks import Finding
from sweep.document.statements import Count, Lacking, Sentence, fixed, quoted
from sweep.fields.metrics import PAGE_COSTS
from sweep.report.parts.claim_verdicts import NOT_TESTED, TONES, Judgement
from sweep.results.analysis import Analysis

from . import pool, recycling


@dataclass(frozen=True)
class SeedClaim:
    name: str
    claim: str
    strategies: tuple[str, ...]  # all needed
    columns: tuple[str, ...]  # all needed
    judge: Callable[[Analysis], Judgement]


def asked(analysis: Analysis) -> list[Finding]:
    """As `judge`; nothing if no claim of the sweep file begins with the name of one of the six."""
    claims = analysis.data.metadata.get("claims") or []
    names = [str(claim.get("name", "")) for claim in claims if isinstance(claim, Mapping)]
    six = {claim.name for claim in CLAIMS}
    return judge(analysis) if any(name.split(maxsplit=1)[:1] and name.split()[0] in six for name in names) else []


def judge(analysis: Analysis) -> list[Finding]:
    """A finding per claim; a claim whose strategies or columns are missing is "not tested", with the reason."""
    findings = []
    for claim in CLAIMS:
        absent = [name for name in claim.strategies if not analysis.data.of(name)]
        lacking = [name for name in claim.columns if not analysis.data.has(name)]
        if absent:
            none = tuple(Count(0, "points", f"strategy = {quoted(name)}", shown=False) for name in absent)
            text = f"It needs the strategy {' and '.join(absent)}, which is not in this sweep."
            word, evidence = Sentence(NOT_TESTED, *none), [Sentence(text, *none)]
        elif lacking:
            missing = tuple(Lacking(name) for name in lacking)
            text = f"The table lacks {', '.join(lacking)}."
            word, evidence = Sentence(NOT_TESTED, *missing), [Sentence(text, *missing)]
        else:
            word, evidence = claim.judge(analysis)
        findings.append(Finding(claim.name, word, fixed(claim.claim), tuple(evidence), TONES[word]))
    return findings


CLAIMS = (
    SeedClaim(
        "S1",
        "In steady state a pool of RX ring + outstanding TX frames never touches the page allocator (Brouer).",
        ("page_pool",),
        ("alloc_slow", "rx_packets", "strategy.pool_size"),
        pool.s1,
    ),
    SeedClaim(
        "S2",
        "In-place recycling by reference count hardly reaches the allocator once the ring is big enough (Dumazet).",
        ("refcount_recycle",),
        ("allocator_calls_per_packet",),
        recycling.s2,
    ),
    SeedClaim(
        "S3",
        "The in-place rule is tiny: reference count 1, take another reference; else free and allocate (Dumazet).",
        ("refcount_recycle", "page_allocator"),
        (*PAGE_COSTS, "reuse_ratio"),
        recycling.s3,
    ),
    SeedClaim(
        "S4",
        "A pool fits a router, not a host: sockets hold pages without bound; allocating absorbs it (Dumazet).",
        ("page_pool", "page_allocator"),
        (),
        pool.s4,
    ),
    SeedClaim(
        "S5",
        "On a host the application usually reads before the driver has gone round the ring (Dumazet).",
        ("refcount_recycle",),
        ("reuse_ratio",),
        recycling.s5,
    ),
    SeedClaim(
        "S6",
        "Grouping pages in 2 MB regions gives mixed results (Dumazet).",
        ("hugepage_pool", "page_pool"),
        (),
        pool.s6,
    ),
)
