"""Every shape in which the clients of tutorial chains send what they mean, and what they read of answers.

JSON under other content types, amounts, GET with a body and plain paths have their tests in
transactions_test and reading_test; whoever may not call at all in guards_test.
"""

import json
import urllib.parse

import wire
from cairn_node import NodeTest, units

FORM = "application/x-www-form-urlencoded"


def multipart(members, boundary="----formdata-7MA4YWxkTrZu0gW", kind=""):
    """As Postman, curl -F and a page's FormData send it."""
    parts = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n{kind}\r\n{value}\r\n' for name, value in members.items()
    )
    return parts + f"--{boundary}--\r\n", f"multipart/form-data; boundary={boundary}"


class Bodies(NodeTest):
    def send(self, body, kind, status=201):
        return self.post("/transactions/new", body, status, {"Content-Type": kind})

    def test_the_fields_of_a_form_of_many_parts(self):
        members = {"sender": "form data", "recipient": "bob", "amount": "1.25", "fee": "0.5", "memo": "zwei\nZeilen ☃"}
        for kind in ("", "Content-Type: text/plain\r\n"):
            made = self.send(*multipart(members, kind=kind))["transaction"]
            self.assertEqual((made["sender"], made["recipient"], made["memo"]), ("form data", "bob", "zwei\nZeilen ☃"))
            self.assertEqual((units(made["amount"]), units(made["fee"])), (125_000_000, 50_000_000))

    def test_a_boundary_in_quotes_and_a_type_in_capitals(self):
        body, _ = multipart({"sender": "quoted", "recipient": "bob", "amount": 1}, "a b")
        self.send(body, 'Multipart/Form-Data; charset=utf-8; Boundary="a b"')
        self.send("sender=capitals&recipient=bob&amount=1", "Application/X-WWW-Form-Urlencoded; charset=UTF-8")

    def test_json_counts_under_the_type_of_a_form_of_many_parts(self):
        self.send('{"sender":"json","recipient":"bob","amount":1}', "multipart/form-data; boundary=x")

    def test_forms_of_many_parts_that_are_none(self):
        members = {"sender": "broken", "recipient": "bob", "amount": "1"}
        body, kind = multipart(members)
        file = body.replace('name="amount"', 'name="amount"; filename="amount.txt"')
        twice = body.replace('name="recipient"', 'name="sender"')
        with self.unchanged():
            for text, of in ((body[:-3], kind), ("x" + body, kind), (body + "x", kind), (body, "multipart/form-data"),
                             (body, "multipart/form-data; boundary=other"), (body, "multipart/mixed; boundary=x"),
                             (file, kind), (twice, kind), (body.replace("name=", "nom="), kind)):
                with self.subTest(text=text[-40:], of=of):
                    self.refused(self.client.post("/transactions/new", text, {"Content-Type": of}), 400)

    def test_form_fields_count_on_every_route_that_takes_members(self):
        index = self.get("/status")["index"]
        for body, kind in (("count=2&to=former", FORM), multipart({"count": 2, "to": "former"}), ('{"count":2,"to":"former"}', None),
                           ('{"count":"2","to":"former"}', "text/plain")):
            index += 2
            block = self.post("/mine", body, 200, {"Content-Type": kind})
            self.assertEqual((block["index"], block["transactions"][0]["recipient"]), (index, "former"))
        name = "formed"
        for body, kind in ((f"name={name}&password=correct+horse+battery&role=member", FORM),):
            self.assertEqual(self.post("/users", body, 201, {"Content-Type": kind})["name"], name)
        for body, kind in ((f"name={name}&password=correct%20horse%20battery", FORM),
                           multipart({"name": name, "password": "correct horse battery"}),
                           (json.dumps({"name": name, "password": "correct horse battery", "remember": True}), "text/plain")):
            self.assertIn("token", self.post("/login", body, 200, {"Content-Type": kind}))

    def test_a_get_that_mines_may_carry_its_members_in_a_body(self):
        index = self.get("/status")["index"]
        answer = self.client.request("GET", "/mine", {"count": 3})
        self.assertEqual(self.expect(200, answer)["index"], index + 3)
        self.expect(200, self.client.request("GET", "/mine", ""))

    def test_amounts_in_all_forms_mean_the_same(self):
        for body, kind in (('{"sender":"n1","recipient":"bob","amount":2}', None), ('{"sender":"n2","recipient":"bob","amount":2.0}', None),
                           ('{"sender":"n3","recipient":"bob","amount":"2"}', None), ('{"sender":"n4","recipient":"bob","amount":"2.00"}', None),
                           ('{"sender":"n5","recipient":"bob","amount":0.2e1}', None), ("sender=n6&recipient=bob&amount=2.0", FORM),
                           multipart({"sender": "n7", "recipient": "bob", "amount": "2"})):
            with self.subTest(body[:60]):
                self.assertEqual(units(self.send(body, kind)["transaction"]["amount"]), 2 * wire.COIN)

    def test_members_of_other_chains_are_ignored(self):
        body = {"sender": "extra", "recipient": "bob", "amount": 1, "timestamp": 1506057125.9, "proof": None, "signature_type": [], "": 0}
        self.post("/transactions/new", body, 201)
        self.post("/mine", {"index": 7, "previous_hash": 1, "data": {}}, 200)
        self.post("/mine?nocache=1", None, 200)


