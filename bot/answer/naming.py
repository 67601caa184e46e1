"""Which products a message names: by words of their titles, or by the kind of goods that they are."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from bot.answer.context import Ask
from bot.answer.filters import LOOKING, filtered
from bot.answer.relevance import NAMED, as_product
from bot.answer.titles import alike, function_words, heads, terms
from bot.entities import colour_of
from bot.goods import akin, chain, kinds, without_goods, word_for
from knowledge.records import Hit, Product
from knowledge.search import Find

MOST_KINDS, OF_A_KIND = 4, 12  # kinds of goods that a message names, and what is called so
LOOKED_AT = 40  # hits that colours, sizes and words are then held against
COMMON = 0.25  # of the hits' titles: a word in more of them names none of them
MOST_SHARED = 0.6  # of the most title words that the message shares with any hit
NAMED_WITHIN = 1.0  # in the place of NAMED where the message sets a limit: an amount leads its vector elsewhere
# Languages in whose messages an English word could be one of theirs: "hat", "bin".
IN_LATIN = frozenset({"en", "es", "fr", "de", "pt", "it", "nl", "pl", "tr", "id", "vi"})


def hits_of(ask: Ask) -> list[Hit]:
    """The products nearest to all that the message says and shows, best first, and after them those of a kind that it
    names; searched for once a turn."""
    if "products" not in ask.found:
        find = Find(
            text=ask.query.text,
            text_vector=ask.query.text_vector,
            photo_vectors=ask.query.photo_vectors,
            beside=ask.query.beside,
            pictured=ask.query.pictured,
            language=ask.language,
            kinds=frozenset({"product"}),
        )
        if ask.query.intent in LOOKING:
            find = filtered(find, ask.query.entities, ask.topic.country, ask.shop.search)
        ask.found["products"] = _with_kinds(ask, find, ask.shop.search.find(find, top=LOOKED_AT))
    return ask.found["products"]


def _with_kinds(ask: Ask, find: Find, near: list[Hit]) -> list[Hit]:
    """What is near, and what is called by the names that the shop's language and English have for the kinds that the
    message names: in a language without titles, what is meant need not be near."""
    hits = {hit.record: hit for hit in near}
    languages = dict.fromkeys((ask.language, ask.shop.language, "en"))
    for kind in sorted(kinds_named(ask))[:MOST_KINDS]:
        words = " ".join(dict.fromkeys(word_for(kind, language) for language in languages))
        called = replace(find, text=words, text_vector=None, photo_vectors=None, beside=None, pictured=None)
        for hit in ask.shop.search.find(called, top=OF_A_KIND):
            hits.setdefault(hit.record, hit)
    return list(hits.values())


def kinds_named(ask: Ask) -> frozenset[str]:
    """The kinds of goods that the message names, whether they are sold here or not."""
    return kinds(ask.query.text, *languages_of(ask))


def languages_of(ask: Ask) -> tuple[str, ...]:
    """Those whose words the message may use: its own and, where it can't be mistaken for words of that, English."""
    return (ask.language,) if ask.language in IN_LATIN else (ask.language, "en")


def kinds_of(ask: Ask, product: Product) -> frozenset[str]:
    """The kinds of goods that a product is one of, by its titles, else by its category."""
    own, feeds = product.title_in(ask.language), heads(product.title, ask.shop.language, "en", ask.language)
    translated = heads(own, ask.language) if own != product.title else frozenset()
    return translated | feeds or heads((product.category or "").rpartition(" > ")[2], ask.shop.language)


def told_by(ask: Ask, product: Product) -> frozenset[str]:
    """The kinds of goods that the titles and texts of a product name."""
    feeds = tuple(dict.fromkeys((ask.shop.language, "en")))
    texts = [(product.title, feeds), (product.description, feeds)]
    translated = (product.titles.get(ask.language, ""), product.descriptions.get(ask.language, ""))
    texts += [(text, (ask.language,)) for text in translated]
    return frozenset(kind for text, languages in texts if text for kind in kinds(text, *languages))


def named_hits(ask: Ask, hits: list[Hit]) -> list[Hit]:
    if "named" not in ask.found:
        ask.found["named"] = named_among(ask, hits)
    return ask.found["named"]


