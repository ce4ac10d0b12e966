"""A peer that says whatever a test wants: WebSocket and handshake over a bare socket (docs/peers.md).

Nothing here is shared with the node: RFC 6455 and the handshake are written a second time.
"""

import base64
import contextlib
import hashlib
import os
import socket
import struct
import time

import bip340
import wire

PROTOCOL = 1
VERSION, VERACK, PING, PONG, GETHEADERS, HEADERS, INV, GETDATA, NOTFOUND, TX, BLOCK, MEMPOOL, GETADDR, ADDR, POOLINV = range(1, 16)
TRANSFER_ITEM, BLOCK_ITEM = 1, 2
TEXT, BINARY, CLOSE, PING_FRAME, PONG_FRAME = 1, 2, 8, 9, 10


class Closed(Exception):
    """The node ended the connection; `code` and `reason` if it said so in a close frame."""

    def __init__(self, code=None, reason=""):
        super().__init__(f"closed: {code} {reason}")
        self.code, self.reason = code, reason


def version(spec, key, nonce, *, protocol=PROTOCOL, genesis=None, listens_on=0, tip=None, height=1, work=0, agent=b"/raw/"):
    return (bytes([VERSION]) + struct.pack("<I", protocol) + (genesis or spec.genesis().hash()) + key + nonce
            + struct.pack("<H", listens_on) + (tip or spec.genesis().hash()) + struct.pack("<Q", height)
            + work.to_bytes(32, "little") + wire.with_length(agent))


def items(kind, entries):
    return bytes([kind]) + wire.varint(len(entries)) + b"".join(bytes([what]) + digest for what, digest in entries)


def headers(found):
    return bytes([HEADERS]) + wire.varint(len(found)) + b"".join(header.encode() for header in found)


def getheaders(locator, stop=wire.ZERO):
    return bytes([GETHEADERS]) + wire.varint(len(locator)) + b"".join(locator) + stop


def mempool(after=None, limit=1000):
    """The question of protocol 1, or for a page, as since protocol 2."""
    return bytes([MEMPOOL]) + (b"" if after is None else after + struct.pack("<H", limit))


def read_poolinv(payload):
    """(more, ids) of a `poolinv`."""
    reader = wire.Reader(payload)
    more = reader.integer(1)
    found = [reader.raw(32) for _ in range(reader.varint())]
    reader.end()
    return more, found