class Paths(NodeTest):
    def test_slashes_too_many_change_nothing_of_what_a_path_means(self):
        body = b'{"sender":"slash","recipient":"bob","amount":1}'
        for path in ("//transactions/new", "/transactions//new", "/transactions/new/", "//transactions//new//", "/transactions/new/?"):
            with self.subTest(path):
                self.post(path, body, 201)
        index = self.get("/status")["index"]
        for path in ("//mine", "/mine/", "//mine//", "/mine/?count=1"):
            index += 1
            with self.subTest(path):
                self.assertEqual(self.get(path)["index"], index)
        for path in ("//pool/", "//inv", "/blocks//1/", "//accounts/slash"):
            self.get(path)

    def test_a_post_without_a_body_mines(self):
        for headers in ({}, {"Content-Length": "0"}, {"Content-Type": "application/json"}):
            self.post("/mine", None, 200, headers)
        self.assertEqual(self.client.raw(b"POST /mine HTTP/1.1\r\nHost: localhost\r\n\r\n").status, 200)

    def test_a_name_in_a_path_is_decoded_once(self):
        for name in ("two words", "a/b", "100%", "☃"):
            self.post("/transactions/new", {"sender": name, "recipient": "bob", "amount": 1}, 201)
            self.assertEqual(self.get("/accounts/" + urllib.parse.quote(name, safe=""))["name"], name)


class TutorialAnswers(NodeTest):
    """The members, texts and status codes that clients of tutorial chains look at."""

    def test_a_transfer_is_announced_for_the_next_block(self):
        index = self.get("/chain")["length"] + 1
        answer = self.client.post("/transactions/new", {"sender": "my address", "recipient": "someone else's address", "amount": 5})
        self.assertEqual((answer.status, answer.json["message"]), (201, f"Transaction will be added to Block {index}"))

    def test_a_block_is_forged(self):
        index = self.get("/chain")["length"]
        block = self.get("/mine")
        self.assertEqual((block["message"], block["index"]), ("New Block Forged", index + 1))
        self.assertIsInstance(block["proof"], int)
        self.assertIsInstance(block["transactions"], list)
        self.assertEqual(block["previous_hash"], self.get("/chain")["chain"][-2]["hash"])
        self.assertEqual(block["transactions"][0]["sender"], "0")

    def test_the_chain_is_counted(self):
        self.mine(2)
        told = self.get("/chain")
        self.assertEqual(told["length"], len(told["chain"]))
        for i, block in enumerate(told["chain"]):
            self.assertLessEqual({"index", "timestamp", "transactions", "proof", "previous_hash"}, set(block))
            self.assertEqual(block["index"], i + 1)
            for transfer in block["transactions"]:
                self.assertLessEqual({"sender", "recipient", "amount"}, set(transfer))

    def test_missing_values_are_named(self):
        for missing in ("recipient", "amount"):
            body = {"sender": "a", "recipient": "b", "amount": 1}
            del body[missing]
            problem = self.refused(self.client.post("/transactions/new", body), 400, missing)
            self.assertIn(missing, problem["message"])


class Nodes(NodeTest):
    """/nodes/register by every client's hand."""

    def test_lists_of_every_shape(self):
        for i, (make, kind) in enumerate((
            (lambda a, b: json.dumps({"nodes": [f"http://{a}", b]}), "application/json"),
            (lambda a, b: json.dumps({"nodes": [a + "/", f"http://{b}/"]}), "text/plain"),
            (lambda a, b: json.dumps({"nodes": f"{a},{b}"}), None),
            (lambda a, b: json.dumps({"nodes": f"http://{a}, {b} ,"}), None),
            (lambda a, b: urllib.parse.urlencode({"nodes": f"http://{a},{b}"}), FORM),
            (lambda a, b: f"nodes={a},http://{b}/", FORM),
            (lambda a, b: multipart({"nodes": f"{a}, {b}"})[0], multipart({})[1]),
        )):
            # Nobody listens there: registered all the same.
            pair = [f"127.0.0.1:{20010 + 2 * i}", f"127.0.0.1:{20011 + 2 * i}"]
            with self.subTest(make(*pair)):
                told = self.post("/nodes/register", make(*pair), 201, {"Content-Type": kind})
                self.assertEqual(told["message"], "New nodes have been added")
                self.assertLessEqual(set(pair), set(told["total_nodes"]))
                self.assertEqual({node["address"] for node in told["nodes"]}, set(pair))

    def test_every_address_means_loopback_as_hosts_do(self):
        told = self.post("/nodes/register", {"nodes": ["http://0.0.0.0:20030", "[::]:20031", "localhost:20032"]}, 201)
        self.assertIn("127.0.0.1:20030", told["total_nodes"])
        self.assertNotIn("0.0.0.0:20030", told["total_nodes"])
        self.assertFalse([node for node in told["total_nodes"] if node.startswith("[::]")])

    def test_lists_without_a_usable_entry(self):
        for body in ({}, {"nodes": []}, {"nodes": ""}, {"nodes": None}, {"nodes": 5}, {"nodes": {}}, {"nodes": ["ftp://127.0.0.1:5001"]},
                     {"nodes": ["http://"]}, {"nodes": [5]}):
            with self.subTest(body):
                self.refused(self.client.post("/nodes/register", body), 400)

    def test_one_usable_entry_is_enough(self):
        told = self.post("/nodes/register", {"nodes": ["127.0.0.1:20040", "no node"]}, 201)
        self.assertIn("127.0.0.1:20040", told["total_nodes"])
        self.assertEqual(len(told["nodes"]), 2)

    def test_resolving_by_either_method(self):
        for method in ("GET", "POST"):
            told = self.expect(200, self.client.request(method, "/nodes/resolve"))
            self.assertEqual((told["message"], told["replaced"]), ("No registered node told its whole chain: our chain stays as it is", False))
            self.assertEqual(len(told["chain"]), told["length"])
