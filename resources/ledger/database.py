"""The ledger's database: connections, transactions with our retry, migration, rights."""

from __future__ import annotations

import fcntl
import hashlib
import os
import random
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from resources.ledger.errors import LedgerBusyError, LedgerError
from resources.ledger.schema import HEAD_REVISION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine

SHORTEST_WAIT = 0.0005
LONGEST_WAIT = 0.005
"""Seconds between tries. SQLite's own busy handler is unfair: waits of 7 to 10 s were measured with
four writers, and at most 29 ms with short random waits."""


class Database:
    """One database by URL; the engine opens at first use and never crosses a fork.

    Args:
        url: SQLAlchemy URL of a SQLite file.
        deadline_seconds: How long a transaction may wait for other writers.
    """

    def __init__(self, url: str, deadline_seconds: float) -> None:
        from sqlalchemy.engine import make_url

        self.url = make_url(url)
        self.deadline_seconds = deadline_seconds
        self._engine: Engine | None = None
        self._owner = 0
        if self.url.get_backend_name() != "sqlite" or self.url.database in {None, "", ":memory:"}:
            shown = self.url.render_as_string(hide_password=True)
            msg = (
                f"The ledger cannot live at {shown}. Give the URL of a file, "
                "sqlite:////path/ledger.sqlite."
            )
            raise LedgerError(msg)

    @property
    def file(self) -> Path:
        """The database file."""
        return Path(str(self.url.database))

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one consistent state."""
        with self._transaction("BEGIN") as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction with the only right to write; it commits at the end, or not at all."""
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    def migrate(self) -> None:
        """Bring the schema to this code's revision; harmless when several processes do so at once.

        Raises:
            LedgerError: The database cannot be written, or belongs to newer code.
        """
        with self._explained():
            self.file.parent.mkdir(parents=True, exist_ok=True)
        if self.revision() == HEAD_REVISION:
            return
        from alembic import command
        from alembic.config import Config
        from alembic.util import CommandError

        config = Config()
        config.set_main_option("script_location", "resources.ledger:migrations")
        with self.writing() as connection:
            config.attributes["connection"] = connection
            try:
                command.upgrade(config, "head")
            except CommandError as error:
                msg = (
                    f"The ledger {self.file} has a schema that this version does not know: "
                    f"{error}. "
                    "Install the version that wrote it, or a newer one."
                )
                raise LedgerError(msg) from error

    def revision(self) -> str | None:
        """The schema's revision, or None for a database without one."""
        from sqlalchemy import inspect, text

        with self.reading() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return None
            return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()

    @contextmanager
    def hold(self, key: str, deadline_seconds: float) -> Iterator[None]:
        """The only right, among all processes of this machine, to act on a key.

        The system takes it back when the holder dies, however it dies.

        Raises:
            LedgerBusyError: Somebody else held it longer than the deadline.
        """
        name = hashlib.sha256(key.encode()).hexdigest()
        path = self.file.with_name(f"{self.file.name}.locks") / name
        with self._explained():
            path.parent.mkdir(parents=True, exist_ok=True)
        until = time.monotonic() + deadline_seconds
        while (held := self._locked(path)) is None:
            if time.monotonic() > until:
                msg = (
                    f"Another process has acted on job {key} for more than {deadline_seconds} s. "
                    "Wait until it ends, or stop it, and run again."
                )
                raise LedgerBusyError(msg)
            _pause()
        try:
            yield
        finally:
            path.unlink(missing_ok=True)
            held.close()

    def _locked(self, path: Path) -> TextIO | None:
        with self._explained():
            stream = path.open("w")
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # The last holder removed the file: a lock on a removed file protects nothing.
            if path.stat().st_ino == os.fstat(stream.fileno()).st_ino:
                return stream
        except (BlockingIOError, FileNotFoundError):
            pass
        stream.close()
        return None

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[Connection]:
        from sqlalchemy.exc import SQLAlchemyError

        with self._explained():
            connection = self._begun(begin)
        try:
            yield connection
            with self._explained():
                connection.commit()
        except SQLAlchemyError as error:
            _quietly_rolled_back(connection)
            raise self._failed(error) from error
        except BaseException:
            _quietly_rolled_back(connection)
            raise
        finally:
            connection.close()

    def _begun(self, begin: str) -> Connection:
        """A connection whose transaction has begun, tried until the deadline."""
        import sqlite3

        from sqlalchemy.exc import OperationalError

        until = time.monotonic() + self.deadline_seconds
        while True:
            connection = None
            try:
                connection = self._open_engine().connect()
                connection.exec_driver_sql(begin)
                if begin == "BEGIN":  # a deferred transaction meets other writers at its first read
                    connection.exec_driver_sql("SELECT count(*) FROM sqlite_master")
            except (OperationalError, sqlite3.OperationalError) as error:
                if connection is not None:
                    _quietly_rolled_back(connection)
                    connection.close()
                if not _is_busy(error):
                    raise
                if time.monotonic() > until:
                    msg = (
                        f"The ledger {self.file} was locked for more than "
                        f"{self.deadline_seconds} s. End the program that holds it and run again."
                    )
                    raise LedgerBusyError(msg) from error
                _pause()
            else:
                return connection

    def _open_engine(self) -> Engine:
        from sqlalchemy import create_engine, event

        if self._engine is None or self._owner != os.getpid():
            # Autocommit leaves BEGIN to us, and timeout 0 leaves waiting to us.
            arguments = {"timeout": 0, "isolation_level": None}
            engine = create_engine(self.url, connect_args=arguments)
            event.listen(engine, "connect", _prepare)
            self._engine, self._owner = engine, os.getpid()
        return self._engine

    @contextmanager
    def _explained(self) -> Iterator[None]:
        import sqlite3

        from sqlalchemy.exc import SQLAlchemyError

        try:
            yield
        except (OSError, SQLAlchemyError, sqlite3.Error) as error:
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> LedgerError:
        reason = getattr(error, "orig", None) or error
        msg = (
            f"The ledger {self.file} cannot be used: {reason}. "
            "Give it a writable place with free space and run again; nothing acknowledged is lost."
        )
        return LedgerError(msg)


def _prepare(connection: object, record: object) -> None:
    """Settings of every new SQLite connection."""
    del record
    cursor = connection.cursor()  # pyright: ignore[reportAttributeAccessIssue] - a DBAPI connection
    try:
        cursor.execute("PRAGMA busy_timeout = 0")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
    finally:
        cursor.close()


def _is_busy(error: Exception) -> bool:
    text = str(getattr(error, "orig", None) or error)
    return "locked" in text or "busy" in text


def _quietly_rolled_back(connection: Connection) -> None:
    """Take a transaction back; SQLite has often done so itself after an error."""
    import sqlite3

    from sqlalchemy.exc import SQLAlchemyError

    try:
        connection.rollback()
    except (SQLAlchemyError, sqlite3.Error):
        connection.invalidate()


def _pause() -> None:
    time.sleep(random.uniform(SHORTEST_WAIT, LONGEST_WAIT))  # noqa: S311 - jitter, not a secret
