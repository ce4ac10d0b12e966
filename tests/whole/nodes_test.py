"""/nodes/register, GET /nodes, DELETE /nodes/…: a sentence per node, nothing poisonous stored, nobody delayed."""

import json
import threading
import time

import wire
from cairn_node import run
from network import NetworkTest, wait
from raw_peer import RawPeer
from servers import Listener, answering, read_head, unused_port
from settings import needs_disk

# Refused whole: nothing of these is stored, and no packet is sent. Row 53 of the fault list.
FORBIDDEN = (
    # link-local, where clouds keep their secrets, in all its clothes
    "169.254.169.254", "http://169.254.169.254", "169.254.169.254:5001", "[::ffff:169.254.169.254]:5001",
    "[::ffff:a9fe:a9fe]:5001", "[64:ff9b::a9fe:a9fe]:5001", "[64:ff9b::169.254.169.254]:5001", "[2002:a9fe:a9fe::1]:5001",
    "[fe80::1]:5001", "[febf::1]:5001",
    # multicast, broadcast, reserved, "this network"
    "224.0.0.1:5001", "239.255.255.250:5001", "255.255.255.255:5001", "240.0.0.1:5001", "0.1.2.3:5001",
    "[ff02::1]:5001", "[ff05::2]:5001", "[::ffff:224.0.0.1]:5001",
    # numbers in disguise
    "2130706433:5001", "http://2852039166/", "0x7f000001:5001", "0x7f.0.0.1:5001", "0177.0.0.1:5001", "017700000001:5001",
    "127.1:5001", "127.0.1:5001", "0xa9fea9fe:5001", "0251.0376.0251.0376:5001", "256.1.1.1:5001", "1.2.3.4.5:5001",
    # ports of other services
    "127.0.0.1:22", "http://127.0.0.1:22/", "127.0.0.1:25", "127.0.0.1:53", "127.0.0.1:2049", "127.0.0.1:6000",
    # other schemes, credentials, paths
    "file:///etc/passwd", "ftp://127.0.0.1:5001", "gopher://127.0.0.1:5001/_x", "http://user:pw@127.0.0.1:5001",
    "http://127.0.0.1:5001@169.254.169.254", "http://127.0.0.1:5001/path", "http://127.0.0.1:5001/?q", "http://127.0.0.1:5001/#f",
    "http://127.0.0.1:5001\\@evil", "dict://127.0.0.1:11211/", "javascript:alert(1)", "unix:/var/run/docker.sock",
    # no address at all
    "", " ", "http://", "://", ":5001", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:99999", "127.0.0.1:-1",
    "127.0.0.1:5001:5002", "[::1", "::1:5001x", "[::1]5001", "a b:5001", "a\tb:5001", "a\r\nHost: x:5001", "a\u0000b:5001",
    "ex\u00e4mple:5001", "-a:5001", "a..b:5001", "x" * 300 + ":5001", "%31%32%37.0.0.1:5001", "127.0.0.1%00:5001",
    "\u2460\u2461\u2466.0.0.1:5001", "127\u30020.0.1:5001",
)


