"""The strangers of a flood: many connections from many addresses, each asking the worst it may.

Runs as a process of its own, at the lowest priority, in a network namespace if it is told one:
`python3 strangers.py ORDER`, where ORDER is JSON (see `Order`). Says once a second on standard output, as
JSON, how many connections stand and what became of the others; ends when its standard input does.
"""

import collections
import contextlib
import dataclasses
import errno
import heapq
import http.client
import json
import os
import pathlib
import random
import resource
import selectors
import socket
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[0] / "whole"), str(HERE)]

import bip340  # noqa: E402
import raw_peer  # noqa: E402
import shapes  # noqa: E402
import wire  # noqa: E402
from filled import FEE, SENDERS  # noqa: E402
from raw_peer import Closed, RawPeer  # noqa: E402
from signer import FastKey  # noqa: E402

READ_ALL, READ_SLOWLY, READ_NEVER = "all", "slowly", "never"
SLOW_BYTES_A_SECOND = 20_000  # a little above what a node cuts at
AGAIN_S = 0.25                # after a connection that was refused or closed
PEER_TIMEOUT_S = 20
IP_BIND_ADDRESS_NO_PORT = 24


@dataclasses.dataclass
class Order:
    host: str
    port: int
    chain: str                # main or dev
    seed: str                 # of the keys that have coins
    connections: int
    sources: list             # "44.0.0.0/8": addresses of which each connection takes one at random; [] for any
    pending: int              # transfers to keep waiting, spent by those who have coins
    full_index: int
    full_hash: str
    confirmed: list
    threads: int = 40         # peers at once
    kinds: list = dataclasses.field(default_factory=list)  # only these; [] for all


@dataclasses.dataclass
class Kind:
    """`share`: of all connections."""

    name: str
    make: object
    reads: str
    share: float


def spec_of(chain):
    return {"main": wire.MAIN, "dev": wire.DEV}[chain]


class Book:
    """What became of them, by kind."""

    FIELDS = ("open", "begun", "answered", "busy", "refused", "closed", "sent", "got")

    def __init__(self):
        self.rows, self.lock = collections.defaultdict(lambda: dict.fromkeys(self.FIELDS, 0)), threading.Lock()

    def add(self, kind, **changes):
        with self.lock:
            for field, by in changes.items():
                self.rows[kind][field] += by

    def text(self):
        with self.lock:
            return json.dumps(self.rows)


def random_source(network):
    base, _, bits = network.partition("/")
    number = int.from_bytes(socket.inet_aton(base), "big") | random.getrandbits(32 - int(bits)) | 1
    return socket.inet_ntoa(number.to_bytes(4, "big"))


def bind_to_source(link, sources):
    if sources:
        link.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        link.bind((random_source(random.choice(sources)), 0))


# Those who speak HTTP: one thread, all connections.


