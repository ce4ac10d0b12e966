"""Every bad input to /transactions/new: an error that names the field, and nothing changed."""

import bip340
import wire
from cairn_node import Key, NodeTest, raw, signed_members
from settings import VECTORS

WRONG_TYPES = (None, True, False, [], {}, [1], {"a": 1})
NO_AMOUNTS = (
    '0', '"0"', '0.0', '"0.00000000"', '-0', '-1', '"-1"', '-0.00000001', '0.000000001', '"0.000000001"', '1.000000001',
    '"1.123456789"', '1e-9', '33554432.00000001', '"33554432.00000001"', '33554433', '92233720368.54775808',
    '184467440737.09551616', '184467440737.09551617', '18446744073709551616', '1e400', '"1e400"', '"abc"',
    '""', '" "', '"1 "', '" 1"', '"1,5"', '"1.5.5"', '"+1"', '"0x10"', '"NaN"', '"Infinity"', '"-Infinity"', '"1_000"',
    '"１"', '"--1"', '"1e"', '"."',
)
NO_NUMBERS = ("1e99999999999", "NaN", "Infinity", "-Infinity", "+1", "01", "1.", ".5", "0x10", "1,5")  # not even JSON, or beyond any parser
NO_NONCES = ('-1', '1.0', '1e3', '-0', '0.5', '18446744073709551616', '"x"', '""', '1e400')


