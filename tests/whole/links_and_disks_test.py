"""The slow link and the slow disk of the other tests do what they say."""

import contextlib
import errno
import pathlib
import socket
import tempfile
import threading
import time
import unittest

import wire
from cairn_node import Key, Node, raw
from network import wait
from relay import Relay
from servers import Listener
from settings import TMP, needs_disk, needs_node
from slow_disk import SlowDisk, needs_compiler

FOREVER_MS = 600_000


def echo(link):
    while data := link.recv(65536):
        link.sendall(data)


class Links(unittest.TestCase):
    def setUp(self):
        self.far = self.enterContext(Listener(echo))

    def pair(self, **options):
        relay = self.enterContext(Relay(self.far.port, **options))
        link = self.enterContext(socket.create_connection(("127.0.0.1", relay.port), timeout=30))
        return relay, link

    def test_bytes_come_whole_and_in_order(self):
        relay, link = self.pair()
        sent = bytes(range(256)) * 4096
        threading.Thread(target=lambda: (link.sendall(sent), link.shutdown(socket.SHUT_WR))).start()
        received = b""
        while data := link.recv(65536):
            received += data
        self.assertEqual(received, sent)
        wait(lambda: relay.passed == [len(sent)] * 2, "both directions are counted")

    def test_delay_and_bandwidth_hold_back(self):
        _, link = self.pair(delay_s=0.05, bytes_per_s=100_000)
        begin = time.monotonic()
        link.sendall(bytes(10_000))
        received = 0
        while received < 10_000:
            received += len(link.recv(65536))
        self.assertGreaterEqual(time.monotonic() - begin, 2 * 0.05 + 10_000 / 100_000)

    def test_a_stall_holds_and_closes_nothing(self):
        relay, link = self.pair()
        link.sendall(b"a")
        self.assertEqual(link.recv(1), b"a")
        relay.stall()
        link.sendall(b"b")
        link.settimeout(0.1)
        with self.assertRaises(TimeoutError):
            link.recv(1)
        link.settimeout(30)
        relay.heal()
        self.assertEqual(link.recv(1), b"b")

    def test_a_cut_resets_what_is_there_and_who_comes(self):
        relay, link = self.pair()
        link.sendall(b"a")
        self.assertEqual(link.recv(1), b"a")
        relay.cut()
        with self.assertRaises(ConnectionResetError):
            link.recv(1)
        with self.assertRaises(OSError), socket.create_connection(("127.0.0.1", relay.port), timeout=30) as refused:
            refused.sendall(b"c")
            if not refused.recv(1):
                raise ConnectionResetError
        relay.heal()
        with socket.create_connection(("127.0.0.1", relay.port), timeout=30) as again:
            again.sendall(b"d")
            self.assertEqual(again.recv(1), b"d")


@needs_node
@needs_disk
@needs_compiler
class Disks(unittest.TestCase):
    def setUp(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="cairn-", dir=TMP)))
        self.disk = self.enterContext(SlowDisk(folder / "disk"))
        self.node = self.enterContext(self.disk.under(Node(folder / "data")))
        self.key = Key(wire.sha256(b"slow disk"))

    def send(self, nonce, answers):
        with contextlib.closing(self.node.client()) as client:
            answers.append(client.post("/transactions/new", raw(self.key.transfer(nonce, self.key, 1))).status)

    def test_what_is_held_is_not_answered_and_reading_goes_on(self):
        self.disk.delay_ms, answers = FOREVER_MS, []
        sender = threading.Thread(target=self.send, args=(0, answers))
        sender.start()
        wait(lambda: self.disk.waiting, "the node waits for its disk")
        with contextlib.closing(self.node.client()) as client:
            self.assertEqual(client.get("/pool").json["pool_length"], 0)
        self.assertEqual(answers, [])
        self.disk.delay_ms = 0
        sender.join()
        self.assertEqual(answers, [201])

    def test_a_sync_that_fails_is_a_write_that_fails(self):
        answers = []
        self.disk.fault = errno.EIO
        self.send(0, answers)
        self.disk.fault = 0
        wait(lambda: self.node.client().get("/readyz").status == 200, "the store has recovered")
        self.send(0, answers)
        self.assertEqual(answers[0], 503)
        self.assertIn(answers[1], (200, 201))


if __name__ == "__main__":
    unittest.main()
