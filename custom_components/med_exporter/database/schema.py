"""The integration's own tables in the recorder's database.

The recorder's migrations, purge and repack leave tables alone that they do not know, so rows
there live until this integration removes them.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

from sqlalchemy import insert, inspect, select, update

from ..engine.database.own_tables import versions_table
from .migration import NewerFormatError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

    from sqlalchemy import MetaData
    from sqlalchemy.engine import Connection, Engine

    from .migration import Step


_SCHEMAS: Final[list[Schema]] = []


def forget_schemas(engine: Engine) -> None:
    """Look all tables of a database up again, since they are dropped."""
    for schema in _SCHEMAS:
        schema.forget(engine)


def _look_up_all(connection: Connection) -> None:
    """Note of all components whether a database has their tables as described now."""
    tables = set(inspect(connection).get_table_names())
    if versions_table.name not in tables:
        return
    columns = versions_table.c
    rows = connection.execute(select(columns.component, columns.version))
    versions = dict(rows.tuples().all())
    for schema in _SCHEMAS:
        schema.note_if_there(connection.engine, tables, versions)


class Schema:
    """The tables of one component, and their version.

    What a database holds is looked up once, for all components together. The recorder makes a new
    engine for a new database, as after a corruption; all is looked up again then.

    Args:
        component: its name in the table of versions.
        version: of the tables as they are described now.
        metadata: the tables.
        needs: another component's schema, whose tables are worked on as well.
        migrations: what brings the tables from a version to the next one, by the version that it
            begins with. All versions before the present one are there.

    """

    def __init__(
        self,
        component: str,
        version: int,
        metadata: MetaData,
        *,
        needs: Schema | None = None,
        migrations: Mapping[int, Step] | None = None,
    ) -> None:
        self.component = component
        self.version = version
        self._metadata = metadata
        self._needs = needs
        self._migrations = migrations or {}
        self._ready: WeakKeyDictionary[Engine, bool] = WeakKeyDictionary()
        _SCHEMAS.append(self)

    @property
    def components(self) -> tuple[str, ...]:
        """Return the component, and all whose tables are worked on as well."""
        return (self.component, *(() if self._needs is None else self._needs.components))

    def is_ready(self, engine: Engine) -> bool:
        """Tell whether the tables of a database are known to be there, as described now."""
        return engine in self._ready and (self._needs is None or self._needs.is_ready(engine))

    def look_up(self, connection: Connection) -> bool:
        """Tell whether the tables are there, as described now, by what is committed.

        A start asks for the tables of all components; one look tells of all that are there.
        """
        if not self.is_ready(connection.engine):
            _look_up_all(connection)
        return self.is_ready(connection.engine)

    def note_ready(self, engine: Engine) -> None:
        """Note that what `prepare` has done is committed."""
        self._ready[engine] = True
        if self._needs is not None:
            self._needs.note_ready(engine)

    def forget(self, engine: Engine) -> None:
        """Look the tables of a database up again, since something failed on it."""
        self._ready.pop(engine, None)

    def exists(self, connection: Connection) -> bool:
        """Tell whether the tables have been made in this database yet.

        Raises NewerFormatError, and LookupError while they are still to be brought forward.
        """
        if self.look_up(connection):
            return True
        inspector = inspect(connection)
        stored = None
        if inspector.has_table(versions_table.name):
            stored = self._stored(connection)
        if stored is not None and stored < self.version:
            raise LookupError(f"{self.component} is brought forward from version {stored} first")
        if self._needs is not None and not self._needs.exists(connection):
            return False
        if not all(inspector.has_table(name) for name in self._metadata.tables):
            return False
        if stored is not None:
            self._ready[connection.engine] = True
        return True

    def prepare(self, connection: Connection) -> bool:
        """Create what is missing, or do a part of what brings older tables forward.

        Returns:
            Whether that is all; if not, commit and call it again. After the last time, commit and
            call `note_ready`.

        Raises NewerFormatError, and then nothing has been changed.

        """
        if self._needs is not None and not self._needs.prepare(connection):
            return False
        versions_table.create(connection, checkfirst=True)
        stored = self._stored(connection)
        if stored is not None and stored < self.version:
            if self._migrations[stored](connection):
                self._note(connection, stored + 1, is_new=False)
            return False
        self._metadata.create_all(connection, checkfirst=True)
        if stored is None:
            self._note(connection, self.version, is_new=True)
        return True

    def create(self, connection: Connection) -> None:
        """Do all that `prepare` does at once."""
        while not self.prepare(connection):
            pass

    def note_if_there(
        self, engine: Engine, tables: AbstractSet[str], versions: Mapping[str, int]
    ) -> None:
        """Note that the tables are ready if all are among those of a database, in their version."""
        if versions.get(self.component) == self.version and self._metadata.tables.keys() <= tables:
            self._ready[engine] = True

    def _stored(self, connection: Connection) -> int | None:
        here = versions_table.c.component == self.component
        stored = connection.execute(select(versions_table.c.version).where(here)).scalar()
        if stored is not None and stored > self.version:
            raise NewerFormatError(self.component, stored)
        return stored

    def _note(self, connection: Connection, version: int, *, is_new: bool) -> None:
        values = {"version": version, "changed_ts": time.time()}
        if is_new:
            statement = insert(versions_table).values(component=self.component, **values)
            connection.execute(statement)
        else:
            here = versions_table.c.component == self.component
            connection.execute(update(versions_table).where(here).values(**values))