class Refusals(NodeTest):
    def bad(self, body, status=400, field=None):
        return self.refused(self.client.post("/transactions/new", body), status, field)

    def test_members_that_are_missing(self):
        with self.unchanged():
            self.bad({}, 400, ("recipient", "amount"))
            self.bad({"sender": "a", "amount": 1}, 400, "recipient")
            self.bad({"sender": "a", "recipient": "b"}, 400, "amount")
            self.bad(None)
            self.bad(b"")

    def test_members_of_another_type(self):
        key = self.new_key()
        complete = signed_members(key.transfer(0, key, 1))
        with self.unchanged():
            for value in (5, *WRONG_TYPES[1:]):
                with self.subTest(f"signature {value!r}"):
                    self.bad(complete | {"signature": value}, 400, "signature")
            for field in ("recipient", "amount", "sender", "fee", "nonce", "memo", "data", "raw"):
                for value in WRONG_TYPES + ((5,) if field not in ("amount", "fee", "nonce") else ()):
                    if value is None and field not in ("recipient", "amount"):
                        continue  # the page does not say whether null is absence
                    with self.subTest(f"{field} {value!r}"):
                        self.bad({"sender": "a", "recipient": "b", "amount": 1} | {field: value}, 400, field)

    def test_amounts_and_fees_that_are_none(self):
        with self.unchanged():
            for text in NO_AMOUNTS:
                with self.subTest(text):
                    self.bad(f'{{"sender": "a", "recipient": "b", "amount": {text}}}', 400, "amount")
            for text in NO_AMOUNTS[5:]:
                with self.subTest(f"fee {text}"):
                    self.bad(f'{{"sender": "a", "recipient": "b", "amount": 1, "fee": {text}}}', 400, "fee")
            for text in NO_NUMBERS:
                with self.subTest(text):
                    self.bad(f'{{"sender": "a", "recipient": "b", "amount": {text}}}', 400)

    def test_an_amount_and_fee_that_are_within_the_cap_only_apart(self):
        with self.unchanged():
            self.bad({"sender": "a", "recipient": "b", "amount": 33554432, "fee": "0.00000001"}, 400, ("amount", "fee"))

    def test_nonces_that_are_none(self):
        with self.unchanged():
            for text in NO_NONCES:
                with self.subTest(text):
                    self.bad(f'{{"sender": "a", "recipient": "b", "amount": 1, "nonce": {text}}}', 400, "nonce")

    def test_addresses_that_are_none(self):
        good = self.new_key()
        flipped = good.address[:-1] + ("q" if good.address[-1] != "q" else "p")
        with self.unchanged():
            for text in ("", "0", flipped, good.address[:-1], good.address + "q", wire.address("crn", good.key),
                         wire.address("crns", good.key), wire.address("crnd", good.key, 1), "crnd1", "crn1qqqqqq",
                         wire.bech32_encode("crnd", [0] * 51), wire.bech32_encode("crnd", [0] * 51 + [1]),
                         "x" * 65, "é" * 33):
                with self.subTest(text):
                    self.bad({"sender": "a", "recipient": text, "amount": 1}, 400, "recipient")
                    self.bad({"sender": text, "recipient": "b", "amount": 1}, 400, "sender")

    def test_memo_and_data_exclude_one_another(self):
        with self.unchanged():
            self.bad({"sender": "a", "recipient": "b", "amount": 1, "memo": "x", "data": "78"}, 400, ("memo", "data"))

    def test_data_that_is_none(self):
        key = self.new_key()
        body = signed_members(key.transfer(0, key, 1))
        with self.unchanged():
            for text in ("abc", "zz", "0x00", "6 1", "é"):
                with self.subTest(text):
                    self.bad(body | {"data": text}, 400, "data")

    def test_data_over_the_limit(self):
        key = self.new_key()
        with self.unchanged():
            self.bad(raw(key.transfer(0, key, 1, 0, bytes(1025))))
        self.post("/transactions/new", raw(key.transfer(0, key, 1, 0, bytes(1024))), 201)
        self.mine()

    def test_overdrafts(self):
        key, other = self.new_key(), self.new_key()  # each opens with 100 coins
        with self.unchanged():
            self.bad({"sender": "pauper", "recipient": "b", "amount": "100.00000001"})
            self.bad({"sender": "pauper", "recipient": "b", "amount": 100, "fee": "0.00000001"})
            self.bad(raw(key.transfer(0, other, 100 * wire.COIN + 1)))
            self.bad(raw(key.transfer(0, other, wire.CAP)))
        self.post("/transactions/new", raw(key.transfer(0, other, 60 * wire.COIN)), 201)
        with self.unchanged():
            self.bad(raw(key.transfer(1, other, 40 * wire.COIN, 1)))
        self.post("/transactions/new", raw(key.transfer(1, other, 40 * wire.COIN)), 201)
        self.mine()

    def test_nonces_used_before(self):
        key, other = self.new_key(), self.new_key()
        self.post("/transactions/new", raw(key.transfer(0, other, 1)), 201)
        self.mine()
        with self.unchanged():
            self.bad(raw(key.transfer(0, other, 2)), 409, "nonce")
            self.bad({"sender": key.address, "recipient": "b", "amount": 1, "nonce": 0}, (400, 403, 409))

    def test_nonces_too_far_ahead(self):
        key, other = self.new_key(), self.new_key()
        with self.unchanged():
            for nonce in (1000, 2**32, 2**63, 2**64 - 1):
                with self.subTest(nonce):
                    self.bad(raw(key.transfer(nonce, other, 1)), (400, 409), "nonce")

    def test_signatures_that_are_none(self):
        key, other = self.new_key(), self.new_key()
        good = key.transfer(0, other, wire.COIN)
        body = signed_members(good)
        with self.unchanged():
            for bit in (0, 255, 256, 511):
                flipped = bytearray(good.signature)
                flipped[bit // 8] ^= 1 << bit % 8
                self.bad(body | {"signature": flipped.hex()}, 400, "signature")
            for text in ("", "00", "00" * 63, "00" * 65, "00" * 64, "ff" * 64, "zz" * 64, good.signature.hex()[:-1]):
                with self.subTest(text[:8]):
                    self.bad(body | {"signature": text}, 400, "signature")
            for field, value in (("amount", 2), ("fee", 1), ("nonce", 1), ("recipient", key.address), ("data", "00")):
                with self.subTest(field):
                    self.bad(body | {field: value}, 400, "signature")
            self.bad(body | {"sender": other.address}, 400, "signature")

    def test_the_other_signature_of_the_same_nonce(self):
        good = self.new_key().transfer(0, self.new_key(), 1)
        s = int.from_bytes(good.signature[32:], "big")
        for other in ((bip340.N - s) % bip340.N, s + bip340.N):
            if other < 2**256:
                good.signature = good.signature[:32] + other.to_bytes(32, "big")
                with self.unchanged():
                    self.bad(raw(good), 400)

    def test_senders_that_are_no_keys(self):
        for number in (0, 5, bip340.P, 2**256 - 1):  # 5 is no x coordinate of the curve
            transfer = wire.Transfer(number.to_bytes(32, "big"), 0, self.new_key().key, 1)
            with self.subTest(number), self.unchanged():
                self.bad(raw(transfer), 400)

    def test_signatures_for_another_chain(self):
        key = self.new_key()
        for spec in (wire.MAIN, wire.STEADY):
            transfer = key.transfer(0, self.new_key(), 1, genesis=spec.genesis().hash())
            with self.unchanged():
                self.bad(raw(transfer), 400)
                self.bad(signed_members(transfer), 400, "signature")

    def test_an_unsigned_transfer_of_a_key_the_node_has_not(self):
        with self.unchanged():
            self.bad({"sender": self.new_key().address, "recipient": "b", "amount": 1}, (400, 403))

    def test_raw_bytes_that_are_no_transfer(self):
        good = self.new_key().transfer(0, self.new_key(), 1).encode()
        reward = wire.Reward(2, bytes(32), 50 * wire.COIN).encode()
        wide = good[:89] + b"\xfd\x00\x00" + good[90:]  # the length 0 in three bytes
        with self.unchanged():
            for text in ("", "0", "zz", good.hex()[:-1], good[:-1].hex(), good.hex() + "00", wide.hex(), reward.hex(),
                         "02" + good.hex()[2:], "0x" + good.hex(), " " + good.hex(), "01", "ff" * 200):
                with self.subTest(text[:20]):
                    self.bad({"raw": text}, 400, "raw")

    def test_raw_stands_alone(self):
        whole = raw(self.new_key().transfer(0, self.new_key(), wire.COIN))
        with self.unchanged():
            for name, value in (("amount", 2), ("recipient", "bob"), ("fee", 1), ("nonce", 0), ("memo", "x"), ("sender", "bob")):
                with self.subTest(name):
                    self.bad(whole | {name: value}, 400, "raw")

    def test_members_that_come_twice(self):
        with self.unchanged():
            for field, value in (("sender", '"a"'), ("recipient", '"b"'), ("amount", "1"), ("unknown", "0")):
                body = f'{{"sender": "a", "recipient": "b", "amount": 1, "unknown": 0, "{field}": {value}}}'
                with self.subTest(field):
                    self.bad(body, 400)
            self.bad('{"sender": "a", "recipient": "b", "amount": 1, "x": {"y": 1, "y": 1}}', 400)
            self.bad('{"sender": "a", "recipient": "b", "amount": 1, "\\u0061mount": 1}', 400)
            self.bad(b"sender=a&recipient=b&amount=1&amount=2", 400)

    def test_every_document_of_the_json_test_suite(self):
        documents = sorted((VECTORS / "json-parsing").iterdir())
        self.assertEqual(len(documents), 318)
        with self.unchanged():
            for document in documents:
                with self.subTest(document.name):
                    answer = self.client.post("/transactions/new", document.read_bytes(),
                                              {"Content-Type": "application/json"})
                    self.expect(400, answer)

    def test_documents_that_are_json_but_no_object(self):
        with self.unchanged():
            for text in ("[]", "1", '"x"', "null", "true", '[{"recipient": "b", "amount": 1}]'):
                self.bad(text)

    def test_text_that_is_no_utf8(self):
        with self.unchanged():
            for text in (b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\x00", b"\n"):
                self.bad(b'{"sender": "a", "recipient": "b' + text + b'", "amount": 1}')
            self.bad('\ufeff{"sender": "a", "recipient": "b", "amount": 1}')
            self.bad('{"sender": "a", "recipient": "\\ud800", "amount": 1}')

    def test_nesting_without_end(self):
        with self.unchanged():
            for deep in ("[" * 100_000, '{"a":' * 40_000, "[" * 33 + "]" * 33):
                self.bad(deep)
                self.bad(f'{{"sender": "a", "recipient": "b", "amount": 1, "x": {deep}}}')

    def test_limits_of_size(self):
        with self.unchanged():
            start = '{"sender": "a", "recipient": "b", "amount": 1, "padding": "'
            self.refused(self.client.post("/transactions/new", start + "x" * (256 * 1024 - len(start) - 1) + '"}'), 413)
            self.refused(self.client.post("/transactions/new", "x" * (8 << 20)), 413)
            self.refused(self.client.get("/chain?" + "x" * 8193), 414)
            self.refused(self.client.get("/chain", X_Long="y" * 9000), 431)
            self.refused(self.client.raw(
                b"POST /transactions/new HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999999999\r\n\r\n"), 413)

    def test_bodies_that_are_sent_in_chunks(self):
        head = b"POST /transactions/new HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        body = b'{"sender": "chunks", "recipient": "b", "amount": 1}'
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(c), c) for c in (body[:7], body[7:])) + b"0\r\n\r\n"
        self.expect(201, self.client.raw(head + chunks))
        self.mine()
        with self.unchanged():
            self.refused(self.client.raw(head + b"40000\r\n" + b"x" * 0x40000 + b"\r\n1\r\nx\r\n0\r\n\r\n"), 413)
            self.refused(self.client.raw(head + b"zz\r\n"), 400)

    def test_requests_that_two_readers_could_read_differently(self):
        start = b"POST /transactions/new HTTP/1.1\r\nHost: localhost\r\n"
        body = b'{"sender": "a", "recipient": "b", "amount": 1}'
        length = b"Content-Length: %d\r\n" % len(body)
        with self.unchanged():
            for name, data in {
                "both framings": start + length + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "two lengths": start + length + b"Content-Length: 5\r\n\r\n" + body,
                "the same length twice": start + length + length + b"\r\n" + body,
                "a folded line": start + b"X-A: 1\r\n folded\r\n" + length + b"\r\n" + body,
                "another coding": start + b"Transfer-Encoding: xchunked\r\n\r\n" + body,
                "a bare line feed": start.replace(b"\r\n", b"\n") + length + b"\r\n" + body,
                "a NUL": start + b"X-A: \x00\r\n" + length + b"\r\n" + body,
                "no host": b"POST /transactions/new HTTP/1.1\r\n" + length + b"\r\n" + body,
                "two hosts": start + b"Host: 127.0.0.1\r\n" + length + b"\r\n" + body,
                "a negative length": start + b"Content-Length: -1\r\n\r\n",
                "a length with a sign": start + b"Content-Length: +5\r\n\r\n12345",
                "a blank before the colon": start + b"Content-Length : 5\r\n\r\n12345",
            }.items():
                with self.subTest(name):
                    self.expect((400, 501), self.client.raw(data))


