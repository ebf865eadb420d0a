# SPDX-License-Identifier: MIT
"""Lists and details of mixes, hosts, NICs and sweep files, built in or in this folder, from their comments."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from sweep.config.library import BUILT_IN, FOLDERS
from sweep.document.blocks import Cell, Document, Paragraph, Section, Table
from sweep.errors import SweepError
from sweep.yamltree import source
from sweep.yamltree import tree as yaml_tree

MIX_HEADER = ("name", "arrivals", "sizes", "fates", "meaning")
HOST_HEADER = ("name", "machine", "costs assumed", "meaning")
NIC_HEADER = ("name", "link", "tx_ring", "meaning")
SENTENCE = re.compile(r"(.*?[.?])(?:\s|$)")
COSTS = "What each operation costs on "
Lines = Sequence[tuple[str, ...]]


def mixes() -> Mapping[str, Lines]:
    """A line per mix: name, arrivals, sizes, fates, meaning."""
    lines = []
    for path in _paths("traffic"):
        tree = yaml_tree.read(path)
        texts = [_text((tree.pairs or {}).get(key)) for key in ("arrivals", "sizes", "fates")]
        lines.append((path.stem, *texts, meaning(path)))
    return {"": lines}


def hosts() -> Mapping[str, Lines]:
    """A line per host: name, machine, how many costs are assumed, meaning."""
    lines = []
    for path in _paths("host"):
        pairs = yaml_tree.read(path).pairs or {}
        costs = list((pairs["costs"].pairs or {}).values()) if "costs" in pairs else []
        assumed = sum("assumed" in (cost.pairs or {}) for cost in costs)
        lines.append(
            (path.stem, _text(pairs.get("cpu")), f"{assumed} of {len(costs)}", meaning(path).removeprefix(COSTS))
        )
    return {"": lines}


def nics() -> Mapping[str, Lines]:
    """A line per NIC: name, link speed, TX ring, meaning."""
    lines = []
    for path in _paths("nic"):
        pairs = yaml_tree.read(path).pairs or {}
        lines.append((path.stem, _text(pairs.get("link")), _text(pairs.get("tx_ring")), meaning(path)))
    return {"": lines}


def configs() -> Mapping[str, Lines]:
    """A line per sweep file that comes with sweep: name, question, the command that runs it."""
    return {"": [(path.stem, meaning(path), f"sweep run {path.stem}") for path in _paths("config")]}


def config_text(name: str) -> str:
    """The sweep file that comes with sweep under this name, as it is written: to be saved and run."""
    return _path("config", name).read_text(encoding="utf-8")


def detail(kind: str) -> Callable[[str], Document]:
    """Returns a function name -> document of a file of this kind: its comment as prose, then the file's lines."""

    def read(name: str) -> Document:
        path = _path(kind, name)
        comment, rest = _parts(path)
        lines = tuple((Cell(line),) for line in rest)
        body = Table("", ("as it is written",), lines, prose=True)
        return Document(f"{name}: {_shown(path)}", "", (Section("", (*map(Paragraph, comment), body)),))

    return read


def host_detail(name: str) -> Document:
    """Every cost of a host, with its source; the range of those that are assumed."""
    path = _path("host", name)
    pairs = yaml_tree.read(path).pairs or {}
    about = [(key, _text(node)) for key, node in pairs.items() if node.is_scalar]
    blocks = [Table("", ("", ""), tuple(tuple(map(Cell, line)) for line in about), prose=True)]
    for part in ("costs", "hardware"):
        lines = []
        for key, node in (pairs[part].pairs or {}).items() if part in pairs else ():
            cost_fields = node.pairs or {}
            range_ = f"assumed, {_text(cost_fields['range'])}" if "range" in cost_fields else ""
            lines.append(
                (key, _text(cost_fields.get("value")), range_, " ".join(_text(cost_fields.get("source")).split()))
            )
        header = (part, "value", "range", "source")
        blocks.append(Table("", header, tuple(tuple(map(Cell, line)) for line in lines), prose=True))
    return Document(f"{name}: {_shown(path)}", "", (Section("", (*map(Paragraph, _parts(path)[0]), *blocks)),))


def _paths(kind: str) -> list[Path]:
    """The files of a kind, sorted by name; a file in this folder hides a built-in one of the same name."""
    folder = FOLDERS.get(kind, "")
    path_by_name: dict[str, Path] = {}
    for base in (Path(), BUILT_IN) if folder else (BUILT_IN,):
        for path in sorted((base / folder).glob("*.yaml")):
            path_by_name.setdefault(path.stem, path)
    return [path_by_name[name] for name in sorted(path_by_name)]


def _path(kind: str, name: str) -> Path:
    return next(path for path in _paths(kind) if path.stem == name)


def _shown(path: Path) -> str:
    """A path as a user would type it; built-in files as configs/... if that exists here."""
    if path.is_relative_to(BUILT_IN):
        in_configs = Path("configs") / path.relative_to(BUILT_IN)
        return str(in_configs if in_configs.exists() else path)
    return str(path)


def _parts(path: Path) -> tuple[list[str], list[str]]:
    """The comment at the top as paragraphs, and the lines after it."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SweepError(f'"{path}" cannot be read: {error}\n  see: sweep show --help') from error
    end = next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))
    paragraphs: list[str] = []
    after_list_item = False  # a line of a list: what follows it begins anew
    for line in (each.removeprefix("#") for each in lines[:end]):
        starts_paragraph = line.startswith("  ") or after_list_item or re.match(r" (?:Sources?|Assumed)\b", line)
        after_list_item = line.startswith("  ")
        if starts_paragraph or not paragraphs:
            paragraphs.append(" ".join(line.split()))
        else:
            paragraphs[-1] += f" {line.strip()}"
    return paragraphs, [line for line in lines[end:] if line.strip()]


def meaning(path: Path) -> str:
    """The first sentence of a file's comment."""
    comment = " ".join(_parts(path)[0])
    first_sentence = SENTENCE.match(comment)
    return (first_sentence[1] if first_sentence else comment).rstrip(".:")


def _text(node: source.Node | None) -> str:
    """A YAML value as text on one line; "" for null."""
    if node is None or node.is_null:
        return ""
    if node.pairs is not None:
        inside = ", ".join(f"{key} {_text(value)}".strip() for key, value in node.pairs.items())
        return inside
    if node.items is not None:
        return " to ".join(map(_text, node.items)) if len(node.items) == 2 else ", ".join(map(_text, node.items))
    return node.text
