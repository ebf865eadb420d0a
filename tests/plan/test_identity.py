# SPDX-License-Identifier: MIT
"""Ids: equal for equal simulations, whatever file they come from, and for no others."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweep import config
from sweep import plan as planning
from sweep.model import batch
from sweep.model import identity as code_of
from sweep.model.randomness import quantiles
from sweep.model.scenario import Arrivals, Distribution, Scenario
from sweep.plan import identity
from sweep.plan.identity import BESIDE, FIELDS, SimulationIds, digest, numbers, texts
from sweep.plan.survey import Survey
from sweep.plan.tables import Tables, tables
from tests.tiny_sweep import SIMULATIONS, SWEEP, MakeRequest


@pytest.fixture
def survey(request_of: MakeRequest) -> Survey:
    return planning.survey(request_of().sweep)


def test_a_column_of_ids_is_the_ids_of_its_rows(survey: Survey) -> None:
    one_by_one = SimulationIds(survey.tables, survey.code)
    for index, name in enumerate(survey.ids.tolist()):
        assert one_by_one.of(survey.sweep.scenario(*divmod(index, survey.sweep.replicates))) == name.decode()


def test_an_id_is_the_xor_of_a_digest_per_fact(survey: Survey) -> None:
    """Written out, so that nobody changes ids by accident: every row ever made is found by its id."""
    scenario = survey.sweep.scenario(0, 1)
    facts = {name: getattr(scenario, name) for name in FIELDS}
    facts |= {"source": code_of.strategy_digest(scenario.strategy), "format": 2}
    facts["tables"] = SimulationIds(survey.tables, survey.code).drawn(scenario)
    expected = 0
    for name, value in facts.items():
        expected ^= int(digest(f"{name}={identity.canonical(value)}"), 16)
    assert survey.ids[1].decode() == f"{expected:032x}"


def test_every_fact_has_a_name_of_its_own() -> None:
    assert max(Counter([*FIELDS, *BESIDE]).values()) == 1
    assert {field.name for field in dataclasses.fields(Scenario)} == set(FIELDS)


def _other(value: Any) -> Iterator[Any]:
    """The value with one leaf of it changed, for every leaf."""
    if dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            for other in _other(getattr(value, field.name)):
                yield dataclasses.replace(value, **{field.name: other})  # type: ignore[type-var]
    elif isinstance(value, tuple):
        for place, item in enumerate(value):
            for other in _other(item):
                yield (*value[:place], other, *value[place + 1 :])
        yield value[1:]
    elif isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield value + 1
    elif isinstance(value, str):
        yield f"{value}x"
    else:
        raise AssertionError(value)


def test_any_difference_in_any_field_changes_the_id(survey: Survey, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every number and word in a scenario, deep down too; tables are left out, so the fields do it alone."""
    monkeypatch.setattr(SimulationIds, "drawn", lambda self, scenario: "")
    random = Distribution("lognormal", (5, 50))
    scenario = survey.sweep.scenario(survey.sweep.points - 1, 0)  # page_pool: it has knobs
    reader = dataclasses.replace(scenario.traffic.reader, stall_every_ps=random, stall_for_ps=random)
    arrivals = Arrivals("on_off", (("burst", random), ("peak", 900_000)))
    scenario = dataclasses.replace(
        scenario, traffic=dataclasses.replace(scenario.traffic, reader=reader, arrivals=arrivals)
    )
    names = ["page_pool", "page_poolx"]
    one = SimulationIds(survey.tables, dict.fromkeys(names, "source"))
    ids = [one.of(each) for each in (scenario, *_other(scenario))]
    assert len(ids) > 100
    assert len(set(ids)) == len(ids)


def test_two_fields_that_change_places_do_not_cancel(survey: Survey) -> None:
    one = survey.sweep.scenario(0, 0)
    swapped = dataclasses.replace(one, packets=one.warmup, warmup=one.packets)
    same = dataclasses.replace(one, packets=one.warmup)
    ids = SimulationIds(survey.tables, survey.code)
    assert len({ids.of(each) for each in (one, swapped, same)}) == 3


