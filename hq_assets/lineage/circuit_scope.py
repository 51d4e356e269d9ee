"""How one circuit or block numbers its bits, registers, variables and loop parameters."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import TYPE_CHECKING, Any

from hq_assets.lineage.classical_expression import describe_type
from hq_assets.lineage.parameter_expression import parameter_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hq_assets.lineage.parameter_expression import Symbol

_NUMBERED = re.compile(r"(?P<stem>.*?)(?P<number>\d+)")


@dataclasses.dataclass
class Scope:
    """How one circuit or block is numbered.

    Attributes:
        qubits: Qubit → index in the outermost circuit.
        clbits: Classical bit → index in the outermost circuit.
        loops: Automatic name of a loop parameter → the depth of its loop.
    """

    qubits: Mapping[Any, int]
    clbits: Mapping[Any, int]
    loops: Mapping[str, int]

    def key_of(self, parameter: Symbol) -> str:
        """Return the text that stands for a parameter; an automatic loop name counts by depth."""
        depth = self.loops.get(parameter.name)
        return parameter_key(parameter) if depth is None else json.dumps(["loop", depth])


def inherited_numbers(
    inner: Sequence[Any], outer: Sequence[Any], numbers: Mapping[Any, int]
) -> dict[Any, int]:
    """Return bit of a block → number of the outer bit that the instruction puts in its place."""
    return {bit: numbers[target] for bit, target in zip(inner, outer, strict=True)}


def positions(bits: Sequence[Any]) -> dict[Any, int]:
    """Return bit → its index."""
    return {bit: index for index, bit in enumerate(bits)}


def describe_registers(
    registers: Sequence[Any], numbers: Mapping[Any, int], *, by_order: bool
) -> list[Any]:
    """Return registers as name and bit numbers, in the order declared.

    Args:
        registers: All of one kind.
        numbers: Bit → its number.
        by_order: Whether the number that ends a name counts only by its order.
    """
    names = [register.name for register in registers]
    if by_order:
        names = _names_by_order(names)
    return [
        [name, [numbers[bit] for bit in register]]
        for name, register in zip(names, registers, strict=True)
    ]


def _names_by_order(names: Sequence[str]) -> list[Any]:
    """Replace the number that ends a name by its rank among the names that begin alike."""
    parts = [_NUMBERED.fullmatch(name) for name in names]
    ranks: dict[str, list[int]] = {}
    for part in filter(None, parts):
        ranks.setdefault(part["stem"], []).append(int(part["number"]))
    return [
        name
        if part is None
        else [part["stem"], sorted(ranks[part["stem"]]).index(int(part["number"]))]
        for name, part in zip(names, parts, strict=True)
    ]


def describe_variables(variables: Iterable[Any]) -> list[Any]:
    """Return classical variables as sorted names and types; their UUIDs and order mean nothing."""
    return sorted([variable.name, describe_type(variable.type)] for variable in variables)
