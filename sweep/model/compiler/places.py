# SPDX-License-Identifier: MIT
"""Names, numbers and places in memory of device code: what each is, and what is refused."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable
from typing import Any

import numpy as np

from .arithmetic import Emitter, literal
from .source import Source
from .values import (
    BOOL,
    INT,
    UINT,
    WORD_BYTES,
    Array,
    ArrayShape,
    Branch,
    ConstantArray,
    Leaf,
    LValue,
    Record,
    Several,
    Value,
    number_type,
)

LOWEST, HIGHEST = -(1 << 63), (1 << 63) - 1


class Places(Emitter):
    """The names, numbers and arrays of one function."""

    def __init__(self, source: Source, holes: dict[str, Callable[..., Any]]) -> None:
        super().__init__()
        self.source, self.holes = source, holes
        self.scope: dict[str, Any] = {}  # variables: a Place, or what a name stands for
        self.given: set[str] = set()  # variables that have a value, whatever way led here
        self.pieces: dict[str, tuple[int, str]] = {}  # of arrays: name -> place in the argument list, LLVM's type

    def table(self, array: np.ndarray) -> ConstantArray:
        """A constant array of the module."""
        raise NotImplementedError

    def fault(self, node: ast.AST, problem: str) -> Any:
        """Refuse a piece of the source."""
        self.source.fault(node, problem)

    def piece(self, leaf: Leaf, dimension: int) -> str:
        """The address of an array (-1), or the length of one of its dimensions, as a parameter of this function."""
        name = leaf.piece(dimension)
        self.pieces[name] = (leaf.slot + 1 + dimension, "ptr" if dimension < 0 else "i64")
        return name

    def evaluate(self, node: ast.expr) -> Any:
        """What an expression is: a Value, a Place (not loaded), or one of the other kinds in `values`."""
        handler = getattr(self, f"_{type(node).__name__.lower()}", None)
        if handler is None:
            self.fault(node, f"is of a kind ({type(node).__name__}) that device code does not have")
        return handler(node)  # type: ignore[misc]

    def number(self, node: ast.expr) -> Value:
        """An expression that must be a number."""
        value = self.evaluate(node)
        if isinstance(value, LValue):
            value = self.load(value)
        if not isinstance(value, Value):
            self.fault(node, f"is {described(value)}, not a number")
        return value

    def integer(self, node: ast.expr) -> Value:
        """An expression that must be an int64 or a bool, as int64."""
        value = self.widened(self.number(node))
        if value.type is not INT:
            self.fault(node, "is uint64, and int64 is wanted here: np.int64(...) says so")
        return value

    def load(self, place: LValue) -> Value:
        """The number in a place."""
        return Value(self.emit(f"load {place.type.llvm}, ptr {place.pointer}"), place.type)

    def store(self, place: LValue, value: Value, node: ast.AST) -> None:
        """Put a number into memory; a bool becomes 0 or 1."""
        value = self.widened(value)
        if value.type is not place.type:
            self.fault(node, f"is {place.type.value} and is given {value.type.value}")
        self.do(f"store i64 {value.code}, ptr {place.pointer}")

    def _constant(self, node: ast.Constant) -> Any:
        return self._known(node.value, node)

    def _known(self, found: Any, node: ast.expr) -> Any:
        """A constant of Python or NumPy."""
        if isinstance(found, (bool, np.bool_)):
            return literal(bool(found), BOOL)
        if isinstance(found, np.uint64):
            return literal(int(found), UINT)
        if isinstance(found, (int, np.int64)):
            if not LOWEST <= found <= HIGHEST:
                self.fault(node, f"is {found}, which is no int64")
            return literal(int(found), INT)
        if isinstance(found, tuple):
            return Several(tuple(self._known(item, node) for item in found))
        if isinstance(found, np.ndarray) and found.dtype == np.int64 and found.ndim == 1:
            return self.table(found)
        return self.fault(node, f"is of type {type(found).__name__}; device code knows integers, bools and arrays")

    def _name(self, node: ast.Name) -> Any:
        if node.id in self.scope:
            if node.id not in self.given:
                self.fault(node, "may have no value here: give it one before the if or the loop")
            return self.scope[node.id]
        found = self.outside(node.id)
        if found is None:
            self.fault(node, "is not defined")
        return self._known(found, node)

    def outside(self, name: str) -> Any:
        """What a name means that is no variable: what fills a hole, a global, or a builtin; None if nothing."""
        return self.holes.get(name, self.source.fn.__globals__.get(name, getattr(builtins, name, None)))

    def _tuple(self, node: ast.Tuple) -> Several:
        return Several(tuple(self.settled(item) for item in node.elts))

    def settled(self, node: ast.expr) -> Any:
        """An expression with its number loaded."""
        value = self.evaluate(node)
        return self.load(value) if isinstance(value, LValue) else value

    def _attribute(self, node: ast.Attribute) -> Any:
        owner = self.evaluate(node.value)
        if isinstance(owner, Branch):
            if node.attr not in owner.parts:
                self.fault(node, f"has no such array; there are {', '.join(owner.parts)}")
            return self.whole(owner.parts[node.attr])
        if isinstance(owner, Record):
            fields: Any = owner.dtype.fields or {}
            if node.attr not in fields:
                self.fault(node, "is no field of this record")
            dtype, offset = fields[node.attr][:2]
            scalar = number_type(dtype)
            if scalar is None:
                return self.fault(node, f"is {dtype}; device code reads int64 and uint64")
            return LValue(self.emit(f"getelementptr inbounds i8, ptr {owner.pointer}, i64 {offset}"), scalar)
        if isinstance(owner, Array) and node.attr == "shape":
            return ArrayShape(owner)
        return self.fault(node, f"is an attribute of {described(owner)}: fields of a record and shape are known")

    def whole(self, part: Leaf | Branch) -> Branch | Array:
        """An argument, or a part of one, as it is in an expression."""
        return part if isinstance(part, Branch) else Array(part, 0, self.piece(part, -1))

    def _subscript(self, node: ast.Subscript) -> Any:
        owner = self.evaluate(node.value)
        nodes = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if isinstance(owner, ArrayShape):
            at = self.number(node.slice).constant
            last = owner.array.leaf.ndim - owner.array.dropped
            if at is None or not 0 <= at < last:
                self.fault(node, f"is no dimension of this array: write 0 to {last - 1}")
            return Value(self.piece(owner.array.leaf, owner.array.dropped + (at or 0)), INT)
        if isinstance(owner, ConstantArray):
            if len(nodes) != 1:
                self.fault(node, "has more indices than the array has dimensions")
            at_code = self.index(nodes[0]).code
            return LValue(self.emit(f"getelementptr inbounds i64, ptr {owner.name}, i64 {at_code}"), INT)
        if isinstance(owner, Array):
            return self._element(owner, nodes, node)
        return self.fault(node, f"is an item of {described(owner)}: arrays have items")

    def index(self, node: ast.expr) -> Value:
        """An index of an array, which counts from its start."""
        if isinstance(node, ast.Slice):
            self.fault(node, "is a slice: loop over indices")
        value = self.integer(node)
        if value.constant is not None and value.constant < 0:
            self.fault(node, "counts from the end of the array: write its index from the start")
        return value

    def _element(self, owner: Array, nodes: list[ast.expr], node: ast.expr) -> Any:
        leaf, dropped = owner.leaf, owner.dropped + len(nodes)
        if dropped > leaf.ndim:
            self.fault(node, f"has more indices than the array's {leaf.ndim - owner.dropped} dimensions")
        at = self.index(nodes[0]).code
        for place, inner in enumerate(nodes[1:], owner.dropped + 1):
            row = self.emit(f"mul nsw i64 {at}, {self.piece(leaf, place)}")
            at = self.emit(f"add nsw i64 {row}, {self.index(inner).code}")
        for place in range(dropped, leaf.ndim):
            at = self.emit(f"mul nsw i64 {at}, {self.piece(leaf, place)}")
        kind = f"[{leaf.dtype.itemsize // WORD_BYTES} x i64]" if leaf.dtype.names else "i64"
        pointer = self.emit(f"getelementptr inbounds {kind}, ptr {owner.pointer}, i64 {at}")
        if dropped < leaf.ndim:
            return Array(leaf, dropped, pointer)
        if leaf.dtype.names:
            return Record(leaf.dtype, pointer)
        scalar = number_type(leaf.dtype)
        return LValue(pointer, scalar) if scalar else self.fault(node, f"is {leaf.dtype}; int64 and uint64 are known")


def described(value: Any) -> str:
    """A kind of thing, for messages."""
    names = {
        Branch: "a tuple of arrays",
        Array: "an array",
        Record: "a record",
        Several: "a tuple",
        ArrayShape: "a shape",
    }
    return names.get(type(value), "a constant array" if isinstance(value, ConstantArray) else "a number")
