# SPDX-License-Identifier: MIT
"""Find a named traffic mix, host or NIC: in the sweep file, beside it, in further folders, in `configs/`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from sweep.package import PACKAGE
from sweep.yamltree.source import LISTS, Node, Place, unknown
from sweep.yamltree.tree import read

# In a wheel a folder of the package; in a checkout, and an editable install of it, a link to configs/ at the top.
BUILT_IN = (PACKAGE / "configs").resolve()

FOLDERS = {"traffic": "traffic", "host": "hosts", "nic": "nics"}


class Library:
    """Named mixes, hosts and NICs for one sweep file.

    own: what the sweep file itself defines, by kind ("traffic", "host", "nic") and name;
    beside: the folder of the sweep file; folders: further ones, each with traffic/, hosts/, nics/ in it.
    """

    def __init__(self, own: Mapping[str, dict[str, Node]], beside: Path, folders: Sequence[Path]) -> None:
        self.own = own
        self.folders = tuple(dict.fromkeys([beside, *folders, BUILT_IN]))

    def find(self, kind: str, name: str, place: Place, uses: tuple[str, object] | None = None) -> Node:
        """The YAML tree of the mix, host or NIC `name`.  Errors: Mistake at `place`, with the existing names."""
        if name in self.own[kind]:
            return self.own[kind][name]
        for folder in self.folders:
            path = folder / FOLDERS[kind] / f"{name}.yaml"
            if _is_plain(name) and path.is_file():
                return read(path)
        mistake = unknown(
            place,
            kind,
            name,
            self.names(kind),
            see=f"{FOLDERS[kind]}/ beside the sweep file, configs/{FOLDERS[kind]}/; {LISTS[kind]}",
        )
        mistake.uses = uses
        raise mistake

    def names(self, kind: str) -> tuple[str, ...]:
        """All names of that kind, sorted."""
        return tuple(sorted({*self.own[kind], *names(kind, self.folders)}))


def names(kind: str, folders: Iterable[Path] = (BUILT_IN,)) -> tuple[str, ...]:
    """The names of all "traffic", "host" or "nic" files in these folders, sorted."""
    return tuple(sorted({path.stem for folder in folders for path in (folder / FOLDERS[kind]).glob("*.yaml")}))


def _is_plain(name: str) -> bool:
    """Whether `name` can be a file name that does not lead out of the folder."""
    return not set(name) & set("/\\\0") and not name.startswith(".")
