"""Two nodes that grew apart by many blocks, and then meet: the one that is behind leaves all of its own.

3,000 blocks; CAIRN_LONG=1: 60,000. What others ask of it is answered between the slices of its switch.
"""

import time

import wire
from cairn_node import Key, raw, run
from long_chain_test import extend
from network import NetworkTest, wait
from settings import LONG, needs_disk

BLOCKS = 60_000 if LONG else 3_000
AHEAD = 50
LIMIT_S = 1_800 if LONG else 240
ANSWERS = 100 if LONG else 1


@needs_disk
class DeepSwitch(NetworkTest):
    def with_chain(self, name, blocks):
        folder = self.folder()
        path, datadir = folder / f"{name}.cairn", folder / name
        path.write_bytes(wire.export_file(wire.DEV, blocks))
        done = run("import", "--datadir", datadir, "--chain", "dev", path, timeout=900)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.add(datadir=datadir)

    def test_leaves_others_their_turn_and_ends_where_it_should(self):
        genesis = [wire.DEV.genesis()]
        self.with_chain("behind", extend(genesis, BLOCKS, bytes(31) + b"\x01"))
        ahead = extend(genesis, BLOCKS + AHEAD, bytes(31) + b"\x02")
        self.with_chain("ahead", ahead)
        tip, key = wire.shown(ahead[-1].hash()), Key(wire.sha256(b"deep switch"))
        self.ok(self.clients[0].post("/nodes/register", {"nodes": [self.address(1)]}))
        begin = time.monotonic()
        answers, slowest, nonce = 0, 0.0, 0
        while self.tip(0) != tip:
            self.assertLess(time.monotonic() - begin, LIMIT_S, f"{self.status(0)} after {answers} answers")
            asked = time.monotonic()
            answer = self.clients[0].post("/transactions/new", raw(key.transfer(nonce, key, 1, 1)))
            if answer.status == 201:
                nonce += 1
            slowest = max(slowest, time.monotonic() - asked)
            answers += 1
        longest = self.status(0).get("longest_step_ms", "not told")
        print(f"{BLOCKS} blocks left for {BLOCKS + AHEAD} in {time.monotonic() - begin:.1f} s; {answers} answers meanwhile, "
              f"the slowest after {slowest * 1000:.0f} ms; longest step: {longest}")
        self.assertGreaterEqual(answers, ANSWERS)
        self.nodes[0].stop()
        done = run("verify", "--datadir", self.nodes[0].datadir, "--chain", "dev", timeout=900)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
