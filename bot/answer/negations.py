"""The words that deny, in each language: a closed class of grammar. In scripts without spaces they are parts of words.

Beside a statement of a state they turn it round: "not in stock".
"""

from __future__ import annotations

import re
from functools import cache

_WORDS = {
    "en": "no not never nothing none nobody neither nor without cannot can't won't don't doesn't isn't aren't didn't "
    "hasn't haven't wasn't weren't couldn't shouldn't wouldn't unable hardly",
    "es": "no nunca nada nadie ninguno ninguna ningún jamás tampoco ni sin",
    "fr": "ne n' pas non jamais rien aucun aucune ni sans guère",
    "de": "nicht kein keine keinen keinem keiner keines nie niemals nichts niemand weder noch ohne kaum nein",
    "pt": "não nunca nada ninguém nenhum nenhuma jamais nem sem tampouco",
    "it": "non no mai niente nulla nessuno nessuna nessun né senza neanche nemmeno",
    "nl": "niet geen nooit niets niemand noch zonder nee nauwelijks",
    "pl": "nie nigdy nic nikt żaden żadna żadne żadnych ani bez brak",
    "ru": "не нет ни никогда ничего никто никакой никаких нельзя без",
    "uk": "не ні немає нема ніколи нічого ніхто жоден жодного жодних неможливо без",
    "tr": "değil yok hiç hiçbir asla",
    "ar": "لا لم لن ليس ليست لست غير دون بدون بلا ليسوا",
    "he": "לא אין אינו אינה אינם איני בלי ללא אל מעולם אף",
    "hi": "नहीं न ना मत बिना कभी",
    "id": "tidak bukan tak jangan tanpa belum tiada",
    "vi": "không chưa chẳng đừng",
    "ko": "안 못 않습니다 없습니다 아닙니다 없이 않는 않은 없는 없음 않았습니다 않으며 없으며 못했습니다",
}
_PARTS = {
    "zh": "不 没 無 无 未 别 非 勿 莫",
    "zh-Hant": "不 沒 無 未 別 非 勿 莫",
    "ja": "ない ません なかった なく ず 無 不 未",
    "th": "ไม่ มิ ไร้",
    "ko": "않 없 못 아닙 아니",
}


@cache
def _pattern(language: str) -> re.Pattern[str]:
    words = _WORDS.get(language, "").split()
    whole = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    parts = "|".join(_PARTS.get(language, "").split())
    made = [rf"(?<!\w)(?:{whole})(?![\w])" if whole and language not in _PARTS else "", parts]
    return re.compile("|".join(part for part in made if part) or r"(?!)")


def count(text: str, language: str) -> int:
    """How many words that deny stand in a text in small letters."""
    return len(_pattern(language).findall(text.replace("’", "'")))
