# SPDX-License-Identifier: MIT
"""What a run directory already has of a sweep, and what is left to run.  Compares, and writes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sweep import plan as planning
from sweep.jobs.executors.choice import kind, worker_count
from sweep.jobs.executors.kernels import uncompiled
from sweep.jobs.store.decisions import Decisions
from sweep.jobs.store.failure import Failure
from sweep.jobs.store.part import Part
from sweep.plan import Chunk, Forecast, Survey
from sweep.plan.forecast import PROCESS

from .request import RunRequest
from .resources import RunLimits, available_resources, fit_to_resources


@dataclass(frozen=True)
class Inventory:
    """A sweep compared with its run directory: what is there, what is missing, and what that costs."""

    survey: Survey
    wanted: NDArray[np.bool_]  # (N,) simulations asked for
    there: NDArray[np.bool_]  # (N,) of them, those that have a row
    done: int  # rows that were simulated for this very sweep
    reused: int  # rows that were simulated for an earlier variant of it
    failed: int  # simulations that failed before, and are not tried again
    stale: int  # rows of other sources or of another variant of the sweep, which count for nothing
    edited: bool  # the sweep differs from the one that was run here last
    chunks: list[Chunk]
    cold: list[str]  # strategies of chunks whose kernel this machine has still to compile
    forecast: Forecast
    workers: int
    note: str = ""  # why there are fewer workers than processors, for people
    shortage: str = ""  # why it cannot be run on this machine, and what to do; "" if it can
    decisions: Decisions | None = None  # of a sweep with a precision: `wanted` is what is asked for so far
    later: list[Chunk] = field(default_factory=list)  # what the looks that are still to come may ask for
    most: Forecast | None = None  # of `chunks` and `later` together
    lengthened_s: float | None = None  # that a chunk may take, where it is advised to be longer than usual

    @property
    def missing(self) -> int:
        """Simulations to run."""
        return sum(len(chunk.simulations) for chunk in self.chunks)

    @property
    def possible(self) -> int:
        """Simulations that may be asked for in the end."""
        return int((self.decisions.possible if self.undecided and self.decisions else self.wanted).sum())

    @property
    def at_most(self) -> int:
        """Simulations to run if no look decides anything."""
        return self.missing + sum(len(chunk.simulations) for chunk in self.later)

    @property
    def undecided(self) -> bool:
        """Whether looks are still to come."""
        return self.decisions is not None and not self.decisions.finished


def take_inventory(
    request: RunRequest,
    parts: Sequence[Part],
    failures: Sequence[Failure] = (),
    last: Mapping[str, Any] | None = None,
    looks: Mapping[str, Any] | None = None,
) -> Inventory:
    """Compare the sweep of `request` with the parts and failures of its run directory.

    last: run.json, what was run there last; `looks`: looks.json, what the looks of a sweep with a precision decided.
    """
    workers = worker_count(request.workers, request.executor)
    survey = planning.survey(request.sweep)
    decisions = None if request.only else Decisions.of(survey, looks)
    wanted = survey.only(request.only) if request.only else np.ones(survey.simulations, np.bool_)
    if decisions:
        wanted = decisions.asked
    ids = _joined(part.ids for part in parts)
    known = survey.among(ids)
    there = known & wanted
    ids_of_this_sweep = _joined(part.ids_of(survey.document_digest) for part in parts)
    done = there if len(ids_of_this_sweep) == len(ids) else survey.among(ids_of_this_sweep) & wanted
    failed = survey.among(ids_of(failures)) & wanted & ~there
    given_up = np.zeros_like(failed) if request.retry_failed else failed
    calibration = calibration_of(parts)
    missing = wanted & ~there & ~given_up
    later = np.zeros_like(missing)
    if decisions:
        later = decisions.possible & ~wanted & ~known
        if not request.retry_failed:
            later &= ~survey.among(ids_of(failures))
    may_run = missing | later
    cold = uncompiled({survey.strategies.values[code] for code in np.unique(survey.strategies.codes[may_run])})
    room = RunLimits(workers, planning.LANE_BYTES)
    if request.join is None and may_run.any():
        widest = int(survey.state_bytes[may_run].max())
        room = fit_to_resources(request.executor, workers, request.workers, widest, len(cold), available_resources())

    advised_s = planning.advised_s(room.workers, (last or {}).get("advised_chunk_seconds"))
    chunk_s = request.chunk_s or advised_s

    def divided(some: NDArray[np.bool_]) -> list[Chunk]:
        return planning.divide(survey, some, room.workers, chunk_s, calibration, room.lane_bytes)

    def forecast(some: list[Chunk]) -> Forecast:
        cost = kind(request.executor).cost if some and request.join is None else PROCESS
        return planning.forecast(survey, some, room.workers, calibration, cost=cost, kernels=len(cold))

    chunks, later_chunks = divided(missing), divided(later)
    return Inventory(
        survey=survey,
        wanted=wanted,
        there=there,
        done=int(done.sum()),
        reused=int((there & ~done).sum()),
        failed=int(given_up.sum()),
        stale=stale(ids, int(known.sum())),
        edited=last is not None and last.get("document_digest") != survey.document_digest,
        chunks=chunks,
        cold=cold,
        forecast=forecast(chunks),
        workers=room.workers,
        note=room.note,
        shortage=room.shortage,
        decisions=decisions,
        later=later_chunks,
        lengthened_s=chunk_s if request.chunk_s is None and chunk_s > planning.CHUNK_S else None,
        most=forecast([*chunks, *later_chunks]) if later_chunks else None,
    )


def stale(ids: NDArray[np.bytes_], known: int) -> int:
    """Number of distinct row ids that belong to no simulation of the sweep, of which `known` do."""
    return len(np.unique(ids)) - known if len(ids) > known else 0


def ids_of(failures: Iterable[Failure]) -> NDArray[np.bytes_]:
    """Ids of the simulations that failed."""
    return np.array([name for failure in failures for name in failure.ids], "S32")


def _joined(ids: Iterable[NDArray[np.bytes_]]) -> NDArray[np.bytes_]:
    return np.concatenate([np.zeros(0, "S32"), *ids])


def calibration_of(parts: Sequence[Part]) -> dict[str, float]:
    """Measured over predicted core time of each strategy, from the parts that are there."""
    measured: dict[str, list[float]] = {}
    for about in (about for part in parts for about in part.chunks):
        total = measured.setdefault(about["strategy"], [0.0, 0.0])
        total[0] += about["simulate_s"]
        total[1] += about["model_s"]
    return {strategy: spent / model for strategy, (spent, model) in measured.items() if spent > 0 and model > 0}
