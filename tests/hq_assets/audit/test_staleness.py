import pytest

from hq_assets.audit.staleness import Recorded, stale_reason

NOW = Recorded("code-1", "data-1", {"orders/source": "a", "wine/decisions": "INITIAL"})


@pytest.mark.parametrize(
    ("code", "upstream", "outside", "reason"),
    [
        ("code-1", {"orders/source": "a"}, None, None),
        ("code-2", {"orders/source": "a"}, None, "code or settings changed"),
        ("code-1", {"orders/source": "b"}, None, "new data in orders/source"),
        ("code-1", {"orders/target": "a"}, None, "new data in orders/target"),
        ("code-1", {}, "data-2", "its origin outside changed"),
        ("code-1", {}, "data-1", None),
    ],
)
def test_an_asset_is_stale_for_one_stated_reason(code, upstream, outside, reason):
    assert stale_reason(code, NOW, upstream, outside) == reason


def test_an_asset_that_was_never_made_says_so():
    assert stale_reason("code-1", None, {}, None) == "never materialized"


def test_an_input_that_was_never_made_makes_nothing_stale():
    assert stale_reason("code-1", NOW, {"wine/decisions": None}, None) is None
