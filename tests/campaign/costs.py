"""Measures what one request or message costs the node that gets it.

CPU: of the process, over as many repetitions as fit a short time, all answers read. Memory: many copies
at once whose answers nobody reads, or which never end; what the process grew by, a copy.
"""

import contextlib
import dataclasses
import socket
import time

import raw_peer
import shapes
import wire
from gauge import Spent
from raw_peer import Closed, RawPeer

FOR_S, TIMES_MAX, HELD = 0.3, 200, 16
ANSWER_LIMIT_S = 120
RECEIVE_BUFFER = 4_096  # of who does not read: the kernel shall not read for him


@dataclasses.dataclass
class Cost:
    """Of one; bytes on the wire, CPU in milliseconds, memory in bytes."""

    name: str
    bytes_in: int = 0
    bytes_out: int = 0
    cpu_ms: float = 0.0
    thread_ms: float = 0.0    # of it, on the thread that had most
    took_ms: float = 0.0      # from the first byte sent to the last one read
    held: int = 0             # what stays while it is not read or not ended
    peak: int = 0             # the most that it was meanwhile
    answer: str = ""
    times: int = 0
    threads: dict = dataclasses.field(default_factory=dict)


class Link:
    def __init__(self, port, small=False):
        self.socket = socket.socket()
        if small:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        self.socket.settimeout(ANSWER_LIMIT_S)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def ask(self, data):
        """(status, bytes of the answer, whether the connection stays)"""
        # What is refused is answered before it has been read whole.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.socket.sendall(data)
        head = b""
        while b"\r\n\r\n" not in head:
            more = self.socket.recv(65536)
            if not more:
                raise Closed()
            head += more
        head, _, tail = head.partition(b"\r\n\r\n")
        size, lower = len(head) + 4 + len(tail), head.lower()
        bodiless = data.startswith((b"HEAD", b"OPTIONS"))
        if b"transfer-encoding: chunked" in lower and not bodiless:
            while not tail.endswith(b"0\r\n\r\n"):
                more = self.socket.recv(1 << 18)
                size, tail = size + len(more), (tail + more)[-5:]
        elif b"content-length:" in lower and not bodiless:
            left = int(lower.split(b"content-length:")[1].split(b"\r\n")[0]) - len(tail)
            while left > 0:
                more = self.socket.recv(min(left, 1 << 18))
                if not more:
                    raise Closed()
                size, left = size + len(more), left - len(more)
        return int(head.split(b" ")[1]), size, b"connection: close" not in lower


class CountingPeer(RawPeer):
    def __init__(self, *arguments, **options):
        self.sent = self.got = 0
        super().__init__(*arguments, **options)
        self.link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send_bytes(self, data):
        self.sent += len(data)
        super().send_bytes(data)

    def _more(self):
        before = len(self.received)
        super()._more()
        self.got += len(self.received) - before


def _fill_cpu(cost, spent, gauge, times):
    gauge.settle()
    whole, most, names = spent.so_far()
    cost.times, cost.cpu_ms, cost.thread_ms = times, whole / 1e6 / times, most / 1e6 / times
    cost.threads = {name: part / 1e6 / times for name, part in names.items() if part}


def http(node, gauge, asked, seconds=FOR_S):
    """CPU, bytes and time of a request that is answered."""
    cost, link, size_in, size_out, times = Cost(asked.name), None, 0, 0, 0
    gauge.settle()
    spent, begin = Spent(gauge), time.monotonic()
    while times < TIMES_MAX and (times < 2 or time.monotonic() - begin < seconds):
        link = link or Link(node.port)
        data = asked.make()
        status, size, stays = link.ask(data)
        size_in, size_out, times = size_in + len(data), size_out + size, times + 1
        if not stays:
            link.socket.close()
            link = None
    took = time.monotonic() - begin
    _fill_cpu(cost, spent, gauge, times)
    cost.bytes_in, cost.bytes_out, cost.took_ms = size_in // times, size_out // times, took * 1e3 / times
    cost.answer = str(status)
    if link:
        link.socket.close()
    return cost


def hold(node, gauge, asked, cost, copies=HELD):
    """Adds to `cost` what `copies` of it hold while nobody reads them or they are not ended."""
    gauge.settle()
    gauge.forget_peak()
    before, links, spent, size = gauge.resident(), [], Spent(gauge), 0
    try:
        for _ in range(copies):
            link, data = Link(node.port, small=True), asked.make()
            links.append(link)
            size += len(data)
            link.socket.settimeout(5)
            with contextlib.suppress(OSError):  # a node that takes no more has said what it bears
                link.socket.sendall(data)
        gauge.settle(20)
        cost.held = max(0, gauge.resident() - before) // copies
        cost.peak = max(0, gauge.peak() - before) // copies
    finally:
        for link in links:
            link.socket.close()
    if not asked.answered:
        _fill_cpu(cost, spent, gauge, copies)
        cost.bytes_in, cost.answer = size // copies, "held"


