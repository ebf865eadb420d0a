# SPDX-License-Identifier: MIT
"""The messages at the end of a run: what is done, where the core time went, what failed and what to type next."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sweep import storage
from sweep.format import count as plural
from sweep.safe_text import visible

from .numbers import count, seconds

if TYPE_CHECKING:
    from sweep.jobs.progress import Progress
    from sweep.jobs.run import RunSummary
    from sweep.jobs.store.failure import Failure

FAILURES_SHOWN = 5


def ending(summary: RunSummary, wall_s: float) -> str:
    """The last lines of a run: "done 11,880 · failed 0 · 47 s", and where core time went if anything was simulated."""
    progress = summary.progress
    parts = [f"done {count(summary.done)}", f"failed {count(summary.failed)}"]
    if summary.invalid:
        parts.append(f"invalid {count(summary.invalid)}")
    head = " · ".join([*parts, seconds(wall_s)])
    decisions = summary.inventory.decisions
    if decisions is not None:
        head += f"\n{decisions.reached.line}"
    return f"{head}\n{_accounts(progress, wall_s)}" if progress.simulate_s else head


def _accounts(progress: Progress, wall_s: float) -> str:
    """Where the core time went: "91.2 of 94.0 core-seconds simulated (97.0 %) · dispatch 0.9 s · compile …"."""
    share = 100 * progress.simulated_share
    parts = [f"{progress.simulate_s:,.1f} of {progress.paid_s:,.1f} core-seconds simulated ({share:.1f} %)"]
    accounts = (
        ("dispatch", progress.dispatch_s),
        ("compile", progress.compile_s),
        ("stragglers", progress.straggle_s),
        ("lost", progress.lost_s),
    )
    parts += [f"{name} {seconds(spent_s)}" for name, spent_s in accounts if spent_s >= 0.001]
    parts.append(f"start and end {seconds(max(0.0, wall_s - progress.elapsed_s))}")
    from sweep.plan import CHUNK_S

    if progress.advised_chunk_s and progress.advised_chunk_s > CHUNK_S:
        parts.append(f"next time in chunks of {progress.advised_chunk_s:.2g} s, unless --chunk-seconds is given")
    return " · ".join(parts)


def stop_message_printer(again: str) -> Callable[[], None]:
    """A function that prints the last message of a run that does not stop in time; `again`: how to resume it."""

    def say() -> None:  # not through `print`: the thread that runs may hold its lock
        message = f"interrupted; what was finished is kept. Go on with\n  {again}\n"
        os.write(2, visible(f"{chr(10) * os.isatty(2)}{message}").encode())

    return say


def failed(failures: Sequence[Failure], location: str | Path) -> list[str]:
    """Lines about the first FAILURES_SHOWN failures: what failed, why, and the file with the record."""
    files, lines = storage.open(location), []
    for failure in failures[:FAILURES_SHOWN]:
        lines.append(f"  {failure.strategy}, {plural(len(failure.ids), 'simulation')}: {failure.reason}")
        lines.append(f"    {files.at(f'failed/{failure.name}.json')}")
    if len(failures) > FAILURES_SHOWN:
        lines.append(f"  and {plural(len(failures) - FAILURES_SHOWN, 'record')} more")
    return lines


def undecided(failures: Sequence[Failure]) -> list[str]:
    """Lines about why simulations have neither a result nor failed, the most frequent reasons first."""
    reasons: Counter[tuple[str, str]] = Counter()
    for failure in failures:
        reasons[failure.strategy, failure.reason] += len(failure.ids)
    shown = reasons.most_common(FAILURES_SHOWN)
    lines = [f"  {strategy}, {plural(number, 'simulation')}: {reason}" for (strategy, reason), number in shown]
    return lines + [f"  and {plural(len(reasons) - len(shown), 'reason')} more"] * (len(reasons) > len(shown))


def problems_text(summary: RunSummary, again: str) -> str:
    """The message about everything that did not go well in a run, with the next command; "" if there is nothing."""
    lines = []
    if summary.interrupted:
        lines.append(f"interrupted; what was finished is kept. Go on with\n  {again}")
    lines += failed(summary.failures, summary.directory)
    if summary.failures:
        new = sum(len(failure.ids) for failure in summary.failures)
        lines.insert(0, f"{plural(new, 'simulation')} failed and {'has' if new == 1 else 'have'} no result")
        if summary.given_up and not summary.interrupted:
            lines.append(f"stopped there; nothing is published. What was finished is kept. Go on with\n  {again}")
    if summary.open:
        still = sum(len(failure.ids) for failure in summary.open)
        them = "it" if still == 1 else "them"
        lines.append(
            f"{plural(still, 'simulation')} not decided: nothing is recorded against {them}, and the next run tries "
            f"{them} again"
        )
        lines += undecided(summary.open)
        lines.append(f"next: {again}")
    if summary.failed:
        before = f"{count(summary.inventory.failed)} failed before and were not tried again\n" * bool(
            summary.inventory.failed
        )
        lines.append(f"{before}next: mend the cause, then\n  {again} --retry-failed")
    if summary.invalid:
        lines.append(
            f"{plural(summary.invalid, 'row')} broke a conservation law: left out of the report; column violation of "
            f"results.arrow says which and how to see it again"
        )
    return "\n".join(lines)
