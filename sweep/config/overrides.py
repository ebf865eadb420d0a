# SPDX-License-Identifier: MIT
"""A sweep file taken apart into its parts, and `--set key=value` applied to them.

The key is a parameter (`ring=1024` replaces an axis of that name), a part of the file (`replicates=10`,
`where=...`), an axis (`axes.ring=[256, 512]`), or a path into a named mix, host or NIC
(`traffic.host.reader.rate=1 Mpps`).  The value is YAML.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from sweep.config.points.windows import DURATION, PACKETS
from sweep.grid import LABEL
from sweep.yamltree.source import SEE, Mistake, Node, Place, shorten
from sweep.yamltree.tree import parse

from .library import FOLDERS
from .parameters import parameter_nodes, parameters, settings, unknown_parameter
from .precision import in_full

LONGEST_SHOWN = 200  # characters of an override in a message
SETTINGS = (
    *("name", "replicates", "seed", "precision", "baseline", "claims", "objectives"),
    *("sample", "zip", "points", "where"),
)
SECTIONS = {"traffic": "traffic", "hosts": "host", "nics": "nic"}  # key in the file -> kind


@dataclass(slots=True)
class FileParts:
    """The nodes of a sweep file by their role; overrides change them."""

    settings: dict[str, Node] = field(default_factory=dict)
    axes: dict[str, Node] = field(default_factory=dict)
    fixed: dict[str, Node] = field(default_factory=dict)
    named: dict[str, dict[str, Node]] = field(default_factory=lambda: {kind: {} for kind in FOLDERS})
    keys: dict[str, Place] = field(default_factory=dict)  # where an axis or a fixed value has its key


def split_file(root: Node) -> FileParts:
    """The parts of a sweep file.  Errors: Mistake, at an unknown key or a part of the wrong shape."""
    if root.is_null:
        raise Mistake(root.place, "is empty; a sweep file has at least strategy, traffic, ring and load.", see=SEE)
    parts = FileParts()
    for key, node in root.mapping("a sweep file").items():
        place = root.keys[key]
        if key in SECTIONS and node.pairs is not None:
            for name in node.pairs:
                settings()["name"].parse(Node(node.keys[name], name), f"the name in {key}")
            parts.named[SECTIONS[key]].update(node.copy().pairs or {})
        elif key in SETTINGS:
            parts.settings[key] = node
        elif key == "axes":
            parts.axes.update(parameter_nodes(node, "axes", "the axis"))
            parts.keys.update({f"axes.{name}": place for name, place in node.keys.items()})
        elif key in parameters():
            parts.fixed[key] = node
            parts.keys[key] = place
        else:
            raise unknown_parameter(place, "the key", key, ("axes", *SETTINGS, *SECTIONS, *parameters()), SEE)
    return parts


def apply(parts: FileParts, text: str, find: Callable[[str, str, Place], Node]) -> None:
    """Apply the `--set` in `text` to `parts`; `find(kind, name, place)`: a mix, host or NIC that is not in the file.

    Errors: Mistake, whose place is the `--set` with its value.
    """
    place = Place(f"--set {shorten(text, LONGEST_SHOWN)}")
    key, equals, value = text.partition("=")
    key = key.strip()
    if not equals or not key:
        raise Mistake(place, "is not of the form key=value.")
    node = parse(value, str(place), marked=False)
    head, _, subkey = key.partition(".")
    if key in parameters():
        _fix(parts, key, node, place)
        _leave_other_length(parts, key)
    elif key in SETTINGS:
        parts.settings[key] = node
    elif head == "axes" and subkey in parameters():
        parts.fixed.pop(subkey, None)
        _leave_zips(parts, subkey)
        parts.axes[subkey] = node
        parts.keys[f"axes.{subkey}"] = place
        _leave_other_length(parts, subkey)
    elif (head == "baseline" and subkey in parameters()) or (head == "precision" and subkey):
        section = parts.settings.get(head, Node(place, pairs={})).copy()
        if section.is_null:
            section = Node(place, pairs={})
        pairs = section.mapping(head)
        for other in [name for name in pairs if head == "precision" and in_full(name) == in_full(subkey)]:
            if section.keys[other].line:  # what another override says stays, and is told as a mistake
                del pairs[other]
        pairs[subkey] = node
        section.keys[subkey] = place
        parts.settings[head] = section
    elif head in SECTIONS and "." in subkey:
        name, _, path = subkey.partition(".")
        kind = SECTIONS[head]
        tree = find(kind, name, place).copy()
        _put(tree, path.split("."), node, place)
        parts.named[kind][name] = tree
    else:
        known = (*parameters(), *SETTINGS, *(f"axes.{name}" for name in parameters()))
        mistake = unknown_parameter(place, "the key", key, known, SEE)
        mistake.known = ()  # about a hundred: the schema lists them better
        raise mistake


def _fix(parts: FileParts, name: str, node: Node, place: Place) -> None:
    parts.axes.pop(name, None)
    _leave_zips(parts, name)
    parts.fixed[name] = node
    parts.keys[name] = place


def _leave_other_length(parts: FileParts, name: str) -> None:
    """Drop `packets` if `duration` is overridden, and the other way round: a window has one or the other."""
    other = {PACKETS: DURATION, DURATION: PACKETS}.get(name)
    if other is None:
        return
    for key, nodes in ((other, parts.fixed), (f"axes.{other}", parts.axes)):
        if other in nodes and parts.keys[key].line:  # one set by another override stays, and is reported as a mistake
            del nodes[other]
    _leave_zips(parts, other)


def _leave_zips(parts: FileParts, name: str) -> None:
    """Remove a parameter from every zip, and the zips that are then empty or have only a label."""
    zips = parts.settings.get("zip")
    if zips is None or zips.items is None:
        return
    remaining = []
    for entry in (item.copy() for item in zips.items):
        if entry.pairs and name in entry.pairs:
            del entry.pairs[name]
            if set(entry.pairs) <= {LABEL}:
                continue
        remaining.append(entry)
    parts.settings["zip"] = Node(zips.place, items=remaining)


def _put(tree: Node, path: list[str], node: Node, place: Place) -> None:
    for key in path[:-1]:
        inner = tree.mapping(str(place))
        if key not in inner:
            inner[key] = Node(place, pairs={})
            tree.keys[key] = place
        tree = inner[key]
    tree.mapping(str(place))[path[-1]] = node
    tree.keys[path[-1]] = place
