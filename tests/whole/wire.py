"""The formats of docs/consensus.md in plain Python: what goes over the wire and under the hash.

Hashes are bytes in internal order; `shown` and `hidden` turn them round for people.
"""

import dataclasses
import hashlib
import struct

import bip340

COIN = 10**8
CAP = 2**25 * COIN
ZERO = bytes(32)


class WireError(ValueError):
    """The bytes are not what would have been encoded."""


def sha256(data):
    return hashlib.sha256(data).digest()


def double_sha256(data):
    return sha256(sha256(data))


def shown(digest):
    return digest[::-1].hex()


def hidden(text):
    return bytes.fromhex(text)[::-1]


def varint(value):
    if value < 0xFD:
        return bytes([value])
    if value <= 0xFFFF:
        return b"\xfd" + struct.pack("<H", value)
    if value <= 0xFFFFFFFF:
        return b"\xfe" + struct.pack("<I", value)
    return b"\xff" + struct.pack("<Q", value)


def with_length(data):
    return varint(len(data)) + data


class Reader:
    def __init__(self, data):
        self.data, self.position = bytes(data), 0

    def raw(self, size):
        if size > len(self.data) - self.position:
            raise WireError("cut short")
        self.position += size
        return self.data[self.position - size : self.position]

    def integer(self, size):
        return int.from_bytes(self.raw(size), "little")

    def varint(self):
        first = self.integer(1)
        if first < 0xFD:
            return first
        size, least = {0xFD: (2, 0xFD), 0xFE: (4, 0x10000), 0xFF: (8, 1 << 32)}[first]
        value = self.integer(size)
        if value < least:
            raise WireError("a varint longer than needed")
        return value

    def with_length(self):
        return self.raw(self.varint())

    def end(self):
        if self.position != len(self.data):
            raise WireError("bytes behind the end")


@dataclasses.dataclass
class Transfer:
    sender: bytes
    nonce: int
    recipient: bytes
    amount: int
    fee: int = 0
    data: bytes = b""
    signature: bytes = bytes(64)

    def unsigned(self):
        return (
            b"\x01" + self.sender + struct.pack("<Q", self.nonce) + self.recipient
            + struct.pack("<QQ", self.amount, self.fee) + with_length(self.data)
        )

    def encode(self):
        return self.unsigned() + self.signature

    def txid(self):
        return double_sha256(self.encode())

    def signing_hash(self, genesis):
        return bip340.tagged_hash("cairn/transfer", genesis + self.unsigned())

    def sign(self, secret, genesis):
        self.signature = bip340.sign(self.signing_hash(genesis), secret)
        return self

    def is_signed(self, genesis):
        return bip340.verify(self.signing_hash(genesis), self.sender, self.signature)


@dataclasses.dataclass
class Reward:
    height: int
    recipient: bytes
    amount: int
    extra: bytes = b""

    def encode(self):
        return (
            b"\x00" + struct.pack("<Q", self.height) + self.recipient
            + struct.pack("<Q", self.amount) + with_length(self.extra)
        )

    def txid(self):
        return double_sha256(self.encode())


@dataclasses.dataclass
class Header:
    version: int
    previous_hash: bytes
    merkle_root: bytes
    time: int
    bits: int
    nonce: int

    def encode(self):
        return (
            struct.pack("<I", self.version) + self.previous_hash + self.merkle_root
            + struct.pack("<III", self.time, self.bits, self.nonce)
        )

    def hash(self):
        return double_sha256(self.encode())

    def has_work(self):
        return int.from_bytes(self.hash(), "little") <= target_of(self.bits)

    def mine(self):
        """Counts the nonce up to one that fulfils `bits`: for chains that ask next to nothing."""
        while not self.has_work():
            self.nonce += 1
        return self


