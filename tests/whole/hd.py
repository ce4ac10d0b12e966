"""From words to a key: BIP39's seed and BIP32's private derivation."""

import hashlib
import hmac

import bip340

HARDENED = 1 << 31
PATH = (44 + HARDENED, 1 + HARDENED, HARDENED, 0, 0)  # m/44'/1'/0'/0/0


def seed(words, passphrase=""):
    return hashlib.pbkdf2_hmac("sha512", " ".join(words).encode(), b"mnemonic" + passphrase.encode(), 2048)


def master(from_seed):
    node = hmac.digest(b"Bitcoin seed", from_seed, "sha512")
    return node[:32], node[32:]


def child(secret, chain_code, index):
    data = b"\0" + secret if index >= HARDENED else bip340.compressed_key(secret)
    step = hmac.digest(chain_code, data + index.to_bytes(4, "big"), "sha512")
    number = (int.from_bytes(step[:32], "big") + int.from_bytes(secret, "big")) % bip340.N
    return number.to_bytes(32, "big"), step[32:]


def secret_of(words):
    node = master(seed(words))
    for index in PATH:
        node = child(*node, index)
    return node[0]
