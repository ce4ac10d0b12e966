"""kill -9 while transfers come in and blocks are mined: what was acknowledged is there afterwards.

CAIRN_KILLS says how often. Every kill falls right after a random number of acknowledgements.
"""

import http.client
import tempfile
import threading
import unittest
from pathlib import Path

import wire
from cairn_node import Key, Node, raw, run
from settings import KILLS, TMP, needs_disk, needs_node, seeded

SENDERS = 4
TRANSFERS_A_BLOCK = 30  # so that a kill finds some in the pool


class Load:
    """Senders and a miner at once, until the node dies under them; counts what it acknowledged."""

    def __init__(self, node, keys, kill_after):
        self.node, self.keys, self.kill_after = node, keys, kill_after
        self.transfers, self.blocks, self.surprises = [], [], []
        self.enough, self.moved, self.mined_at = False, threading.Condition(), 0

    def note(self, where, what):
        with self.moved:
            where.append(what)
            self.enough = self.enough or len(self.transfers) + len(self.blocks) >= self.kill_after
            self.moved.notify_all()

    def drive(self, work):
        client = self.node.client(timeout=20)
        try:
            while True:
                work(client)
        except (OSError, http.client.HTTPException):
            pass  # the kill
        except Exception as surprise:
            with self.moved:
                self.surprises.append(surprise)
                self.enough = True
                self.moved.notify_all()
        finally:
            client.close()

    def sender(self, key):
        def work(client):
            if not hasattr(client, "nonce"):
                client.nonce = client.get(f"/accounts/{key.address}").json["next_nonce"]
            transfer = key.transfer(client.nonce, self.keys[(client.nonce + 1) % SENDERS], 1 + client.nonce, 3)
            answer = client.post("/transactions/new", raw(transfer))
            if answer.status in (429, 503):
                return
            if answer.status not in (200, 201):
                raise AssertionError(f"{answer!r}")
            client.nonce += 1
            self.note(self.transfers, answer.json["id"])

        return work

    def mine(self, client):
        with self.moved:
            self.moved.wait_for(lambda: self.enough or len(self.transfers) >= self.mined_at + TRANSFERS_A_BLOCK)
            self.mined_at = len(self.transfers)
        answer = client.post(f"/mine?to={self.keys[0].address}")
        if answer.status == 200:
            self.note(self.blocks, (answer.json["index"], answer.json["hash"]))
        elif answer.status not in (429, 503):
            raise AssertionError(f"{answer!r}")

    def run(self):
        works = [self.sender(key) for key in self.keys] + [self.mine]
        threads = [threading.Thread(target=self.drive, args=(work,), daemon=True) for work in works]
        for thread in threads:
            thread.start()
        with self.moved:
            in_time = self.moved.wait_for(lambda: self.enough, 60)
        self.node.kill()
        with self.moved:
            self.enough = True
            self.moved.notify_all()
        for thread in threads:
            thread.join(30)
        if self.surprises:
            raise self.surprises[0]
        if not in_time:
            raise AssertionError(f"only {len(self.transfers)} transfers and {len(self.blocks)} blocks in 60 s")


@needs_node
@needs_disk
class Kills(unittest.TestCase):
    def test_nothing_acknowledged_is_lost(self):
        random = seeded("kill")
        keys = [Key(wire.sha256(b"kill %d" % i)) for i in range(SENDERS)]
        transfers, blocks, slowest = [], [], 0.0
        with tempfile.TemporaryDirectory(dir=TMP) as folder:
            node = Node(Path(folder) / "data").start()
            self.addCleanup(node.stop)
            client = node.client()
            for key in keys:
                self.assertEqual(client.post(f"/mine?count=3&to={key.address}").status, 200)
            client.close()
            for kill in range(KILLS):
                load = Load(node, keys, random.randrange(20, 400))
                load.run()
                transfers += load.transfers
                blocks += load.blocks
                if kill % 2:  # the off-line reader meets the wreck first
                    self.verify(node)
                node.start()
                slowest = max(slowest, node.start_s)
                with self.subTest(kill=kill):
                    self.check(node, load.transfers, load.blocks)
            self.check(node, transfers, blocks)
            self.assertEqual(node.stop(), 0)
            self.verify(node)
        print(f"{KILLS} kills, {len(transfers)} transfers and {len(blocks)} blocks acknowledged, none lost; "
              f"slowest start {slowest:.2f} s")

    def verify(self, node):
        done = run("verify", "--datadir", node.datadir, "--chain", "dev")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def check(self, node, transfers, blocks):
        client = node.client()
        chain, confirmed = {}, set()
        for block in client.get("/chain").json["chain"]:
            chain[block["index"]] = block["hash"]
            confirmed.update(t["id"] for t in block["transactions"])
        pool = {t["id"] for t in client.get("/pool").json["pool"]}
        client.close()
        lost = [ident for ident in transfers if ident not in confirmed and ident not in pool]
        self.assertEqual(lost, [], "acknowledged transfers are gone")
        self.assertEqual(pool & confirmed, set(), "a transfer is in the pool and in the chain")
        for index, found in blocks:
            self.assertEqual(chain.get(index), found, "an acknowledged block is gone")


@needs_node
@needs_disk
class Stops(unittest.TestCase):
    def test_a_stop_under_load_is_clean(self):
        keys = [Key(wire.sha256(b"stop %d" % i)) for i in range(SENDERS)]
        with tempfile.TemporaryDirectory(dir=TMP) as folder:
            node = Node(Path(folder) / "data").start()
            self.addCleanup(node.kill)
            load = Load(node, keys, 100)
            node.kill, kill = node.stop, node.kill  # the load ends the node politely
            load.run()
            node.kill = kill
            node.start()
            Kills.check(self, node, load.transfers, load.blocks)
            self.assertEqual(node.stop(), 0)
