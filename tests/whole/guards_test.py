"""What stands before every route: paths, methods, Host, Origin and the fetch metadata of browsers."""

import socket

import wire
from cairn_node import NodeTest

READING = ("/chain", "/pool", "/inv", "/status", "/blocks", "/blocks/1", f"/transactions/{'ab' * 32}",
           f"/transactions/{'ab' * 32}/proof", f"/accounts/{wire.address('crnd', bytes(32))}",
           f"/accounts/{wire.address('crnd', bytes(32))}/transactions", "/nodes", "/users", "/users/me", "/healthz", "/readyz")
CHANGING = (("GET", "/mine"), ("POST", "/mine"), ("GET", "/restart"), ("POST", "/restart"), ("POST", "/nodes/register"),
            ("GET", "/nodes/resolve"), ("POST", "/nodes/resolve"), ("POST", "/transactions/new"), ("GET", "/getblocks"),
            ("POST", "/transactions/batch"), ("POST", "/login"), ("POST", "/logout"), ("POST", "/users"),
            ("DELETE", "/users/nobody"), ("DELETE", "/nodes/127.0.0.1:5999"))
EVERY = tuple(("GET", path) for path in READING) + CHANGING


class Paths(NodeTest):
    def test_paths_nobody_knows(self):
        for path in ("/nothing", "/chain/1", "/mine/now", "/blocks/1/2", "/..", "/../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd",
                     "/.git/config", "/users/../chain", "/index.php", "/transactions", "/wp-login.php", "/Chain", "/chain%00",
                     "/\u0000".encode().decode("latin-1").replace("\x00", "%00"), "/%", "/%zz"):
            with self.subTest(path):
                self.refused(self.client.get(path), (400, 404))
                self.refused(self.client.post(path, {}), (400, 404))

    def test_methods_a_route_has_not(self):
        with self.unchanged():
            for method, path, allowed in (
                ("POST", "/chain", "GET"), ("DELETE", "/chain", "GET"), ("PUT", "/pool", "GET"), ("PATCH", "/inv", "GET"),
                ("GET", "/transactions/new", "POST"), ("PUT", "/transactions/new", "POST"), ("GET", "/login", "POST"),
                ("GET", "/logout", "POST"), ("PUT", "/mine", "POST"), ("DELETE", "/restart", "POST"),
                ("GET", "/nodes/register", "POST"), ("POST", "/nodes", "GET"), ("PUT", "/nodes/resolve", "POST"),
                ("POST", "/getblocks", "GET"), ("GET", "/transactions/batch", "POST"), ("POST", "/status", "GET"),
                ("POST", "/blocks/1", "GET"), ("DELETE", "/healthz", "GET"), ("PUT", "/users", "POST"),
            ):
                with self.subTest(f"{method} {path}"):
                    answer = self.client.request(method, path, b"")
                    self.refused(answer, 405)
                    self.assertIn(allowed, answer.header("Allow").replace(" ", "").split(","))
                    self.assertNotIn(method, answer.header("Allow").replace(" ", "").split(","))

    def test_methods_nobody_has(self):
        with self.unchanged():
            for method in ("TRACE", "BREW", "get", "PROPFIND"):
                with self.subTest(method):
                    self.refused(self.client.request(method, "/chain"), (400, 405, 501))

    def test_head_changes_nothing(self):
        with self.unchanged():
            for path in ("/mine", "/restart", "/nodes/resolve", "/getblocks", "/transactions/new", "/login"):
                with self.subTest(path):
                    answer = self.client.request("HEAD", path)
                    self.assertEqual(answer.status, 405)
                    self.assertNotIn("HEAD", answer.header("Allow").replace(" ", "").split(","))

    def test_options_tells_the_methods(self):
        with self.unchanged():
            for path in ("/chain", "/pool", "/inv", "/status", "/blocks", "/nodes"):
                answer = self.client.request("OPTIONS", path)
                self.expect((200, 204), answer)
                allowed = answer.header("Allow").replace(" ", "").split(",")
                self.assertLessEqual({"GET", "HEAD", "OPTIONS"}, set(allowed))


# They lead to this machine, or to one that nobody named, and a browser says nothing of itself there.
DISGUISED = ("0.0.0.0", "0.0.0.0:5000", "0", "[::]", "[::]:80", "[::ffff:127.0.0.1]", "[::FFFF:127.0.0.1]", "[::ffff:7f00:1]",
             "[::127.0.0.1]", "[0:0:0:0:0:0:0:1]", "[0::1]", "[::1%lo]", "[::1%25lo]", "[fe80::1%1]", "[fe80::1]", "0177.0.0.1",
             "0x7f.0.0.1", "0x7f000001", "2130706433", "017700000001", "127.1", "127.0.1", "127.0.0.01", "127.0.0.1.",
             "localhost.", "LOCALHOST.", "node.example.", "192.168.1.7", "192.168.1.7:5000", "8.8.8.8", "[2001:db8::9]",
             "127.0.0.1.nip.io", "[127.0.0.1]", "localtest.me", "0.0.0.0.", "[::].")


