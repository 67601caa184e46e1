"""Our layers and search say what openai-whisper's say, on random weights and on the real ones."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from whisper.audio import log_mel_spectrogram, pad_or_trim
from whisper.decoding import DecodingOptions
from whisper.model import ModelDimensions
from whisper.model import Whisper as Stock
from whisper.tokenizer import get_tokenizer

from bot.senses.cores import Cores
from bot.senses.whisper_decoding import Options, Search
from bot.senses.whisper_model import Decoder, Encoder, Weights, eighth, single, sizes
from bot.senses.whisper_scripts import Writing

DIMS = {
    "n_mels": 80, "n_audio_ctx": 60, "n_audio_state": 32, "n_audio_head": 4, "n_audio_layer": 2,
    "n_vocab": 51865, "n_text_ctx": 40, "n_text_state": 32, "n_text_head": 4, "n_text_layer": 2,
}  # fmt: skip


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    with warnings.catch_warnings():  # openai-whisper leaves its vocabulary file open
        warnings.simplefilter("ignore", ResourceWarning)
        return get_tokenizer(multilingual=True, language="en", task="transcribe")


@pytest.fixture(scope="module")
def tiny() -> Any:
    torch.manual_seed(1)
    stock = Stock(ModelDimensions(**DIMS)).eval()
    for weight in stock.parameters():
        torch.nn.init.normal_(weight, 0, 0.15)
    return stock


@torch.inference_mode()
def test_the_layers_are_whispers(tiny: Any) -> None:
    mel, weights = torch.randn(80, 120), Weights(tiny.state_dict())
    sound = Encoder(weights, sizes(DIMS), torch.float32)(mel)
    assert torch.allclose(sound, tiny.encoder(mel[None])[0], atol=1e-4)
    decoder, tokens = Decoder(weights, sizes(DIMS), single), torch.randint(0, 50000, (1, 9))
    heads = decoder.begin(sound)
    said = [decoder(tokens[:, :4], heads), *(decoder(tokens[:, n : n + 1], heads) for n in range(4, 9))]
    assert torch.allclose(torch.cat(said, 1) @ decoder.words.T, tiny.decoder(tokens, sound[None]), atol=1e-3)


@torch.inference_mode()
def test_a_short_sound_is_encoded_alone(tiny: Any) -> None:
    mel = torch.randn(80, 50)
    sound = Encoder(Weights(tiny.state_dict()), sizes(DIMS), torch.float32)(mel)
    assert sound.shape == (25, 32)
    tiny_short = Stock(ModelDimensions(**{**DIMS, "n_audio_ctx": 25})).eval()
    state = tiny.state_dict()
    state["encoder.positional_embedding"] = state["encoder.positional_embedding"][:25]
    tiny_short.load_state_dict(state)
    assert torch.allclose(sound, tiny_short.encoder(mel[None])[0], atol=1e-4)


@torch.inference_mode()
def test_hypotheses_do_not_mix(tiny: Any) -> None:
    """Each of several goes on as it would alone."""
    decoder = Decoder(Weights(tiny.state_dict()), sizes(DIMS), single)
    beginning = decoder.begin(torch.randn(30, 32))
    decoder(torch.tensor([[7, 8]]), beginning)
    together, alone = beginning.again(), [beginning.again(), beginning.again()]
    together.keep([0, 0])
    decoder(torch.tensor([[1], [2]]), together)
    together.keep([1, 0])
    found = decoder(torch.tensor([[3], [4]]), together)[:, 0]
    for heads, tokens, row in zip(alone, ([2, 3], [1, 4]), found, strict=True):
        said = [decoder(torch.tensor([[token]]), heads)[0, 0] for token in tokens]
        assert torch.allclose(said[-1], row, atol=1e-4)


def test_eight_bits_are_close_to_single_precision() -> None:
    torch.manual_seed(0)
    weight, bias, values = torch.randn(64, 512), torch.randn(64), torch.randn(5, 512)
    exact, rounded = single(weight, bias)(values), eighth(weight, bias)(values)
    assert torch.nn.functional.cosine_similarity(exact, rounded).min() > 0.999


class Anything(Writing):
    """No filter, as openai-whisper has none."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._all = np.ones(len(pieces), np.bool_)

    def allowed(self, pending: bytes) -> Any:
        return self._all

    def rest(self, written: bytes) -> bytes:
        return b""


def whistle() -> np.ndarray:
    clock = np.arange(3 * 16_000) / 16_000
    pitch = 300 + 200 * np.sin(2 * np.pi * 3 * clock)
    return (0.3 * np.sin(2 * np.pi * pitch * clock) * (np.sin(2 * np.pi * 2 * clock) > 0)).astype(np.float32)


@pytest.fixture(scope="module")
def real(speech_checkpoint: Path) -> tuple[Any, torch.Tensor]:
    """openai-whisper's model, and its features of the whistle."""
    held = torch.load(speech_checkpoint, weights_only=True, mmap=True)
    stock = Stock(ModelDimensions(**held["dims"])).eval()
    stock.load_state_dict(held["model_state_dict"])
    with torch.inference_mode():
        return stock, stock.encoder(log_mel_spectrogram(pad_or_trim(whistle()))[None])


@pytest.mark.parametrize(("beams", "timed"), [(1, False), (1, True), (3, False)])
@torch.inference_mode()
def test_the_search_is_whispers(real: tuple[Any, torch.Tensor], tokenizer: Any, beams: int, timed: bool) -> None:
    stock, features = real
    search = Search(Decoder(Weights(stock.state_dict()), sizes(vars(stock.dims)), single), tokenizer, single)
    options = DecodingOptions(
        language="en", fp16=False, sample_len=10, without_timestamps=not timed, beam_size=beams if beams > 1 else None
    )
    theirs = stock.decode(features, options)[0]
    begun = search.begin(features[0])
    ours = Cores(1).finish(search.decode(begun, "en", Anything(search.pieces), Options(beams, 10, timed)))
    assert ours.text == theirs.text
    # Without time marks theirs leaves them a small share of the chances.
    assert ours.log_probability == pytest.approx(theirs.avg_logprob, abs=1e-3 if timed else 1e-2)
    assert begun.no_speech == pytest.approx(theirs.no_speech_prob, abs=1e-3)
    assert begun.languages == pytest.approx(stock.detect_language(features)[1][0], abs=1e-3)
