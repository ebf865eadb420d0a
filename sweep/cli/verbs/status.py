# SPDX-License-Identifier: MIT
"""`sweep status`: the state of a run directory.  Exit 0 if all that was asked for is there, else 3."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from sweep.cli.arguments import Location, TextFormat, known_format
from sweep.cli.ending import failed
from sweep.cli.exits import INCOMPLETE
from sweep.cli.fitting import say
from sweep.cli.numbers import count
from sweep.format import count as plural
from sweep.safe_text import json_text
from sweep.storage import resume

if TYPE_CHECKING:
    from sweep.jobs.status import Status


def status(
    directory: Location,
    form: TextFormat = "txt",
) -> None:
    """Say what a run directory has, and how to go on.

    Done, reused, failed, stale, missing; and who writes there.
    """
    from sweep.jobs.status import status as look

    known_format(form)
    run_status = look(directory)
    if form == "json":
        from sweep.cli.state_records import status_record

        print(json_text(status_record(run_status, directory), indent=2))
    else:
        say(_text(run_status, directory))
    if not run_status.complete:
        raise typer.Exit(INCOMPLETE)


def _text(found: Status, directory: str) -> str:
    inventory = found.inventory
    decisions = inventory.decisions
    simulations = inventory.survey.simulations if decisions is None else int(inventory.wanted.sum())
    lines = [
        f"{found.name}: {plural(simulations, 'simulation')}{' asked for so far' * inventory.undecided}",
        f"  done {count(inventory.done)} · reused {count(inventory.reused)} · failed {count(inventory.failed)} · "
        f"missing {count(found.missing)} · stale {count(found.stale)}",
    ]
    if decisions is not None:
        looks = len(decisions.precision.looks)
        lines.append(f"  look {decisions.look} of {looks}: {decisions.reached.line}")
    if found.damaged:
        lines.append(f"  {plural(found.damaged, 'damaged part')}, to be set aside and simulated again")
    if found.set_aside:
        lines.append(f"  {plural(found.set_aside, 'damaged part')} set aside (*.bad)")
    lines += failed(found.failures, directory)
    lines.append(_last(found))
    if not found.complete and not found.holder:
        retry = " --retry-failed" if found.failures and not found.missing else ""
        lines.append(f"next: {resume.at(found.last['command'], directory, found.name)}{retry}")
    return "\n".join(lines)


def _last(found: Status) -> str:
    """A line about the process that writes now, or about how the last run ended."""
    last = found.last
    if found.holder:
        return f"being written by {found.holder}"
    started = f"last run {last['started']} by pid {last['pid']} on {last['node']}"
    if "exit_code" not in last:
        return f"{started}: it did not come to its end (an error, killed, or interrupted twice)"
    return f"{started}: exit {last['exit_code']} at {last.get('ended', 'an unknown time')}"
