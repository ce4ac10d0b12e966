"""Nonces that the node chooses while others hand in transfers of the same sender."""

import contextlib
import re
import threading

import bip340
import hd
import wire
from cairn_node import Key, NodeTest, raw


class Race(NodeTest):
    auth = "on"
    TRANSFERS = 60

    def operator_key(self):
        """Out of the words that the first start shows."""
        lines = self.node.log.splitlines()
        words = lines[next(i for i, line in enumerate(lines) if "24 words" in line) + 1].split()
        key = Key(hd.secret_of(words))
        self.assertEqual(key.address, self.get("/users/me")["address"])
        return key

    def test_a_nonce_that_was_taken_meanwhile_is_chosen_again(self):
        key, other, ended = self.operator_key(), self.new_key(), threading.Event()
        outside = []

        def hand_in():
            with contextlib.closing(self.node.client()) as client:
                while not ended.is_set():
                    nonce = client.get(f"/accounts/{key.address}").json["next_nonce"]
                    transfer = key.transfer(nonce, other, 1)
                    if client.post("/transactions/new", raw(transfer)).status == 201:
                        outside.append(wire.shown(transfer.txid()))

        handing_in = [threading.Thread(target=hand_in) for _ in range(2)]
        for thread in handing_in:
            thread.start()
        try:
            # A fee that would do to replace one of those.
            body = {"recipient": other.address, "amount": "0.00000002", "fee": "0.0000001"}
            ids = [self.post("/transactions/new", body, 201)["id"] for _ in range(self.TRANSFERS)]
        finally:
            ended.set()
            for thread in handing_in:
                thread.join()
        self.assertEqual(len(set(ids)), self.TRANSFERS)
        self.assertTrue(outside)
        # Nothing replaced anything: what the node chose for is there beside what was handed in.
        waiting = {transfer["id"] for transfer in self.get("/pool")["pool"]}
        self.assertEqual(({*ids} - waiting, {*outside} - waiting), (set(), set()))

    def test_a_nonce_of_the_clients_own_choice_is_not_changed(self):
        other = self.new_key()
        body = {"recipient": other.address, "amount": 1, "nonce": 0}
        self.post("/transactions/new", body, 201)
        self.assertIn(self.client.post("/transactions/new", body).status, (200, 409))
        self.refused(self.client.post("/transactions/new", body | {"amount": 2}), 409)
