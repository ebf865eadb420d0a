# SPDX-License-Identifier: MIT
"""Identity, chunks and the plan file."""

from __future__ import annotations

import dataclasses
import json
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweep import plan as planning
from sweep.errors import ConfigError, RunError, SweepError
from sweep.grid import Coded, Layout
from sweep.jobs.executors.choice import worker_count
from sweep.jobs.executors.task import attempt_run, run_chunk
from sweep.jobs.executors.work import Ending, RunSlice
from sweep.model import identity
from sweep.model.scenario import Distribution
from sweep.plan import file as plan_file
from sweep.plan.identity import canonical
from tests.tiny_sweep import SIMULATIONS, MakeRequest


@pytest.fixture
def survey(request_of: MakeRequest) -> planning.Survey:
    return planning.survey(request_of().sweep)


@pytest.fixture
def plan(survey: planning.Survey) -> planning.Plan:
    everything = np.ones(survey.simulations, np.bool_)
    return planning.plan(survey, planning.divide(survey, everything, 2, 1e-5, {}))


def test_ids_are_unique(survey: planning.Survey) -> None:
    assert len(set(survey.ids.tolist())) == SIMULATIONS == survey.simulations


@pytest.mark.parametrize(
    "sets",
    [
        ("seed=2",),
        ("packets=301",),
        ("kernel='6.4'",),
        ("nic.tx_ring=256",),
        ("load=0.31",),
        ("host.remote_line=70 ns",),
    ],
)
def test_every_parameter_changes_every_id(request_of: MakeRequest, survey: planning.Survey, sets: tuple[str]) -> None:
    assert not set(planning.survey(request_of(*sets).sweep).ids.tolist()) & set(survey.ids.tolist())


def test_a_name_changes_no_id(request_of: MakeRequest, survey: planning.Survey) -> None:
    assert planning.survey(request_of("name=other").sweep).ids.tolist() == survey.ids.tolist()


def test_only_takes_a_prefix(survey: planning.Survey) -> None:
    assert np.flatnonzero(survey.only(survey.ids[7].decode()[:16])).tolist() == [7]
    assert survey.only("").all()
    with pytest.raises(ConfigError, match='starts with "zz"'):
        survey.only("zz")


@given(
    costs=st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 5e9), st.booleans()), min_size=1, max_size=60),
    workers=st.integers(1, 8),
    chunk_s=st.floats(0.01, 10),
)
def test_every_missing_simulation_is_in_one_chunk_of_its_strategy(
    costs: list[tuple[str, float, bool]], workers: int, chunk_s: float
) -> None:
    names, predicted_ns, missing = (np.array(column) for column in zip(*costs, strict=True))
    fake = SimpleNamespace(
        predicted_ns=predicted_ns,
        strategies=Coded.of(names.tolist()),
        state_bytes=np.full(len(costs), 1 << 20),
        ids=np.array([f"{i:032x}".encode() for i in range(len(costs))], "S32"),
    )
    chunks = planning.divide(fake, missing, workers, chunk_s, {"a": 2.0})  # type: ignore[arg-type]
    found = np.concatenate([np.zeros(0, int), *(chunk.simulations for chunk in chunks)])
    assert sorted(found.tolist()) == np.flatnonzero(missing).tolist()
    for chunk in chunks:
        assert set(names[chunk.simulations].tolist()) == {chunk.strategy}
        factor = 2.0 if chunk.strategy == "a" else 1.0
        assert chunk.predicted_s == pytest.approx(predicted_ns[chunk.simulations].sum() * factor / 1e9)
        if len(chunk.simulations) > 1:  # no longer than asked for and half a simulation at either end
            assert chunk.predicted_s <= chunk_s + factor * predicted_ns[chunk.simulations].max() / 1e9 + 1e-9
    assert [chunk.predicted_s for chunk in chunks] == sorted((chunk.predicted_s for chunk in chunks), reverse=True)


def test_chunks_keep_to_the_memory(survey: planning.Survey) -> None:
    most = int(survey.state_bytes.max()) * 2
    everything = np.ones(SIMULATIONS, np.bool_)
    for chunk in planning.divide(survey, everything, 1, 1e9, {}, most):
        lanes = survey.state_bytes[chunk.simulations]
        assert len(lanes) * lanes.max() <= most


def test_work_for_few_simulations_still_feeds_all_workers(survey: planning.Survey) -> None:
    slow = dataclasses.replace(survey, predicted_ns=np.full(SIMULATIONS, 0.5e9))
    assert len(planning.divide(slow, np.ones(SIMULATIONS, np.bool_), 2, 60.0, {})) >= 8


def test_a_plan_survives_its_file(plan: planning.Plan) -> None:
    data = planning.encode(plan)
    back = planning.decode(data)
    assert planning.encode(back) == data
    assert back.document == plan.document
    assert back.code == plan.code
    assert list(back.tables) == list(plan.tables)
    for each in (*plan.tables, Distribution("exponential", (12_345,))):
        assert np.array_equal(back.tables[each], plan.tables[each])
    assert back.cells.tolist() == plan.cells.tolist()
    for number, chunk in enumerate(plan.chunks):
        assert back.chunks[number].digest == chunk.digest
        assert back.scenarios(number) == plan.scenarios(number)
    assert (run_chunk(back, RunSlice(0)).data or b"")[:6] == b"ARROW1"


