"""The pool's bounds as a client meets them: one sender's share, places in the list, what a kill leaves."""

import wire
from cairn_node import NodeTest, raw

SHARE = 5000  # executable transfers of one sender


class OneSender(NodeTest):
    """A sender with as many transfers waiting as it may have."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.key, cls.other = cls.new_key(), cls.new_key()
        cls.sent = [cls.key.transfer(nonce, cls.other, 1, 10, b"") for nonce in range(SHARE)]
        for first in range(0, SHARE, 1000):
            part = cls.sent[first:first + 1000]
            answer = cls.client.post("/transactions/batch", {"transactions": [raw(one) for one in part]})
            assert answer.json["accepted"] == len(part), answer

    def test_the_next_one_waits_for_a_block(self):
        account = self.get(f"/accounts/{self.key.address}")
        self.assertEqual((account["pending"], account["next_nonce"]), (SHARE, SHARE))
        following = self.key.transfer(SHARE, self.other, 1, 10**6, b"")
        answer = self.client.post("/transactions/new", raw(following))
        problem = self.refused(answer, 503)
        self.assertEqual(problem["rule"], "sender_full")
        self.assertIn(f"at most {SHARE} transfers of a sender waiting", problem["detail"])
        self.assertTrue(int(answer.header("Retry-After")) > 0)

        # A better one in the place of any of them is not one more.
        better = self.key.transfer(SHARE // 2, self.other, 1, 20, b"")
        self.post("/transactions/new", raw(better), status=201)
        self.assertEqual(self.get(f"/accounts/{self.key.address}")["pending"], SHARE)
        self.assertEqual(self.get(f"/transactions/{wire.shown(self.sent[SHARE // 2].txid())}")["status"], "dropped")

        # What was acknowledged outlives the process, and so do the sums over it.
        length = self.get("/status")["index"]
        self.client.close()
        self.node.kill()
        self.node.start()
        type(self).client = self.node.client()
        self.assertEqual(self.get("/pool")["pool_length"], SHARE)
        self.assertEqual(self.get(f"/accounts/{self.key.address}")["pending"], SHARE)
        last = self.get(f"/inv?from={length + SHARE}")["values"]
        self.assertEqual([one["value"]["id"] for one in last], [wire.shown(better.txid())])
        self.assertEqual(self.get(f"/inv?from={length + SHARE + 1}")["values"], [])

        # A block makes room.
        self.mine(to=self.other.address)
        account = self.get(f"/accounts/{self.key.address}")
        self.assertEqual((account["pending"], account["nonce"], account["next_nonce"]), (0, SHARE, SHARE))
        self.post("/transactions/new", raw(following), status=201)
        self.assertEqual(self.get(f"/accounts/{self.key.address}")["pending"], 1)