class Visitor:
    def __init__(self, crowd, kind):
        self.crowd, self.kind, self.link = crowd, kind, None
        self.later(random.random())

    def later(self, seconds):
        self.crowd.at(seconds, self.begin)

    def begin(self):
        self.link = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        if self.kind.reads != READ_ALL:
            self.link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        self.asked, self.head, self.left, self.tail, self.reading = memoryview(b""), b"", None, b"", False
        try:
            bind_to_source(self.link, self.crowd.order.sources)
            result = self.link.connect_ex((self.crowd.order.host, self.crowd.order.port))
            if result not in (0, errno.EINPROGRESS):
                raise OSError(result, os.strerror(result))
        except OSError:
            return self.end("refused")
        self.crowd.book.add(self.kind.name, open=1, begun=1)
        self.counted = True
        self.ask()

    def ask(self):
        self.asked = memoryview(self.kind.make())
        self.head, self.left, self.tail = b"", None, b""
        self.crowd.wait(self, selectors.EVENT_WRITE | selectors.EVENT_READ)

    def ready(self, mask):
        try:
            if mask & selectors.EVENT_WRITE:
                self.send()
            if mask & selectors.EVENT_READ and self.link:
                self.read()
        except BlockingIOError:
            pass
        except OSError:
            self.end("closed" if self.head or self.reading else "refused")

    def send(self):
        if self.asked:
            sent = self.link.send(self.asked[: 1 << 18])
            self.crowd.book.add(self.kind.name, sent=sent)
            self.asked = self.asked[sent:]
        if not self.asked:
            self.reading = True
            self.crowd.wait(self, 0 if self.kind.reads == READ_SLOWLY else selectors.EVENT_READ)
            if self.kind.reads == READ_SLOWLY:
                self.crowd.at(0.1, self.sip)

    def sip(self):
        """One who reads slowly takes a tenth of a second's share."""
        if not self.link:
            return
        with contextlib.suppress(BlockingIOError):
            try:
                got = self.link.recv(SLOW_BYTES_A_SECOND // 10)
            except BlockingIOError:
                raise
            except OSError:
                got = b""
            if not got:
                return self.end("closed")
            self.crowd.book.add(self.kind.name, got=len(got))
        self.crowd.at(0.1, self.sip)

    def read(self):
        if self.kind.reads == READ_NEVER and not self.asked:
            # The only thing of interest is the end; what comes stays in the kernel.
            if self.link.recv(1, socket.MSG_PEEK) == b"":
                return self.end("closed")
            return self.crowd.wait(self, 0, watch=True)
        data = self.link.recv(1 << 18)
        if not data:
            return self.end("closed" if self.head else "refused")
        self.crowd.book.add(self.kind.name, got=len(data))
        self.take(data)

    def take(self, data):
        if self.left is None:
            self.head += data
            head, end, data = self.head.partition(b"\r\n\r\n")
            if not end:
                return
            self.status, lower = int(head.split(b" ")[1]), head.lower()
            self.stays = b"connection: close" not in lower
            length = lower.partition(b"content-length:")[2].partition(b"\r\n")[0]
            self.left = int(length) if length else -1
        if self.left >= 0:
            self.left -= len(data)
            done = self.left <= 0
        else:
            self.tail = (self.tail + data)[-5:]
            done = self.tail.endswith(b"0\r\n\r\n")
        if done:
            busy = self.status in (429, 503)
            self.crowd.book.add(self.kind.name, **{"busy" if busy else "answered": 1})
            if not self.stays:
                self.end(None)
            elif busy:
                self.crowd.wait(self, 0)
                self.crowd.at(AGAIN_S, lambda: self.link and self.ask())
            else:
                self.ask()

    def end(self, how):
        self.crowd.forget(self)
        self.link.close()
        self.link = None
        self.crowd.book.add(self.kind.name, **({"open": -1} if getattr(self, "counted", False) else {}),
                            **({how: 1} if how else {}))
        self.counted = False
        self.later(AGAIN_S * (0.5 + random.random()))


class Crowd:
    """All visitors on one selector, with a clock."""

    def __init__(self, order, book, kinds):
        self.order, self.book = order, book
        self.selector, self.due, self.known = selectors.DefaultSelector(), [], {}
        self.serial = 0
        for kind in kinds:
            for _ in range(max(1, round(kind.share * order.connections))):
                Visitor(self, kind)

    def at(self, seconds, act):
        self.serial += 1
        heapq.heappush(self.due, (time.monotonic() + seconds, self.serial, act))

    def wait(self, visitor, mask, watch=False):
        """`watch`: only for the connection's end, looked at now and again."""
        if watch:
            self.forget(visitor)
            link = visitor.link
            return self.at(1, lambda: self.look(visitor, link))
        if not mask:
            return self.forget(visitor)
        link = visitor.link
        if self.known.get(link) is None:
            self.selector.register(link, mask, visitor)
        elif self.known[link] != mask:
            self.selector.modify(link, mask, visitor)
        self.known[link] = mask

    def look(self, visitor, link):
        """Whether the node has closed a connection on which unread bytes wait."""
        if visitor.link is not link:
            return
        state = link.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
        if state == 1:  # established
            return self.at(1, lambda: self.look(visitor, link))
        visitor.end("closed")

    def forget(self, visitor):
        if self.known.pop(visitor.link, None) is not None:
            self.selector.unregister(visitor.link)

    def run(self, ended):
        while not ended.is_set():
            now = time.monotonic()
            while self.due and self.due[0][0] <= now:
                heapq.heappop(self.due)[2]()
            pause = min(0.2, max(0.0, self.due[0][0] - now)) if self.due else 0.2
            for key, mask in self.selector.select(pause):
                if key.data.link is key.fileobj:
                    key.data.ready(mask)


class State:
    """What shapes.py wants to know of the node's state."""

    def __init__(self, order):
        self.spec = spec_of(order.chain)
        self.senders = [FastKey(wire.sha256(order.seed.encode() + b" %d" % i), self.spec) for i in range(SENDERS)]
        self.nonces = {key.key: 1_000_000 for key in self.senders}
        self.miner = self.heavy = self.senders[0]
        self.full_index, self.full_hash, self.confirmed = order.full_index, order.full_hash, order.confirmed
        self.index, self.pending = order.full_index, [self.heavy.transfer(0, self.heavy, 1, FEE)]


def kinds_of(state):
    get = lambda target: (lambda data=shapes.request("GET", target): data)
    some = state.confirmed[len(state.confirmed) // 2]
    batches = {asked.name: asked.make for asked in shapes.batches(state, entries=4_096)}
    zeros = next(make for name, make in batches.items() if "zeros" in name)
    wrong = next(make for name, make in batches.items() if "wrong signatures" in name)
    begun = {asked.name: asked.make for asked in shapes.unfinished()}
    half = lambda word: next(make for name, make in begun.items() if word in name)
    full, miner, heavy = state.full_index, state.miner.address, state.heavy.address
    single = shapes.with_wrong_signature(shapes.fresh_transfers(state, 1))[0].encode()
    return [
        Kind("zeros unread", zeros, READ_NEVER, 0.03),
        Kind("full block unread", get(f"/blocks/{full}"), READ_NEVER, 0.08),
        Kind("full blocks pipelined unread", lambda data=get(f"/blocks/{full}")() * 32: data, READ_NEVER, 0.02),
        Kind("chain unread", get("/chain"), READ_NEVER, 0.04),
        Kind("pool unread", get("/pool"), READ_NEVER, 0.04),
        Kind("inv unread", get("/inv"), READ_NEVER, 0.04),
        Kind("history unread", get(f"/accounts/{miner}/transactions?limit=1000"), READ_NEVER, 0.04),
        Kind("chain read slowly", get("/chain"), READ_SLOWLY, 0.02),
        Kind("full block read slowly", get(f"/blocks/{full}"), READ_SLOWLY, 0.02),
        Kind("inv beyond its end", get(f"/inv?from={shapes.FAR}"), READ_ALL, 0.01),
        Kind("account with most pending", get(f"/accounts/{heavy}"), READ_ALL, 0.005),
        Kind("history", get(f"/accounts/{miner}/transactions?limit=1000"), READ_ALL, 0.005),
        Kind("transaction of a full block", get(f"/transactions/{some}"), READ_ALL, 0.005),
        Kind("proof of a full block", get(f"/transactions/{some}/proof"), READ_ALL, 0.005),
        Kind("full block read", get(f"/blocks/{full}"), READ_ALL, 0.002),
        Kind("zeros read", zeros, READ_ALL, 0.002),
        Kind("batch of wrong signatures", wrong, READ_ALL, 0.003),
        Kind("one wrong signature", lambda data=shapes.request("POST", "/transactions/new", single): data, READ_ALL, 0.005),
        Kind("log-in, wrong", shapes.wrong_log_in, READ_ALL, 0.02),
        Kind("log-in as the operator, wrong",
             lambda: shapes.request("POST", "/login", '{"name":"operator","password":"%x"}' % random.getrandbits(64)),
             READ_ALL, 0.02),
        Kind("half a head", half("a head"), READ_NEVER, 0.10),
        Kind("half a body", half("256 KiB"), READ_NEVER, 0.03),
        Kind("half a batch", half("4 MiB"), READ_NEVER, 0.03),
        Kind("half an upgrade", shapes.upgrade, READ_NEVER, 0.05),
        Kind("nothing", lambda: b"", READ_NEVER, 0.35),
    ]


# Those who have shaken hands: a thread each.


class Guest(RawPeer):
    """A peer from an address of its own, which believes the node."""

    def __init__(self, order, small=False):
        self.spec, self.secret = spec_of(order.chain), os.urandom(32)
        self.signing = FastKey(self.secret, self.spec)
        self.key, self.nonce = self.signing.key, os.urandom(32)
        self.protocol = raw_peer.PROTOCOL
        self.host, self.port, self.received = order.host, order.port, bytearray()
        self.link = socket.socket()
        if small:
            self.link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        bind_to_source(self.link, order.sources)
        self.link.settimeout(PEER_TIMEOUT_S)
        self.link.connect((order.host, order.port))

    def shake_hands(self, **claims):
        self.send(raw_peer.version(self.spec, self.key, self.nonce, **claims))
        theirs = wire.Reader(self.expect(raw_peer.VERSION))
        theirs.raw(4 + 32)
        key, nonce = theirs.raw(32), theirs.raw(32)
        common = b"\0" + self.spec.genesis().hash() + self.key + key + self.nonce + nonce + bytes(32)
        self.send(bytes([raw_peer.VERACK]) + self.signing.sign(bip340.tagged_hash("cairn/handshake", common)))
        self.expect(raw_peer.VERACK)
        return {}


def _hammer(make, answers=True):
    """Sends again and again, and reads what comes."""
    def act(peer, add):
        while True:
            peer.send(make())
            add(answered=1)
            if answers:
                peer.ping()
    return act


def _unread(make, times):
    def act(peer, add):
        peer.link.settimeout(30)
        for _ in range(times):
            peer.send(make())
            add(answered=1)
        time.sleep(30)
    return act


def _wrong_transfer(state):
    def act(peer, add):
        wrong = wire.Transfer(state.senders[1].key, random.getrandbits(40), state.senders[1].key, 1, FEE, b"", os.urandom(64))
        peer.send(raw_peer.items(raw_peer.INV, [(raw_peer.TRANSFER_ITEM, wrong.txid())]))
        peer.expect(raw_peer.GETDATA)
        peer.send(bytes([raw_peer.TX]) + wrong.encode())
        add(answered=1)
        peer.until_closed(10)
    return act


def peer_kinds(state):
    item = [(raw_peer.BLOCK_ITEM, wire.hidden(state.full_hash))]
    return {
        "mempool": _hammer(lambda: raw_peer.mempool()),
        "mempool unread": _unread(lambda: raw_peer.mempool(), 256),
        "full blocks unread": _unread(lambda: raw_peer.items(raw_peer.GETDATA, item * 1_000), 8),
        "full blocks read": _hammer(lambda: raw_peer.items(raw_peer.GETDATA, item)),
        "headers asked": _hammer(lambda: raw_peer.getheaders([d for _, d in shapes.unknown_items(2, 101)])),
        "unknown transfers": _hammer(lambda: raw_peer.items(raw_peer.INV, shapes.unknown_items(1, 10_000))),
        "unknown blocks": _hammer(lambda: raw_peer.items(raw_peer.INV, shapes.unknown_items(2, 10_000))),
        "addresses": _hammer(lambda: shapes.addresses(1_000)),
        "a wrong transfer": _wrong_transfer(state),
        "a block that does not decode": lambda peer, add: (peer.send(bytes([raw_peer.BLOCK]) + os.urandom(1_000_000)),
                                                           add(answered=1), peer.until_closed(10)),
        "guest that says nothing": lambda peer, add: time.sleep(30),
    }


def be_peers(order, book, name, act, ended):
    kind = f"peer: {name}"
    while not ended.is_set():
        peer, stands = None, False
        try:
            peer = Guest(order, small="unread" in name)
            book.add(kind, begun=1)
            peer.connect()
            stands = True
            book.add(kind, open=1)
            act(peer, lambda **changes: book.add(kind, **changes))
        except (OSError, Closed, AssertionError, wire.WireError):
            book.add(kind, **{"closed" if stands else "refused": 1})
        finally:
            if stands:
                book.add(kind, open=-1)
            if peer:
                peer.close()
        ended.wait(AGAIN_S)


# Who has coins and pays for it that transfers always wait.


def spend(order, state, book, ended):
    kind = "spender"
    while not ended.is_set():
        try:
            link = http.client.HTTPConnection(order.host, order.port, timeout=60)
            link.connect()
            book.add(kind, open=1, begun=1)
            while not ended.is_set():
                _spend_once(order, state, book, link, kind)
                ended.wait(0.5)
        except (OSError, http.client.HTTPException, ValueError, KeyError):
            book.add(kind, refused=1)
        finally:
            link.close()
            book.rows[kind]["open"] = 0
        ended.wait(AGAIN_S)


def _ask(link, method, target, body=None):
    link.request(method, target, body, {"Host": "127.0.0.1"})
    response = link.getresponse()
    return response.status, json.loads(response.read())


def _spend_once(order, state, book, link, kind):
    if _ask(link, "GET", "/status")[1]["pool_length"] >= order.pending:
        return
    sender = random.choice(state.senders)
    nonce = _ask(link, "GET", f"/accounts/{sender.address}")[1]["next_nonce"]
    entries = [{"raw": sender.transfer(nonce + i, sender, 1, FEE).encode().hex()} for i in range(500)]
    status, told = _ask(link, "POST", "/transactions/batch", json.dumps({"transactions": entries}))
    book.add(kind, answered=1, **({"busy": 1} if status in (429, 503) else {"got": told.get("accepted", 0)}))


def main():
    order = Order(**json.loads(sys.argv[1]))
    os.nice(19 - os.nice(0))
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    state, book, ended = State(order), Book(), threading.Event()
    kinds = [kind for kind in kinds_of(state) if not order.kinds or kind.name in order.kinds]
    threads = [threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True),
               threading.Thread(target=spend, args=(order, state, book, ended), daemon=True)]
    peers = list(peer_kinds(state).items())
    for i in range(order.threads):
        name, act = peers[i % len(peers)]
        threads.append(threading.Thread(target=be_peers, args=(order, book, name, act, ended), daemon=True))
    for thread in threads:
        thread.start()
    threading.Thread(target=Crowd(order, book, kinds).run, args=(ended,), daemon=True).start()
    while not ended.wait(1):
        print(book.text(), flush=True)


if __name__ == "__main__":
    main()
