"""The command line client, as a person or a script meets it: the real binary against real nodes.

A node that says what no honest one would is played by `Liar`.
"""

import contextlib
import http.server
import json
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import ssl
import stat
import subprocess
import tempfile
import threading
import time
import unittest

import wire
from cairn_node import Node, NodeTest
from servers import Listener, read_head
from settings import BINARY, TMP, needs_disk, needs_node, needs_true_memory

PASSWORD = "a long enough pass phrase"
DONE, REFUSED, USAGE, UNREACHABLE, LOGIN = range(5)


class Done:
    def __init__(self, code, out, err, words):
        self.code, self.out, self.err, self.words = code, out, err, words

    @property
    def json(self):
        return json.loads(self.out)

    def __repr__(self):
        return f"cairn {' '.join(map(str, self.words))} -> {self.code}\n{self.out}\n{self.err}"


class Home:
    """Somebody's home directory, and what he types."""

    def __init__(self, test):
        folder = tempfile.TemporaryDirectory(prefix="cairn-home-", dir=TMP)
        test.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name)

    def environment(self, **more):
        kept = {k: v for k, v in os.environ.items() if not k.startswith("CAIRN_") and k != "NO_COLOR"}
        return kept | {"HOME": str(self.path), "TERM": "xterm"} | more

    def run(self, *words, stdin="", timeout=90, **environment):
        done = subprocess.run(
            [str(BINARY), *map(str, words)], input=stdin.encode(), capture_output=True, timeout=timeout,
            env=self.environment(**environment),
        )
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode(), words)

    def start(self, *words, **environment):
        return subprocess.Popen(
            [str(BINARY), *map(str, words)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=self.environment(**environment), text=True,
        )

    def on_terminal(self, *words, typed=b"", after=b": ", **environment):
        """The same on a terminal; each line of `typed` is typed once `after` was shown again."""
        child, terminal = pty.fork()
        if child == 0:
            os.execve(str(BINARY), [str(BINARY), *map(str, words)], self.environment(**environment))
        shown, lines, deadline = b"", typed.splitlines(keepends=True), time.monotonic() + 60
        answered = 0
        while True:
            if time.monotonic() > deadline:
                os.kill(child, signal.SIGKILL)
            ready, _, _ = select.select([terminal], [], [], 1)
            if not ready:
                continue
            try:
                piece = os.read(terminal, 65536)
            except OSError:
                break
            if not piece:
                break
            shown += piece
            if lines and shown.count(after) > answered:
                answered = shown.count(after)
                os.write(terminal, lines.pop(0))
        os.close(terminal)
        return Done(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), shown.decode(), "", words)


class CliTest(NodeTest):
    def setUp(self):
        self.home = Home(self)
        self.url = f"127.0.0.1:{self.node.port}"

    def cairn(self, *words, **more):
        done = self.home.run(*words, "--node", self.url, "--datadir", self.datadir, **more)
        for text in (done.out, done.err):
            self.assertNotIn("\x1b", text, "an escape where no terminal is")
        return done

    def works(self, *words, code=DONE, **more):
        done = self.cairn(*words, **more)
        self.assertEqual(done.code, code, repr(done))
        self.assertEqual(bool(done.err), code != DONE, repr(done))
        return done

    def fails(self, code, *words, says="cairn", **more):
        done = self.cairn(*words, **more)
        self.assertEqual(done.code, code, repr(done))
        self.assertRegex(done.err, r"\Acairn: \S", repr(done))
        self.assertRegex(done.err, says, repr(done))
        return done

    def same_as(self, path, *words):
        self.assertEqual(self.works(*words, "--json").out.encode(), self.client.get(path).body.rstrip(b"\n") + b"\n")


