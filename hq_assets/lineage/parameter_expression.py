"""Canonical form of parameter expressions: exact in its numbers, free of UUIDs and of spelling.

Qiskit offers no stable form of its own: `str` cannot tell the parameter `a + b` from a sum, `==`
has a tolerance of 1e-10, and a pass through QPY turns `1 - x + y` into `1 - (x - y)`. So an
expression becomes a sum of monomials, in which order and signs have one spelling. Numbers are only
ever multiplied by ±1, added where terms are equal, or multiplied where Qiskit itself folds them.
"""

from __future__ import annotations

import hashlib
import json
import math
import struct
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    Symbol: TypeAlias = Any  # qiskit.circuit.Parameter, which has no stubs
    Expression: TypeAlias = Any  # qiskit.circuit.ParameterExpression, same
    KeyOf: TypeAlias = Callable[[Symbol], str]

Number: TypeAlias = int | float | complex
Monomial: TypeAlias = tuple[tuple[str, int | float], ...]
"""Factors with their exponents, sorted; the empty monomial is the constant term."""

Form: TypeAlias = dict[Monomial, list[Number]]
"""Monomial → coefficients still to be summed, so that their sum does not depend on their order."""

_BINARY = {"ADD", "SUB", "RSUB", "MUL", "DIV", "RDIV", "POW", "RPOW"}
_UNARY = {"SIN", "COS", "TAN", "ASIN", "ACOS", "ATAN", "EXP", "LOG", "ABS", "SIGN", "CONJ"}
EXACT_INTEGER = 2**53
"""Up to here every whole number has a float of its own."""


def float_bits(value: float) -> str:
    """Return the 64 bits of a float as 16 hex digits; every NaN has the same."""
    return struct.pack(">d", math.nan if math.isnan(value) else value).hex()


def number_bits(value: Number) -> str:
    """Return the bits of a number as a float or, if it is complex, as two."""
    if isinstance(value, complex):
        return f"{float_bits(value.real)}{float_bits(value.imag)}j"
    return float_bits(float(value))


def parameter_key(parameter: Symbol) -> str:
    """Return a text that stands for a parameter: its name, or the vector's name and the index."""
    from qiskit.circuit import ParameterVectorElement

    if isinstance(parameter, ParameterVectorElement):
        return json.dumps(["element", parameter.vector.name, parameter.index])
    return json.dumps(["parameter", parameter.name])


def canonical_expression(expression: Expression, key_of: KeyOf = parameter_key) -> list[Any]:
    """Return the canonical form as JSON-able lists: the sorted parameters, then the terms.

    Args:
        expression: Any parameter expression.
        key_of: Text that stands for a parameter.

    Raises:
        ValueError: The expression holds an operation that has no canonical form.
    """
    names = sorted(key_of(parameter) for parameter in expression.parameters)
    if expression.is_symbol():
        # Qiskit folds b + (a - a)² to b, but goes on to name both parameters.
        alone = [key_of(p) for p in expression.parameters if p.name == str(expression)]
        return [names, "symbol", *sorted(alone)]
    return [names, _normalize(_program(expression, key_of))]


def _program(expression: Expression, key_of: KeyOf) -> tuple[tuple[str, Any, Any], ...]:
    # The steps that QPY writes are the only exact form of an expression that Qiskit gives away.
    steps = expression._qpy_replay  # noqa: SLF001 - as above
    return tuple(
        (str(step.op).rpartition(".")[2], _operand(step.lhs, key_of), _operand(step.rhs, key_of))
        for step in steps
    )


def _operand(value: Any, key_of: KeyOf) -> tuple[str, str] | None:
    if value is None:
        return None
    if isinstance(value, int | float | complex):
        return "number", number_bits(value)
    return "parameter", key_of(value)


@lru_cache(maxsize=4096)
def _normalize(program: tuple[tuple[str, Any, Any], ...]) -> list[Any]:
    """Run the steps on forms; an operand that is None is taken from the stack, right one first."""
    stack: list[Form] = []
    for operation, left, right in program:
        if operation in _UNARY:
            argument = _value(left, stack)
            stack.append(_factor([operation, _render(argument)]))
        elif operation in _BINARY:
            second = _value(right, stack)
            first = _value(left, stack)
            stack.append(_combine(operation, first, second))
        else:
            message = (
                f"A parameter expression holds the operation {operation}, which has no canonical "
                "form. Bind or simplify it before it is fingerprinted."
            )
            raise ValueError(message)
    return _render(stack.pop())