class RefusalsWithoutNames(NodeTest):
    chain, auth, spec = "main", "on", wire.MAIN

    def test_text_that_is_no_address_is_no_name(self):
        good = self.new_key()
        with self.unchanged():
            for text in ("alice", "", "0", "1", good.address[:-1], wire.address("crnd", good.key),
                         wire.address("crn", good.key, 1), good.address[:8].upper() + good.address[8:], good.key.hex()):
                with self.subTest(text):
                    answer = self.client.post("/transactions/new", {"recipient": text, "amount": 1})
                    self.refused(answer, 400, "recipient")

    def test_an_empty_account_has_nothing_to_send(self):
        poor = self.new_key()
        with self.unchanged():
            self.refused(self.client.post("/transactions/new", raw(poor.transfer(0, poor, 1))), 400)
            self.refused(self.client.post("/transactions/new", {"recipient": poor.address, "amount": "0.00000001"}), 400)

    def test_signatures_for_the_chain_of_learners(self):
        key = self.new_key()
        self.mine(to=key.address)
        dev = Key(key.secret, wire.DEV)
        with self.unchanged():
            self.refused(self.client.post("/transactions/new", raw(dev.transfer(0, key, 1))), 400)
        self.post("/transactions/new", raw(key.transfer(0, dev, 1)), 201)
