"""A chain of 100,000 blocks: CAIRN_LONG=1, a minute or two.

It is made here, without a node, and imported. Then: a start that does not feel its length, and a reader
slow enough that the tip moves, and the branch changes, under his feet.
"""

import json
import os
import socket
import tempfile
import threading
import time
import unittest
from pathlib import Path

import wire
from cairn_node import Node, run
from settings import LONG, TMP, needs_node

BLOCKS = int(os.environ.get("CAIRN_LONG_BLOCKS", "100000"))
FORK_DEPTH = 5
GROWTH_LIMIT = 32 << 20
START_LIMIT_S = 1.0
READ_CHUNK, READ_PAUSE_S = 256 * 1024, 0.02


def extend(blocks, count, mark):
    """`count` empty blocks of the dev chain on top of the last one."""
    blocks = list(blocks)
    for _ in range(count):
        height = len(blocks) + 1
        era = (height - 1) // wire.DEV.halving_interval
        reward = wire.Reward(height, mark, wire.DEV.subsidy >> era)
        parent = blocks[-1].header
        header = wire.Header(1, parent.hash(), reward.txid(), parent.time + 1, wire.DEV.bits, 0)
        blocks.append(wire.Block(header.mine(), [reward]))
    return blocks


@unittest.skipUnless(LONG, "CAIRN_LONG is not set")
@needs_node
class LongChain(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(dir=TMP)
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        cls.blocks = extend([wire.DEV.genesis()], BLOCKS - 1, bytes(31) + b"\x01")
        cls.datadir = cls.imported("long", cls.blocks)

    @classmethod
    def imported(cls, name, blocks):
        path = cls.folder / f"{name}.cairn"
        path.write_bytes(wire.export_file(wire.DEV, blocks))
        begin = time.monotonic()
        done = run("import", "--datadir", cls.folder / name, "--chain", "dev", path, timeout=600)
        assert done.returncode == 0, done.stdout + done.stderr
        print(f"{len(blocks)} blocks imported in {time.monotonic() - begin:.1f} s")
        path.unlink()
        return cls.folder / name

    def test_starts_at_once(self):
        times = []
        for _ in range(3):
            with Node(self.datadir) as node:
                times.append(node.start_s)
        print(f"start-up at {BLOCKS} blocks: {', '.join(f'{t:.3f} s' for t in times)}")
        self.assertLess(min(times), START_LIMIT_S)

    def test_a_slow_reader_sees_one_chain_whole_and_costs_no_memory(self):
        with Node(self.datadir) as node:
            client = node.client()
            self.assertEqual(client.get("/chain?from=1&limit=1").json["length"], BLOCKS)
            before, peak = node.resident_bytes(), 0
            with socket.create_connection(("127.0.0.1", node.port), timeout=60) as link:
                link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
                link.sendall(b"GET /chain HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                received, switched, switch = bytearray(), False, threading.Thread(target=self.switch, args=(node,))
                while chunk := link.recv(READ_CHUNK):
                    received += chunk
                    peak = max(peak, node.resident_bytes())
                    if not switched and len(received) > 4 << 20:
                        switched = True
                        switch.start()
                    time.sleep(READ_PAUSE_S)  # this is the slowness
                switch.join()
            head, _, body = bytes(received).partition(b"\r\n\r\n")
            self.assertIn(b" 200 ", head.split(b"\r\n")[0])
            chain = json.loads(self.unchunked(head, body))
            self.assertEqual(chain["length"], BLOCKS)
            self.assertEqual([block["hash"] for block in chain["chain"]],
                             [wire.shown(block.hash()) for block in self.blocks])
            growth = peak - before
            print(f"/chain: {len(body) >> 20} MiB to a slow reader, resident memory grew by {growth >> 10} KiB")
            self.assertLess(growth, GROWTH_LIMIT)
            self.assertNotEqual(client.get("/status").json["hash"], wire.shown(self.blocks[-1].hash()))
            client.close()

    def switch(self, node):
        """The branch under the reader goes: another node has a heavier one."""
        client = node.client()
        other = self.imported("fork", extend(self.blocks[:-FORK_DEPTH], FORK_DEPTH + 3, bytes(31) + b"\x02"))
        with Node(other) as heavier:
            client.post("/nodes/register", {"nodes": [f"127.0.0.1:{heavier.port}"]})
            answer = client.post("/nodes/resolve")
            assert answer.status == 200, answer
            assert client.get("/status").json["index"] == BLOCKS + 3
        client.post("/mine")
        client.close()

    def unchunked(self, head, body):
        if b"transfer-encoding: chunked" not in head.lower():
            return body
        out, at = bytearray(), 0
        while True:
            line = body.index(b"\r\n", at)
            size = int(body[at:line].split(b";")[0], 16)
            if size == 0:
                return bytes(out)
            out += body[line + 2 : line + 2 + size]
            at = line + 4 + size
