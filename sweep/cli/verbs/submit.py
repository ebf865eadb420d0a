# SPDX-License-Identifier: MIT
"""`sweep submit` and `sweep follow`: a sweep as a job of a Ray cluster, and its log and exit code from afar."""

from __future__ import annotations

import shlex
import sys
from typing import Annotated, Any

import typer

from sweep.cli.arguments import File, Sets
from sweep.cli.exits import INCOMPLETE
from sweep.cli.fitting import say

Address = Annotated[
    str, typer.Option("--address", metavar="URL", help="the cluster's Jobs API, http://HOST:8265", show_default=False)
]
Place = Annotated[
    str,
    typer.Option(
        "--out", metavar="LOCATION", help="run directory: a URI, or a path on the head's disk", show_default=False
    ),
]
Nodes = Annotated[int, typer.Option("--nodes", metavar="N", min=0, help="wait until N nodes have CPUs")]
Rest = Annotated[
    list[str] | None,
    typer.Argument(metavar="-- RUN OPTIONS", help="further options of `sweep run`", show_default=False),
]


def submit(
    context: typer.Context,
    file: File,
    address: Address,
    out: Place,
    rest: Rest = None,
    sets: Sets = None,
    nodes: Nodes = 0,
    follow: Annotated[bool, typer.Option("--follow", help="show the run's log, exit with its code")] = False,
) -> None:
    """Send a sweep to a Ray cluster and have it run there.  Exit 0 once it is taken; with --follow, the run's own."""
    from sweep.errors import SweepError
    from sweep.jobs.submission.submit import errand
    from sweep.jobs.submission.submit import submit as send

    sweep_errand = errand(file, sets or [], out, nodes, rest or [])
    if mistake := _mistake(context, sweep_errand.words):
        raise SweepError(f"sweep run on the cluster would not understand this: {mistake}\n  see: sweep run --help")
    client = _connect(address)
    job = send(client, sweep_errand)
    say(f"{job} is on {address}\n{_next(job, address, sweep_errand.out, sweep_errand.on_head)}")
    if follow:
        _watch(client, job, address)


def follow(job: Annotated[str, typer.Argument(help="what `sweep submit` printed")], address: Address) -> None:
    """Show the log of a submitted sweep; exit with its code.

    From its beginning.
    """
    _watch(_connect(address), job, address)


def _connect(address: str) -> Any:
    """A client of the cluster at `address`; prints a warning before a token is sent unencrypted."""
    from sweep.jobs.submission import address as jobs_address
    from sweep.jobs.submission import api

    jobs_api = jobs_address.address(address)
    if jobs_api.in_clear:
        say("the token travels in clear to another machine: make a tunnel (ray dashboard CLUSTER.yaml)", error=True)
    return api.connect(jobs_api)


def _watch(client: Any, job: str, address: str) -> None:
    from sweep.jobs.submission.follow import follow as watch

    def write(text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()

    try:
        code = watch(client, job, write)
    except KeyboardInterrupt:
        say(f"\nno longer watching; the run goes on. Watch it again with\n  {_follow(job, address)}", error=True)
        raise typer.Exit(INCOMPLETE) from None
    raise typer.Exit(code)


def _next(job: str, address: str, out: str, on_head: bool) -> str:
    """Lines with the commands to follow a job, stop it, and get its results."""
    lines = [
        f"  follow  {_follow(job, address)}",
        f"  stop    ray job stop {shlex.quote(job)} --address {shlex.quote(address)}   (what is finished is kept)",
    ]
    if on_head:
        place = shlex.quote(out.removeprefix("file://").rstrip("/") + "/")
        lines.append(
            f"  fetch   ray rsync-down CLUSTER.yaml {place} runs/   (it lies on the head's disk and goes with it)"
        )
    else:
        lines.append(f"  result  sweep report {shlex.quote(out)}")
    return "\n".join(lines)


def _follow(job: str, address: str) -> str:
    return shlex.join(["sweep", "follow", job, "--address", address])


def _mistake(context: typer.Context, words: list[str]) -> str:
    """The error of the arguments of a sweep command; "" if they are valid."""
    name, *rest = words
    command: Any = context.find_root().command
    try:
        command.commands[name].make_context(name, rest)
    except Exception as error:
        if not hasattr(error, "format_message"):  # click's, which typer has a copy of
            raise
        return str(error.format_message())
    return ""
