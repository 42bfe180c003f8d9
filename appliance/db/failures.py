"""What the database and its libraries complain of, in the words of our error family."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from appliance.errors import NO_ROOM, ConflictError, UnavailableError, sentence

NO_ANSWER = sentence("The database is not responding. Nothing was changed.")
DISK_FULL = "53100"
ONLY_READING = "25006"
"""PostgreSQL's codes for them."""


@contextmanager
def translated() -> Generator[None]:
    """Raise what the libraries raise in the block as errors of our family.

    Errors:
        ConflictError: somebody else did the same thing at the same moment.
        UnavailableError: the database does not answer, or its disk is full.
    """
    try:
        yield
    except IntegrityError as error:
        raise ConflictError(
            "Somebody else changed this at the same moment. Reload and try again."
        ) from error
    except (OperationalError, PoolTimeoutError) as error:
        if wrote_while_reading(error):
            raise  # Our own mistake, and no matter of waiting.
        if _has_no_room(error):
            raise UnavailableError(NO_ROOM) from error
        raise UnavailableError(NO_ANSWER) from error
    except DBAPIError as error:
        if _has_no_room(error):
            raise UnavailableError(NO_ROOM) from error
        if error.connection_invalidated or isinstance(error.orig, sqlite3.Error):
            raise UnavailableError(NO_ANSWER) from error
        raise


def wrote_while_reading(error: SQLAlchemyError) -> bool:
    """Whether a transaction that may only read was asked to write: a mistake of our own."""
    cause = error.orig if isinstance(error, DBAPIError) else None
    if getattr(cause, "sqlstate", None) == ONLY_READING:
        return True
    code = getattr(cause, "sqlite_errorcode", None)  # A driver's own complaints have none.
    return code == sqlite3.SQLITE_READONLY


def _has_no_room(error: SQLAlchemyError) -> bool:
    """Whether a disk is full. Source: sqlite.org/rescode.html; PostgreSQL, appendix A."""
    cause = error.orig if isinstance(error, DBAPIError) else None
    if isinstance(cause, sqlite3.Error):
        # The write-ahead log and its index say what the disk says: that writing failed.
        return (getattr(cause, "sqlite_errorcode", 0) or 0) & 0xFF in {
            sqlite3.SQLITE_FULL,
            sqlite3.SQLITE_IOERR,
        }
    return getattr(cause, "sqlstate", None) == DISK_FULL