class RawPeer:
    """`source`: the address it calls from. `protocol`: the newest version that it speaks."""

    def __init__(self, port, spec=wire.DEV, secret=None, timeout=20, host="127.0.0.1", source=None, protocol=PROTOCOL):
        self.spec, self.secret, self.protocol = spec, secret or wire.sha256(os.urandom(32)), protocol
        self.key, self.nonce = bip340.public_key(self.secret), os.urandom(32)
        self.link = socket.create_connection((host, port), timeout=timeout, source_address=(source, 0) if source else None)
        self.host, self.port = host, port
        self.received = bytearray()

    def close(self):
        self.link.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # WebSocket.

    def upgrade(self, **headers):
        """The status of the answer to an upgrade; `headers` replace the usual ones, None leaves one out."""
        fields = {"Host": f"{self.host}:{self.port}", "Upgrade": "websocket", "Connection": "Upgrade",
                  "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(), "Sec-WebSocket-Version": "13",
                  "Sec-WebSocket-Protocol": ", ".join(f"cairn.{i}" for i in range(self.protocol, 0, -1))}
        fields.update({name.replace("_", "-"): value for name, value in headers.items()})
        lines = ["GET /p2p HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items() if value is not None)]
        self.send_bytes("\r\n".join([*lines, "", ""]).encode())
        while b"\r\n\r\n" not in self.received:
            self._more()
        head, _, rest = bytes(self.received).partition(b"\r\n\r\n")
        self.answer = head.decode(errors="replace")
        self.received = bytearray(rest)
        return int(head.split(b" ")[1])

    def send_bytes(self, data):
        try:
            self.link.sendall(data)
        except (BrokenPipeError, ConnectionResetError) as gone:
            raise Closed() from gone

    def send(self, payload, opcode=BINARY, final=True, masked=True, length=None):
        """One frame; `length` claims another size than the payload has."""
        size = len(payload) if length is None else length
        head = bytes([(0x80 if final else 0) | opcode])
        bit = 0x80 if masked else 0
        if size < 126:
            head += bytes([bit | size])
        elif size < 1 << 16:
            head += bytes([bit | 126]) + struct.pack(">H", size)
        else:
            head += bytes([bit | 127]) + struct.pack(">Q", size)
        if masked:
            mask = os.urandom(4)
            repeated = (mask * (len(payload) // 4 + 1))[: len(payload)]
            payload = mask + (int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")).to_bytes(len(payload), "big")
        self.send_bytes(head + payload)

    def _more(self):
        try:
            data = self.link.recv(65536)
        except ConnectionResetError as gone:
            raise Closed() from gone
        if not data:
            raise Closed()
        self.received += data

    def _take(self, count):
        while len(self.received) < count:
            self._more()
        taken = bytes(self.received[:count])
        del self.received[:count]
        return taken

    def receive(self):
        """The next message; pings of the WebSocket layer are answered on the way."""
        message = b""
        while True:
            first, second = self._take(2)
            size = second & 0x7F
            if size == 126:
                size = struct.unpack(">H", self._take(2))[0]
            elif size == 127:
                size = struct.unpack(">Q", self._take(8))[0]
            payload, opcode = self._take(size), first & 0x0F
            if opcode == CLOSE:
                code = struct.unpack(">H", payload[:2])[0] if len(payload) >= 2 else None
                with contextlib.suppress(Closed):
                    self.send(payload[:2], CLOSE)
                raise Closed(code, payload[2:].decode(errors="replace"))
            if opcode == PING_FRAME:
                self.send(payload, PONG_FRAME)
                continue
            if opcode == PONG_FRAME:
                continue
            message += payload
            if first & 0x80:
                return message

    # The handshake of a dialler.

    def shake_hands(self, **claims):
        """Both sides' proofs are made and checked; what the other side said of itself."""
        self.send(version(self.spec, self.key, self.nonce, **{"protocol": self.protocol, **claims}))
        theirs = wire.Reader(self.expect(VERSION))
        if theirs.integer(4) != self.protocol:
            raise AssertionError("another protocol")
        genesis, key, nonce = theirs.raw(32), theirs.raw(32), theirs.raw(32)
        common = self.spec.genesis().hash() + self.key + key + self.nonce + nonce + bytes(32)
        self.send(bytes([VERACK]) + bip340.sign(bip340.tagged_hash("cairn/handshake", b"\0" + common), self.secret))
        signature = self.expect(VERACK)
        if not bip340.verify(bip340.tagged_hash("cairn/handshake", b"\1" + common), key, signature):
            raise AssertionError("the node does not prove its key")
        return {"genesis": genesis, "key": key, "listens_on": theirs.integer(2), "tip": theirs.raw(32),
                "height": theirs.integer(8), "work": int.from_bytes(theirs.raw(32), "little"),
                "agent": theirs.with_length()}

    def connect(self, **claims):
        status = self.upgrade()
        if status != 101:
            raise AssertionError(f"no upgrade: {status}")
        self.theirs = self.shake_hands(**claims)
        return self

    def expect(self, kind, limit=1000):
        """The payload of the next message of this kind; pings are answered, others passed over."""
        for _ in range(limit):
            message = self.receive()
            if message[0] == kind:
                return message[1:]
            if message[0] == PING:
                self.send(bytes([PONG]) + message[1:])
        raise AssertionError(f"no message of type {kind} among {limit}")

    def ping(self, nonce=7):
        """Comes back when all that was sent before has been read."""
        payload = struct.pack("<Q", nonce)
        self.send(bytes([PING]) + payload)
        while self.expect(PONG) != payload:
            pass

    def until_closed(self, seconds=30):
        """Reads on until the node has had enough; how it ended."""
        deadline = time.monotonic() + seconds
        with contextlib.suppress(OSError):
            self.link.settimeout(seconds)
        try:
            while time.monotonic() < deadline:
                self.receive()
        except Closed as end:
            return end
        except TimeoutError:
            pass
        raise AssertionError(f"still open after {seconds} s")


class RawListener(RawPeer):
    """The other side of a connection that a node dialled: a server's WebSocket, over a link that was accepted."""

    def __init__(self, link, spec=wire.DEV, secret=None, protocol=PROTOCOL):
        self.spec, self.secret, self.protocol = spec, secret or wire.sha256(os.urandom(32)), protocol
        self.key, self.nonce, self.link, self.received = bip340.public_key(self.secret), os.urandom(32), link, bytearray()
        link.settimeout(20)

    def answer_upgrade(self):
        """Takes the upgrade and picks our version; what the dialler offered."""
        while b"\r\n\r\n" not in self.received:
            self._more()
        head, _, rest = bytes(self.received).partition(b"\r\n\r\n")
        self.received = bytearray(rest)
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head.decode().split("\r\n")[1:])}
        accept = hashlib.sha1((fields["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
        self.send_bytes("\r\n".join([
            "HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
            f"Sec-WebSocket-Accept: {base64.b64encode(accept).decode()}", f"Sec-WebSocket-Protocol: cairn.{self.protocol}", "", "",
        ]).encode())
        return fields["sec-websocket-protocol"]

    def send(self, payload, opcode=BINARY, final=True, masked=False, length=None):
        super().send(payload, opcode, final, masked, length)

    def receive(self):
        """A dialler masks what it sends."""
        message = b""
        while True:
            first, second = self._take(2)
            size = second & 0x7F
            if size == 126:
                size = struct.unpack(">H", self._take(2))[0]
            elif size == 127:
                size = struct.unpack(">Q", self._take(8))[0]
            mask, payload = self._take(4), self._take(size)
            repeated = (mask * (size // 4 + 1))[:size]
            payload = (int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")).to_bytes(size, "big")
            if first & 0x0F == CLOSE:
                raise Closed(struct.unpack(">H", payload[:2])[0] if size >= 2 else None, payload[2:].decode(errors="replace"))
            message += payload
            if first & 0x80:
                return message

    def shake_hands(self, genesis=None, key=None, sign=True, **claims):
        """As who listens; `genesis` and `key` may be somebody else's, and the proof may be left out."""
        self.send(version(self.spec, key or self.key, self.nonce, genesis=genesis, protocol=self.protocol, **claims))
        theirs = wire.Reader(self.expect(VERSION))
        theirs.raw(4)
        their_genesis, their_key, nonce = theirs.raw(32), theirs.raw(32), theirs.raw(32)
        if sign:
            common = their_genesis + their_key + self.key + nonce + self.nonce + bytes(32)
            self.send(bytes([VERACK]) + bip340.sign(bip340.tagged_hash("cairn/handshake", b"\1" + common), self.secret))
            self.expect(VERACK)
        return their_key
