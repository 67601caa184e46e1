"""Shipments by lane, status and last event; orders by time; what was imported; pictures by their places."""

from datetime import datetime

import msgspec
import sqlalchemy as sa
from alembic import op

revision = "2"
down_revision = "1"

_AT_ONCE = 500


class _Event(msgspec.Struct):
    time: datetime
    status: str


class _Shipment(msgspec.Struct):
    """What the new columns take from a record. Not records.Shipment: that may change, this change of tables may not."""

    carrier: str
    origin: str | None = None
    destination: str | None = None
    events: list[_Event] = []


def upgrade() -> None:
    """Adds the columns, fills them from the records, and makes the indexes and the new tables."""
    op.add_column("shipments", sa.Column("carrier", sa.Text, nullable=False, server_default=""))
    op.add_column("shipments", sa.Column("origin", sa.Text))
    op.add_column("shipments", sa.Column("destination", sa.Text))
    op.add_column("shipments", sa.Column("status", sa.Text, nullable=False, server_default="Pending"))
    op.add_column("shipments", sa.Column("last_event", sa.Float, nullable=False, server_default="0"))
    _fill(op.get_bind())
    op.create_index("shipments_lane", "shipments", ["origin", "destination", "last_event"])
    op.create_index("shipments_carrier_lane", "shipments", ["carrier", "origin", "destination", "last_event"])
    op.create_index("shipments_status", "shipments", ["status", "key"])
    op.create_index("orders_newest", "orders", ["placed", "key"])
    op.create_table(
        "imports",
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("taken", sa.Integer, nullable=False),
        sa.Column("refused", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "pictures",
        sa.Column("place", sa.Text, primary_key=True),
        sa.Column("record", sa.LargeBinary, nullable=False),
        sa.Column("used", sa.Integer, nullable=False),
    )


def _fill(connection: sa.Connection) -> None:
    names = ("key", "record", "carrier", "origin", "destination", "status", "last_event")
    shipments = sa.table("shipments", *(sa.column(name) for name in names))
    page = (
        sa.select(shipments.c.key, shipments.c.record)
        .where(shipments.c.key > sa.bindparam("after"))
        .order_by(shipments.c.key)
        .limit(_AT_ONCE)
    )
    fill = sa.update(shipments).where(shipments.c.key == sa.bindparam("at"))
    fill = fill.values({name: sa.bindparam(name) for name in names[2:]})
    decode = msgspec.json.Decoder(_Shipment).decode
    after = ""
    while rows := connection.execute(page, {"after": after}).all():
        connection.execute(fill, [{"at": row.key, **_columns(decode(row.record))} for row in rows])
        after = rows[-1].key


def _columns(shipment: _Shipment) -> dict[str, object]:
    last = shipment.events[-1] if shipment.events else None
    return {
        "carrier": " ".join(shipment.carrier.casefold().split()),
        "origin": shipment.origin,
        "destination": shipment.destination,
        "status": last.status if last else "Pending",
        "last_event": last.time.timestamp() if last else 0.0,
    }
