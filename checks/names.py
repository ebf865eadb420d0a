# SPDX-License-Identifier: MIT
"""Names and docstrings that a stranger cannot read: `make check` runs this over sweep/ and prints file:line for each.

A name is refused if it is one of `REFUSED` (each with the word to use), or if a collection is gathered under one that
says nothing of what is in it.  A docstring is refused if it is a phrase that only its caller explains.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

# Words that were in the code once, and what a reader of the field would say instead.
REFUSED = {
    "flights": "attempts",
    "take_off": "started",
    "prospect": "the work that is left",
    "patience": "a limit in seconds, or a notice",
    "strokes": "bars",
    "sheet": "grid",
    "sheets": "grids",
    "holders": "who holds pages",
    "troubles": "errors",
    "glance": "summary",
    "judging": "thresholds",
    "injection": "self-test",
    "Ran": "result",
}
EMPTY_NAMES = ("found", "told", "stuff", "data_", "result_", "tmp", "ret", "res")
RIDDLES = re.compile(
    r"(What (came|comes) of (it|them|this)|All of (them|it|these)|Their \w+|Its \w+|In words|The same|The rest|"
    r"Those|These|That|This|It|Them|Nothing is not worth a digit)\.?"
)
PART = re.compile(r"[A-Za-z][a-z0-9]*|[A-Z]+(?![a-z])")


def names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every name that the module gives to something, with its line."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.arg(arg=name):
                yield node.lineno, name
            case ast.Name(id=name, ctx=ast.Store()):
                yield node.lineno, name
            case ast.Attribute(attr=name, ctx=ast.Store()):
                yield node.lineno, name


def gathered(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Names under which a list, a set or a dictionary is gathered, with their lines."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign) and _is_gathering(node.value):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from ((node.lineno, target.id) for target in targets if isinstance(target, ast.Name))


def _is_gathering(value: ast.expr | None) -> bool:
    """Whether this is an empty collection that is filled later."""
    if isinstance(value, ast.List | ast.Set):
        return not value.elts
    if isinstance(value, ast.Dict):
        return not value.keys
    made = value.func if isinstance(value, ast.Call) and not value.args else None
    made = made.value if isinstance(made, ast.Subscript) else made
    return isinstance(made, ast.Name) and made.id in ("list", "set", "dict", "defaultdict", "Counter", "deque")


def docstrings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """First sentences of docstrings, with their lines."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module) and (text := ast.get_docstring(node)):
            yield node.body[0].lineno, text.split("\n\n")[0].replace("\n", " ")


def faults(source: str) -> Iterator[tuple[int, str]]:
    """What is wrong with the names and docstrings of a module: line and reason."""
    tree = ast.parse(source)
    for line, name in names(tree):
        for word in {name, *name.strip("_").split("_"), *PART.findall(name)} & REFUSED.keys():
            yield line, f'"{name}": a reader of the field says {REFUSED[word]}'
    for line, name in gathered(tree):
        if name in EMPTY_NAMES:
            yield line, f'"{name}" gathers something: say what'
    for line, text in docstrings(tree):
        if RIDDLES.fullmatch(text):
            yield line, f'the docstring "{text}" is understood by its caller alone: say what this is'


def main(roots: list[str]) -> int:
    """Print what is wrong below these folders; 1 if anything is."""
    wrong = 0
    for path in sorted(path for root in roots for path in Path(root).rglob("*.py")):
        for word in {path.stem, *path.stem.split("_")} & REFUSED.keys():
            print(f"{path}: the module's name: a reader of the field says {REFUSED[word]}")
            wrong += 1
        for line, reason in faults(path.read_text(encoding="utf-8")):
            print(f"{path}:{line}: {reason}")
            wrong += 1
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["sweep"]))
