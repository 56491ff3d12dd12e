"""Private database servers on loopback: one of each kind, started for the first test that asks."""

from __future__ import annotations

import importlib.util
import itertools
import os
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from tests.real_home.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SECONDS_TO_START = 60
_POSTGRES = "postgres"
KINDS = ("postgresql", "mariadb")
_numbers = itertools.count()


@contextmanager
def running_servers() -> Iterator[Callable[[str], str]]:
    """Give what returns the SQLAlchemy URL of the server of a kind; it is started with the first.

    Asking for it skips the test where the server or its driver is not installed.
    """
    starts = dict(zip(KINDS, (_postgresql, _mariadb), strict=True))
    with ExitStack() as running:

        @cache
        def url(kind: str) -> str:
            return running.enter_context(starts[kind]())

        yield url


@pytest.fixture(scope="session")
def database_server() -> Iterator[Callable[[str], str]]:
    """Servers that run until the session ends."""
    with running_servers() as url:
        yield url


@contextmanager
def new_database(server: str) -> Iterator[str]:
    """Give the URL of an empty database on a server, and drop it afterwards."""
    name = f"recorder_{next(_numbers)}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield make_url(server).set(database=name).render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name}"))
    engine.dispose()


@contextmanager
def _postgresql() -> Iterator[str]:
    initdb, postgres = (_postgresql_program(name) for name in ("initdb", "postgres"))
    _need_driver("psycopg2")
    with _folder(owner=_POSTGRES) as folder:
        data, port = folder / "data", free_port()
        _run(
            initdb, "--pgdata", data, "--username", "med", "--auth", "trust",
            "--encoding", "UTF8", "--locale", "C", "--no-sync", user=_POSTGRES,
        )  # fmt: skip
        command = [
            postgres, "-D", data, "-p", str(port), "-c", "fsync=off",
            "-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={folder}",
        ]  # fmt: skip
        with _server(command, port, folder, _POSTGRES):
            url = f"postgresql+psycopg2://med@127.0.0.1:{port}/postgres"
            _wait_until_it_answers(url)
            yield url


@contextmanager
def _mariadb() -> Iterator[str]:
    install, mariadbd = program("mariadb-install-db"), program("mariadbd")
    driver = _driver_of_mariadb()
    with _folder() as folder:
        data, port = folder / "data", free_port()
        user = ["--user=root"] if _is_root() else []
        _run(
            install, "--no-defaults", f"--datadir={data}", "--skip-test-db",
            "--auth-root-authentication-method=normal", *user,
        )  # fmt: skip
        first_words = folder / "init.sql"
        first_words.write_text(
            "CREATE DATABASE recorder CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;\n"
        )
        command = [
            mariadbd, "--no-defaults", *user, f"--datadir={data}", f"--port={port}",
            "--bind-address=127.0.0.1", f"--socket={folder}/socket", f"--pid-file={folder}/pid",
            f"--init-file={first_words}", "--innodb-flush-log-at-trx-commit=0",
        ]  # fmt: skip
        with _server(command, port, folder):
            url = f"mysql+{driver}://root@127.0.0.1:{port}/recorder?charset=utf8mb4"
            _wait_until_it_answers(url)
            yield url


def _is_root() -> bool:
    return os.geteuid() == 0


def _as_user(name: str | None) -> dict[str, Any]:
    """Return what lets a process be a user's: a server may refuse to be root's."""
    if name is None or not _is_root():
        return {}
    return {"user": name, "group": name, "extra_groups": ()}


@contextmanager
def _folder(owner: str | None = None) -> Iterator[Path]:
    """Give a folder that a server's user can reach; pytest's own are for their owner only."""
    with tempfile.TemporaryDirectory() as name:
        if owner is not None and _is_root():
            shutil.chown(name, owner)
        yield Path(name)


def _run(*command: str | Path, user: str | None = None) -> None:
    # From the root, since a server's user may not be allowed where the tests run.
    subprocess.run(command, check=True, capture_output=True, cwd="/", **_as_user(user))


def program(name: str) -> str:
    """Return where a program is; the test is skipped without it."""
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path


def _postgresql_program(name: str) -> str:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(found[-1]) if found else program(name)


def _driver_of_mariadb() -> str:
    """Return the driver of Home Assistant's own images, where somebody has compiled it here."""
    if importlib.util.find_spec("MySQLdb") is not None:
        return "mysqldb"
    _need_driver("pymysql")
    return "pymysql"


def _need_driver(name: str) -> None:
    if importlib.util.find_spec(name) is None:
        pytest.skip(f"the driver {name} is not installed")


@contextmanager
def _server(
    command: list[str | Path], port: int, folder: Path, user: str | None = None
) -> Iterator[None]:
    """Run a server until the context is left."""
    log = folder / "log"
    with (
        log.open("wb") as output,
        subprocess.Popen(
            command, stdout=output, stderr=output, cwd="/", start_new_session=True, **_as_user(user)
        ) as process,
    ):
        try:
            deadline = time.monotonic() + _SECONDS_TO_START
            while not _listens(port):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"{command[0]} did not start:\n{log.read_text()[-2000:]}")
                time.sleep(0.1)
            yield
        finally:
            process.terminate()
            process.wait(30)


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def _wait_until_it_answers(url: str) -> None:
    """Wait out the moment in which a server listens but does not let anybody in yet."""
    engine = create_engine(url)
    deadline = time.monotonic() + _SECONDS_TO_START
    while True:
        try:
            engine.connect().close()
        except OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            engine.dispose()
            return
