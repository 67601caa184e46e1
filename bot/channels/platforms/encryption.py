"""AES in CBC mode with PKCS #7 padding (RFC 5652, 6.3), as WeChat and Feishu seal their messages."""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC


def opened(key: bytes, start: bytes, sealed: bytes, pad: int = 16) -> bytes:
    """The plain text. `start` is the initialisation vector, `pad` the block that it was filled up to, both in bytes.

    Raises:
        ValueError: the key, the length or the padding is not right. Whoever sees the difference can open messages:
            check the signature first, or tell nobody.
    """
    decryptor = Cipher(AES(key), CBC(start)).decryptor()
    plain = decryptor.update(sealed) + decryptor.finalize()
    filled = plain[-1] if plain else 0
    if not 1 <= filled <= pad or plain[-filled:] != bytes([filled]) * filled:
        raise ValueError("padding")
    return plain[:-filled]
