"""A database made ready: how it is connected to, and its tables brought to this version."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from knowledge.tables import META

VERSION = "2"  # the newest of migrations/versions
UNVERSIONED = "1"  # what a database is that has our tables and no version

_VERSIONS = sa.Table("alembic_version", sa.MetaData(), sa.Column("version_num", sa.String(32), primary_key=True))
_LOCK = 0x62616265  # PostgreSQL's advisory locks go by number; any that nobody else takes
_alembic = threading.Lock()  # Alembic keeps what it works on in module globals


class UnknownVersion(Exception):
    """The database was written by a newer program; `str` tells."""


def connected(url: str) -> sa.Engine:
    """An engine on a database that has this version's tables.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: it can't be opened, or is no database.
        UnknownVersion: a newer program wrote it.
    """
    engine = sa.create_engine(url)
    if engine.dialect.name == "sqlite":
        _set_up_sqlite(engine)
    with engine.connect() as connection:
        version = _version(connection)
    if version != VERSION:
        with engine.execution_options(writes=True).begin() as connection:
            _bring_up(connection)
    return engine


def _version(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table(_VERSIONS.name):
        return None
    return connection.execute(sa.select(_VERSIONS)).scalar()


def _bring_up(connection: sa.Connection) -> None:
    """Makes or migrates the tables, in the transaction that `connection` is in. Of two at once, one does it."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    version = _version(connection)
    if version is None and not sa.inspect(connection).has_table("products"):
        META.create_all(connection)
        _VERSIONS.create(connection)
        connection.execute(sa.insert(_VERSIONS), {"version_num": VERSION})
    elif version != VERSION:
        _migrate(connection, version)


def _migrate(connection: sa.Connection, version: str | None) -> None:
    # Importing Alembic takes as long as everything else here together: only a database of another version pays for it.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    with _alembic:
        if version is None:
            command.stamp(config, UNVERSIONED)
        try:
            command.upgrade(config, VERSION)
        except CommandError:
            raise UnknownVersion(
                f"The database has tables of version {version}, which this program (version {VERSION}) does not know."
            ) from None


def _set_up_sqlite(engine: sa.Engine) -> None:
    """WAL, full syncs and foreign keys on every connection, and transactions that are begun here.

    The driver would begin a writing transaction only at its first write, after it has read: another process may have
    written between the two, and SQLite then refuses. A read is one statement and needs no transaction. What only
    fills temporary tables takes no lock that others could wait for.
    """

    @sa.event.listens_for(engine, "connect")
    def connected(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "busy_timeout=60000",  # ms; a large import writes for some seconds
            "cache_size=-32000",  # KiB
            "journal_size_limit=64000000",  # bytes that the log keeps once a large import is through
        ):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def begun(connection: sa.Connection) -> None:
        options = connection.get_execution_options()
        if options.get("writes"):
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        elif options.get("stages"):
            connection.exec_driver_sql("BEGIN")