def named_among(ask: Ask, hits: list[Hit]) -> list[Hit]:
    """The hits whose title names a kind of goods that the message names, or has most of the words that set it apart
    and is near to it as well. Of both where there are such; a thing of another kind than is named is never one."""
    if ask.query.text_vector is None:
        return []
    wanted = kinds_named(ask)
    # Sandals, where sandals are asked for; where there are none, what may be called shoes in general.
    sold = [hit for hit in hits if of_kind(ask, hit, wanted)] or [hit for hit in hits if _broader(ask, hit, wanted)]
    others = [hit for hit in hits if not of_other_kind(ask, hit, wanted)]
    # "The battery of the Aura Pro": of the batteries that are sold none is meant.
    spelt = _by_words(ask, others, without_kinds=True)
    tells = [hit for hit in spelt if hit not in sold and _tells_of(ask, hit, wanted)]
    both = [hit for hit in spelt if hit in sold]
    return both or tells or sold or _by_words(ask, others)


def of_kind(ask: Ask, hit: Hit, wanted: frozenset[str]) -> bool:
    return bool(wanted) and any(one in chain(kind) for kind in _is(ask, hit) for one in wanted)


def _broader(ask: Ask, hit: Hit, wanted: frozenset[str]) -> bool:
    return bool(wanted) and any(kind in chain(one) for kind in _is(ask, hit) for one in wanted)


def _is(ask: Ask, hit: Hit) -> frozenset[str]:
    return _goods(ask, hit)[0]


def _goods(ask: Ask, hit: Hit) -> tuple[frozenset[str], frozenset[str]]:
    """The kinds of goods that a hit is one of, and those that its text names; read once for all hits of a turn."""
    if hit.record not in ask.kinds:
        for product in ask.products([found.record for found in hits_of(ask)]):
            ask.kinds[product.sku] = (kinds_of(ask, product), told_by(ask, product))
    return ask.kinds.get(hit.record, (frozenset(), frozenset()))


def _tells_of(ask: Ask, hit: Hit, wanted: frozenset[str]) -> bool:
    """Whether the text of a hit names all that the message names. Who looks for a laptop wants no bag for one; but who
    looks for a paper lantern means the lamp that is called so."""
    if ask.query.intent in LOOKING - {"compare"}:
        called = kinds(hit.title, *dict.fromkeys((ask.language, ask.shop.language, "en")))
        return _all_in(called, wanted) and hit in _spelt(ask)
    return _all_in(_goods(ask, hit)[1], wanted)


def _all_in(told: frozenset[str], wanted: frozenset[str]) -> bool:
    return all(any(akin(kind, one) for one in told) for kind in wanted)


def _spelt(ask: Ask) -> list[Hit]:
    """The hits that share words with the message other than such as say of what kind a thing is."""
    if "spelt" not in ask.found:
        ask.found["spelt"] = _by_words(ask, hits_of(ask), without_kinds=True)
    return ask.found["spelt"]


def of_other_kind(ask: Ask, hit: Hit, wanted: frozenset[str]) -> bool:
    """Whether a hit is a thing of another kind than all that the message names, and says nothing of those."""
    mine = _is(ask, hit) if wanted else frozenset()
    if not mine or any(akin(kind, one) for kind in mine for one in wanted):
        return False
    return not _tells_of(ask, hit, wanted)


def _by_words(ask: Ask, hits: list[Hit], without_kinds: bool = False) -> list[Hit]:
    """The hits of whose title the message has most of the words that set it apart, and that it is near to as well.

    Args:
        without_kinds: words that only say of what kind a thing is do not count.
    """
    titles = [terms(hit.title) for hit in hits]
    # Variants share a title but for colour and size; what they share still sets them apart from the others.
    different = {frozenset(title) for title in titles}
    seen = Counter(term for title in different for term in title)
    rare = {term for term, times in seen.items() if times <= max(3, COMMON * len(different))}
    text = without_goods(ask.query.text, *languages_of(ask)) if without_kinds else ask.query.text
    words = {word for word in terms(text) - function_words() if colour_of(word) is None}
    shared = [
        sum(any(word[0] == term[0] and alike(word, term) for word in words) for term in title & rare)
        for title in titles
    ]
    most = max(shared, default=0)
    least = NAMED if ask.query.entities.limits is None else NAMED_WITHIN
    return [
        hit
        for hit, count in zip(hits, shared, strict=True)
        if count and count >= MOST_SHARED * most and (count > 1 or as_product(ask, hit) >= least)
    ]
