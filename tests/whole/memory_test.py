"""Whatever strangers do, the process stays under --memory-mib, and others are served."""

import contextlib
import json
import pathlib
import select
import socket
import tempfile
import time
import unittest

from cairn_node import Node, run
from settings import TMP, needs_node, needs_true_memory

MEMORY_MIB, POOL_MIB = 352, 16
ARGUMENTS = ("--memory-mib", str(MEMORY_MIB), "--pool-mib", str(POOL_MIB))
WAIT_S = 60


def head(method, path, length=None):
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
    if length is not None:
        lines.append(f"Content-Length: {length}")
    return "\r\n".join([*lines, "", ""]).encode()


def post(path, body):
    return head("POST", path, len(body)) + body


class Strangers:
    """Connections that send, and read nothing until they are told to."""

    def __init__(self, port):
        self.port, self.links = port, []

    def add(self, data, receive_buffer=4096):
        link = socket.socket()
        link.settimeout(WAIT_S)
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        link.connect(("127.0.0.1", self.port))
        self.links.append(link)
        with contextlib.suppress(OSError):
            link.sendall(data)
        return link

    def answered(self):
        """What those were told that have been told something."""
        poll = select.poll()
        by_descriptor = {link.fileno(): link for link in self.links}
        for descriptor in by_descriptor:
            poll.register(descriptor, select.POLLIN)
        texts = []
        for descriptor, _ in poll.poll(WAIT_S * 1000):
            with contextlib.suppress(OSError):
                if text := by_descriptor[descriptor].recv(4096):
                    texts.append(text)
        return texts

    def close(self):
        for link in self.links:
            link.close()
        self.links = []


