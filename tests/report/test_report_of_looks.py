# SPDX-License-Identifier: MIT
"""Tables whose replicates ran until comparisons were decided: wider intervals, other counts, and what stays open."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import t

from sweep import stats
from sweep.reached_precision import ReachedPrecision
from sweep.report import contents
from sweep.report.brief import document
from sweep.report.claims import user
from sweep.results import analysis, dataset
from tests.report.synthetic_sweep import Effects, table

LOOKS = [4, 8, 16, 32]
REACHED = ReachedPrecision(
    LOOKS, ["drop_ratio 0.1 pp"], 12, 4, [f"page_pool, ring {ring} (drop_ratio)" for ring in LOOKS], True
)
GRID = {
    "strategies": ("page_allocator", "page_frag", "page_pool"),
    "mixes": ("router",),
    "loads": (0.3,),
    "rings": (64, 256),
}


def looked(source: pa.Table, **changed: object) -> pa.Table:
    """The table with what it says of its looks."""
    about = json.loads(source.schema.metadata[b"sweep"])
    about["precision"] = REACHED._replace(**changed)._asdict()  # type: ignore[arg-type]
    return source.replace_schema_metadata({b"sweep": json.dumps(about).encode()})


def plain(replicates: int = 8, **more: object) -> pa.Table:
    return table(**GRID, replicates=replicates, **more)  # type: ignore[arg-type]


def text(source: pa.Table) -> str:
    """Of the whole report and of the first screen, in one line."""
    whole, _ = contents.analysed(source, "runs/made")
    return " ".join(f"{whole}{document(source, 'runs/made')}".split())


def test_intervals_hold_at_whichever_look_it_was() -> None:
    data = dataset.read(looked(plain()))
    assert data.confidence == pytest.approx(1 - 0.05 / 4)
    found, alone = data.estimate("ns_per_packet"), dataset.read(plain()).estimate("ns_per_packet")
    np.testing.assert_allclose(found.half / alone.half, t.ppf(1 - 0.025 / 4, 7) / t.ppf(0.975, 7))
    pairs = analysis.analyse(data).relative, analysis.analyse(dataset.read(plain())).relative
    np.testing.assert_allclose(
        pairs[0].half[..., 1:] / pairs[1].half[..., 1:], t.ppf(1 - 0.025 / 4, 7) / t.ppf(0.975, 7)
    )


def test_cells_are_judged_for_all_looks_and_cells_together() -> None:
    found = analysis.analyse(dataset.read(looked(plain())))
    assert found.each_at == pytest.approx(1 - 0.05 / 4 / len(found.outcomes) / (2 if found.drops is not None else 1))


def test_a_claim_that_95_percent_would_refute_stays_open() -> None:
    """A mean whose interval at one look is beyond the threshold and at four is not."""
    source = plain(4)
    found = dataset.read(source).estimate("ns_per_packet")
    cell = (0, 0, 0, 1)
    narrow, wide = (
        float(found.center[cell]) + float(found.deviation[cell]) / 2 * t.ppf(1 - risk, 3) for risk in (0.025, 0.025 / 4)
    )
    claim = {"name": "near", "that": f"ns_per_packet[page_frag, ring=64] < {(narrow + wide) / 2:.6f}"}
    source = plain(4, claims=[claim])
    found = [user.judge(analysis.analyse(dataset.read(each))) for each in (source, looked(source))]
    assert [str(each.word) for (each,) in found] == ["supported", "undecided"]


def test_the_report_says_what_stays_open_and_at_which_confidence() -> None:
    said = text(looked(plain()))
    assert "4 of 12 comparisons stay open at 32 replicates: page_pool, ring 4 (drop_ratio); " in said
    assert "; and 1 more." in said
    assert "looks at 4, 8, 16 and 32. Every interval and test is at 98.75 %, so that it holds at 95 %" in said
    assert "stay open" not in text(looked(plain(), open=0, named=[]))
    assert "looks are not finished" in text(looked(plain(), finished=False))
    assert "looks" not in text(plain())


def test_replicates_that_were_not_asked_for_are_not_missed() -> None:
    source = plain()
    few = source.filter(pa.array(np.asarray(source.column("replicate")) < 4))
    few = looked(few)
    about = dataset.published(few.schema) | {"simulations": len(few)}
    few = few.replace_schema_metadata({b"sweep": json.dumps(about).encode()})
    said = text(few)
    assert "not whole" not in said
    assert "failed" not in said
    wider = looked(
        source.filter(
            pa.array((np.asarray(source.column("replicate")) < 4) | (np.asarray(source.column("ring")) == 64))
        )
    )
    assert "4 to 8 replicates" in text(wider)


def test_who_wins_is_judged_in_the_replicates_that_all_have() -> None:
    """Means over other packets would make the one with more replicates the best: the later ones are cheaper."""

    def ns(row: dict) -> float:
        cheaper = 0.5 if row["replicate"] >= 4 else 1.0
        return cheaper * {"page_allocator": 600.0, "page_frag": 590.0, "page_pool": 500.0}[row["strategy"]]

    source = plain(8, effects=Effects(ns=ns, noise=0.0))
    replicate, strategy = np.asarray(source.column("replicate")), np.asarray(source.column("strategy"))
    unequal = looked(source.filter(pa.array((replicate < 4) | (strategy != "page_pool"))))
    found = analysis.analyse(dataset.read(unequal))
    columns = found.data.columns
    assert {columns[outcome.winner.best] for outcome in found.outcomes.values()} == {"page_pool"}
    assert all(outcome.winner.pairs == 4 for outcome in found.outcomes.values())
    assert np.isfinite(found.ns).sum() > np.isfinite(found.contest).sum()
    np.testing.assert_array_equal(found.absolute.pairs[..., columns.index("page_frag")], 8)


@pytest.mark.parametrize(
    "damage",
    [
        {"looks": []},
        {"looks": [4, "8"]},
        {"looks": 4},
        {"looks": list(range(1000))},
        {"open": -1},
        {"comparisons": "12"},
        {"named": [1]},
        {"finished": 1},
        {"more": 1},
    ],
)
def test_what_no_run_has_written_is_not_believed(damage: dict) -> None:
    assert ReachedPrecision.of({"precision": REACHED._asdict()}) == REACHED
    assert ReachedPrecision.of({"precision": REACHED._asdict() | damage}) is None
    assert ReachedPrecision.of({"precision": 3}) is None
    assert ReachedPrecision.of({}) is None
    assert stats.confidence_of({"precision": REACHED._asdict() | damage}) == 0.95


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        (
            {},
            "4 of 12 comparisons stay open at 32 replicates: page_pool, ring 4 (drop_ratio); "
            "page_pool, ring 8 (drop_ratio); "
            "page_pool, ring 16 (drop_ratio); and 1 more",
        ),
        ({"open": 1, "named": ["a (drop_ratio)"]}, "1 of 12 comparisons stays open at 32 replicates: a (drop_ratio)"),
        ({"open": 0, "named": []}, "all of 12 comparisons are as precise as was asked for, or decided"),
        ({"finished": False}, "the looks are not finished: 4 of 12 comparisons are not decided yet"),
    ],
)
def test_the_line(changed: dict, line: str) -> None:
    assert REACHED._replace(**changed).line == line


def test_the_whole_report_and_the_first_screen_both_say_so() -> None:
    source = looked(plain())
    for said in (contents.analysed(source, "runs/made")[0], document(source, "runs/made")):
        assert "4 of 12 comparisons stay open" in " ".join(str(said).split())
