# SPDX-License-Identifier: MIT
"""Lists of strategies, mixes, hosts, parameters and so on, a line per entry; and an entry in detail.

Everything is read from its definition: docstrings of strategies, files under configs/, fields of the model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from sweep import schema
from sweep.config.parameters import parameters as known_parameters
from sweep.config.parameters import settings
from sweep.document.blocks import Cell, Document, Paragraph, Section, Table
from sweep.errors import SweepError, did_you_mean
from sweep.fields.field import Role
from sweep.fields.metrics import METRICS
from sweep.model.strategies import NAMES, strategy

from . import counters as stages
from . import files, kernels, strategies

Lines = Sequence[tuple[str, ...]]


class Topic(NamedTuple):
    """A list that `sweep show` can print."""

    title: str
    header: tuple[str, ...]
    groups: Callable[[], Mapping[str, Lines]]  # caption -> lines, the name first
    detail: Callable[[str], Document] | None = None  # None: the line is all there is
    file: Callable[[str], str] | None = None  # an entry as the file that it is, to be saved
    is_also: Callable[[str], bool] = lambda name: False  # whether a name that is not listed has a detail, too


def show(topic: str, name: str | None) -> Document:
    """The list of a topic, or its entry `name` in detail.  Raises SweepError if there is no such entry."""
    chosen_topic = TOPICS[topic]
    groups = chosen_topic.groups()
    if name is None:
        tables = tuple(_table(caption, chosen_topic.header, lines) for caption, lines in groups.items())
        detail_hint = (
            (Paragraph(f"One of them in detail: sweep show {topic} NAME"),)
            if chosen_topic.detail
            else (Paragraph(f"One of them as a file of your own: sweep show {topic} NAME > mine.yaml"),)
            if chosen_topic.file
            else ()
        )
        return Document(chosen_topic.title, "", (Section("", (*tables, *detail_hint)),))
    _check(topic, groups, name)
    if chosen_topic.detail is not None:
        return chosen_topic.detail(name)
    line = next(line for lines in groups.values() for line in lines if line[0] == name)
    facts = [(title, text) for title, text in zip(chosen_topic.header, line, strict=True) if text]
    return Document(name, "", (Section("", (_table("", ("", ""), facts[1:]),)),))


def file(topic: str, name: str | None) -> str | None:
    """The text of an entry that is shown as the file that it is; None for lists, and for entries shown otherwise.

    Raises SweepError if there is no such entry.
    """
    chosen_topic = TOPICS[topic]
    if name is None or chosen_topic.file is None:
        return None
    _check(topic, chosen_topic.groups(), name)
    return chosen_topic.file(name)


def _check(topic: str, groups: Mapping[str, Lines], name: str) -> None:
    """Raises SweepError if the list has no such entry."""
    names = [line[0] for lines in groups.values() for line in lines]
    if name not in names and not TOPICS[topic].is_also(name):
        raise SweepError(
            f'"{name}" is not one of the {topic}.{did_you_mean(name, names)}\n'
            f"  known: {', '.join(names) if len(names) <= 24 else f'{len(names)} of them'}\n  see: sweep show {topic}"
        )


def _table(caption: str, header: tuple[str, ...], lines: Lines) -> Table:
    return Table(caption, header, tuple(tuple(map(Cell, line)) for line in lines), prose=True)


def _metrics() -> Mapping[str, Lines]:
    return {"": [(each.name, _unit(each.unit), each.meaning) for each in METRICS]}


def _counters() -> Mapping[str, Lines]:
    """Lines of the counters by stage; those of only some strategies have the strategies' names."""
    lines_by_stage = {}
    for title, fields in stages.staged(schema.results_schema(), "of those that have them"):
        lines = [
            (
                each.name,
                _unit(each.unit),
                f"{each.kernel} ({each.definition})" if each.kernel else "",
                each.meaning + _users(each.name),
            )
            for each in fields
        ]
        if lines:
            lines_by_stage[title] = lines
    return lines_by_stage


def _users(counter: str) -> str:
    users = [name for name in NAMES if any(counter == field.name for field in strategy(name).COUNTERS)]
    return f" ({', '.join(users)})" if users else ""


def _parameters() -> Mapping[str, Lines]:
    """Lines of the parameters: first by their names in a sweep file, then by other names of columns of the table."""
    lines_of_sweep_file = {
        name: (name, strategies.knob_default(name) or _default(parameter.default), parameter.meaning)
        for name, parameter in known_parameters().items()
    }
    host = [line for name, line in lines_of_sweep_file.items() if name.startswith("host.")]
    other_lines = [line for name, line in lines_of_sweep_file.items() if not name.startswith("host.")]
    columns = [
        (column.name, _unit(column.unit), column.meaning)
        for column in schema.columns()
        if column.role == Role.PARAMETER and column.name not in {*lines_of_sweep_file, *settings()}
    ]
    return {
        "In a sweep file: fixed, or an axis; with the default": other_lines,
        "Settings of a sweep file": [
            (setting, _default(parameter.default), parameter.meaning) for setting, parameter in settings().items()
        ],
        "Of a host's profile": host,
        "Columns of the table that have another name, with the unit": columns,
    }


def _default(value: object) -> str:
    return "must be given" if value is ... else "" if value is None or value == [] else str(value)


def _unit(unit: str) -> str:
    return "" if unit == "1" else unit


TOPICS: dict[str, Topic] = {
    "strategies": Topic(
        "Page recycling strategies", ("name", "what it models", "source"), strategies.listed, strategies.detail
    ),
    "mixes": Topic("Traffic mixes", files.MIX_HEADER, files.mixes, files.detail("traffic")),
    "hosts": Topic("Host profiles: what each operation costs", files.HOST_HEADER, files.hosts, files.host_detail),
    "nics": Topic("NICs", files.NIC_HEADER, files.nics, files.detail("nic")),
    "kernels": Topic(
        "Rules of the kernel, and the releases of Linux that have them first",
        kernels.HEADER,
        kernels.listed,
        kernels.detail,
        is_also=kernels.is_release,
    ),
    "metrics": Topic("Derived metrics", ("name", "unit", "meaning"), _metrics),
    "counters": Topic("Counters", ("name", "unit", "the kernel's name", "meaning"), _counters),
    "parameters": Topic("Parameters", ("name", "default", "meaning"), _parameters),
    "configs": Topic(
        "Sweep files that come with sweep",
        ("name", "question", "to run it"),
        files.configs,
        file=files.config_text,
    ),
}


def topic(word: str) -> str | None:
    """The topic called `word`, singular or plural; None if there is none."""
    return next((each for each in TOPICS if word in (each, each[:-1], each[:-2], f"{each[:-3]}y")), None)


def hint(word: str) -> str:
    """The end of an error message for a word that is neither a topic nor a directory."""
    return f"\n  or a list: sweep show {'|'.join(TOPICS)}{did_you_mean(word, TOPICS)}"
