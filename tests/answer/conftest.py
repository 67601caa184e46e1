"""What the tests of answers share."""

import pytest

from bot.answer import ownership


@pytest.fixture(autouse=True)
def never_too_many_for_one_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests here try the same few orders more often than anybody may in a day."""
    monkeypatch.setattr(ownership, "MOST_TRIES", 10_000)
