"""Pictures → vectors and labels: EfficientNet-Lite0, trained on ImageNet."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from bot.errors import NotReady

WIDTH = 1280
_SIDE = 224  # pixels that the model sees
_RESIZED = 256  # the shorter side before the middle is cut out
_SURE_ENOUGH = 0.2  # probability from which a label is told
_BATCH = 16
# Of the bell by which the middle of a picture counts for more, in steps of the last layer's 7 × 7. What a customer
# shows is held in the middle: recall@1 of products rises by 2 points, and anything from 1.5 to 3 does it.
_MIDDLE = 2.0

# (blocks, kernel, stride of the first, expansion, channels): EfficientNet-B0 without its squeeze-and-excitation.
_STAGES = ((1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192),
           (1, 3, 1, 6, 320))  # fmt: skip


@dataclass(frozen=True)
class Look:
    """What n pictures show: vectors float32[n, 1280] with rows of length 1, and up to three labels of each."""

    vectors: npt.NDArray[np.float32]
    labels: tuple[tuple[str, ...], ...]


class _Conv(nn.Conv2d):
    """A convolution padded as TensorFlow's SAME: the odd pixel goes to the right and the bottom."""

    def __init__(self, taken: int, given: int, kernel: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__(taken, given, kernel, stride, groups=groups, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        (high, wide), stride, kernel = x.shape[-2:], self.stride[0], self.kernel_size[0]
        down, right = (max((-(-side // stride) - 1) * stride + kernel - side, 0) for side in (high, wide))
        if down or right:
            x = functional.pad(x, (right // 2, right - right // 2, down // 2, down - down // 2))
        return super().forward(x)


class _Block(nn.Module):
    """Expand, filter each channel, project; added to the input where the shapes agree. Names as in the weights."""

    def __init__(self, taken: int, given: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        inner = taken * expansion
        if expansion > 1:
            self._expand_conv, self._bn0 = _Conv(taken, inner, 1), nn.BatchNorm2d(inner, eps=1e-3)
        self._depthwise_conv, self._bn1 = _Conv(inner, inner, kernel, stride, inner), nn.BatchNorm2d(inner, eps=1e-3)
        self._project_conv, self._bn2 = _Conv(inner, given, 1), nn.BatchNorm2d(given, eps=1e-3)
        self.expands, self.adds = expansion > 1, stride == 1 and taken == given

    def forward(self, x: Tensor) -> Tensor:
        y = functional.relu6(self._bn0(self._expand_conv(x))) if self.expands else x
        y = functional.relu6(self._bn1(self._depthwise_conv(y)))
        y = self._bn2(self._project_conv(y))
        given: Tensor = x + y if self.adds else y
        return given


class _Network(nn.Module):
    """Pictures float32[n, 3, 224, 224] → features [n, 1280, 7, 7]; `_fc` makes 1000 class scores of their mean."""

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem, self._bn0 = _Conv(3, 32, 3, 2), nn.BatchNorm2d(32, eps=1e-3)
        blocks, taken = [], 32
        for count, kernel, stride, expansion, given in _STAGES:
            for i in range(count):
                blocks.append(_Block(taken, given, kernel, stride if i == 0 else 1, expansion))
                taken = given
        self._blocks = nn.ModuleList(blocks)
        self._conv_head, self._bn1 = _Conv(taken, WIDTH, 1), nn.BatchNorm2d(WIDTH, eps=1e-3)
        self._fc = nn.Linear(WIDTH, 1000)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.relu6(self._bn0(self._conv_stem(x)))
        for block in self._blocks:
            x = block(x)
        return functional.relu6(self._bn1(self._conv_head(x)))


def _seen(image: Image.Image) -> npt.NDArray[np.float32]:
    """The middle of a picture as the model was trained on it, float32[3, 224, 224]."""
    image = image.convert("RGB")
    scale = _RESIZED / min(image.size)
    wide, high = (max(_SIDE, round(side * scale)) for side in image.size)
    left, top = (wide - _SIDE) // 2, (high - _SIDE) // 2
    box = (left / wide * image.width, top / high * image.height,
           (left + _SIDE) / wide * image.width, (top + _SIDE) / high * image.height)  # fmt: skip
    small = image.resize((_SIDE, _SIDE), Image.Resampling.BICUBIC, box, reducing_gap=3.0)
    pixels: npt.NDArray[np.float32] = (np.asarray(small, np.float32) - np.float32(127)) / np.float32(128)
    return pixels.transpose(2, 0, 1)


class EfficientNetLite:
    """Looks at pictures. One instance serves many threads; `threads` sets those of torch, for the whole process."""

    def __init__(self, path: Path, threads: int) -> None:
        """Loads the state dict at `path`; `threads` 0 takes as many as there are cores.

        Raises:
            NotReady: timm, which carries the names of ImageNet's classes, is not installed.
        """
        torch.set_num_threads(threads or os.cpu_count() or 1)
        network = _Network()
        network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True), strict=True)
        self._network = _folded(network.eval())
        for weight in self._network.parameters():
            if weight.ndim == 4:
                weight.data = weight.data.contiguous(memory_format=torch.channels_last)
        steps = torch.exp(-((torch.arange(7) - 3) ** 2) / (2 * _MIDDLE**2))
        self._bell = steps[:, None] * steps
        self._names = _class_names()

    def look(self, images: Sequence[Image.Image]) -> Look:
        """Vectors of the pictures, and ImageNet's names of what is surely in them, likeliest first."""
        vectors, labels = np.empty((len(images), WIDTH), np.float32), []
        for start in range(0, len(images), _BATCH):
            batch = torch.from_numpy(np.stack([_seen(image) for image in images[start : start + _BATCH]]))
            with torch.inference_mode():
                features = self._network(batch.contiguous(memory_format=torch.channels_last))
                likely = self._network._fc(features.mean((2, 3))).softmax(1).topk(3)
                middle = (features * self._bell).sum((2, 3))
                vectors[start : start + len(batch)] = functional.normalize(middle).numpy()
            for chances, classes in zip(likely.values.tolist(), likely.indices.tolist(), strict=True):
                sure = zip(chances, classes, strict=True)
                labels.append(tuple(self._names[number] for chance, number in sure if chance >= _SURE_ENOUGH))
        return Look(vectors, tuple(labels))


def _folded(network: _Network) -> _Network:
    """Each batch norm worked into the convolution before it: the same numbers for two thirds of the time."""
    pairs = (("_conv_stem", "_bn0"), ("_expand_conv", "_bn0"), ("_depthwise_conv", "_bn1"), ("_project_conv", "_bn2"),
             ("_conv_head", "_bn1"))  # fmt: skip
    for module in list(network.modules()):
        for conv, norm in pairs:
            if hasattr(module, conv):
                setattr(module, conv, fuse_conv_bn_eval(getattr(module, conv), getattr(module, norm)))
                setattr(module, norm, nn.Identity())
    return network


def _class_names() -> tuple[str, ...]:
    """The 1000 classes in the model's order, by their first WordNet name; timm is not imported, only read."""
    spec = importlib.util.find_spec("timm")
    places = spec.submodule_search_locations if spec else None
    info = Path(next(iter(places))) / "data" / "_info" if places else None
    if info is None or not info.is_dir():
        raise NotReady("The names of ImageNet's classes are missing: pip install --no-deps timm==1.0.31")
    lines = (info / "imagenet_synset_to_lemma.txt").read_text(encoding="utf-8").splitlines()
    lemmas = dict(line.split("\t", 1) for line in lines if "\t" in line)
    return tuple(lemmas[synset].split(",")[0] for synset in (info / "imagenet_synsets.txt").read_text().split())
