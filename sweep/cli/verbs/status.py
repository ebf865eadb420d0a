# SPDX-License-Identifier: MIT
"""`sweep status`: where a run directory stands.  Exit 0 if all that was asked for is there, else 3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from sweep.cli.ending import failed
from sweep.cli.exits import INCOMPLETE
from sweep.cli.words import count, of
from sweep.foreign import json_text
from sweep.storage import resume

if TYPE_CHECKING:
    from sweep.jobs.prospect import Prospect
    from sweep.jobs.status import Status


def status(
    directory: Annotated[
        str, typer.Argument(metavar="LOCATION", help="run directory, a path or URI", show_default=False)
    ],
    as_json: Annotated[bool, typer.Option("--json", help="for programs")] = False,
) -> None:
    """Say what a run directory has, and how to go on.

    Done, reused, failed, stale, missing; and who writes there.
    """
    from sweep.jobs.status import status as look

    found = look(directory)
    print(json_text(_record(found), indent=2) if as_json else _text(found, directory))
    if not found.complete:
        raise typer.Exit(INCOMPLETE)


def _record(found: Status) -> dict[str, object]:
    prospect = found.prospect
    last = {name: value for name, value in found.last.items() if name != "document"}
    return {
        "name": found.name,
        "simulations": prospect.survey.simulations if prospect.decisions is None else int(prospect.wanted.sum()),
        **_looks(prospect),
        "done": prospect.done,
        "reused": prospect.reused,
        "failed": prospect.failed,
        "failed_by_ending": found.endings(),
        "missing": found.missing,
        "stale": found.stale,
        "damaged": found.damaged,
        "set_aside": found.set_aside,
        "complete": found.complete,
        "holder": found.holder,
        "last": last,
    }


def _looks(prospect: Prospect) -> dict[str, object]:
    """Of a sweep with a precision."""
    if prospect.decisions is None:
        return {}
    reached = prospect.decisions.reached
    return {
        "look": prospect.decisions.look,
        "looks": reached.looks,
        "comparisons": reached.comparisons,
        "open_comparisons": reached.open,
        "looks_finished": reached.finished,
    }


def _text(found: Status, directory: str) -> str:
    prospect = found.prospect
    decisions = prospect.decisions
    simulations = prospect.survey.simulations if decisions is None else int(prospect.wanted.sum())
    lines = [
        f"{found.name}: {of(simulations, 'simulation')}{' asked for so far' * prospect.undecided}",
        f"  done {count(prospect.done)} · reused {count(prospect.reused)} · failed {count(prospect.failed)} · "
        f"missing {count(found.missing)} · stale {count(found.stale)}",
    ]
    if decisions is not None:
        looks = len(decisions.precision.looks)
        lines.append(f"  look {decisions.look} of {looks}: {decisions.reached.line}")
    if found.damaged:
        lines.append(f"  {of(found.damaged, 'damaged part')}, to be set aside and simulated again")
    if found.set_aside:
        lines.append(f"  {of(found.set_aside, 'damaged part')} set aside (*.bad)")
    lines += failed(found.failures, directory)
    lines.append(_last(found))
    if not found.complete and not found.holder:
        retry = " --retry-failed" if found.failures and not found.missing else ""
        lines.append(f"next: {resume.at(found.last['command'], directory, found.name)}{retry}")
    return "\n".join(lines)


def _last(found: Status) -> str:
    """Who writes now, or how the last run ended."""
    last = found.last
    if found.holder:
        return f"being written by {found.holder}"
    started = f"last run {last['started']} by pid {last['pid']} on {last['node']}"
    if "exit_code" not in last:
        return f"{started}: it did not come to its end (an error, killed, or interrupted twice)"
    return f"{started}: exit {last['exit_code']} at {last.get('ended', 'an unknown time')}"
