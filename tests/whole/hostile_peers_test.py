"""Peers that send what they should not, or nothing at all: closed with a reason in the log, at a bounded cost.

After each of them the node must still serve, hold the same chain, and let an honest peer in.
"""

import os
import struct
import time

import raw_peer
import wire
from network import NetworkTest, wait
from raw_peer import Closed, RawPeer
from settings import QUARANTINE

HANDSHAKE_S = 10
HEADERS_MAX, INV_MAX, GETDATA_MAX, LOCATOR_MAX, ADDR_MAX = 2000, 50_000, 1000, 101, 1000
UNCONNECTING_MAX = 8
MEMORY_MAX = (64 << 20) + QUARANTINE


def children(parent, count, time_step=1, bits=None, work=True):
    """Headers that follow `parent`."""
    made = []
    for i in range(count):
        header = wire.Header(1, parent.hash(), wire.sha256(b"%d" % i), parent.time + time_step, bits or parent.bits, 0)
        if work:
            header.mine()
        else:
            while header.has_work():
                header.nonce += 1
        made.append(header)
        parent = header
    return made


class Hostile(NetworkTest):
    APART = True

    def setUp(self):
        node = self.add("--log-level", "debug")
        self.mine(0, 3)
        self.port, self.genesis = node.port, wire.DEV.genesis().header

    def peer(self, **claims):
        peer = RawPeer(self.port)
        self.addCleanup(peer.close)
        return peer.connect(**claims)

    def bare(self):
        peer = RawPeer(self.port)
        self.addCleanup(peer.close)
        return peer

    def is_well(self):
        """An honest peer is let in, and the chain is what it was."""
        with RawPeer(self.port) as honest:
            honest.connect()
            honest.ping()
        self.assertEqual(self.status(0)["index"], 4)

    def node_lines(self):
        return [line for line in self.nodes[0].log.splitlines() if "reason=" in line and "dropped" not in line]

    @property
    def lines(self):
        return len(self.node_lines())

    def sends(self, frame, seconds=30, **claims):
        """A peer that has shaken hands and sends this; what the node says about it."""
        peer = self.peer(**claims)
        peer.ping()
        before = self.lines
        try:
            for one in frame if isinstance(frame, (list, tuple)) else [frame]:
                peer.send(one)
        except Closed:
            pass
        peer.until_closed(seconds)
        wait(lambda: self.lines > before, "a reason in the log", 5)
        return self.node_lines()[-1]

    # What is no handshake.

    def test_the_handshake_is_mutual(self):
        peer = self.peer()
        self.assertEqual(peer.theirs["genesis"], self.genesis.hash())
        self.assertEqual(peer.theirs["tip"], wire.hidden(self.tip(0)))
        self.assertEqual(peer.theirs["height"], 4)
        self.assertEqual(peer.theirs["listens_on"], self.port)
        self.wait_peers(0, 1)

    def test_upgrades_that_are_none(self):
        for headers, statuses in (
            ({"Origin": "http://localhost"}, (403,)),
            ({"Origin": f"http://127.0.0.1:{self.port}"}, (403,)),
            ({"Sec_WebSocket_Version": "8"}, (400, 426)),
            ({"Sec_WebSocket_Key": "short"}, (400,)),
            ({"Sec_WebSocket_Key": None}, (400, 404, 426)),
            ({"Sec_WebSocket_Protocol": "chat"}, (400, 404, 426)),
            ({"Sec_WebSocket_Protocol": None}, (400, 404, 426)),
            ({"Upgrade": None}, (400, 404, 426)),
            ({"Upgrade": "h2c"}, (400, 404, 426)),
        ):
            with self.subTest(headers):
                peer = self.bare()
                self.assertIn(peer.upgrade(**headers), statuses)
        self.is_well()

    def test_a_foreign_host_is_no_matter_to_peers(self):
        self.assertEqual(self.bare().upgrade(Host="evil.example"), 101)

    def test_handshakes_that_go_wrong(self):
        def signed_with_another_key(peer):
            peer.send(raw_peer.version(wire.DEV, peer.key, peer.nonce))
            peer.send(bytes([raw_peer.VERACK]) + os.urandom(64))

        def own_key_back(peer):
            theirs = wire.Reader(peer.expect(raw_peer.VERSION))
            theirs.raw(4 + 32)
            peer.send(raw_peer.version(wire.DEV, theirs.raw(32), peer.nonce))

        def sends(*frames):
            return lambda peer: [peer.send(frame) for frame in frames]

        version = raw_peer.version
        for name, act in {
            "garbage": sends(os.urandom(300)),
            "an empty message": sends(b""),
            "a verack first": sends(bytes([raw_peer.VERACK]) + bytes(64)),
            "another message first": sends(raw_peer.getheaders([self.genesis.hash()])),
            "a short version": sends(bytes([raw_peer.VERSION]) + bytes(20)),
            "bytes after the version": lambda p: p.send(version(wire.DEV, p.key, p.nonce) + b"x"),
            "another protocol": lambda p: p.send(version(wire.DEV, p.key, p.nonce, protocol=2)),
            "another chain": lambda p: p.send(version(wire.DEV, p.key, p.nonce, genesis=wire.MAIN.genesis().hash())),
            "an agent of control bytes": lambda p: p.send(version(wire.DEV, p.key, p.nonce, agent=b"a\x1b[31m\n")),
            "an agent that is too long": lambda p: p.send(version(wire.DEV, p.key, p.nonce, agent=b"a" * 65)),
            "two versions": lambda p: [p.send(version(wire.DEV, p.key, p.nonce)) for _ in range(2)],
            "a wrong signature": signed_with_another_key,
            "the node's own key": own_key_back,
            "text in place of bytes": lambda p: p.send(b"hello", raw_peer.TEXT),
            "a frame as large as a block": sends(os.urandom(1 << 20)),
        }.items():
            with self.subTest(name):
                peer = self.bare()
                self.assertEqual(peer.upgrade(), 101)
                before = self.lines
                try:
                    act(peer)
                except Closed:
                    pass
                peer.until_closed(HANDSHAKE_S + 5)
                wait(lambda before=before: self.lines > before, "a reason in the log", HANDSHAKE_S + 5)
                print(f"  {name}: {self.node_lines()[-1]}")
        self.is_well()

    def test_who_says_nothing_is_closed_when_the_handshake_is_due(self):
        peers = [self.bare() for _ in range(20)]
        for peer in peers:
            self.assertEqual(peer.upgrade(), 101)
        begin = time.monotonic()
        self.is_well()
        for peer in peers:
            peer.until_closed(HANDSHAKE_S + 5)
        took = time.monotonic() - begin
        self.assertGreater(took, HANDSHAKE_S - 2)
        print(f"20 silent peers closed within {took:.1f} s")

    # WebSocket.

    def test_frames_that_break_the_websocket(self):
        for name, act in {
            "unmasked": lambda p: p.send(b"\x03" + bytes(8), masked=False),
            "a length of 2^62": lambda p: p.send(b"", length=1 << 62),
            "a length over the largest message": lambda p: p.send(b"", length=1 << 30),
            "text": lambda p: p.send(b"hi", raw_peer.TEXT),
            "text that is no UTF-8": lambda p: p.send(b"\xff\xfe", raw_peer.TEXT),
            "an unknown opcode": lambda p: p.send(b"", 5),
            "a long control frame": lambda p: p.send(bytes(126), raw_peer.PING_FRAME),
            "a control frame in parts": lambda p: p.send(b"", raw_peer.PING_FRAME, final=False),
            "a part without a beginning": lambda p: p.send(b"x", 0),
            "a beginning within a message": lambda p: [p.send(b"x", final=False), p.send(b"y")],
            "reserved bits": lambda p: p.send_bytes(b"\xf2\x80abcd"),
            "parts without end": lambda p: [p.send(bytes(60_000), raw_peer.BINARY if i == 0 else 0, final=False) for i in range(500)],
            "no WebSocket at all": lambda p: p.send_bytes(b"GET / HTTP/1.1\r\n\r\n" * 100),
        }.items():
            with self.subTest(name):
                peer = self.peer()
                before = self.nodes[0].resident_bytes()
                try:
                    act(peer)
                except Closed:
                    pass
                end = peer.until_closed(20)
                self.assertIn(end.code, (None, 1002, 1003, 1007, 1008, 1009))
                self.assertLess(self.nodes[0].resident_bytes() - before, MEMORY_MAX)
        self.is_well()

    # Messages.

    def test_messages_that_do_not_decode(self):
        nonsense = {
            "an unknown type": b"\xff" + bytes(10),
            "an empty message": b"",
            "a ping too short": bytes([raw_peer.PING]) + bytes(7),
            "a ping too long": bytes([raw_peer.PING]) + bytes(9),
            "a mempool with a body": bytes([raw_peer.MEMPOOL, 0]),
            "an inv of another size": bytes([raw_peer.INV, 2]) + bytes(33),
            "an inv of an unknown kind": raw_peer.items(raw_peer.INV, [(9, bytes(32))]),
            "a count in a longer form": bytes([raw_peer.INV]) + b"\xfd\x01\x00\x01" + bytes(32),
            "a count of 2^64 - 1": bytes([raw_peer.INV]) + b"\xff" * 9,
            "a block that is none": bytes([raw_peer.BLOCK]) + os.urandom(500),
            "a transfer that is none": bytes([raw_peer.TX]) + os.urandom(100),
            "a second handshake": raw_peer.version(wire.DEV, bytes(32), bytes(32)),
        }
        for name, frame in nonsense.items():
            with self.subTest(name):
                print(f"  {name}: {self.sends(frame)}")
        self.is_well()

    def test_each_limit_and_one_more(self):
        def at(count, make):
            return make(count)
        limits = {
            "inv": (INV_MAX, lambda n: raw_peer.items(raw_peer.INV, [(raw_peer.TRANSFER_ITEM, struct.pack("<Q", i) + bytes(24)) for i in range(n)])),
            "getdata": (GETDATA_MAX, lambda n: raw_peer.items(raw_peer.GETDATA, [(raw_peer.BLOCK_ITEM, struct.pack("<Q", i) + bytes(24)) for i in range(n)])),
            "getheaders": (LOCATOR_MAX, lambda n: raw_peer.getheaders([struct.pack("<Q", i) + bytes(24) for i in range(n)])),
            "headers": (HEADERS_MAX, lambda n: raw_peer.headers(children(self.genesis, n))),
            "addr": (ADDR_MAX, lambda n: bytes([raw_peer.ADDR]) + wire.varint(n) + (bytes(10) + b"\xff\xff\x7f\0\0\1\x89\x13") * n),
        }
        for name, (most, make) in limits.items():
            with self.subTest(f"{name} of {most}"):
                peer = self.peer()
                peer.send(at(most, make))
                peer.ping()
                peer.close()
            with self.subTest(f"{name} of {most + 1}"):
                print(f"  {name} of {most + 1}: {self.sends(at(most + 1, make))}")
        self.is_well()

    def test_headers_that_do_not_connect(self):
        stranger = wire.Header(1, wire.sha256(b"nowhere"), wire.ZERO, self.genesis.time, wire.DEV.bits, 0).mine()
        peer = self.peer()
        for _ in range(UNCONNECTING_MAX):
            peer.send(raw_peer.headers([stranger]))
        peer.ping()
        before = self.lines
        try:
            for _ in range(3):
                peer.send(raw_peer.headers([stranger]))
        except Closed:
            pass
        peer.until_closed()
        wait(lambda: self.lines > before, "a reason in the log", 5)
        print(f"  {self.node_lines()[-1]}")
        self.is_well()

    def test_headers_without_work_bits_or_order(self):
        harder = children(self.genesis, 1, bits=0x1F7FFFFF)
        cases = {
            "no work": children(self.genesis, 1, work=False),
            "bits that are not the chain's": harder,
            "bits that are no target": [wire.Header(1, self.genesis.hash(), wire.ZERO, self.genesis.time + 1, 0xFF000001, 0)],
            "a time before the median": children(self.genesis, 12, time_step=10) + [],
            "a gap within the message": children(self.genesis, 3)[::2],
        }
        early = cases["a time before the median"]
        early.append(wire.Header(1, early[-1].hash(), wire.ZERO, self.genesis.time, wire.DEV.bits, 0).mine())
        for name, found in cases.items():
            with self.subTest(name):
                print(f"  {name}: {self.sends(raw_peer.headers(found))}")
        self.is_well()

    def test_an_invalid_block_condemns_its_header_and_all_that_follow(self):
        """Five headers with more work than the tip; the first body mints one unit too much."""
        parent, blocks = self.genesis, []
        for height in range(2, 8):
            reward = wire.Reward(height, bytes(32), wire.DEV.subsidy + (1 if height == 2 else 0))
            header = wire.Header(1, parent.hash(), reward.txid(), parent.time + 1, wire.DEV.bits, 0).mine()
            blocks.append(wire.Block(header, [reward]))
            parent = header
        *blocks, later = blocks
        before, bodies = self.tip(0), {block.hash(): block for block in blocks}
        peer = self.peer(height=6, tip=blocks[-1].hash(), work=1 << 40)
        sent = 0
        try:
            while sent < len(blocks):
                message = peer.receive()
                if message[0] == raw_peer.GETHEADERS:
                    peer.send(raw_peer.headers([block.header for block in blocks]))
                if message[0] == raw_peer.GETDATA:
                    asked = wire.Reader(message[1:])
                    for _ in range(asked.varint()):
                        asked.raw(1)
                        peer.send(bytes([raw_peer.BLOCK]) + bodies[asked.raw(32)].encode())
                        sent += 1
        except Closed:
            pass
        bad = f"/blocks/{wire.shown(blocks[0].hash())}"
        wait(lambda: self.get(0, bad).get("invalid"), "the block is marked", 10)
        self.assertEqual(self.get(0, bad)["invalid"], "reward_amount")
        self.assertEqual(self.tip(0), before)
        try:
            peer.send(raw_peer.headers([later.header]))
        except Closed:
            pass
        peer.until_closed()
        print(f"  {wait(self.node_lines, 'a reason in the log', 5)[-1]}")
        self.is_well()

    def test_blocks_and_transfers_nobody_asked_for_are_not_kept(self):
        parent = self.genesis
        reward = wire.Reward(2, bytes(32), wire.DEV.subsidy)
        block = wire.Block(wire.Header(1, parent.hash(), reward.txid(), parent.time + 1, wire.DEV.bits, 0).mine(), [reward])
        peer = self.peer()
        try:
            for _ in range(200):
                peer.send(bytes([raw_peer.BLOCK]) + block.encode())
            peer.ping()
        except Closed:
            pass
        self.assertEqual(self.clients[0].get(f"/blocks/{wire.shown(block.hash())}").status, 404)
        self.is_well()

    def test_a_flood_of_low_work_headers_costs_no_memory_and_no_disk(self):
        """A branch from genesis that never shows more work than the tip is nothing to be stored."""
        self.mine(0, 300)  # more than what is sent below
        size = sum(path.stat().st_size for path in self.nodes[0].datadir.rglob("*") if path.is_file())
        before = self.nodes[0].resident_bytes()
        flood = raw_peer.headers(children(self.genesis, 250))
        peer = self.peer()
        sent = 0
        try:
            for _ in range(400):
                peer.send(flood)
                sent += 1
            peer.ping()
        except Closed:
            pass
        grown = self.nodes[0].resident_bytes() - before
        disk = sum(path.stat().st_size for path in self.nodes[0].datadir.rglob("*") if path.is_file()) - size
        print(f"{sent * 250} low-work headers: memory +{grown >> 10} KiB, disk +{disk} bytes")
        self.assertLess(grown, MEMORY_MAX)
        self.assertLess(disk, 64 << 10)
        self.assertEqual(self.status(0)["index"], 304)

    def test_who_asks_and_does_not_read_is_dropped_or_held(self):
        self.mine(0, 200)
        tips = [wire.hidden(block["hash"]) for block in self.get(0, "/chain")["chain"]]
        question = raw_peer.items(raw_peer.GETDATA, [(raw_peer.BLOCK_ITEM, digest) for digest in tips] * 4)
        peer = self.peer()
        before = self.nodes[0].resident_bytes()
        peer.link.settimeout(2)
        sent = 0
        try:
            for _ in range(2000):
                peer.send(question)
                sent += 1
        except (Closed, TimeoutError):
            pass
        grown = self.nodes[0].resident_bytes() - before
        print(f"{sent} questions unread: memory +{grown >> 10} KiB")
        self.assertLess(grown, MEMORY_MAX)
        with RawPeer(self.port) as honest:
            honest.connect()
            honest.ping()

    def test_questions_are_answered_rightly_meanwhile(self):
        """Not hostile: what the node serves is what it has."""
        chain = self.get(0, "/chain")["chain"]
        peer = self.peer()
        peer.send(raw_peer.getheaders([self.genesis.hash()]))
        reader = wire.Reader(peer.expect(raw_peer.HEADERS))
        found = [wire.read_header(reader) for _ in range(reader.varint())]
        self.assertEqual([wire.shown(header.hash()) for header in found], [block["hash"] for block in chain[1:]])
        unknown = wire.sha256(b"unknown")
        peer.send(raw_peer.items(raw_peer.GETDATA, [(raw_peer.BLOCK_ITEM, found[0].hash()), (raw_peer.BLOCK_ITEM, unknown)]))
        self.assertEqual(wire.decode_block(peer.expect(raw_peer.BLOCK)).hash(), found[0].hash())
        self.assertIn(unknown, peer.expect(raw_peer.NOTFOUND))
