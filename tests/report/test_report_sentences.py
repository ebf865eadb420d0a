# SPDX-License-Identifier: MIT
"""Every sentence, mark and footnote of a report claims what the table says: held against SQL, over many tables."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields, replace
from functools import cache
from pathlib import Path
from typing import get_args

import pyarrow as pa
import pytest
from pyarrow import parquet

from sweep.document import statements
from sweep.document.blocks import Document, Finding, Findings, Paragraph, Table
from sweep.document.statements import NoClaim, Number, Sentence
from sweep.report import brief, contents
from sweep.report.page import notebook, page
from tests.report.claims_in_sql import Told
from tests.report.generated_series import with_series
from tests.report.generated_tables import ASKED, Made, made
from tests.report.synthetic_sweep import table

SEEDS = (2, 3, 6, 7, 8, 10, 31, 67, 364)  # small tables, which together have every kind of claim (see below)
MORE_SEEDS = tuple(seed for seed in range(108) if seed not in SEEDS)
Said = tuple[str, str, tuple]  # where, text, claims


def sentences(document: Document) -> Iterator[Said]:
    """All that a document says.  Raises TypeError for a sentence that does not carry what it claims."""

    def told(where: str, text: str) -> Said:
        if not isinstance(text, Sentence):
            raise TypeError(f'{where}: "{text}" does not say what it claims')
        return where, str(text), text.claims

    yield told("subtitle", document.subtitle)
    for section in document.sections:
        for cell in section.answer:
            yield f"{section.title}: in a line", cell.text, cell.claims
        for block in section.blocks:
            if isinstance(block, Paragraph) and not block.code:
                yield told(section.title, block.text)
            elif isinstance(block, Findings):
                for item in block.items:
                    for text in (item.word, item.claim, *item.evidence):
                        yield told(f"{section.title}: {item.name}", text)
            elif isinstance(block, Table):
                for row in (*block.rows, *block.foot):
                    for cell in row:
                        where = f"{section.title}: {block.caption}: {row[0].text}"
                        yield where, f"{cell.text} {cell.detail}", cell.claims
                        for note in cell.notes:
                            yield told(f"{where}: note", note)
                if block.legend:
                    yield told(f"{section.title}: {block.caption}: legend", block.legend)


def documents(source: pa.Table) -> list[Document]:
    """The report, its first screen, what a notebook shows, and the page's own first section."""
    whole, analysis = contents.analysed(source, "runs/made")
    found = [whole, brief.document(source, "runs/made"), notebook.document(source, whole.subtitle)]
    return [*found, page.laid_out(whole, analysis)] if analysis else found


def wrong(source: pa.Table, reports: list[Document], col: str | None = None) -> list[str]:
    """The claims of some reports that do not hold in their table, each with its sentence and the reason."""
    told, found = Told(source, col=col), []
    seen: set = set()
    for document in reports:
        for where, text, claims in sentences(document):
            for claim in claims:
                if (text, claim) not in seen:
                    seen.add((text, claim))
                    if reason := told.check(claim, text):
                        found.append(f"{where}\n    {text}\n    {claim}\n    {reason}")
    return found


@cache
def generated(seed: int) -> tuple[Made, list[Document]]:
    """The table of a seed of the fast tests, and what is said of it."""
    return (table := made(seed)), documents(table.table)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_claim_of_a_generated_table_holds(seed):
    (source, col), reports = generated(seed)
    assert not (found := wrong(source, reports, col)), "\n".join(found[:10])


WITH_SERIES = (2, 3, 6, 7, 31)


@cache
def drifting(seed: int) -> tuple[Made, list[Document]]:
    """The table of a seed with time series, in which some things drift, and what is said of it."""
    source, col = made(seed)
    return (table := Made(with_series(source, seed), col)), documents(table.table)


@pytest.mark.parametrize("seed", WITH_SERIES)
def test_every_claim_of_a_table_with_time_series_holds(seed):
    (source, col), reports = drifting(seed)
    assert not (found := wrong(source, reports, col)), "\n".join(found[:10])


