"""Keys that sign fast, for states of many thousands of transfers: libsecp256k1, where it is installed.

tests/whole/bip340.py is the node's second witness and shares no code with it; this one is for making
load only. Without the library it signs by that file, a hundred times slower.
"""

import ctypes
import functools
import hashlib

import bip340
import wire
from cairn_node import Key

_TAG = hashlib.sha256(b"cairn/transfer").digest() * 2


@functools.cache
def _library():
    for name in ("libsecp256k1.so.1", "libsecp256k1.so.2", "libsecp256k1.so.0", "libsecp256k1.so"):
        try:
            library = ctypes.CDLL(name)
            library.secp256k1_context_create.restype = ctypes.c_void_p
            return library, ctypes.c_void_p(library.secp256k1_context_create(1))
        except (OSError, AttributeError):
            continue
    return None, None


class FastKey(Key):
    def __init__(self, secret, spec):
        super().__init__(secret, spec)
        library, context = _library()
        self._pair = ctypes.create_string_buffer(96) if library else None
        if library and not library.secp256k1_keypair_create(context, self._pair, secret):
            raise ValueError("no secret key")

    def sign(self, message):
        if not self._pair:
            return bip340.sign(message, self.secret)
        library, context = _library()
        made = ctypes.create_string_buffer(64)
        if not library.secp256k1_schnorrsig_sign32(context, made, message, self._pair, None):
            raise ValueError("not signed")
        return made.raw

    def transfer(self, nonce, to, amount, fee=0, data=b"", genesis=None):
        made = wire.Transfer(self.key, nonce, to.key if isinstance(to, Key) else to, amount, fee, data)
        message = hashlib.sha256(_TAG + (genesis or self.genesis) + made.unsigned()).digest()
        made.signature = self.sign(message)
        return made
