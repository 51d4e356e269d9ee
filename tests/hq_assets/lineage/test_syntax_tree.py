"""Laws of the canonical form of a source file."""

import ast
import gc
import textwrap

import pytest

from hq_assets.lineage.syntax_tree import ImportStatement, scan_source

ORIGINAL = '''
"""Module text."""

import math

LIMIT = 3


@staticmethod
def area(radius: float, scale: float = 2.0) -> float:
    """Text."""
    assert radius > 0
    first = math.pi * radius
    second = first + scale
    return -second if LIMIT else 0.0
'''

SAME = {
    "a comment": ORIGINAL.replace("assert radius > 0", "# why\n    assert radius > 0  # why not"),
    "another docstring": ORIGINAL.replace('"""Text."""', '"""Other words\n\n    over lines."""'),
    "no docstring": ORIGINAL.replace('    """Text."""\n', "").replace('"""Module text."""\n', ""),
    "a docstring on a constant": ORIGINAL.replace("LIMIT = 3", 'LIMIT = 3\n"""The limit."""'),
    "layout": ORIGINAL.replace("math.pi * radius", "(\n        math.pi\n        *   radius\n    )"),
    "a trailing comma": ORIGINAL.replace("scale: float = 2.0)", "scale: float = 2.0,\n)"),
    "windows line ends": ORIGINAL.replace("\n", "\r\n"),
    "another spelling of a number": ORIGINAL.replace("2.0", "2.00"),
}
OTHER = {
    "a constant": ORIGINAL.replace("LIMIT = 3", "LIMIT = 4"),
    "the type of a constant": ORIGINAL.replace("LIMIT = 3", "LIMIT = 3.0"),
    "a truth value for a number": ORIGINAL.replace("LIMIT = 3", "LIMIT = True"),
    "an operator": ORIGINAL.replace("first + scale", "first - scale"),
    "a unary operator": ORIGINAL.replace("-second", "+second"),
    "a comparison": ORIGINAL.replace("radius > 0", "radius >= 0"),
    "a default": ORIGINAL.replace("= 2.0", "= 2.5"),
    "a decorator": ORIGINAL.replace("@staticmethod", "@classmethod"),
    "no decorator": ORIGINAL.replace("@staticmethod\n", ""),
    "no assert": ORIGINAL.replace("    assert radius > 0\n", ""),
    "a name": ORIGINAL.replace("radius", "r"),
    "an attribute": ORIGINAL.replace("math.pi", "math.tau"),
    "an annotation": ORIGINAL.replace("scale: float", "scale: int"),
    "the order of statements": ORIGINAL.replace(
        "import math\n\nLIMIT = 3", "LIMIT = 3\nimport math"
    ),
    "an import in a body": ORIGINAL.replace("assert radius > 0", "import json"),
    "the order of operands": ORIGINAL.replace("math.pi * radius", "radius * math.pi"),
    "an async function": ORIGINAL.replace("def area", "async def area"),
}


@pytest.mark.parametrize("source", SAME.values(), ids=SAME.keys())
def test_words_and_layout_change_nothing(source):
    assert source != ORIGINAL
    assert scan_source(source) == scan_source(ORIGINAL)


@pytest.mark.parametrize("source", OTHER.values(), ids=OTHER.keys())
def test_a_changed_program_changes_the_digest(source):
    assert source != ORIGINAL
    assert scan_source(source).digest != scan_source(ORIGINAL).digest


def test_all_the_changed_programs_differ_from_each_other():
    assert len({scan_source(source).digest for source in OTHER.values()}) == len(OTHER)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('def f():\n    "a"\n    return "a"', 'def f():\n    "a"\n    return "b"'),
        ('def f():\n    "a"\n    g()', 'def f():\n    f"a"\n    g()'),
        ('x = "a"', 'x = "b"'),
        ("f(a, *b)", "f(a, b)"),
        ("f(a=b)", "f(a, b)"),
        ("a = [b, [c]]", "a = [[b], c]"),
        ("if a:\n    b\n    c", "if a:\n    b\nc"),
        ("if a:\n    pass\nelse:\n    b", "if a:\n    b\nelse:\n    pass"),
        ("def f(a, /, b): g", "def f(a, b): g"),
        ("def f(*, a): g", "def f(a): g"),
        ("x = b'a'", "x = 'a'"),
        ("x = 'Name'", "x = Name"),
        ("x = 1j", "x = 1"),
        ("x = 10 ** 30", "x = 10 ** 31"),
        ("f'{a!r}'", "f'{a!s}'"),
        ("f'{a:>3}'", "f'{a:>4}'"),
        ("x = {**a, 'b': c}", "x = {a: c, **b}"),
        ("from a import b", "from a import b as c"),
        ("match a:\n    case None: b", "match a:\n    case True: b"),
        ("global_ = 1\ndef f():\n    global a, b", "global_ = 1\ndef f():\n    nonlocal_ = 2"),
    ],
)
def test_near_programs_do_not_collide(one, other):
    assert scan_source(one).digest != scan_source(other).digest


def test_a_body_that_is_only_a_docstring_is_an_empty_body():
    assert scan_source('class A(B):\n    "text"') == scan_source("class A(B):\n    pass")


def test_a_sum_of_five_hundred_terms_is_read_without_recursion():
    terms = " + ".join(f"a{index}" for index in range(500))
    assert scan_source(terms).digest != scan_source(terms.replace("a17", "b17")).digest


def test_imports_are_found_wherever_they_can_run():
    source = textwrap.dedent("""
        from __future__ import annotations
        import a.b as c, d
        from typing import TYPE_CHECKING
        from ..e import f
        from . import g
        if TYPE_CHECKING:
            import never
        else:
            import fallback
        class A:
            def method(self):
                try:
                    from h import i, j
                except ImportError:
                    import k
                return lambda: __import__
    """)
    assert set(scan_source(source).imports) == {
        ImportStatement(0, "__future__", ("annotations",)),
        ImportStatement(0, "a.b"),
        ImportStatement(0, "d"),
        ImportStatement(0, "typing", ("TYPE_CHECKING",)),
        ImportStatement(2, "e", ("f",)),
        ImportStatement(1, None, ("g",)),
        ImportStatement(0, "fallback"),
        ImportStatement(0, "h", ("i", "j")),
        ImportStatement(0, "k"),
    }


def test_what_stands_under_type_checking_still_counts_as_code():
    template = "if typing.TYPE_CHECKING:\n    import {}\nx = 1"
    one, other = (scan_source(template.format(name)) for name in ("a", "b"))
    assert one.digest != other.digest
    assert one.imports == other.imports == ()


def test_the_collector_is_left_as_it_was_found():
    gc.disable()
    try:
        scan_source("x = 1")
        assert not gc.isenabled()
    finally:
        gc.enable()
    with pytest.raises(SyntaxError):
        scan_source("x = ")
    assert gc.isenabled()


def test_every_node_class_of_this_python_is_read_with_all_of_its_fields():
    """A field that is ignored by mistake would let two programs collide."""
    from hq_assets.lineage.syntax_tree import _READERS

    for cls in (ast.FunctionDef, ast.Call, ast.Import, ast.MatchClass, ast.TryStar, ast.Subscript):
        name, count, _ = _READERS[cls]
        assert name == cls.__name__
        assert count == len(set(cls._fields) - {"ctx", "type_comment"})
