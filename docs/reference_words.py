# SPDX-License-Identifier: MIT
"""Markdown tables and prose for docs/reference.py, and a JSON Schema in words."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Sequence
from typing import Any

from sweep import config
from sweep.units import COUNTS, OWN

MANY = 12  # keys of a part of a file, too many to list in a cell


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table; columns in which no row has anything are left out."""
    cells = [[cell(value) for value in row] for row in rows]
    kept = [column for column in range(len(header)) if any(row[column] for row in cells)]
    lines = [[header[column] for column in kept], ["---" for _ in kept], *([row[c] for c in kept] for row in cells)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines) + "\n"


def cell(value: object) -> str:
    """On one line; what Markdown would take for a column or a tag is escaped, within code only the former."""
    text = " ".join(str(value).split()).replace("|", "\\|")
    return "".join(part if part[:1] == "`" else part.replace("<", "&lt;") for part in re.split(r"(`[^`]*`)", text))


def code(text: object) -> str:
    """As code; nothing stays nothing."""
    return f"`{text}`" if str(text) else ""


def unit(text: str) -> str:
    return "" if text == "1" else text


def prose(docstring: str) -> str:
    """A docstring as Markdown: what begins with "Not modelled:", "Costs:" or "Source:" is a paragraph of its own."""
    text = re.sub(r"(?<!\n)\n(?=(?:Not modelled|Source|Costs)\b[^\n:]*:)", "\n\n", inspect.cleandoc(docstring))
    return re.sub(r"^((?:Not modelled|Source|Costs)\b[^\n:]*:)", r"**\1**", text, flags=re.M) + "\n\n"


SCHEMA = config.json_schema()


def written(said: dict[str, Any]) -> str:
    """The values that a part of the JSON Schema allows, in words."""
    if "$ref" in said:
        return written(SCHEMA["$defs"][said["$ref"].rpartition("/")[2]])
    if "anyOf" in said:
        return " or ".join(dict.fromkeys(filter(None, map(written, said["anyOf"]))))
    if "enum" in said:
        return ", ".join(map(code, said["enum"]))
    if "const" in said:
        return code(said["const"])
    if said.get("type") == "object":
        names = ", ".join(said.get("properties", ()))
        if len(said.get("properties", ())) > MANY:
            return "`{NAME: VALUE}`"
        if not names:
            return "`{}`" if said.get("additionalProperties") is False else "named ones: `{name: ...}`"
        return f"one of `{{{names}}}`" if said.get("maxProperties") == 1 else f"`{{{names}}}`"
    if said.get("type") == "array":
        return f"a list of {written(said['items'])}" if "items" in said else "a list"
    if "minimum" in said:
        return f"{_number(said['minimum'])} to {_number(said['maximum'])}"
    if "pattern" in said or "examples" in said:
        units = re.search(r"\*\(([^)]*)\)(\??)", said.get("pattern", ""))
        example = code(said["examples"][-1]) if said.get("examples") else "text"
        if "pattern" in said and (not units or COUNTS.keys() >= {*units[1].split("|")}):
            return ""  # a number as text: said by its bounds
        own = [unit for unit in units[1].split("|") if unit in OWN] if units else []
        return f"{example} ({', '.join(own)})" if own else f"a text such as {example}"
    return "text" if "string" in str(said.get("type")) else str(said.get("type", "anything"))


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,g}"


def default(value: object) -> str:
    return "required" if value is ... else "" if value in (None, []) else code(value)
