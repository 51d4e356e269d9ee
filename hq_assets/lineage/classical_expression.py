"""Canonical form of Qiskit's real-time classical expressions and their types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_assets.lineage.parameter_expression import float_bits

if TYPE_CHECKING:
    from collections.abc import Mapping


def describe_type(kind: Any) -> list[Any]:
    """Return a classical type as its name and, for unsigned integers, its width in bits."""
    return [type(kind).__name__, getattr(kind, "width", None)]


def describe_expression(  # noqa: PLR0911 - one return per class of node
    expression: Any, clbits: Mapping[Any, int]
) -> list[Any]:
    """Return an expression tree as JSON-able lists.

    Args:
        expression: A node of `qiskit.circuit.classical.expr`.
        clbits: Classical bit → its number. Variables count by name and type, because no two
            variables of one scope share a name; registers count by the numbers of their bits.

    Raises:
        TypeError: The node is of a class that is not known here.
    """
    kind = describe_type(expression.type)
    match type(expression).__name__:
        case "Var":
            return ["var", _variable(expression, clbits), kind]
        case "Stretch":
            return ["stretch", expression.name]
        case "Value":
            return ["value", _literal(expression.value), kind]
        case "Cast":
            operand = describe_expression(expression.operand, clbits)
            return ["cast", operand, bool(expression.implicit), kind]
        case "Unary":
            operand = describe_expression(expression.operand, clbits)
            return ["unary", expression.op.name, operand, kind]
        case "Binary":
            left = describe_expression(expression.left, clbits)
            right = describe_expression(expression.right, clbits)
            return ["binary", expression.op.name, left, right, kind]
        case "Index":
            target = describe_expression(expression.target, clbits)
            return ["index", target, describe_expression(expression.index, clbits), kind]
        case name:
            message = (
                f"A classical expression holds a node of type {name}, which has no canonical form. "
                "Add it to the describe_expression function."
            )
            raise TypeError(message)


def _variable(variable: Any, clbits: Mapping[Any, int]) -> Any:
    if variable.standalone:
        return variable.name
    if variable.var in clbits:
        return ["clbit", clbits[variable.var]]
    return ["register", [clbits[bit] for bit in variable.var]]


def _literal(value: Any) -> Any:
    if isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return float_bits(value)
    return [float_bits(float(value.value())), value.unit()]