def test_tables_with_time_series_say_all_that_can_be_said_of_drift():
    texts = [str(text) for seed in WITH_SERIES for each in drifting(seed)[1] for _, text, _ in sentences(each)]
    for said in (
        *(f"points {word} between the first" for word in ("drops differ", "ns per packet differ", "latency differs")),
        *("points pages held differ", "would do.", "would do there;", "more packets would show when it is"),
        *("no drift is shown of", "too little was seen in a half", "not steady: drops differ"),
    ):
        assert any(said in text for text in texts), said


@pytest.mark.slow
@pytest.mark.parametrize("seed", MORE_SEEDS)
def test_every_claim_of_many_generated_tables_holds(seed):
    source, col = made(seed)
    assert not (found := wrong(source, documents(source), col)), "\n".join(found[:10])


@cache
def real(name: str) -> tuple[pa.Table, list[Document]]:
    """What `sweep run` published: "smoke" of configs/smoke.yaml before rows counted episodes, "episodes" since.

    They ask for the claims of the 2016 thread.
    """
    source = parquet.read_table(Path(__file__).parent / f"{name}.parquet")
    described = json.loads(source.schema.metadata[b"sweep"])
    described["claims"] = [*ASKED, *described.get("claims", ())]
    source = source.replace_schema_metadata(source.schema.metadata | {b"sweep": json.dumps(described).encode()})
    return source, documents(source)


@pytest.mark.parametrize("name", ["smoke", "episodes"])
def test_every_claim_of_a_real_table_holds(name):
    assert not (found := wrong(*real(name))), "\n".join(found)


@cache
def examples() -> dict[type, list[tuple[int, str, object]]]:
    """Claims of every kind with their texts, from the generated tables."""
    found: dict[type, list] = {}
    for seed in SEEDS:
        for document in generated(seed)[1]:
            for _, text, claims in sentences(document):
                for claim in claims:
                    found.setdefault(type(claim), []).append((seed, text, claim))
    return found


KINDS = [kind for kind in get_args(statements.Claim) if kind is not NoClaim]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_claim_is_made(kind):
    """A check that nothing is held against would say nothing."""
    assert examples()[kind]


OTHER_WORDS = {  # what else a claim might say, of kinds that have no number
    statements.Absent: {"expression": ("count(*)",), "where": ("pairs > 0",)},
    statements.Lacking: {"column": ("ns_per_packet",)},
    statements.Mark: {"sign": ("*", "≈", "?")},
    statements.DropsDiffer: {"way": ("more", "less", "open")},
    statements.ExtremeName: {"name": ("nobody",)},
    statements.Ranked: {"order": (("nothing",),)},
    statements.Values: {"values": ((), (-1.0,))},
    statements.Metadata: {"value": ("12345",)},
    statements.VerdictByRule: {
        "word": ("supported", "refuted", "undecided")
    },  # its counts are those of claims beside it
}


def lies(claim) -> Iterator[object]:
    """The claim with one of its words or numbers changed, each in turn."""
    for field in fields(claim):
        value = getattr(claim, field.name)
        if (
            isinstance(value, bool)
            or isinstance(claim, statements.VerdictByRule)
            or field.name in ("scale", "threshold", "share", "margin", "rate", "pairs")
        ):
            continue
        if isinstance(value, int):
            yield replace(claim, **{field.name: value + 1})
        elif isinstance(value, Number):
            yield replace(claim, **{field.name: replace(value, value=value.value * 1.1 + 0.01)})
    for name, others in OTHER_WORDS.get(type(claim), {}).items():
        yield from (replace(claim, **{name: other}) for other in others if other != getattr(claim, name))


@pytest.mark.parametrize("kind", KINDS)
def test_a_claim_of_another_number_is_found_out(kind):
    seed, text, claim = max(examples()[kind], key=lambda example: len(list(lies(example[2]))))
    (source, col), _ = generated(seed)
    is_found_out(Told(source, col=col), claim, text)


