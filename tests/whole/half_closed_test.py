"""Clients that end their input and wait, and clients that leave: TCP shows both alike at first."""

import contextlib
import http.client
import json
import pathlib
import socket
import tempfile
import time
import unittest

import servers
from cairn_node import Answer, Node, NodeTest, _Stream, raw, run
from settings import TMP, needs_node

WAIT_S = 30


def until(condition):
    """Waits for what another process is about to do."""
    end = time.monotonic() + WAIT_S
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"nothing of the kind within {WAIT_S} s")
        time.sleep(0.02)


def request(method, path, body=None, version="1.1", **headers):
    data = b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/{version}", "Host: localhost",
             *(f"{name}: {value}" for name, value in headers.items())]
    if method != "GET":
        lines.append(f"Content-Length: {len(data)}")
    return "\r\n".join([*lines, "", ""]).encode() + data


def half_closed(port, data, answers=1):
    """Sends requests, ends the input, and reads the answers: the last one, and what came behind it."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as link:
        link.sendall(data)
        link.shutdown(socket.SHUT_WR)
        stream = _Stream(link)
        for _ in range(answers):
            response = http.client.HTTPResponse(stream)
            response.begin()
            answer = Answer(response.status, response.headers, response.read(), repr(data[:60]))
        return answer, stream.file.read()


class HalfClosed(NodeTest):
    def ask(self, data, status=200, answers=1):
        answer, rest = half_closed(self.node.port, data, answers)
        self.assertEqual(rest, b"", answer)
        return self.expect(status, answer)

    def test_every_route_that_takes_its_time(self):
        self.mine(1)
        key = self.new_key()
        self.mine(1, key.address)
        first = key.transfer(0, key, 1)
        with servers.Listener(servers.answering("404 Not Found", "{}")) as other:
            for data, status in (
                (request("GET", "/mine?count=3"), 200),
                (request("POST", "/mine", {"count": 2}), 200),
                (request("POST", "/nodes/register", {"nodes": [other.address]}), 201),
                (request("GET", "/nodes/resolve?timeout=3"), 200),
                (request("POST", "/nodes/resolve?timeout=3"), 200),
                (request("GET", "/getblocks"), 200),
                (request("GET", "/nodes"), 200),
                (request("POST", "/transactions/new", raw(first)), 201),
                (request("POST", "/transactions/batch", {"transactions": [raw(first)]}), 200),
                (request("POST", "/transactions/new", {"sender": "ann", "recipient": "ben", "amount": 1}), 201),
                (request("POST", "/users", {"name": "eve", "password": "a long enough one"}), 201),
                (request("GET", "/chain"), 200),
                (request("GET", "/pool"), 200),
                (request("GET", "/restart"), 200),
            ):
                with self.subTest(repr(data[:40])):
                    self.ask(data, status)

    def test_answers_are_whole_however_long_they_take(self):
        """Part of the status line is sent ahead; the answer must not be broken by that."""
        with servers.Listener() as silent:
            self.ask(request("POST", "/nodes/register", {"nodes": [silent.address]}), 201)
            for seconds in (1, 2, 5):
                told = self.ask(request("GET", f"/nodes/resolve?timeout={seconds}"))
                self.assertFalse(told["replaced"])
            old, rest = half_closed(self.node.port, request("GET", "/nodes/resolve?timeout=2", version="1.0"))
            self.assertEqual((old.status, rest), (200, b""))
            self.assertFalse(old.json["replaced"])
            # Errors and refusals as well.
            self.ask(request("GET", "/nodes/resolve?timeout=x"), 400)

    def test_pipelined_requests_are_all_answered(self):
        before = self.get("/status")["index"]
        data = b"".join((request("GET", "/status"), request("GET", "/mine"), request("GET", "/chain"),
                         request("GET", "/mine?count=2"), request("GET", "/status")))
        self.assertEqual(self.ask(data, answers=5)["index"], before + 3)

    def test_half_a_request_is_not_answered(self):
        for data in (b"GET /sta", b"POST /transactions/batch HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"):
            with socket.create_connection(("127.0.0.1", self.node.port), timeout=WAIT_S) as link:
                link.sendall(data)
                link.shutdown(socket.SHUT_WR)
                self.assertEqual(link.recv(100), b"")


@needs_node
class WhoLeaves(unittest.TestCase):
    """On a chain so hard that no block is ever found here."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="cairn-", dir=TMP)
        cls.addClassCleanup(folder.cleanup)
        chain = pathlib.Path(folder.name) / "hard.toml"
        made = run("chain", "new", chain, "--name", "hard", "--prefix", "hrd", "--bits", "1a00ffff", "--names")
        assert made.returncode == 0, made.stderr
        cls.node = Node(pathlib.Path(folder.name) / "data", chain=chain,
                        arguments=("--mine-timeout", "3600", "--threads", "1")).start()
        cls.addClassCleanup(cls.node.stop)
        cls.client = cls.node.client()
        cls.addClassCleanup(cls.client.close)

    def is_mining(self):
        return self.client.get("/status").json["mining"]

    def mine(self):
        link = socket.create_connection(("127.0.0.1", self.node.port), timeout=WAIT_S)
        link.sendall(request("GET", "/mine"))
        until(self.is_mining)
        return link

    def test_ends_the_search(self):
        self.mine().close()
        until(lambda: not self.is_mining())

    def test_ends_the_search_after_it_had_ended_its_input(self):
        link = self.mine()
        link.shutdown(socket.SHUT_WR)
        # It is still there, and reads what comes: the beginning of its answer.
        self.assertEqual(link.recv(1), b"H")
        self.assertEqual(link.recv(1), b"T")
        self.assertTrue(self.is_mining())
        link.close()
        until(lambda: not self.is_mining())

    def test_ends_the_search_by_a_reset(self):
        link = self.mine()
        link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        link.close()
        until(lambda: not self.is_mining())

    def test_the_search_of_who_waits_goes_on(self):
        link = self.mine()
        with contextlib.closing(link):
            link.shutdown(socket.SHUT_WR)
            self.assertEqual(link.recv(1), b"H")
            other = self.mine()
            other.close()
            self.assertEqual(link.recv(2), b"T")
            self.assertTrue(self.is_mining())
        until(lambda: not self.is_mining())
