"""A real mosquitto on loopback, with users, TLS and access lists as a test wants them."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import time
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING

import aiomqtt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.real_home.ports import free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

MOSQUITTO = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")


_END = "end/of/what/is/kept"


_NO_AUTHORITY = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=False,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)
_USES = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


@dataclass
class Authority:
    """A certificate authority of its own, and what it issues for 127.0.0.1."""

    folder: Path
    name: str = "authority"
    pem: str = field(init=False)

    def __post_init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.name)])
        certificate = self._sign(self._name, self._key.public_key(), is_authority=True)
        self.pem = certificate.public_bytes(serialization.Encoding.PEM).decode()

    def issue(
        self, host: str = "127.0.0.1", *, begins: int = -1, by_itself: bool = False
    ) -> tuple[Path, Path]:
        """Return the files of a certificate and its key for a host's address or name.

        It is valid for two days, which begin in so many; `by_itself` has it signed by its own key.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        try:
            alternative: x509.GeneralName = x509.IPAddress(ip_address(host))
        except ValueError:
            alternative = x509.DNSName(host)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        certificate = self._sign(
            subject, key.public_key(), alternative=alternative, begins=begins,
            by=(subject, key) if by_itself else None,
        )  # fmt: skip
        files = self.folder / f"{self.name}-{host}.crt", self.folder / f"{self.name}-{host}.key"
        files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        files[1].write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return files

    def _sign(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePublicKey,
        *,
        alternative: x509.GeneralName | None = None,
        is_authority: bool = False,
        begins: int = -1,
        by: tuple[x509.Name, ec.EllipticCurvePrivateKey] | None = None,
    ) -> x509.Certificate:
        first = datetime.now(UTC) + timedelta(days=begins)
        name, signing = by or (self._name, self._key)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(first)
            .not_valid_after(first + timedelta(days=2))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()),
                critical=False,
            )
            .add_extension(_USES if is_authority else _NO_AUTHORITY, critical=True)
        )
        if alternative is not None:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([alternative]), critical=False
            )
        return builder.sign(signing, hashes.SHA256())


@dataclass
class Mosquitto:
    """One broker. Options not given leave it open to anyone, without TLS."""

    folder: Path
    port: int = field(default_factory=free_port)
    users: dict[str, str] = field(default_factory=dict)
    tls: tuple[Path, Path] | None = None
    require_client_certificate_of: str | None = None
    acl: str | None = None
    settings: tuple[str, ...] = ()
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> Mosquitto:
        """Start it, and wait until it listens."""
        assert MOSQUITTO is not None
        self._process = subprocess.Popen(
            [MOSQUITTO, "-c", self._write_configuration()],
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / f"{self.port}.log").open("ab"),
        )
        for _ in range(100):
            with closing(socket.socket()) as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            assert self._process.poll() is None, (self.folder / f"{self.port}.log").read_text()
            time.sleep(0.05)
        raise AssertionError("mosquitto does not listen")

    def publish(self, lines: bytes, *, qos: int) -> None:
        """Publish a message for each line with mosquitto's own program."""
        command = ["mosquitto_pub", "-V", "mqttv5", "-p", str(self.port), "-q", str(qos)]
        subprocess.run([*command, "-l", "-t", "lines"], input=lines, check=True)

    def kill(self) -> None:
        """End it at once, as a power cut does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """End it in good order: what it keeps is on disk then."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None

    @asynccontextmanager
    async def client(self, **options: object) -> AsyncIterator[aiomqtt.Client]:
        """Connect an independent client."""
        async with aiomqtt.Client("127.0.0.1", self.port, **options) as client:
            yield client

    @asynccontextmanager
    async def listening(
        self, topic: str = "#", *, qos: int = 2, **options: object
    ) -> AsyncIterator[asyncio.Queue[aiomqtt.Message]]:
        """Collect what is published: a queue of messages, retained ones first."""
        async with self.client(**options) as client:
            await client.subscribe(topic, qos=qos)
            yield client._queue

    async def so_far(
        self, messages: asyncio.Queue[aiomqtt.Message], topic: str
    ) -> list[aiomqtt.Message]:
        """Take all that was published until now from a queue that listens to a topic, too."""
        async with self.client() as client:
            # The broker passes on in order what it gets with one level of delivery.
            await client.publish(topic, qos=1)
        found: list[aiomqtt.Message] = []
        async with asyncio.timeout(20):
            while str((message := await messages.get()).topic) != topic:
                found.append(message)
        return found

    async def kept(self, topic: str = "#") -> dict[str, aiomqtt.Message]:
        """Return what the broker keeps, by topic."""
        found: dict[str, aiomqtt.Message] = {}
        async with self.client() as client:
            await client.subscribe([(topic, 1), (_END, 1)])
            # What is kept comes before what is published now.
            await client.publish(_END, qos=1)
            async for message in client.messages:
                if str(message.topic) == _END:
                    return found
                if message.retain:
                    found[str(message.topic)] = message
        raise AssertionError

    def _write_configuration(self) -> Path:
        lines = [
            f"listener {self.port} 127.0.0.1",
            f"allow_anonymous {str(not self.users).lower()}",
            # Else what a listener is too slow for is dropped after a thousand messages.
            "max_queued_messages 100000",
            *self.settings,
        ]
        if self.users:
            passwords = self.folder / f"{self.port}.passwords"
            passwords.touch()
            for user, password in self.users.items():
                subprocess.run(["mosquitto_passwd", "-b", passwords, user, password], check=True)
            lines.append(f"password_file {passwords}")
        if self.tls:
            lines += [f"certfile {self.tls[0]}", f"keyfile {self.tls[1]}"]
        if self.require_client_certificate_of:
            authority = self.folder / f"{self.port}.clients"
            authority.write_text(self.require_client_certificate_of)
            lines += [f"cafile {authority}", "require_certificate true"]
        if self.acl is not None:
            access = self.folder / f"{self.port}.acl"
            access.write_text(self.acl)
            lines.append(f"acl_file {access}")
        if os.geteuid() == 0:
            # Otherwise it gives up root's rights and cannot read the test's files.
            lines.append("user root")
        configuration = self.folder / f"{self.port}.conf"
        configuration.write_text("\n".join(lines) + "\n")
        return configuration


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Callable[..., Mosquitto]]:
    """Start brokers, and end them after the test."""
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed")
    brokers: list[Mosquitto] = []

    def start(**options: object) -> Mosquitto:
        broker = Mosquitto(tmp_path, **options).start()
        brokers.append(broker)
        return broker

    yield start
    for broker in brokers:
        broker.kill()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """A certificate authority."""
    return Authority(tmp_path)


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A server that takes connections and never says a word."""
    with closing(socket.socket()) as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]
