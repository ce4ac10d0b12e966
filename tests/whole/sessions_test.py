"""Who may call: logging in and out, users and roles, tokens that are expired, foreign or made up."""

import json
import stat
import tempfile
import threading
from pathlib import Path

import bip340
import hd
import wire
from cairn_node import Node, NodeTest
from settings import TMP

PASSWORD = "a long enough pass phrase"

CHANGING = [  # method, path, body: what a stranger may not do
    ("GET", "/mine", None),
    ("POST", "/mine", None),
    ("GET", "/restart", None),
    ("POST", "/restart", None),
    ("POST", "/transactions/new", {"recipient": wire.address("crnd", bytes(32)), "amount": 1}),
    ("POST", "/nodes/register", {"nodes": ["127.0.0.1:5999"]}),
    ("GET", "/nodes/resolve", None),
    ("POST", "/nodes/resolve", None),
    ("DELETE", "/nodes/127.0.0.1:5999", None),
    ("GET", "/users", None),
    ("POST", "/users", {"name": "eve", "password": PASSWORD, "role": "operator"}),
    ("DELETE", "/users/operator", None),
    ("GET", "/users/me", None),
    ("POST", "/logout", None),
]


class Sessions(NodeTest):
    auth = "on"

    def setUp(self):
        self.stranger = self.node.client()
        self.addCleanup(self.stranger.close)

    def member(self, name):
        made = self.post("/users", {"name": name, "password": PASSWORD, "role": "member"}, 201)
        client = self.node.client()
        self.addCleanup(client.close)
        client.login(name, PASSWORD)
        return client, made

    def test_anyone_reads(self):
        for path in ("/chain", "/pool", "/inv", "/status", "/blocks", "/blocks/1", "/nodes", "/getblocks", "/healthz", "/readyz"):
            self.expect(200, self.stranger.get(path))

    def test_a_stranger_changes_nothing(self):
        with self.unchanged():
            for method, path, body in CHANGING:
                with self.subTest(f"{method} {path}"):
                    self.expect(401, self.stranger.request(method, path, body))

    def test_anyone_posts_what_is_signed(self):
        key = self.new_key()
        transfer = key.transfer(0, self.new_key(), wire.COIN)
        answer = self.stranger.post("/transactions/new", {"raw": transfer.encode().hex()})
        self.assertEqual(self.expect(201, answer)["id"], wire.shown(transfer.txid()))

    def test_log_in_tells_who_one_is(self):
        answer = self.stranger.login("operator", self.node.operator_password())
        self.assertEqual((answer["name"], answer["role"]), ("operator", "operator"))
        self.assertGreaterEqual(len(answer["token"]), 43)
        self.assertIn("expires_at", answer)
        wire.address_key("crnd", answer["address"])
        me = self.expect(200, self.stranger.get("/users/me"))
        self.assertEqual((me["name"], me["address"]), ("operator", answer["address"]))

    def test_every_log_in_gives_another_token(self):
        password = self.node.operator_password()
        tokens = {self.node.client().login("operator", password)["token"] for _ in range(2)}
        self.assertEqual(len(tokens), 2)

    def test_log_out_ends_this_session_alone(self):
        password = self.node.operator_password()
        other = self.node.client()
        self.addCleanup(other.close)
        other.login("operator", password)
        self.stranger.login("operator", password)
        self.assertIn("message", self.expect(200, self.stranger.post("/logout")))
        self.expect(401, self.stranger.get("/users/me"))
        self.expect(401, self.stranger.post("/logout"))
        self.expect(200, other.get("/users/me"))

    def test_a_wrong_password_and_an_unknown_user_look_the_same(self):
        wrong = self.expect(401, self.stranger.post("/login", {"name": "operator", "password": "not the password"}))
        unknown = self.expect(401, self.stranger.post("/login", {"name": "nobody", "password": "not the password"}))
        self.assertEqual(wrong, unknown)

    def test_log_in_names_what_is_missing_or_of_another_type(self):
        for field in ("name", "password"):
            for value in (None, 5, [], {}, True):
                body = {"name": "operator", "password": "x"} | {field: value}
                if value is None:
                    del body[field]
                with self.subTest(body):
                    self.refused(self.stranger.post("/login", body), 400, field)

    def test_tokens_that_are_none(self):
        foreign = "ab" * 32
        for value in (f"Bearer {foreign}", "Bearer", "Bearer ", f"Basic {self.client.token}", self.client.token,
                      f"Bearer {self.client.token}x", f"Bearer {self.client.token[:-1]}",
                      f"Bearer {self.client.token} {self.client.token}", "Bearer " + "a" * 4000):
            with self.subTest(value[:40]):
                self.expect(401, self.stranger.request("POST", "/mine", headers={"Authorization": value}))

    def test_no_token_is_taken_from_uri_or_cookie(self):
        token = self.client.token
        self.expect(401, self.stranger.post(f"/mine?token={token}"))
        self.expect(401, self.stranger.post("/mine", headers={"Cookie": f"token={token}"}))

    def test_a_token_of_another_node_is_foreign(self):
        with tempfile.TemporaryDirectory(dir=TMP) as folder, Node(Path(folder) / "d", auth="on") as other:
            token = other.operator().token
            self.expect(401, self.stranger.request("POST", "/mine", headers={"Authorization": f"Bearer {token}"}))

    def test_a_member_mines_and_sends_and_no_more(self):
        client, made = self.member("anna")
        block = self.expect(200, client.post("/mine"))
        paid = block["transactions"][0]
        self.assertEqual(paid.get("recipient_address", paid["recipient"]), made["address"])
        sent = self.expect(201, client.post("/transactions/new", {"recipient": made["address"], "amount": "0.5"}))
        transaction = sent["transaction"]
        self.assertEqual(transaction.get("sender_address", transaction["sender"]), made["address"])
        self.expect(200, client.get("/users/me"))
        with self.unchanged():
            for method, path, body in (
                ("POST", "/restart", None), ("GET", "/restart", None), ("GET", "/users", None),
                ("POST", "/users", {"name": "x", "password": PASSWORD, "role": "member"}),
                ("DELETE", "/users/operator", None), ("POST", "/nodes/register", {"nodes": ["127.0.0.1:5999"]}),
                ("DELETE", "/nodes/127.0.0.1:5999", None),
            ):
                with self.subTest(path):
                    self.expect(403, client.request(method, path, body))

    def test_a_member_cannot_send_for_another(self):
        client, _ = self.member("berta")
        other = self.new_key()
        body = {"sender": other.address, "recipient": other.address, "amount": 1}
        self.expect((400, 403), client.post("/transactions/new", body))

    def test_the_words_lead_to_the_address(self):
        made = self.post("/users", {"name": "wanda", "password": PASSWORD, "role": "member"}, 201)
        words = made["words"] if isinstance(made["words"], list) else made["words"].split()
        self.assertEqual(len(words), 24)
        self.assertEqual(wire.address("crnd", bip340.public_key(hd.secret_of(words))), made["address"])

    def test_words_and_hashes_are_never_shown_again(self):
        made = self.post("/users", {"name": "greta", "password": PASSWORD, "role": "member"}, 201)
        words = made["words"] if isinstance(made["words"], list) else made["words"].split()
        answer = self.client.get("/users")
        self.expect(200, answer)
        text = answer.body.decode()
        self.assertIn("greta", text)
        for secret in (" ".join(words), "argon2", PASSWORD):
            self.assertNotIn(secret, text)
            self.assertNotIn(secret, self.node.log)

    def test_a_name_is_given_once(self):
        body = {"name": "dora", "password": PASSWORD, "role": "member"}
        self.post("/users", body, 201)
        self.refused(self.client.post("/users", body), 409)

    def test_users_that_cannot_be(self):
        good = {"name": "emil", "password": PASSWORD, "role": "member"}
        for field, values in {
            "name": ["", ".", "..", "../emil", "a/b", "a\\b", "e\u0000mil", "a b\n", "x" * 65, 5, None],
            "password": ["", "short", 5, None],
            "role": ["", "king", 5],
        }.items():
            for value in values:
                body = good | {field: value}
                with self.subTest(f"{field} {value!r}"):
                    self.refused(self.client.post("/users", body), 400, field)
        self.assertNotIn("emil", self.client.get("/users").body.decode())

    def test_a_key_of_ones_own_is_not_silently_another(self):
        for member in ("words", "address", "key"):
            with self.subTest(member):
                body = {"name": "emil", "password": PASSWORD, member: "abandon " * 23 + "art"}
                self.refused(self.client.post("/users", body), 400, member)
        self.assertNotIn("emil", self.client.get("/users").body.decode())

    def test_a_deleted_user_is_out_at_once(self):
        client, _ = self.member("frieda")
        self.expect((200, 204), self.client.request("DELETE", "/users/frieda"))
        self.expect(401, client.post("/mine"))
        self.expect(401, client.post("/login", {"name": "frieda", "password": PASSWORD}, {"Authorization": None}))
        self.expect(404, self.client.request("DELETE", "/users/frieda"))

    def test_secrets_are_files_of_the_owner_alone(self):
        self.member("otto")
        for path in (self.datadir / "operator.password", *sorted((self.datadir / "users").iterdir())):
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600, path)
        stored = json.loads((self.datadir / "users/otto.json").read_text())
        self.assertEqual((stored["name"], stored["role"]), ("otto", "member"))

    def test_guessing_is_slowed_and_the_owner_still_gets_in(self):
        self.member("gustav")
        answers = []

        def guess():
            client = self.node.client()
            answers.append(client.post("/login", {"name": "gustav", "password": "a guess of many"}).status)
            client.close()

        guessers = [threading.Thread(target=guess) for _ in range(6)]
        for guesser in guessers:
            guesser.start()
        for guesser in guessers:
            guesser.join()
        self.assertEqual(answers, [401] * 6)  # each in its turn
        self.stranger.login("operator", self.node.operator_password())

    def test_no_secret_reaches_the_log(self):
        self.client.get("/users/me")
        self.assertNotIn(self.client.token, self.node.log)