def _value(operand: tuple[str, str] | None, stack: list[Form]) -> Form:
    if operand is None:
        return stack.pop()
    kind, text = operand
    if kind == "number":
        return _constant(_from_bits(text))
    return {((text, 1),): [1.0]}


def _from_bits(text: str) -> float | complex:
    parts = struct.unpack(f">{len(text) // 16}d", bytes.fromhex(text.rstrip("j")))
    return complex(*parts) if text.endswith("j") else parts[0]


def _combine(operation: str, first: Form, second: Form) -> Form:
    if operation.startswith("R"):
        return _combine(operation[1:], second, first)
    match operation:
        case "ADD":
            return _add(first, second)
        case "SUB":
            return _add(first, _negate(second))
        case "MUL":
            return _multiply(first, second)
        case "DIV":
            return _multiply(first, _invert(second))
        case _:
            return _power(first, second)


def _constant(value: float | complex) -> Form:
    return {(): [value]} if value else {}


def _factor(content: list[Any]) -> Form:
    return {((_digest(content), 1),): [1.0]}


def _digest(content: list[Any]) -> str:
    """A hash, because the text of nested expressions would double its quotes at each level."""
    text = json.dumps(content, separators=(",", ":"))
    return f"{content[0]}:{hashlib.sha256(text.encode()).hexdigest()}"


def _add(first: Form, second: Form) -> Form:
    total = {monomial: list(coefficients) for monomial, coefficients in first.items()}
    for monomial, coefficients in second.items():
        total.setdefault(monomial, []).extend(coefficients)
    return total


def _negate(form: Form) -> Form:
    return {monomial: [-value for value in values] for monomial, values in form.items()}


def _multiply(first: Form, second: Form) -> Form:
    left, right = _as_monomial(first), _as_monomial(second)
    if left is None or right is None:
        return {}
    exponents: dict[str, int | float] = dict(left[0])
    for factor, exponent in right[0]:
        exponents[factor] = exponents.get(factor, 0) + exponent
    monomial = tuple(sorted((factor, power) for factor, power in exponents.items() if power))
    return {monomial: [left[1] * right[1]]}


def _invert(form: Form) -> Form:
    single = _as_monomial(form)
    if single is None:
        return _factor(["POW", _render(form), -1])
    monomial, coefficient = single
    inverse: Form = {tuple((factor, -power) for factor, power in monomial): [1.0]}
    if abs(coefficient) == 1 and not isinstance(coefficient, complex):
        return _negate(inverse) if coefficient < 0 else inverse
    # A divisor stays as it is: 1/3 has no exact bits.
    return _multiply(inverse, _factor(["DIVISOR", number_bits(coefficient)]))


def _power(base: Form, exponent: Form) -> Form:
    number = _as_number(exponent)
    single = _as_monomial(base)
    if number is None or single is None or isinstance(number, complex) or number % 1:
        return _factor(["POW", _render(base), _render(exponent)])
    monomial, coefficient = single
    if abs(coefficient) != 1 or isinstance(coefficient, complex):
        return _factor(["POW", _render(base), _render(exponent)])
    times = int(number)
    raised = tuple((factor, power * times) for factor, power in monomial if times)
    return {raised: [-1.0 if coefficient < 0 and times % 2 else 1.0]}


def _as_number(form: Form) -> float | complex | None:
    if set(form) <= {()}:
        return _sum(form.get((), []))
    return None


def _as_monomial(form: Form) -> tuple[Monomial, float | complex] | None:
    """Return a form as one monomial and its coefficient; a sum becomes a factor, zero is None.

    The sign of a sum's first term goes into the coefficient: a - b and b - a are one factor.
    """
    terms = _terms(form)
    if not terms:
        return None
    if len(terms) == 1:
        return terms[0]
    first = terms[0][1]
    turned = not isinstance(first, complex) and first < 0
    content = ["SUM", _render(_negate(form) if turned else form)]
    return ((_digest(content), 1),), -1.0 if turned else 1.0


def _terms(form: Form) -> list[tuple[Monomial, float | complex]]:
    summed = sorted((monomial, _sum(values)) for monomial, values in sorted(form.items()))
    return [(monomial, value) for monomial, value in summed if value]


def _sum(values: list[Number]) -> float | complex:
    if any(isinstance(value, complex) for value in values):
        parts = [complex(value) for value in values]
        return complex(math.fsum(x.real for x in parts), math.fsum(x.imag for x in parts))
    return math.fsum(value.real for value in values) if len(values) > 1 else sum(values, 0.0)


def _render(form: Form) -> list[Any]:
    return [
        [number_bits(value), [list(factor) for factor in monomial]]
        for monomial, value in _terms(form)
    ]
