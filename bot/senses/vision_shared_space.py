"""Text and photos → vectors in one space: a SigLIP, SigLIP 2 or CLIP checkpoint in a folder, by transformers."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch.nn import functional

from bot.errors import NotReady
from bot.senses.vision import Look

Vectors = npt.NDArray[np.float32]

_BATCH = 16
_CHARACTERS = 4_000
_MOST_TOKENS = 512


class SharedSpace:
    """A vision encoder whose vectors lie in one space with those of texts: the cosine of two rows is their product.

    There are no class names in it, so that it labels nothing. One instance serves many threads.
    """

    def __init__(self, folder: Path, threads: int) -> None:
        """Loads the model, its tokenizer and its picture processor out of `folder`; nothing is fetched, no code in the
        folder is run, and weights are read as safetensors alone. `threads` sets those of torch, for the whole process.

        Raises:
            NotReady: transformers is not installed, or the folder holds no such model.
        """
        if not folder.is_dir():
            raise NotReady(f"There is no folder {folder} with a model that sees.")
        try:
            import transformers
        except ImportError:
            raise NotReady("transformers is missing: pip install --no-deps transformers") from None
        kinds: Any = transformers
        torch.set_num_threads(threads or os.cpu_count() or 1)
        given: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
        try:
            model: Any = kinds.AutoModel.from_pretrained(folder, use_safetensors=True, dtype=torch.float32, **given)
            self._tokens: Any = kinds.AutoTokenizer.from_pretrained(folder, **given)
            self._pixels: Any = kinds.AutoImageProcessor.from_pretrained(folder, backend="pil", **given)
        except (OSError, ValueError, KeyError, ImportError, RuntimeError) as error:
            raise NotReady(f"{folder} holds no model that can be loaded: {str(error).splitlines()[0]}") from None
        if not (hasattr(model, "get_text_features") and hasattr(model, "get_image_features")):
            raise NotReady(f"{folder} holds a {model.config.model_type} model, which has no space for text and photos.")
        self._model = model.eval()
        text = model.config.text_config
        self._most = min(int(text.max_position_embeddings), _MOST_TOKENS)
        # SigLIP was trained on texts filled up to its full length, and reads its summary off the last place.
        self._filled = model.config.model_type.startswith("siglip")
        self.width = int(self._texts(["a"]).shape[1])

    def look(self, images: Sequence[Image.Image]) -> Look:
        """Vectors of the pictures, float32[n, width] with rows of length 1; no labels."""
        vectors = self._in_batches(images, self._pictures)
        return Look(vectors, ((),) * len(images))

    def queries(self, texts: Sequence[str]) -> Vectors:
        """What is asked, float32[n, width] with rows of length 1."""
        return self._in_batches(texts, self._texts)

    def passages(self, texts: Sequence[str], progress: Callable[[float], None] | None = None) -> Vectors:
        """What is searched, as `queries`; `progress` is told the part done, 0..1."""
        return self._in_batches(texts, self._texts, progress)

    def _in_batches(
        self, things: Sequence[Any], encode: Callable[[Sequence[Any]], Vectors],
        progress: Callable[[float], None] | None = None,
    ) -> Vectors:  # fmt: skip
        vectors = np.empty((len(things), self.width), np.float32)
        for start in range(0, len(things), _BATCH):
            batch = things[start : start + _BATCH]
            vectors[start : start + len(batch)] = encode(batch)
            if progress:
                progress((start + len(batch)) / len(things))
        return vectors

    def _pictures(self, images: Sequence[Image.Image]) -> Vectors:
        given = self._pixels(images=[image.convert("RGB") for image in images], return_tensors="pt")
        with torch.inference_mode():
            return _unit(self._model.get_image_features(**given))

    def _texts(self, texts: Sequence[str]) -> Vectors:
        given = self._tokens(
            [text[:_CHARACTERS] for text in texts],
            padding="max_length" if self._filled else True,
            max_length=self._most,
            truncation=True,
            return_tensors="pt",
        )
        wanted = {name: given[name] for name in ("input_ids", "attention_mask") if name in given}
        if self._filled:
            wanted.pop("attention_mask", None)  # it was trained without one
        with torch.inference_mode():
            return _unit(self._model.get_text_features(**wanted))


def _unit(given: Any) -> Vectors:
    """Rows of length 1 of what a model gives: a tensor, or since transformers 5 an output that holds one."""
    features = given if isinstance(given, torch.Tensor) else given.pooler_output
    vectors: Vectors = functional.normalize(features.float(), dim=1).numpy()
    return vectors
