"""1,000 transfers between 20 accounts in 50 blocks, and five witnesses that agree on the end.

The node, its off-line `verify`, a fresh store after `import`, the second ledger, and the sums kept here.
CAIRN_CHAIN=main does the same with real work.
"""

import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

import wire
from cairn_node import Key, Node, coins, raw, run, signed_members, units
from settings import MODEL, TMP, needs_disk, needs_model, needs_node, seeded

ACCOUNTS, BLOCKS, TRANSFERS = 20, 50, 1000
CHAIN = os.environ.get("CAIRN_CHAIN", "dev")
SPEC = {"dev": wire.DEV, "main": wire.MAIN}[CHAIN]


@needs_node
@needs_model
@needs_disk
class ThousandTransfers(unittest.TestCase):
    def ok(self, answer, *statuses):
        self.assertIn(answer.status, statuses or (200, 201), repr(answer))
        return answer.json

    def replay(self, path):
        done = subprocess.run([MODEL, "replay", path], capture_output=True, text=True, timeout=120)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return json.loads(done.stdout)

    def cairn(self, *arguments):
        done = run(*arguments)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_all_witnesses_agree(self):
        random = seeded("thousand_transfers")
        keys = [Key(wire.sha256(b"thousand %d" % i), SPEC) for i in range(ACCOUNTS)]
        balances = {key.key: SPEC.opening for key in keys}
        nonces, sent = dict.fromkeys(balances, 0), []
        with tempfile.TemporaryDirectory(dir=TMP) as folder:
            folder = Path(folder)
            datadir, export = folder / "data", folder / "chain.cairn"
            node = Node(datadir, chain=CHAIN, auth="on").start()
            self.addCleanup(node.stop)
            client = node.operator()
            for key in keys:  # on chains without openings everybody earns a block first
                self.ok(client.post(f"/mine?to={key.address}"))
                balances[key.key] += 50 * wire.COIN
            for block in range(ACCOUNTS, BLOCKS):
                fees = 0
                while len(sent) < TRANSFERS * (block - ACCOUNTS + 1) // (BLOCKS - ACCOUNTS):
                    sender, recipient = random.choice(keys), random.choice(keys)
                    amount, fee = random.randrange(1, wire.COIN // 2), random.randrange(1000)
                    transfer = sender.transfer(nonces[sender.key], recipient, amount, fee, random.randbytes(random.randrange(80)))
                    form = random.choice((raw, lambda t: signed_members(t, SPEC)))
                    answer = self.ok(client.post("/transactions/new", form(transfer)), 201)
                    self.assertEqual(answer["id"], wire.shown(transfer.txid()))
                    nonces[sender.key] += 1
                    balances[sender.key] -= amount + fee
                    balances[recipient.key] += amount
                    fees += fee
                    sent.append(answer["id"])
                miner = random.choice(keys)
                mined = self.ok(client.post(f"/mine?to={miner.address}"))
                balances[miner.key] += 50 * wire.COIN + fees
                self.assertEqual(
                    units(mined["transactions"][0]["amount"]), 50 * wire.COIN + fees,
                    f"block {mined['index']} has {len(mined['transactions']) - 1} transfers: what was acknowledged "
                    f"before /mine was called belongs in its block",
                )
            self.assertEqual(len(sent), TRANSFERS)

            status = self.ok(client.get("/status"))
            self.assertEqual((status["index"], status["pool_length"]), (BLOCKS + 1, 0))
            for key in keys:
                account = self.ok(client.get(f"/accounts/{key.address}"))
                self.assertEqual(coins(units(account["balance"])), coins(balances[key.key]))
                self.assertEqual(account["nonce"], nonces[key.key])
            shown = self.ok(client.get("/chain"))["chain"]
            self.assertEqual({t["id"] for block in shown for t in block["transactions"][1:]}, set(sent))
            client.close()
            self.assertEqual(node.stop(), 0)

            self.cairn("export", "--datadir", datadir, "--chain", CHAIN, export)
            state = self.replay(export)
            self.assertEqual((state["tip"], state["index"]), (status["hash"], BLOCKS + 1))
            expected = {key.hex(): {"balance": balances[key], "nonce": nonces[key]} for key in balances}
            self.assertEqual({a: s for a, s in state["accounts"].items() if a in expected}, expected)
            self.assertEqual(state["accounts"].keys(), expected.keys())
            self.assertEqual(state["sum"], state["issued"])
            self.assertEqual(state["issued"], units(status["issued"]))
            self.assertEqual(state["issued"], sum(balances.values()))
            canonical, blocks = wire.read_export(export.read_bytes())
            self.assertEqual(canonical, SPEC.canonical())
            self.assertEqual([wire.shown(block.hash()) for block in blocks], [block["hash"] for block in shown])

            self.cairn("verify", "--datadir", datadir, "--chain", CHAIN)
            fresh, again = folder / "fresh", folder / "again.cairn"
            self.cairn("import", "--datadir", fresh, "--chain", CHAIN, export)
            self.cairn("verify", "--datadir", fresh, "--chain", CHAIN)
            self.cairn("export", "--datadir", fresh, "--chain", CHAIN, again)
            self.assertEqual(again.read_bytes(), export.read_bytes())
            with Node(fresh, chain=CHAIN, auth="on") as other:
                reader = other.client()
                self.assertEqual(self.ok(reader.get("/status"))["hash"], status["hash"])
                for key in keys:
                    account = self.ok(reader.get(f"/accounts/{key.address}"))
                    self.assertEqual((units(account["balance"]), account["nonce"]), (balances[key.key], nonces[key.key]))
                reader.close()


@needs_node
@needs_model
@needs_disk
class BadFiles(unittest.TestCase):
    """What `import` must refuse, and leave the store as it was."""

    def test_an_import_of_a_bad_file_fails_with_one_sentence(self):
        genesis = wire.DEV.genesis()
        good = wire.Block(wire.Header(1, genesis.hash(), wire.ZERO, genesis.header.time, wire.DEV.bits, 0),
                          [wire.Reward(2, wire.ZERO, 50 * wire.COIN)])
        good.header.merkle_root = wire.merkle_root(good.txids())
        good.header.mine()
        greedy = wire.Block(wire.Header(1, genesis.hash(), wire.ZERO, genesis.header.time, wire.DEV.bits, 0),
                            [wire.Reward(2, wire.ZERO, 50 * wire.COIN + 1)])
        greedy.header.merkle_root = wire.merkle_root(greedy.txids())
        greedy.header.mine()
        whole = wire.export_file(wire.DEV, [genesis, good])
        flipped = bytearray(whole)
        flipped[200] ^= 1
        with tempfile.TemporaryDirectory(dir=TMP) as folder:
            folder = Path(folder)
            for name, data in {
                "greedy": wire.export_file(wire.DEV, [genesis, greedy]),
                "other chain": wire.export_file(wire.MAIN, [wire.MAIN.genesis()]),
                "no genesis": wire.export_file(wire.DEV, [good]),
                "flipped": bytes(flipped),
                "cut": whole[:-40],
                "longer": whole + b"\0",
                "empty": b"",
            }.items():
                path, datadir = folder / "file", folder / name
                path.write_bytes(data)
                with self.subTest(name):
                    done = run("import", "--datadir", datadir, "--chain", "dev", path)
                    self.assertNotEqual(done.returncode, 0)
                    self.assertEqual(len((done.stdout + done.stderr).strip().splitlines()), 1, done.stdout + done.stderr)
            path.write_bytes(whole)
            done = run("import", "--datadir", folder / "good", "--chain", "dev", path)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            with Node(folder / "good") as node:
                self.assertEqual(node.client().get("/status").json["hash"], wire.shown(good.hash()))
