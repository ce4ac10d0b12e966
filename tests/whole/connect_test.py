"""Two nodes, one of which was told `--connect`."""

import os
import pathlib
import stat
import tempfile
import time
import unittest

from cairn_node import Node, StartFailed
from settings import TMP, needs_node

LIMIT_S = 30

UPGRADE = (
    "GET /p2p HTTP/1.1\r\nHost: anything.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
)


@needs_node
class Connect(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="cairn-", dir=TMP)
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def node(self, name, *arguments):
        node = Node(self.folder / name, arguments=arguments).start()
        self.addCleanup(node.stop)
        return node

    def await_index(self, node, index):
        client = node.client()
        self.addCleanup(client.close)
        deadline = time.monotonic() + LIMIT_S
        while (status := client.get("/status").json)["index"] != index:
            self.assertLess(time.monotonic(), deadline, f"{status}\n{node.log}")
            time.sleep(0.01)
        return status["hash"]

    def test_tips_are_equal_after_a_block_on_either_side(self):
        first = self.node("first")
        second = self.node("second", "--connect", f"127.0.0.1:{first.port}")
        with_first, with_second = first.client(), second.client()
        self.addCleanup(with_first.close)
        self.addCleanup(with_second.close)
        mined = with_first.post("/mine?count=3").json
        self.assertEqual(self.await_index(second, 4), mined["hash"])
        mined = with_second.post("/mine").json
        self.assertEqual(self.await_index(first, 5), mined["hash"])
        self.assertEqual(with_first.get("/status").json["peers"], 1)
        begin = time.monotonic()
        self.assertEqual(first.stop(), 0)
        self.assertLess(time.monotonic() - begin, 5)

    def test_key_is_kept_and_closed_to_others(self):
        node = self.node("node")
        file = self.folder / "node" / "node.key"
        self.assertEqual(stat.S_IMODE(os.stat(file).st_mode), 0o600)
        before = file.read_bytes()
        node.stop()
        node.start()
        self.assertEqual(file.read_bytes(), before)

    def test_socket_refuses_pages_and_those_who_speak_something_else(self):
        node = self.node("node")
        client = node.client()
        page = UPGRADE + "Sec-WebSocket-Protocol: cairn.1\r\nOrigin: http://127.0.0.1:%d\r\n\r\n" % node.port
        self.assertEqual(client.raw(page.encode()).status, 403)
        self.assertEqual(client.get("/p2p").status, 400)
        with self.assertRaisesRegex(AssertionError, "400"):
            client.raw((UPGRADE + "\r\n").encode())

    def test_words_that_are_wrong_are_refused(self):
        for arguments, word in (
            (("--connect", "http://127.0.0.1/path"), "--connect"),
            (("--connect", "127.0.0.1:22"), "--connect"),
            (("--connect", "169.254.1.1:5000"), "--connect"),
            (("--allow-node", "abc"), "64 hex digits"),
        ):
            with self.subTest(arguments=arguments), self.assertRaises(StartFailed) as refused:
                Node(self.folder / "wrong", arguments=arguments).start()
            self.assertEqual(refused.exception.code, 1)
            self.assertIn(word, refused.exception.output)


if __name__ == "__main__":
    unittest.main()
