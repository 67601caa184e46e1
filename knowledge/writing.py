"""Records into the tables: staged in chunks beside them, then settled in one transaction.

What is staged lies in temporary tables, which SQLite keeps in a file that is gone with the process. So a feed of any
length takes little memory, whatever is wrong with it is known before a table is touched, and nobody waits for a lock
while a feed is read or its pictures are fetched; what is settled is set against set, and takes seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Literal, TypeVar

import msgspec
import sqlalchemy as sa

from knowledge.records import Refused
from knowledge.tables import GENERATIONS, IDENTIFIERS, IMPORTS, MOST_AT_ONCE, SHAPES, Changes, Key, Row

Record = TypeVar("Record")
Named = Literal["product", "order", "shipment"]


class Imported(msgspec.Struct, frozen=True):
    """A feed as it was imported: a digest of all that decides what is read from it, and the rows that were refused.

    `refused` may still grow until the records were all taken; `taken` is how many those were.
    """

    digest: str
    refused: list[Refused]
    taken: int = 0


def staging(table: sa.Table, *more: sa.Column[Any]) -> sa.Table:
    """A temporary table for rows of `table`, with further columns."""
    columns = [sa.Column(c.name, c.type, primary_key=c.primary_key) for c in table.columns]
    return sa.Table(f"staged_{table.name}", sa.MetaData(), *columns, *more, prefixes=["TEMPORARY"])


STAGED_NAMES = sa.Table(
    "staged_names",
    sa.MetaData(),
    sa.Column("identifier", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True, index=True),
    prefixes=["TEMPORARY"],
)


def put(
    engine: sa.Engine,
    staged: sa.Table,
    fill: Callable[[sa.Connection], None],
    settle: Callable[[sa.Connection], Changes],
    kind: str,
    imported: Imported | None,
) -> Changes:
    """Lets `fill` fill `staged` and STAGED_NAMES, and `settle` bring the tables there in one transaction.

    Whatever either raises, the tables are as they were.
    """
    temporary = (staged, STAGED_NAMES)
    with engine.connect() as connection:
        with connection.execution_options(stages=True).begin():
            for table in temporary:
                table.create(connection, checkfirst=False)
            fill(connection)
        try:
            with connection.execution_options(stages=False, writes=True).begin():
                changes = settle(connection)
                note(connection, kind, imported, changes)
        finally:
            with connection.execution_options(writes=False).begin():
                for table in temporary:
                    table.drop(connection, checkfirst=False)
    return changes


def stage(
    connection: sa.Connection,
    staged: sa.Table,
    records: Iterable[Record],
    *,
    key_of: Callable[[Record], Key],
    row_of: Callable[[Record], Row],
    decode: Callable[[bytes], Record],
    fold: Callable[[Record, Record], Record] = lambda _earlier, later: later,
    names_of: Callable[[Record], Iterable[str]] = lambda _record: (),
) -> None:
    """Puts records into `staged` and what they may be called into STAGED_NAMES; `fold` makes one record of two that
    have the same key."""
    for chunk in _chunks(records, MOST_AT_ONCE):
        keys = [key_of(record) for record in chunk]
        before = stored(connection, staged, keys)
        now = {key: decode(record) for key, record in before.items()}
        for key, record in zip(keys, chunk, strict=True):
            now[key] = fold(now[key], record) if key in now else record
        upsert(connection, staged, map(row_of, now.values()), before)
        if before:
            forget = sa.delete(STAGED_NAMES).where(STAGED_NAMES.c.key == sa.bindparam("at"))
            connection.execute(forget, [{"at": key[0]} for key in before])
        names = [{"identifier": name, "key": key[0]} for key, record in now.items() for name in names_of(record)]
        if names:
            connection.execute(sa.insert(STAGED_NAMES), names)


def _chunks(records: Iterable[Record], most: int) -> Iterator[list[Record]]:
    waiting = iter(records)
    while chunk := list(islice(waiting, most)):
        yield chunk


def settle(connection: sa.Connection, table: sa.Table, staged: sa.Table, *, all_there_is: bool) -> Changes:
    """Adds what is staged to `table`, or updates it there.

    With `all_there_is`, for a table with a `retired` column: what is not staged is retired, and what was retired and
    is staged comes back, which counts as updated.
    """
    key = [column.name for column in table.primary_key]
    here = [table.c[name] == staged.c[name] for name in key]
    names = [column.name for column in table.columns]
    new = sa.select(*(staged.c[name] for name in names)).where(~sa.exists().where(*here))
    differs = table.c.record != staged.c.record
    if all_there_is:
        differs |= table.c.retired
    # Updated before added, or all that was added would be looked at again.
    change = sa.update(table).where(*here, differs).values({table.c[n]: staged.c[n] for n in names if n not in key})
    updated = connection.execute(change).rowcount
    add = sa.insert(table).from_select(names, new.order_by(*(staged.c[name] for name in key)), include_defaults=False)
    added = connection.execute(add).rowcount
    retired = 0
    if all_there_is:
        retire = sa.update(table).where(~table.c.retired, ~sa.exists().where(*here)).values(retired=True)
        retired = connection.execute(retire).rowcount
    total = connection.execute(sa.select(sa.func.count()).select_from(staged)).scalar_one()
    if all_there_is and (added or updated or retired):
        _count(connection, table.name)
    return Changes(added, updated, total - added - updated, retired)


def settle_names(connection: sa.Connection, kind: Named, *, all_there_are: bool) -> None:
    """Makes the staged names what these records may be called, in place of what they were called before; with
    `all_there_are`, records whose names are not staged have none any more."""
    same = (STAGED_NAMES.c.identifier == IDENTIFIERS.c.identifier, STAGED_NAMES.c.key == IDENTIFIERS.c.key)
    forget = sa.delete(IDENTIFIERS).where(IDENTIFIERS.c.kind == kind, ~sa.exists().where(*same))
    if not all_there_are:
        forget = forget.where(IDENTIFIERS.c.key.in_(sa.select(STAGED_NAMES.c.key)))
    connection.execute(forget)
    new = sa.select(STAGED_NAMES.c.identifier, sa.literal(kind), STAGED_NAMES.c.key)
    new = new.where(~sa.exists().where(*same, IDENTIFIERS.c.kind == kind))
    connection.execute(sa.insert(IDENTIFIERS).from_select(["identifier", "kind", "key"], new))


def stored(connection: sa.Connection, table: sa.Table, keys: Sequence[Key]) -> dict[Key, bytes]:
    """The records at these keys, at most MOST_AT_ONCE."""
    columns = list(table.primary_key)
    at = columns[0].in_([key[0] for key in keys]) if len(columns) == 1 else sa.tuple_(*columns).in_(keys)
    return {tuple(row[:-1]): row.record for row in connection.execute(sa.select(*columns, table.c.record).where(at))}


def upsert(connection: sa.Connection, table: sa.Table, rows: Iterable[Row], before: Mapping[Key, bytes]) -> Changes:
    """Inserts the rows that are new and updates those that differ from `before`, the records by key."""
    names = [column.name for column in table.primary_key]
    new, changed, unchanged = [], [], 0
    for row in rows:
        record = before.get(tuple(row[name] for name in names))
        if record is None:
            new.append(row)
        elif record != row["record"]:
            changed.append({**row, **{f"at_{name}": row[name] for name in names}})
        else:
            unchanged += 1
    if new:
        connection.execute(sa.insert(table), new)
    if changed:
        at_key = (column == sa.bindparam(f"at_{column.name}") for column in table.primary_key)
        connection.execute(sa.update(table).where(*at_key), changed)
    return Changes(len(new), len(changed), unchanged)


def rename(connection: sa.Connection, kind: Named, names: Mapping[str, Iterable[str]]) -> None:
    """Makes `names` what these records may be called, in place of what they were called before."""
    forget = sa.delete(IDENTIFIERS).where(IDENTIFIERS.c.kind == kind, IDENTIFIERS.c.key == sa.bindparam("at_key"))
    if names:
        connection.execute(forget, [{"at_key": key} for key in names])
    rows = [{"identifier": name, "kind": kind, "key": key} for key, all_of_it in names.items() for name in all_of_it]
    if rows:
        connection.execute(sa.insert(IDENTIFIERS), rows)


def add_shapes(connection: sa.Connection, shapes: set[str]) -> None:
    """Remembers what codes look like."""
    new = shapes - {""} - set(connection.execute(sa.select(SHAPES.c.shape)).scalars())
    if new:
        connection.execute(sa.insert(SHAPES), [{"shape": shape} for shape in sorted(new)])


def note(connection: sa.Connection, kind: str, imported: Imported | None, changes: Changes) -> None:
    """Remembers which feed a table holds now; None: something else was written than a feed as it stands."""
    connection.execute(sa.delete(IMPORTS).where(IMPORTS.c.kind == kind))
    if imported is not None:
        taken = changes.added + changes.updated + changes.unchanged
        refused = msgspec.json.encode(imported.refused)
        row = {"kind": kind, "digest": imported.digest, "taken": taken, "refused": refused}
        connection.execute(sa.insert(IMPORTS), row)


def _count(connection: sa.Connection, name: str) -> None:
    raised = sa.update(GENERATIONS).where(GENERATIONS.c.name == name).values(number=GENERATIONS.c.number + 1)
    if connection.execute(raised).rowcount == 0:
        connection.execute(sa.insert(GENERATIONS), {"name": name, "number": 1})