@dataclasses.dataclass(frozen=True)
class Said:
    """`frames(peer)`: what is sent once; then `answers` messages of type `kind` are read.

    `mine`: whether the connection belongs to the cost, since it ends with this.
    """

    name: str
    frames: object
    kind: int = 0
    answers: int = 1
    mine: bool = False
    times: int = 20


def _read_all(peer, said):
    for _ in range(said.answers if said.kind else 0):
        peer.expect(said.kind)
    peer.ping()


def peer(node, gauge, said, spec):
    """CPU, bytes and time of messages of a peer that has shaken hands."""
    cost, times, one, ended = Cost(said.name), 0, None, ""
    if not said.mine:
        one = CountingPeer(node.port, spec, timeout=ANSWER_LIMIT_S).connect()
        one.ping()
        if begin := getattr(said.frames, "begin", None):
            begin(one)
    gauge.settle()
    begin, size_in, size_out = time.monotonic(), 0, 0
    spent, start = Spent(gauge), (one.sent, one.got) if one else (0, 0)
    while times < said.times and (times < min(2, said.times) or time.monotonic() - begin < FOR_S * 3):
        if said.mine:
            one, start = CountingPeer(node.port, spec, timeout=ANSWER_LIMIT_S).connect(), (0, 0)
        times += 1
        try:
            for frame in said.frames(one):
                one.send(frame)
            if said.mine and said.kind < 0:  # the node is to close it
                raise one.until_closed(ANSWER_LIMIT_S)
            _read_all(one, said)
        except Closed as end:
            ended = f"closed: {end.reason or end.code or 'without a word'}"
            if not said.mine:
                break
        if said.mine:
            size_in, size_out = size_in + one.sent, size_out + one.got
            one.close()
    took = time.monotonic() - begin
    if not said.mine:
        size_in, size_out = one.sent - start[0], one.got - start[1]
    _fill_cpu(cost, spent, gauge, times)
    one.close()
    cost.bytes_in, cost.bytes_out, cost.took_ms = size_in // times, size_out // times, took * 1e3 / times
    cost.answer = ended or "answered"
    return cost


def hold_peers(node, gauge, said, spec, copies=HELD):
    """Peers that ask and do not read."""
    cost, peers = Cost(said.name, answer="held"), []
    gauge.settle()
    gauge.forget_peak()
    before, spent, size = gauge.resident(), Spent(gauge), 0
    try:
        for _ in range(copies):
            one = CountingPeer(node.port, spec, timeout=20)
            one.link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
            peers.append(one.connect())
        shaken = sum(one.sent for one in peers)
        for one in peers:
            one.link.settimeout(5)
            with contextlib.suppress(OSError, Closed):
                for frame in said.frames(one):
                    one.send(frame)
        gauge.settle(20)
        cost.held = max(0, gauge.resident() - before) // copies
        cost.peak = max(0, gauge.peak() - before) // copies
        size = sum(one.sent for one in peers) - shaken
    finally:
        for one in peers:
            one.close()
    _fill_cpu(cost, spent, gauge, copies)
    cost.bytes_in = size // copies
    return cost


# The messages.


