"""Open files are few: the store keeps its own, whatever connects."""

import contextlib
import pathlib
import resource
import socket
import subprocess
import tempfile
import time
import unittest

from cairn_node import Node, StartFailed
from settings import BINARY, TMP, needs_node


class Limited(Node):
    """A node that may have `files` open files, and no more."""

    def __init__(self, datadir, files, **options):
        super().__init__(datadir, **options)
        self.prefix = ["prlimit", f"--nofile={files}:{files}", "--"]


@needs_node
class FewFiles(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="cairn-", dir=TMP)
        self.addCleanup(folder.cleanup)
        self.datadir = pathlib.Path(folder.name) / "data"
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))

    def crowd(self, port, count, send=b""):
        """So many connections that stay."""
        links = []
        for _ in range(count):
            link = socket.create_connection(("127.0.0.1", port), timeout=30)
            self.addCleanup(link.close)
            if send:
                with contextlib.suppress(OSError):
                    link.sendall(send)
            links.append(link)
        return links

    def test_more_connections_than_files_cost_the_store_nothing(self):
        with Limited(self.datadir, 1024) as node, contextlib.closing(node.client()) as client:
            self.assertIn("limits", node.log)
            for send in (b"", b"GET /chain HTTP/1.1\r\nHo", b"GET /chain HTTP/1.1\r\nHost: localhost\r\n\r\n",
                         b"POST /transactions/batch HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n{"):
                links = self.crowd(node.port, 1100, send)
                for _ in range(20):
                    self.assertEqual(client.post("/mine").status, 200)
                self.assertFalse(client.get("/status").json["read_only"])
                self.assertEqual(client.get("/restart").status, 200)
                # Files are opened anew by it, and by who has never connected before.
                with contextlib.closing(node.client()) as another:
                    self.assertEqual(another.get("/healthz").status, 200)
                for link in links:
                    link.close()
            self.assertNotIn("store failed", node.log)
            self.assertLess(len(list(pathlib.Path(f"/proc/{node.pid}/fd").iterdir())), 1024)
        self.assertNotIn("store failed", node.log)

    def test_the_limit_is_raised(self):
        node = Node(self.datadir)
        node.prefix = ["prlimit", "--nofile=600:4000", "--"]
        with node:
            limits = pathlib.Path(f"/proc/{node.pid}/limits").read_text()
            line = next(line for line in limits.splitlines() if line.startswith("Max open files"))
            self.assertEqual(line.split()[3:5], ["4000", "4000"])
            self.assertIn("open_files=4000", node.log)

    def test_far_too_few_are_refused_with_a_sentence(self):
        for files in (200, 64):
            done = subprocess.run(
                ["prlimit", f"--nofile={files}:{files}", "--", str(BINARY), "node", "--datadir", str(self.datadir),
                 "--http", "127.0.0.1:0", "--chain", "dev"], capture_output=True, text=True, timeout=60, check=False)
            self.assertEqual(done.returncode, 1, done)
            self.assertIn(f"may have {files} open files", done.stderr)
            self.assertIn("512", done.stderr)
        with Limited(self.datadir, 512) as node, contextlib.closing(node.client()) as client:
            self.assertEqual(client.post("/mine").status, 200)

    def test_memory_that_does_not_fit_is_refused_with_a_sentence(self):
        for arguments in (("--memory-mib", "400"), ("--pool-mib", "2048"), ("--memory-mib", "100", "--pool-mib", "1")):
            node = Node(self.datadir, arguments=arguments)
            with self.assertRaises(StartFailed) as refused:
                node.start()
            self.assertEqual(refused.exception.code, 1)
            self.assertIn("is too little", refused.exception.output)
            self.assertIn("say --memory-mib", refused.exception.output)

    def test_hosts_that_mean_anything_are_refused_with_a_sentence(self):
        for host in ("0.0.0.0", "::", "::ffff:10.0.0.1", "10.1", "node.example:5000", "node.example."):
            with self.assertRaises(StartFailed) as refused:
                Node(self.datadir, arguments=("--host", host)).start()
            self.assertEqual(refused.exception.code, 1)
            self.assertIn(f"--host {host}: it ", refused.exception.output)

    def test_an_accept_without_files_does_not_spin(self):
        """Should it come to that after all: connections wait, the processor rests."""
        with Limited(self.datadir, 512) as node, contextlib.closing(node.client()) as client:
            self.assertEqual(client.get("/healthz").status, 200)
            # Behind the node's back its limit falls below what is open.
            subprocess.run(["prlimit", f"--pid={node.pid}", "--nofile=8:8"], check=True)
            waiting = self.crowd(node.port, 20)
            def used():
                return sum(map(int, pathlib.Path(f"/proc/{node.pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]))
            self.assertEqual(client.get("/healthz").status, 200)
            before, begin = used(), time.monotonic()
            while "open files of the process" not in node.log:
                self.assertLess(time.monotonic() - begin, 30)
                time.sleep(0.1)
            for _ in range(10):
                self.assertEqual(client.get("/healthz").status, 200)
                time.sleep(0.1)
            self.assertLess(used() - before, 50, "ticks of 10 ms in a second")
            subprocess.run(["prlimit", f"--pid={node.pid}", "--nofile=512:512"], check=False)
            self.assertEqual(len(waiting), 20)
