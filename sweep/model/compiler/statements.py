# SPDX-License-Identifier: MIT
"""Statements of device code: variables, branches, loops, and where a function may end."""

from __future__ import annotations

import ast
from typing import Any, NamedTuple

from .arithmetic import literal
from .expressions import Expressions
from .places import described
from .values import BOOL, INT, WORD_BYTES, Array, Branch, ConstantArray, LValue, Record, Scalar, Several, Value


class Loop(NamedTuple):
    """Where `continue` and `break` of the innermost loop lead."""

    following: str
    done: str
    ways: list[set[str]]  # the variables that have a value on each way out of it


class Statements(Expressions):
    """The statements of one function."""

    result: tuple[Scalar, ...] = ()  # types of the numbers that it returns
    loop: Loop | None = None  # the innermost one

    def body(self, statements: list[ast.stmt]) -> bool:
        """Lower statements; returns whether what follows them can be reached."""
        for statement in statements:
            handler = getattr(self, f"_{type(statement).__name__.lower()}", None)
            if handler is None:
                self.fault(statement, f"is a statement ({type(statement).__name__}) that device code does not have")
            if handler(statement) is False:  # type: ignore[misc]
                if statement is not statements[-1]:
                    self.fault(statements[statements.index(statement) + 1], "is never reached")
                return False
        return True

    def _pass(self, node: ast.Pass) -> None:
        """Nothing."""

    def _expr(self, node: ast.Expr) -> None:
        if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            return
        if not isinstance(node.value, ast.Call):
            self.fault(node, "does nothing: only calls stand alone")
        self.evaluate(node.value)

    def _raise(self, node: ast.Raise) -> None:
        self.fault(node, f'in "{self.source.fn.__name__}": device code cannot raise; a hole must be filled')

    # Variables

    def _assign(self, node: ast.Assign) -> None:
        if len(node.targets) != 1:
            self.fault(node, "assigns to several names: one at a time")
        target = node.targets[0]
        if isinstance(target, ast.Subscript) and self._cleared(target, node.value):
            return
        self._put(target, self.settled(node.value), node)

    def _annassign(self, node: ast.AnnAssign) -> None:
        if node.value is None:
            self.fault(node, "has no value")
        else:
            self._put(node.target, self.settled(node.value), node)

    def _put(self, target: ast.expr, value: Any, node: ast.stmt) -> None:
        if isinstance(target, ast.Tuple):
            if not isinstance(value, Several) or len(value.items) != len(target.elts):
                self.fault(node, f"takes {len(target.elts)} values from {described(value)}")
            for part, item in zip(target.elts, value.items, strict=True):
                self._put(part, item, node)
        elif isinstance(target, ast.Name):
            self._name_it(target, value, node)
        else:
            place = self.evaluate(target)
            if not isinstance(place, LValue) or not isinstance(value, Value):
                self.fault(node, f"puts {described(value)} into {described(place)}")
            self.store(place, value, node)

    def _name_it(self, target: ast.Name, value: Any, node: ast.stmt) -> None:
        """Give a variable a value; its first one decides its type."""
        name, before = target.id, self.scope.get(target.id)
        if isinstance(value, Value):
            if before is None:
                before = self.scope[name] = LValue(self.room(value.type.llvm), value.type)
            if not isinstance(before, LValue) or before.type is not value.type:
                was = before.type.value if isinstance(before, LValue) else described(before)
                self.fault(node, f'makes "{name}" {value.type.value}, and before it is {was}')
            self.do(f"store {value.type.llvm} {value.code}, ptr {before.pointer}")
        elif isinstance(value, Record):
            if before is None:
                before = self.scope[name] = Reference(self.room("ptr"), value)
            if not isinstance(before, Reference) or getattr(before.like, "dtype", None) is not value.dtype:
                self.fault(node, f'makes "{name}" another record than before')
            self.do(f"store ptr {value.pointer}, ptr {before.slot}")
        elif isinstance(value, (Array, Branch, ConstantArray)):
            if before is not None:
                self.fault(node, f'gives "{name}" a second value: {described(value)} has one name')
            self.scope[name] = value
        else:
            self.fault(node, f"puts {described(value)} into one variable")
        self.given.add(name)

    def _name(self, node: ast.Name) -> Any:
        found = super()._name(node)
        if isinstance(found, Reference):
            return found.like._replace(pointer=self.emit(f"load ptr, ptr {found.slot}"))
        return found

    def _augassign(self, node: ast.AugAssign) -> None:
        place = self.evaluate(node.target)
        if not isinstance(place, LValue):
            self.fault(node, f"changes {described(place)}: numbers can be changed")
        before = self.load(place)
        value = self.operate(node.op, before, self.number(node.value), node)
        if isinstance(node.target, ast.Name):
            self._name_it(node.target, value, node)
        else:
            self.store(place, value, node)

    def _cleared(self, target: ast.Subscript, value: ast.expr) -> bool:
        """`records[i] = 0`: every field becomes 0."""
        if not isinstance(value, ast.Constant) or value.value != 0 or isinstance(value.value, bool):
            return False
        record = self.evaluate(target)
        if isinstance(record, LValue):
            self.store(record, literal(0, record.type), target)
            return True
        if not isinstance(record, Record):
            self.fault(target, f"is {described(record)}: a number or a record can be set to 0")
        fields = record.dtype.itemsize // WORD_BYTES
        self.do(f"store [{fields} x i64] zeroinitializer, ptr {record.pointer}")
        return True

    # Ways

    def _if(self, node: ast.If) -> bool:
        condition, yes, no, done = self.condition(node.test), self.name(), self.name(), self.name()
        before, ways = set(self.given), []
        self.branch(condition, yes, no)
        for block, statements in ((yes, node.body), (no, node.orelse)):
            self.given = set(before)
            self.begin(block)
            if self.body(statements):
                self.jump(done)
                ways.append(self.given)
        if ways:
            self.given = set.intersection(*ways)
            self.begin(done)
        return bool(ways)

    def _while(self, node: ast.While) -> bool:
        if node.orelse:
            self.fault(node, "has an else: loops have none")
        test, inside, done = self.name(), self.name(), self.name()
        self.jump(test)
        self.begin(test)
        condition = self.condition(node.test)
        self.branch(condition, inside, done)
        self.begin(inside)
        ways = [] if condition.constant else [set(self.given)]
        self._inside(node.body, Loop(test, done, ways))
        if ways:
            self.given = set.intersection(*ways)
            self.begin(done)
        else:
            self.begin(done)
            self.do("unreachable")
        return bool(ways)

    def _inside(self, body: list[ast.stmt], loop: Loop) -> None:
        """The body of a loop, whose block has begun."""
        outer, self.loop = self.loop, loop
        if self.body(body):
            self.jump(loop.following)
        self.loop = outer

    def _break(self, node: ast.Break) -> bool:
        if self.loop:
            self.loop.ways.append(set(self.given))
            self.jump(self.loop.done)
        return False

    def _continue(self, node: ast.Continue) -> bool:
        if self.loop:
            self.jump(self.loop.following)
        return False

    def _for(self, node: ast.For) -> None:
        call = node.iter
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and self.outside(call.func.id) is range):
            self.fault(node.iter, "is no range(...), and device code loops over nothing else")
        elif not isinstance(node.target, ast.Name) or node.orelse or not 1 <= len(call.args) <= 3 or call.keywords:
            self.fault(node, "is no plain loop: for NAME in range(1 to 3 numbers), without an else")
        else:
            numbers = [self.integer(item) for item in call.args]
            first = numbers[0] if len(numbers) > 1 else literal(0, INT)
            step = numbers[2] if len(numbers) > 2 else literal(1, INT)
            self._count(node, node.target, first, numbers[min(len(numbers) - 1, 1)], step)

    def _count(self, node: ast.For, target: ast.Name, first: Value, last: Value, step: Value) -> None:
        """A loop over a range; the number after the last is never made, so none is too large."""
        if step.constant == 0:
            self.fault(node.iter, "has the step 0")
        place, inside, following, more, done = self.room("i64"), *(self.name() for _ in range(4))
        self.do(f"store i64 {first.code}, ptr {place}")
        zero = literal(0, INT)
        upwards = self.compare(ast.Gt(), step, zero)
        below, above = self.compare(ast.Lt(), first, last), self.compare(ast.Gt(), first, last)
        downwards = self.binary(ast.BitAnd(), self.compare(ast.Lt(), step, zero), above)
        self.branch(Value(self.select(upwards.code, below.code, downwards.code, "i1"), BOOL), inside, done)
        self.begin(inside)
        ways = [set(self.given)]
        self._name_it(target, self.load(LValue(place, INT)), node)
        self._inside(node.body, Loop(following, done, ways))
        self.begin(following)
        at = self.load(LValue(place, INT))
        left, gone = self.binary(ast.Sub(), last, at), self.binary(ast.Sub(), at, last)
        way = self.select(upwards.code, left.code, gone.code)
        self.branch(Value(self.emit(f"icmp ugt i64 {way}, {self.absolute(step).code}"), BOOL), more, done)
        self.begin(more)
        self.do(f"store i64 {self.binary(ast.Add(), at, step).code}, ptr {place}")
        self.jump(inside)
        self.begin(done)
        self.given = set.intersection(*ways)

    def _return(self, node: ast.Return) -> bool:
        value = Several(()) if node.value is None else self.settled(node.value)
        values = value.items if isinstance(value, Several) else (value,)
        if node.value is not None and isinstance(node.value, ast.Constant) and node.value.value is None:
            values = ()
        types = tuple(getattr(item, "type", None) for item in values)
        if types != self.result:
            self.fault(node, f"returns ({_list(types)}), and the function is declared to return ({_list(self.result)})")
        if not values:
            self.do("ret void")
        elif len(values) == 1:
            self.do(f"ret {values[0].type.llvm} {values[0].code}")
        else:
            kind, whole = result_type(self.result), "poison"
            for place, item in enumerate(values):
                whole = self.emit(f"insertvalue {kind} {whole}, {item.type.llvm} {item.code}, {place}")
            self.do(f"ret {kind} {whole}")
        return False


class Reference(NamedTuple):
    """A variable that stands for a record; `slot` holds where it is now."""

    slot: str
    like: Record


def result_type(result: tuple[Scalar, ...]) -> str:
    """LLVM's type of a function's result."""
    if len(result) < 2:
        return result[0].llvm if result else "void"
    return "{ " + ", ".join(scalar.llvm for scalar in result) + " }"


def _list(types: tuple[Scalar | None, ...]) -> str:
    return ", ".join(scalar.value if scalar else "something else" for scalar in types)
