"""Truthful rewritings of our phrases, written by hand as a good model might, to see how many of them are refused.

Each: the language, the phrase's key and what stands in its places, and the rewriting. They were written before the
check was tried on them, and it was not changed for them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from bot.phrasebook import Phrasebook, country, day, money, percent

TITLES = {
    "en": "Enamel mug", "de": "Emaillebecher", "es": "Taza esmaltada", "fr": "Tasse émaillée", "zh": "搪瓷杯",
    "ru": "Эмалированная кружка", "ar": "كوب مينا", "ja": "ホーローマグ",
}  # fmt: skip
_WHEN = date(2026, 11, 8)

REWRITTEN: tuple[tuple[str, str, str], ...] = (
    ("en", "product.line", "{title} costs {price} and is {availability}."),
    ("en", "product.line", "The {title} is {availability} at {price}."),
    ("en", "product.in_stock", "Good news: the {title} is in stock."),
    ("en", "shipment.InTransit", "Your parcel is on its way with {carrier}."),
    ("en", "shipment.InTransit", "{carrier} is currently carrying your parcel."),
    ("en", "shipment.Delivered", "Your parcel has been delivered by {carrier}."),
    ("en", "shipment.promised", "It is promised for {date}."),
    ("en", "shipment.number", "Your tracking number is {number}."),
    ("en", "customs.vat", "In {country}, import VAT or sales tax is {percent}."),
    ("de", "product.line", "{title}: {price}, aktuell {availability}."),
    ("de", "product.line", "Der {title} kostet {price} und ist {availability}."),
    ("de", "product.in_stock", "Ja, „{title}“ ist vorrätig."),
    ("de", "shipment.Delivered", "{carrier} hat Ihr Paket zugestellt."),
    ("de", "shipment.Delivered", "Ihr Paket wurde von {carrier} zugestellt."),
    ("de", "shipment.number", "Ihre Sendungsnummer lautet {number}."),
    ("de", "shipment.promised", "Die Lieferung ist für den {date} zugesagt."),
    ("es", "product.line", "{title} cuesta {price} y está {availability}."),
    ("es", "product.in_stock", "Sí, {title} está en stock."),
    ("es", "shipment.Delivered", "{carrier} ha entregado su paquete."),
    ("es", "shipment.promised", "La entrega está prometida para el {date}."),
    ("es", "shipment.number", "Su número de seguimiento es {number}."),
    ("fr", "product.line", "{title} coûte {price} et est {availability}."),
    ("fr", "product.priced", "L'article « {title} » est au prix de {price}."),
    ("fr", "shipment.Delivered", "{carrier} a livré votre colis."),
    ("fr", "shipment.number", "Voici votre numéro de suivi : {number}."),
    ("fr", "customs.vat", "En {country}, la TVA à l'importation ou taxe sur les ventes est de {percent}."),
    ("ru", "product.line", "{title} стоит {price}, {availability}."),
    ("ru", "product.priced", "Цена товара «{title}» — {price}."),
    ("ru", "shipment.Delivered", "Служба {carrier} доставила вашу посылку."),
    ("ru", "shipment.number", "Ваш номер для отслеживания: {number}."),
    ("ru", "shipment.customs_held", "К сожалению, таможня задержала вашу посылку."),
    ("zh", "product.line", "{title}的价格是{price}，目前{availability}。"),
    ("zh", "product.priced", "您好，这款{title}的售价是{price}。"),
    ("zh", "product.in_stock", "您好，{title}目前有现货。"),
    ("zh", "shipment.number", "您的运单号是{number}。"),
    ("zh", "shipment.customs_held", "您的包裹目前被海关扣留。"),
    ("ar", "product.priced", "سعر «{title}» هو {price}."),
    ("ar", "product.in_stock", "نعم، المنتج «{title}» متوفر حاليًا."),
    ("ar", "shipment.number", "رقم التتبع الخاص بطلبكم: {number}."),
    ("ar", "shipment.Delivered", "تم تسليم طردكم بواسطة {carrier}."),
    ("ja", "product.priced", "{title} の価格は {price} でございます。"),
    ("ja", "product.in_stock", "はい、{title} は在庫がございます。"),
    ("ja", "shipment.number", "お客様の追跡番号は {number} です。"),
    ("ja", "shipment.customs_held", "お荷物は現在、税関で留め置かれています。"),
)


def pairs(phrases: Phrasebook) -> Iterator[tuple[str, str, str]]:
    """The language, the line of the plan, and its rewriting."""
    for language, key, written in REWRITTEN:
        given = {
            "title": TITLES[language],
            "price": money(Decimal("12.50"), "EUR", language),
            "availability": phrases.say(language, "availability.in_stock"),
            "carrier": "Postnord",
            "date": day(_WHEN, language),
            "number": "RR123456785DE",
            "country": country("CA", language),
            "percent": percent(Decimal(5), language),
        }
        yield language, phrases.say(language, key, **given), written.format(**given)
