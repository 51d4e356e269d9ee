from typing import Annotated, Literal

from pydantic import BaseModel, Field

from hq_assets.components.keys import Key, keys_of, keys_table


class _Inner(BaseModel):
    """What is inside."""

    share: float = Field(default=0.5, gt=0, le=1, description="A share.")


class _Outer(BaseModel):
    """What is outside."""

    colour: Literal["red", "blue"] = Field(description="One of two")
    ends: tuple[float, float] | None = None
    grid: tuple[Annotated[int, Field(ge=1)], ...] = (1, 2)
    inner: _Inner
    named: dict[str, _Inner] = Field(default_factory=dict, description="Inner ones by name")


def test_every_key_has_its_path_values_default_and_meaning():
    assert list(keys_of(_Outer, "top.")) == [
        Key("top.colour", "`red`, `blue`", "required", "One of two"),
        Key("top.ends", "[number, number]", "none", ""),
        Key("top.grid", "list of whole number", "`[1, 2]`", ""),
        Key("top.inner", "section", "required", "What is inside"),
        Key("top.inner.share", "number > 0, ≤ 1", "`0.5`", "A share."),
        Key("top.named", "one section per name", "`{}`", "Inner ones by name"),
        Key("top.named.NAME.share", "number > 0, ≤ 1", "`0.5`", "A share."),
    ]


def test_the_table_has_one_line_per_key():
    assert keys_table(_Inner).splitlines()[2:] == [
        "| `share` | number > 0, ≤ 1 | `0.5` | A share |"
    ]
