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
from tiny_sweep import SIMULATIONS, MakeRequest

from sweep import plan as planning
from sweep.errors import ConfigError, RunError, SweepError
from sweep.jobs.executor import worker_count
from sweep.jobs.task import attempt_run, run_chunk
from sweep.jobs.work import Ending, Run
from sweep.model import batch, jit
from sweep.plan import chunks as cutting
from sweep.plan import file as plan_file
from sweep.plan.identity import canonical, digest
from sweep.schema import FORMAT


@pytest.fixture
def survey(request_of: MakeRequest) -> planning.Survey:
    return planning.survey(request_of().sweep)


@pytest.fixture
def plan(survey: planning.Survey) -> planning.Plan:
    everything = np.ones(survey.simulations, np.bool_)
    return planning.plan(survey, planning.divide(survey, everything, 2, 1e-5, {}))


def test_an_id_is_the_digest_of_canonical_json(survey: planning.Survey) -> None:
    for index in range(SIMULATIONS):
        scenario = survey.sweep.scenario(*divmod(index, survey.sweep.replicates))
        document = {
            "scenario": dataclasses.asdict(scenario),
            "tables": [digest(survey.tables[each].tobytes()) for each in batch.distributions(scenario)],
            "core": jit.core_digest(),
            "strategy": jit.strategy_digest(scenario.strategy),
            "format": FORMAT,
        }
        text = json.dumps(document, sort_keys=True, separators=(",", ":"))
        assert survey.ids[index].decode() == digest(text)


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
        strategies=names,
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


def test_chunks_keep_to_the_memory(survey: planning.Survey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cutting, "LANE_BYTES", int(survey.state_bytes.max()) * 2)
    everything = np.ones(SIMULATIONS, np.bool_)
    for chunk in planning.divide(survey, everything, 1, 1e9, {}):
        lanes = survey.state_bytes[chunk.simulations]
        assert len(lanes) * lanes.max() <= cutting.LANE_BYTES


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
    assert all(np.array_equal(back.tables[each], plan.tables[each]) for each in plan.tables)
    for number, chunk in enumerate(plan.chunks):
        assert back.chunks[number].digest == chunk.digest
        assert back.scenarios(number) == plan.scenarios(number)
    assert (run_chunk(back, Run(0)).data or b"")[:6] == b"ARROW1"


def test_another_format_is_refused(plan: planning.Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    data = planning.encode(plan)
    monkeypatch.setattr(plan_file, "FORMAT", 2)
    with pytest.raises(RunError, match='plan has format "1"; this version of sweep reads format 2'):
        planning.decode(data)


@pytest.mark.parametrize("damage", [lambda data: data[:-40], lambda data: b"", lambda data: data[:200] + data[201:]])
def test_a_damaged_plan_is_refused(plan: planning.Plan, damage: object) -> None:
    with pytest.raises(RunError, match="plan is damaged"):
        planning.decode(damage(planning.encode(plan)))  # type: ignore[operator]


def test_other_code_is_refused(plan: planning.Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jit, "core_digest", lambda: "elsewhere")
    with pytest.raises(RunError, match='the core of sweep/model has digest "elsewhere" here'):
        run_chunk(plan, Run(0))
    outcome = attempt_run(plan, Run(0))
    assert outcome.ending is Ending.RAISED
    assert "elsewhere" in outcome.error


def test_a_plan_that_is_read_otherwise_is_refused(plan: planning.Plan) -> None:
    moved = json.loads(canonical(plan.document).replace('"seed":1', '"seed":2'))
    assert moved != plan.document
    with pytest.raises(RunError, match="comes out as other simulations here"):
        run_chunk(dataclasses.replace(plan, document=moved), Run(0))


def test_executors_and_workers_are_checked() -> None:
    assert worker_count("inline", 7) == 1
    assert worker_count("ray", 7) == 7
    with pytest.raises(SweepError, match=r'executor "rai" is not known\. Did you mean "ray"\?'):
        worker_count("rai", None)
    with pytest.raises(SweepError, match='workers "0"'):
        worker_count("ray", 0)


@pytest.mark.slow
def test_a_plan_of_100_000_simulations(request_of: MakeRequest) -> None:
    """Laid out and cut, nothing is lost."""
    request = request_of("axes.load={linspace: [0.01, 0.5, 250]}", "replicates=50")
    survey = planning.survey(request.sweep)
    assert survey.simulations == 250 * 8 * 50
    chunks = planning.divide(survey, np.ones(survey.simulations, np.bool_), 64, 1.0, {})
    assert sum(len(chunk.simulations) for chunk in chunks) == 100_000
