"""Data folders of former versions are opened and brought up; opening one that is current costs next to nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import alembic.autogenerate
import alembic.config
import alembic.migration
import alembic.script
import pytest
import sqlalchemy as sa

from knowledge import opening
from knowledge.records import Shipment
from knowledge.store import Store, UnknownVersion
from knowledge.tables import META
from tests.knowledge.test_store import MUG, event, order

# The tables of a database before there were versions, as SQLite told them.
UNVERSIONED = """
CREATE TABLE products ("key" TEXT NOT NULL, variant_group TEXT, brand TEXT, color TEXT, size TEXT, category TEXT,
    retired BOOLEAN NOT NULL, record BLOB NOT NULL, PRIMARY KEY ("key"));
CREATE INDEX ix_products_variant_group ON products (variant_group);
CREATE TABLE articles ("key" TEXT NOT NULL, language TEXT NOT NULL, retired BOOLEAN NOT NULL, record BLOB NOT NULL,
    PRIMARY KEY ("key", language));
CREATE TABLE orders ("key" TEXT NOT NULL, customer TEXT NOT NULL, placed FLOAT NOT NULL, shipment TEXT,
    record BLOB NOT NULL, PRIMARY KEY ("key"));
CREATE INDEX ix_orders_shipment ON orders (shipment);
CREATE INDEX ix_orders_customer ON orders (customer);
CREATE TABLE shipments ("key" TEXT NOT NULL, record BLOB NOT NULL, PRIMARY KEY ("key"));
CREATE TABLE duties (country TEXT NOT NULL, valid_from DATE NOT NULL, valid_to DATE, record BLOB NOT NULL,
    PRIMARY KEY (country, valid_from));
CREATE TABLE identifiers (identifier TEXT NOT NULL, kind TEXT NOT NULL, "key" TEXT NOT NULL,
    PRIMARY KEY (identifier, kind, "key"));
CREATE INDEX identifiers_of ON identifiers (kind, "key");
CREATE TABLE shapes (shape TEXT NOT NULL, PRIMARY KEY (shape));
CREATE TABLE generations (name TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (name));
"""
PARCEL = (
    b'{"id":"%s","carrier":"China  Post \\u4e2d\\u56fd","tracking_number":"RR1","origin":"CN","destination":"SA",'
    b'"incoterm":null,"promised_at":null,"events":[{"time":"2026-11-04T08:00:00+09:00","status":"InTransit",'
    b'"customs":null,"location":"\\u4e0a\\u6d77","text":""},{"time":"2026-11-0%dT08:00:00+09:00","status":"%s",'
    b'"customs":null,"location":"","text":"\\u062a\\u0645"}]}'
)
EMPTY = b'{"id":"T-1","carrier":"DHL","tracking_number":null,"origin":null,"destination":null,"incoterm":null,'
EMPTY += b'"promised_at":null,"events":[]}'


@pytest.fixture
def old(tmp_path: Path) -> str:
    """The URL of a database without a version, with 1202 shipments."""
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        for statement in UNVERSIONED.split(";"):
            if statement.strip():
                connection.exec_driver_sql(statement)
        rows = [(f"S-{n:04}", PARCEL % (b"S-%04d" % n, 5 + n % 3, b"InTransit")) for n in range(1200)]
        rows += [("D-1", PARCEL % (b"D-1", 9, b"Delivered")), ("T-1", EMPTY)]
        connection.exec_driver_sql('INSERT INTO shipments ("key", record) VALUES (?, ?)', rows)
    engine.dispose()
    return url


def test_an_old_database_is_opened_and_its_shipments_are_found_by_lane(old: str) -> None:
    for store in (Store(old), Store(old)):
        latest = store.recent_shipments("china post 中国", "CN", "SA", most=400)
        assert latest[0].id == "D-1" and len(latest) == 400
        assert {s.events[-1].time.day for s in latest[1:]} == {7}
        assert sum(1 for _ in store.open_shipments()) == 1201
        store.close()
    store = Store(old)
    store.put_products([MUG])
    store.put_orders([order("Q-1", shipment="D-1")])
    store.put_shipments([Shipment(id="D-1", carrier="DHL", events=(event(12),))])
    kept = store.shipment("D-1")
    assert kept is not None and len(kept.events) == 3 and kept.tracking_number == "RR1"
    store.close()


def _schema(engine: sa.Engine) -> dict[str, object]:
    looked = sa.inspect(engine)
    return {
        table: (
            sorted((c["name"], str(c["type"]), c["nullable"], str(c["default"])) for c in looked.get_columns(table)),
            looked.get_pk_constraint(table)["constrained_columns"],
            sorted((i["name"], tuple(i["column_names"])) for i in looked.get_indexes(table)),
        )
        for table in looked.get_table_names()
    }


def test_a_database_brought_up_is_as_one_made_new(old: str, tmp_path: Path) -> None:
    Store(old).close()
    new = f"sqlite:///{tmp_path / 'new.db'}"
    Store(new).close()
    engines = [sa.create_engine(url) for url in (old, new)]
    assert _schema(engines[0]) == _schema(engines[1])
    with engines[0].connect() as connection:
        context = alembic.migration.MigrationContext.configure(connection)
        missing = [step for step in alembic.autogenerate.compare_metadata(context, META) if step[0] != "remove_table"]
        assert not missing, "tables.py was changed without a migration"
        assert context.get_current_revision() == opening.VERSION
    for engine in engines:
        engine.dispose()
    config = alembic.config.Config()
    config.set_main_option("script_location", str(Path(opening.__file__).with_name("migrations")))
    assert alembic.script.ScriptDirectory.from_config(config).get_current_head() == opening.VERSION


def test_the_migrations_make_everything_from_nothing(tmp_path: Path) -> None:
    made, new = (f"sqlite:///{tmp_path / name}" for name in ("made.db", "new.db"))
    engine = sa.create_engine(made)
    with engine.begin() as connection:
        opening._migrate(connection, "")
    Store(new).close()
    other = sa.create_engine(new)
    assert _schema(engine) == _schema(other)
    engine.dispose()
    other.dispose()


OPEN = """
import sys
from knowledge.store import Store
store = Store(sys.argv[1])
print(sum(1 for _ in store.open_shipments()), "alembic" in sys.modules)
"""


def test_two_processes_may_open_an_old_one_at_once(old: str) -> None:
    command = [sys.executable, "-c", OPEN, old]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    said = [process.communicate(timeout=60) for process in both]
    assert {(out.split()[0], err) for out, err in said} == {("1201", "")}
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["1201", "False"], "a current one is opened without Alembic, which is slow to import"


def test_a_migration_that_breaks_off_leaves_the_old_tables(old: str) -> None:
    with sa.create_engine(old).begin() as connection:
        connection.exec_driver_sql("UPDATE shipments SET record = x'7b' WHERE key = 'S-1100'")
    with pytest.raises(Exception, match="truncated"):
        Store(old)
    engine = sa.create_engine(old)
    assert {c["name"] for c in sa.inspect(engine).get_columns("shipments")} == {"key", "record"}
    assert "alembic_version" not in sa.inspect(engine).get_table_names()
    engine.dispose()


def test_a_database_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    Store(url).close()
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '999'")
    engine.dispose()
    with pytest.raises(UnknownVersion, match="999"):
        Store(url)