class Hosts(NodeTest):
    arguments = ("--host", "node.example", "--host", "198.51.100.7", "--host", "2001:db8::7")

    def test_names_of_this_node(self):
        for host in ("localhost", f"localhost:{self.node.port}", "127.0.0.1", "127.0.0.1:1", "[::1]", f"[::1]:{self.node.port}",
                     "127.8.8.8", "node.example", "NODE.example:80", "LocalHost", "198.51.100.7:5000", "[2001:db8::7]"):
            with self.subTest(host):
                self.expect(200, self.client.get("/status", Host=host))

    def test_addresses_in_disguise_on_every_route(self):
        with self.unchanged():
            for host in DISGUISED:
                for method, path in EVERY:
                    with self.subTest(f"{method} {path} at {host}"):
                        answer = self.client.request(method, path, b"{}" if method == "POST" else None, {"Host": host})
                        self.refused(answer, (400, 421))
                        # Nor does it help to be a page that came from there.
                answer = self.client.request("GET", "/restart", None, {"Host": host, "Origin": f"http://{host}"})
                self.refused(answer, (400, 421))

    def test_what_is_refused_says_what_to_do(self):
        problem = self.refused(self.client.get("/status", Host="0.0.0.0"), 421)
        self.assertIn("--host", problem["detail"])

    def test_foreign_names_on_every_route(self):
        with self.unchanged():
            for host in ("evil.example", "localhost.evil.example", "evil.example:5000", "127.0.0.1.evil.example",
                         "notlocalhost", "node.example.evil", "0x7f000001", "2130706433", "127.1", "[::1", "a b", "@127.0.0.1"):
                for method, path in EVERY if host == "evil.example" else EVERY[:3]:
                    with self.subTest(f"{method} {path} at {host}"):
                        statuses = (421,) if host == "evil.example" else (400, 421)
                        self.refused(self.client.request(method, path, b"{}", {"Host": host}), statuses)

    def test_a_foreign_name_in_the_target_counts(self):
        with self.unchanged():
            answer = self.client.raw(b"GET http://evil.example/mine HTTP/1.1\r\nHost: localhost\r\n\r\n")
            self.refused(answer, (400, 421))


class OriginsOnDev(NodeTest):
    """The dev chain lets pages of this machine in, whatever their port."""

    arguments = ("--cors", "https://wallet.example")

    def request(self, method, path, **headers):
        return self.client.request(method, path, b"{}" if method == "POST" else None,
                                   {k.replace("_", "-"): v for k, v in headers.items()})

    def test_pages_of_strangers_reach_no_route(self):
        with self.unchanged():
            for origin in ("https://evil.example", "null", "http://localhost.evil.example", "http://127.0.0.1.evil.example",
                           "https://wallet.example.evil.example", "http://wallet.example", "https://wallet.example:444",
                           "file://", "", "https://evil.example, https://wallet.example"):
                for method, path in EVERY if origin in ("https://evil.example", "null") else (("POST", "/mine"), ("GET", "/chain")):
                    with self.subTest(f"{method} {path} from {origin}"):
                        answer = self.request(method, path, Origin=origin)
                        self.refused(answer, 403)
                        self.assertIsNone(answer.header("Access-Control-Allow-Origin"))

    def test_allowed_pages_get_their_own_name_back(self):
        own = f"http://127.0.0.1:{self.node.port}"
        for origin in (own, "http://localhost:3000", "http://127.0.0.1:8080", "http://[::1]:9", "https://wallet.example"):
            with self.subTest(origin):
                answer = self.request("GET", "/status", Origin=origin)
                self.expect(200, answer)
                if origin != own:
                    self.assertEqual(answer.header("Access-Control-Allow-Origin"), origin)
                    self.assertIn("Origin", answer.header("Vary"))
                self.expect(200, self.request("POST", "/mine", Origin=origin))

    def test_without_origin_there_is_no_header_of_sharing(self):
        self.assertIsNone(self.request("GET", "/status").header("Access-Control-Allow-Origin"))

    def test_preflights(self):
        asked = {"Access_Control_Request_Method": "POST", "Access_Control_Request_Headers": "authorization,content-type"}
        answer = self.request("OPTIONS", "/transactions/new", Origin="https://wallet.example", **asked)
        self.expect((200, 204), answer)
        self.assertEqual(answer.header("Access-Control-Allow-Origin"), "https://wallet.example")
        self.assertIn("POST", answer.header("Access-Control-Allow-Methods"))
        allowed = answer.header("Access-Control-Allow-Headers").lower()
        self.assertTrue("authorization" in allowed and "content-type" in allowed)
        self.refused(self.request("OPTIONS", "/transactions/new", Origin="https://evil.example", **asked), 403)

    def test_fetches_of_other_sites_change_nothing(self):
        with self.unchanged():
            for method, path in CHANGING:
                for headers in ({"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": "nonsense"},
                                {"Sec_Purpose": "prefetch"}, {"Sec_Fetch_Site": "none", "Sec_Purpose": "prefetch"}):
                    with self.subTest(f"{method} {path} {headers}"):
                        self.refused(self.request(method, path, **headers), 403)

    def test_pages_of_strangers_change_nothing_without_saying_who_they_are(self):
        """An image, a link, a form of an old browser: no Origin, no fetch metadata, a Referer."""
        with self.unchanged():
            for referer in ("http://evil.example/", "https://evil.example/page?x=http://127.0.0.1/",
                            f"http://127.0.0.1:{self.node.port}.evil.example/", "http://0.0.0.0:8000/", "about:blank",
                            f"http://127.0.0.1:{self.node.port}@evil.example/", "http://localhost.evil.example/"):
                for method, path in CHANGING:
                    with self.subTest(f"{method} {path} from {referer}"):
                        self.refused(self.request(method, path, Referer=referer), 403)
                        self.refused(self.request(method, path, Referer=referer, Sec_Fetch_Site="none"), 403)

    def test_pages_of_this_machine_may_without_saying_who_they_are(self):
        for referer in (f"http://127.0.0.1:{self.node.port}/ui/", "http://localhost:3000/", "https://wallet.example/send", ""):
            self.expect(200, self.request("GET", "/mine", Referer=referer))
        self.expect(200, self.request("GET", "/status", Referer="http://evil.example/"))

    def test_fetches_of_this_site_and_typed_addresses_do(self):
        for site in ("none", "same-origin", "same-site"):
            self.expect(200, self.request("GET", "/mine", Sec_Fetch_Site=site))

    def test_reading_needs_no_site(self):
        self.expect(200, self.request("GET", "/status", Sec_Fetch_Site="cross-site"))


