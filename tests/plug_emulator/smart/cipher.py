"""The handshake and the encryption of newer plugs, from the plug's side."""

from __future__ import annotations

import hashlib
import struct

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

SEED_BYTES = 16
_SIGNATURE_BYTES = 32


def account_hash(username: str, password: str) -> bytes:
    """Return what a plug keeps of the account it belongs to."""
    return sha256(_sha1(username) + _sha1(password))


def sha256(data: bytes) -> bytes:
    """Return the digest."""
    return hashlib.sha256(data).digest()


class Session:
    """What plug and client agree on: a key, a vector that numbers each message, a signature."""

    def __init__(self, client_seed: bytes, plug_seed: bytes, account: bytes) -> None:
        self.client_proof = sha256(plug_seed + client_seed + account)
        self.plug_proof = sha256(client_seed + plug_seed + account)
        seeds = client_seed + plug_seed + account
        self._key = sha256(b"lsk" + seeds)[:16]
        self._vector = sha256(b"iv" + seeds)[:12]
        self._signing = sha256(b"ldk" + seeds)[:28]

    def decrypt(self, message: bytes, number: int) -> bytes:
        """Return the clear text of a message. Raises ValueError where it is not signed rightly."""
        signature, body = message[:_SIGNATURE_BYTES], message[_SIGNATURE_BYTES:]
        if signature != self._sign(body, number):
            raise ValueError("signature")
        decryptor = self._cipher(number).decryptor()
        unpadder = padding.PKCS7(128).unpadder()
        clear = unpadder.update(decryptor.update(body) + decryptor.finalize())
        return clear + unpadder.finalize()

    def encrypt(self, clear: bytes, number: int) -> bytes:
        """Return the signed answer to the message of this number."""
        padder = padding.PKCS7(128).padder()
        encryptor = self._cipher(number).encryptor()
        padded = padder.update(clear) + padder.finalize()
        body = encryptor.update(padded) + encryptor.finalize()
        return self._sign(body, number) + body

    def _sign(self, body: bytes, number: int) -> bytes:
        return sha256(self._signing + struct.pack(">l", number) + body)

    def _cipher(self, number: int) -> Cipher[modes.CBC]:
        vector = self._vector + struct.pack(">l", number)
        return Cipher(algorithms.AES(self._key), modes.CBC(vector))


def _sha1(text: str) -> bytes:
    return hashlib.sha1(text.encode()).digest()
