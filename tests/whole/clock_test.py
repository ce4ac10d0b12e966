"""A chain that is ahead of the node's clock: what is wrong is said, by whom it concerns, and nothing spins."""

import contextlib
import pathlib
import re
import tempfile
import time
import unittest

from cairn_node import Node
from false_clock import FalseClock
from network import wait
from settings import TMP, needs_disk, needs_node
from slow_disk import needs_compiler

DAY = 86_400


@needs_node
@needs_disk
@needs_compiler
class ClockBehind(unittest.TestCase):
    """Three blocks mined with a clock a day ahead, then the clock is put right."""

    def setUp(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="cairn-", dir=TMP)))
        self.clock = self.enterContext(FalseClock(folder / "clock"))
        self.clock.ahead_s = DAY
        self.node = self.enterContext(
            self.clock.under(Node(folder / "data", chain="main", auth="off", arguments=["--mine-timeout", 600])))
        self.client = self.enterContext(contextlib.closing(self.node.client()))
        self.assertEqual(self.client.post("/mine?count=3").status, 200)
        self.clock.ahead_s = 0

    def test_mining_says_what_is_wrong_and_until_when(self):
        answer = self.client.post("/mine")
        self.assertEqual(answer.status, 503, repr(answer))
        detail = answer.json["detail"]
        self.assertIn("clock", detail)
        until = time.strftime("%Y-%m-%d", time.gmtime(time.time() + DAY - 7200))
        self.assertRegex(detail, re.escape(until) + r" \d\d:\d\d:\d\d UTC")
        self.assertNotIn("time limit", detail)
        self.assertGreater(int(answer.header("Retry-After")), DAY - 7200 - 600)
        self.clock.ahead_s = DAY
        self.assertEqual(self.client.post("/mine").status, 200)

    def test_resolve_names_the_node_whose_longer_chain_is_ahead(self):
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix="cairn-", dir=TMP))
        node = self.enterContext(Node(folder, chain="main", auth="off", arguments=["--gossip", "off"]))
        with contextlib.closing(node.client()) as client:
            address = f"127.0.0.1:{self.node.port}"
            self.assertEqual(client.post("/nodes/register", {"nodes": [address]}).status, 201)
            told = client.post("/nodes/resolve").json
            self.assertFalse(told["replaced"])
            self.assertIn(address, told["message"])
            self.assertIn("ahead of this node's clock", told["message"])
            self.assertIn("ahead of this node's clock", told["nodes"][0]["error"])

    def test_status_readyz_resolve_and_the_log_name_it(self):
        (warning,) = self.client.get("/status").json["warnings"]
        self.assertIn("clock", warning)
        ready = self.client.get("/readyz")
        self.assertEqual((ready.status, "clock" in ready.json["detail"]), (503, True))
        resolved = self.client.post("/nodes/resolve").json
        self.assertIn("clock", resolved["warnings"][0])
        self.assertNotIn("authoritative", resolved["message"])
        self.assertEqual(self.client.get("/healthz").status, 200)
        # A start finds it at once; a node that runs looks twice a minute.
        self.clock.ahead_s = DAY
        self.node.stop()
        self.node.start()
        self.node.stop()
        self.assertNotIn("the clock is behind", self.node.log)
        self.clock.ahead_s = 0
        self.node._wait_until_ready = lambda: None
        self.node.start()
        wait(lambda: "the clock is behind" in self.node.log, "the log names the clock")
        self.assertEqual(self.node.log.count("the clock is behind"), 1)


@needs_node
@needs_compiler
class BackgroundMining(unittest.TestCase):
    def test_it_pauses_once_and_goes_on_when_the_clock_is_right(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="cairn-", dir=TMP)))
        clock = self.enterContext(FalseClock(folder / "clock"))
        clock.ahead_s = DAY
        node = self.enterContext(clock.under(Node(
            folder / "data", chain="main", auth="off", arguments=["--mine", "--mine-every", 0, "--store", "memory"])))
        client = self.enterContext(contextlib.closing(node.client()))
        wait(lambda: client.get("/status").json["index"] > 12, "blocks a day ahead")
        clock.ahead_s = 0
        wait(lambda: "mining pauses" in node.log, "mining pauses")
        stays = client.get("/status").json["index"]
        clock.ahead_s = DAY
        wait(lambda: client.get("/status").json["index"] > stays + 1, "mining goes on")
        self.assertEqual(node.log.count("mining pauses"), 1)
        self.assertEqual(node.log.count("mining goes on"), 1)


if __name__ == "__main__":
    unittest.main()
