"""Words of other languages land where their English does, and a language that was never learnt does no harm."""

from pathlib import Path

import numpy as np
import pytest

from bot.fusion import words
from bot.fusion.features import F32, unit

RNG = np.random.default_rng(0)
MEANT = unit(RNG.standard_normal((400, 24)).astype(np.float32))


def spoken(seed: int) -> F32:
    """The same things in a language of its own: turned, shifted and blurred."""
    drawn = np.random.default_rng(seed)
    turn = np.eye(24) + 0.35 * drawn.standard_normal((24, 24))
    return unit(
        (MEANT @ turn + 2 * drawn.standard_normal(24) + 0.1 * drawn.standard_normal(MEANT.shape)).astype(np.float32)
    )


NAMES = {"en": unit(MEANT + np.float32(1)), "zh": spoken(1), "ar": spoken(2), "es": spoken(3)}


def right(maps: words.Words, tag: str, rows: slice) -> float:
    said, wanted = maps.english(NAMES[tag][rows], tag), maps.english(NAMES["en"][rows], "en")
    return float(((said @ wanted.T).argmax(axis=1) == np.arange(len(wanted))).mean())


@pytest.mark.parametrize("tag", ["zh", "ar", "es"])
def test_words_that_were_not_learnt_from_find_their_english(tag: str) -> None:
    learnt = words.fit({language: vectors[:300] for language, vectors in NAMES.items()})
    assert right(learnt, tag, slice(300, 400)) > right(words.Words(learnt.means, {}), tag, slice(300, 400)) + 0.2


def test_a_variant_goes_by_its_language_and_an_unknown_language_is_centred_alone() -> None:
    learnt = words.fit(NAMES)
    np.testing.assert_array_equal(learnt.english(NAMES["zh"], "zh-Hant"), learnt.english(NAMES["zh"], "zh"))
    np.testing.assert_array_equal(learnt.english(NAMES["es"], "th"), learnt.english(NAMES["es"], "en"))
    with pytest.raises(ValueError, match="English"):
        words.fit({"zh": NAMES["zh"]})


def test_a_file_gives_the_same_words_to_half_precision(tmp_path: Path) -> None:
    learnt = words.fit(NAMES)
    learnt.save(tmp_path / "words.npz")
    again = words.load(tmp_path / "words.npz")
    for tag, vectors in NAMES.items():
        np.testing.assert_allclose(again.english(vectors, tag), learnt.english(vectors, tag), atol=5e-3)
    np.savez(tmp_path / "other.npz", something=np.zeros(3))
    with pytest.raises(ValueError, match="no means"):
        words.load(tmp_path / "other.npz")
