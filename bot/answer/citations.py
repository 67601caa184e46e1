"""Records as citations. A quote holds what the record says in its own words and numbers, and no personal data."""

from __future__ import annotations

from bot.messages import Card, Citation
from knowledge.logistics.lanes import told
from knowledge.records import Article, Duty, Order, Product, Shipment


def of_product(product: Product, language: str, *said: str) -> Citation:
    """`said` is what else of the record the reply repeats."""
    fields = (
        product.title,
        f"{product.price} {product.currency}",
        product.availability,
        product.brand,
        product.color,
        product.size,
        product.material,
        product.weight,
    )
    quote = "; ".join(dict.fromkeys(str(value) for value in (*fields, *said) if value))
    return Citation(product.sku, "product", product.title_in(language), quote, safe_link(product.link))


def of_order(order: Order, *said: str) -> Citation:
    """Without the customer's address, e-mail and phone. `said` is what else the reply says of it, by other records."""
    lines = "; ".join(f"{line.quantity} × {line.sku}, {line.unit_price} {order.currency}" for line in order.lines)
    return Citation(order.id, "order", order.id, "; ".join((order.placed_at.isoformat(), order.status, lines, *said)))


def of_shipment(shipment: Shipment, *said: str) -> Citation:
    """Where it goes, when it was promised, and its last event. `said` is what the reply says that was computed."""
    parts = [f"{shipment.carrier} {shipment.tracking_number or ''}".strip()]
    if shipment.origin and shipment.destination:
        parts.append(f"{shipment.origin} → {shipment.destination}")
    if shipment.incoterm:
        parts.append(shipment.incoterm)
    if shipment.promised_at:
        parts.append(f"promised {shipment.promised_at.isoformat()}")
    if events := told(shipment):
        last = events[-1]
        status = f"{last.status}:{last.customs}" if last.customs else last.status
        parts.append(" ".join(part for part in (last.time.isoformat(), status, last.location, last.text) if part))
    return Citation(shipment.id, "shipment", f"{shipment.carrier} {shipment.id}", "; ".join((*parts, *said)))


def of_article(article: Article, quote: str) -> Citation:
    """`quote` is the passage that the reply repeats, word for word."""
    return Citation(article.id, "article", article.title, quote)


def of_duty(duty: Duty, *said: str) -> Citation:
    """The row as the shop has it, with its dates and source. `said` is what the reply computes by it."""
    until = f" to {duty.valid_to.isoformat()}" if duty.valid_to else ""
    quote = (
        f"{duty.country}, from {duty.valid_from.isoformat()}{until}: de minimis {duty.de_minimis} {duty.currency}; "
        f"VAT {duty.vat_percent} %; {duty.rule}; {duty.source}"
    )
    name = f"duty:{duty.country}:{duty.valid_from.isoformat()}"
    return Citation(name, "duty", duty.source, "; ".join((quote, *said)))


def card(product: Product, language: str) -> Card:
    """The product as the widget shows it."""
    return Card(
        product.sku,
        product.title_in(language),
        str(product.price),
        product.currency,
        product.availability,
        f"/media/{product.image}" if product.image else None,
        safe_link(product.link),
    )


def safe_link(link: str | None) -> str | None:
    """The link where it is a web address; a feed may hold anything, javascript: included."""
    return link if link and link.startswith(("https://", "http://")) else None
