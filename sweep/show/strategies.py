# SPDX-License-Identifier: MIT
"""Lists and details of the strategies, from their docstrings, knobs, counters and laws."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping, Sequence

from sweep.document.blocks import Block, Cell, Document, Paragraph, Section, Table
from sweep.model.strategies import NAMES, strategy

from .laws import names as law_names

PARAGRAPH = re.compile(r"\n\s*\n|\n(?=(?:Not modelled|Source|Costs?)\b[^\n]*:)|\n(?=[*`])")


def listed() -> Mapping[str, Sequence[tuple[str, ...]]]:
    """A line per strategy: name, what it models, source."""
    return {"": [(name, _summary(name), _source(name)) for name in NAMES]}


def detail(name: str) -> Document:
    """A strategy in detail: its docstring, knobs, own counters, buffers and laws."""
    module = strategy(name)
    first, *rest = _paragraphs(name)
    sections = [Section("", tuple(map(Paragraph, rest)))]
    knobs = [
        (f"strategy.{knob.name}", f"{knob.default}", f"{knob.low:,} to {knob.high:,}", _unit(knob.unit), knob.meaning)
        for knob in module.KNOBS
    ]
    if knobs:
        sections.append(_section("Knobs", ("in a sweep file", "default", "bounds", "unit", "meaning"), knobs))
    own_counters = [(field.name, field.kernel, field.meaning) for field in module.COUNTERS]
    if own_counters:
        sections.append(_section("Counters of its own", ("counter", "the kernel's name", "meaning"), own_counters))
    default_knobs = {knob.name: knob.default if isinstance(knob.default, int) else 512 for knob in module.KNOBS}
    buffers: list[Block] = [
        Paragraph(
            f"A buffer takes {module.truesize_bytes(default_knobs):,} bytes of memory, holds frames up to "
            f"{module.buffer_bytes(default_knobs):,} bytes, and lies in a DMA mapping of "
            f"{_pages(module.mapped_pages(default_knobs))} (knobs at their defaults)."
        ),
        Paragraph(f"Laws of its rows, {len(law_names(name))}: {' · '.join(law_names(name))}"),
    ]
    sections.append(Section("Buffers and laws", tuple(buffers)))
    return Document(f"{name}: {_lower(first.partition(': ')[2])}", "", tuple(sections))


def knob_default(parameter: str) -> str:
    """The default of `strategy.<knob>` with the strategies that have it; "" for other parameters."""
    knobs = {name: knob for name in NAMES for knob in strategy(name).KNOBS if parameter == f"strategy.{knob.name}"}
    if not knobs:
        return ""
    return f"{next(iter(knobs.values())).default} ({', '.join(knobs)})"


def _paragraphs(name: str) -> list[str]:
    text = inspect.getdoc(strategy(name)) or name
    return [" ".join(part.split()) for part in PARAGRAPH.split(text) if part.strip()]


def _summary(name: str) -> str:
    return _paragraphs(name)[0].partition(": ")[2].rstrip(".")


def _source(name: str) -> str:
    sources = (part.removeprefix("Source: ") for part in _paragraphs(name) if part.startswith("Source: "))
    return next(sources, "").rstrip(".")


def _section(title: str, header: tuple[str, ...], lines: Sequence[tuple[str, ...]]) -> Section:
    return Section(title, (Table("", header, tuple(tuple(map(Cell, line)) for line in lines), prose=True),))


def _unit(unit: str) -> str:
    return "" if unit == "1" else unit


def _pages(count: int) -> str:
    return "a page" if count == 1 else f"{count:,} pages"


def _lower(text: str) -> str:
    return text.rstrip(".")
