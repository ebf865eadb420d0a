# SPDX-License-Identifier: MIT
"""A program of device functions as one module of LLVM: the entry, and every function that it calls, once per use.

An array is no argument of a function in LLVM: each function has as parameters the addresses and lengths of those
arrays of the entry that it uses itself, or passes on.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable
from typing import Any

import numpy as np

from .expressions import TYPES
from .places import described
from .source import Source
from .statements import Statements, result_type
from .values import Array, Branch, ConstantArray, Leaf, LValue, Scalar, Several, Signature, Value

ENTRY = "kernel"
INTRINSICS = "".join(
    f"declare i64 @llvm.{name}.i64(i64, {second})\n"
    for name, second in [*((word, "i64") for word in ("smin", "smax", "umin", "umax")), ("abs", "i1"), ("ctlz", "i1")]
)


class Function(Statements):
    """One device function, lowered for the arrays that it is called with."""

    def __init__(self, program: Program, source: Source, arguments: tuple[Scalar | Leaf | Branch, ...]) -> None:
        super().__init__(source, program.holes)
        self.program = program
        self.label = f"{source.fn.__name__}.{len(program.functions)}"
        self.result = result_of(source)
        self.parameters: list[str] = []  # of its numbers
        for argument, part in zip(source.definition.args.args, arguments, strict=True):
            if isinstance(part, Scalar):
                place = self.scope[argument.arg] = LValue(self.room(part.llvm), part)
                self.do(f"store {part.llvm} %{argument.arg}, ptr {place.pointer}")
                self.parameters.append(f"{part.llvm} %{argument.arg}")
            else:
                self.scope[argument.arg] = part
            self.given.add(argument.arg)
        definition = source.definition
        if self.body(definition.body):
            if self.result:
                source.fault(definition, "may end without a return")
            self.do("ret void")

    def _name(self, node: ast.Name) -> Any:
        found = super()._name(node)
        return self.whole(found) if isinstance(found, Leaf) else found

    def table(self, array: np.ndarray) -> ConstantArray:
        """A constant array of the module."""
        return self.program.table(array)

    def call(self, callee: Any, node: ast.Call) -> Any:
        """A call of another device function."""
        source = self.program.source(callee, self, node)
        numbers: list[str] = []
        parts: list[Scalar | Leaf | Branch] = []
        scalars = parameter_types(source)
        if len(scalars) != len(node.args):
            self.fault(node, f"gives {len(node.args)} arguments to a function of {len(scalars)}")
        for item, scalar in zip(node.args, scalars, strict=True):
            given = self.settled(item)
            if scalar is not None:
                if not isinstance(given, Value) or given.type is not scalar:
                    is_now = given.type.value if isinstance(given, Value) else described(given)
                    self.fault(item, f"is {is_now}, and the parameter is declared {scalar.value}")
                numbers.append(f"{scalar.llvm} {given.code}")
                parts.append(scalar)
            elif isinstance(given, Branch) or (isinstance(given, Array) and given.dropped == 0):
                parts.append(given if isinstance(given, Branch) else given.leaf)
            else:
                self.fault(
                    item,
                    f"is {described(given)}, and the parameter is declared neither int, bool nor np.uint64: "
                    "pass whole arrays, and an index",
                )
        function = self.program.function(source, tuple(parts), self, node)
        self.pieces |= function.pieces
        arguments = ", ".join([*numbers, *(f"{kind} {name}" for name, (_, kind) in function.pieces.items())])
        call = f"call {result_type(function.result)} @{function.label}({arguments})"
        if not function.result:
            self.do(call)
            return Several(())
        made = self.emit(call)
        if len(function.result) == 1:
            return Value(made, function.result[0])
        kind = result_type(function.result)
        return Several(
            tuple(
                Value(self.emit(f"extractvalue {kind} {made}, {place}"), scalar)
                for place, scalar in enumerate(function.result)
            )
        )

    def text(self, inlined: bool) -> str:
        """The function in LLVM's language.

        No two arrays of a call share memory.  To say so of inlined functions, too, gains nothing and takes time.
        """
        address = "ptr" if inlined else "ptr noalias"
        pieces = (f"{address if kind == 'ptr' else kind} {name}" for name, (_, kind) in self.pieces.items())
        head = f"define internal {result_type(self.result)} @{self.label}({', '.join([*self.parameters, *pieces])})"
        return "\n".join([f"{head} #{0 if inlined else 1} {{", *self.variables, *self.lines, "}", ""])


class Program:
    """The functions that are reached from an entry."""

    def __init__(self, entry: Callable[..., Any], holes: dict[str, Callable[..., Any]], layout: Signature) -> None:
        """holes: what fills a name, in whatever module it is used.  Errors: KernelError."""
        self.holes, self.functions, self.tables = (
            holes,
            dict[Any, Function | None](),
            dict[bytes, tuple[ConstantArray, str]](),
        )
        source = Source(entry)
        self.entry = Function(self, source, layout.arguments)
        self.layout = layout

    def source(self, callee: Any, caller: Function, node: ast.Call) -> Source:
        """The source of a function that is called."""
        return Source(callee)

    def function(
        self, source: Source, parts: tuple[Scalar | Leaf | Branch, ...], caller: Function, node: ast.Call
    ) -> Function:
        """A function for these arrays, lowered when it is first called."""
        key = (source.fn, parts)
        if key not in self.functions:
            self.functions[key] = None
            self.functions[key] = Function(self, source, parts)
        found = self.functions[key]
        if found is None:
            caller.fault(node, "leads back to this call: device code has no recursion")
        return found  # type: ignore[return-value]

    def table(self, array: np.ndarray) -> ConstantArray:
        """A constant array, once."""
        content = array.tobytes()
        if content not in self.tables:
            name = f"@table.{len(self.tables)}"
            numbers = ", ".join(f"i64 {number}" for number in array.tolist())
            text = f"{name} = internal unnamed_addr constant [{len(array)} x i64] [{numbers}]\n"
            self.tables[content] = ConstantArray(name, len(array)), text
        return self.tables[content][0]

    def text(self) -> str:
        """The module in LLVM's language; its only public function takes the table of arguments.

        Each slot of the table is eight bytes: a number, or an array's address and then its shape.  Results follow.
        """
        inner = [
            function.text(not getattr(function.source.fn, "is_out_of_line", False))
            for function in self.functions.values()
            if function
        ]
        tables = [text for _, text in self.tables.values()]
        stub = [f"define void @{ENTRY}(ptr %table) #1 {{"]
        arguments = []
        slot = 0
        for part in self.layout.arguments:
            if isinstance(part, Scalar):
                stub += _loaded(f"%n{slot}", slot, "i64")
                if part.llvm == "i1":
                    stub.append(f"  %b{slot} = trunc i64 %n{slot} to i1")
                arguments.append(f"{part.llvm} %{'b' if part.llvm == 'i1' else 'n'}{slot}")
                slot += 1
            else:
                slot = _after(part)
        for name, (place, kind) in self.entry.pieces.items():
            stub += _loaded(name, place, kind)
            arguments.append(f"{kind} {name}")
        kind = result_type(self.entry.result)
        call = f"call {kind} @{self.entry.label}({', '.join(arguments)})"
        stub.append(f"  %result = {call}" if self.entry.result else f"  {call}")
        for place, scalar in enumerate(self.entry.result):
            name = "%result"
            if len(self.entry.result) > 1:
                name = f"%result.{place}"
                stub.append(f"  {name} = extractvalue {kind} %result, {place}")
            if scalar.llvm == "i1":
                stub.append(f"  {name}.wide = zext i1 {name} to i64")
                name += ".wide"
            stub.append(f"  %to.{place} = getelementptr i64, ptr %table, i64 {self.layout.slots + place}")
            stub.append(f"  store i64 {name}, ptr %to.{place}")
        stub += ["  ret void", "}", ""]
        attributes = "attributes #0 = { alwaysinline nounwind }\nattributes #1 = { noinline nounwind }\n"
        return "".join([*tables, *inner, self.entry.text(False), "\n".join(stub), INTRINSICS, attributes])


def _loaded(name: str, slot: int, kind: str) -> list[str]:
    at = f"%at.{slot}"
    return [f"  {at} = getelementptr i64, ptr %table, i64 {slot}", f"  {name} = load {kind}, ptr {at}"]


def _after(part: Leaf | Branch) -> int:
    """The slot after those of an argument."""
    if isinstance(part, Leaf):
        return part.slot + 1 + part.ndim
    return max((_after(inner) for inner in part.parts.values()), default=0)


def declared(source: Source, annotation: ast.expr | None) -> Any:
    """What an annotation names, if it is a plain name or one of NumPy's; None otherwise."""
    scope = source.fn.__globals__
    if isinstance(annotation, ast.Name):
        return scope.get(annotation.id, getattr(builtins, annotation.id, None))
    if isinstance(annotation, ast.Attribute) and isinstance(annotation.value, ast.Name):
        return getattr(scope.get(annotation.value.id), annotation.attr, None)
    return None