def test_a_lie_about_a_table_that_counts_episodes_is_found_out():
    """Of every kind of claim that rests on them, each that says something else."""
    source, reports = real("episodes")
    told, lied = Told(source), Counter()
    for text, claim in {(text, claim) for each in reports for _, text, claims in sentences(each) for claim in claims}:
        if isinstance(claim, RESTING) and any(lies(claim)):
            is_found_out(told, claim, text)
            lied[type(claim)] += 1
    assert set(lied) == set(RESTING)


RESTING = (
    *(
        statements.SmallestRing,
        statements.ThresholdCounts,
        statements.BelowFromRing,
        statements.ClaimOfFile,
        statements.DropsDiffer,
    ),
    *(statements.MeanOfPoint, statements.RingSize),
)


def is_found_out(told: Told, claim, text: str) -> None:
    assert not told.check(claim, text)
    found = list(lies(claim))
    assert found
    for lie in found:
        try:
            assert told.check(lie, text), lie
        except (KeyError, AttributeError, ValueError):
            continue  # it speaks of a place that is not there, which ends the tests above, too


def test_a_sentence_of_other_words_than_its_claim_is_found_out():
    """The number is right, and the sentence says another one."""
    source = table(mixes=("router",), loads=(0.3,), rings=(256,), replicates=3)
    told = Told(source)
    (subtitle,) = [said for said in sentences(contents.document(source)) if said[0] == "subtitle"]
    text, claims = subtitle[1], subtitle[2]
    assert not any(told.check(claim, text) for claim in claims)
    assert any(told.check(claim, text.replace("3 replicates", "4 replicates")) for claim in claims)
    assert any(told.check(claim, text.replace("4 strategies", "5 strategies")) for claim in claims)


def test_a_finding_takes_no_sentence_without_its_claim():
    fixed = statements.fixed("it is so")
    with pytest.raises(TypeError, match="is no Sentence"):
        Finding("host", "page_pool", fixed, ())  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="is no Sentence"):
        Finding("host", fixed, fixed, ("page_pool takes 3 ns",))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="says nothing of what it claims"):
        Sentence("page_pool takes 3 ns")


@pytest.mark.parametrize("seed", SEEDS)
def test_no_smaller_number_stands_beside_the_fewest_without_the_reason(seed):
    for document in generated(seed)[1]:
        for block in (block for section in document.sections for block in section.blocks if isinstance(block, Table)):
            for row in block.rows:
                if not any(
                    isinstance(claim, statements.Mark) and claim.sign == "*" for cell in row for claim in cell.claims
                ):
                    continue
                shown = [(shown_difference(cell), cell) for cell in row]
                (fewest,) = [value for value, cell in shown if cell.text.startswith("* ")]
                for value, cell in shown:
                    if fewest is not None and value is not None and value < fewest:
                        assert cell.notes, [each.text for each in row]


def shown_difference(cell) -> float | None:
    """The relative difference that a cell prints; 0 for the baseline."""
    for claim in cell.claims:
        if isinstance(claim, statements.CostDifference) and claim.center:
            return claim.center.value
        if isinstance(claim, statements.MeanOfPoint) and claim.relative:
            return 0.0
    return None


@pytest.mark.parametrize("seed", SEEDS)
def test_a_sign_names_nothing_that_is_not_shown(seed):
    """What is as good as another stands beside it: "≈" and "?" need a rival in the same row, "≈" a "*"."""
    for document in generated(seed)[1]:
        for block in (block for section in document.sections for block in section.blocks if isinstance(block, Table)):
            for row in block.rows:
                signs = Counter(
                    claim.sign for cell in row for claim in cell.claims if isinstance(claim, statements.Mark)
                )
                assert not signs["≈"] or signs["*"] == 1, [cell.text for cell in row]
                assert signs["?"] != 1 or not signs["*"], [cell.text for cell in row]