def test_code_changes_the_ids_of_those_that_it_runs(survey: Survey) -> None:
    edited = SimulationIds(survey.tables, {**survey.code, "page_pool": "edited"})
    for index in range(0, SIMULATIONS, 2):
        scenario = survey.sweep.scenario(index // 2, 0)
        same = edited.of(scenario) == survey.ids[index].decode()
        assert same is (scenario.strategy == "page_allocator")


@pytest.mark.parametrize(
    ("what", "own"),
    [
        ("process_digest", lambda scenario: scenario.traffic.arrivals.kind),
    ],
)
def test_code_that_a_scenario_chooses_changes_the_ids_of_those_that_have_it(
    survey: Survey, monkeypatch: pytest.MonkeyPatch, what: str, own: Callable[[Scenario], str]
) -> None:
    scenario, real = survey.sweep.scenario(0, 0), getattr(code_of, what)
    for changed in (own(scenario), "another"):
        monkeypatch.setattr(code_of, what, lambda name, changed=changed: "edited" if name == changed else real(name))
        same = SimulationIds(survey.tables, survey.code).of(scenario) == survey.ids[0].decode()
        assert same is (changed == "another")
        assert np.array_equal(planning.survey(survey.sweep).ids, survey.ids) is (changed == "another")


def test_tables_change_the_ids_of_those_that_draw_from_them(survey: Survey, monkeypatch: pytest.MonkeyPatch) -> None:
    lognormal = {d: table + 1 if d.kind == "lognormal" else table for d, table in survey.tables.items()}
    readers = SimulationIds(Tables(lognormal), survey.code)
    assert any(each.kind == "lognormal" for each in lognormal)
    scenarios = {index: survey.sweep.scenario(index // 2, 0) for index in range(0, SIMULATIONS, 2)}
    ids = {index: readers.of(scenario) for index, scenario in scenarios.items()}
    unit = quantiles.exponential_unit().copy()
    unit[-1, 7] += 1
    monkeypatch.setattr(quantiles, "exponential_unit", lambda: unit)
    others = SimulationIds(survey.tables, survey.code)
    for index, scenario in scenarios.items():
        name = survey.ids[index].decode()
        assert others.of(scenario) != name
        drawn = {each.kind for each in batch.distributions(scenario)}
        assert (ids[index] != name) is ("lognormal" in drawn)


def test_two_files_that_share_points_share_ids(survey: Survey, tmp_path: Path) -> None:
    """Axes in another order, a zip, an explicit point, settings written out: the same simulations."""
    text = (
        SWEEP.replace("  traffic: [router, host_slow_reader]\n  ring: [64, 128]\n", "")
        .replace("load: 0.3\n", "")
        .replace("nic: 10g\n", "")
        .replace("axes:\n", "axes:\n  load: [0.3]\n  nic.tx_ring: [512]\n  nic: [10g]\n")
        + "zip: [{ring: [128, 128, 64], traffic: [host_slow_reader, router, router]}]\n"
        "points:\n"
        "  - {strategy: page_allocator, ring: 64, traffic: host_slow_reader, load: 0.3, nic: 10g, nic.tx_ring: 512}\n"
        "  - {strategy: page_pool, ring: 64, traffic: host_slow_reader, load: 30 %, nic: 10g, nic.tx_ring: 512,"
        " strategy.pool_size: ring}\n"
    )
    path = tmp_path / "other.yaml"
    path.write_text(text)
    sweep = config.load(path, ["name=something"])
    assert (
        sweep.scenario(0, 0).nic.tx_ring == survey.sweep.scenario(0, 0).nic.tx_ring
    )  # or the file above has to follow
    other = planning.survey(sweep)
    assert sorted(other.ids.tolist()) == sorted(survey.ids.tolist())
    assert other.ids.tolist() != survey.ids.tolist()


@given(st.lists(st.binary(min_size=16, max_size=16), min_size=1, max_size=20))
def test_text_and_numbers(ids: list[bytes]) -> None:
    found = np.array([each.hex().encode() for each in ids], "S32")
    keys, good = numbers(found)
    assert good.all()
    assert [f"{int(first):016x}{int(second):016x}" for first, second in keys] == [each.hex() for each in ids]
    assert texts(keys).tolist() == found.tolist()


def test_what_is_no_id_is_found_nowhere(survey: Survey) -> None:
    zeros = dataclasses.replace(survey, keys=np.zeros((3, 2), np.uint64))
    assert zeros.rows(np.array([b"", b"0" * 31, b"g" * 32, b"0" * 32], "S32")).tolist() == [3, 3, 3]
    assert survey.rows(np.array([], "S32")).tolist() == [-1] * SIMULATIONS


@given(st.data())
def test_rows_are_found_whatever_the_ids(data: st.DataObject) -> None:
    """Against a dictionary; few numbers, so that first halves agree and ids repeat on both sides."""
    word = st.sampled_from([0, 1, 2, 2**64 - 1])
    here, there = (data.draw(st.lists(st.tuples(word, word), max_size=30)) for _ in range(2))
    none = np.zeros(0)
    keys = np.array(here, np.uint64).reshape(-1, 2)
    survey = Survey(None, {}, None, keys, none, none, none, None)  # type: ignore[arg-type]
    found = survey.rows(texts(np.array(there, np.uint64).reshape(-1, 2)))
    assert found.tolist() == [there.index(key) if key in there else -1 for key in here]
    assert survey.among(texts(keys)).all()


@given(st.integers(1, 10**11))
def test_tables_that_follow_are_those_that_are_made(value: int) -> None:
    known = tables([])
    for kind in ("exponential", "constant"):
        distribution = Distribution(kind, (value,))
        assert np.array_equal(known[distribution], quantiles.table(distribution))
    assert not known


def test_tables_that_do_not_follow_are_carried() -> None:
    each = Distribution("uniform", (1, 9))
    with pytest.raises(KeyError):
        tables([])[each]
    assert np.array_equal(tables([each])[each], quantiles.table(each))
