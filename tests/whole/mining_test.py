"""/mine and /restart."""

import os
import pathlib
import threading

import wire
from cairn_node import NodeTest, raw, units
from settings import needs_disk


class Mining(NodeTest):
    def test_answers_with_the_block(self):
        before = self.get("/status")["index"]
        for method in ("GET", "POST"):
            block = self.expect(200, self.client.request(method, "/mine"))
            before += 1
            self.assertEqual(block["message"], "New Block Forged")
            self.assertEqual(block["index"], before)
            self.assertEqual(self.get(f"/blocks/{before}")["hash"], block["hash"])
        self.expect(200, self.client.get("//mine"))

    def test_count_blocks(self):
        before = self.get("/status")["index"]
        answer = self.mine(5)
        self.assertEqual(len(answer["blocks"]), 5)
        chain = self.get(f"/chain?from={before + 1}")["chain"]
        self.assertEqual([block["hash"] for block in chain], answer["blocks"])
        self.assertEqual(answer["hash"], answer["blocks"][-1])
        self.assertNotIn("blocks", self.mine(1))

    def test_the_most_that_one_call_may_ask_for(self):
        before = self.get("/status")["index"]
        self.assertEqual(len(self.mine(1000)["blocks"]), 1000)
        self.assertEqual(self.get("/status")["index"], before + 1000)

    def test_counts_that_are_none(self):
        with self.unchanged():
            for count in ("0", "1001", "-1", "x", "1.0", "1e2", "99999999999999999999", ""):
                with self.subTest(count):
                    self.refused(self.client.post(f"/mine?count={count}"), 400, "count")

    def test_pays_whom_one_names(self):
        key = self.new_key()
        block = self.mine(to=key.address)
        self.assertEqual(block["transactions"][0]["recipient_address"], key.address)
        self.assertEqual(units(self.get(f"/accounts/{key.address}")["balance"]), 150 * wire.COIN)
        block = self.mine(to="dave")
        self.assertEqual(block["transactions"][0]["recipient"], "dave")

    def test_pays_nobody_who_is_none(self):
        with self.unchanged():
            for text in ("0", wire.address("crn", bytes(32)), "x" * 65, "crnd1qqqq"):
                with self.subTest(text):
                    self.refused(self.client.post(f"/mine?to={text}"), 400, "to")

    def test_what_would_be_ignored_is_refused(self):
        with self.unchanged():
            for field in ("proof", "id", "miner"):
                with self.subTest(field):
                    form = {"Content-Type": "application/x-www-form-urlencoded"}
                    for answer in (
                        self.client.post("/mine", {field: 5}), self.client.post("/mine", f"{field}=5", form),
                        self.client.post(f"/mine?{field}=5"), self.client.get(f"/mine?{field}=5"),
                        self.client.post("/mine", {"to": "dave", field: {}}),
                    ):
                        self.refused(answer, 400, field)
            self.refused(self.client.post("/mine?count=1", {"count": 2}), 400, "count")
            self.refused(self.client.post("/mine?to=dave", {"to": "erna"}), 400, "to")

    def test_calls_at_once_run_one_after_another(self):
        before, found = self.get("/status")["index"], []

        def call():
            client = self.node.client()
            for _ in range(5):
                found.append(client.post("/mine").json["index"])
            client.close()

        callers = [threading.Thread(target=call) for _ in range(6)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
        self.assertEqual(sorted(found), list(range(before + 1, before + 31)))

    def test_times_never_go_before_the_median(self):
        self.mine(20)
        times = [block["timestamp"] for block in self.get("/chain?limit=1000")["chain"]]
        for i in range(1, len(times)):
            last = sorted(times[max(0, i - 11):i])
            self.assertGreaterEqual(times[i], last[len(last) // 2])


class Restart(NodeTest):
    @needs_disk
    def test_goes_back_to_genesis_and_keeps_a_copy(self):
        self.mine(3)
        key = self.new_key()
        transfer = key.transfer(0, self.new_key(), wire.COIN)
        self.post("/transactions/new", raw(transfer), 201)
        answer = self.post("/restart", status=200)
        self.assertEqual(answer["length"], 1)
        self.assertIn("message", answer)
        backups = self.datadir / "backups"
        self.assertTrue(pathlib.Path(answer["backup"]).name in os.listdir(backups), answer)
        self.assertEqual(self.get("/chain")["length"], 1)
        self.assertEqual(self.get("/pool"), {"pool": [], "pool_length": 0})
        self.assertFalse(self.get(f"/accounts/{key.address}")["seen"])
        self.assertEqual(units(self.get("/status")["issued"]), 0)

        self.assertIsNone(self.expect(200, self.client.get("/restart"))["backup"])
        self.post("/transactions/new", raw(transfer), 201)  # the same chain: what was signed still is
        self.mine(2)
        self.assertEqual(self.get("/chain")["length"], 3)
        self.assertEqual(self.node.stop(), 0)
        self.node.start()
        self.client.close()
        self.client.port = self.node.port
        self.assertEqual(self.get("/chain")["length"], 3)
        for _ in range(11):
            self.post("/restart", status=200)
            self.mine()
        self.assertLessEqual(len(os.listdir(backups)), 10)


@needs_disk
class Persistence(NodeTest):
    def test_chain_and_pool_outlive_the_process(self):
        key = self.new_key()
        self.mine(3, key.address)
        for nonce in range(5):
            self.post("/transactions/new", raw(key.transfer(nonce, self.new_key(), wire.COIN)), 201)
        before = self.state()
        self.assertEqual(self.node.stop(), 0)
        self.node.start()
        self.client.close()
        self.client.port = self.node.port
        self.assertEqual(self.state(), before)
        self.assertEqual(len(self.mine()["transactions"]), 6)


class MemoryStore(NodeTest):
    arguments = ("--store", "memory")

    def test_mines_and_sends_like_the_other(self):
        key = self.new_key()
        self.mine(2, key.address)
        self.post("/transactions/new", raw(key.transfer(0, self.new_key(), 150 * wire.COIN)), 201)
        self.mine()
        self.assertEqual(units(self.get(f"/accounts/{key.address}")["balance"]), 50 * wire.COIN)
        self.assertEqual(self.get("/chain")["length"], 4)
