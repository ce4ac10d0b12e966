"""Log-ins while others guess, and behind a proxy."""

import contextlib
import threading
import unittest

from cairn_node import NodeTest
from cli_test import Home

PASSWORD = "a long enough pass phrase"
GUESSERS = 3


class Guessers:
    """As many connections as are named, each of them guessing all the time; from this machine."""

    def __init__(self, node, name, count=GUESSERS):
        self.node, self.name = node, name
        self.answers, self.changed, self.ended = [], threading.Condition(), False
        self.threads = [threading.Thread(target=self._guess, args=(i,)) for i in range(count)]

    def _guess(self, which):
        with contextlib.closing(self.node.client()) as client:
            number = 0
            while not self.ended:
                number += 1
                status = client.post("/login", {"name": self.name, "password": f"guess {which} {number}"}).status
                with self.changed:
                    self.answers.append(status)
                    self.changed.notify_all()

    def wait(self, count):
        """Until there were so many answers."""
        with self.changed:
            self.changed.wait_for(lambda: len(self.answers) >= count, 60)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        self.wait(4)  # what is free is spent
        return self

    def __exit__(self, *_):
        self.ended = True
        for thread in self.threads:
            thread.join()


class Guessing(NodeTest):
    APART = True
    auth = "on"

    def test_a_right_password_gets_through(self):
        with Guessers(self.node, "operator") as guessers, contextlib.closing(self.node.client()) as owner:
            for _ in range(3):
                owner.login("operator", self.node.operator_password())  # 200, or this fails
            self.assertEqual(set(guessers.answers), {401})

    def test_guessing_at_names_nobody_has_keeps_nobody_out(self):
        with contextlib.ExitStack() as guessing, contextlib.closing(self.node.client()) as owner:
            for i in range(8):
                guessing.enter_context(Guessers(self.node, f"nobody{i}", 2))
            owner.login("operator", self.node.operator_password())

    def test_who_shows_a_token_of_an_earlier_log_in_waits_for_nobody(self):
        with contextlib.closing(self.node.client()) as owner:
            owner.login("operator", self.node.operator_password())
            token = owner.token
            self.expect(200, owner.post("/logout"))
            with Guessers(self.node, "operator") as guessers:
                body = {"name": "operator", "password": self.node.operator_password()}
                for _ in range(20):
                    before = len(guessers.answers)
                    answer = owner.post("/login", body, {"Authorization": f"Bearer {token}"})
                    self.expect(200, answer)
                    # Strangers have one turn a second: twenty of them would be twenty seconds.
                    self.assertLessEqual(len(guessers.answers) - before, 2)

    def test_the_client_shows_the_token_that_it_keeps(self):
        home = Home(self)
        words = ("login", "operator", "--password-file", self.datadir / "operator.password",
                 "--node", f"127.0.0.1:{self.node.port}")
        self.assertEqual(home.run(*words).code, 0)
        with Guessers(self.node, "operator") as guessers:
            before = len(guessers.answers)
            self.assertEqual(home.run(*words).code, 0)
            self.assertLessEqual(len(guessers.answers) - before, 4)


class BehindAProxy(NodeTest):
    auth, arguments = "on", ("--trusted-proxy", "127.0.0.1", "--trusted-proxy", "10.0.0.0/8")

    def log_in(self, **headers):
        body = {"name": "operator", "password": self.node.operator_password()}
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        with contextlib.closing(self.node.client()) as client:
            return client.post("/login", body, headers)

    def test_the_client_is_the_rightmost_that_is_not_trusted(self):
        self.expect(200, self.log_in())
        self.expect(200, self.log_in(X_Forwarded_For="127.0.0.1"))
        for entry in ("192.0.2.1", "127.0.0.1, 192.0.2.1", "192.0.2.1, 10.1.1.1", "[2001:db8::1]:5000",
                      "::ffff:192.0.2.1", "nonsense", "127.0.0.1, nonsense"):
            with self.subTest(entry):
                self.expect(403, self.log_in(X_Forwarded_For=entry))

    def test_tls_is_what_the_proxy_says(self):
        self.expect(200, self.log_in(X_Forwarded_For="192.0.2.1", X_Forwarded_Proto="https"))
        self.expect(403, self.log_in(X_Forwarded_For="192.0.2.1", X_Forwarded_Proto="https, http"))

    def test_several_headers_are_one_list(self):
        head = (b"POST /login HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 127.0.0.1\r\n"
                b"X-Forwarded-For: 192.0.2.1\r\nContent-Length: 2\r\n\r\n{}")
        with contextlib.closing(self.node.client()) as client:
            self.expect(403, client.raw(head))

    def test_one_source_does_not_crowd_out_another(self):
        with contextlib.closing(self.node.client()) as owner:
            owner.post = lambda *a, post=owner.post, **k: post(
                a[0], a[1], {"X-Forwarded-For": "192.0.2.77", "X-Forwarded-Proto": "https", "Authorization": None})
            with Guessers(self.node, "operator", 8):
                owner.login("operator", self.node.operator_password())


class WithoutTheFlag(NodeTest):
    auth = "on"

    def test_both_headers_are_ignored(self):
        body = {"name": "operator", "password": self.node.operator_password()}
        with contextlib.closing(self.node.client()) as client:
            self.expect(200, client.post("/login", body, {"X-Forwarded-For": "192.0.2.1"}))
            origin = {"Origin": f"https://127.0.0.1:{self.node.port}", "Host": f"127.0.0.1:{self.node.port}",
                      "X-Forwarded-Proto": "https"}
            self.expect(200, client.post("/login", body))
            if self.chain != "dev":
                self.expect(403, client.post("/login", body, origin))


if __name__ == "__main__":
    unittest.main()