@dataclasses.dataclass
class Block:
    header: Header
    transactions: list

    def encode(self):
        body = b"".join(transaction.encode() for transaction in self.transactions)
        return self.header.encode() + varint(len(self.transactions)) + body

    def hash(self):
        return self.header.hash()

    def txids(self):
        return [transaction.txid() for transaction in self.transactions]


def decode_header(data):
    reader = Reader(data)
    header = read_header(reader)
    reader.end()
    return header


def read_header(reader):
    return Header(
        reader.integer(4), reader.raw(32), reader.raw(32),
        reader.integer(4), reader.integer(4), reader.integer(4),
    )


def read_transaction(reader):
    kind = reader.integer(1)
    if kind == 0:
        reward = Reward(reader.integer(8), reader.raw(32), reader.integer(8), reader.with_length())
        if len(reward.extra) > 100 or len(reward.extra) == 14:
            raise WireError("an extra of that length")
        return reward
    if kind != 1:
        raise WireError("a transaction of no known type")
    return Transfer(
        reader.raw(32), reader.integer(8), reader.raw(32), reader.integer(8), reader.integer(8),
        reader.with_length(), reader.raw(64),
    )


def decode_transaction(data):
    reader = Reader(data)
    transaction = read_transaction(reader)
    reader.end()
    return transaction


def decode_block(data):
    reader = Reader(data)
    header = read_header(reader)
    transactions = [read_transaction(reader) for _ in range(reader.varint())]
    reader.end()
    return Block(header, transactions)


# Merkle trees: an odd node goes up unchanged.


def merkle_root(ids):
    while len(ids) > 1:
        pairs = [double_sha256(ids[i] + ids[i + 1]) for i in range(0, len(ids) - 1, 2)]
        ids = pairs + ([ids[-1]] if len(ids) % 2 else [])
    return ids[0]


def merkle_branch(ids, position):
    branch = []
    while len(ids) > 1:
        sibling = position ^ 1
        if sibling < len(ids):
            branch.append(ids[sibling])
        pairs = [double_sha256(ids[i] + ids[i + 1]) for i in range(0, len(ids) - 1, 2)]
        ids = pairs + ([ids[-1]] if len(ids) % 2 else [])
        position //= 2
    return branch


def merkle_climb(leaf, position, count, branch):
    """The root that `leaf` leads to; WireError if the branch is not as long as its place demands."""
    if not 0 <= position < count:
        raise WireError("no such position")
    siblings = list(branch)
    while count > 1:
        if not (position == count - 1 and count % 2):
            if not siblings:
                raise WireError("the branch is too short")
            sibling = siblings.pop(0)
            leaf = double_sha256(sibling + leaf if position % 2 else leaf + sibling)
        position, count = position // 2, (count + 1) // 2
    if siblings:
        raise WireError("the branch is too long")
    return leaf


# Work.


def target_of(bits):
    size, mantissa = bits >> 24, bits & 0x7FFFFF
    target = mantissa >> 8 * (3 - size) if size <= 3 else mantissa << 8 * (size - 3)
    if bits & 0x800000 or not 0 < target < 2**256:
        raise WireError("bits of no target")
    return target


def work_of(bits):
    return 2**256 // (target_of(bits) + 1)


# Addresses: bech32m of 32 bytes.

_CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_BECH32M = 0x2BC830A3


def _polymod(values):
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for i, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= generator if top >> i & 1 else 0
    return check


def _expand(prefix):
    return [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]


def bech32_encode(prefix, words, constant=_BECH32M):
    check = _polymod(_expand(prefix) + words + [0] * 6) ^ constant
    words = words + [check >> 5 * (5 - i) & 31 for i in range(6)]
    return prefix + "1" + "".join(_CHARSET[word] for word in words)


