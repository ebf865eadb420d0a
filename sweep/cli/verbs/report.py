# SPDX-License-Identifier: MIT
"""`sweep report`: print the verdicts of a run, or its table in another layout; nothing is run again."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path
from typing import Annotated

import typer

from sweep.cli import browser
from sweep.cli.fitting import say
from sweep.errors import ReadOnlyError, SweepError, did_you_mean

NARROWEST, USUAL, WIDEST = 60, 100, 240  # width of printed text, characters; USUAL without a terminal
MAIL = 72  # characters per line of a mail, so that it can be quoted
FORMATS = ("txt", "md", "csv", "html")


def report(
    directory: Annotated[
        str, typer.Argument(metavar="LOCATION", help="run directory of `sweep run`, a path or URI", show_default=False)
    ],
    full: Annotated[bool, typer.Option("--full", help="all of the report, not its first screen")] = False,
    row: Annotated[list[str] | None, typer.Option("--row", metavar="NAME", help="parameter to show as rows")] = None,
    col: Annotated[list[str] | None, typer.Option("--col", metavar="NAME", help="parameter to show as columns")] = None,
    table: Annotated[
        list[str] | None,
        typer.Option("--table", metavar="NAME", help="a table for each value; default: of all else that varies"),
    ] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option("--metric", metavar="NAME", help="drop_ratio, p99.9, ...; else ns_per_packet"),
    ] = None,
    filter: Annotated[
        str, typer.Option("--filter", metavar="CONDITION", help="'ring >= 512 and strategy != page_frag'")
    ] = "",
    baseline: Annotated[
        str,
        typer.Option("--baseline", metavar="NAME", help="strategy[/label] or parameter=value: differences from it"),
    ] = "",
    mail: Annotated[bool, typer.Option("--mail", help="fit the 72 columns of a mail")] = False,
    format: Annotated[
        str | None, typer.Option("--format", metavar="txt|md|csv|html", help="default: txt, or that of --out")
    ] = None,
    out: Annotated[str | None, typer.Option("--out", metavar="FILE", help="write there, not to the terminal")] = None,
    force: Annotated[bool, typer.Option("--force", help="write all of the report anew, changed or not")] = False,
    open_page: Annotated[bool, typer.Option("--open", help="show its page in a browser")] = False,
) -> None:
    """Print the verdicts of a run; write the whole report.

    The report goes into the run directory as text, Markdown and HTML; files that would be the same again stay as
    they are, unless --force is given.

    With --row, --col, --table, --metric, --filter or --baseline, show its table that way instead; names may be several,
    with commas between them.  --format and --out give either in another form and write nothing into the directory.
    """
    from sweep import report
    from sweep.report.projection.document import ProjectionRequest
    from sweep.storage import sink

    tables = None if table is None else () if table == ["none"] else _names("--table", table)
    request = ProjectionRequest(
        _names("--row", row), _names("--col", col), tables, _names("--metric", metric), filter, baseline
    )
    kind = _format(format, out, mail)
    if full and not request.empty:
        raise SweepError("--full is all of the report, a projection is a part of it\n  next: leave one of them out")
    if request.empty and kind is None and out is None and not mail:
        _verdicts(directory, full, force, open_page)
        return
    if open_page:
        raise SweepError(
            "--open shows the whole report's page, and not a part or another form of it\n  next: leave it out"
        )
    columns = MAIL if mail else USUAL if out else width()
    table = report.read(directory, series=True)
    text = report.render(table, kind or "txt", request, width=columns, mail=mail, full=full, location=directory)
    if out is None:
        print(text, end="")
    else:
        sink.text(out, text)
        print(out)


def _verdicts(directory: str, full: bool, force: bool, open_page: bool) -> None:
    """Print the verdicts, and write the whole report into the run directory if that is writable."""
    from sweep import report

    published = report.Published(directory)
    try:
        written = " · ".join(published.write(force=force).values())
    except ReadOnlyError as error:
        written = (
            f"the report is not written: {str(error).splitlines()[0].partition('; ')[0]}\n"
            f"next: sweep report {shlex.quote(directory)} --out report.html"
        )
    print(published.text(width(), full=full))
    say(written)
    if open_page:
        browser.open_page(directory)


def width() -> int:
    """Width of printed text: COLUMNS or the terminal's, between NARROWEST and WIDEST; USUAL without a terminal."""
    return max(NARROWEST, min(WIDEST, shutil.get_terminal_size((USUAL, 24)).columns))


def _names(option: str, given: list[str] | None) -> tuple[str, ...]:
    """The names in `values`, separated by commas or given by repeating `option`.  Raises SweepError if one is empty."""
    names = tuple(name.strip() for text in given or () for name in text.split(","))
    if not all(names):
        example = "drop_ratio" if option == "--metric" else "ring"
        raise SweepError(
            f'{option} "{",".join(given or ())}" has no name in it\n  next: {option} {example}, for example'
        )
    return names


def _format(given: str | None, out: str | None, mail: bool) -> str | None:
    """The format asked for, or else that of the file name's ending; None if there is neither.  Raises SweepError."""
    from sweep.storage import sink

    suffix = Path(sink.name(out)).suffix.lower().removeprefix(".") if out else ""
    kind = given or (suffix if suffix in FORMATS else None)
    if kind is None and suffix:
        raise SweepError(f'the ending of "{out}" says no format\n  next: give --format {"|".join(FORMATS)}')
    if kind is not None and kind not in FORMATS:
        hint = did_you_mean(kind, FORMATS)
        raise SweepError(f'--format "{kind}" is not known.{hint}\n  known: {", ".join(FORMATS)}')
    if mail and kind in ("csv", "html"):
        raise SweepError(
            f'--mail is for text and Markdown, not "{kind}"\n  next: leave --mail out, or choose --format txt or md'
        )
    return kind
