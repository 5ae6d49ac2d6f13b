"""Runs a condition on a message with cel-python: message semantics, and a bound on the work.

cel-python knows maps only; this adds messages (`has` asks whether a field is set, an undeclared field is an error).
Names and functions are checked before anything runs, which also keeps out what cel-python adds to the language
(`reduce`, `min`). Work is counted in steps, not seconds, so the same input ends the same way on every machine:
nested `exists` over long lists, and values that double with every `map`, run out of steps.

Errors follow the language: `false && error` is false. So "can't be told" is absorbed where the rest decides.
Import this module only when there is a condition to run: cel-python takes 0.1 s to load.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from celpy import Environment, Expression
from celpy.celparser import CELParseError
from celpy.celtypes import (
    BoolType,
    BytesType,
    DoubleType,
    DurationType,
    IntType,
    ListType,
    MapType,
    StringType,
    TimestampType,
)
from celpy.evaluation import Activation, CELEvalError, Evaluator

from rayfence.errors import cut
from rayfence.organization.cel.functions import FUNCTIONS
from rayfence.organization.cel.source import BadCondition, tidy
from rayfence.organization.messages import Message, Misfit, NoSuchField

_MACROS: Final = frozenset({"all", "exists", "exists_one", "filter", "map"})
_METHODS: Final = frozenset(
    {"contains", "endsWith", "startsWith", "matches", "size", "getDate", "getDayOfMonth", "getDayOfWeek"}
    | {"getDayOfYear", "getFullYear", "getMonth", "getHours", "getMilliseconds", "getMinutes", "getSeconds"}
)
_CALLS: Final = frozenset(
    {"has", "size", "matches", "duration", "timestamp", "int", "uint", "double", "string", "bool", "bytes", "dyn"}
    | FUNCTIONS.keys()
)
#: Levels of the grammar that hold an operator, or nothing but the next level.
_LEVELS: Final = frozenset(
    {"expr", "conditionalor", "conditionaland", "relation", "addition", "multiplication", "unary", "member"}
)


#: How cel-python names types and operators in its sentences.
_CLASS: Final = re.compile(r"<class '(?:\w+\.)*(\w+?)(?:Type)?'>")
_RULE: Final = re.compile(r"Token\('RULE', '(\w+)'\)")


class Undecided(Exception):
    """The condition gives no verdict on this object; the message says why."""


class Spent(Undecided):
    """The bound on the work is used up."""


class Meter:
    """Steps that may still be taken; shared by whatever has to stay within one bound."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def charge(self, steps: int) -> None:
        """Raises Spent when fewer are left."""
        self.left -= steps
        if self.left < 0:
            raise Spent("it takes more steps than rayfence runs")


@cache
def _environment() -> Environment:
    """One parser for all: making one compiles the grammar, and sets the interpreter's recursion limit to 2500."""
    return Environment()


class Condition:
    """A condition that has been parsed and checked. Raises BadCondition."""

    def __init__(self, text: str) -> None:
        tidied = tidy(text)
        try:
            self.tree = _environment().compile(tidied)
        except CELParseError as error:
            raise BadCondition(f"it can't be parsed at {error.line}:{error.column}") from error
        except RecursionError as error:
            raise BadCondition("it is nested too deeply") from error
        check(self.tree)
        self.tree = flattened(self.tree)

    def holds(self, resource: Message, meter: Meter) -> bool:
        """Whether the condition is true of `resource`. Raises Undecided."""
        evaluator = _Evaluator(self.tree, Activation(functions=FUNCTIONS), meter)
        try:
            value: object = evaluator.evaluate({"resource": resource})  # type: ignore[dict-item]
        except Undecided:
            raise
        except RecursionError as error:
            raise Undecided("it is nested too deeply") from error
        except Exception as error:  # a foreign interpreter's accident is no verdict, whatever its type
            raise Undecided(_why(error)) from error
        if not isinstance(value, BoolType):
            raise Undecided(f"it gives a {type(value).__name__.removesuffix('Type').lower()}, not true or false")
        return bool(value)


def _why(error: Exception) -> str:
    """An evaluation error for people; cel-python's first argument is its sentence, the rest its internals."""
    text = str(error.args[0]) if error.args else type(error).__name__
    text = _RULE.sub(r"\1", _CLASS.sub(lambda found: found.group(1).lower(), text))
    return cut(text.partition(" (in activation")[0], 160)


def flattened(tree: Expression[Any]) -> Expression[Any]:
    """The tree without nodes that only pass a value on: a literal stands ten levels deep in the grammar.

    A sixth of the steps, and of the interpreter's recursion. `tree` is changed.
    """
    for part in tree.iter_subtrees():
        part.children = [_passed_on(child) for child in part.children]
    return _passed_on(tree)  # type: ignore[no-any-return]


def _passed_on(node: Any) -> Any:
    while getattr(node, "data", "") in _LEVELS and len(node.children) == 1:
        node = node.children[0]
    return node


