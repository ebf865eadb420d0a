# SPDX-License-Identifier: MIT
"""What Ray's own errors, made by Ray's own code, mean for work and for people."""

from __future__ import annotations

import pytest
import ray.exceptions as rays
from ray._private.utils import check_version_info

from sweep.jobs.executors.ray.errors import NO_RAYLET, combined_outcome, cut_off, outcome_of, refusal
from sweep.jobs.executors.work import AttemptOutcome, Ending


def _raised(cause: Exception) -> Exception:
    """As an exception in a task comes back."""
    error: Exception = rays.RayTaskError("run_chunk", "Traceback\n  \x1b[36mline\x1b[39m", cause).as_instanceof_cause()
    return error


@pytest.mark.parametrize(
    ("error", "ending"),
    [
        (rays.WorkerCrashedError(), Ending.CRASHED),
        (rays.NodeDiedError("it was preempted"), Ending.LOST),
        (rays.LocalRayletDiedError(), Ending.LOST),
        (rays.OutOfMemoryError("2 workers were killed"), Ending.PRESSED),
        (_raised(MemoryError("all of it")), Ending.MEMORY),
        (rays.ObjectReconstructionFailedError("ab" * 28), Ending.LOST),
        (rays.OwnerDiedError("ab" * 28, None, ""), Ending.LOST),
        (rays.RaySystemError("broken pipe"), Ending.LOST),
        (rays.TaskUnschedulableError("the node has gone"), Ending.LOST),
        (_raised(ValueError("no")), Ending.ENVIRONMENT),
        (_raised(rays.OutOfDiskError("full")), Ending.ENVIRONMENT),
    ],
)
def test_endings(error: Exception, ending: Ending) -> None:
    outcome = outcome_of(error)
    assert outcome is not None
    assert outcome.ending is ending
    assert outcome.error
    assert "\x1b" not in outcome.error


def test_a_worker_that_dies_beside_its_simulations_was_killed() -> None:
    outcome = outcome_of(rays.WorkerCrashedError(), watched=True)
    assert outcome is not None
    assert outcome.ending is Ending.KILLED


def test_cancelled_work_has_no_outcome() -> None:
    assert outcome_of(rays.TaskCancelledError()) is None


def test_a_full_disk_is_called_by_its_name() -> None:
    outcome = outcome_of(_raised(rays.OutOfDiskError("full")))
    assert outcome is not None
    assert "the disk of the node is full" in outcome.error


def test_local_ray_that_loses_something_is_broken_and_a_cluster_goes_on() -> None:
    lost, crashed = (
        AttemptOutcome(Ending.LOST, error="NodeDiedError: x"),
        AttemptOutcome(Ending.CRASHED, error="WorkerCrashedError: x"),
    )
    assert cut_off(lost, local=True)
    assert not cut_off(lost, local=False)
    assert cut_off(AttemptOutcome(Ending.LOST, error="LocalRayletDiedError: x"), local=False)
    assert not cut_off(crashed, local=True)


def test_outcomes_of_several_nodes() -> None:
    """A node that was lost matters only if no other is left; a failure always does."""
    done, lost = AttemptOutcome(Ending.DONE, seconds=2.0), AttemptOutcome(Ending.LOST, error="gone")
    raised = AttemptOutcome(Ending.RAISED, error="no", seconds=1.0)
    assert combined_outcome([done, lost, done]) == AttemptOutcome(Ending.DONE, seconds=4.0)
    assert combined_outcome([lost, lost]) == lost
    assert combined_outcome([done, raised, lost]) == AttemptOutcome(Ending.RAISED, error="no", seconds=3.0)


def test_other_versions_are_named_in_one_line() -> None:
    with pytest.raises(RuntimeError) as mismatch:
        check_version_info({"ray_version": "2.1.0", "python_version": "3.9.1"}, "node 10.0.0.7")
    said = refusal("head:6379", mismatch.value)
    assert said.startswith('the Ray cluster at "head:6379" has other versions than this machine: ')
    assert "Ray: 2.1.0 Python: 3.9.1" in said
    assert len(said.splitlines()) == 2


def test_a_token_that_is_refused_is_found_in_the_chain() -> None:
    error = ConnectionError("Failed to connect to Ray cluster at head:6379")
    error.__cause__ = RuntimeError("RPC error: InvalidAuthToken: Authentication token is missing or incorrect")
    assert "does not accept the token of this machine" in refusal("auto", error)


def test_other_refusals() -> None:
    assert "this machine is not a node of" in refusal("head:6379", RuntimeError(NO_RAYLET))
    assert refusal("head:6379", OSError("refused\nand more")).startswith('no Ray cluster at "head:6379": refused\n')
    assert refusal("head:6379", OSError()).startswith('no Ray cluster at "head:6379": OSError\n')
