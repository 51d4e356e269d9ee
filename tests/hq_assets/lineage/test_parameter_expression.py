"""Laws of the canonical form of parameter expressions."""

import io
import math
import pickle

import pytest
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit, qpy
from qiskit.circuit import Parameter, ParameterExpression, ParameterVector

from hq_assets.lineage import parameter_expression
from hq_assets.lineage.parameter_expression import canonical_expression, float_bits

A, B = Parameter("a"), Parameter("b")
V = ParameterVector("v", 3)
VALUES = {A: 0.37, B: -1.21, V[0]: 2.3, V[1]: 0.9, V[2]: -0.4}
FUNCTIONS = ("sin", "cos", "exp", "arctan")


def symbols():
    return st.sampled_from([A, B, *V])


def numbers():
    return st.floats(0.25, 4).map(lambda value: round(value, 3)) | st.integers(1, 4)


KINDS = ("+", "-", "*", "n+", "n-", "n*", "**", "f")
QUOTIENTS = ("/", "/n")


@st.composite
def trees(draw, depth=4, kinds=KINDS):
    """A tree of operations; every leaf on the left is a parameter."""
    if depth == 0 or draw(st.integers(0, 4)) == 0:
        return draw(symbols())
    kind = draw(st.sampled_from(kinds))
    left = draw(trees(depth=depth - 1, kinds=kinds))
    if kind in "+-*/":
        return (kind, left, draw(trees(depth=depth - 1, kinds=kinds)))
    if kind == "f":
        return (kind, left, draw(st.sampled_from(FUNCTIONS)))
    return (kind, left, draw(st.integers(2, 3)) if kind == "**" else draw(numbers()))


def evaluate(tree, replace, functions):
    if not isinstance(tree, tuple):
        return replace(tree)
    kind, left, right = tree
    x = evaluate(left, replace, functions)
    y = evaluate(right, replace, functions) if isinstance(right, tuple | Parameter) else right
    return {
        "+": lambda: x + y,
        "-": lambda: x - y,
        "*": lambda: x * y,
        "/": lambda: x / y,
        "n+": lambda: y + x,
        "n-": lambda: y - x,
        "n*": lambda: y * x,
        "/n": lambda: x / y,
        "**": lambda: x**y,
        "f": lambda: functions(y, x),
    }[kind]()


def expression_of(tree):
    return evaluate(tree, lambda symbol: symbol, lambda name, x: getattr(x, name)())


def through_qpy(expression):
    circuit = QuantumCircuit(1)
    circuit.rx(expression, 0)
    buffer = io.BytesIO()
    qpy.dump(circuit, buffer)
    buffer.seek(0)
    return qpy.load(buffer)[0].data[0].params[0]


def value_of(expression):
    bound = expression.bind({p: VALUES[p] for p in expression.parameters})
    return complex(bound.numeric())


def canonical_value(expression, monkeypatch):
    """Evaluate the canonical form itself, with every digest opened again."""
    contents = {}
    original = parameter_expression._digest

    def remember(content):
        digest = original(content)
        contents[digest] = content
        return digest

    keys = {parameter_expression.parameter_key(p): VALUES[p] for p in VALUES}
    monkeypatch.setattr(parameter_expression, "_digest", remember)
    parameter_expression._normalize.cache_clear()

    def total(terms):
        return math.fsum(
            number(bits) * math.prod(factor(key) ** power for key, power in monomial)
            for bits, monomial in terms
        )

    def number(bits):
        return parameter_expression._from_bits(bits)

    def factor(key):
        if key in keys:
            return keys[key]
        name, *content = contents[key]
        if name == "SUM":
            return total(content[0])
        if name == "DIVISOR":
            return 1 / number(content[0])
        if name == "POW":
            exponent = content[1]
            return total(content[0]) ** (
                total(exponent) if isinstance(exponent, list) else exponent
            )
        return getattr(math, name.lower())(total(content[0]))

    _, terms, *symbol = canonical_expression(expression)
    if terms == "symbol":
        return keys[symbol[0]]
    return total(terms)


def test_a_sum_that_folds_to_one_symbol_says_to_which():
    zero_of_a, zero_of_b = ((A - A) ** 2) ** 2, ((B - B) ** 2) ** 2
    assert canonical_expression(B + zero_of_a) != canonical_expression(A + zero_of_b)


@settings(max_examples=200, deadline=None)
@given(tree=trees(kinds=KINDS + QUOTIENTS))
def test_the_canonical_form_has_the_value_of_the_expression(tree):
    with pytest.MonkeyPatch.context() as monkeypatch:
        try:
            expression = expression_of(tree)
            expected = value_of(expression)
            found = canonical_value(expression, monkeypatch)
        except (ZeroDivisionError, OverflowError):
            reject()  # a pole or an overflow is no example
        assume(abs(expected) < 1e9)
        assert found == pytest.approx(expected.real, rel=1e-6, abs=1e-6)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(tree=trees(depth=3))
def test_the_canonical_form_survives_qpy(tree):
    """Without quotients and tiny numbers, which QPY cancels or drops: that is another circuit."""
    expression = expression_of(tree)
    again = through_qpy(expression)
    assume(isinstance(again, ParameterExpression))
    assert canonical_expression(again) == canonical_expression(expression)


def test_spellings_of_one_sum_are_one_form():
    forms = [1 - A + B, 1 - (A - B), B - (A - 1), B + (1 - A), -A + 1 + B, -(A - B) + 1]
    assert len({str(canonical_expression(form)) for form in forms}) == 1


def test_spellings_of_one_product_are_one_form():
    forms = [(A - B) * V[0], -(B - A) * V[0], V[0] * (A - B), (B - A) * (-1 * V[0])]
    assert len({str(canonical_expression(form)) for form in forms}) == 1
    quotients = [(A - B) / (V[0] - V[1]), (B - A) / (V[1] - V[0]), -(A - B) / (V[1] - V[0])]
    assert len({str(canonical_expression(form)) for form in quotients}) == 1


def test_the_forms_that_qiskit_respells_are_equal_after_pickling():
    expression = (3.5 - V[0] + V[1]).sin() * B
    again = pickle.loads(pickle.dumps(expression))  # noqa: S301 - written on this very line
    assert canonical_expression(again) == canonical_expression(expression)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (A + B, A - B),
        (A - B, B - A),
        (A / B, B / A),
        (A / 3, A / 5),
        (A * B, A / B),
        (A**2, A**3),
        (2**A, A**2),
        (A**B, B**A),
        (A.sin(), A.cos()),
        ((A + B).sin(), (A - B).sin()),
        (2 * A, (2 + 4e-16) * A),
        (A + 1, A + (1 + 2e-16)),
        (A * 1e-12, A * 2e-12),
        (2 * (A + B), 2 * A + B),
        (A * (A + B), B * (A + B)),
        ((A + B) ** 2, (A + B) ** 3),
        ((A + B) / (A - B), (A - B) / (A + B)),
        (V[1] + V[2], V[0] + V[2]),
        (A * 1j, A * 1.0),
    ],
    ids=str,
)
def test_different_expressions_have_different_forms(one, other):
    assert canonical_expression(one) != canonical_expression(other)


def test_deep_nesting_stays_small():
    expression = A
    for _ in range(40):
        expression = (expression + B).sin()
    assert len(str(canonical_expression(expression))) < 500


def test_float_bits_tell_zeros_apart_and_know_one_nan():
    assert float_bits(0.0) != float_bits(-0.0)
    assert float_bits(math.nan) == float_bits(-math.nan) != float_bits(math.inf)