class Registering(NetworkTest):
    APART = True

    def report(self, entry, i=0):
        """What a request with this one entry is told of it."""
        answer = self.clients[i].post("/nodes/register", {"nodes": [entry]})
        told = self.ok(answer, 201, 400)
        self.assertEqual(len(told["nodes"]), 1, told)
        return answer.status, told["nodes"][0]

    def registered(self, i=0):
        return {node["address"]: node for node in self.get(i, "/nodes")["registered"]}

    def test_targets_that_are_forbidden_are_refused_in_words_and_not_stored(self):
        self.add()
        self.assertGreaterEqual(len(FORBIDDEN), 40)
        with Listener(port=0) as trap:
            entries = (*FORBIDDEN, f"http://user@127.0.0.1:{trap.port}", f"ftp://127.0.0.1:{trap.port}",
                       f"http://127.0.0.1:{trap.port}/x", f"2130706433:{trap.port}", f"0x7f000001:{trap.port}",
                       f"127.1:{trap.port}", f"0177.0.0.1:{trap.port}", f"http://127.0.0.1:{trap.port}#@x")
            for entry in entries:
                with self.subTest(entry[:60]):
                    status, told = self.report(entry)
                    self.assertEqual(status, 400, told)
                    self.assertIs(told["connected"], False)
                    self.assertGreater(len(told["detail"]), 10, told)
            self.assertEqual(self.get(0, "/nodes"), {"peers": [], "registered": []})
            # All of them are over when one more that is refused and one that is dialled are answered.
            self.report(f"127.0.0.1:{unused_port()}")
            self.assertEqual(trap.calls, 0, "a forbidden spelling was connected to")
        print(f"{len(entries)} forbidden targets, none stored, no connection")

    def test_entries_that_are_no_texts(self):
        self.add()
        for entry in (5, None, [], {}, True, 1.5, ["127.0.0.1:5001"]):
            with self.subTest(entry):
                status, told = self.report(entry)
                self.assertEqual(status, 400)
                self.assertIn("Expected", told["detail"])

    def test_lists_that_are_none(self):
        self.add()
        for body in ({}, {"nodes": []}, {"nodes": 5}, {"nodes": None}, {"nodes": {}}, {"nodes": ""}, {"nodes": ["a:1"] * 257}):
            with self.subTest(str(body)[:40]):
                answer = self.clients[0].post("/nodes/register", body)
                self.assertEqual((answer.status, answer.json["field"]), (400, "nodes"))

    def test_what_is_usable_is_kept_reachable_or_not_and_in_every_form(self):
        self.add()
        ports = [unused_port() for _ in range(5)]
        told = self.ok(self.clients[0].post("/nodes/register", {"nodes": [
            f"http://127.0.0.1:{ports[0]}", f"127.0.0.1:{ports[1]}", "ftp://x"]}), 201)
        self.assertEqual(told["message"], "New nodes have been added")
        self.assertEqual(set(told["total_nodes"]), {f"127.0.0.1:{port}" for port in ports[:2]})
        self.assertEqual([report["connected"] for report in told["nodes"]], [False] * 3)
        form = self.clients[0].post("/nodes/register", f"nodes=127.0.0.1:{ports[2]},0.0.0.0:{ports[3]}",
                                    {"Content-Type": "application/x-www-form-urlencoded"})
        self.ok(form, 201)
        total = self.ok(self.clients[0].post("/nodes/register", {"nodes": f"ws://127.0.0.1:{ports[4]}/"}), 201)["total_nodes"]
        self.assertEqual(set(total), {f"127.0.0.1:{port}" for port in ports})
        self.assertEqual(set(self.registered()), set(total))
        self.assertEqual({entry["node"] for entry in self.get(0, "/getblocks")["information"]}, set(total))
        for address in total:
            self.ok(self.clients[0].request("DELETE", f"/nodes/{address}"), 200)
        gone = self.clients[0].request("DELETE", f"/nodes/{total[0]}")
        self.assertEqual(gone.status, 404)
        self.assertIn("none is registered", gone.json["detail"])
        self.assertEqual(self.get(0, "/getblocks")["information"], [])

    def test_each_kind_of_trouble_has_its_sentence(self):
        self.add()
        self.add()                      # a good one
        self.add(chain="main")          # of another chain
        refused = f"127.0.0.1:{unused_port()}"

        def greets(link):
            link.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
            read_head(link)  # closed before that, the greeting could be lost to a reset

        plain, ssh, silent = (Listener(serve) for serve in (
            answering("404 Not Found", "nothing"), greets, None))
        for listener in (plain, ssh, silent):
            self.addCleanup(listener.close)
        entries = [self.address(1), refused, plain.address, ssh.address, silent.address, self.address(2), self.address(0),
                   "169.254.169.254:5001", "nobody.invalid:5001"]
        begin = time.monotonic()
        told = self.ok(self.clients[0].post("/nodes/register", {"nodes": entries}), 201)
        took = time.monotonic() - begin
        reports = dict(zip(entries, told["nodes"]))
        for entry, report in reports.items():
            print(f"  {entry}: {report['detail']}")
            self.assertEqual(report["connected"], entry == self.address(1), report)
        self.assertIn("listens", reports[refused]["detail"])
        self.assertIn("no Cairn node", reports[plain.address]["detail"])
        self.assertIn("no Cairn node", reports[ssh.address]["detail"])
        self.assertIn("another chain", reports[self.address(2)]["detail"])
        self.assertIn(wire.shown(wire.MAIN.genesis().hash()), reports[self.address(2)]["detail"])
        self.assertIn("itself", reports[self.address(0)]["detail"])
        self.assertNotIn("169.254.169.254:5001", told["total_nodes"])
        self.assertNotIn(self.address(0), told["total_nodes"], "it registered itself")
        self.assertLess(took, 20, "an answer within the limit whatever the nodes are")
        print(f"/nodes/register of {len(entries)} entries, a silent one among them: {took:.1f} s")

    def test_a_dead_node_never_delays_the_others(self):
        self.add()
        self.add()
        with Listener() as silent:
            told = threading.Thread(target=lambda: self.nodes[0].client().post(
                "/nodes/register", {"nodes": [silent.address, self.address(1)]}))
            told.start()
            begin = time.monotonic()
            self.wait_peers(0, 1)
            tip = self.mine(0)["hash"]
            self.wait_tips(tip)
            self.assertIsNot(told.is_alive() and time.monotonic() - begin > 5, True)
            told.join()

    def test_registering_again_changes_nothing(self):
        self.add()
        self.add()
        first = self.register(0, 1)
        self.assertEqual(self.register(0, 1)["total_nodes"], first["total_nodes"])
        self.assertEqual(self.status(0)["peers"], 1)

    def test_both_ways_is_one_connection(self):
        self.add()
        self.add()
        self.register(0, 1)
        self.register(1, 0)
        wait(lambda: self.status(0)["peers"] == self.status(1)["peers"] == 1, "one connection each")

    def test_the_list_of_nodes_shows_each_tip_as_it_is(self):
        self.add()
        self.add()
        self.register(0, 1)
        self.wait_peers(0, 1)
        for miner in (0, 1, 0):  # whoever follows tells so too
            tip = self.mine(miner)["hash"]
            self.wait_tips(tip)
            for node in (0, 1):
                wait(lambda node=node: [peer["hash"] for peer in self.get(node, "/nodes")["peers"]] == [tip], "the other's tip")

    def test_the_list_of_nodes_tells_who_they_are(self):
        self.add()
        self.add()
        self.mine(1, 3)
        self.register(0, 1)
        self.wait_tips(self.tip(1))
        listed = self.get(0, "/nodes")
        (peer,), (registered,) = listed["peers"], listed["registered"]
        self.assertEqual((peer["address"], peer["direction"]), (self.address(1), "out"))
        self.assertEqual((registered["address"], registered["state"]), (self.address(1), "connected"))
        self.assertEqual((peer["index"], peer["hash"]), (4, self.tip(1)))
        self.assertEqual(len(peer["key"]), 64)
        self.assertGreater(peer["bytes_in"], 0)
        self.assertGreater(peer["bytes_out"], 0)
        self.assertIn("cairn", peer["agent"])
        (other,) = self.get(1, "/nodes")["peers"]
        self.assertEqual(other["direction"], "in")
        self.assertNotEqual(other["key"], peer["key"])

    def test_a_removed_node_is_left_and_not_dialled_again(self):
        self.add()
        self.add()
        self.register(0, 1)
        answer = self.ok(self.clients[0].request("DELETE", f"/nodes/{self.address(1)}"), 200)
        self.assertEqual(answer["total_nodes"], [])
        wait(lambda: self.status(0)["peers"] == 0, "the connection is closed")
        self.assertEqual(self.registered(), {})

    @needs_disk
    def test_registered_nodes_outlive_the_process_and_are_redialled(self):
        self.add()
        self.add()
        self.register(0, 1)
        self.nodes[0].kill()
        self.restart(0)
        self.assertEqual(set(self.registered()), {self.address(1)})
        self.wait_peers(0, 1)
        self.nodes[1].kill()
        wait(lambda: self.status(0)["peers"] == 0, "the loss is noticed")
        self.restart(1)
        begin = time.monotonic()
        self.wait_peers(0, 1)
        print(f"redialled {time.monotonic() - begin:.1f} s after it was back")

    def test_another_key_at_a_registered_address_is_refused(self):
        self.add()
        self.add()
        self.register(0, 1)
        port = self.nodes[1].port
        self.nodes[1].kill()
        impostor = self.add(datadir=self.folder() / "impostor")
        impostor.stop()
        impostor.start(port=port)
        self.clients[2].port = port
        tip = self.mine(2)["hash"]
        wait(lambda: "key" in self.registered()[self.address(1)].get("last_error", ""), "the other key is named")
        self.assertNotEqual(self.tip(0), tip)

    def test_after_a_restart_nobody_is_dialled_or_let_in_until_asked(self):
        self.add()
        self.add()
        self.register(0, 1)
        self.mine(0, 5)
        self.wait_tips(self.tip(0))
        self.post(0, "/restart")
        wait(lambda: self.status(0)["peers"] == 0, "it falls silent")
        self.assertEqual(self.status(0)["index"], 1)
        # Neither out (the other is registered here) nor in (the other dials).
        self.ok(self.clients[1].post("/nodes/register", {"nodes": [self.address(0)]}), 201)
        with RawPeer(self.nodes[0].port) as peer:
            self.assertNotEqual(peer.upgrade(), None)
            peer.until_closed(15)
        self.assertEqual((self.status(0)["index"], self.status(0)["peers"]), (1, 0))
        # Also over a start of the process.
        self.nodes[0].kill()
        self.restart(0)
        self.assertEqual((self.status(0)["index"], self.status(0)["peers"]), (1, 0))
        self.register(0, 1)
        self.wait_tips(self.tip(1))

    def test_the_flags_that_dial_and_that_let_in(self):
        self.add()
        dialler = self.add("--connect", self.address(0))
        self.wait_peers(1, 1)
        self.assertEqual(self.registered(1), {}, "--connect is not stored")
        key = self.get(0, "/nodes")["peers"][0]["key"]
        self.add("--allow-node", key)
        with RawPeer(self.nodes[2].port) as stranger:
            stranger.upgrade()
            try:
                stranger.shake_hands()
                stranger.until_closed(15)
            except Exception as closed:
                self.assertIn("losed", type(closed).__name__)
        self.assertEqual(self.status(2)["peers"], 0)
        self.register(1, 2)
        self.wait_peers(2, 1)
        del dialler