class RestartedProcess(NodeTest):
    auth = "on"

    def test_all_are_logged_out_and_users_stay(self):
        made = self.post("/users", {"name": "anna", "password": PASSWORD, "role": "member"}, 201)
        old = self.client.token
        self.assertEqual(self.node.stop(), 0)
        self.node.start()
        client = self.node.client()
        self.addCleanup(client.close)
        self.expect(401, client.request("GET", "/users/me", headers={"Authorization": f"Bearer {old}"}))
        self.assertEqual(client.login("anna", PASSWORD)["address"], made["address"])


class MainChain(NodeTest):
    chain, auth, spec = "main", "on", wire.MAIN

    def test_a_member_earns_and_spends_under_the_chains_prefix(self):
        made = self.post("/users", {"name": "anna", "password": PASSWORD, "role": "member"}, 201)
        wire.address_key("crn", made["address"])
        client = self.node.client()
        self.addCleanup(client.close)
        client.login("anna", PASSWORD)
        self.expect(200, client.post("/mine"))
        other = self.new_key()
        sent = self.expect(201, client.post("/transactions/new", {"recipient": other.address, "amount": "49.5", "fee": "0.5"}))
        self.expect(200, client.post("/mine"))
        self.assertEqual(self.get(f"/accounts/{other.address}")["balance"], 49.5)
        hexed = self.client.get(f"/blocks/3?format=hex").body.decode().strip()
        block = wire.decode_block(bytes.fromhex(hexed))
        self.assertEqual(wire.shown(block.transactions[1].txid()), sent["id"])
        self.assertTrue(block.transactions[1].is_signed(wire.MAIN.genesis().hash()))
        self.assertTrue(block.header.has_work())
        self.assertEqual(block.transactions[0].amount, 50 * wire.COIN + wire.COIN // 2)
