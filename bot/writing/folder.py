"""A chat model in a folder on this machine, run by transformers: a checkpoint in safetensors, or one file in GGUF."""

from __future__ import annotations

import time
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any

from bot.errors import NotReady
from bot.writing.plan import Plan, WritingFailed
from bot.writing.prompt import messages

_SPARE = 64  # tokens that a rewriting may be longer than twice its plan


class Folder:
    """One model, which writes one reply at a time."""

    def __init__(self, folder: Path) -> None:
        """Loads it. Nothing is fetched, and no code that lies in the folder is run.

        Raises:
            NotReady: there is no model that can be loaded, or a package is missing that it takes.
        """
        self._tokenizer, self._model = _load(folder)
        ends = self._model.generation_config.eos_token_id
        self._ends = {ends} if isinstance(ends, int) else {*(ends or ()), self._tokenizer.eos_token_id}
        self._lock = Lock()

    def write(self, plan: Plan, seconds: float) -> str:
        """The lines of the plan, written anew, by the likeliest word each time.

        Raises:
            WritingFailed: it takes too long, or does not come to an end.
        """
        until = time.monotonic() + seconds
        if not self._lock.acquire(timeout=seconds):
            raise WritingFailed("busy")
        try:
            return self._written(plan, until)
        finally:
            self._lock.release()

    def _written(self, plan: Plan, until: float) -> str:
        import torch

        most = 2 * len(self._tokenizer("\n".join(plan.lines))["input_ids"]) + _SPARE
        given: Any = torch.tensor([self._prompt(plan)])
        past: Any = None
        said: list[int] = []
        with torch.inference_mode():
            while len(said) < most:
                if time.monotonic() > until:
                    raise WritingFailed("slow")
                out = self._model(input_ids=given, past_key_values=past, use_cache=True)
                past, best = out.past_key_values, int(out.logits[0, -1].argmax())
                if best in self._ends:
                    return str(self._tokenizer.decode(said, skip_special_tokens=True))
                said.append(best)
                given = torch.tensor([[best]])
        raise WritingFailed("endless")

    def _prompt(self, plan: Plan) -> list[int]:
        chat = messages(plan)
        if self._tokenizer.chat_template:
            text = self._tokenizer.apply_chat_template(chat, add_generation_prompt=True, tokenize=False)
        else:
            text = "\n\n".join(message["content"] for message in chat) + "\n\n"
        tokens: list[int] = self._tokenizer(text, add_special_tokens=not self._tokenizer.chat_template)["input_ids"]
        room = getattr(self._model.config, "max_position_embeddings", None)
        if room and len(tokens) >= room:
            raise WritingFailed("too long")
        return tokens


def _load(folder: Path) -> tuple[Any, Any]:
    packed = [folder] if folder.suffix == ".gguf" else sorted(folder.glob("*.gguf"))
    at = folder.parent if folder.suffix == ".gguf" else folder
    if not (at / "config.json").exists() and len(packed) != 1:
        raise NotReady(f"BABELDESK_WRITER: there is no chat model in {folder}.")
    given: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    if not (at / "config.json").exists():
        missing = [name for name in ("gguf", "accelerate") if find_spec(name) is None]
        if missing:
            raise NotReady(f"{packed[0].name} takes the package {missing[0]}, which is not installed.")
        given["gguf_file"] = packed[0].name
    from transformers import AutoModelForCausalLM, AutoTokenizer  # takes seconds to import

    try:
        tokenizer = AutoTokenizer.from_pretrained(str(at), **given)
        model: Any = AutoModelForCausalLM.from_pretrained(str(at), use_safetensors=True, dtype="float32", **given)
    except (OSError, ValueError, KeyError, RuntimeError, ImportError) as error:
        raise NotReady(f"BABELDESK_WRITER: the chat model in {folder} can't be loaded: {error}") from None
    return tokenizer, model.eval()
