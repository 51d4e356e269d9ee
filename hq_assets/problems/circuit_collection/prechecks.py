"""Cheap checks of a program's text before a parser sees it: includes, sizes, expansion of gates.

They read tokens, not grammar: what they cannot judge they let pass, because the parser is next.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from hq_assets.problems.circuit_collection.refusal import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hq_assets.problems.circuit_collection.settings import Settings

LIBRARIES = {"qasm2": "qelib1.inc", "qasm3": "stdgates.inc"}
"""The only include of each language; it comes with the parser and no file is opened for it."""

_TOKEN = re.compile(
    r'(?P<skip>\s+|//[^\n]*|/\*.*?\*/)|(?P<text>"[^"\n]*"|\'[^\'\n]*\')|(?P<word>[^\W\d]\w*)|(?P<number>\d[\d_]*)|(?P<sign>.)',
    re.DOTALL,
)
_MODIFIERS = frozenset({"ctrl", "negctrl", "inv", "pow"})
_NO_GATES = frozenset(
    {"barrier", "reset", "measure", "if", "else", "for", "while", "in", "let", "int", "uint"}
)


@dataclass(frozen=True)
class Token:
    """One token with the line it stands on, from 1."""

    kind: str
    text: str
    line: int


def check_text(text: str, language: str, settings: Settings) -> None:
    """Refuse programs that would read files or grow beyond the limits.

    Raises:
        UnsupportedError: Another include than the language's own, too many qubits or classical bits
            declared, or gate definitions that expand beyond `max_operations`.
    """
    tokens = list(tokenize(text))
    check_includes(tokens, language)
    check_sizes(tokens, settings)
    check_expansion(tokens, settings.max_operations)


def tokenize(text: str) -> Iterator[Token]:
    """Tokens of a program without white space and comments."""
    line = 1
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or "sign"
        if kind != "skip":
            yield Token(kind, match.group(), line)
        line += match.group().count("\n")


def check_includes(tokens: Sequence[Token], language: str) -> None:
    """Refuse every include but the language's own library.

    Raises:
        UnsupportedError: The program includes something else.
    """
    allowed = LIBRARIES[language]
    for word, name in pairwise(tokens):
        if word.text == "include" and word.kind == "word" and name.text.strip("\"'") != allowed:
            message = (
                f"line {word.line}: includes {name.text[:80]}, but only {allowed!r} is allowed; "
                "paste the definitions into the file"
            )
            raise UnsupportedError(message)


def check_sizes(tokens: Sequence[Token], settings: Settings) -> None:
    """Refuse declarations of more qubits or classical bits than the limits.

    Raises:
        UnsupportedError: The declared sizes, summed over registers, exceed a limit.
    """
    sizes = {"qubits": 0, "classical bits": 0}
    for index, token in enumerate(tokens):
        if token.kind != "word" or token.text not in _DECLARATIONS:
            continue
        what, size_at = _DECLARATIONS[token.text]
        after = [each.text for each in tokens[index + 1 : index + 5]]
        bracketed = after[size_at : size_at + 3]
        if len(bracketed) == 3 and bracketed[0] == "[" and bracketed[1].isdecimal():  # noqa: PLR2004 - `[`, number, `]`
            sizes[what] += int(bracketed[1][:18])
    refuse_sizes(sizes["qubits"], sizes["classical bits"], settings)


_DECLARATIONS = {
    "qreg": ("qubits", 1),
    "qubit": ("qubits", 0),
    "creg": ("classical bits", 1),
    "bit": ("classical bits", 0),
}


def refuse_sizes(num_qubits: int, num_clbits: int, settings: Settings) -> None:
    """Refuse what is wider than the limits.

    Raises:
        UnsupportedError: Too many qubits or classical bits.
    """
    if num_qubits > settings.max_qubits:
        message = (
            f"has {num_qubits:,} qubits and the limit is {settings.max_qubits:,}; raise max_qubits "
            "or split the circuit"
        )
        raise UnsupportedError(message)
    if num_clbits > settings.max_clbits:
        message = (
            f"has {num_clbits:,} classical bits and the limit is {settings.max_clbits:,}; raise "
            "max_clbits"
        )
        raise UnsupportedError(message)


def check_expansion(tokens: Sequence[Token], limit: int) -> None:
    """Refuse gate definitions that call each other into more operations than the limit.

    Raises:
        UnsupportedError: A gate that is used expands beyond the limit.
    """
    sizes: dict[str, int] = {}
    index = 0
    while index < len(tokens):
        token = tokens[index]
        if token.text == "gate" and token.kind == "word" and index + 1 < len(tokens):
            opening = _find(tokens, "{", index)
            closing = _find(tokens, "}", opening)
            calls = called(tokens[opening + 1 : closing])
            sizes[tokens[index + 1].text] = max(1, sum(sizes.get(name, 1) for name in calls))
            index = closing
        elif sizes.get(token.text, 1) > limit:
            message = (
                f"line {token.line}: gate {token.text} expands to {sizes[token.text]:,} operations "
                f"and the limit is {limit:,}; raise max_operations"
            )
            raise UnsupportedError(message)
        index += 1


def called(body: Sequence[Token]) -> list[str]:
    """Gates that a body calls, in order: the first word of each statement after its modifiers."""
    names: list[str] = []
    expected, depth = True, 0
    for token in body:
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth == 0 and token.text in {";", "{", "}", "@"}:
            expected = True
        elif expected and token.kind == "word" and token.text not in _MODIFIERS:
            expected = False
            if token.text not in _NO_GATES:
                names.append(token.text)
    return names


def _find(tokens: Sequence[Token], sign: str, start: int) -> int:
    """Index of the next such sign, or of the end."""
    return next((i for i in range(start, len(tokens)) if tokens[i].text == sign), len(tokens))
