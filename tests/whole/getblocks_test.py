"""/getblocks: every registered node's /inv, also of nodes that are none of ours and of servers that are worse."""

import json
import threading
import time

from network import NetworkTest
from servers import Listener, answering, read_head, unused_port

LIMIT_S = 5
NODE_BYTES = 10_000_000
ROUND_KEPT_S = 2


class GetBlocks(NetworkTest):
    APART = True

    def setUp(self):
        self.add(gossip=False)

    def serve(self, serve):
        listener = Listener(serve)
        self.addCleanup(listener.close)
        return listener

    def registered(self, *addresses):
        """Registered reachable or not: what they answer to a dial is of no account here."""
        told = self.post(0, "/nodes/register", {"nodes": list(addresses)})
        self.assertEqual(len(told["nodes"]), len(addresses), told)

    def ask(self):
        answer = self.get(0, "/getblocks")["information"]
        self.assertEqual(len({entry["node"] for entry in answer}), len(answer))
        return {entry["node"]: entry for entry in answer}

    def refused(self, serve, words):
        listener = self.serve(serve)
        self.registered(listener.address)
        entry = self.ask()[listener.address]
        self.assertNotIn("values", entry)
        self.assertIn(words, entry["error"])

    def test_nobody_is_registered(self):
        self.assertEqual(self.get(0, "/getblocks"), {"information": []})

    def test_a_node_of_ours_shows_blocks_then_pool(self):
        self.add()
        self.mine(1, 3)
        self.post(1, "/transactions/new", {"sender": "ann", "recipient": "bob", "amount": 1})
        self.registered(self.address(1))
        self.assertEqual(self.ask()[self.address(1)]["values"], self.get(1, "/inv")["values"])

    def test_a_plain_server_that_only_has_inv(self):
        values = [{"type": "block", "value": "00ab"}, 1, "two", None, {"deep": [[], {}]}, True, -0.5]
        listener = self.serve(answering("200 OK", json.dumps({"length": 7, "values": values}), "Content-Type: text/plain"))
        self.registered(listener.address)
        self.assertEqual(json.loads(json.dumps(self.ask()[listener.address]["values"], default=float)), values)

    def test_what_is_shown_was_written_anew(self):
        listener = self.serve(answering("200 OK", '{ "values" : [ "\\u003cscript\\u003e\\u2028" ,\n 1.50 ] }'))
        self.registered(listener.address)
        self.assertIn(b'"values":["<script>\\u2028",1.50]', self.clients[0].get("/getblocks").body)

    def test_answers_that_are_no_inventory(self):
        for body, words in (
            ("", "early"), ("<html>", "no inventory"), ("[]", "object"), ("{}", "array"), ('{"values":{}}', "array"),
            ('{"values":[1}', "no inventory"), ('{"values":[1]', "early"), ('{"values":[1]}]', "follows"),
            ('{"values":[' + "[" * 100_000, "deep"), ('{"values":[{"a":1,"a":2}]}', "twice"),
            (b'{"values":["\xff"]}', "no inventory"), ('{"values":[1e]}', "no inventory"), ('{"values":[1]}\0', "follows"),
            ('{"values":[1],"values":["x"]}', "twice"), ('{"values":["],\\"injected\\":["]', "early"),
        ):
            with self.subTest(body[:40]):
                self.refused(answering("200 OK", body), words)

    def test_other_statuses(self):
        for status, words in (("404 Not Found", "404"), ("500 Oops", "500"), ("204 No Content", "204"), ("401 No", "401")):
            with self.subTest(status):
                self.refused(answering(status, b'{"values":[]}' if status[0] != "2" else b""), words)

    def test_no_redirect_is_followed(self):
        target = self.serve(answering("200 OK", '{"values":["secret"]}'))
        for status in ("301 Moved", "302 Found", "307 Temporary", "308 Permanent"):
            for where in (f"http://{target.address}/inv", "file:///etc/passwd", "gopher://127.0.0.1:70/", "//169.254.169.254/"):
                with self.subTest(f"{status} {where}"):
                    self.refused(answering(status, b"", f"Location: {where}"), "redirect")
        self.assertEqual(target.calls, 0)

    def test_servers_that_do_not_speak_http(self):
        for said in (b"SSH-2.0-OpenSSH_9.2\r\n", b'{"values":[]}', b"HTTP/9.9 200 OK\r\n\r\n{}", b""):
            with self.subTest(said):
                def serve(link, said=said):
                    read_head(link)
                    link.sendall(said)
                listener = self.serve(serve)
                self.registered(listener.address)
                self.assertIn("error", self.ask()[listener.address])

    def test_nobody_listens(self):
        address = f"127.0.0.1:{unused_port()}"
        self.registered(address)
        self.assertIn("nobody listens", self.ask()[address]["error"])

    def test_a_huge_answer_is_cut_at_a_whole_value(self):
        body = b'{"values":[' + b",".join(b'"%064d"' % i for i in range(200_000)) + b"]}"
        self.assertGreater(len(body), NODE_BYTES)
        listener = self.serve(answering("200 OK", body))
        self.registered(listener.address)
        before = self.nodes[0].resident_bytes()
        entry = self.ask()[listener.address]
        self.assertIs(entry["truncated"], True)
        self.assertGreater(len(entry["values"]), 140_000)
        self.assertEqual(entry["values"], ["%064d" % i for i in range(len(entry["values"]))])
        print(f"/getblocks: {len(body)} bytes offered, {len(entry['values'])} values kept, resident memory grew by "
              f"{(self.nodes[0].resident_bytes() - before) >> 20} MiB")

    def test_one_text_without_end_costs_no_more(self):
        def serve(link):
            read_head(link)
            link.sendall(b'HTTP/1.1 200 OK\r\n\r\n{"values":["first","')
            for _ in range(1000):
                link.sendall(b"a" * 65536)
        listener = self.serve(serve)
        self.registered(listener.address)
        entry = self.ask()[listener.address]
        self.assertEqual((entry["values"], entry["truncated"]), (["first"], True))

    def test_slow_ones_and_silent_ones_delay_nobody_beyond_the_limit(self):
        def drip(link):
            read_head(link)
            link.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{")
            while not self.over.wait(0.1):
                link.sendall(b" ")
        self.over = threading.Event()
        self.addCleanup(self.over.set)
        slow, silent = self.serve(drip), self.serve(lambda link: self.over.wait(60))
        quick = self.serve(answering("200 OK", '{"values":[1]}'))
        self.registered(slow.address, silent.address, quick.address)
        begin = time.monotonic()
        told = self.ask()
        took = time.monotonic() - begin
        self.assertEqual(told[quick.address]["values"], [1])
        for address in (slow.address, silent.address):
            self.assertIn("within 5000 ms", told[address]["error"])
        self.assertLess(took, LIMIT_S + 2)
        self.assertGreater(took, LIMIT_S - 0.5)
        print(f"/getblocks with a slow and a silent node: {took:.2f} s")

    def test_callers_share_a_round_and_its_answer_is_kept_for_a_moment(self):
        gate = threading.Event()

        def serve(link):
            head = read_head(link)
            if head.startswith(b"GET /inv "):
                asked.append(head)
                gate.wait(4)
            answering("200 OK", '{"values":[1]}')(Again(link))

        class Again:
            """The request is read already."""
            def __init__(self, link):
                self.sendall, self.recv = link.sendall, lambda _: b""
        asked = []
        listener = self.serve(serve)
        self.registered(listener.address)
        results = []

        def call():
            client = self.nodes[0].client()
            results.append(client.get("/getblocks").status)
            client.close()
        callers = [threading.Thread(target=call) for _ in range(20)]
        for caller in callers:
            caller.start()
        gate.set()
        for caller in callers:
            caller.join()
        first = time.monotonic()
        self.assertEqual(results, [200] * 20)
        self.ask()
        if time.monotonic() - first < ROUND_KEPT_S:
            self.assertEqual(len(asked), 1)
        while time.monotonic() - first < ROUND_KEPT_S + 0.1:
            time.sleep(0.05)  # its time is what is tested
        self.ask()
        self.assertEqual(len(asked), 2)

    def test_another_list_of_nodes_is_another_round(self):
        one, two = (self.serve(answering("200 OK", '{"values":[%d]}' % i)) for i in (1, 2))
        self.registered(one.address)
        self.assertEqual(self.ask()[one.address]["values"], [1])
        self.registered(two.address)
        told = self.ask()
        self.assertEqual((told[one.address]["values"], told[two.address]["values"]), ([1], [2]))
        self.ok(self.clients[0].request("DELETE", f"/nodes/{one.address}"))
        self.assertEqual(set(self.ask()), {two.address})

    def test_no_proxy_is_asked(self):
        # The node of the other tests has the environment of this process; this one names a proxy.
        import os
        proxy = self.serve(answering("200 OK", '{"values":["of the proxy"]}'))
        listener = self.serve(answering("200 OK", '{"values":["its own"]}'))
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            os.environ[name] = f"http://{proxy.address}"
            self.addCleanup(os.environ.pop, name)
        self.add(gossip=False)
        self.post(1, "/nodes/register", {"nodes": [listener.address]})
        self.assertEqual(self.get(1, "/getblocks")["information"][0]["values"], ["its own"])
        self.assertEqual(proxy.calls, 0)
