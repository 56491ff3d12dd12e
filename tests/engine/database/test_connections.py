"""Connections that read and cannot write."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError

from custom_components.med_exporter.engine.database.connections import read_only, secrets_of

from ...servers import KINDS, new_database
from ..recorder_database import RecorderDatabase

INSERT = text("INSERT INTO states_meta (entity_id) VALUES ('sensor.x')")


def test_sqlite_is_opened_for_reading_only(recorder):
    recorder.add("sensor.a", [(1, 1)])
    with read_only(recorder.url) as connect, connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM states")).scalar() == 1
        with pytest.raises(OperationalError, match="readonly"):
            connection.execute(INSERT)


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_is_used_for_reading_only(database_server, kind):
    with new_database(database_server(kind)) as url:
        database = RecorderDatabase(url)
        database.add("sensor.a", [(1, 1)])
        with read_only(url) as connect:
            for _ in range(2):
                with connect() as connection:
                    assert connection.execute(text("SELECT count(*) FROM states")).scalar() == 1
            with connect() as connection, pytest.raises(DBAPIError, match=r"(?i)read.only"):
                connection.execute(INSERT)
        database.close()


def test_a_sqlite_file_that_is_not_there_is_not_made(tmp_path):
    path = tmp_path / "none.db"
    with (
        read_only(f"sqlite:///{path}") as connect,
        pytest.raises(OperationalError),
        connect(),
    ):
        pass
    assert not path.exists()


def test_a_path_may_have_any_characters(tmp_path):
    folder = tmp_path / "a %41 b#c é"
    folder.mkdir()
    database = RecorderDatabase.in_folder(tmp_path)
    database.close()
    (tmp_path / "home-assistant_v2.db").rename(folder / "home-assistant_v2.db")
    with read_only(f"sqlite:///{folder}/home-assistant_v2.db") as connect, connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM states")).scalar() == 0


def test_a_database_in_use_is_read_beside_its_writer(recorder):
    with recorder.engine.connect() as writer:
        writer.exec_driver_sql("PRAGMA journal_mode=WAL")
        recorder.add("sensor.a", [(1, 1)])
        with read_only(recorder.url) as connect, connect() as connection:
            recorder.add("sensor.a", [(2, 1)])
            assert connection.execute(text("SELECT count(*) FROM states")).scalar() == 2


def test_the_url_and_its_password_are_secrets():
    url = "postgresql://ha:p%40ss%20word@db/recorder"
    assert set(secrets_of(url)) >= {url, "p@ss word", "p%40ss%20word"}
    assert secrets_of("not a url") == ["not a url"]
    assert secrets_of(url)[0] == max(secrets_of(url), key=len)