class Reading(CliTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for body in ({"sender": "alice", "recipient": "bob", "amount": "5.00000001", "fee": "0.5", "memo": "lunch, Grüße"},
                     {"sender": "alice", "recipient": "jürgen", "amount": 1}):
            assert cls.client.post("/transactions/new", body).status == 201
        assert cls.client.post("/mine?to=carol").status == 200
        for i in range(3):
            assert cls.client.post("/transactions/new", {"sender": "bob", "recipient": f"n{i}", "amount": i + 1}).status == 201
        assert cls.client.post("/mine?to=carol&count=28").status == 200
        assert cls.client.post("/transactions/new", {"sender": "dora", "recipient": "bob", "amount": 2, "memo": "waits"}).status == 201

    def test_json_is_the_nodes_answer_unchanged(self):
        block = self.get("/blocks/2")
        transaction = block["transactions"][1]["id"]
        for path, words in {
            "/status": ["status"], "/pool": ["pool"], "/inv": ["inv"], "/inv?from=2&limit=3": ["inv", "--from", 2, "--limit", 3],
            "/chain": ["chain", "--limit", 0], "/chain?from=11&limit=20": ["chain"], "/chain?from=3&limit=2": ["chain", "--from", 3, "--limit", 2],
            "/blocks/2": ["block", 2], f"/blocks/{block['hash']}": ["block", block["hash"]],
            f"/transactions/{transaction}": ["tx", transaction], "/accounts/bob": ["balance", "bob"], "/users": ["user", "list"],
        }.items():
            with self.subTest(path):
                self.same_as(path, *words)

    def test_status(self):
        out = self.works("status").out
        status = self.get("/status")
        for text in (status["hash"], status["chain"], status["version"], "1 waiting", f"http://{self.url}"):
            self.assertIn(text, out)

    def test_the_chain_ends_with_the_newest_block(self):
        lines = self.works("chain", "--limit", 5).out.splitlines()
        self.assertEqual([line.split()[0] for line in lines], ["INDEX", "26", "27", "28", "29", "30", "5"])
        self.assertTrue(lines[5].endswith(self.get("/status")["hash"]))
        self.assertIn("5 of 30 blocks", lines[6])
        self.assertEqual(len(self.works("chain").out.splitlines()), 22)
        whole = self.works("chain", "--limit", 0).out.splitlines()
        self.assertEqual([line.split()[0] for line in whole], ["INDEX", *map(str, range(1, 31))])
        part = self.works("chain", "--from", 29).out.splitlines()
        self.assertEqual([line.split()[0] for line in part], ["INDEX", "29", "30", "2"])
        self.assertIn("--limit 0 without --from shows all", part[-1])
        self.assertIn("nothing from line 500", self.works("inv", "--from", 500).out)

    def test_columns_stand_under_one_another_whatever_the_names(self):
        lines = self.works("block", 2).out.splitlines()
        table = lines[lines.index("") + 1 :]
        self.assertEqual(len(table), 4)
        column = table[0].index("ID")
        for line in table[1:]:
            self.assertRegex(line[column : column + 64], r"\A[0-9a-f]{64}\Z", "\n".join(table))
        self.assertIn("jürgen", "\n".join(table))

    def test_amounts_are_the_nodes_digit_by_digit(self):
        self.assertIn("5.00000001", self.works("block", 2).out)
        self.assertIn(f"{self.get('/accounts/bob')['balance']} coins", self.works("balance", "bob").out)

    def test_a_transaction_in_chain_and_pool(self):
        confirmed = self.get("/blocks/2")["transactions"][1]
        out = self.works("tx", confirmed["id"]).out
        for text in ("confirmed", "alice", "bob", "5.00000001 coins", "lunch, Grüße", confirmed["signature"]):
            self.assertIn(text, out)
        waiting = self.get("/pool")["pool"][0]["id"]
        self.assertIn("pool", self.works("tx", waiting).out)
        self.assertIn(waiting, self.works("pool").out)
        self.assertIn(waiting, self.works("inv").out.splitlines()[-1])

    def test_what_is_not_there(self):
        self.fails(REFUSED, "block", 31, says="next: cairn chain --node")
        self.fails(REFUSED, "block", "../status", says="next: cairn chain")
        self.fails(REFUSED, "tx", "0" * 64, says="next: cairn pool")
        self.fails(REFUSED, "tx", "xyz", says="field: id")
        self.fails(REFUSED, "balance", "crnd1nonsense", says="address")

    def test_a_refusal_with_json_is_the_problem_itself(self):
        done = self.fails(REFUSED, "block", 31, "--json")
        self.assertEqual(done.json["status"], 404)

    def test_words_that_make_no_sense(self):
        for words in (["frob"], [], ["block"], ["tx"], ["user"], ["user", "frob"], ["send", "bob"], ["chain", "frob"],
                      ["chain", "--limit", "x"], ["mine", "--count", "0"], ["mine", "--count", "1001"], ["nodes", "remove"],
                      ["register"], ["status", "--timeout", "0"], ["watch", "--every", "0"], ["status", "more"]):
            with self.subTest(words):
                done = self.home.run(*words)
                self.assertEqual(done.code, USAGE, repr(done))
                self.assertRegex(done.err, r"\Acairn: .*\(cairn .*--help", repr(done))
                self.assertEqual(done.out, "")
        for words in (["block", ""], ["tx", ""], ["send", "bob", "1,5"], ["send", "bob", "0.000000001"],
                      ["send", "bob", "1", "--fee", "x"], ["restart"]):
            with self.subTest(words):
                self.fails(USAGE, *words)
        for url in ("ftp://a", "a:99999", "http://a/b", "user@a"):
            with self.subTest(url):
                self.assertEqual(self.home.run("status", "--node", url).code, USAGE)

    def test_a_word_that_is_no_command_is_named(self):
        self.assertIn('there is no command "frob" (cairn --help', self.home.run("frob").err)
        self.assertIn("(cairn send --help", self.home.run("send", "bob").err)

    def test_the_word_that_was_meant_is_named(self):
        config = self.home.path / "node.toml"
        config.write_text("mine = false\nlog_level = \"info\"\n")
        for words, meant in ((["stauts"], "status"), (["user", "lsit"], "user list"), (["pool", "--jsno"], "--json"),
                             (["send", "bob", "1", "--mmeo", "x"], "--memo"), (["user", "new", "x", "--role", "oprator"], "operator"),
                             (["node", "--log-level", "wran"], "warn"), (["node", "--config", config], "log-level")):
            with self.subTest(words):
                done = self.home.run(*words)
                self.assertEqual(done.code, USAGE, repr(done))
                self.assertIn(f'; did you mean "{meant}"?', done.err)

    def test_an_option_before_its_command_is_told_its_place(self):
        done = self.home.run("--node", self.url, "status")
        self.assertEqual(done.code, USAGE, repr(done))
        self.assertIn("as in cairn status --node", done.err)

    def test_the_settings_of_a_node_are_none_of_a_client(self):
        self.assertEqual(self.home.run("status", "--node", self.url, CAIRN_LOG_LEVEL="wran", CAIRN_THREADS="x").code, DONE)

    def test_help_tells_shared_options_and_exit_codes_once(self):
        whole = self.home.run("--help")
        self.assertEqual(whole.code, DONE)
        for text in ("3  the node cannot be reached", "--timeout SECONDS"):
            self.assertIn(text, whole.out)
        for words in (["status"], ["user", "new"], ["chain"]):
            done = self.home.run(*words, "--help")
            self.assertEqual(done.code, DONE)
            self.assertIn("Usage: cairn " + " ".join(words), done.out)
            self.assertIn("`cairn --help`", done.out)
            for text in ("cannot be reached", "--timeout"):
                self.assertNotIn(text, done.out)

    def test_whoever_calls_the_wrong_port_is_told_where_his_node_is(self):
        done = self.home.run("mine", "--node", "127.0.0.1:1", "--datadir", self.datadir)
        self.assertEqual(done.code, UNREACHABLE, repr(done))
        self.assertIn(f"next: --node 127.0.0.1:{self.node.port} reaches the node of", done.err)

    def test_an_address_of_the_environment_is_named_as_such(self):
        done = self.home.run("status", CAIRN_NODE="ftp://a")
        self.assertEqual(done.code, USAGE, repr(done))
        self.assertIn("cairn: CAIRN_NODE: expected", done.err)

    def test_the_node_may_be_told_by_the_environment_and_with_a_scheme(self):
        self.assertEqual(self.home.run("status", CAIRN_NODE=self.url).code, DONE)
        self.assertEqual(self.home.run("status", CAIRN_NODE="127.0.0.1:1", stdin="").code, UNREACHABLE)
        self.assertEqual(self.home.run("status", "--node", self.url, CAIRN_NODE="127.0.0.1:1").code, DONE)
        for url in (f"http://{self.url}/", f"localhost:{self.node.port}", f"HTTP://{self.url}"):
            self.assertEqual(self.home.run("status", "--node", url).code, DONE)

    def test_a_proxy_is_not_asked(self):
        for name in ("http_proxy", "all_proxy", "ALL_PROXY"):
            self.works("status", **{name: "http://127.0.0.1:1"})

    def test_a_reader_that_goes_away_is_no_error(self):
        command = self.home.start("chain", "--limit", 0, "--node", self.url)
        command.stdout.close()
        self.assertEqual(command.wait(30), DONE)
        self.assertEqual(command.stderr.read(), "")
        command.stderr.close()

    @unittest.skipUnless(os.path.exists("/dev/full"), "no /dev/full")
    def test_a_full_disk_is_an_error(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run([BINARY, "chain", "--node", self.url], stdout=full, stderr=subprocess.PIPE, text=True,
                                  env=self.home.environment(), timeout=60)
        self.assertEqual(done.returncode, REFUSED)
        self.assertIn("No space left", done.stderr)

    def test_colours_are_for_terminals_and_not_for_everyone(self):
        words = ("chain", "--node", self.url)
        self.assertIn("\x1b[1m", self.home.on_terminal(*words).out)
        self.assertNotIn("\x1b", self.home.on_terminal(*words, NO_COLOR="1").out)
        self.assertNotIn("\x1b", self.home.on_terminal(*words, TERM="dumb").out)
        self.assertIn("\x1b[31m", self.home.on_terminal("block", 99, "--node", self.url).out)


class Changing(CliTest):
    """The dev chain, where every caller is the operator."""

    def test_send_mine_and_restart(self):
        sent = self.works("send", "bob", "5.5", "--from", "alice", "--fee", "0.25", "--memo", "a \"b\" \\ ü")
        for text in ("Transaction will be added to Block 2.", "5.5 coins", "0.25 coins", "alice", "bob"):
            self.assertIn(text, sent.out)
        self.assertEqual(self.get("/pool")["pool"][-1]["memo"], "a \"b\" \\ ü")
        mined = self.works("mine", "--count", 3, "--to", "carol").out
        self.assertIn("3 blocks", mined)
        self.assertIn("carol", mined)
        self.assertEqual(self.get("/status")["index"], 4)
        self.assertEqual(self.works("balance", "bob", "--json").json["balance"], 105.5)
        self.fails(USAGE, "restart", says="--yes")
        self.assertEqual(self.get("/status")["index"], 4)
        no = self.home.on_terminal("restart", "--node", self.url, "--datadir", self.datadir, typed=b"no\n")
        self.assertEqual(no.code, USAGE, repr(no))
        self.assertEqual(self.get("/status")["index"], 4)
        yes = self.home.on_terminal("restart", "--node", self.url, "--datadir", self.datadir, typed=b"yes\n")
        self.assertEqual(yes.code, DONE, repr(yes))
        self.assertEqual(self.get("/status")["index"], 1)
        self.works("restart", "--yes")

    def test_what_the_node_refuses(self):
        done = self.fails(REFUSED, "send", "bob", "1000", "--from", "erna", says="next: cairn balance erna --node")
        self.assertIn("field: amount", done.err)
        self.assertIn("overdraft", done.err)
        self.fails(REFUSED, "send", "x" * 300, "1", "--from", "erna", says="field: recipient")

    def test_no_answer_makes_two_transfers_of_one(self):
        ids = [self.works("send", "gerd", "1", "--from", "frida", "--json").json["id"] for _ in range(2)]
        self.assertNotEqual(*ids)


class LoggedIn(CliTest):
    auth = "on"

    def kept(self):
        return sorted((self.home.path / ".cairn/.sessions").glob("*"))

    def test_the_operators_password_is_found_and_the_log_in_kept(self):
        self.assertIn("operator", self.works("balance").out)
        (file,) = self.kept()
        self.assertEqual(stat.S_IMODE(file.stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(file.parent.stat().st_mode), 0o700)
        before = file.read_text()
        self.works("mine")
        self.assertEqual(file.read_text(), before, "logged in again")
        self.assertRegex(self.works("status").out, r"(?m)^logged in +operator$")
        # With a token at hand the password is not looked for.
        self.assertEqual(self.home.run("balance", "--node", self.url).code, DONE)

    def test_the_password_is_looked_for_where_nodes_keep_it(self):
        done = self.home.run("balance", "--node", self.url)
        self.assertEqual(done.code, LOGIN, repr(done))
        self.assertIn(str(self.home.path / ".cairn"), done.err)
        self.assertIn("next: cairn login NAME", done.err)
        (self.home.path / ".cairn").mkdir(exist_ok=True)
        (self.home.path / ".cairn/dev").symlink_to(self.datadir)
        self.assertEqual(self.home.run("balance", "--node", self.url).code, DONE)

    def listening(self, *place):
        """Somebody else, who asks for a log-in and keeps what he hears."""
        heard = []

        def serve(link):
            while head := read_head(link):
                length = re.search(rb"(?i)content-length: (\d+)", head)
                body = head.split(b"\r\n\r\n", 1)[1]
                while length and len(body) < int(length[1]):
                    body += link.recv(4096)
                heard.append(head + body)
                link.sendall(b"HTTP/1.1 401 Unauthorized\r\nContent-Type: application/problem+json\r\n"
                             b"Content-Length: 33\r\n\r\n{\"status\":401,\"detail\":\"Log in.\"}")

        self.enterContext(Listener(serve, *place))
        return heard

    def never_told(self, heard, url, says):
        for words in (("mine",), ("balance",), ("send", "bob", "1"), ("restart", "--yes")):
            done = self.home.run(*words, "--node", url, "--datadir", self.datadir)
            self.assertEqual(done.code, LOGIN, repr(done))
            self.assertIn(says, done.err)
        self.assertTrue(heard)
        password = self.node_password.encode()
        for said in heard:
            self.assertNotIn(password, said)
            self.assertNotIn(b"/login", said)

    def test_whoever_else_listens_is_never_told_the_operators_password(self):
        self.node_password = self.node.operator_password()
        with Listener() as free:
            port = free.port
        heard = self.listening("127.0.0.1", port)
        self.never_told(heard, f"127.0.0.1:{port}", f"is at 127.0.0.1:{self.node.port}")

    def test_nor_is_who_has_the_nodes_port_at_another_address(self):
        self.node_password = self.node.operator_password()
        try:
            heard = self.listening("127.0.0.2", self.node.port)
        except OSError:
            self.skipTest("127.0.0.2 is not here")
        self.never_told(heard, f"127.0.0.2:{self.node.port}", f"is at 127.0.0.1:{self.node.port}")

    def test_nor_is_who_takes_the_place_of_a_node_that_was_killed(self):
        self.node_password = self.node.operator_password()
        port = self.node.port
        self.addCleanup(self.again, port)
        self.node.kill()
        heard = self.listening("127.0.0.1", port)
        self.never_told(heard, f"127.0.0.1:{port}", "no node of that directory is running")

    def again(self, port):
        self.node.start(port)
        self.client.close()
        self.client.login("operator", self.node.operator_password())

    def test_localhost_is_the_nodes_own_address(self):
        done = self.home.run("balance", "--node", f"localhost:{self.node.port}", "--datadir", self.datadir)
        self.assertEqual(done.code, DONE, repr(done))

    def test_a_wrong_password_file_is_named(self):
        folder = self.home.path / "other"
        folder.mkdir()
        (folder / "operator.password").write_text("not the password at all\n")
        done = self.home.run("mine", "--node", self.url, "--datadir", folder)
        self.assertEqual(done.code, LOGIN, repr(done))
        self.assertIn(str(folder / "operator.password"), done.err)

    def test_a_token_that_has_ended_is_renewed(self):
        self.works("balance")
        (file,) = self.kept()
        stale = json.loads(file.read_text())
        self.assertEqual(self.works("logout").out, "Logged out: operator\n")
        self.assertEqual(self.kept(), [])
        file.write_text(json.dumps(stale))
        self.works("balance")
        self.assertNotEqual(json.loads(file.read_text())["token"], stale["token"])
        file.write_text(json.dumps(stale))
        done = self.home.run("balance", "--node", self.url)
        self.assertEqual(done.code, LOGIN, repr(done))
        self.assertIn("cairn login", done.err)

    def test_a_member_never_turns_into_the_operator(self):
        made = self.works("user", "new", "ann", stdin=PASSWORD + "\n").out
        self.assertEqual(len(made.splitlines()[-1].split()), 24)
        self.works("logout")
        self.works("login", "ann", stdin=PASSWORD + "\n")
        address = self.works("balance", "--json").json["address"]
        self.assertIn(address, made)
        self.assertIn(address, self.works("mine").out)
        self.fails(LOGIN, "user", "list", says="next: cairn login operator")
        self.fails(LOGIN, "restart", "--yes", says="next: cairn login operator")
        # Her token ends: nothing may be done in the operator's name instead.
        (file,) = self.kept()
        file.write_text(json.dumps(json.loads(file.read_text()) | {"token": "x" * 43}))
        with self.unchanged():
            self.fails(LOGIN, "send", address, "1", says="next: cairn login ann")
        self.works("logout")
        self.assertIn("Nobody", self.works("logout").out)
        self.assertEqual(self.works("balance", "--json").json["name"], "operator")

    def test_passwords_come_from_files_pipes_and_terminals(self):
        file = self.home.path / "password"
        file.write_text(PASSWORD + "\r\nmore\n")
        self.works("user", "new", "berta", "--password-file", file)
        self.works("login", "berta", "--password-file", file)
        self.works("login", "berta", "--password-file", "-", stdin=PASSWORD)
        told = self.home.on_terminal("login", "berta", "--node", self.url, typed=b"wrong\x15" + PASSWORD.encode() + b"x\x7f\n")
        self.assertEqual(told.code, DONE, repr(told))
        self.assertNotIn(PASSWORD, told.out)
        typed = (PASSWORD + "\n").encode()
        words = ("user", "new", "dora", "--node", self.url, "--datadir", self.datadir)
        self.works("logout")
        self.assertEqual(self.home.on_terminal(*words, typed=typed + b"another pass phrase\n").code, USAGE)
        self.assertEqual(self.home.on_terminal(*words, typed=typed + typed).code, DONE)
        self.assertEqual(self.home.on_terminal("login", "dora", "--node", self.url, typed=b"abc\x03\n").code, USAGE)
        self.fails(USAGE, "login", "berta", says="password")
        self.fails(USAGE, "login", "berta", "--password-file", self.home.path / "none", says="No such file")

    def test_log_ins_that_are_refused(self):
        self.fails(LOGIN, "login", "operator", stdin="not the password\n", says="next: the operator's password is in operator.password")
        self.fails(LOGIN, "login", "nobody", stdin=PASSWORD)
        self.assertEqual(self.kept(), [])

    def test_users(self):
        self.works("user", "new", "Emil", "--role", "operator", stdin=PASSWORD)
        self.assertRegex(self.works("user", "list").out, r"(?m)^Emil +operator +crnd1")
        self.fails(REFUSED, "user", "new", "emil", stdin=PASSWORD, says="next: cairn user list")
        self.fails(REFUSED, "user", "new", "fritz", stdin="short", says="field: password")
        self.assertIn("Removed", self.works("user", "remove", "emil").out)
        self.fails(REFUSED, "user", "remove", "emil", says="next: cairn user list")

    def test_json_of_a_log_in_has_the_token(self):
        token = self.works("login", "operator", "--json", stdin=self.node.operator_password()).json["token"]
        answer = self.client.request("GET", "/users/me", headers={"Authorization": f"Bearer {token}"})
        self.assertEqual(self.expect(200, answer)["name"], "operator")

    def test_no_secret_is_shown_or_logged(self):
        password = self.node.operator_password()
        done = [self.works("balance"), self.works("mine"), self.works("user", "list", "--json")]
        (file,) = self.kept()
        token = json.loads(file.read_text())["token"]
        for text in (*(d.out + d.err for d in done), self.node.log.split("listening on")[1]):
            self.assertNotIn(password, text)
            self.assertNotIn(token, text)


class UsersByName(CliTest):
    chain, auth, spec = "main", "on", wire.MAIN

    def test_the_operator_pays_users_by_name(self):
        self.works("user", "new", "ann", stdin=PASSWORD)
        self.works("mine", "--to", "ann")
        self.works("mine")
        self.works("send", "ann", "12.5")
        self.works("mine")
        self.assertEqual(self.works("balance", "ann", "--json").json["balance"], 62.5)
        self.fails(REFUSED, "send", "nobody", "1", says="next: cairn user list")


class Watching(CliTest):
    def follow(self, *words):
        command = self.home.start("watch", "--node", self.url, "--every", "0.05", *words)
        self.addCleanup(self.end, command)
        return command

    @staticmethod
    def end(command):
        if command.poll() is None:
            command.kill()
        command.wait()
        command.stdout.close()
        command.stderr.close()

    def lines(self, command, count):
        with self.within(60, command):
            return [command.stdout.readline().rstrip("\n") for _ in range(count)]

    @contextlib.contextmanager
    def within(self, seconds, command):
        timer = threading.Timer(seconds, command.kill)
        timer.start()
        yield
        timer.cancel()

    def test_no_block_is_left_out(self):
        command = self.follow()
        self.assertIn("watching", self.lines(command, 1)[0])
        first = self.get("/status")["index"]
        self.mine(count=40, to="carol")
        shown = self.lines(command, 40)
        chain = self.get(f"/chain?from={first + 1}&limit=40")["chain"]
        for line, block in zip(shown, chain):
            self.assertIn(f"block {block['index']}  {block['hash']}", line)
        self.post("/transactions/new", {"sender": "alice", "recipient": "bob", "amount": 1})
        self.assertEqual(self.lines(command, 1), ["pool: 1 transaction waiting"])

    def test_a_chain_that_begins_anew_is_seen(self):
        self.mine(count=5, to="carol")
        old = self.get("/status")["index"]
        command = self.follow("--count", "2")
        self.lines(command, 1)
        self.post("/restart")
        self.assertRegex(self.lines(command, 1)[0], rf"reorganisation: {old - 1} blocks? left, back to block 1 ")
        self.mine(to="dora")
        self.assertIn("block 2 ", self.lines(command, 1)[0])
        self.assertEqual(command.wait(30), DONE)

    def test_json_is_one_object_a_line(self):
        command = self.follow("--json", "--count", "1")
        first = self.get("/status")["index"]
        deadline = time.monotonic() + 30
        while command.poll() is None and time.monotonic() < deadline:
            self.mine(to="carol")
        self.assertEqual(command.wait(30), DONE)
        told = json.loads(command.stdout.read())
        self.assertEqual(told["event"], "block")
        self.assertEqual(told["hash"], self.get(f"/blocks/{told['index']}")["hash"])
        self.assertGreater(told["index"], first)

    @needs_disk
    def test_a_node_that_comes_back_is_followed_on(self):
        command = self.follow("--count", "1")
        self.lines(command, 1)
        port = self.node.port
        self.node.stop()
        with self.within(60, command):
            self.assertIn("cannot be reached", command.stderr.readline())
        self.node.start(port)
        with self.within(60, command):
            self.assertIn("back", command.stderr.readline())
        self.client.close()
        self.mine(to="carol")
        self.assertEqual(command.wait(60), DONE)

    def test_ctrl_c_ends_it(self):
        command = self.follow()
        self.lines(command, 1)
        command.send_signal(signal.SIGINT)
        self.assertEqual(command.wait(30), -signal.SIGINT)


HASH = "ab" * 32
EVIL = "\x1b[2J\x07\x9b\u202e\u2028\r\nnext"


class Liar(http.server.BaseHTTPRequestHandler):
    """Answers what the test told it to; `answers` is path -> (status, body)."""

    protocol_version = "HTTP/1.1"

    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        self.server.asked.append((self.command, self.path, self.rfile.read(length), dict(self.headers)))
        status, body = self.server.answers.get(self.path.split("?")[0], (404, {"status": 404, "detail": "no"}))
        if callable(body):
            body(self)
            return
        data = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_DELETE = answer

    def log_message(self, *_):
        pass


@needs_node
class OddNodes(unittest.TestCase):
    def setUp(self):
        self.home = Home(self)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Liar)
        self.server.answers, self.server.asked = {}, []
        thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.url = f"127.0.0.1:{self.server.server_port}"

    def cairn(self, *words, **more):
        return self.home.run(*words, "--node", self.url, **more)

    def told(self, path, body, *words, status=200, code=DONE):
        self.server.answers[path] = (status, body)
        done = self.cairn(*words)
        self.assertEqual(done.code, code, repr(done))
        return done

    def test_nobody_there(self):
        for words in (["status"], ["mine"], ["chain"], ["watch"], ["login", "a", "--password-file", "-"], ["nodes"]):
            done = self.home.run(*words, "--node", "127.0.0.1:1", stdin="password\n")
            self.assertEqual(done.code, UNREACHABLE, repr(done))
            self.assertIn("is it running?", done.err)
            self.assertIn("cairn node", done.err)
            self.assertEqual(done.out, "")
        unknown = self.home.run("status", "--node", "no-such-host.invalid")
        self.assertEqual(unknown.code, UNREACHABLE, repr(unknown))
        self.assertIn("next: --node names the node by its right name", unknown.err)

    def test_what_answers_is_no_node(self):
        for body in (b"<html>", b"", b"[1]", b"{\"chain\":", b"\xff"):
            self.told("/status", body, "status", code=UNREACHABLE)
            self.told("/pool", body, "pool", code=UNREACHABLE)
        self.told("/status", b"<html>", "status", status=502, code=REFUSED)
        self.told("/status", b"", "status", status=302, code=REFUSED)

    @unittest.skipUnless(shutil.which("openssl"), "no openssl to make a certificate with")
    def test_https_is_trusted_by_certificate_only(self):
        certificate, key = self.home.path / "certificate.pem", self.home.path / "key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate,
                        "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"],
                       check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.server.handle_error = lambda *_: None
        self.server.answers["/status"] = (200, {"chain": "c"})
        node = f"https://{self.url}"
        trusted = self.home.run("status", "--node", node, "--ca", certificate)
        self.assertEqual(trusted.code, DONE, repr(trusted))
        self.assertEqual(self.home.run("status", "--node", node, CAIRN_CA=str(certificate)).code, DONE)
        unknown = self.home.run("status", "--node", node)
        self.assertEqual(unknown.code, UNREACHABLE, repr(unknown))
        self.assertIn("certificate", unknown.err)
        self.assertIn("next: --ca", unknown.err)
        self.assertNotIn("is it running", unknown.err)
        # Never plain where TLS was asked for, nor the other way round.
        self.assertEqual(self.cairn("status").code, UNREACHABLE)

    def test_an_answer_that_breaks_off(self):
        def half(handler):
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"pool\":[")
            handler.close_connection = True

        for words in (["pool"], ["pool", "--json"]):
            self.assertIn("ended before", self.told("/pool", half, *words, code=UNREACHABLE).err)

    def test_a_node_that_falls_silent(self):
        enough = threading.Event()
        self.addCleanup(enough.set)
        self.server.answers["/status"] = (200, lambda _: enough.wait(60))
        done = self.cairn("status", "--timeout", 1)
        self.assertEqual(done.code, UNREACHABLE, repr(done))
        self.assertIn("--timeout", done.err)

    def test_a_transfer_is_asked_for_again_under_the_same_key(self):
        tries = []

        def second_time(handler):
            tries.append(handler.headers["Idempotency-Key"])
            if len(tries) > 1:
                body = json.dumps({"message": "m", "transaction": {"id": HASH}}).encode()
                handler.wfile.write(b"HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            handler.close_connection = True

        self.told("/transactions/new", second_time, "send", "bob", "1")
        self.assertGreaterEqual(len(tries), 2)
        self.assertEqual(len(set(tries)), 1)
        self.assertRegex(tries[0], r"\A[0-9a-f]{32}\Z")

    def test_no_word_of_a_node_moves_the_cursor(self):
        transfer = {"id": EVIL, "sender": EVIL, "recipient": EVIL, "amount": EVIL, "fee": 1, "nonce": 0, "memo": EVIL,
                    "size": 1, "signature": EVIL}
        block = {"index": 1, "hash": EVIL, "timestamp": EVIL, "size": EVIL, "transactions": [transfer], "proof": EVIL,
                 "previous_hash": EVIL, "merkle_root": EVIL, "bits": EVIL, "work": EVIL, "difficulty": EVIL}
        self.server.answers |= {
            "/status": (200, {"chain": EVIL, "index": 1, "hash": EVIL, "genesis_hash": EVIL, "work": EVIL, "version": EVIL,
                              "pool_length": 1, "peers": EVIL, "issued": EVIL}),
            "/chain": (200, {"chain": [block], "length": 1}),
            "/blocks/1": (200, block),
            "/pool": (200, {"pool": [transfer], "pool_length": 1}),
            "/inv": (200, {"values": [{"type": EVIL, "value": EVIL}]}),
            "/transactions/x": (200, {"status": EVIL, "reason": EVIL, "transaction": transfer}),
            "/accounts/x": (200, {"name": EVIL, "address": EVIL, "balance": EVIL}),
            "/users/me": (200, {"name": EVIL, "role": EVIL, "balance": EVIL}),
            "/users": (200, {"users": [{"name": EVIL, "role": EVIL, "address": EVIL}]}),
            "/mine": (200, block | {"message": EVIL}),
            "/restart": (200, {"message": EVIL, "backup": EVIL}),
            "/transactions/new": (201, {"message": EVIL, "transaction": transfer}),
            "/nodes": (200, {"peers": [{"address": EVIL, "agent": EVIL}], "registered": [{"address": EVIL, "last_error": EVIL}]}),
            "/nodes/register": (201, {"message": EVIL, "nodes": [{"address": EVIL, "detail": EVIL}]}),
            "/nodes/resolve": (200, {"message": EVIL, "nodes": [{"address": EVIL, "error": EVIL}],
                                     "dropped": [{"id": EVIL, "reason": EVIL}], "chain": [block]}),
            "/getblocks": (200, {"information": [{"node": EVIL, "error": EVIL}, {"node": EVIL, "values": [{"type": "block", "value": EVIL}]}]}),
            "/nodes/x": (200, {"message": EVIL}),
            "/login": (200, {"token": "t", "name": EVIL, "role": EVIL, "address": EVIL, "expires_at": EVIL}),
        }
        commands = (["status"], ["chain"], ["block", 1], ["pool"], ["inv"], ["tx", "x"], ["balance", "x"], ["balance"],
                    ["user", "list"], ["user", "new", "x", "--password-file", "-"], ["mine"], ["restart", "--yes"],
                    ["send", "x", "1"], ["nodes"], ["register", "x"], ["resolve"], ["getblocks"], ["nodes", "remove", "x"],
                    ["login", "x", "--password-file", "-"])
        for words in commands:
            with self.subTest(words):
                done = self.cairn(*words, stdin="password\n")
                self.assertEqual(done.code, DONE, repr(done))
                for evil in ("\x1b", "\x07", "\x9b", "\u202e", "\u2028", "\r"):
                    self.assertNotIn(evil, done.out + done.err)
                self.assertNotRegex(done.out, r"(?m)^next")
                if "--password-file" not in words:
                    terminal = self.home.on_terminal(*words, "--json", "--node", self.url)
                    for evil in ("\x1b", "\x07", "\x9b", "\u202e", "\u2028"):
                        self.assertNotIn(evil, terminal.out)
                    self.assertIsInstance(json.loads(terminal.out), dict)
        self.server.answers = {"/status": (400, {"status": 400, "detail": EVIL, "field": EVIL, "expected": EVIL, "found": EVIL})}
        done = self.home.on_terminal("status", "--node", self.url, NO_COLOR="1")
        self.assertEqual(done.code, REFUSED)
        self.assertNotIn("\x1b", done.out)

    def test_no_event_of_a_watcher_moves_the_cursor(self):
        def block(index, name, previous):
            return {"index": index, "hash": name, "previous_hash": previous, "timestamp": EVIL, "transactions": []}

        def reply(handler, value):
            body = json.dumps(value, ensure_ascii=False).encode()
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

        looks = iter([block(1, "g", "")])

        def status(handler):
            tip = next(looks, block(2, EVIL, "g"))
            reply(handler, {"chain": "c", "index": tip["index"], "hash": tip["hash"], "genesis_hash": "g", "pool_length": 0})

        self.server.answers = {
            "/status": (200, status),
            "/blocks": (200, {"blocks": [block(1, "g", "")], "length": 1, "next": None}),
            "/blocks/1": (200, block(1, "g", "")),
            "/blocks/2": (200, block(2, EVIL, "g")),
            "/chain": (200, {"chain": [block(2, EVIL, "g")], "length": 2}),
        }
        done = self.home.on_terminal("watch", "--json", "--node", self.url, "--every", "0.05", "--count", "1")
        self.assertEqual(done.code, DONE, repr(done))
        for evil in ("\x1b", "\x07", "\x9b", "\u202e", "\u2028"):
            self.assertNotIn(evil, done.out)
        self.assertEqual(done.json, {"event": "block", "index": 2, "hash": EVIL, "previous_hash": "g", "timestamp": EVIL,
                                     "transactions": 0})

    def test_bytes_that_are_no_text_are_sent_as_they_were_typed(self):
        """So the node refuses them; another memo or password in their place would be taken."""
        self.server.answers = {
            "/transactions/new": (201, {"message": "m", "transaction": {"id": HASH}}),
            "/login": (200, {"token": "t", "name": "x"}),
        }
        password = self.home.path / "password"
        password.write_bytes(b"a pass\xffphrase\n")
        done = self.cairn("send", "bob\udcfe", "1", "--memo", "\udcff \"\udcc3\"")
        self.assertEqual(done.code, DONE, repr(done))
        self.assertIn(b'"memo":"\xff \\"\xc3\\""', self.server.asked[-1][2])
        self.assertIn(b'"recipient":"bob\xfe"', self.server.asked[-1][2])
        self.cairn("login", "x", "--password-file", password)
        self.assertIn(b'"password":"a pass\xffphrase"', self.server.asked[-1][2])

    def test_a_nodes_word_leads_to_no_file(self):
        """Nor does any folder's password go to who is not the node of that folder."""
        for place in (".cairn/lab", ".cairn/dev", "secret"):
            (self.home.path / place).mkdir(parents=True)
            (self.home.path / place / "operator.password").write_text(f"the password of {place}\n")
        self.server.answers["/mine"] = (401, {"status": 401, "detail": "log in"})
        for chain in ("../secret", "..", "a/../lab", "", "lab", "cairn-dev"):
            with self.subTest(chain):
                self.server.asked.clear()
                self.told("/status", {"chain": chain}, "mine", code=LOGIN)
                self.assertEqual([path for _, path, _, _ in self.server.asked], ["/mine"])

    def test_nodes(self):
        key, peer = "cd" * 32, "127.0.0.1:5001"
        told = self.told("/nodes", {
            "peers": [{"address": peer, "direction": "out", "key": key, "agent": "cairn/0.1.0", "index": 7, "hash": HASH,
                       "bytes_in": 1024, "bytes_out": 99, "connected_seconds": 12}],
            "registered": [{"address": peer, "state": "connected", "key": key, "index": 7, "hash": HASH, "bytes_in": 1, "bytes_out": 2},
                           {"address": "127.0.0.1:5002", "state": "waiting", "last_error": "connection refused"}],
        }, "nodes").out
        self.assertRegex(told, r"127\.0\.0\.1:5001 +out +7 +1024 +99 +12 +cairn/0\.1\.0 ")
        self.assertRegex(told, r"127\.0\.0\.1:5001 +connected +7 ")
        self.assertRegex(told, r"127\.0\.0\.1:5002 +waiting .* connection refused")
        self.assertIn("cairn register", self.told("/nodes", {"peers": [], "registered": []}, "nodes").out)

    def test_register_and_remove(self):
        told = self.told("/nodes/register", {
            "message": "New nodes have been added", "total_nodes": ["127.0.0.1:5001"],
            "nodes": [{"address": "127.0.0.1:5001", "connected": True, "detail": "connected"},
                      {"address": "127.0.0.1:5002", "connected": False, "detail": "connection refused"}],
        }, "register", "127.0.0.1:5001", "http://127.0.0.1:5002", status=201).out
        self.assertIn("New nodes have been added", told)
        self.assertRegex(told, r"127\.0\.0\.1:5002 +no +connection refused")
        method, _, body, _ = self.server.asked[-1]
        self.assertEqual((method, json.loads(body)), ("POST", {"nodes": ["127.0.0.1:5001", "http://127.0.0.1:5002"]}))
        self.told("/nodes/%5B%3A%3A1%5D%3A5001", {"message": "Removed"}, "nodes", "remove", "[::1]:5001")
        self.assertEqual(self.server.asked[-1][0], "DELETE")

    def test_resolve(self):
        block = {"index": 1, "hash": HASH, "transactions": []}
        for replaced, chain, message in ((True, "new_chain", "Our chain was replaced"), (False, "chain", "Our chain is authoritative")):
            told = self.told("/nodes/resolve", {
                "message": message, "replaced": replaced, "length": 2,
                "nodes": [{"address": "127.0.0.1:5001"}, {"address": "127.0.0.1:5002", "error": "timed out"}],
                "dropped": [{"id": HASH, "reason": "overdraft"}], chain: [block] * 2,
            }, "resolve").out
            self.assertIn(message, told)
            self.assertRegex(told, r"127\.0\.0\.1:5001 +yes")
            self.assertRegex(told, r"127\.0\.0\.1:5002 +timed out")
            self.assertRegex(told, HASH + " +overdraft")

    def test_getblocks(self):
        told = self.told("/getblocks", {"information": [
            {"node": "127.0.0.1:5001", "truncated": True, "values": [
                {"type": "block", "value": "00" * 32}, {"type": "block", "value": HASH}, {"type": "transaction", "value": {"id": "x"}}]},
            {"node": "127.0.0.1:5002", "error": "timed out"}]}, "getblocks").out
        self.assertRegex(told, rf"127\.0\.0\.1:5001 +2 +1 +{HASH} +cut")
        self.assertRegex(told, r"127\.0\.0\.1:5002 +timed out")
        self.assertIn("cairn register", self.told("/getblocks", {"information": []}, "getblocks").out)

    @needs_true_memory
    def test_an_endless_answer_takes_no_memory(self):
        """Thirty thousand blocks of ten transactions: a tree of them would take three times their JSON."""
        transfer = {"id": HASH, "sender": "a", "recipient": "b", "amount": 1, "fee": 0, "nonce": 0, "memo": "m" * 200, "size": 1}
        block = json.dumps({"index": 1, "hash": HASH, "timestamp": 1, "size": 1, "transactions": [transfer] * 10}).encode()

        def many(handler):
            part = b",".join([block] * 500)
            size = len(b'{"chain":[') + 60 * (len(part) + 1) - 1 + len(b'],"length":30000}')
            handler.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n{"chain":[' % size)
            for i in range(60):
                handler.wfile.write((b"," if i else b"") + part)
            handler.wfile.write(b'],"length":30000}')

        self.server.answers["/chain"] = (200, many)
        # What a sanitizer holds back to find later misuse is not the command's.
        options = [os.environ.get("ASAN_OPTIONS", "verbosity=0"), "quarantine_size_mb=8"]
        with tempfile.TemporaryFile(dir=TMP) as out:
            command = subprocess.Popen([BINARY, "chain", "--limit", "0", "--node", self.url], stdout=out,
                                       env=self.home.environment(ASAN_OPTIONS=":".join(options)))
            _, status, used = os.wait4(command.pid, 0)
            command.returncode = os.waitstatus_to_exitcode(status)
            self.assertEqual(command.returncode, DONE)
            out.seek(0)
            self.assertEqual(sum(1 for _ in out), 30_001)
        self.assertLess(used.ru_maxrss * 1024, 30_000 * len(block))

    def test_a_watcher_sees_the_chain_turn(self):
        """Two blocks of four are left for three others."""
        def chain(*names):
            return [{"index": i + 1, "hash": name, "previous_hash": names[i - 1] if i else "", "timestamp": 1, "transactions": []}
                    for i, name in enumerate(names)]

        state = {}

        def become(blocks):
            state["chain"] = blocks
            self.server.answers |= {f"/blocks/{b['index']}": (200, b) for b in blocks}
            self.server.answers["/blocks"] = (200, {"blocks": blocks[::-1], "length": len(blocks), "next": None})
            self.server.answers["/status"] = (200, {"chain": "c", "index": len(blocks), "hash": blocks[-1]["hash"],
                                                    "genesis_hash": "g", "pool_length": 0})

        def part(handler):
            first = int(re.search(r"from=(\d+)", handler.path)[1])
            body = json.dumps({"chain": state["chain"][first - 1 :], "length": len(state["chain"])}).encode()
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

        self.server.answers["/chain"] = (200, part)
        become(chain("g", "a2", "a3", "a4"))
        command = self.home.start("watch", "--node", self.url, "--every", "0.05", "--count", "4")
        self.addCleanup(Watching.end, command)
        command.stdout.readline()
        become(chain("g", "a2", "b3", "b4", "b5"))
        self.assertEqual(command.wait(60), DONE)
        told = [re.sub(r".*  block", "block", line.rstrip("\n")) for line in command.stdout]
        self.assertEqual(told, ["reorganisation: 2 blocks left, back to block 2  a2", "block 3  b3  0 transactions",
                                "block 4  b4  0 transactions", "block 5  b5  0 transactions"])