@needs_node
@needs_true_memory
class Memory(unittest.TestCase):
    """On a chain whose transfers may be long, so that few of them fill a block."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="cairn-", dir=TMP)
        cls.addClassCleanup(folder.cleanup)
        folder = pathlib.Path(folder.name)
        chain = folder / "long.toml"
        made = run("chain", "new", chain, "--name", "long", "--prefix", "lng", "--bits", "207fffff", "--names",
                   "--max-data", "65536", "--opening", "10")
        assert made.returncode == 0, made.stderr
        cls.node = Node(folder / "data", chain=chain, arguments=ARGUMENTS).start()
        cls.addClassCleanup(cls.node.stop)
        cls.client = cls.node.client()
        cls.addClassCleanup(cls.client.close)
        # One full block, paid for by many so that nobody has too much pending.
        for i in range(60):
            sent = cls.client.post("/transactions/new", {"sender": f"s{i}", "recipient": "ann", "amount": 1,
                                                         "data": f"{i % 256:02x}" * 60_000})
            assert sent.status == 201, sent
        mined = cls.client.post("/mine")
        assert mined.status == 200, mined
        cls.full = mined.json["index"]
        size = cls.client.get("/blocks?limit=1").json["blocks"][0]["size"]
        assert size > 3_500_000, size

    def setUp(self):
        self.strangers = Strangers(self.node.port)
        self.addCleanup(self.strangers.close)
        self.most = 0

    def look(self):
        """The process is small, and answers who asks for little."""
        self.most = max(self.most, self.node.resident_bytes())
        self.assertLess(self.most, MEMORY_MIB << 20)
        with contextlib.closing(self.node.client()) as client:
            self.assertEqual(client.get("/healthz").status, 200)

    def watched(self, data, count, every=20, **options):
        for i in range(count):
            self.strangers.add(data, **options)
            if i % every == 0:
                self.look()
        end = time.monotonic() + 3
        while time.monotonic() < end:
            self.look()
            time.sleep(0.05)

    def test_batches_whose_answers_nobody_reads(self):
        body = b'{"transactions":[' + b"0," * 4095 + b"0]}"
        self.watched(post("/transactions/batch", body), 300)

    def test_a_batch_of_too_many_is_refused_before_it_is_read_whole(self):
        body = b'{"transactions":[' + b"0," * 131_000 + b"0]}"
        answer = self.client.raw(post("/transactions/batch", body))
        self.assertEqual(answer.status, 400)
        self.assertIn("4096", answer.json["detail"])
        self.assertLess(len(answer.body), 1000)
        answer = self.client.raw(post("/transactions/batch", b'{"transactions":[' + b"0," * 4095 + b"0]}"))
        self.assertEqual(answer.status, 200)
        self.assertEqual(len(answer.json["results"]), 64)
        self.assertEqual(answer.json["not_looked_at"], 4096 - 64)
        self.assertLess(len(answer.body), 64 * 160 + 300)

    def test_long_answers_nobody_reads(self):
        address = self.client.get("/accounts/ann").json["address"]
        for path in (f"/blocks/{self.full}", f"/blocks/{self.full}?format=hex", "/chain", f"/chain?from={self.full}",
                     f"/accounts/{address}/transactions?limit=1000", "/inv"):
            with self.subTest(path):
                self.watched(head("GET", path), 250)
                self.strangers.close()

    def test_pipelined_answers_nobody_reads(self):
        self.watched(head("GET", "/status") * 400 + head("GET", f"/blocks/{self.full}") * 20, 200)

    def test_heads_of_long_answers_make_none(self):
        begin = time.monotonic()
        for _ in range(50):
            answer = self.client.request("HEAD", f"/blocks/{self.full}")
            self.assertEqual((answer.status, answer.body), (200, b""))
        self.assertTrue(answer.header("ETag"))
        self.look()
        self.assertLess(time.monotonic() - begin, WAIT_S)

    def test_who_does_not_read_is_cut(self):
        link = self.strangers.add(head("GET", f"/blocks/{self.full}"))
        end = time.monotonic() + WAIT_S
        error = 0
        while not error and time.monotonic() < end:
            error = link.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            time.sleep(0.1)
        self.assertTrue(error, "a reader that reads nothing keeps its answer for ever")

    def test_a_slow_reader_gets_the_whole(self):
        """64 KiB at a time with pauses: more than 16 KiB a second."""
        with socket.create_connection(("127.0.0.1", self.node.port), timeout=WAIT_S) as link:
            link.sendall(b"GET /status HTTP/1.0\r\nHost: localhost\r\n\r\n")
            while link.recv(4096):
                pass
        whole = self.client.get(f"/blocks/{self.full}").body
        link = self.strangers.add(f"GET /blocks/{self.full} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode(), 65536)
        text = b""
        while part := link.recv(262_144):
            text += part
            time.sleep(0.01)
        self.assertEqual(text.partition(b"\r\n\r\n")[2], whole)

    def test_bodies_that_never_end(self):
        part = b'{"transactions":[' + b"0," * 200_000
        self.watched(head("POST", "/transactions/batch", 4 << 20) + part, 400)
        self.assertTrue(any(text.startswith(b"HTTP/1.1 503") for text in self.strangers.answered()))

    def test_heads_that_never_end(self):
        self.watched(b"GET /" + b"a" * 8000 + b" HTTP/1.1\r\nX: " + b"b" * 8000, 600, every=100)

    def test_queries_of_many_names_with_a_body_that_never_comes(self):
        names = "&".join(f"{i:x}" for i in range(256))
        self.watched(head("POST", f"/mine?{names}", 1000), 600, every=100)

    def test_bodies_of_many_small_values(self):
        values = b"[" + b"[]," * 16_000 + b"[]]"
        for path, body in (
            ("/transactions/batch", b'{"transactions":[' + b",".join([values] * 80) + b"]}"),
            ("/transactions/batch", b'{"transactions":[],"a":' + b"[" * 30 + b"[]," * 1_000_000 + b"1" + b"]" * 30 + b"}"),
            ("/transactions/batch", b'{"transactions":[' + b'{"a":' * 31),
            ("/transactions/new", values),
            ("/mine", b'{"to":' + values + b"}"),
        ):
            with self.subTest(body[:40]):
                self.watched(post(path, body), 24, every=4)
                self.strangers.close()

    def test_errors_do_not_send_back_what_was_sent(self):
        for path in ("/" + "a" * 8000, "/blocks/" + "9" * 8000, "/transactions/" + "a" * 8000, "/accounts/" + "a" * 8000,
                     "/chain?from=" + "a" * 8000, "/blocks?cursor=" + "a" * 8000, "/inv?limit=" + "9" * 8000,
                     "/nodes/" + "a" * 8000, "/users/" + "a" * 8000, "/" + "%01" * 2600, "/" + "a/" * 4000):
            for method in ("GET", "DELETE", "PUT"):
                answer = self.client.request(method, path)
                self.assertGreaterEqual(answer.status, 400)
                self.assertLess(len(answer.body), 2000, answer)
        for path, body in (("/transactions/new", {"recipient": "x" * 200_000, "amount": 1, "sender": "y"}),
                           ("/transactions/new", {"recipient": "ann", "amount": "z" * 200_000, "sender": "y"}),
                           ("/transactions/new", {"a" * 200_000: 1}),
                           ("/nodes/register", {"nodes": "z" * 200_000}), ("/nodes/register", {"nodes": ["z" * 200_000]}),
                           ("/mine", {"to": "x" * 200_000}), ("/login", {"name": "x" * 200_000, "password": "y"}),
                           ("/users", {"name": "x" * 200_000, "password": "y" * 1000})):
            answer = self.client.post(path, body)
            self.assertGreaterEqual(answer.status, 400)
            self.assertLess(len(answer.body), 3000, answer.what)

    def test_what_is_refused_says_why_and_the_log_once(self):
        part = b'{"transactions":[' + b"0," * 250_000
        for _ in range(300):
            self.strangers.add(head("POST", "/transactions/batch", 4 << 20) + part)
        told = [text for text in self.strangers.answered() if text.startswith(b"HTTP/1.1 503")]
        self.assertTrue(told)
        text = told[0].decode()
        self.assertIn("Retry-After: ", text)
        problem = json.loads(text.partition("\r\n\r\n")[2])
        self.assertIn("--memory-mib", problem["detail"])
        lines = [line for line in self.node.log.splitlines() if "limit met" in line and "memory" in line]
        self.assertTrue(lines)
        self.assertLess(len(lines), 5, lines)


@needs_node
class Places(unittest.TestCase):
    """A node with few connections, of which strangers hold all that they can."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="cairn-", dir=TMP)
        cls.addClassCleanup(folder.cleanup)
        cls.node = Node(pathlib.Path(folder.name) / "data", chain="main", auth="on")
        cls.node.prefix = ["prlimit", "--nofile=1024:1024", "--"]  # 420 connections
        cls.node.start()
        cls.addClassCleanup(cls.node.stop)

    def test_others_get_through_whatever_fills_them(self):
        for data in (b"", b"GET /chain HTTP/1.1\r\nHo", head("GET", "/chain"),
                     head("POST", "/transactions/batch", 1 << 20) + b"{"):
            with self.subTest(data[:20]):
                strangers = Strangers(self.node.port)
                self.addCleanup(strangers.close)
                for _ in range(500):
                    strangers.add(data)
                with contextlib.closing(self.node.client()) as client:
                    self.assertEqual(client.get("/healthz").status, 200)
                with contextlib.closing(self.node.operator()) as member:
                    self.assertEqual(member.get("/users/me").status, 200)
                    # Who has shown a token stays, though others go on coming.
                    for _ in range(500):
                        strangers.add(data)
                    link = member.connection
                    self.assertEqual(member.get("/users/me").status, 200)
                    self.assertIs(member.connection, link, "the connection of a member had to be made anew")
                strangers.close()


if __name__ == "__main__":
    unittest.main()
