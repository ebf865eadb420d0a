# SPDX-License-Identifier: MIT
"""`sweep replay`: run recorded kernel traces through the page_pool code that sweeps use."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sweep import standard_input
from sweep.cli.fitting import say
from sweep.errors import SweepError, did_you_mean
from sweep.format import count as plural

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweep.replay.kernel import TraceKernel
    from sweep.replay.trace import Trace

Files = Annotated[
    list[Path],
    typer.Argument(help='trace files (JSON lines); "-": standard input', metavar="FILE...", show_default=False),
]


Kernel = Annotated[
    str | None,
    typer.Option("--kernel", help="kernel, such as 6.1.192 or 7.3.4-64k, not each trace's own", show_default=False),
]
Rules = Annotated[
    list[str] | None,
    typer.Option("--rule", help="change a rule of the kernel: NAME=on, NAME=off", metavar="RULE", show_default=False),
]


def replay(files: Files, kernel: Kernel = None, rule: Rules = None) -> None:
    """Replay kernel traces of page_pool; say where they differ.

    Per trace "equal" or the first difference.  Exit 1 on any.
    """
    from sweep.replay.run import differences, run

    as_on, changes = _kernel(kernel) if kernel else None, dict(map(_rule, rule or ()))
    traces = [trace for file in files for trace in read_file(file, as_on, changes)]
    equal = 0
    for trace in traces:
        found = differences(trace, run(trace))
        equal += not found
        if found:
            first, more = found[0], len(found) - 1
            verdict = "differs"
            rest = f" (and {plural(more, 'more value')})" if more else ""
            text = f"{first.where}: {first.column} expected {first.expected}, got {first.got}{rest}"
        else:
            verdict = "equal"
            text = f"{plural(trace.operations, 'operation')}, {plural(trace.snapshots, 'snapshot')}"
            text += "" if trace.has_counters else f", no counters in {trace.kernel.release}"
        say(f"{trace.id}  {verdict}  {text}")
    say(f"{equal} of {len(traces)} equal")
    if equal < len(traces):
        raise typer.Exit(1)


def _kernel(text: str) -> TraceKernel:
    """The kernel that `--kernel` names.  Errors: SweepError."""
    from sweep.model.kernel.releases import CHANGES, ReleaseError
    from sweep.replay.kernel import trace_kernel

    try:
        return trace_kernel(text)
    except ReleaseError as error:
        hint = did_you_mean(text, CHANGES)
        raise SweepError(f'--kernel "{text}" {error}.{hint}\n  see: sweep show kernels') from None


def _rule(text: str) -> tuple[str, bool]:
    """The rule that `--rule` names, and whether it is to be in force.  Errors: SweepError."""
    from sweep.fields.kernel import BY_NAME, ON, SWITCH

    name, _, value = text.partition("=")
    if name not in BY_NAME:
        hint = did_you_mean(name, BY_NAME)
        raise SweepError(f'--rule "{text}": there is no rule "{name}".{hint}\n  see: sweep show kernels')
    if value not in SWITCH:
        raise SweepError(f'--rule "{text}": "{value}" is not one of: {", ".join(SWITCH)}\n  next: --rule {name}=on')
    return name, value == ON


def read_file(file: Path, kernel: TraceKernel | None = None, changes: Mapping[str, bool] | None = None) -> list[Trace]:
    """The traces of one file, for a replay as on `kernel`, by default their own, with some rules changed.

    Blank lines are skipped.  Errors: SweepError if the file is unreadable, empty or no trace file, or if the rules
    contradict each other.
    """
    from sweep.model.kernel.releases import RulesError
    from sweep.replay.trace import TraceError, read_trace

    traces, place = [], standard_input.name(file)
    try:
        lines = standard_input.data(file).splitlines()
    except OSError as error:
        raise SweepError(f'"{place}" cannot be read: {error.strerror}\n  next: sweep replay FILE...') from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            traces.append(read_trace(line.decode("utf-8"), kernel, changes or {}))
        except UnicodeDecodeError as error:
            raise SweepError(f"{place}:{number}:{error.start + 1}: not UTF-8 text") from None
        except RulesError as error:
            raise SweepError(f"--rule {error.rule}: impossible: {error}\n  see: sweep show kernels") from None
        except TraceError as error:
            column = "" if error.column is None else f":{error.column}"
            raise SweepError(f"{place}:{number}{column}: {error}") from None
    if not traces:
        raise SweepError(f'"{place}" has no traces: one JSON object a line is expected')
    return traces
