"""The learner's chain: names for addresses, opening balances, mining at the times one chooses."""

import datetime
import re
import tempfile
import time
import unittest
from pathlib import Path

import wire
from cairn_node import Key, Node, NodeTest, StartFailed, raw, run
from settings import TMP, needs_disk, needs_node

WAIT_S = 30


def name_key(name):
    return Key(wire.name_secret(name))


class NamesTest(NodeTest):
    def send(self, sender, recipient, amount, status=201, **more):
        body = {"sender": sender, "recipient": recipient, "amount": amount} | more
        return self.post("/transactions/new", body, status)

    def shown(self, ident):
        """A transfer as the pool and, after a block, the chain show it; both alike."""
        waiting = next(t for t in self.get("/pool")["pool"] if t["id"] == ident)
        block = self.mine()
        confirmed = next(t for t in self.get(f"/chain?from={block['index']}")["chain"][0]["transactions"] if t["id"] == ident)
        self.assertEqual(waiting, confirmed)
        return confirmed


class FirstCall(NamesTest):
    def test_the_first_call_of_every_tutorial_works_at_once(self):
        answer = self.client.post("/transactions/new", b'{"sender":"alice","recipient":"bob","amount":5}')
        made = self.expect(201, answer)
        self.assertEqual(made["message"], f"Transaction will be added to Block {made['index']}")
        transfer = self.shown(made["id"])
        self.assertEqual((transfer["sender"], transfer["recipient"], transfer["amount"]), ("alice", "bob", 5))
        for name, balance in (("alice", 95), ("bob", 105)):
            account = self.get(f"/accounts/{name}")
            self.assertEqual((account["name"], account["balance"]), (name, balance))
            self.assertEqual(account["address"], name_key(name).address)
            self.assertEqual(self.get(f"/accounts/{account['address']}")["balance"], balance)


class Names(NamesTest):
    def test_node_ids_of_tutorials_are_names(self):
        sender = "d4ee26eee15148ee92c6cd394edd974e"
        transfer = self.shown(self.send(sender, "someone-other-address", 5)["id"])
        self.assertEqual((transfer["sender"], transfer["recipient"]), (sender, "someone-other-address"))

    def test_a_claim_that_no_key_proves_is_not_shown(self):
        key, other = self.new_key(), self.new_key()
        claims = (b'{"from":"alice","to":"bob"}', b'{"from":"mallory"}', b'{"to":"","memo":"m"}',
                  ('{"from":"%s"}' % name_key("alice").address).encode())
        for nonce, data in enumerate(claims):
            ident = self.post("/transactions/new", raw(key.transfer(nonce, other, 1, 0, data)), 201)["id"]
            shown = self.shown(ident)
            with self.subTest(data):
                self.assertEqual((shown["sender"], shown["recipient"]), (key.address, other.address))
                self.assertEqual(shown["sender"], shown["sender_address"])

    def test_a_claim_of_one_side_proves_that_side_alone(self):
        key = self.new_key()
        transfer = key.transfer(0, name_key("greta"), 1, 0, b'{"from":"alice","to":"greta"}')
        shown = self.shown(self.post("/transactions/new", raw(transfer), 201)["id"])
        self.assertEqual((shown["sender"], shown["recipient"]), (key.address, "greta"))

    def test_a_signed_transfer_may_bring_its_names(self):
        transfer = name_key("signer").transfer(0, name_key("greta"), 1, 0, b'{"from":"signer","to":"greta","memo":"m"}')
        shown = self.shown(self.post("/transactions/new", raw(transfer), 201)["id"])
        self.assertEqual((shown["sender"], shown["recipient"], shown["memo"]), ("signer", "greta", "m"))

    def test_what_looks_like_an_envelope_and_is_none_is_a_memo(self):
        key, other = self.new_key(), self.new_key()
        for nonce, text in enumerate(('{"from":"alice","x":"y"}', '{"from":5}', '{"from":"alice"', '{"from":"a","from":"b"}')):
            ident = self.post("/transactions/new", raw(key.transfer(nonce, other, 1, 0, text.encode())), 201)["id"]
            with self.subTest(text):
                self.assertEqual(self.shown(ident)["memo"], text)

    def test_a_memo_beside_names_is_shown_only_if_clean(self):
        for memo, clean in (("hi", True), ("two\nlines\t", True), ("\x1b[31m", False), ("\x00", False), ("\u0085", False)):
            made = self.send("writer", "bob", 1, memo=memo)["transaction"]
            with self.subTest(memo):
                self.assertEqual(made.get("memo"), memo if clean else None)

    def test_names_and_memo_share_the_room_for_data(self):
        room = 1024 - len('{"from":"long","to":"bob","memo":""}')
        self.send("long", "bob", 1, memo="m" * room)
        with self.unchanged():
            problem = self.refused(self.client.post("/transactions/new", {
                "sender": "long", "recipient": "bob", "amount": 1, "memo": "m" * (room + 1)}), 400, "memo")
        self.assertIn("1024", problem["detail"])

    def test_an_overdraft_is_refused_in_words(self):
        with self.unchanged():
            problem = self.refused(self.client.post("/transactions/new", {
                "sender": "poor", "recipient": "bob", "amount": "100.00000001"}), 400, "amount")
        self.assertIn("balance", problem["message"])
        self.assertIn("100 coins", problem["message"])
        self.assertEqual(problem["rule"], "overdraft")
        self.send("poor", "bob", 100)
        problem = self.refused(self.client.post("/transactions/new", {"sender": "poor", "recipient": "bob", "amount": 1}))
        self.assertIn(problem["rule"], ("overdraft", "pool_balance"))

    def test_whom_a_block_pays_is_named(self):
        for request in ("/mine?to=miner%20one", "//mine/?to=miner%20one"):
            reward = self.get(request)["transactions"][0]
            self.assertEqual((reward["sender"], reward["recipient"]), ("0", "miner one"))
            self.assertEqual(reward["recipient_address"], name_key("miner one").address)

    def test_a_name_too_long_for_the_reward_is_shown_as_its_address(self):
        # The envelope is JSON, where each of the second's 64 bytes takes two.
        for name, fits in (("n" * 64, True), ('"' * 64, False)):
            reward = self.mine(to=name)["transactions"][0]
            self.assertEqual(reward["recipient"], name if fits else name_key(name).address)
            self.assertEqual(reward["recipient_address"], name_key(name).address)