def check(tree: Expression[Any]) -> None:
    """Refuse names, functions and constructs that the language or Google has not. Raises BadCondition."""
    variables = {"resource"}
    names: list[str] = []
    for part in tree.iter_subtrees():
        match part.data:
            case "member_dot_arg":
                variables.update(_checked_call(part))
            case "ident_arg":
                if str(part.children[0]) not in _CALLS:
                    raise BadCondition(f"it calls {cut(str(part.children[0]), 60)}(), which rayfence does not know")
            case "ident":
                names.append(str(part.children[0]))
            case "member_object" | "dot_ident" | "dot_ident_arg":
                raise BadCondition("it constructs messages or names the root scope, which no constraint can")
    unknown = sorted(set(names) - variables)
    if unknown:
        raise BadCondition(f"it reads {', '.join(cut(name, 60) for name in unknown[:5])}, which is not declared")


def _checked_call(part: Expression[Any]) -> Iterable[str]:
    """Variables that a method call declares: one if it is a macro."""
    name = str(part.children[1])
    if name in _METHODS:
        return ()
    if name not in _MACROS:
        raise BadCondition(f"it calls {cut(name, 60)}(), which rayfence does not know")
    arguments = part.children[2].children if len(part.children) > 2 else []
    variable = _bare_name(arguments[0]) if len(arguments) == 2 else ""
    if not variable:
        raise BadCondition(f"{name}() wants a variable's name and a condition")
    return (variable,)


def _only(tree: Any, data: str) -> Any:
    """The descendant of that type with nothing beside it on the way; None if there is none."""
    while getattr(tree, "data", data) != data and len(tree.children) == 1:
        tree = tree.children[0]
    return tree if getattr(tree, "data", "") == data else None


def _bare_name(tree: Any) -> str:
    found = _only(tree, "ident")
    return str(found.children[0]) if found is not None else ""


class _Evaluator(Evaluator):
    """cel-python's interpreter with messages and a meter."""

    def __init__(self, ast: Expression[Any], activation: Activation, meter: Meter) -> None:
        super().__init__(ast, activation)
        self.meter = meter

    def sub_evaluator(self, ast: Expression[Any]) -> Evaluator:
        return _Evaluator(ast, self.activation, self.meter)

    def visit(self, tree: Expression[Any]) -> Any:
        self.meter.charge(1)
        value = super().visit(tree)
        self.meter.charge(weight(value, self.meter.left))
        return value

    def visit_children(self, tree: Expression[Any]) -> list[Any]:
        self.meter.charge(1)
        values: list[Any] = super().visit_children(tree)
        for value in values:
            self.meter.charge(weight(value, self.meter.left))
        return values

    def member_dot(self, tree: Expression[Any]) -> Any:
        """`operand.field`: of a message or a map."""
        operand, name = self.visit(tree.children[0]), str(tree.children[1])
        if isinstance(operand, CELEvalError):
            return operand
        if isinstance(operand, Message):
            try:
                return to_cel(operand.get(name))
            except (NoSuchField, Misfit) as error:
                return CELEvalError(str(error))
        if isinstance(operand, MapType):
            return operand[name] if name in operand else CELEvalError(f"no key {name}")
        return CELEvalError(f"a value without fields is asked for {name}")

    def macro_has_eval(self, exprlist: Expression[Any]) -> Any:
        """`has(operand.field)`: whether the field is set; an error where the operand is one."""
        selection = _only(exprlist, "member_dot") if len(exprlist.children) == 1 else None
        if selection is None:
            return CELEvalError("has() wants one field")
        operand, name = self.visit(selection.children[0]), str(selection.children[1])
        if isinstance(operand, CELEvalError):
            return operand
        if isinstance(operand, Message):
            try:
                return BoolType(operand.has(name))
            except (NoSuchField, Misfit) as error:
                return CELEvalError(str(error))
        if isinstance(operand, MapType):
            return BoolType(name in operand)
        return CELEvalError("has() of a value without fields")


def weight(value: object, limit: int) -> int:
    """How large a value is, counting what it shares as often as it stands there; stops soon above `limit`."""
    total, stack = 0, [value]
    while stack and total <= limit:
        item = stack.pop()
        if isinstance(item, str | bytes):
            total += len(item) // 16
        elif isinstance(item, list):
            total += len(item)
            stack.extend(item)
        elif isinstance(item, dict):
            total += len(item)
            stack.extend(item.values())
    return total


def to_cel(value: object) -> Any:
    """A value of a message in the engine's types; messages stay what they are."""
    convert = _CONVERSIONS.get(type(value))
    if convert is not None:
        return convert(value)
    if isinstance(value, list | tuple):
        return ListType([to_cel(item) for item in value])
    if isinstance(value, Mapping):
        return MapType({StringType(key): to_cel(item) for key, item in value.items()})
    return value


_CONVERSIONS: Final[Mapping[type, Any]] = {
    bool: BoolType,
    int: IntType,
    float: DoubleType,
    str: StringType,
    bytes: BytesType,
    timedelta: DurationType,
    datetime: TimestampType,
}