def _block_wrong_at_its_end(state, tip):
    """A block on top of `tip` that shows its work, and whose last signature only is wrong."""
    sender, first = state.senders[1], state.nonces[state.senders[1].key]
    transfers = [sender.transfer(first + i, sender, 1, 2_000) for i in range(state.spec.max_block // 154 - 2)]
    transfers[-1].signature = bytes(32) + b"\1" * 32
    body = [wire.Reward(state.index + 1, bytes(32), state.spec.subsidy), *transfers]
    header = wire.Header(1, tip.hash(), wire.merkle_root([one.txid() for one in body]), tip.time + 1, state.spec.bits, 0)
    return wire.Block(header.mine(), body)


def messages(state, headers, branch):
    """`headers`: of the best chain, genesis first. `branch`: how long a branch without bodies is made."""
    spec, genesis, tip = state.spec, headers[0], headers[-1]
    full = wire.hidden(state.full_hash)
    waiting = [(raw_peer.TRANSFER_ITEM, one.txid()) for one in state.pending[:1_000]]
    single = lambda data: lambda peer: [data]
    wrong = state.senders[1].transfer(state.nonces[state.senders[1].key], state.senders[2], 1, 2_000)
    wrong.signature = bytes(32) + b"\1" * 32
    little = shapes.header_messages(shapes.headers_after(genesis, min(2_000, len(headers) - 1), b"little", spec))[0]

    def asked_transfer(peer):
        wrong.nonce += 1
        peer.send(raw_peer.items(raw_peer.INV, [(raw_peer.TRANSFER_ITEM, wrong.txid())]))
        peer.expect(raw_peer.GETDATA)
        return [bytes([raw_peer.TX]) + wrong.encode()]

    def asked_block(peer):
        block = _block_wrong_at_its_end(state, tip)
        peer.send(raw_peer.headers([block.header]))
        peer.expect(raw_peer.GETDATA)
        return [bytes([raw_peer.BLOCK]) + block.encode()]

    return [
        Said("handshake: upgrade, version, verack", lambda peer: [], mine=True),
        Said("ping", single(bytes([raw_peer.PING]) + bytes(8)), times=200),
        Said("a WebSocket's own ping", lambda peer: peer.send(bytes(125), raw_peer.PING_FRAME) or [], times=200),
        Said("getheaders, 101 unknown hashes",
             lambda peer: [raw_peer.getheaders([digest for _, digest in shapes.unknown_items(2, 101)])], raw_peer.HEADERS),
        Said("getdata, a block of 4 MiB", single(raw_peer.items(raw_peer.GETDATA, [(raw_peer.BLOCK_ITEM, full)])), raw_peer.BLOCK),
        Said("getdata, 1,000 waiting transfers", single(raw_peer.items(raw_peer.GETDATA, waiting)), raw_peer.TX, len(waiting)),
        Said("getdata, 1,000 unknown", lambda peer: [raw_peer.items(raw_peer.GETDATA, shapes.unknown_items(2, 1_000))],
             raw_peer.NOTFOUND),
        Said("mempool", single(raw_peer.mempool()), raw_peer.INV),
        Said("getaddr", single(bytes([raw_peer.GETADDR]))),
        Said("addr, 1,000", lambda peer: [shapes.addresses(1_000)], times=4),
        Said("inv, 50,000 unknown transfers", lambda peer: [raw_peer.items(raw_peer.INV, shapes.unknown_items(1, 50_000))], times=4),
        Said("inv, 50,000 unknown blocks", lambda peer: [raw_peer.items(raw_peer.INV, shapes.unknown_items(2, 50_000))], times=4),
        Said("headers, 2,000 of little work", single(little)),
        Said("tx, asked for, wrong signature (with the connection)", asked_transfer, kind=-1, answers=0, mine=True),
        Said("tx, not asked for, wrong signature", single(bytes([raw_peer.TX]) + wrong.encode()), times=10),
        Said("block, 4 MiB that do not decode (with the connection)",
             single(bytes([raw_peer.BLOCK]) + bytes(spec.max_block - 1)), kind=-1, answers=0, mine=True, times=3),
        Said("block, 4 MiB, its last signature wrong (with the connection)", asked_block, kind=-1, answers=0, mine=True, times=1),
        Said(f"headers, one, branches of {branch:,} that overtake each other", Overtaking(genesis, branch, spec, len(headers)), times=20),
    ]


class Overtaking:
    """Two branches of headers without bodies, each in turn one header longer than the other."""

    def __init__(self, genesis, length, spec, chain):
        self.length, self.spec, self.genesis, self.sides = max(length, chain + 2), spec, genesis, None

    def begin(self, peer):
        """Has the node take both branches; it asks for them piece by piece."""
        self.sides = [shapes.headers_after(self.genesis, self.length + i, mark, self.spec) for i, mark in enumerate((b"a", b"b"))]
        for side in self.sides:
            places = {header.hash(): i + 1 for i, header in enumerate(side)}
            peer.send(raw_peer.headers(side[:2_000]))
            sent = side[:2_000]
            while len(sent) == 2_000:  # a full message means that there is more
                reader = wire.Reader(peer.expect(raw_peer.GETHEADERS))
                locator = [reader.raw(32) for _ in range(reader.varint())]
                at = next((places[digest] for digest in locator if digest in places), 0)
                sent = side[at:at + 2_000]
                peer.send(raw_peer.headers(sent))
        peer.ping()

    def __call__(self, peer):
        shorter = min(self.sides, key=len)
        more = shapes.headers_after(shorter[-1], 2, b"%d" % len(shorter), self.spec)
        shorter += more
        return [raw_peer.headers(more)]


def unread(state):
    block = raw_peer.items(raw_peer.GETDATA, [(raw_peer.BLOCK_ITEM, wire.hidden(state.full_hash))])
    blocks = raw_peer.items(raw_peer.GETDATA, [(raw_peer.BLOCK_ITEM, wire.hidden(state.full_hash))] * 1_000)
    return [
        Said("a guest that says nothing", lambda peer: []),
        Said("getdata, a block of 4 MiB, unread", lambda peer: [block]),
        Said("getdata, 8 × 1,000 blocks of 4 MiB, unread", lambda peer: [blocks] * 8),
        Said("256 × mempool, unread", lambda peer: [raw_peer.mempool()] * 256),
        Said("256 × getheaders, unread", lambda peer: [raw_peer.getheaders([bytes(32)])] * 256),
        Said("half of a message of 1.6 MiB", lambda peer: peer.send(bytes(1_650_000 - 4), length=1_650_000) or []),
        Said("a block of 4 MiB less some bytes",
             lambda peer: peer.send(bytes([raw_peer.BLOCK]) + bytes((4 << 20) - 100), length=4 << 20) or []),
    ]
