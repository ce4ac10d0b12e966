"""Waiting transfers reach a node that comes later, whatever version of the protocol is spoken with it."""

import concurrent.futures
import contextlib
import socket
import time

import raw_peer
import wire
from cairn_node import Key
from network import NetworkTest, wait
from raw_peer import Closed, RawPeer
from settings import LONG

SENDERS = 40
EACH = 1_000 if LONG else 90  # more than may wait for their turn
SECONDS, SHARE = 4, 300_000  # millionths of a second of a core, for all guests (docs/peers.md)


def signed(sender):
    key = Key(wire.sha256(b"pool %d" % sender))
    return [key.transfer(nonce, key, 1 + nonce).encode().hex() for nonce in range(EACH)]


class PoolComparison(NetworkTest):
    APART = True

    def fill(self, i):
        """A pool of SENDERS * EACH transfers; their ids."""
        with concurrent.futures.ProcessPoolExecutor() as pool:
            raws = [raw for chain in pool.map(signed, range(SENDERS)) for raw in chain]
        for begin in range(0, len(raws), 400):
            self.ok(self.clients[i].post("/transactions/batch", {"transactions": [{"raw": raw} for raw in raws[begin:begin + 400]]}),
                    200, 201)
        self.assertEqual(self.status(i)["pool_length"], len(raws))
        return {wire.double_sha256(bytes.fromhex(raw)) for raw in raws}

    def test_a_node_that_comes_while_it_is_behind_gets_all_that_waits(self):
        self.add()
        self.mine(0, 30)
        ids = self.fill(0)
        self.add()
        self.register(1, 0)
        wait(lambda: self.status(1)["pool_length"] == len(ids), "the pools are equal", 120)
        self.wait_tips(self.tip(0))
        # And back again: what only the newcomer has, and blocks on the other side meanwhile.
        self.nodes[1].kill()
        self.mine(0, 20)
        self.restart(1)
        self.wait_tips(self.tip(0))
        wait(lambda: self.status(1)["pool_length"] == self.status(0)["pool_length"], "the pools are equal again", 120)

    def test_a_pool_is_told_in_pages_and_as_a_whole(self):
        self.add()
        ids = self.fill(0)
        with RawPeer(self.nodes[0].port, protocol=2) as peer:
            peer.connect()
            self.assertIn("sec-websocket-protocol: cairn.2", peer.answer.lower())
            told, after, more = [], bytes(32), 1
            while more:
                peer.send(raw_peer.mempool(after, 700))
                more, page = raw_peer.read_poolinv(peer.expect(raw_peer.POOLINV))
                self.assertLessEqual(len(page), 700)
                told += page
                after = page[-1] if page else after
            self.assertEqual(told, sorted(ids))
            peer.send(raw_peer.mempool(b"\xff" * 32, 9))
            self.assertEqual(raw_peer.read_poolinv(peer.expect(raw_peer.POOLINV)), (0, []))
        with RawPeer(self.nodes[0].port, protocol=1) as peer:
            peer.connect()
            self.assertIn("sec-websocket-protocol: cairn.1", peer.answer.lower())
            peer.send(raw_peer.mempool())
            found = set()
            while len(found) < len(ids):
                reader = wire.Reader(peer.expect(raw_peer.INV))
                for _ in range(reader.varint()):
                    self.assertEqual(reader.integer(1), raw_peer.TRANSFER_ITEM)
                    found.add(reader.raw(32))
            self.assertEqual(found, ids)

    def test_what_belongs_to_the_other_version_is_refused(self):
        self.add()
        for protocol, frame in ((1, raw_peer.mempool(bytes(32), 5)), (2, raw_peer.mempool()), (1, bytes([raw_peer.POOLINV, 0, 0]))):
            with self.subTest(protocol=protocol, frame=frame[:2]), RawPeer(self.nodes[0].port, protocol=protocol) as peer:
                peer.connect()
                peer.send(frame)
                end = peer.until_closed()
                self.assertEqual(end.code, 1002)

    def test_a_node_asks_a_peer_of_either_version_for_its_pool(self):
        for protocol in (1, 2):
            with self.subTest(protocol=protocol):
                i = len(self.nodes)
                self.add()
                key = Key(wire.sha256(b"asked %d" % protocol))
                waiting = sorted((key.transfer(nonce, key, 1 + nonce) for nonce in range(80)), key=lambda one: one.txid())
                bodies = {one.txid(): one.encode() for one in waiting}
                with RawPeer(self.nodes[i].port, protocol=protocol) as peer, concurrent.futures.ThreadPoolExecutor() as aside:
                    peer.connect()
                    answers = aside.submit(self.answers_for_a_pool, peer, bodies)
                    try:
                        wait(lambda: self.status(i)["pool_length"] == len(bodies), "it has all of them")
                        self.assertEqual(self.pool(i), {wire.shown(txid) for txid in bodies})
                    finally:
                        peer.link.shutdown(socket.SHUT_RDWR)
                    self.assertEqual(answers.result(), 1 if protocol == 1 else 3)

    def answers_for_a_pool(self, peer, bodies):
        """What a peer with those transfers says until the link ends; how often it was asked for them."""
        answered = 0
        with contextlib.suppress(Closed):
            while True:
                message = peer.receive()
                reader = wire.Reader(message[1:])
                if message[0] == raw_peer.GETHEADERS:
                    peer.send(raw_peer.headers([]))
                elif message[0] == raw_peer.MEMPOOL and peer.protocol == 1:
                    peer.send(raw_peer.items(raw_peer.INV, [(raw_peer.TRANSFER_ITEM, txid) for txid in bodies]))
                    answered += 1
                elif message[0] == raw_peer.MEMPOOL:
                    after, limit = reader.raw(32), reader.integer(2)
                    page = [txid for txid in sorted(bodies) if txid > after][:min(limit, 30)]
                    more = bool(page) and page[-1] != max(bodies)
                    peer.send(bytes([raw_peer.POOLINV, more]) + wire.varint(len(page)) + b"".join(page))
                    answered += 1
                elif message[0] == raw_peer.GETDATA:
                    for _ in range(reader.varint()):
                        reader.raw(1)
                        peer.send(bytes([raw_peer.TX]) + bodies[reader.raw(32)])
                elif message[0] == raw_peer.PING:
                    peer.send(bytes([raw_peer.PONG]) + message[1:])
        return answered

    def test_questions_for_the_pool_are_answered_within_a_share(self):
        """A byte buys the whole pool: whoever asks over and over waits, is not closed for it, and holds up nobody."""
        self.add()
        ids = self.fill(0)
        with RawPeer(self.nodes[0].port) as asker, RawPeer(self.nodes[0].port, protocol=2) as honest:
            asker.connect()
            honest.connect()
            asker.ping()
            begin = time.monotonic()
            for _ in range(1_000):
                asker.send(raw_peer.mempool())
            answered = 0
            while time.monotonic() - begin < SECONDS:
                asker.expect(raw_peer.INV)
                answered += 1
                honest.send(raw_peer.mempool(bytes(32), 10))
                honest.expect(raw_peer.POOLINV)
            took = time.monotonic() - begin
            cost = answered * (20 + 3 * len(ids))
            print(f"{answered} answers of {len(ids)} ids in {took:.1f} s")
            self.assertLess(cost, SHARE * (took + 1) + 2 * 3 * len(ids))
            honest.ping()
