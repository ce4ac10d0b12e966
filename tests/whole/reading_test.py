"""The routes that read: a small chain, every byte of it checked by wire.py."""

import json
import re
import threading

import wire
from cairn_node import NodeTest, raw, units

BLOCK = {"index", "timestamp", "transactions", "proof", "previous_hash", "merkle_root", "hash", "version", "bits",
         "difficulty", "work", "size"}
TRANSFER = {"id", "sender", "recipient", "amount", "fee", "nonce", "data", "signature", "size"}
REWARD = {"id", "sender", "recipient", "amount", "height", "extra", "size"}


class SmallChain(NodeTest):
    """Genesis and 12 blocks with 0 to 11 transfers each, and 3 transfers in the pool."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.keys = [cls.new_key() for _ in range(3)]
        cls.sent, nonces = [], [0, 0, 0]
        for block in range(13):
            for _ in range(3 if block == 12 else block):
                i = len(cls.sent) % 3
                transfer = cls.keys[i].transfer(nonces[i], cls.keys[i - 1], 10**6 + len(cls.sent), block, b"memo")
                nonces[i] += 1
                cls.sent.append(transfer)
                answer = cls.client.post("/transactions/new", raw(transfer))
                assert answer.status == 201, answer
            if block < 12:
                assert cls.client.post(f"/mine?to={cls.keys[0].address}").status == 200
        cls.chain_json = cls.client.get("/chain").json["chain"]

    def raw_block(self, which):
        answer = self.client.get(f"/blocks/{which}?format=hex")
        self.expect(200, answer)
        self.assertTrue(answer.header("Content-Type").startswith("text/plain"))
        return wire.decode_block(bytes.fromhex(answer.body.decode().strip()))

    def test_chain_is_genesis_and_what_was_mined(self):
        answer = self.get("/chain")
        self.assertEqual(answer["length"], 13)
        self.assertEqual([block["index"] for block in answer["chain"]], list(range(1, 14)))
        self.assertEqual(answer["chain"][0]["hash"], wire.shown(wire.DEV.genesis().hash()))

    def test_genesis_is_the_one_of_the_page(self):
        self.assertEqual(self.raw_block(1), wire.DEV.genesis())

    def test_every_block_is_what_its_bytes_say(self):
        previous = None
        for shown in self.chain_json:
            block = self.raw_block(shown["index"])
            with self.subTest(shown["index"]):
                self.assertLessEqual(BLOCK, shown.keys())
                self.assertEqual(shown["hash"], wire.shown(block.hash()))
                self.assertEqual(shown["previous_hash"], wire.shown(block.header.previous_hash))
                self.assertEqual(shown["merkle_root"], wire.shown(block.header.merkle_root))
                self.assertEqual(block.header.merkle_root, wire.merkle_root(block.txids()))
                self.assertEqual(shown["timestamp"], block.header.time)
                self.assertEqual(shown["proof"], block.header.nonce)
                self.assertEqual(shown["version"], block.header.version)
                self.assertEqual(shown["bits"], f"{block.header.bits:08x}")
                self.assertEqual(shown["size"], len(block.encode()))
                self.assertRegex(shown["work"], "^[0-9a-f]{64}$")
                difficulty = wire.target_of(0x1D00FFFF) / wire.target_of(block.header.bits)
                self.assertAlmostEqual(float(shown["difficulty"]) / difficulty, 1, delta=1e-6)
                self.assertEqual([t["id"] for t in shown["transactions"]], [wire.shown(i) for i in block.txids()])
                if previous:
                    self.assertEqual(shown["previous_hash"], previous["hash"])
                    self.assertTrue(block.header.has_work())
                    gained = int(shown["work"], 16) - int(previous["work"], 16)
                    self.assertEqual(gained, wire.work_of(block.header.bits))
                previous = shown

    def test_transactions_show_every_member(self):
        for block in self.chain_json[1:]:
            raws = self.raw_block(block["hash"]).transactions
            for shown, made in zip(block["transactions"], raws, strict=True):
                self.assertEqual(shown["size"], len(made.encode()))
                self.assertEqual(units(shown["amount"]), made.amount)
                self.assertEqual(shown["recipient_address"], wire.address("crnd", made.recipient))
                if isinstance(made, wire.Reward):
                    self.assertLessEqual(REWARD, shown.keys())
                    self.assertEqual((shown["sender"], shown["height"]), ("0", block["index"]))
                    self.assertEqual(shown["extra"], made.extra.hex())
                else:
                    self.assertLessEqual(TRANSFER, shown.keys())
                    self.assertEqual((units(shown["fee"]), shown["nonce"]), (made.fee, made.nonce))
                    self.assertEqual((shown["data"], shown["memo"]), (made.data.hex(), "memo"))
                    self.assertEqual(shown["signature"], made.signature.hex())
                    self.assertTrue(made.is_signed(wire.DEV.genesis().hash()))

    def test_rewards_are_subsidy_and_fees(self):
        for index in range(2, 14):
            transactions = self.raw_block(index).transactions
            fees = sum(t.fee for t in transactions[1:])
            self.assertEqual(transactions[0].amount, 50 * wire.COIN + fees)
            self.assertGreaterEqual(len(transactions[0].extra), 8)

    def test_a_part_of_the_chain(self):
        for first, limit, expected in ((1, 3, [1, 2, 3]), (12, 5, [12, 13]), (13, 1, [13]), (5, 1, [5])):
            answer = self.get(f"/chain?from={first}&limit={limit}")
            self.assertEqual([block["index"] for block in answer["chain"]], expected)
            self.assertEqual(answer["length"], 13)
            self.assertEqual(answer["chain"][0], self.chain_json[first - 1])
        self.assertEqual(len(self.get("/chain?from=4")["chain"]), 10)
        self.assertEqual(len(self.get("/chain?limit=4")["chain"]), 4)

    def test_parameters_that_are_none(self):
        for path in ("/chain", "/inv"):
            for name in ("from", "limit"):
                for value in ("x", "-1", "1.0", "1e3", "99999999999999999999999"):
                    with self.subTest(f"{path} {name}={value}"):
                        self.refused(self.client.get(f"{path}?{name}={value}"), 400, name)
        for path in ("/blocks", f"/accounts/{self.keys[0].address}/transactions"):
            for name, value in (("limit", "x"), ("limit", "-1"), ("cursor", "nonsense")):
                with self.subTest(f"{path} {name}={value}"):
                    self.refused(self.client.get(f"{path}?{name}={value}"), 400, name)

    def test_queries_that_are_no_text(self):
        for value in ("%ff", "%00", "%", "%zz", "%c0%af"):
            with self.subTest(value):
                self.refused(self.client.get(f"/chain?from={value}"), 400)

    def test_the_pool_holds_what_waits(self):
        answer = self.get("/pool")
        self.assertEqual(answer["pool_length"], 3)
        self.assertEqual({t["id"] for t in answer["pool"]}, {wire.shown(t.txid()) for t in self.sent[-3:]})

    def test_the_inventory_is_the_chain_and_then_the_pool(self):
        values = self.get("/inv")["values"]
        self.assertEqual([v["type"] for v in values], ["block"] * 13 + ["transaction"] * 3)
        self.assertEqual([v["value"] for v in values[:13]], [block["hash"] for block in self.chain_json])
        self.assertEqual({v["value"]["id"] for v in values[13:]}, {wire.shown(t.txid()) for t in self.sent[-3:]})
        part = self.get("/inv?from=12&limit=2")["values"]
        self.assertEqual(part[:2], values[11:13])

    def test_an_inventory_from_any_value_on_is_the_rest_of_it(self):
        values = self.get("/inv")["values"]
        self.assertEqual(len(values), 13 + 3)
        for start in (1, 13, 14, 15, 16, 17, 18, 1000, 2**62, 9 * 10**18):
            for limit in (0, 1, 2, 100):
                with self.subTest(start=start, limit=limit):
                    self.assertEqual(self.get(f"/inv?from={start}&limit={limit}")["values"],
                                     values[start - 1:start - 1 + limit])
            self.assertEqual(self.get(f"/inv?from={start}")["values"], values[start - 1:])


    def test_blocks_by_index_and_by_hash(self):
        for shown in self.chain_json:
            for which in (shown["index"], shown["hash"]):
                answer = self.get(f"/blocks/{which}")
                self.assertFalse(answer.pop("stale", False))
                self.assertEqual(answer, shown)

    def test_blocks_that_are_none(self):
        for which in (0, 14, 2**64, "00" * 32, "f" * 64):
            with self.subTest(which):
                self.refused(self.client.get(f"/blocks/{which}"), (400, 404))
        self.refused(self.client.get("/blocks/14"), 404)
        self.refused(self.client.get(f"/blocks/{'00' * 32}"), 404)
        for which in ("x", "-1", "1.0", self.chain_json[1]["hash"][:-1], "%2e%2e", "1%00"):
            with self.subTest(which):
                self.refused(self.client.get(f"/blocks/{which}"), (400, 404))
        self.refused(self.client.get("/blocks/1?format=pdf"), 400, "format")

    def test_block_headers_page_from_the_newest(self):
        seen, path = [], "/blocks?limit=5"
        while path:
            answer = self.client.get(path)
            page = self.expect(200, answer)
            members = next(value for value in page.values() if isinstance(value, list))
            self.assertLessEqual(len(members), 5)
            seen += [block["index"] for block in members]
            link, cursor = answer.header("Link"), page.get("next")
            self.assertEqual(bool(cursor), bool(link and 'rel="next"' in link))
            path = f"/blocks?limit=5&cursor={cursor}" if cursor else None
            if path:
                self.assertIn(str(cursor), link)
        self.assertEqual(seen, list(range(13, 0, -1)))

    def test_a_transaction_that_nobody_knows(self):
        self.refused(self.client.get(f"/transactions/{'ab' * 32}"), 404)
        self.refused(self.client.get(f"/transactions/{'ab' * 32}/proof"), 404)
        for which in ("x", "ab" * 31, "ab" * 33, "zz" * 32):
            self.refused(self.client.get(f"/transactions/{which}"), (400, 404))
        self.refused(self.client.get(f"/transactions/{wire.shown(self.sent[-1].txid())}/proof"), 404)

    def test_every_proof_leads_to_the_root(self):
        for block in self.chain_json:
            for position, transaction in enumerate(block["transactions"]):
                proof = self.get(f"/transactions/{transaction['id']}/proof")
                header = wire.decode_header(bytes.fromhex(proof["header"]))
                self.assertEqual(wire.shown(header.hash()), block["hash"])
                self.assertEqual((proof["id"], proof["block_hash"], proof["index"], proof["position"], proof["count"]),
                                 (transaction["id"], block["hash"], block["index"], position, len(block["transactions"])))
                branch = [wire.hidden(text) for text in proof["branch"]]
                root = wire.merkle_climb(wire.hidden(proof["id"]), position, proof["count"], branch)
                self.assertEqual(root, header.merkle_root)

    def test_confirmed_transactions_tell_their_block(self):
        for block in self.chain_json[1:]:
            for transaction in block["transactions"]:
                answer = self.get(f"/transactions/{transaction['id']}")
                self.assertEqual(answer["status"], "confirmed")
                self.assertEqual(answer["transaction"], transaction)
                self.assertEqual(answer["block"], {"index": block["index"], "hash": block["hash"]})
                self.assertEqual(answer["confirmations"], 14 - block["index"])

    def test_accounts_are_the_sum_of_their_transactions(self):
        balances, nonces = {}, {}
        for index in range(2, 14):
            transactions = self.raw_block(index).transactions
            for t in transactions[1:] + transactions[:1]:
                if isinstance(t, wire.Transfer):
                    balances[t.sender] = balances.get(t.sender, 100 * wire.COIN) - t.amount - t.fee
                    nonces[t.sender] = t.nonce + 1
                balances[t.recipient] = balances.get(t.recipient, 100 * wire.COIN) + t.amount
        for key in self.keys:
            account = self.get(f"/accounts/{key.address}")
            self.assertEqual(account["address"], key.address)
            self.assertEqual(units(account["balance"]), balances[key.key])
            self.assertEqual(account["nonce"], nonces[key.key])
            self.assertEqual(account["next_nonce"], nonces[key.key] + 1)  # one waits in the pool
            self.assertTrue(account["seen"])
        issued = units(self.get("/status")["issued"])
        self.assertEqual(issued, sum(balances.values()))

    def test_an_account_never_seen(self):
        account = self.get(f"/accounts/{self.new_key().address}")
        self.assertEqual((account["seen"], account["nonce"], account["next_nonce"]), (False, 0, 0))

    def test_accounts_that_are_none(self):
        good = self.keys[0].address
        for text in (good[:-1] + ("q" if good[-1] != "q" else "p"), wire.address("crn", bytes(32)), "x" * 65, "0"):
            with self.subTest(text):
                self.refused(self.client.get(f"/accounts/{text}"), (400, 404))

    def test_status(self):
        status = self.get("/status")
        self.assertEqual(status["genesis_hash"], wire.shown(wire.DEV.genesis().hash()))
        self.assertEqual((status["index"], status["hash"]), (13, self.chain_json[-1]["hash"]))
        self.assertEqual(status["work"], self.chain_json[-1]["work"])
        self.assertEqual(status["pool_length"], 3)
        self.assertLessEqual({"chain", "issued", "peers", "mining", "syncing", "gossip", "read_only", "version"}, status.keys())
        self.assertIs(status["read_only"], False)

    def test_health(self):
        self.expect(200, self.client.get("/healthz"))
        self.expect(200, self.client.get("/readyz"))

    def test_what_cannot_change_carries_an_etag(self):
        ident = self.chain_json[5]["transactions"][0]["id"]
        for path in (f"/blocks/{self.chain_json[5]['hash']}", "/blocks/6", f"/transactions/{ident}"):
            with self.subTest(path):
                answer = self.client.get(path)
                tag = answer.header("ETag")
                self.assertTrue(tag)
                again = self.client.get(path, If_None_Match=tag)
                self.assertEqual((again.status, again.body), (304, b""))
                self.assertEqual(again.header("Cache-Control"), "no-cache", again)
                self.expect(200, self.client.get(path, If_None_Match='"another"'))

    def test_paths_are_read_generously(self):
        for path in ("//chain", "/chain/", "///chain//", "/chain?", "/chain?from=1", "/ch%61in"):
            with self.subTest(path):
                self.assertEqual(self.get(path)["length"], 13)

    def test_a_get_may_carry_a_body(self):
        answer = self.client.request("GET", "/chain", b'{"x": 1}')
        self.assertEqual(self.expect(200, answer)["length"], 13)

    def test_many_requests_on_one_connection_keep_their_order(self):
        asked = b"".join(b"GET /blocks/%d HTTP/1.1\r\nHost: localhost\r\n\r\n" % i for i in range(1, 14))
        self.assertEqual(self.client.raw(asked, 13).json["index"], 13)

    def test_an_old_client_is_served(self):
        answer = self.client.raw(b"GET /status HTTP/1.0\r\nHost: localhost\r\n\r\n")
        self.assertEqual(self.expect(200, answer)["index"], 13)

    def test_head_answers_as_get_would_without_the_body(self):
        for path in ("/chain", "/pool", "/inv", "/status", "/blocks", "/blocks/1", "/blocks/99", "/healthz"):
            with self.subTest(path):
                head, get = self.client.request("HEAD", path), self.client.get(path)
                self.assertEqual((head.status, head.body), (get.status, b""))
                self.assertEqual(head.header("Content-Type"), get.header("Content-Type"))

    def test_readers_at_once_see_the_same(self):
        seen = set()

        def read():
            client = self.node.client()
            for _ in range(10):
                seen.add(client.get("/chain").body)
            client.close()

        readers = [threading.Thread(target=read) for _ in range(8)]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        self.assertEqual(len(seen), 1)
        self.assertEqual(json.loads(seen.pop())["length"], 13)

    def test_numbers_are_written_plainly(self):
        self.assertIsNone(re.search(rb'"amount"\s*:\s*[0-9.]*[eE]', self.client.get("/chain").body))
