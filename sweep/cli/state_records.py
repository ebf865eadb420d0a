# SPDX-License-Identifier: MIT
"""What `sweep plan`, `sweep status` and `sweep list` print for programs.

`format` is raised when a key is removed or changes its meaning; keys may be added.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, cast

from pydantic import Field
from typing_extensions import TypedDict

from sweep.storage.listing import ListedRun

if TYPE_CHECKING:
    from sweep.jobs.inventory import Inventory
    from sweep.jobs.status import Status

PLAN_FORMAT = STATUS_FORMAT = LIST_FORMAT = 1


class LooksRecord(TypedDict):
    """The looks at the results of a sweep with a precision, each at more replicates than the one before."""

    replicates: Annotated[list[int], Field(description="replicates of a point at each look")]
    look: Annotated[int, Field(description="number of the look that is asked for now, from 1")]
    finished: Annotated[bool, Field(description="no look is still to come")]
    comparisons: Annotated[int, Field(description="number of comparisons that are to be decided")]
    open_comparisons: Annotated[int, Field(description="number of them that are not decided yet")]


class ForecastRecord(TypedDict):
    """What the simulations that are to run will take; with looks still to come, the most that they may take."""

    chunks: Annotated[int, Field(description="number of chunks, the units of work")]
    workers: Annotated[int, Field(description="number of cores that are used")]
    core_seconds_low: Annotated[float, Field(description="least core time, in s")]
    core_seconds_high: Annotated[float, Field(description="most core time, in s")]
    wall_seconds: Annotated[float, Field(description="wall time of the simulations, in s")]
    start_seconds: Annotated[float, Field(description="wall time before the first of them, to start workers, in s")]
    compile_seconds: Annotated[float, Field(description="wall time before the first of them, to compile kernels, in s")]
    memory_bytes: Annotated[int, Field(description="memory of all processes")]
    result_bytes: Annotated[int, Field(description="size of the results on disk")]


class PlanRecord(TypedDict):
    """What a run would do."""

    format: Annotated[int, Field(description=f"version of this form: {PLAN_FORMAT}")]
    name: Annotated[str, Field(description="name of the sweep")]
    location: Annotated[str, Field(description="run directory, a path or URI")]
    points: Annotated[int, Field(description="number of points")]
    simulations: Annotated[int, Field(description="simulations that are asked for, at least")]
    simulations_at_most: Annotated[int, Field(description="simulations that are asked for if no look decides anything")]
    packets: Annotated[int, Field(description="packets of the simulations that are asked for, at least")]
    done: Annotated[int, Field(description="rows that were simulated for this very sweep")]
    reused: Annotated[int, Field(description="rows that were simulated for an earlier variant of it")]
    failed: Annotated[int, Field(description="simulations that failed before, and are not tried again")]
    stale: Annotated[int, Field(description="rows of other sources or earlier variants, left out of the table")]
    to_run: Annotated[int, Field(description="simulations to run, at least")]
    to_run_at_most: Annotated[int, Field(description="simulations to run if no look decides anything")]
    looks: Annotated[LooksRecord | None, Field(description="null without a precision")]
    forecast: Annotated[ForecastRecord, Field(description="what the simulations that are to run will take")]
    notes: Annotated[list[str], Field(description="sentences about what is assumed of kernels, and about the machine")]
    shortage: Annotated[str | None, Field(description="why this machine cannot run it, and what to do; null if it can")]


class StatusRecord(TypedDict):
    """The state of a run directory."""

    format: Annotated[int, Field(description=f"version of this form: {STATUS_FORMAT}")]
    name: Annotated[str, Field(description="name of the sweep")]
    location: Annotated[str, Field(description="run directory, as it was typed")]
    complete: Annotated[bool, Field(description="everything that was asked for has a row")]
    simulations: Annotated[int, Field(description="simulations that are asked for, so far")]
    looks: Annotated[LooksRecord | None, Field(description="null without a precision")]
    done: Annotated[int, Field(description="rows that were simulated for this very sweep")]
    reused: Annotated[int, Field(description="rows that were simulated for an earlier variant of it")]
    failed: Annotated[int, Field(description="simulations that failed")]
    failed_by_ending: Annotated[dict[str, int], Field(description="simulations that failed, by how they ended")]
    missing: Annotated[int, Field(description="simulations that have neither a row nor failed")]
    stale: Annotated[int, Field(description="rows of other sources or earlier variants")]
    damaged: Annotated[int, Field(description="damaged parts, which the next run sets aside and simulates again")]
    set_aside: Annotated[int, Field(description="damaged parts that earlier runs set aside")]
    holder: Annotated[str | None, Field(description="the process that writes there now; null if there is none")]
    last: Annotated[dict[str, Any], Field(description="the last run, from run.json: command, started, exit_code, ...")]


class RunRecord(TypedDict):
    """A run directory; null is what its run.json does not say."""

    name: Annotated[str | None, Field(description="name of the sweep")]
    started: Annotated[str | None, Field(description="when the last run in it started, ISO 8601")]
    ended: Annotated[str | None, Field(description="when that run ended, ISO 8601")]
    simulations: Annotated[int | None, Field(description="simulations that were asked for")]
    done: Annotated[int | None, Field(description="simulations with a row when that run ended")]
    failed: Annotated[int | None, Field(description="simulations that failed")]
    invalid: Annotated[int | None, Field(description="rows that broke a conservation law")]
    state: Annotated[
        str, Field(description="running, complete, incomplete, interrupted, failed, killed, or only published")
    ]
    path: Annotated[str, Field(description="the run directory")]


class ListRecord(TypedDict):
    """The runs that there are."""

    format: Annotated[int, Field(description=f"version of this form: {LIST_FORMAT}")]
    runs: Annotated[list[RunRecord], Field(description="the runs, newest first")]


def plan_record(inventory: Inventory, notes: Sequence[str], location: str) -> PlanRecord:
    """The plan of a run into `location` as values for `json.dumps`; `notes`: sentences for people."""
    survey, forecast = inventory.survey, inventory.forecast
    most = inventory.most or forecast
    return {
        "format": PLAN_FORMAT,
        "name": survey.sweep.name,
        "location": location,
        "points": survey.sweep.points,
        "simulations": int(inventory.wanted.sum()),
        "simulations_at_most": inventory.possible,
        "packets": int(survey.packets[inventory.wanted].sum()),
        "done": inventory.done,
        "reused": inventory.reused,
        "failed": inventory.failed,
        "stale": inventory.stale,
        "to_run": inventory.missing,
        "to_run_at_most": inventory.at_most,
        "looks": _looks(inventory),
        "forecast": {
            "chunks": len(inventory.chunks) + len(inventory.later),
            "workers": inventory.workers,
            "core_seconds_low": forecast.low_s,
            "core_seconds_high": most.high_s,
            "wall_seconds": most.wall_s,
            "start_seconds": most.cost.start_s,
            "compile_seconds": most.compile_s,
            "memory_bytes": most.memory_bytes,
            "result_bytes": most.result_bytes,
        },
        "notes": [*notes, *([inventory.note] if inventory.note else [])],
        "shortage": inventory.shortage or None,
    }


def status_record(found: Status, location: str) -> StatusRecord:
    """The state of the run directory `location` as values for `json.dumps`."""
    inventory = found.inventory
    return {
        "format": STATUS_FORMAT,
        "name": found.name,
        "location": location,
        "complete": found.complete,
        "simulations": inventory.survey.simulations if inventory.decisions is None else int(inventory.wanted.sum()),
        "looks": _looks(inventory),
        "done": inventory.done,
        "reused": inventory.reused,
        "failed": inventory.failed,
        "failed_by_ending": found.endings(),
        "missing": found.missing,
        "stale": found.stale,
        "damaged": found.damaged,
        "set_aside": found.set_aside,
        "holder": found.holder,
        "last": {name: value for name, value in found.last.items() if name != "document"},
    }


def list_record(runs: Sequence[ListedRun]) -> ListRecord:
    """The runs as values for `json.dumps`."""
    return {"format": LIST_FORMAT, "runs": [cast(RunRecord, asdict(run)) for run in runs]}


def _looks(inventory: Inventory) -> LooksRecord | None:
    if inventory.decisions is None:
        return None
    reached = inventory.decisions.reached
    return {
        "replicates": list(reached.looks),
        "look": inventory.decisions.look,
        "finished": reached.finished,
        "comparisons": reached.comparisons,
        "open_comparisons": reached.open,
    }
