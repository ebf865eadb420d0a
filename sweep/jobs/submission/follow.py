# SPDX-License-Identifier: MIT
"""Watching a job of a cluster: its log as it is written, then the exit code of the run.

A connection that breaks is made again and the log goes on where it was; the run knows nothing of it.

Not modelled: a peer that falls silent without closing the connection; Ctrl-C ends the wait for it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sweep import storage
from sweep.errors import IncompleteError, RunError, SweepError
from sweep.foreign import visible, visible_line
from sweep.storage import snapshot

from .submit import JOB, OUT

PATIENCE_S = 60.0  # without a connection
TICK_S = 0.5
STOPPED = "STOPPED"  # Ray's word


def follow(client: Any, job: str, write: Callable[[str], None], patience_s: float = PATIENCE_S) -> int:
    """Give the log to `write` as it comes, until the job ends; the exit code of the run.

    client: of `api.connect`.  Raises SweepError if `job` can be no name of one; RunError if there is no such job,
    or if it ended without an exit code; IncompleteError if it was stopped, or if the cluster cannot be reached for
    `patience_s` seconds.
    """
    if not JOB.fullmatch(job):
        raise SweepError(
            f'"{visible_line(job)}" is no job: `sweep submit` prints its name\n  see: ray job list --address ADDRESS'
        )
    log, lost_since = _Log(write), 0.0
    while True:
        try:
            client.get_job_info(job)  # is there such a job?  The log of one that is not breaks off like a connection
            asyncio.run(log.tail(client, job))
            info = client.get_job_info(job)
            lost_since = 0.0
            if info.status.is_terminal():
                return _exit_code(job, info)
        except (OSError, RuntimeError) as error:  # aiohttp and requests raise the first, Ray's client the second
            if "does not exist" in str(error):
                raise RunError(f'there is no job "{job}"\n  see: ray job list --address ADDRESS') from error
            lost_since = lost_since or time.monotonic()
            if time.monotonic() - lost_since > patience_s:
                raise IncompleteError(
                    f'lost sight of "{job}": {visible_line(str(error))}\n  it may well go on'
                ) from error
        time.sleep(TICK_S)


class _Log:
    """A job's log; each time it is tailed, it comes from its beginning again."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write, self._written = write, 0  # characters

    async def tail(self, client: Any, job: str) -> None:
        """Write what is new, until the log ends.  Raises OSError or RuntimeError if the connection breaks."""
        from aiohttp import ClientError

        seen = 0
        try:
            async for text in client.tail_job_logs(job):
                seen += len(text)
                if seen > self._written:
                    self._write(visible(text[-(seen - self._written) :]))
                    self._written = seen
        except ClientError as error:
            raise ConnectionError(str(error)) from error


def _exit_code(job: str, info: Any) -> int:
    """That of the process, or else what the run published.  info: `JobDetails`.

    Raises IncompleteError if the job was stopped, RunError if it ended otherwise and neither is there.
    """
    if info.driver_exit_code is not None and info.driver_exit_code >= 0:
        return int(info.driver_exit_code)
    published = _published_exit_code((info.metadata or {}).get(OUT, ""), info.start_time or 0)
    if published is not None:
        return published
    kept = "what was finished is kept; the same `sweep submit` runs what is missing"
    if info.status == STOPPED:
        raise IncompleteError(f'"{job}" was stopped\n  next: {kept}')
    message = visible_line((info.message or "no reason given").strip().splitlines()[0])
    raise RunError(f'"{job}" ended without an exit code: {message}\n  next: {kept}')


def _published_exit_code(out: str, started_ms: int) -> int | None:
    """The exit code in the manifest at a URI, if we can read it and it was published after the job's start."""
    if "://" not in out:
        return None
    try:
        found = snapshot.manifest(storage.open(out))
        if found is None or datetime.fromisoformat(found.about["published"]).timestamp() * 1000 < started_ms - 1000:
            return None  # both times are of the head's clock, the manifest's in whole seconds
        return int(found.about["exit_code"])
    except (SweepError, ValueError, KeyError, TypeError):
        return None
