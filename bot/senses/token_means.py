"""What the tokens of any text in a language have in common, to be taken off before tokens are compared.

The states of an encoder's last layer lie in a narrow cone, another one for each language and for questions and
passages (Ethayarajh, 2019); less their mean, a question's words come near to those of the same meaning in another
language. The means are those of the example messages in bot/examples, encoded once as questions and once as passages;
scripts/train makes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
TRAINED = Path(__file__).resolve().parents[1] / "trained" / "token_means.npz"
_PREFIX = 3  # rows of a text before its own: the model's mark, and the prefix with its colon
_ANY = ""  # stands for a language that no examples are in


class TokenMeans:
    """Means [d] by language, of questions and of passages."""

    def __init__(self, questions: dict[str, F32], passages: dict[str, F32]) -> None:
        self._means = {
            True: {**questions, _ANY: np.mean(list(questions.values()), axis=0)},
            False: {**passages, _ANY: np.mean(list(passages.values()), axis=0)},
        }

    @classmethod
    def load(cls) -> TokenMeans:
        """The means that come with the project."""
        with np.load(TRAINED) as kept:
            languages = kept["languages"].tolist()
            questions, passages = (kept[name].astype(np.float32) for name in ("questions", "passages"))
        return cls(dict(zip(languages, questions, strict=True)), dict(zip(languages, passages, strict=True)))

    @staticmethod
    def save(questions: dict[str, F32], passages: dict[str, F32]) -> None:
        """Keeps the means in the project, in half precision."""
        languages = sorted(questions)
        both = {"questions": questions, "passages": passages}
        arrays = {name: np.stack([some[tag] for tag in languages]).astype(np.float16) for name, some in both.items()}
        np.savez(TRAINED, languages=np.array(languages), **arrays)  # type: ignore[arg-type]

    def telling(self, states: F32, language: str, is_query: bool) -> F32:
        """A text's own tokens [t, d] at length 1, less the mean of its language (BCP 47) or of all languages.

        `states` [t + 4, d] are those of the whole text, with the marks and the prefix.
        """
        means = self._means[is_query]
        mean = next((means[tag] for tag in (language, language.split("-")[0]) if tag in means), means[_ANY])
        told = own(states) - mean
        return np.asarray(told / np.maximum(np.linalg.norm(told, axis=1, keepdims=True), 1e-9), dtype=np.float32)


def own(states: F32) -> F32:
    """The states [t, d] of a text's own tokens, without the marks and the prefix."""
    return states[_PREFIX:-1]


def mean_of(texts: Sequence[F32]) -> F32:
    """The mean [d] of all own tokens of these texts' states."""
    return np.asarray(np.concatenate([own(states) for states in texts]).mean(axis=0), dtype=np.float32)