@needs_node
@needs_disk
class OnEveryNode(unittest.TestCase):
    def test_names_are_read_from_the_chain_itself(self):
        with tempfile.TemporaryDirectory(prefix="cairn-", dir=TMP) as folder:
            first, second, file = Path(folder, "first"), Path(folder, "second"), Path(folder, "chain")
            with Node(first) as node:
                client = node.client()
                self.assertEqual(client.post("/transactions/new", {"sender": "alice", "recipient": "bob", "amount": 5}).status, 201)
                self.assertEqual(client.get("/mine?to=carol").status, 200)
                told = client.get("/chain").body
                client.close()
            self.assertIn(b'"sender":"alice","recipient":"bob"', told)
            for words in (("export", file, "--datadir", first), ("import", file, "--datadir", second)):
                done = run(*words, "--chain", "dev")
                self.assertEqual(done.returncode, 0, done.stderr)
            with Node(second) as node:
                client = node.client()
                self.assertEqual(client.get("/chain").body, told)
                client.close()


class MiningNode(NodeTest):
    def wait_for_index(self, index):
        deadline = time.monotonic() + WAIT_S
        while (status := self.get("/status"))["index"] < index:
            self.assertLess(time.monotonic(), deadline, f"no block {index} within {WAIT_S} s")
            time.sleep(0.01)
        return status

    def blocks(self, first):
        return self.get(f"/chain?from={first}")["chain"]


class OnRequest(MiningNode):
    def test_nothing_is_mined_unless_asked_for(self):
        self.assertFalse(self.get("/status")["mining"])
        self.post("/transactions/new", {"sender": "alice", "recipient": "bob", "amount": 5}, 201)
        self.assertEqual(self.get("/pool")["pool_length"], 1)
        self.assertEqual(len(self.mine()["transactions"]), 2)
        self.assertEqual(self.get("/status")["index"], 2)


