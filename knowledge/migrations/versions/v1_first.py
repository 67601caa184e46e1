"""The tables as they were before they had versions. A database of that time is stamped with this."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "1"
down_revision = None


def upgrade() -> None:
    """Makes the tables."""
    key, record = ("key", sa.Text), ("record", sa.LargeBinary)
    _make(
        "products",
        [key],
        *(sa.Column(name, sa.Text) for name in ("variant_group", "brand", "color", "size", "category")),
        sa.Column("retired", sa.Boolean, nullable=False),
        sa.Column(*record, nullable=False),
    )
    retired = sa.Column("retired", sa.Boolean, nullable=False)
    _make("articles", [key, ("language", sa.Text)], retired, sa.Column(*record, nullable=False))
    _make(
        "orders",
        [key],
        sa.Column("customer", sa.Text, nullable=False),
        sa.Column("placed", sa.Float, nullable=False),
        sa.Column("shipment", sa.Text),
        sa.Column(*record, nullable=False),
    )
    _make("shipments", [key], sa.Column(*record, nullable=False))
    duty = [("country", sa.Text), ("valid_from", sa.Date)]
    _make("duties", duty, sa.Column("valid_to", sa.Date), sa.Column(*record, nullable=False))
    _make("identifiers", [("identifier", sa.Text), ("kind", sa.Text), key])
    _make("shapes", [("shape", sa.Text)])
    _make("generations", [("name", sa.Text)], sa.Column("number", sa.Integer, nullable=False))
    op.create_index("ix_products_variant_group", "products", ["variant_group"])
    op.create_index("ix_orders_customer", "orders", ["customer"])
    op.create_index("ix_orders_shipment", "orders", ["shipment"])
    op.create_index("identifiers_of", "identifiers", ["kind", "key"])


def _make(name: str, key: list[tuple[str, type[sa.Text | sa.Date]]], *columns: sa.Column[Any]) -> None:
    op.create_table(name, *(sa.Column(*column, primary_key=True) for column in key), *columns)
