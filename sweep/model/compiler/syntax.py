# SPDX-License-Identifier: MIT
"""The syntax of a function or class as text that is equal for equal code, under every version of Python.

Left out is what cannot change what the code does: positions, comments, docstrings and other expressions that are
constants, `pass`, what an exception says, and annotations, but for those of device functions, which decide how they are
compiled.  Names that are not the function's own become numbers, and are listed beside the text, so it does not matter
what a function that it calls is called.
"""

from __future__ import annotations

import ast
import linecache
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, NamedTuple

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
MARKS = (("device",), ("out_of_line",))  # decorators that say how a function is compiled, and not what it does
LEFT_OUT = {"ctx", "kind", "type_comment", "returns", "annotation", "simple"}  # fields of nodes
Chain = tuple[str, ...]  # a dotted name


class Syntax(NamedTuple):
    """The code of one function or class."""

    text: str  # $0, $1 ... stand for `names`
    names: tuple[Chain, ...]  # that it uses and does not bind itself
    annotations: tuple[Chain, ...]  # names in the annotations of its parameters


def syntax_of(met: Any) -> Syntax:
    """The syntax of a function or class.  Raises OSError if there is no source for it."""
    if isinstance(met, type):
        return _syntax(_file(met), 0, met.__qualname__)
    return _syntax(_file(met), met.__code__.co_firstlineno, met.__name__)


def forget() -> None:
    """Forget what has been read of files, because one of them has another text now."""
    for each in (_syntax, _imports, _definitions, _tree):
        each.cache_clear()


def imported(met: Any) -> dict[str, str]:
    """What the file of a function or class imports by name from other packages: its name here -> there, dotted."""
    return _imports(_file(met))


def _file(met: Any) -> str:
    return str(sys.modules[met.__module__].__file__) if isinstance(met, type) else str(met.__code__.co_filename)


@cache
def _imports(file: str) -> dict[str, str]:
    statements = (each for each in ast.walk(_tree(file)) if isinstance(each, ast.ImportFrom) and not each.level)
    return {name.asname or name.name: f"{each.module}.{name.name}" for each in statements for name in each.names}


@cache
def _syntax(file: str, line: int, name: str) -> Syntax:
    nodes = _definitions(file).get((line, name.rpartition(".")[2]) if line else (0, name), [])
    if not nodes:
        raise OSError(f'the source of {name} is not in "{file}", line {line}: has the file changed meanwhile?')
    writer = _Writer()
    text = " ".join(writer.definition(node) for node in nodes)
    return Syntax(text, tuple(writer.names), tuple(dict.fromkeys(writer.annotations)))


@cache
def _definitions(file: str) -> dict[tuple[int, str], list[ast.AST]]:
    """Functions of a file by first line, which a decorator may be, and name; classes by 0 and qualified name."""
    definitions: dict[tuple[int, str], list[ast.AST]] = {}

    def visit(node: ast.AST, path: str) -> None:
        for child in ast.iter_child_nodes(node):
            inner = path
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                first = min([child.lineno, *(each.lineno for each in child.decorator_list)])
                definitions.setdefault((first, child.name), []).append(child)
                inner = f"{path}{child.name}.<locals>."
            elif isinstance(child, ast.Lambda):
                definitions.setdefault((child.lineno, "<lambda>"), []).append(child)
            elif isinstance(child, ast.ClassDef):
                definitions[0, f"{path}{child.name}"] = [child]
                inner = f"{path}{child.name}."
            visit(child, inner)

    visit(_tree(file), "")
    return definitions


@cache
def _tree(file: str) -> ast.Module:
    return ast.parse("".join(linecache.getlines(file)))


