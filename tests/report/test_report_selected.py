# SPDX-License-Identifier: MIT
"""Sentences about what a filter leaves claim what the table says: held against SQL, with cells decided in the whole."""

from __future__ import annotations

import pytest

from sweep.report import contents
from tests.report.generated_tables import made
from tests.report.selected_cells import ToldOfSome, facts, selected, selections

SEEDS = (2, 3, 6, 7, 8, 10, 31)
MORE_SEEDS = (67, 364, *(seed for seed in range(40) if seed not in SEEDS))


def wrong(seed: int) -> list[str]:
    source, col = made(seed)
    analysis = contents.analysed(source)[1]
    found = []
    for loads, rings in selections(analysis) if analysis else ():
        part = selected(analysis, loads, rings)
        told = ToldOfSome(source, col, list(part.data.loads), list(part.data.rings))
        for mix, name in enumerate(part.data.mixes):
            for label, text in facts(part, mix):
                for claim in text.claims:
                    if reason := told.check(claim, text):
                        found.append(f"{name}, {part.data.loads}, {part.data.rings}: {label}\n {text}\n {reason}")
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_every_claim_about_what_is_selected_holds(seed: int) -> None:
    assert not (found := wrong(seed)), "\n".join(found[:5])


@pytest.mark.slow
@pytest.mark.parametrize("seed", MORE_SEEDS)
def test_every_claim_about_what_is_selected_of_many_holds(seed: int) -> None:
    assert not (found := wrong(seed)), "\n".join(found[:5])


def test_a_claim_about_more_than_is_selected_is_found_out() -> None:
    source, col = made(SEEDS[1])
    analysis = contents.analysed(source)[1]
    assert analysis is not None
    loads, rings = next(selections(analysis))
    part = selected(analysis, loads, rings)
    told = ToldOfSome(source, col, list(part.data.loads), list(part.data.rings))
    texts = [text for mix in range(len(analysis.data.mixes)) for _, text in facts(analysis, mix)]
    assert any(told.check(claim, text) for text in texts for claim in text.claims)
