"""/transactions/new in all its forms, and what becomes of a transfer."""

import contextlib
import threading
import urllib.parse

import wire
from cairn_node import NodeTest, coins, raw, signed_members, units


class Forms(NodeTest):
    def send(self, body, status=201, headers=None):
        return self.post("/transactions/new", body, status, headers)

    def test_json_counts_whatever_its_content_type(self):
        for i, kind in enumerate(("application/json", "application/json; charset=utf-8", "text/plain", "text/html",
                                  "application/octet-stream", "application/x-www-form-urlencoded", "no type at all", None)):
            body = f'{{"sender": "type {i}", "recipient": "bob", "amount": 1}}'
            with self.subTest(kind):
                self.send(body, headers={"Content-Type": kind})

    def test_form_fields(self):
        body = urllib.parse.urlencode({"sender": "form", "recipient": "bob", "amount": "1.25", "fee": "0.5"})
        made = self.send(body, headers={"Content-Type": "application/x-www-form-urlencoded"})["transaction"]
        self.assertEqual((units(made["amount"]), units(made["fee"])), (125_000_000, 50_000_000))

    def test_amounts_are_read_from_their_text(self):
        for text, expected in (("1", 10**8), ("1.5", 150_000_000), ("0.00000001", 1), ("0.1", 10**7), ("0.3", 3 * 10**7),
                               ("1.00000000", 10**8), ("99.99999999", 9_999_999_999), ("0.29", 29_000_000),
                               ("1.1", 110_000_000), ("0.07", 7_000_000)):
            for form in (text, f'"{text}"'):
                key = self.new_key()
                made = self.send(f'{{"sender": "{key.address[-20:]} {text}", "recipient": "bob", "amount": {form}}}')
                with self.subTest(form):
                    self.assertEqual(units(made["transaction"]["amount"]), expected)

    def test_amounts_are_written_as_the_shortest_exact_decimal(self):
        for text in ("1", "0.1", "0.00000001", "99.99999999", "50.5"):
            key = self.new_key()
            transfer = key.transfer(0, self.new_key(), units(text))
            answer = self.client.post("/transactions/new", raw(transfer))
            self.expect(201, answer)
            self.assertRegex(answer.body.decode(), rf'"amount"\s*:\s*{text.replace(".", "[.]")}[,}}\s]')

    def test_members_nobody_knows_are_ignored(self):
        self.send({"sender": "extra", "recipient": "bob", "amount": 1, "colour": {"deep": [1, 2, {"x": None}]}})

    def test_raw_and_member_forms_are_the_same_transfer(self):
        key, other = self.new_key(), self.new_key()
        transfer = key.transfer(0, other, 150_000_000, 7, "grüße".encode())
        by_raw = self.send(raw(transfer))
        by_members = self.send(signed_members(transfer), 200)
        self.assertEqual(by_members["id"], by_raw["id"])
        self.assertEqual(by_raw["id"], wire.shown(transfer.txid()))

    def test_the_answer_describes_the_transfer(self):
        key, other = self.new_key(), self.new_key()
        transfer = key.transfer(0, other, 150_000_000, 7, "line one\n\tline two".encode())
        index = self.get("/chain")["length"] + 1
        made = self.send(signed_members(transfer))
        self.assertEqual(made["message"], f"Transaction will be added to Block {index}")
        self.assertEqual(made["index"], index)
        shown = made["transaction"]
        self.assertEqual(shown["id"], made["id"])
        self.assertEqual(shown["sender_address"], key.address)
        self.assertEqual(shown["recipient_address"], other.address)
        self.assertEqual((units(shown["amount"]), units(shown["fee"]), shown["nonce"]), (150_000_000, 7, 0))
        self.assertEqual(shown["data"], transfer.data.hex())
        self.assertEqual(shown["memo"], "line one\n\tline two")
        self.assertEqual(shown["signature"], transfer.signature.hex())
        self.assertEqual(shown["size"], len(transfer.encode()))

    def test_memo_is_shown_only_of_clean_text(self):
        for data in (b"\x00", b"\x1b[31m", b"\x7f", b"\xff\xfe", b"bell\x07", "\u0085".encode(), b"\xed\xa0\x80"):
            transfer = self.new_key().transfer(0, self.new_key(), 1, 0, data)
            shown = self.send(raw(transfer))["transaction"]
            with self.subTest(data):
                self.assertNotIn("memo", shown)
                self.assertEqual(shown["data"], data.hex())

    def test_a_memo_is_the_data_as_text(self):
        key = self.new_key()
        transfer = key.transfer(0, self.new_key(), 1, 0, "häßlich".encode())
        body = signed_members(transfer)
        del body["data"]
        self.assertEqual(self.send(body | {"memo": "häßlich"})["id"], wire.shown(transfer.txid()))

    def test_the_fee_is_nothing_if_none_is_given(self):
        self.assertEqual(self.send({"sender": "frugal", "recipient": "bob", "amount": 1})["transaction"]["fee"], 0)

    def test_the_node_counts_nonces_when_none_is_given(self):
        for nonce in range(3):
            made = self.send({"sender": "counting", "recipient": "bob", "amount": 1})
            self.assertEqual(made["transaction"]["nonce"], nonce)

    def test_a_name_signs_with_the_key_of_its_text(self):
        made = self.send({"sender": "carol ☃", "recipient": "bob", "amount": 1})["transaction"]
        self.assertEqual((made["sender"], made["recipient"]), ("carol ☃", "bob"))
        transfer = wire.Transfer(
            wire.address_key("crnd", made["sender_address"]), made["nonce"],
            wire.address_key("crnd", made["recipient_address"]), units(made["amount"]), units(made["fee"]),
            bytes.fromhex(made["data"]), bytes.fromhex(made["signature"]),
        )
        self.assertEqual(wire.shown(transfer.txid()), made["id"])
        self.assertTrue(transfer.is_signed(wire.DEV.genesis().hash()))
        for name, address in (("carol ☃", transfer.sender), ("bob", transfer.recipient)):
            self.assertEqual(wire.bip340.public_key(wire.name_secret(name)), address)

    def test_names_are_taken_byte_for_byte_up_to_64(self):
        for name in ("x" * 64, " ", "A1b", "é" * 32, "1"):
            with self.subTest(name):
                self.send({"sender": "namer " + name[:8], "recipient": name, "amount": 1})

    def test_posting_again_changes_nothing(self):
        transfer = self.new_key().transfer(0, self.new_key(), 1)
        first = self.send(raw(transfer))
        with self.unchanged():
            again = self.send(raw(transfer), 200)
        self.assertEqual(again["id"], first["id"])
        self.assertEqual(again["transaction"], first["transaction"])
        self.mine()
        with self.unchanged():
            self.assertEqual(self.send(raw(transfer), 200)["id"], first["id"])

    def test_an_idempotency_key_is_remembered(self):
        headers = {"Idempotency-Key": "order 4711"}
        body = {"sender": "twice", "recipient": "bob", "amount": 1}
        first = self.send(body, (200, 201), headers)
        with self.unchanged():
            again = self.send(body, (200, 201), headers)
        self.assertEqual(again["id"], first["id"])
        self.assertNotEqual(self.send(body, 201, {"Idempotency-Key": "order 4712"})["id"], first["id"])
        self.mine()
        self.assertEqual(self.send(body, (200, 201), headers)["id"], first["id"])

    def test_a_replacement_pays_a_tenth_more(self):
        key, other = self.new_key(), self.new_key()
        self.send(raw(key.transfer(0, other, 1, 1000)))
        with self.unchanged():
            for fee in (0, 999, 1000, 1099):
                amount = 2 if fee == 1000 else 1
                self.refused(self.client.post("/transactions/new", raw(key.transfer(0, other, amount, fee))), 409)
        better = self.send(raw(key.transfer(0, other, 1, 1100)))
        mine = [t for t in self.get("/pool")["pool"] if t["sender_address"] == key.address]
        self.assertEqual([t["id"] for t in mine], [better["id"]])

    def test_bodies_up_to_the_limit_are_read(self):
        start = '{"sender": "big", "recipient": "bob", "amount": 1, "padding": "'
        body = start + "x" * (256 * 1024 - len(start) - 2) + '"}'
        self.assertEqual(len(body), 256 * 1024)
        self.send(body)

    def test_nesting_up_to_the_limit_is_read(self):
        for depth, status in ((31, 201), (32, 400)):  # the body itself is one level
            nested = "[" * depth + "]" * depth
            self.send(f'{{"sender": "nested", "recipient": "bob", "amount": 1, "x": {nested}}}', status)


