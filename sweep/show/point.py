# SPDX-License-Identifier: MIT
"""One simulation as a document: metrics, where its time and pages went, counters, parameters, laws.

From the published table alone; the names of laws are those of the installed model, if its sources match the table's.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from sweep.document.blocks import Block, Cell, Document, Paragraph, Section, Table
from sweep.document.plain_text import render
from sweep.fields.column import Column, columns
from sweep.fields.field import Role
from sweep.jobs.executors import HERE

from . import counters, histograms, laws, losses, over_time, summary
from .choose import ID_SHOWN, Chosen


def document(chosen: Chosen, about: Mapping[str, Any], extra: Sequence[Section] = ()) -> Document:
    """The document; `about` is the table's metadata, sections `extra` are put before the counters."""
    sections = (
        summary.metrics(chosen),
        summary.costs(chosen),
        losses.section(chosen),
        summary.census(chosen),
        over_time.section(chosen),
        *histograms.sections(chosen),
        *extra,
        counters.section(chosen),
        *_parameters(chosen),
        laws.section(chosen, about),
        _again(chosen, about),
    )
    return Document(title(chosen), subtitle(chosen), tuple(each for each in sections if each.blocks))


def title(chosen: Chosen) -> str:
    """The title, such as "page_pool, router, ring 512, load 0.3, replicate 0"."""
    label = f" ({chosen.value('label')})" if chosen.value("label") else ""
    load = f"{chosen.value('load'):g}" if chosen.value("load") is not None else "?"
    return (
        f"{chosen.value('strategy')}{label}, {chosen.value('traffic')}, ring {chosen.value('ring')}, load {load}, "
        f"replicate {chosen.value('replicate')}"
    )


def subtitle(chosen: Chosen) -> str:
    """The id of a simulation, whether it is valid, and the other replicates of its point."""
    others = [
        replicate
        for replicate in chosen.point.column("replicate").to_pylist()
        if replicate != chosen.value("replicate")
    ]
    state = (
        "obeys all laws" if chosen.value("valid") is not False else "INVALID: it breaks a law, and no report uses it"
    )
    others_text = f" · other replicates: {', '.join(map(str, others))}" if others else ""
    return f"id {chosen.id} · {state}{others_text}"


def text(document: Document, width: int) -> str:
    """A document as text for a terminal."""
    return render(document, width)


def _parameters(chosen: Chosen) -> list[Section]:
    """The section of parameters: those that vary in the sweep, then the others, the host's profile last."""
    fields = columns(chosen.row.schema, Role.PARAMETER)
    with_value = [field for field in fields if chosen.value(field.name) is not None]
    of_host = [field for field in with_value if field.of == "host"]
    varied = [field for field in with_value if field.name in (*chosen.varied, "replicate")]
    others = [field for field in with_value if field not in of_host and field not in varied]
    captions = (("varied in the sweep", varied), ("the same in all of it, or following from those", others))
    tables: list[Block] = [
        Table(
            caption,
            ("parameter", "value", "unit", "meaning"),
            tuple(_parameter(chosen, field) for field in fields_shown),
            prose=True,
        )
        for caption, fields_shown in (*captions, ("the host", of_host))
        if fields_shown
    ]
    return [Section("What was simulated", tuple(tables))]


def _parameter(chosen: Chosen, parameter: Column) -> tuple[Cell, ...]:
    value = chosen.value(parameter.name)
    value_text = f"{value:,}" if isinstance(value, int) else f"{value:g}" if isinstance(value, float) else str(value)
    unit = "" if parameter.unit == "1" else parameter.unit
    return tuple(map(Cell, (parameter.name, value_text, unit, parameter.meaning.removeprefix("host profile: "))))


def _again(chosen: Chosen, about: Mapping[str, Any]) -> Section:
    """The section with the commands that reproduce the simulation, and the versions that produced it."""
    show_command = f"sweep show {shlex.quote(chosen.place)} {chosen.id[:ID_SHOWN]}"
    lines = [
        ("rerun here, compare every counter", f"{show_command} --check"),
        ("every event, as an Arrow file", f"{show_command} --trace {chosen.id[:ID_SHOWN]}.arrow"),
    ]
    if about.get("command"):
        command = f"{about['command']} --executor {HERE} --no-report --only {chosen.id[:ID_SHOWN]}"
        lines.append(("from the sweep file", command))
    table = Table("", ("what", "what to type"), tuple(tuple(map(Cell, line)) for line in lines), prose=True)
    versions = about.get("versions") or {}
    origins = [
        f"published {about['created']}" if about.get("created") else "",
        f"by sweep {versions['sweep']}" if versions.get("sweep") else "",
        f"commit {about['git_commit'][:12]}" if about.get("git_commit") else "",
        f"on {about['platform']}" if about.get("platform") else "",
        f"code {digest}" if (digest := (about.get("strategy_digests") or {}).get(chosen.value("strategy"))) else "",
    ]
    origin_blocks = [Paragraph(" · ".join(part for part in origins if part))] if any(origins) else []
    return Section("How to see it again", (table, *origin_blocks))
