# SPDX-License-Identifier: MIT
"""All about one simulation, as a document: what came of it, where its time and pages went, what was counted.

From the published table alone; the laws are named by the model that is here, if its sources are those of the table.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from sweep.document.blocks import Block, Cell, Document, Paragraph, Section, Table
from sweep.document.plain import render
from sweep.fields.column import Column, columns
from sweep.fields.field import Role

from . import counters, histograms, laws, over_time, summary
from .choose import ID_SHOWN, Chosen

HOST_WORDS = ("cost_", "host_")


def document(chosen: Chosen, about: Mapping[str, Any], extra: Sequence[Section] = ()) -> Document:
    """The whole of it; `about` is what the table says of itself, `extra` goes before the counters."""
    sections = (
        summary.metrics(chosen),
        summary.costs(chosen),
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
    """page_pool, router, ring 512, load 0.3"""
    label = f" ({chosen.value('label')})" if chosen.value("label") else ""
    load = f"{chosen.value('load'):g}" if chosen.value("load") is not None else "?"
    return (
        f"{chosen.value('strategy')}{label}, {chosen.value('traffic')}, ring {chosen.value('ring')}, load {load}, "
        f"replicate {chosen.value('replicate')}"
    )


def subtitle(chosen: Chosen) -> str:
    """Its id, whether it is valid, and the other replicates."""
    others = [each for each in chosen.point.column("replicate").to_pylist() if each != chosen.value("replicate")]
    state = (
        "obeys all laws" if chosen.value("valid") is not False else "INVALID: it breaks a law, and no report uses it"
    )
    beside = f" · other replicates: {', '.join(map(str, others))}" if others else ""
    return f"id {chosen.id} · {state}{beside}"


def text(document: Document, width: int) -> str:
    """For a terminal."""
    return render(document, width)


def _parameters(chosen: Chosen) -> list[Section]:
    """What was simulated: first what the sweep varied, then the rest, the host's profile last."""
    fields = columns(chosen.row.schema, Role.PARAMETER)
    known = [field for field in fields if chosen.value(field.name) is not None]
    host = [field for field in known if field.name.startswith(HOST_WORDS)]
    varied = [field for field in known if field.name in (*chosen.varied, "replicate")]
    rest = [field for field in known if field not in host and field not in varied]
    captions = (("varied in the sweep", varied), ("the same in all of it, or following from those", rest))
    tables: list[Block] = [
        Table(
            caption,
            ("parameter", "value", "unit", "meaning"),
            tuple(_parameter(chosen, field) for field in some),
            prose=True,
        )
        for caption, some in (*captions, ("the host", host))
        if some
    ]
    return [Section("What was simulated", tuple(tables))]


def _parameter(chosen: Chosen, parameter: Column) -> tuple[Cell, ...]:
    value = chosen.value(parameter.name)
    shown = f"{value:,}" if isinstance(value, int) else f"{value:g}" if isinstance(value, float) else str(value)
    unit = "" if parameter.unit == "1" else parameter.unit
    return tuple(map(Cell, (parameter.name, shown, unit, parameter.meaning.removeprefix("host profile: "))))


def _again(chosen: Chosen, about: Mapping[str, Any]) -> Section:
    """What to type to see it again, and where it is from."""
    here = f"sweep show {shlex.quote(chosen.place)} {chosen.id[:ID_SHOWN]}"
    lines = [
        ("rerun here, compare every counter", f"{here} --check"),
        ("every event, as an Arrow file", f"{here} --trace {chosen.id[:ID_SHOWN]}.arrow"),
    ]
    if about.get("command"):
        command = f"{about['command']} --executor inline --no-report --only {chosen.id[:ID_SHOWN]}"
        lines.append(("from the sweep file", command))
    table = Table("", ("what", "what to type"), tuple(tuple(map(Cell, line)) for line in lines), prose=True)
    versions = about.get("versions") or {}
    made = [
        f"published {about['created']}" if about.get("created") else "",
        f"by sweep {versions['sweep']}" if versions.get("sweep") else "",
        f"commit {about['git_commit'][:12]}" if about.get("git_commit") else "",
        f"on {about['platform']}" if about.get("platform") else "",
        f"core {about['core_digest']}" if about.get("core_digest") else "",
        f"strategy {digest}" if (digest := (about.get("strategy_digests") or {}).get(chosen.value("strategy"))) else "",
    ]
    said = [Paragraph(" · ".join(part for part in made if part))] if any(made) else []
    return Section("How to see it again", (table, *said))
