# SPDX-License-Identifier: MIT
"""The source of a device function: its syntax tree, with places for messages."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Callable
from functools import lru_cache
from types import CodeType
from typing import Any, NoReturn


class KernelError(Exception):
    """Device code that the compiler does not know; the message begins with file:line:column."""


class Source:
    """The definition of one device function."""

    def __init__(self, fn: Callable[..., Any]) -> None:
        """Errors: KernelError if there is no source, or not the one that was imported."""
        code = fn.__code__
        self.fn, self.file = fn, code.co_filename
        text = "".join(linecache.getlines(self.file, fn.__globals__))
        found = _definitions(self.file, text).get((code.co_name, code.co_firstlineno))
        if found is None or _content(found[1]) != _content(code):
            raise KernelError(
                f'{self.file}:{code.co_firstlineno}:1: the source of "{fn.__name__}" is not there, or has changed '
                "since it was imported\n  next: start the program again"
            )
        self.definition = found[0]

    def fault(self, node: ast.AST, problem: str) -> NoReturn:
        """Raise the KernelError about a piece of this function; problem: follows its text in quotes."""
        line, column = getattr(node, "lineno", self.definition.lineno), getattr(node, "col_offset", 0) + 1
        text = ast.unparse(node).split("\n")[0]
        shown = text if len(text) <= SHOWN else text[: SHOWN - 3] + "..."
        raise KernelError(f'{self.file}:{line}:{column}: "{shown}" {problem}')


SHOWN = 60  # characters of the source in a message


@lru_cache(maxsize=64)
def _definitions(file: str, text: str) -> dict[tuple[str, int], tuple[ast.FunctionDef, CodeType]]:
    """The functions of a file and their code, by name and first line, decorators included."""
    try:
        tree = ast.parse(text, file)
        codes = _codes(compile(tree, file, "exec", dont_inherit=True))
    except SyntaxError:  # it has changed: an importable file has none
        return {}
    definitions = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            if (node.name, first) in codes:
                definitions[node.name, first] = node, codes[node.name, first]
    return definitions


def _content(code: CodeType) -> tuple[bytes, str]:
    """What a function does and names, but for its docstring."""
    return code.co_code, repr([item for item in code.co_consts[1:] if not isinstance(item, CodeType)])


def _codes(code: CodeType) -> dict[tuple[str, int], CodeType]:
    codes = {}
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            codes[inner.co_name, inner.co_firstlineno] = inner
            codes |= _codes(inner)
    return codes