class OnTransfer(MiningNode):
    arguments = ("--mine-on", "transfer", "--mine-to", "miner")

    def test_a_block_follows_every_transfer(self):
        index = self.get("/status")["index"]
        self.assertTrue(self.get("/status")["mining"])
        for count in range(1, 6):
            made = self.post("/transactions/new", {"sender": "alice", "recipient": "bob", "amount": 1}, 201)
            self.assertEqual(made["index"], index + count)
            self.wait_for_index(index + count)
            reward, transfer = self.blocks(index + count)[0]["transactions"]
            self.assertEqual((reward["recipient"], transfer["id"]), ("miner", made["id"]))
        self.assertEqual(self.get("/pool")["pool_length"], 0)
        self.assertEqual(self.mine()["index"], index + 6, "a block was mined that no transfer asked for")

    def test_a_transfer_whose_turn_has_not_come_waits(self):
        key, other = self.new_key(), self.new_key()
        index = self.get("/status")["index"]
        for nonce in (2, 1):
            self.post("/transactions/new", raw(key.transfer(nonce, other, 1)), 201)
        self.assertEqual(self.get("/status")["index"], index)
        self.post("/transactions/new", raw(key.transfer(0, other, 1)), 201)
        self.wait_for_index(index + 1)
        self.assertEqual([t.get("nonce") for t in self.blocks(index + 1)[0]["transactions"]], [None, 0, 1, 2])

    @needs_disk
    def test_what_waited_over_a_restart_is_mined_at_start(self):
        with tempfile.TemporaryDirectory(prefix="cairn-", dir=TMP) as folder:
            node = Node(folder)
            with node:
                client = node.client()
                self.assertEqual(client.post("/transactions/new", {"sender": "a", "recipient": "b", "amount": 1}).status, 201)
                client.close()
            node.arguments = self.arguments
            with node:
                client, deadline = node.client(), time.monotonic() + WAIT_S
                while client.get("/status").json["index"] < 2:
                    self.assertLess(time.monotonic(), deadline)
                    time.sleep(0.01)
                client.close()


class OnInterval(MiningNode):
    arguments = ("--mine-on", "0.1", "--mine-to", "miner", "--log-format", "text")

    def test_blocks_come_so_long_after_one_another(self):
        self.assertTrue(self.wait_for_index(12)["mining"])
        self.assertEqual({block["transactions"][0]["recipient"] for block in self.blocks(2)}, {"miner"})
        deadline = time.monotonic() + WAIT_S
        while len(stamps := re.findall(r"^(\S+)Z info  connected", self.node.log, re.M)) < 11:
            self.assertLess(time.monotonic(), deadline, "the log is silent")
            time.sleep(0.01)
        times = [datetime.datetime.fromisoformat(stamp) for stamp in stamps]
        gaps = [(later - sooner).total_seconds() for sooner, later in zip(times, times[1:])]
        self.assertGreaterEqual(min(gaps), 0.098, gaps)  # the log cuts off at milliseconds


@needs_node
class MineOnRefused(unittest.TestCase):
    def refused(self, *arguments, chain="dev"):
        with tempfile.TemporaryDirectory(prefix="cairn-", dir=TMP) as folder, self.assertRaises(StartFailed) as caught:
            Node(folder, chain=chain, arguments=arguments).start()
        self.assertEqual(caught.exception.code, 1)
        return caught.exception.output.strip().splitlines()[-1]

    def test_where_there_are_no_names(self):
        for chain in ("main", "steady"):
            for when in ("transfer", "5"):
                said = self.refused("--mine-on", when, chain=chain)
                self.assertIn("--chain dev", said)
                self.assertIn("--mine-every", said)

    def test_words_that_are_none(self):
        for when in ("transfers", "0", "-1", "soon"):
            self.assertIn("--mine-on", self.refused("--mine-on", when))

    def test_beside_mine(self):
        self.assertIn("choose one", self.refused("--mine-on", "transfer", "--mine"))

    def test_the_help_says_what_it_needs(self):
        self.assertRegex(run("node", "--help").stdout, r"--mine-on[^-]*chain with names, such as dev")
