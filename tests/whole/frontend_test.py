"""A page as a tutorial would write it drives a node in a real browser; the same page and a hostile one from a
foreign origin change nothing."""

import contextlib
import pathlib
import urllib.parse

import wire
from browser import FOREIGN, Browser, Relay, Site, needs_browser
from cairn_node import Node, NodeTest

PAGES = pathlib.Path(__file__).resolve().parent / "frontend"


def address(host, site, page, node):
    return f"http://{host}:{site.port}/{page}?" + urllib.parse.urlencode({"node": f"http://127.0.0.1:{node.port}"})


@needs_browser
class PageTest(NodeTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with contextlib.ExitStack() as stack:
            cls.browser = stack.enter_context(Browser())
            cls.site = stack.enter_context(Site(PAGES))
            cls.addClassCleanup(stack.pop_all().close)

    def press(self, button):
        """The page's word once it has one."""
        self.browser.click(button)
        return self.browser.wait(lambda: (said := self.browser.text("message")) != "…" and said, f"the page's word after {button}")

    def is_error(self):
        return self.browser.run("return document.getElementById('message').className") == "error"

    def drawn(self):
        return self.browser.run("return [...document.querySelectorAll('#blocks tr')].map((row) => row.lastChild.textContent)")


class OwnPage(PageTest):
    def open(self, host="127.0.0.1"):
        self.browser.open(address(host, self.site, "index.html", self.node))

    def test_sends_mines_and_reads_the_chain(self):
        for host in ("127.0.0.1", "localhost"):
            with self.subTest(host):
                self.open(host)
                index = self.get("/chain")["length"]
                self.assertEqual(self.press("send"), f"Transaction will be added to Block {index + 1}")
                self.assertFalse(self.is_error())
                self.assertEqual(self.press("mine"), "New Block Forged")
                self.assertEqual(self.press("show"), f"{index + 1} blocks")
                self.assertIn("alice → bob: 5", self.drawn()[-1])
                self.assertEqual(len(self.drawn()), index + 1)

    def test_shows_why_something_was_refused(self):
        self.open()
        self.browser.type("amount", "5000")
        with self.unchanged():
            self.assertIn("balance of at least 5000 coins", self.press("send"))
        self.assertTrue(self.is_error())

    def test_registers_and_resolves(self):
        with Node(self.datadir.parent / "other", arguments=("--gossip", "off")) as other:
            client = other.client()
            self.assertEqual(client.post("/mine?count=50&to=carol").status, 200)
            tip = client.get("/status").json["hash"]
            client.close()
            self.open()
            self.browser.type("other", f"http://127.0.0.1:{other.port}")
            self.assertEqual(self.press("register"), "New nodes have been added")
            self.assertIn(self.press("resolve"), ("Our chain was replaced", "Our chain is authoritative"))
            self.assertEqual(self.get("/status")["hash"], tip)
            self.assertIn("0 → carol", self.drawn()[-1])


class ForeignPage(PageTest):
    """On the dev chain, where every caller who is let in is the operator."""

    foreign = (FOREIGN,)

    @contextlib.contextmanager
    def nothing_happens(self):
        nodes = self.client.get("/nodes").body
        with self.unchanged(), Relay(self.node.port) as relay:
            yield relay
        self.assertEqual(self.client.get("/nodes").body, nodes)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Something to lose: a chain and a pool.
        for path, body in (("/mine", {}), ("/transactions/new", {"recipient": cls.new_key().address, "amount": 1})):
            answer = cls.client.post(path, body)
            if answer.status not in (200, 201):
                raise AssertionError(repr(answer))

    def test_the_same_page_does_nothing(self):
        for host in self.foreign:
            with self.subTest(host), self.nothing_happens() as relay:
                self.browser.open(address(host, self.site, "index.html", relay))
                for button in ("send", "mine", "register", "resolve", "show"):
                    self.press(button)
                    self.assertTrue(self.is_error(), button)
                self.assertEqual(self.drawn(), [])
                self.assertGreaterEqual(len(relay.seen), 5)
                self.assertEqual({status for *_, status in relay.seen}, {403})

    def test_a_hostile_page_does_nothing(self):
        for host in self.foreign:
            with self.subTest(host), self.nothing_happens() as relay:
                self.browser.open(address(host, self.site, "foreign.html", relay))
                told = self.browser.await_promise("attack()")
                self.assertIsInstance(told, dict, told)
                self.assertEqual([name for name, what in told.items() if what == "no end"], [])
                # A blind fetch is told nothing at all, not even that it failed.
                self.assertLessEqual({told[name] for name in told if name.startswith("fetch")}, {"refused", "opaque"})
                asked = {target.split("by=")[1].split("&")[0]: status for _, target, _, _, status in relay.seen if "by=" in target}
                self.assertEqual(set(told) - set(asked), set(), "an attack that never reached the node proves nothing")
                self.assertEqual(set(asked.values()), {403}, asked)

    def test_a_link_does_nothing(self):
        for host in self.foreign:
            with self.subTest(host), self.nothing_happens() as relay:
                self.browser.open(address(host, self.site, "foreign.html", relay))
                self.browser.click("link")
                self.browser.wait(lambda: relay.seen, "the link's request")
                self.assertEqual(relay.seen[0][-1], 403, relay.seen)
                self.assertIn(relay.seen[0][3], ("cross-site", "same-site"))

    def test_a_name_that_leads_to_the_node_is_not_the_node(self):
        with self.nothing_happens() as relay:
            for path in ("/mine", "/restart", "/chain"):
                self.browser.open(f"http://{FOREIGN}:{relay.port}{path}")
            self.assertLessEqual({"/mine", "/restart", "/chain"}, {target for _, target, *_ in relay.seen})
            self.assertEqual({status for *_, status in relay.seen}, {421})

    def test_what_its_owner_types_is_done(self):
        index = self.get("/status")["index"]
        self.browser.open(f"http://127.0.0.1:{self.node.port}/mine")
        self.assertEqual(self.get("/status")["index"], index + (1 if self.auth != "on" else 0))


class ForeignPageWithLogIn(ForeignPage):
    """With log-in a page of another port of this machine is foreign too."""

    chain, auth, spec = "main", "on", wire.MAIN
    foreign = (FOREIGN, "127.0.0.1", "localhost")