def scalar_of(source: Source, annotation: ast.expr | None) -> Scalar | None:
    """The type of a number that an annotation names; None for anything else."""
    found = declared(source, annotation)
    return TYPES.get(found) if isinstance(found, type) else None


def parameter_types(source: Source) -> tuple[Scalar | None, ...]:
    """Of each parameter, the type if it is a number; None: arrays.  Errors: KernelError."""
    arguments = source.definition.args
    extra = [*arguments.kwonlyargs, arguments.vararg, arguments.kwarg, *arguments.defaults, *arguments.posonlyargs]
    if any(extra):
        source.fault(source.definition, "has parameters other than plain ones: no defaults, no *, no /")
    return tuple(scalar_of(source, argument.annotation) for argument in arguments.args)


def result_of(source: Source) -> tuple[Scalar, ...]:
    """Types of the numbers that a function is declared to return.  Errors: KernelError."""
    annotation = source.definition.returns
    if annotation is None or (isinstance(annotation, ast.Constant) and annotation.value is None):
        return ()
    is_tuple = isinstance(annotation, ast.Subscript) and declared(source, annotation.value) is tuple
    inner = annotation.slice if is_tuple else annotation  # type: ignore[attr-defined]
    nodes = inner.elts if isinstance(inner, ast.Tuple) else [inner]
    types = [scalar_of(source, node) for node in nodes]
    if None in types:
        source.fault(annotation, "is no result of device code: int, bool, np.uint64, a tuple of these, or None")
    return tuple(types)  # type: ignore[arg-type]
