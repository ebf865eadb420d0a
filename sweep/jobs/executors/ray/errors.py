# SPDX-License-Identifier: MIT
"""What Ray's errors mean for the work whose result they replace.

Errors are known by their class names, so that this can be read and tested without Ray.  Where no name is known the work
counts as lost: it has not ended, and nothing says that it is to blame.

Source: each met with Ray 2.60 and `max_retries=0`.  A worker that dies gives WorkerCrashedError while its raylet
answers, even if that dies next (`process` waits a moment for it), NodeDiedError when it does not; a result in the
store of a node that died, ObjectReconstructionFailedError; work bound to a node that died, TaskUnschedulableError.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sweep.jobs.executors.work import AttemptOutcome, Ending

ENDINGS = {
    "OutOfMemoryError": Ending.PRESSED,
    "MemoryError": Ending.MEMORY,
    "WorkerCrashedError": Ending.CRASHED,
    "OutOfDiskError": Ending.ENVIRONMENT,
    "ObjectLostError": Ending.LOST,  # and all that derive from it
    "NodeDiedError": Ending.LOST,
    "LocalRayletDiedError": Ending.LOST,
    "RaySystemError": Ending.LOST,
    "RpcError": Ending.LOST,
    "TaskUnschedulableError": Ending.LOST,
    "RayTaskError": Ending.ENVIRONMENT,
}
CANCELLED = "TaskCancelledError"
NO_RAYLET = "no Ray node here to resolve node to connect to"  # the end in the words of Ray, which looks for a minute
DISK_FULL = "the disk of the node is full: Ray has no place for the result"


def outcome_of(error: BaseException, *, watched: bool = False) -> AttemptOutcome | None:
    """The outcome that `error` means; None if the work was cancelled.

    Simulations of `watched` work run in a process other than the worker, so a worker that crashes was killed.
    """
    names = [kind.__name__ for kind in type(error).__mro__]
    if CANCELLED in names:
        return None
    ending = next((kind_of_end for name, kind_of_end in ENDINGS.items() if name in names), Ending.LOST)
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error)).strip()
    if "OutOfDiskError" in names:
        text = f"{DISK_FULL}\n{text}"
    if ending is Ending.CRASHED and watched:
        ending = Ending.KILLED
    return AttemptOutcome(ending, error=f"{names[0]}: {text}")


def cut_off(outcome: AttemptOutcome, *, local: bool) -> bool:
    """Whether this outcome shows that Ray is gone for this process; local Ray loses work only when it dies itself."""
    return outcome.ending is Ending.LOST and (local or outcome.error.startswith("LocalRayletDiedError"))


def combined_outcome(outcomes: Sequence[AttemptOutcome]) -> AttemptOutcome:
    """The one outcome of work done on several nodes: a failure if there is one, else success, else lost."""
    order = (Ending.LOST, Ending.DONE)
    worst = max(
        outcomes,
        key=lambda outcome_of_node: (
            order.index(outcome_of_node.ending) if outcome_of_node.ending in order else len(order)
        ),
    )
    return worst._replace(seconds=sum(outcome.seconds for outcome in outcomes))


def refusal(address: str, error: BaseException) -> str:
    """The message for a user whom the cluster at `address` did not let in."""
    chain: list[BaseException] = []
    while error not in chain:
        chain.append(error)
        error = error.__cause__ or error.__context__ or error
    text = "\n".join(f"{type(link).__name__}: {link}" for link in chain)
    if "AuthenticationError" in text or "InvalidAuthToken" in text:
        return (
            f'the Ray cluster at "{address}" does not accept the token of this machine, or there is none here\n'
            "  known: RAY_AUTH_TOKEN, the file that RAY_AUTH_TOKEN_PATH names, ~/.ray/auth_token\n"
            "  next: copy ~/.ray/auth_token from the head of the cluster (mode 0600)"
        )
    mismatch = next((" ".join(str(link).split()) for link in chain if "ersion mismatch" in str(link)), "")
    if mismatch:
        return (
            f'the Ray cluster at "{address}" has other versions than this machine: {mismatch}\n'
            "  next: install the same Ray and Python, to the patch level, here and there"
        )
    if "resolve node to connect to" in text:
        return (
            f'this machine is not a node of the Ray cluster at "{address}"\n'
            "  next: on its head or another node of it; from anywhere, "
            "`sweep submit FILE --address http://HEAD:8265`"
        )
    first = next(iter(str(chain[0]).strip().splitlines()), type(chain[0]).__name__)
    return f'no Ray cluster at "{address}": {first}\n  next: ray start --head, or leave --address out for local Ray'
