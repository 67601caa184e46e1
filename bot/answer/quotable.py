"""What of a shop's texts may be quoted to customers: not what was written for machines to obey."""

from __future__ import annotations

import re
from functools import lru_cache

from bot.answer.context import Shop
from bot.seams import F32, TextEncoder
from bot.verdicts import Verdict
from knowledge.passages import sentences

# Marks of chat templates, of what is filled into prompts, and of roles in them.
_TEMPLATE = re.compile(r"<\|[^|]*\|>|\[/?INST\]|\{[^{}\n]*\}|</?(?:system|assistant|user|context|data|tool)\b")


def for_machines(instructions: Verdict, sentence: str, vector: F32) -> bool:
    """Whether a sentence with this vector [d] gives orders to machines, or is made to pass for a prompt."""
    return bool(_TEMPLATE.search(sentence)) or instructions(vector)


def for_customers(shop: Shop, text: str) -> str:
    """A help page's text without the sentences that were written for machines."""
    left_out = _left_out(shop.encoder, shop.instructions, text)
    for sentence in left_out:
        text = text.replace(sentence, "")
    return "\n".join(line.rstrip() for line in text.split("\n") if line.strip()) if left_out else text


# Help pages are few, and are quoted again and again.
@lru_cache(maxsize=2048)
def _left_out(encoder: TextEncoder, instructions: Verdict, text: str) -> tuple[str, ...]:
    found = sentences(text)
    vectors = encoder.passages(found)
    return tuple(said for said, vector in zip(found, vectors, strict=True) if for_machines(instructions, said, vector))
