"""Writing many records of which one may be refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.exc import DataError, IntegrityError

from ..const import LOGGER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sqlalchemy.engine import Connection

# What lies in the record, and would be the same at every try. A driver raises ValueError itself for
# a text that it cannot encode, OverflowError for a number that no column holds.
_REFUSED = (DataError, IntegrityError, ValueError, OverflowError)


def write_each[T](
    connection: Connection, records: Iterable[T], write: Callable[[Connection, T], None]
) -> None:
    """Write each record; one that the database refuses is set aside, said, and holds up no other.

    Args:
        connection: in a transaction.
        records: what to write.
        write: writes one.

    Raises SQLAlchemyError where the database itself is at fault: then nothing is written.

    """
    for record in records:
        try:
            with connection.begin_nested():
                write(connection, record)
        except _REFUSED as err:
            reason = str(getattr(err, "orig", None) or err)
            LOGGER.error("The database refuses %r, which is set aside: %s", record, reason)