class OriginsOnMain(NodeTest):
    chain, auth, spec = "main", "on", wire.MAIN

    def test_another_page_of_this_machine_is_foreign(self):
        with self.unchanged():
            for origin in ("http://localhost:3000", f"http://127.0.0.1:{self.node.port + 1}", f"https://127.0.0.1:{self.node.port}"):
                for method, path in (("POST", "/mine"), ("GET", "/chain"), ("POST", "/login")):
                    with self.subTest(f"{method} {path} from {origin}"):
                        answer = self.client.request(method, path, b"{}" if method == "POST" else None, {"Origin": origin})
                        self.refused(answer, 403)
                        self.assertIsNone(answer.header("Access-Control-Allow-Origin"))

    def test_its_own_page_is_not(self):
        for host in ("127.0.0.1", "localhost"):
            host = f"{host}:{self.node.port}"
            self.expect(200, self.client.get("/status", Host=host, Origin=f"http://{host}"))

    def test_another_page_of_this_machine_is_foreign_by_its_referer_too(self):
        with self.unchanged():
            for referer in ("http://localhost:3000/", f"http://127.0.0.1:{self.node.port + 1}/"):
                self.refused(self.client.get("/mine", Referer=referer), 403)

    def test_the_same_site_is_not_the_same_origin(self):
        with self.unchanged():
            self.refused(self.client.get("/mine", Sec_Fetch_Site="same-site"), 403)


class WebSockets(NodeTest):
    def test_the_door_of_peers_is_shut_to_pages(self):
        for origin in ("http://localhost", f"http://127.0.0.1:{self.node.port}", "null"):
            answer = self.client.raw(
                b"GET /p2p HTTP/1.1\r\nHost: evil.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
                b"Sec-WebSocket-Protocol: cairn.1\r\nOrigin: " + origin.encode() + b"\r\n\r\n")
            self.refused(answer, 403)


class OtherAddresses(NodeTest):
    """A node that listens everywhere answers to the address that a connection came to."""

    chain, auth, spec = "main", "on", wire.MAIN

    listen_on = "[::]"

    def ask(self, address, host):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with socket.socket(family) as link:
            link.settimeout(15)
            link.connect((address, self.node.port))
            link.sendall(f"GET /status HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
            return int(link.makefile("rb").readline().split()[1])

    def test_the_address_of_the_connection_is_a_host(self):
        for address in ("127.0.0.1", "127.7.7.7", "::1"):
            shown = f"[{address}]" if ":" in address else address
            self.assertEqual(self.ask(address, f"{shown}:{self.node.port}"), 200)
        own = own_address()
        if own is None:
            self.skipTest("this machine has no address beyond loopback")
        self.assertEqual(self.ask(own, f"{own}:{self.node.port}"), 200)
        self.assertEqual(self.ask(own, own), 200)
        # Reached by another way it is a name that nobody gave.
        self.assertEqual(self.ask("127.0.0.1", own), 421)
        for host in ("0.0.0.0", "[::]", f"[::ffff:{own}]"):
            self.assertEqual(self.ask(own, host), 421)


def own_address():
    """An address of this machine's that is not loopback, if there is one; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("198.51.100.1", 9))
            found = probe.getsockname()[0]
        except OSError:
            return None
    return None if found.startswith("127.") else found
