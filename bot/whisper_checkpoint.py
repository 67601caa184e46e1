"""Whisper as CTranslate2 keeps it, rewritten as openai-whisper reads it. No file is touched here."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from bot.errors import NotReady

# Type ids of CTranslate2's DataType, as they stand in model.bin.
_TYPES = {0: np.float32, 1: np.int8, 2: np.int16, 3: np.int32, 4: np.float16}


def read_ctranslate2(content: bytes) -> dict[str, np.ndarray[Any, Any]]:
    """The tensors of a CTranslate2 model.bin, version 6, by name; views of `content`.

    Layout, little-endian: version u32, spec name, revision u32, count u32; then for each tensor its name, rank u8,
    dimensions u32 each, type id u8, bytes u32, data; strings are a u16 length and that many bytes with a final NUL.
    Aliases follow and are not needed here.
    """
    at = 0

    def number(form: str) -> int:
        nonlocal at
        (value,) = struct.unpack_from(f"<{form}", content, at)
        at += struct.calcsize(form)
        return int(value)

    def string() -> str:
        nonlocal at
        length = number("H")
        at += length
        return content[at - length : at - 1].decode()

    version, spec = number("I"), string()
    if (version, spec) != (6, "WhisperSpec"):
        raise NotReady(f"Whisper's model.bin has an unknown form: {spec} {version}")
    number("I")  # the spec's revision
    tensors = {}
    for _ in range(number("I")):
        name = string()
        shape = [number("I") for _ in range(number("B"))]
        kind, size = _TYPES[number("B")], number("I")
        tensors[name] = np.frombuffer(content, kind, size // np.dtype(kind).itemsize, at).reshape(shape)
        at += size
    return tensors


def openai_checkpoint(tensors: dict[str, np.ndarray[Any, Any]]) -> dict[str, Any]:
    """What `whisper.load_model(path)` reads: {"dims": …, "model_state_dict": …}, half precision as published.

    CTranslate2 keeps q, k and v in one matrix (self_attention/linear_0), the k and v of cross-attention in another
    (attention/linear_1), and calls a layer norm's weight and bias gamma and beta. Whisper's keys have no bias.
    """
    import torch

    state: dict[str, np.ndarray[Any, Any]] = {
        "encoder.positional_embedding": tensors["encoder/position_encodings/encodings"],
        "decoder.positional_embedding": tensors["decoder/position_encodings/encodings"],
        "decoder.token_embedding.weight": tensors["decoder/embeddings/weight"],
    }

    def put(theirs: str, ours: str, rows: slice = slice(None), bias: bool = True) -> None:
        norm = f"{theirs}/gamma" in tensors
        state[f"{ours}.weight"] = tensors[f"{theirs}/gamma" if norm else f"{theirs}/weight"][rows]
        if bias:
            state[f"{ours}.bias"] = tensors[f"{theirs}/beta" if norm else f"{theirs}/bias"][rows]

    put("encoder/conv1", "encoder.conv1")
    put("encoder/conv2", "encoder.conv2")
    put("encoder/layer_norm", "encoder.ln_post")
    put("decoder/layer_norm", "decoder.ln")
    width = tensors["encoder/layer_norm/gamma"].shape[0]
    q, k, v = slice(width), slice(width, 2 * width), slice(2 * width, 3 * width)
    layers = {
        side: sum(name.startswith(f"{side}/layer_") and name.endswith("/ffn/linear_0/weight") for name in tensors)
        for side in ("encoder", "decoder")
    }
    for side, count in layers.items():
        for i in range(count):
            theirs, ours = f"{side}/layer_{i}", f"{side}.blocks.{i}"
            put(f"{theirs}/self_attention/layer_norm", f"{ours}.attn_ln")
            put(f"{theirs}/self_attention/linear_0", f"{ours}.attn.query", q)
            put(f"{theirs}/self_attention/linear_0", f"{ours}.attn.key", k, bias=False)
            put(f"{theirs}/self_attention/linear_0", f"{ours}.attn.value", v)
            put(f"{theirs}/self_attention/linear_1", f"{ours}.attn.out")
            put(f"{theirs}/ffn/layer_norm", f"{ours}.mlp_ln")
            put(f"{theirs}/ffn/linear_0", f"{ours}.mlp.0")
            put(f"{theirs}/ffn/linear_1", f"{ours}.mlp.2")
            if side == "decoder":
                put(f"{theirs}/attention/layer_norm", f"{ours}.cross_attn_ln")
                put(f"{theirs}/attention/linear_0", f"{ours}.cross_attn.query")
                put(f"{theirs}/attention/linear_1", f"{ours}.cross_attn.key", q, bias=False)
                put(f"{theirs}/attention/linear_1", f"{ours}.cross_attn.value", k)
                put(f"{theirs}/attention/linear_2", f"{ours}.cross_attn.out")
    dims = {
        "n_mels": tensors["encoder/conv1/weight"].shape[1],
        "n_audio_ctx": state["encoder.positional_embedding"].shape[0],
        "n_audio_state": width,
        "n_audio_head": int(tensors["encoder/num_heads"]),
        "n_audio_layer": layers["encoder"],
        "n_vocab": state["decoder.token_embedding.weight"].shape[0],
        "n_text_ctx": state["decoder.positional_embedding"].shape[0],
        "n_text_state": width,
        "n_text_head": int(tensors["decoder/num_heads"]),
        "n_text_layer": layers["decoder"],
    }
    return {"dims": dims, "model_state_dict": {name: torch.from_numpy(value.copy()) for name, value in state.items()}}