class Lives(NodeTest):
    def test_from_pool_to_chain(self):
        key, other = self.new_key(), self.new_key()
        transfer = key.transfer(0, other, 30 * wire.COIN, 5)
        ident = self.post("/transactions/new", raw(transfer), 201)["id"]
        waiting = self.get(f"/transactions/{ident}")
        self.assertEqual(waiting["status"], "pool")
        self.assertEqual(waiting["transaction"]["id"], ident)
        self.assertIn(ident, [t["id"] for t in self.get("/pool")["pool"]])
        account = self.get(f"/accounts/{key.address}")
        self.assertEqual((account["nonce"], account["next_nonce"]), (0, 1))

        block = self.mine()
        self.assertIn(ident, [t["id"] for t in block["transactions"]])
        confirmed = self.get(f"/transactions/{ident}")
        self.assertEqual(confirmed["status"], "confirmed")
        self.assertEqual(confirmed["block"], {"index": block["index"], "hash": block["hash"]})
        self.assertEqual(confirmed["confirmations"], 1)
        self.mine(2)
        self.assertEqual(self.get(f"/transactions/{ident}")["confirmations"], 3)
        self.assertEqual(self.get("/pool"), {"pool": [], "pool_length": 0})

        sender, recipient = self.get(f"/accounts/{key.address}"), self.get(f"/accounts/{other.address}")
        self.assertEqual(units(sender["balance"]), 70 * wire.COIN - 5)
        self.assertEqual((sender["nonce"], sender["seen"]), (1, True))
        self.assertEqual(units(recipient["balance"]), 130 * wire.COIN)
        for account in (key, other):
            page = self.get(f"/accounts/{account.address}/transactions")
            self.assertIn(ident, str(page))

    def test_nonces_may_come_out_of_order(self):
        key, other = self.new_key(), self.new_key()
        self.mine(to=key.address)
        for nonce in (2, 1, 0):
            self.post("/transactions/new", raw(key.transfer(nonce, other, 1)), 201)
        self.mine()
        self.assertEqual(self.get(f"/accounts/{key.address}")["nonce"], 3)

    def test_every_amount_of_an_account_comes_from_somewhere(self):
        key, other = self.new_key(), self.new_key()
        for nonce in range(10):
            self.post("/transactions/new", raw(key.transfer(nonce, other, 10**7 * (nonce + 1), nonce)), 201)
        self.mine()
        page = self.get(f"/accounts/{key.address}/transactions?limit=4")
        seen, cursor = [], None
        while True:
            members = next(value for value in page.values() if isinstance(value, list))
            self.assertLessEqual(len(members), 4)
            seen += members
            cursor = page.get("next")
            if not cursor:
                break
            page = self.get(f"/accounts/{key.address}/transactions?limit=4&cursor={cursor}")
        self.assertEqual(len(seen), 10)
        spent = sum(10**7 * (n + 1) + n for n in range(10))
        self.assertEqual(coins(units(self.get(f"/accounts/{key.address}")["balance"])), coins(100 * wire.COIN - spent))

    def test_a_batch_keeps_what_is_valid(self):
        keys = [self.new_key() for _ in range(3)]
        good = [key.transfer(0, keys[0], wire.COIN) for key in keys]
        bad = keys[0].transfer(1, keys[1], wire.COIN)
        bad.signature = bytes(64)
        bodies = [raw(good[0]), raw(bad), signed_members(good[1]), {"raw": "00"}, 5, raw(good[2]), raw(good[0])]
        answer = self.post("/transactions/batch", {"transactions": bodies}, 200)
        results = answer["results"]
        self.assertEqual(len(results), len(bodies))
        for i, transfer in ((0, good[0]), (2, good[1]), (5, good[2])):
            self.assertEqual(results[i]["id"], wire.shown(transfer.txid()))
        for i in (1, 3, 4):
            self.assertIn("error", results[i])
        self.assertIn(answer["accepted"], (3, 4))
        pool = {t["id"] for t in self.get("/pool")["pool"]}
        self.assertEqual(pool, {wire.shown(t.txid()) for t in good})
        self.mine()

    def test_a_batch_ends_at_its_64th_bad_entry(self):
        key, last = self.new_key(), self.new_key().transfer(0, self.new_key(), wire.COIN)
        bad = key.transfer(0, key, wire.COIN)
        bad.signature = bytes(64)
        good = [self.new_key().transfer(0, key, wire.COIN) for _ in range(2)]
        for wrong in (raw(bad), 0):
            with self.subTest(wrong):
                entries = [raw(good[0]), *[wrong] * 63, raw(good[1]), wrong, *[raw(last)] * 100]
                answer = self.post("/transactions/batch", {"transactions": entries}, 200)
                self.assertEqual(len(answer["results"]), 66)
                self.assertEqual((answer["accepted"], answer["not_looked_at"]), (2, 100))
                self.assertIn("64th bad entry", answer["message"])
                self.expect(404, self.client.get(f"/transactions/{wire.shown(last.txid())}"))
                self.mine()
                good = [self.new_key().transfer(0, key, wire.COIN) for _ in range(2)]
        entries = [*[raw(bad)] * 63, raw(last)]
        answer = self.post("/transactions/batch", {"transactions": entries}, 200)
        self.assertEqual((len(answer["results"]), answer["accepted"]), (64, 1))
        self.assertNotIn("not_looked_at", answer)
        self.mine()

    def test_a_batch_has_4096_entries_and_not_one_more(self):
        key = self.new_key()
        entry = raw(key.transfer(0, key, wire.COIN))
        answer = self.post("/transactions/batch", {"transactions": [entry] * 4096}, 200)
        self.assertEqual((len(answer["results"]), answer["accepted"]), (4096, 4096))
        with self.unchanged():
            self.refused(self.client.post("/transactions/batch", {"transactions": [0] * 4097}), 400, "transactions")
        self.mine()

    def test_batches_hold_up_nobody_who_logs_in_or_signs(self):
        """Every place for batches is taken all the time; the node is the class's own, without log-in."""
        key, ended, statuses = self.new_key(), threading.Event(), set()
        bad = key.transfer(0, key, wire.COIN)
        # Well signed, and more than anybody has: every check is made, and nothing is kept.
        entries = {"transactions": [raw(self.new_key().transfer(0, key, 1000 * wire.COIN)) for _ in range(400)]}

        def flood():
            with contextlib.closing(self.node.client()) as client:
                while not ended.is_set():
                    statuses.add(client.post("/transactions/batch", entries).status)

        threads = [threading.Thread(target=flood) for _ in range(24)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(20):
                self.post("/transactions/new", {"sender": "alice", "recipient": "bob", "amount": "0.001"}, 201)
        finally:
            ended.set()
            for thread in threads:
                thread.join()
        self.assertLessEqual(statuses, {200, 503})
        self.mine()

    def test_a_batch_is_a_list_of_bounded_size(self):
        with self.unchanged():
            for body in ({}, {"transactions": 5}, {"transactions": {}}, [], None):
                self.refused(self.client.post("/transactions/batch", body), 400)
            padded = b'{"transactions": [], "x": "' + b"y" * (4 << 20) + b'"}'
            self.refused(self.client.post("/transactions/batch", padded), 413)
        padded = b'{"transactions": [], "x": "' + b"y" * (1 << 20) + b'"}'
        self.expect(200, self.client.post("/transactions/batch", padded))
