"""Answers when the disk is slow: what was not done, and what may yet be, are two things; nobody pays twice."""

import contextlib
import pathlib
import tempfile
import threading
import unittest

import wire
from cairn_node import Key, Node, raw
from cli_test import REFUSED, Home
from network import wait
from settings import TMP, needs_disk, needs_node
from slow_disk import SlowDisk, needs_compiler

FOREVER_MS = 600_000
PASSWORD = "a long enough pass phrase"


@needs_node
@needs_disk
@needs_compiler
class SlowDisks(unittest.TestCase):
    """Everything that changes something, at once: the time that a request is given is half a minute."""

    def setUp(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="cairn-", dir=TMP)))
        self.disk = self.enterContext(SlowDisk(folder / "disk"))
        self.node = self.enterContext(self.disk.under(Node(folder / "data", auth="on")))
        self.client = self.enterContext(contextlib.closing(self.node.operator()))
        self.threads = []

    def ask(self, method, path, body=None):
        """The answer, once it is there, in a list of one."""
        answers = []

        def run():
            with contextlib.closing(self.node.client(self.client.token, timeout=120)) as client:
                answers.append(client.request(method, path, body))

        self.threads.append(threading.Thread(target=run))
        self.threads[-1].start()
        return answers

    def cli(self, *words):
        results, home = [], Home(self)
        sessions = home.path / ".cairn/.sessions"
        sessions.mkdir(parents=True, mode=0o700)
        (home.path / ".cairn").chmod(0o700)
        url = f"http%3A%2F%2F127.0.0.1%3A{self.node.port}.json"
        (sessions / url).write_text(f'{{"node":"x","name":"operator","token":"{self.client.token}"}}\n')
        (sessions / url).chmod(0o600)
        words = (*words, "--node", f"127.0.0.1:{self.node.port}", "--datadir", self.node.datadir)
        self.threads.append(threading.Thread(target=lambda: results.append(home.run(*words, timeout=150))))
        self.threads[-1].start()
        return results

    def held(self, count=1):
        wait(lambda: self.disk.waiting >= count, "the disk holds a write")

    def test_what_has_begun_is_unknown_and_what_has_not_is_not_done(self):
        key, other = Key(wire.sha256(b"outcome 1")), Key(wire.sha256(b"outcome 2"))
        self.disk.delay_ms = FOREVER_MS
        begun = self.ask("POST", "/transactions/new", {"recipient": other.address, "amount": 2})
        self.held()
        user = self.ask("POST", "/users", {"name": "ann", "password": PASSWORD})
        self.held(2)
        sent = self.cli("send", other.address, "3")
        batch = self.ask("POST", "/transactions/batch", {"transactions": [raw(key.transfer(0, other, 1))]})
        signed = self.ask("POST", "/transactions/new", raw(key.transfer(1, other, 1)))
        register = self.ask("POST", "/nodes/register", {"nodes": ["127.0.0.1:5999"]})
        remove = self.ask("DELETE", "/nodes/127.0.0.1:5998")
        restart = self.ask("POST", "/restart")
        for thread in self.threads:
            thread.join()

        unknown = begun[0]
        self.assertEqual((unknown.status, unknown.json["outcome"]), (503, "unknown"), repr(unknown))
        self.assertIsNone(unknown.header("Retry-After"))
        self.assertIn(f"GET /transactions/{unknown.json['id']}", unknown.json["detail"])
        self.assertEqual((user[0].status, user[0].json["outcome"]), (503, "unknown"), repr(user))
        self.assertIn("GET /users", user[0].json["detail"])
        for answer in (batch[0], signed[0], register[0], remove[0], restart[0]):
            self.assertEqual(answer.status, 503, repr(answer))
            self.assertNotIn("outcome", answer.json, repr(answer))
            self.assertIn("nothing was changed", answer.json["detail"])
            self.assertIsNotNone(answer.header("Retry-After"))
        self.assertEqual(sent[0].code, REFUSED, repr(sent))
        self.assertIn("nothing was changed", sent[0].err)

        self.disk.delay_ms = 0
        wait(lambda: self.client.get(f"/transactions/{unknown.json['id']}").status == 200, "it was done after all")
        wait(lambda: any(u["name"] == "ann" for u in self.client.get("/users").json["users"]), "so was the user")
        self.assertEqual(self.client.get(f"/accounts/{key.address}").json["next_nonce"], 0)
        self.assertEqual(self.client.get("/pool").json["pool_length"], 1)
        self.assertEqual(self.client.get("/nodes").json["registered"], [])
        self.assertEqual(self.client.post("/transactions/new", raw(key.transfer(0, other, 1))).status, 201)


if __name__ == "__main__":
    unittest.main()
