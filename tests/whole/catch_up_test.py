"""A node that was away: it catches up while it serves, through a kill in the middle, and fetches nothing twice.

2,000 blocks; CAIRN_LONG=1: 100,000 blocks, and a chain with 100,000 transfers.
"""

import concurrent.futures
import time

import wire
from cairn_node import Key, run
from long_chain_test import extend
from network import NetworkTest, wait
from settings import LONG, needs_disk

BLOCKS = 100_000 if LONG else 2_000
TRANSFERS, A_BLOCK = (100_000, 2_000) if LONG else (2_000, 40)
SENDERS = 50
HEADER = 80
WINDOW = 1_024
LIMIT_S = 1_800 if LONG else 120


def _signed(sender):
    key = Key(wire.sha256(b"catch up %d" % sender))
    return [key.transfer(nonce, key, 1 + nonce).encode() for nonce in range(TRANSFERS // SENDERS)]


def with_transfers():
    """Blocks that hold TRANSFERS transfers of SENDERS senders."""
    with concurrent.futures.ProcessPoolExecutor() as pool:
        by_sender = list(pool.map(_signed, range(SENDERS)))
    order = [wire.decode_transaction(by_sender[i % SENDERS][i // SENDERS]) for i in range(TRANSFERS)]
    blocks = [wire.DEV.genesis()]
    for begin in range(0, TRANSFERS, A_BLOCK):
        height = len(blocks) + 1
        body = [wire.Reward(height, bytes(31) + b"\x01", wire.DEV.subsidy), *order[begin:begin + A_BLOCK]]
        parent = blocks[-1].header
        header = wire.Header(1, parent.hash(), wire.merkle_root([one.txid() for one in body]), parent.time + 1, wire.DEV.bits, 0)
        blocks.append(wire.Block(header.mine(), body))
    return blocks


@needs_disk
class CatchUp(NetworkTest):
    APART = True

    def source(self, blocks):
        """A node that has this chain from the start."""
        folder = self.folder()
        path, datadir = folder / "chain.cairn", folder / f"node{len(self.nodes)}"
        path.write_bytes(wire.export_file(wire.DEV, blocks))
        done = run("import", "--datadir", datadir, "--chain", "dev", path, timeout=900)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.add(datadir=datadir)

    def received(self, i):
        """Bytes that node i has had of each of its peers in the connections it has now."""
        return {peer["address"]: peer["bytes_in"] for peer in self.get(i, "/nodes")["peers"]}

    def catch_up(self, blocks, sources):
        tip, count = wire.shown(blocks[-1].hash()), len(blocks)
        bodies = sum(len(block.encode()) for block in blocks)
        for _ in range(sources):
            self.source(blocks)
        self.add()
        away = sources
        told = {"nodes": [self.address(i) for i in range(sources)]}
        begin = time.monotonic()
        self.ok(self.clients[away].post("/nodes/register", told))
        seen, slowest, peaks = 0, 0.0, {}
        while seen < count // 3:
            asked = time.monotonic()
            seen = self.status(away)["index"]
            slowest = max(slowest, time.monotonic() - asked)
            peaks.update(self.received(away))
            self.assertLess(time.monotonic() - begin, LIMIT_S, f"at block {seen} of {count}")
        self.nodes[away].kill()
        first = sum(peaks.values())
        self.restart(away)
        stored = self.status(away)["index"]
        self.assertGreaterEqual(stored, min(seen, count), "a stored block is gone")
        if stored < count:
            self.assertLess(stored, count)
        wait(lambda: self.tip(away) == tip, "it has caught up", LIMIT_S)
        took = time.monotonic() - begin
        second = self.received(away)
        left = sum(len(block.encode()) for block in blocks[stored:])
        # What was asked for and not stored yet may come again; so do headers, of each peer.
        largest = max(len(block.encode()) for block in blocks)
        headers = sources * HEADER * count
        allowed = left * 1.02 + headers * 1.05 + 64 * 1024 * sources + min(WINDOW, count) * largest // 50
        print(f"{count} blocks, {bodies >> 10} KiB, from {sources}: {took:.1f} s ({count / took:.0f} blocks/s); killed at {stored}; "
              f"{first >> 10} KiB came before, {sum(second.values()) >> 10} KiB after ({left >> 10} KiB of blocks were left); "
              f"/status at most {slowest * 1000:.0f} ms meanwhile")
        self.assertLess(sum(second.values()), allowed, "blocks were fetched again")
        if sources > 1 and left > 256 * 1024:
            self.assertGreater(min(second.values()), left // sources // 10, f"not all gave: {second}")
        status = self.get(away, "/status")
        self.assertEqual(status, status | {"hash": tip, "index": count})
        self.nodes[away].stop()
        done = run("verify", "--datadir", self.nodes[away].datadir, "--chain", "dev", timeout=900)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_blocks_from_one(self):
        self.catch_up(extend([wire.DEV.genesis()], BLOCKS - 1, bytes(31) + b"\x01"), 1)

    def test_blocks_from_three(self):
        self.catch_up(extend([wire.DEV.genesis()], BLOCKS - 1, bytes(31) + b"\x01"), 3)

    def test_transfers_from_one(self):
        self.catch_up(with_transfers(), 1)

    def test_transfers_from_three(self):
        self.catch_up(with_transfers(), 3)

    def test_one_that_stops_answering_is_replaced(self):
        """One of three is stopped in mid-air: the others give what it was asked for."""
        import os
        import signal
        blocks = extend([wire.DEV.genesis()], BLOCKS - 1, bytes(31) + b"\x01")
        for _ in range(3):
            self.source(blocks)
        self.add()
        self.ok(self.clients[3].post("/nodes/register", {"nodes": [self.address(i) for i in range(3)]}))
        wait(lambda: self.status(3)["index"] > 1, "it has begun")
        os.kill(self.nodes[1].pid, signal.SIGSTOP)
        self.addCleanup(lambda: os.kill(self.nodes[1].pid, signal.SIGCONT))
        begin = time.monotonic()
        wait(lambda: self.tip(3) == wire.shown(blocks[-1].hash()), "it has caught up", LIMIT_S)
        print(f"with one of three stopped, the rest took {time.monotonic() - begin:.1f} s")
