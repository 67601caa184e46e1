"""A text encoder and a picture encoder, both trained, whose outputs are projected into one space: symmetric InfoNCE.

The encoders are a BERT-like and a ResNet (or another vision model) of `transformers`, from any folder; after Zhang et
al., "Contrastive learning of medical visual representations from paired images and text", 2020, and Radford et al.,
"Learning transferable visual models from natural language supervision", 2021. Over frozen features `contrastive` learns
the same in seconds; this is for a shop with pictures and words enough to move the encoders, and time.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoImageProcessor, AutoModel, AutoTokenizer

from bot.fusion.contrastive import Temperature, symmetric_infonce
from bot.fusion.features import F32
from bot.fusion.networks import descend, mlp

_TOKENS = 128  # of a text that are read
_AT_ONCE = 32
_PROJECTIONS = "projections.safetensors"
_SHAPE = "pair.json"


class Shape(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What must be known to load a pair again."""

    width: int


class Pair(nn.Module):
    """The two encoders, their projections into one space of `width` numbers, and the temperature."""

    def __init__(self, text: nn.Module, tokens: Any, photo: nn.Module, pixels: Any, shape: Shape, seed: int) -> None:
        """`tokens` and `pixels` make a model's input of texts and of pictures, as `transformers` gives them."""
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.text, self.photo, self.temperature, self.shape = text, photo, Temperature(), shape
        self.tokens, self.pixels = tokens, pixels
        self.text_projection = mlp((_given(text), shape.width), 0.0, generator)
        self.photo_projection = mlp((_given(photo), shape.width), 0.0, generator)

    def of_texts(self, texts: Sequence[str]) -> Tensor:
        """Vectors [n, width] of length 1: the mean over a text's tokens, projected."""
        read = self.tokens(list(texts), padding=True, truncation=True, max_length=_TOKENS, return_tensors="pt")
        states, mask = self.text(**read).last_hidden_state, read["attention_mask"][..., None]
        pooled = (states * mask).sum(1) / mask.sum(1).clamp(min=1)
        return functional.normalize(self.text_projection(pooled))

    def of_photos(self, photos: Sequence[Image.Image]) -> Tensor:
        """Vectors [n, width] of length 1: the model's pooled features, projected."""
        read = self.pixels([photo.convert("RGB") for photo in photos], return_tensors="pt")
        return functional.normalize(self.photo_projection(self.photo(**read).pooler_output.flatten(1)))

    def encode(self, texts: Sequence[str] | None, photos: Sequence[Image.Image] | None) -> F32:
        """Vectors [n, width] of length 1 of n queries or items, from their texts, their pictures, or both.

        Raises:
            ValueError: both are missing.
        """
        parts = ((texts, self.of_texts), (photos, self.of_photos))
        self.eval()
        with torch.inference_mode():
            given = [_in_batches(some, encode) for some, encode in parts if some is not None]
            if not given:
                raise ValueError("neither text nor photo")
            vectors: F32 = functional.normalize(torch.stack(given).sum(0)).numpy()
        return vectors


def assemble(text: Path, photo: Path, width: int, seed: int) -> Pair:
    """A pair of the encoders in two folders, with new projections. Nothing is fetched, and no code of a folder is run.

    Raises:
        OSError, ValueError: a folder holds no such model.
    """
    safe = {"local_files_only": True, "trust_remote_code": False}
    processor: Any = AutoImageProcessor  # its from_pretrained has no types
    return Pair(
        AutoModel.from_pretrained(text, use_safetensors=True, **safe),
        AutoTokenizer.from_pretrained(text, **safe),
        AutoModel.from_pretrained(photo, use_safetensors=True, **safe),
        processor.from_pretrained(photo, **safe),
        Shape(width),
        seed,
    )


def train(
    pair: Pair,
    texts: Sequence[str],
    photos: Sequence[Image.Image],
    item: Sequence[int],
    seed: int,
    *,
    steps: int,
    batch: int = 32,
    rate: float = 1e-4,
) -> None:
    """Trains both encoders on n texts and n pictures, of which text i and picture i show item[i]; changes `pair`.

    Pictures of the same item are never each other's wrong answers. Chance inside the encoders, as dropout, is drawn
    from torch's own generator, which is put back as it was.

    Raises:
        ValueError: there are not as many texts, pictures and items.
    """
    if not len(texts) == len(photos) == len(item):
        raise ValueError(f"{len(texts)} texts, {len(photos)} pictures and {len(item)} items do not pair up")
    numbers = torch.tensor(item)

    def loss(rows: Tensor) -> Tensor:
        _, first, meant = np.unique(numbers[rows].numpy(), return_index=True, return_inverse=True)
        chosen = rows.tolist()
        described = pair.of_texts([texts[chosen[at]] for at in first])
        shown = pair.of_photos([photos[row] for row in chosen])
        return symmetric_infonce(shown, described, torch.from_numpy(meant), pair.temperature())

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        pair.train()
        generator = torch.Generator().manual_seed(seed)
        descend(pair.parameters(), loss, len(texts), generator, steps=steps, batch=batch, rate=rate)
    pair.eval()


def save(pair: Pair, folder: Path) -> None:
    """Writes `text/` and `photo/` as `transformers` writes models, and the projections beside them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, model, reader in (("text", pair.text, pair.tokens), ("photo", pair.photo, pair.pixels)):
        saving: Any = model
        saving.save_pretrained(folder / name)
        reader.save_pretrained(folder / name)
    own = {name: weights for name, weights in pair.state_dict().items() if not name.startswith(("text.", "photo."))}
    save_file(own, folder / _PROJECTIONS)
    (folder / _SHAPE).write_bytes(msgspec.json.encode(pair.shape))


def load(folder: Path) -> Pair:
    """What `save` wrote.

    Raises:
        OSError, ValueError: the folder does not hold a whole pair.
    """
    shape = msgspec.json.decode((folder / _SHAPE).read_bytes(), type=Shape)
    pair = assemble(folder / "text", folder / "photo", shape.width, 0)
    own = load_file(folder / _PROJECTIONS)
    expected = {name: x for name, x in pair.state_dict().items() if not name.startswith(("text.", "photo."))}
    if {name: x.shape for name, x in own.items()} != {name: x.shape for name, x in expected.items()}:
        raise ValueError(f"{folder / _PROJECTIONS} does not fit the encoders beside it")
    pair.load_state_dict(own, strict=False)
    return pair.eval()


def _given(model: Any) -> int:
    """How many numbers a model gives: a ResNet says so in its last stage's width."""
    config = model.config
    sizes: Sequence[int] | None = getattr(config, "hidden_sizes", None)
    return int(sizes[-1] if sizes else config.hidden_size)


def _in_batches(some: Sequence[Any], encode: Any) -> Tensor:
    return torch.cat([encode(some[start : start + _AT_ONCE]) for start in range(0, len(some), _AT_ONCE)])