def test_another_format_is_refused(plan: planning.Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    data = planning.encode(plan)
    monkeypatch.setattr(plan_file, "FORMAT", 5)
    with pytest.raises(RunError, match='plan has format "4"; this version of sweep reads format 5'):
        planning.decode(data)


@pytest.mark.parametrize("damage", [lambda data: data[:-40], lambda data: b"", lambda data: data[:200] + data[201:]])
def test_a_damaged_plan_is_refused(plan: planning.Plan, damage: object) -> None:
    with pytest.raises(RunError, match="plan is damaged"):
        planning.decode(damage(planning.encode(plan)))  # type: ignore[operator]


def test_other_code_is_refused(plan: planning.Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "strategy_digest", lambda name: "elsewhere")
    with pytest.raises(RunError, match=r'the code of strategy page_[a-z]+ has digest "elsewhere" here'):
        run_chunk(plan, RunSlice(0))
    outcome = attempt_run(plan, RunSlice(0))
    assert outcome.ending is Ending.ENVIRONMENT
    assert "elsewhere" in outcome.error


def test_a_plan_that_is_read_otherwise_is_refused(plan: planning.Plan) -> None:
    moved = json.loads(canonical(plan.document).replace('"seed":1', '"seed":2'))
    assert moved != plan.document
    with pytest.raises(RunError, match="comes out as other simulations here"):
        run_chunk(dataclasses.replace(plan, document=moved), RunSlice(0))


def test_executors_and_workers_are_checked() -> None:
    assert worker_count(7, "inline") == 1
    assert worker_count(7, "ray") == 7
    with pytest.raises(SweepError, match=r'executor "rai" is not known\. Did you mean "ray"\?'):
        worker_count(None, "rai")
    with pytest.raises(SweepError, match='workers "0"'):
        worker_count(0, "ray")


def test_a_worker_lays_nothing_out(request_of: MakeRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The plan says which cells are points, so no worker looks at all cells or constraints for a few simulations."""
    survey = planning.survey(request_of("where=[ring == 64 or strategy == page_pool]").sweep)
    assert survey.simulations == SIMULATIONS * 3 // 4
    chunks = planning.divide(survey, np.ones(survey.simulations, np.bool_), 2, 1e-5, {})
    data = planning.encode(planning.plan(survey, chunks))
    expected = {index: survey.sweep.scenario(*divmod(index, 2)) for index in range(survey.simulations)}
    monkeypatch.setattr(Layout, "_distinct", None)
    monkeypatch.setattr(Layout, "keep", None)
    back = planning.decode(data)
    for number, chunk in enumerate(back.chunks):
        assert back.scenarios(number) == [expected[index] for index in chunk.simulations.tolist()]


@given(st.lists(st.integers(-(2**62), 2**62) | st.integers(0, 300)))
def test_steps_are_undone(numbers: list[int]) -> None:
    steps = plan_file._steps(np.array(numbers, np.int64))
    assert np.cumsum(steps, dtype=np.int64).tolist() == numbers


@pytest.mark.slow
def test_a_plan_of_a_million_simulations(request_of: MakeRequest) -> None:
    """Laid out, cut, written and read: nothing is lost, and one of them is the same as when it is made by itself."""
    request = request_of("axes.load={linspace: [0.01, 0.5, 12_500]}", "replicates=10")
    survey = planning.survey(request.sweep)
    assert survey.simulations == 12_500 * 8 * 10 == len(np.unique(survey.ids))
    chunks = planning.divide(survey, np.ones(survey.simulations, np.bool_), 64, 1.0, {})
    plan = planning.decode(planning.encode(planning.plan(survey, chunks)))
    indices = np.concatenate([chunk.simulations for chunk in plan.chunks])
    assert np.array_equal(np.sort(indices), np.arange(survey.simulations))
    for chunk, scenarios in ((plan.chunks[number], plan.scenarios(number)) for number in (0, len(chunks) - 1)):
        assert [plan.identity.of(each) for each in scenarios] == survey.ids[chunk.simulations].astype(str).tolist()


@pytest.mark.parametrize(
    ("workers", "before", "chunk_s"),
    [
        (1, None, 1.0),
        (1000, None, 1.0),
        (4000, None, 4.0),  # 1,000 of them end in a second
        (8, 0.1, 1.0),  # short chunks are the affair of short sweeps
        (8, 7.5, 7.5),
        (8, 900.0, 60.0),
        (100_000, None, 60.0),
        (8, "7.5", 1.0),  # of a damaged run.json
    ],
)
def test_the_length_of_chunks_that_is_advised(workers: int, before: object, chunk_s: float) -> None:
    assert planning.advised_s(workers, before) == chunk_s