class _Writer:
    """Writes one definition as text, and collects the names that are not bound in it."""

    def __init__(self) -> None:
        self.names: dict[Chain, int] = {}
        self.annotations: list[Chain] = []
        self._scopes: list[set[str]] = []

    def definition(self, node: ast.AST) -> str:
        """The outermost function or class.  What it is called does not matter, nor who holds it (`device`)."""
        if isinstance(node, ast.ClassDef):
            return f"class({self._all([*node.bases, *node.keywords])})({self._all(node.decorator_list)})" + (
                self._in(_bound(node.body), lambda: self._body(node.body, of_class=True))
            )
        for each in _arguments(node.args) if isinstance(node, FUNCTIONS) else ():
            for part in ast.walk(each.annotation) if each.annotation else ():
                if chain := _chain(part):
                    self.annotations.append(chain)
        return self._function(node)

    def _function(self, node: Any) -> str:
        """A function with its defaults, which belong to the scope around it."""
        arguments = node.args
        body = node.body if isinstance(node.body, list) else [ast.Return(node.body)]
        own = {each.arg for each in _arguments(arguments)} | _bound(body)
        defaults = [*arguments.defaults, *(each for each in arguments.kw_defaults if each)]
        shape = ",".join(
            "|".join(each.arg for each in part)
            for part in (arguments.posonlyargs, arguments.args, arguments.kwonlyargs)
        )
        shape += (
            f"*{arguments.vararg.arg if arguments.vararg else ''}**{arguments.kwarg.arg if arguments.kwarg else ''}"
        )
        given = ",".join("1" if each else "0" for each in arguments.kw_defaults)
        listed = getattr(node, "decorator_list", [])
        decorators = [each for each in listed if _chain(each) not in MARKS]
        kind = "async " * isinstance(node, ast.AsyncFunctionDef)
        head = f"{kind}def({shape};{given})({self._all(defaults)})({self._all(decorators)})"
        if len(decorators) < len(listed):
            types = [*(each.annotation for each in _arguments(arguments)), node.returns]
            head += f"[{', '.join('.'.join(_chain(each) or ()) if each else '' for each in types)}]"
        return head + self._in(own, lambda: self._body(body))

    def _in(self, names: set[str], write: Any) -> str:
        self._scopes.append(names)
        try:
            return f"{{{write()}}}"
        finally:
            self._scopes.pop()

    def _body(self, statements: Iterable[ast.stmt], of_class: bool = False) -> str:
        return "; ".join(filter(None, (self._statement(each, of_class) for each in statements)))

    def _statement(self, node: ast.stmt, of_class: bool) -> str:
        if isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            return ""
        if isinstance(node, ast.AnnAssign):
            if node.value:
                return self._write(ast.Assign([node.target], node.value))
            return self._write(node.target) if of_class else ""
        if isinstance(node, ast.Raise):
            raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            return f"raise {self._write(raised)}"
        if isinstance(node, ast.Assert):
            return f"assert {self._write(node.test)}"
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            return f"{node.name} = {self._function(node)}"
        if isinstance(node, ast.ClassDef):
            return f"{node.name} = {self.definition(node)}"
        return self._write(node)

    def _write(self, node: Any) -> str:
        """Any other part of the syntax: the name of its node, and its fields that are there."""
        if isinstance(node, list):
            if node and isinstance(node[0], ast.stmt):
                return f"{{{self._body(node)}}}"
            return f"[{self._all(node)}]"
        if not isinstance(node, ast.AST):
            return ascii(node)
        if isinstance(node, ast.Constant):
            return f"{type(node.value).__name__} {node.value!a}"
        if isinstance(node, ast.Lambda):
            return self._function(node)
        if isinstance(node, COMPREHENSIONS):
            return self._comprehension(node)
        if isinstance(node, ast.JoinedStr):
            return f"f[{self._all(_pieces(node.values))}]"
        if (chain := _chain(node)) and not any(chain[0] in scope for scope in self._scopes):
            return f"${self.names.setdefault(chain, len(self.names))}"
        if isinstance(node, ast.Name):
            return node.id
        fields = ((name, getattr(node, name, None)) for name in node._fields if name not in LEFT_OUT)
        written = ", ".join(f"{name}={self._write(value)}" for name, value in fields if value not in (None, []))
        return f"{type(node).__name__}({written})"

    def _all(self, nodes: Iterable[Any]) -> str:
        return ", ".join("" if node is None else self._write(node) for node in nodes)

    def _comprehension(self, node: Any) -> str:
        """What it runs over first belongs to the scope around it."""
        first = self._write(node.generators[0].iter)
        own = {name for each in node.generators for name in _targets(each.target)}

        def write() -> str:
            parts = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
            loops = [
                f"{'async ' * each.is_async}{self._write(each.target)} in "
                f"{first if each is node.generators[0] else self._write(each.iter)} if {self._all(each.ifs)}"
                for each in node.generators
            ]
            return f"{self._all(parts)} for {' for '.join(loops)}"

        return type(node).__name__ + self._in(own, write)


def _chain(node: ast.AST) -> Chain | None:
    """A dotted name; None if it is something else."""
    if isinstance(node, ast.Name):
        return (node.id,)
    if isinstance(node, ast.Attribute) and (before := _chain(node.value)):
        return (*before, node.attr)
    return None


def _pieces(values: Iterable[ast.expr]) -> Iterator[ast.expr]:
    """The parts of an f-string, with texts that follow each other joined, which versions of Python do differently."""
    text = ""
    for each in values:
        if isinstance(each, ast.Constant):
            text += str(each.value)
            continue
        if text:
            yield ast.Constant(text)
        text = ""
        if isinstance(each, ast.FormattedValue) and isinstance(each.format_spec, ast.JoinedStr):
            spec = list(_pieces(each.format_spec.values))
            each = ast.FormattedValue(each.value, each.conversion, ast.JoinedStr(spec) if spec else None)
        yield each
    if text:
        yield ast.Constant(text)


def _arguments(arguments: ast.arguments) -> list[ast.arg]:
    several = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return several + [each for each in (arguments.vararg, arguments.kwarg) if each]


def _targets(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def _bound(statements: Iterable[ast.AST]) -> set[str]:
    """The names that these statements bind in their own scope."""
    bound, not_own = set[str](), set[str]()

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.Global | ast.Nonlocal):
            not_own.update(node.names)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            bound.add(node.name)
            return
        elif isinstance(node, ast.Import | ast.ImportFrom):
            bound.update(each.asname or each.name.partition(".")[0] for each in node.names)
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            bound.add(node.name)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            bound.add(node.rest)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
            bound.add(node.id)
        elif isinstance(node, ast.Lambda):
            return
        elif isinstance(node, COMPREHENSIONS):  # its targets are its own; what := binds in it is not
            for each in ast.walk(node):
                if isinstance(each, ast.NamedExpr):
                    bound.update(_targets(each.target))
            return
        for child in ast.iter_child_nodes(node):
            visit(child)

    for statement in statements:
        visit(statement)
    return bound - not_own
