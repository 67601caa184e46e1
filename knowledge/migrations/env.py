"""Alembic runs this to migrate; the connection, with its transaction begun, is given (knowledge/opening.py)."""

from alembic import context

# SQLite can roll back a change of tables as well, once the transaction is begun before it.
context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
context.run_migrations()
