# SPDX-License-Identifier: MIT
"""Follow a job of a cluster: its log as it is written, then the exit code of the run.

A broken connection is made again and the log continues where it was; the run does not notice.

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
from sweep.safe_text import visible, visible_line
from sweep.storage import snapshot

from .submit import JOB, OUT

RECONNECT_TIMEOUT_S = 60.0  # without a connection
TICK_S = 0.5
STOPPED = "STOPPED"  # Ray's word


def follow(client: Any, job: str, write: Callable[[str], None], timeout_s: float = RECONNECT_TIMEOUT_S) -> int:
    """Pass the log to `write` as it comes, until the job ends; returns the exit code of the run.

    client: of `api.connect`.  Raises SweepError if `job` cannot be the name of one; RunError if there is no such job,
    or if it ended without an exit code; IncompleteError if it was stopped, or if the cluster cannot be reached for
    `timeout_s` seconds.
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
            if time.monotonic() - lost_since > timeout_s:
                raise IncompleteError(
                    f'lost sight of "{job}": {visible_line(str(error))}\n  it may well go on'
                ) from error
        time.sleep(TICK_S)


class _Log:
    """A job's log; Ray sends it from its beginning each time it is tailed, and what was written before is skipped."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write, self._written = write, 0  # characters

    async def tail(self, client: Any, job: str) -> None:
        """Write what is new, until the log ends.  Raises OSError or RuntimeError if the connection breaks."""
        from aiohttp import ClientError

        received = 0
        try:
            async for text in client.tail_job_logs(job):
                received += len(text)
                if received > self._written:
                    self._write(visible(text[-(received - self._written) :]))
                    self._written = received
        except ClientError as error:
            raise ConnectionError(str(error)) from error


def _exit_code(job: str, info: Any) -> int:
    """The exit code of the job's process, or else the one in what the run published.  info: `JobDetails`.

    Raises IncompleteError if the job was stopped, RunError if it ended otherwise and there is no exit code.
    """
    if info.driver_exit_code is not None and info.driver_exit_code >= 0:
        return int(info.driver_exit_code)
    published = _published_exit_code((info.metadata or {}).get(OUT, ""), info.start_time or 0)
    if published is not None:
        return published
    reassurance = "what was finished is kept; the same `sweep submit` runs what is missing"
    if info.status == STOPPED:
        raise IncompleteError(f'"{job}" was stopped\n  next: {reassurance}')
    message = visible_line((info.message or "no reason given").strip().splitlines()[0])
    raise RunError(f'"{job}" ended without an exit code: {message}\n  next: {reassurance}')


def _published_exit_code(out: str, started_ms: int) -> int | None:
    """The exit code in the manifest at a URI, if we can read it and it was published after the job's start."""
    if "://" not in out:
        return None
    try:
        manifest = snapshot.manifest(storage.open(out))
        if (
            manifest is None
            or datetime.fromisoformat(manifest.about["published"]).timestamp() * 1000 < started_ms - 1000
        ):
            return None  # both times are of the head's clock, the manifest's in whole seconds
        return int(manifest.about["exit_code"])
    except (SweepError, ValueError, KeyError, TypeError):
        return None
