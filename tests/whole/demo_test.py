"""`cairn demo`: three joined nodes that tell what happens, and nothing left of them afterwards."""

import os
import queue
import re
import signal
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.request
from pathlib import Path

from settings import BINARY, TMP, needs_node

PATIENCE_S = 120


class Demo:
    def __init__(self, folder, *words):
        self.process = subprocess.Popen(
            [BINARY, "demo", "--port", "0", *words],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={**os.environ, "TMPDIR": str(folder)})
        self.lines, self.seen = queue.Queue(), []
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put(None)

    def until(self, pattern):
        """The first line that matches from here on."""
        end = time.monotonic() + PATIENCE_S
        while True:
            line = self.lines.get(timeout=max(0.1, end - time.monotonic()))
            if line is None:
                raise AssertionError(f"it ended before a line of {pattern!r}:\n{''.join(self.seen)}")
            self.seen.append(line)
            if found := re.search(pattern, line):
                return found

    def end(self, how):
        self.process.send_signal(how)
        return self.process.wait(30)


@needs_node
class DemoTest(unittest.TestCase):
    def test_tells_what_happens_and_leaves_nothing(self):
        with tempfile.TemporaryDirectory(dir=TMP) as folder:
            demo = Demo(folder, "--block-every", "0.5", "--transfer-every", "0.3")
            try:
                urls = [demo.until(rf"node {n} +(http://127\.0\.0\.1:\d+)").group(1) for n in (1, 2, 3)]
                demo.until(r"sends .* coins")
                demo.until(r"node \d  finds block \d+ [0-9a-f]{12} for (anna|ben|cleo), with \d+ transfer")
                demo.until(r"all +agree on block \d+")
                self.assertEqual(len(os.listdir(folder)), 1)
                self.assertEqual(demo.end(signal.SIGINT), 0)
            finally:
                demo.process.kill()
            self.assertEqual(os.listdir(folder), [])
            for url in urls:
                with self.assertRaises(OSError):
                    urllib.request.urlopen(url + "/status", timeout=5)

    def test_ends_by_itself_after_its_seconds(self):
        with tempfile.TemporaryDirectory(dir=TMP) as folder:
            demo = Demo(folder, "--seconds", "0.2")
            self.assertEqual(demo.process.wait(PATIENCE_S), 0)
            self.assertEqual(os.listdir(folder), [])

    def test_its_nodes_die_with_it(self):
        with tempfile.TemporaryDirectory(dir=TMP) as folder:
            demo = Demo(folder)
            url = demo.until(r"node 1 +(http://127\.0\.0\.1:\d+)").group(1)
            demo.until(r"Try")
            demo.process.kill()
            demo.process.wait()
            end = time.monotonic() + PATIENCE_S
            while time.monotonic() < end:
                try:
                    urllib.request.urlopen(url + "/status", timeout=5)
                except OSError:
                    return
            self.fail("a node outlived the demo that was killed")


if __name__ == "__main__":
    unittest.main()
