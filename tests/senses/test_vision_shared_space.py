"""Models whose text and photos share a space, tiny and with random weights, saved to a folder and read from there."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from bot.errors import NotReady
from bot.senses.vision_shared_space import SharedSpace

transformers = pytest.importorskip("transformers")

TEXTS = ["red apple", "红苹果", "تفاحة حمراء", "red apple " * 400, ""]


def saved(kind: str, folder: Path) -> Path:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {mark: n for n, mark in enumerate(["<pad>", "<s>", *letters, "</s>"])}
    last = vocabulary["</s>"]
    made = Tokenizer(models.BPE(vocab=vocabulary, merges=[], unk_token=None))
    made.pre_tokenizer, made.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    made.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 1), ("</s>", last)]
    )
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=made, pad_token="<pad>", bos_token="<s>", eos_token="</s>"
    )
    tokenizer.save_pretrained(folder)
    sizes = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 2}
    text = {**sizes, "vocab_size": len(vocabulary), "max_position_embeddings": 24, "eos_token_id": last,
            "pad_token_id": 0, "bos_token_id": 1}  # fmt: skip
    vision = {**sizes, "image_size": 32, "patch_size": 8}
    torch.manual_seed(5)
    model: Any
    if kind == "clip":
        config: Any = transformers.CLIPConfig(text_config=text, vision_config=vision, projection_dim=20)
        model = transformers.CLIPModel(config)
        pixels: Any = transformers.CLIPImageProcessorPil(
            size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}
        )
    else:
        config = transformers.SiglipConfig(text_config={**text, "projection_size": 32}, vision_config=vision)
        model = transformers.SiglipModel(config)
        pixels = transformers.SiglipImageProcessorPil(size={"height": 32, "width": 32})
    model.save_pretrained(folder)
    pixels.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module", params=["clip", "siglip"])
def space(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[SharedSpace, Path]:
    folder = saved(request.param, tmp_path_factory.mktemp(request.param))
    return SharedSpace(folder, threads=1), folder


def pictures() -> list[Image.Image]:
    rng = np.random.default_rng(3)
    return [Image.fromarray(rng.integers(0, 255, (high, wide, 3), np.uint8)) for wide, high in ((40, 90), (300, 20))]


def test_text_and_photos_are_as_wide_as_each_other(space: tuple[SharedSpace, Path]) -> None:
    encoder, _ = space
    look = encoder.look(pictures())
    for vectors in (look.vectors, encoder.queries(TEXTS), encoder.passages(TEXTS)):
        assert vectors.dtype == np.float32
        assert vectors.shape[1] == encoder.width
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert look.labels == ((), ())
    assert encoder.look([]).vectors.shape == encoder.queries([]).shape == (0, encoder.width)


def test_it_gives_what_the_model_gives(space: tuple[SharedSpace, Path]) -> None:
    """Against the model called by hand, one text and one picture at a time."""
    encoder, folder = space
    model: Any = transformers.AutoModel.from_pretrained(folder)
    tokenizer, pixels = transformers.AutoTokenizer.from_pretrained(folder), encoder._pixels
    fills = {"padding": "max_length"} if model.config.model_type == "siglip" else {}
    found = encoder.queries(["red apple", "红苹果"])
    for row, text in enumerate(["red apple", "红苹果"]):
        given = tokenizer(text, max_length=24, truncation=True, return_tensors="pt", **fills)
        with torch.no_grad():
            wanted = model.text_model(input_ids=given["input_ids"]).pooler_output
            wanted = model.text_projection(wanted) if hasattr(model, "text_projection") else wanted
        np.testing.assert_allclose(found[row], torch.nn.functional.normalize(wanted)[0].numpy(), atol=1e-5)
    seen = encoder.look(pictures()).vectors
    for row, picture in enumerate(pictures()):
        with torch.no_grad():
            shown = model.vision_model(**pixels(images=picture, return_tensors="pt")).pooler_output
            shown = model.visual_projection(shown) if hasattr(model, "visual_projection") else shown
        np.testing.assert_allclose(seen[row], torch.nn.functional.normalize(shown)[0].numpy(), atol=1e-5)


def test_different_texts_differ_in_every_script(space: tuple[SharedSpace, Path]) -> None:
    encoder, _ = space
    vectors = encoder.queries(["red", "green", "红", "绿", "أحمر", "أخضر"])
    likeness = vectors @ vectors.T
    assert (likeness[~np.eye(6, dtype=bool)] < 1 - 1e-6).all()


def test_what_is_no_such_model_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(NotReady, match="There is no folder"):
        SharedSpace(tmp_path / "none", threads=1)
    with pytest.raises(NotReady, match="can be loaded"):
        SharedSpace(tmp_path, threads=1)
    config = transformers.BertConfig(
        vocab_size=9, hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8
    )
    transformers.BertModel(config).save_pretrained(tmp_path)
    (tmp_path / "config.json").write_text("{broken", encoding="utf-8")
    with pytest.raises(NotReady, match="can be loaded"):
        SharedSpace(tmp_path, threads=1)