def bech32m_decode(text):
    if text.lower() != text and text.upper() != text:
        raise WireError("mixed case")
    if any(not 33 <= ord(c) <= 126 for c in text):
        raise WireError("a character out of range")
    text = text.lower()
    prefix, _, rest = text.rpartition("1")
    if not prefix or len(rest) < 6 or len(text) > 90 or any(c not in _CHARSET for c in rest):
        raise WireError("no bech32m string")
    words = [_CHARSET.index(c) for c in rest]
    if _polymod(_expand(prefix) + words) != _BECH32M:
        raise WireError("a wrong checksum")
    return prefix, words[:-6]


def address(prefix, key, constant=_BECH32M):
    number = int.from_bytes(key, "big") << 4  # 256 bits in 52 words: four bits of padding
    return bech32_encode(prefix, [number >> 5 * (51 - i) & 31 for i in range(52)], constant)


def address_key(prefix, text):
    found, words = bech32m_decode(text)
    if found != prefix or len(words) != 52 or words[-1] & 15:
        raise WireError("no address of this chain")
    number = 0
    for word in words:
        number = number << 5 | word
    return (number >> 4).to_bytes(32, "big")


def name_secret(name):
    number = int.from_bytes(bip340.tagged_hash("cairn/name", name.encode()), "big") % bip340.N
    return number.to_bytes(32, "big")


# Chain specs.


@dataclasses.dataclass
class Spec:
    name: str
    prefix: str
    bits: int
    subsidy: int
    halving_interval: int
    genesis_time: int = 1790000000
    asert: bool = False
    spacing: int = 0
    half_life: int = 0
    max_block: int = 4 << 20
    max_data: int = 1024
    opening: int = 0
    future_limit: int = 7200
    names: bool = False
    allocations: tuple = ()

    def canonical(self):
        out = b"\x01" + with_length(self.name.encode()) + with_length(self.prefix.encode())
        out += struct.pack("<IBIII", self.genesis_time, self.asert, self.bits, self.spacing, self.half_life)
        out += struct.pack("<QQIIQ", self.subsidy, self.halving_interval, self.max_block, self.max_data,
                           self.opening)
        out += struct.pack("<IB", self.future_limit, self.names) + varint(len(self.allocations))
        return out + b"".join(key + struct.pack("<Q", amount) for key, amount in self.allocations)

    def genesis(self):
        rewards = [Reward(1, ZERO, 0, double_sha256(self.canonical()))]
        rewards += [Reward(1, key, amount) for key, amount in self.allocations]
        root = merkle_root([reward.txid() for reward in rewards])
        return Block(Header(1, ZERO, root, self.genesis_time, self.bits, 0), rewards)

    def subsidy_at(self, height, issued):
        era = (height - 1) // self.halving_interval
        return 0 if era >= 64 else min(self.subsidy >> era, CAP - issued)


MAIN = Spec("cairn-main", "crn", 0x1E0FFFFF, 50 * COIN, 210_000)
STEADY = Spec("cairn-steady", "crns", 0x1E0FFFFF, 125_000_000, 8_400_000, asert=True, spacing=15, half_life=3600)
DEV = Spec("cairn-dev", "crnd", 0x207FFFFF, 50 * COIN, 210_000, opening=100 * COIN, future_limit=0, names=True)


def export_file(spec, blocks):
    """What `cairn export` writes: see tests/model/export_file.hpp."""
    encoded = [block.encode() for block in blocks]
    parts = [b"CAIRNCH1", with_length(spec.canonical()), struct.pack("<Q", len(blocks))]
    out = b"".join(parts + [struct.pack("<I", len(data)) + data for data in encoded])
    return out + sha256(out)


def read_export(data):
    if sha256(data[:-32]) != data[-32:]:
        raise WireError("the checksum at the end is wrong")
    reader = Reader(data[:-32])
    if reader.raw(8) != b"CAIRNCH1":
        raise WireError("no export file")
    canonical = reader.with_length()
    blocks = [decode_block(reader.raw(reader.integer(4))) for _ in range(reader.integer(8))]
    reader.end()
    return canonical, blocks
