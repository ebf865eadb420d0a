# SPDX-License-Identifier: MIT
"""Where a run directory stands, from nothing but its files: what is done, failed, stale and missing, and who writes."""

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
from sweep.jobs.store.decisions import NOTE as LOOKS
from sweep.jobs.store.failure import Failure, recorded
from sweep.jobs.store.parts import Store
from sweep.plan import digest
from sweep.plan.identity import canonical
from sweep.storage import resume

from .origin import Origin
from .prospect import Prospect, ids_of, look
from .request import Request
from .run import NOTE


class DamagedNoteError(ConfigError):
    """run.json is damaged, or of another version."""


@dataclass(frozen=True)
class Status:
    """What is there of the sweep that the directory was last run for."""

    name: str
    prospect: Prospect  # as the same command would find it now
    stale: int  # rows of other sources or of other variants of the sweep
    failures: list[Failure]  # of simulations that have no row, not tried again unless asked for
    damaged: int  # parts that the next run sets aside, and simulates anew
    set_aside: int  # parts that were set aside by earlier ones
    last: dict[str, Any]  # run.json: what was asked for last, and how it ended
    holder: str | None  # who writes here now

    @property
    def missing(self) -> int:
        """Simulations that have neither a row nor failed."""
        return self.prospect.missing

    @property
    def complete(self) -> bool:
        return not self.missing and not self.prospect.failed and not self.prospect.undecided

    def endings(self) -> dict[str, int]:
        """Simulations that failed, by how."""
        return dict(Counter(failure.ending for failure in self.failures for _ in failure.ids))


def status(directory: str | Path) -> Status:
    """The status of a run directory.  Raises SweepError if it is none."""
    store = Store(directory)
    last = last_run(store, directory)
    parts, failures = store.scan(set_aside=False), recorded(store)
    with believed(directory):
        sweep = swept(last, directory)
        request = Request(sweep, directory, Origin("", last["command"]), executor="inline")
        prospect = look(request, parts, failures, looks=store.noted(LOOKS))
    return Status(
        name=sweep.name,
        prospect=prospect,
        stale=prospect.stale,
        failures=_open(failures, prospect),
        damaged=store.parts() - len(parts),
        set_aside=store.damaged(),
        last=last,
        holder=store.holder(),
    )


def last_run(store: Store, directory: str | Path) -> dict[str, Any]:
    """run.json: what was asked for last.  Raises SweepError without one that is whole."""
    last = store.noted(NOTE)
    if last is None:
        raise resume.unnoted(store.files)
    with believed(directory):
        return records.held(last, resume.RUN, ("document", "command", "started", "pid", "node"))


def swept(last: dict[str, Any], directory: str | Path) -> config.Sweep:
    """The sweep of `last_run`.  Raises ConfigError if it is damaged, or of another version."""
    with believed(directory):
        if "document_digest" in last and last["document_digest"] != digest(canonical(last["document"])):
            raise records.RecordError("its document is not the one that was run")
        return config.from_document(last["document"])


@contextmanager
def believed(directory: str | Path) -> Iterator[None]:
    """A block that works with the document of a run.json; where that cannot be, the file is to blame.

    What a document may say is checked when a sweep file is read, value by value; here only that it can be laid out.
    Raises ConfigError.
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


def _open(failures: list[Failure], prospect: Prospect) -> list[Failure]:
    """Those of a simulation that the sweep has and that has no row."""
    without = np.isin(ids_of(failures), prospect.survey.ids[~prospect.there])
    ends = np.cumsum([len(failure.ids) for failure in failures])
    return [failure for failure, end in zip(failures, ends, strict=True) if without[end - len(failure.ids) : end].any()]
