"""Two nodes that do not gossip part, and /nodes/resolve decides: most work wins, nothing is lost in silence."""

import time

import wire
from cairn_node import Key, raw
from network import NetworkTest, wait
from servers import Listener, answering, unused_port

REPLACED, AUTHORITATIVE = "Our chain was replaced", "Our chain is authoritative"


class Resolving(NetworkTest):
    APART = True

    def setUp(self):
        self.add(gossip=False)
        self.add(gossip=False)
        self.keys = [Key(wire.sha256(b"resolve %d" % i)) for i in range(4)]

    def send(self, i, sender, nonce, recipient, amount, fee=0):
        return self.post(i, "/transactions/new", raw(sender.transfer(nonce, recipient, amount, fee)))["id"]

    def link(self):
        for i in (0, 1):
            self.ok(self.clients[i].post("/nodes/register", {"nodes": [self.address(1 - i)]}), 201)

    def resolve(self, i, method="POST", path="/nodes/resolve"):
        return self.ok(self.clients[i].request(method, path))

    def part(self, sender_of_short, sender_of_long):
        """Node 0 mines three blocks, node 1 five; a transfer of its own in each."""
        short = self.send(0, sender_of_short, 0, self.keys[2], 5 * wire.COIN)
        self.mine(0, 3, self.keys[2].address)
        long = self.send(1, sender_of_long, 0, self.keys[3], 7 * wire.COIN)
        self.mine(1, 5, self.keys[3].address)
        return short, long

    def test_the_shorter_is_replaced_and_its_transfers_come_back(self):
        short, long = self.part(self.keys[0], self.keys[1])
        waiting = self.send(1, self.keys[1], 1, self.keys[0], wire.COIN)
        self.link()
        self.assertNotEqual(self.tip(0), self.tip(1), "without gossip nobody moves by himself")
        told = self.resolve(0)
        self.assertEqual((told["message"], told["replaced"], told["length"]), (REPLACED, True, 6))
        self.assertEqual(told["nodes"], [{"address": self.address(1)}])
        self.assertEqual(told["dropped"], [])
        self.assertEqual(told["new_chain"], self.get(1, "/chain")["chain"])
        self.assertNotIn("chain", told)
        self.assertEqual(self.tip(0), self.tip(1))
        self.assertEqual(self.pool(0), {short, waiting}, "its own transfer is back, the other's pool was pulled")
        block = self.mine(0, 1, self.keys[2].address)
        self.assertEqual({t["id"] for t in block["transactions"][1:]}, {short, waiting})
        self.assertEqual(self.get(0, f"/transactions/{long}")["status"], "confirmed")

    def test_the_longer_is_authoritative(self):
        self.part(self.keys[0], self.keys[1])
        self.link()
        before = self.get(1, "/chain")
        told = self.resolve(1, "GET")
        self.assertEqual((told["message"], told["replaced"], told["length"]), (AUTHORITATIVE, False, 6))
        self.assertEqual((told["nodes"], told["dropped"]), ([{"address": self.address(0)}], []))
        self.assertEqual(told["chain"], before["chain"])
        self.assertNotIn("new_chain", told)

    def test_what_the_new_chain_made_impossible_is_listed_with_the_reason(self):
        short, long = self.part(self.keys[0], self.keys[0])  # one sender, one nonce, both sides
        self.link()
        told = self.resolve(0)
        self.assertEqual((told["replaced"], told["nodes"]), (True, [{"address": self.address(1)}]))
        self.assertEqual([(entry["id"], entry["transaction"]["id"]) for entry in told["dropped"]], [(short, short)])
        self.assertRegex(told["dropped"][0]["reason"], "nonce")
        self.assertEqual(self.pool(0), set())
        dropped = self.get(0, f"/transactions/{short}")
        self.assertEqual((dropped["status"], dropped["reason"]), ("dropped", told["dropped"][0]["reason"]))
        self.assertEqual(self.get(0, f"/transactions/{long}")["status"], "confirmed")

    def test_most_work_wins_also_when_asked_twice_and_from_both_sides(self):
        self.part(self.keys[0], self.keys[1])
        self.link()
        for node, replaced in ((0, True), (0, False), (1, False)):
            told = self.resolve(node)
            self.assertEqual((told["replaced"], told["nodes"]), (replaced, [{"address": self.address(1 - node)}]))
        self.assertEqual(self.tip(0), self.tip(1))
        self.assertEqual(self.get(0, "/chain"), self.get(1, "/chain"))

    def test_with_nobody_registered_nobody_was_asked(self):
        told = self.resolve(0)
        self.assertEqual((told["replaced"], told["nodes"], told["length"]), (False, [], 1))
        self.assertEqual(told["message"], "Nobody was asked, for no node is registered: our chain stays as it is")

    def test_where_nobody_answers_nothing_is_claimed(self):
        self.ok(self.clients[0].post("/nodes/register", {"nodes": [f"127.0.0.1:{unused_port()}"]}), 201)
        told = self.resolve(0)
        self.assertEqual(told["message"], "No registered node told its whole chain: our chain stays as it is")
        self.assertIn("error", told["nodes"][0])

    def test_nodes_that_cannot_be_asked_have_a_sentence_each_and_stop_nobody(self):
        self.part(self.keys[0], self.keys[1])
        dead = f"127.0.0.1:{unused_port()}"
        plain, silent = Listener(answering("404 Not Found", "")), Listener()
        self.addCleanup(plain.close)
        self.addCleanup(silent.close)
        self.ok(self.clients[0].post("/nodes/register", {"nodes": [dead, plain.address, silent.address, self.address(1)]}), 201)
        begin = time.monotonic()
        told = self.resolve(0, path="/nodes/resolve?timeout=5")
        took = time.monotonic() - begin
        self.assertTrue(told["replaced"])
        errors = {node["address"]: node.get("error") for node in told["nodes"]}
        self.assertEqual(set(errors), {dead, plain.address, silent.address, self.address(1)})
        self.assertIsNone(errors.pop(self.address(1)))
        for address, error in errors.items():
            print(f"  {address}: {error}")
            self.assertGreater(len(error), 5)
        self.assertLess(took, 8)
        print(f"/nodes/resolve?timeout=5 with three that cannot be asked: {took:.1f} s")

    def test_the_limit_is_one_to_a_hundred_and_twenty_seconds(self):
        for wrong in ("0", "121", "-1", "x", "1.5"):
            self.assertEqual(self.clients[0].get(f"/nodes/resolve?timeout={wrong}").status, 400, wrong)

    def test_a_resolve_ends_the_silence_after_a_restart(self):
        self.mine(1, 3)
        self.link()
        self.mine(0, 1)
        self.post(0, "/restart")
        told = self.resolve(0)
        self.assertEqual((told["replaced"], told["length"]), (True, 4))

    def test_without_gossip_nothing_moves_until_it_is_asked(self):
        self.link()
        ident = self.send(0, self.keys[0], 0, self.keys[1], wire.COIN)
        self.mine(1, 2)
        self.assertFalse(self.status(0)["gossip"])
        self.resolve(1)  # asks node 0 for its pool; node 0 asks nobody
        wait(lambda: self.pool(1) == {ident}, "the pool was pulled")
        self.assertEqual(self.status(0)["index"], 1)
