# SPDX-License-Identifier: MIT
"""The state of a run directory, from its files alone: what is done, failed, stale and missing, and who writes."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sweep import config, records
from sweep.errors import ConfigError, SweepError
from sweep.jobs.executors import HERE
from sweep.jobs.store.decisions import NOTE as LOOKS
from sweep.jobs.store.failure import Failure, recorded
from sweep.jobs.store.parts import Store
from sweep.plan import digest
from sweep.plan.identity import canonical
from sweep.storage import resume

from .inventory import Inventory, ids_of, take_inventory
from .origin import Origin
from .request import RunRequest
from .run import NOTE


class DamagedNoteError(ConfigError):
    """run.json is damaged, or of another version."""


@dataclass(frozen=True)
class Status:
    """What a run directory has of the sweep that was last run in it."""

    name: str
    inventory: Inventory  # what the same command would find now
    stale: int  # rows of other sources or of other variants of the sweep
    failures: list[Failure]  # of simulations that have no row, not tried again unless asked for
    damaged: int  # damaged parts, which the next run sets aside and simulates again
    set_aside: int  # damaged parts that earlier runs set aside
    last: dict[str, Any]  # run.json: what was asked for last, and how it ended
    holder: str | None  # who writes here now

    @property
    def missing(self) -> int:
        """Simulations that have neither a row nor failed."""
        return self.inventory.missing

    @property
    def complete(self) -> bool:
        return not self.missing and not self.inventory.failed and not self.inventory.undecided

    def endings(self) -> dict[str, int]:
        """Ending -> number of simulations that failed with it."""
        return dict(Counter(failure.ending for failure in self.failures for _ in failure.ids))


def status(directory: str | Path) -> Status:
    """The status of a run directory.  Raises SweepError if `directory` is not one."""
    store = Store(directory)
    last = last_run(store, directory)
    parts, failures = store.scan(set_aside=False), recorded(store)
    with blaming_run_json(directory):
        sweep = recorded_sweep(last, directory)
        request = RunRequest(sweep, directory, Origin("", last["command"]), executor=HERE)
        inventory = take_inventory(request, parts, failures, looks=store.noted(LOOKS))
    return Status(
        name=sweep.name,
        inventory=inventory,
        stale=inventory.stale,
        failures=_open(failures, inventory),
        damaged=store.parts() - len(parts),
        set_aside=store.damaged(),
        last=last,
        holder=store.holder(),
    )


def last_run(store: Store, directory: str | Path) -> dict[str, Any]:
    """run.json: what was asked for last.  Raises SweepError if it is missing or incomplete."""
    last = store.noted(NOTE)
    if last is None:
        raise resume.no_run_json_error(store.files)
    with blaming_run_json(directory):
        return records.validated(last, resume.RUN, ("document", "command", "started", "pid", "node"))


def recorded_sweep(last: dict[str, Any], directory: str | Path) -> config.Sweep:
    """The sweep of `last_run`.  Raises ConfigError if it is damaged, or of another version."""
    with blaming_run_json(directory):
        if "document_digest" in last and last["document_digest"] != digest(canonical(last["document"])):
            raise records.RecordError("its document is not the one that was run")
        return config.from_document(last["document"])


@contextmanager
def blaming_run_json(directory: str | Path) -> Iterator[None]:
    """Inside the block, errors that come from the document in run.json are raised as DamagedNoteError.

    Documents are checked value by value when a sweep file is read; one from run.json is only tried, and blamed if the
    sweep cannot be laid out.
    """
    try:
        yield
    except DamagedNoteError:
        raise
    except (SweepError, LookupError, TypeError, ValueError, AttributeError, ArithmeticError, MemoryError) as error:
        if isinstance(error, SweepError) and error.exit_code != ConfigError.exit_code:
            raise
        raise DamagedNoteError(
            f'"{directory}/{NOTE}.json" is damaged, or of another version of sweep: {error or type(error).__name__}; '
            "the next run writes it anew, unless a newer version has made it\n"
            f"  next: sweep run FILE --out {shlex.quote(str(directory))}"
        ) from error


def _open(failures: list[Failure], inventory: Inventory) -> list[Failure]:
    """The failures that have a simulation of the sweep without a row."""
    has_no_row = np.isin(ids_of(failures), inventory.survey.ids[~inventory.there])
    ends = np.cumsum([len(failure.ids) for failure in failures])
    return [
        failure for failure, end in zip(failures, ends, strict=True) if has_no_row[end - len(failure.ids) : end].any()
    ]
