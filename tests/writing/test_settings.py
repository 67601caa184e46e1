"""What an installation says of its chat model, and what is told of that."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.parts import Parts
from bot.settings import Settings, from_environment
from bot.writing.rewriting import Rewriting

GIVEN = {
    "BABELDESK_WRITER": "https://models.example/v1",
    "BABELDESK_WRITER_MODEL": "some-model",
    "BABELDESK_WRITER_KEY": "key-1",
    "BABELDESK_WRITER_SECONDS": "2.5",
}


def test_the_key_shows_itself_to_nobody() -> None:
    settings = from_environment(GIVEN)
    assert settings.writer_key.value == "key-1"
    for said in (repr(settings), str(settings), f"{settings.writer_key}", repr(settings.writer_key)):
        assert "key-1" not in said
    writer = Parts(settings).rewriting
    assert isinstance(writer, Rewriting) and "key-1" not in repr(writer) + repr(vars(writer))


def test_without_a_model_the_replies_are_our_phrases(tmp_path: Path) -> None:
    assert Parts(Settings(data=tmp_path)).rewriting is None


@pytest.mark.parametrize(
    ("name", "value"), [("SECONDS", "0"), ("SECONDS", "soon"), ("SECONDS", "nan"), ("UNENCRYPTED", "2")]
)
def test_what_a_setting_cannot_be(name: str, value: str) -> None:
    with pytest.raises(ValueError, match=f"BABELDESK_WRITER_{name} can't be"):
        from_environment({f"BABELDESK_WRITER_{name}": value})
