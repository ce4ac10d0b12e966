"""Whoever answers at a registered node's address while it is down, and what his words change: nothing that is kept."""

import contextlib

import raw_peer
import wire
from network import NetworkTest, wait
from raw_peer import Closed, RawListener
from servers import Listener
from settings import needs_disk

OTHER_GENESIS = wire.MAIN.genesis().hash()


def impostor(key=None, genesis=None, sign=False):
    """Answers each upgrade, says `version` with another's genesis or key, and proves nothing."""

    def serve(link):
        peer = RawListener(link)
        with contextlib.suppress(Closed, TimeoutError, AssertionError):
            peer.answer_upgrade()
            peer.shake_hands(genesis=genesis, key=key, sign=sign)
            peer.until_closed(20)

    return serve


@needs_disk
class Impostor(NetworkTest):
    APART = True

    def registered(self, i=0):
        return {node["address"]: node for node in self.get(i, "/nodes")["registered"]}

    def own_key(self, i):
        with raw_peer.RawPeer(self.nodes[i].port) as peer:
            return peer.connect().theirs["key"]

    def lies(self):
        ours = self.own_key(0)
        return {
            "of another chain": (impostor(genesis=OTHER_GENESIS), "it is of another chain"),
            "our own key": (impostor(key=ours), "that is this node itself"),
            "another's key, unproven": (impostor(key=wire.sha256(b"no key of mine")), "finish the handshake"),
            "another key, proven": (impostor(sign=True), "another key than at first contact"),
            "no Cairn at all": (lambda link: link.close(), "closed the connection"),
        }

    def test_a_node_that_was_met_stays_registered_with_its_key(self):
        self.add()
        lies = self.lies()
        for _ in lies:
            self.add()
        self.register(0, *range(1, len(self.nodes)))
        kept = self.registered()
        with contextlib.ExitStack() as listeners:
            for i, (serve, _) in enumerate(lies.values(), 1):
                self.nodes[i].kill()
                listeners.enter_context(Listener(serve, port=self.nodes[i].port))
            for i, (name, (_, words)) in enumerate(lies.items(), 1):
                with self.subTest(name):
                    address = self.address(i)
                    said = wait(lambda address=address, words=words: words in (self.registered()[address].get("last_error") or "")
                                and self.registered()[address], f"the error is shown: {words}", 60)
                    self.assertEqual(said["key"], kept[address]["key"])
                    # Asked again by the operator: he is told, and it stays.
                    told = self.post(0, "/nodes/register", {"nodes": [address]})
                    self.assertEqual(told["nodes"][0]["detail"][:7], "stored;", told)
                    self.assertEqual(self.registered()[address]["key"], kept[address]["key"])
        for i in range(1, len(self.nodes)):
            self.restart(i)
        for address in kept:
            wait(lambda address=address: self.registered()[address]["state"] == "connected", f"{address} is found again", 60)
        # What is on the disk is the same.
        self.nodes[0].stop()
        self.restart(0)
        self.assertEqual({address: node["key"] for address, node in self.registered().items()},
                         {address: node["key"] for address, node in kept.items()})

    def test_a_node_that_was_never_met_stays_registered(self):
        self.add()
        with Listener() as free:
            port = free.port
        address = f"127.0.0.1:{port}"
        self.assertTrue(self.post(0, "/nodes/register", {"nodes": [address]})["nodes"][0]["detail"].startswith("stored;"))
        with Listener(impostor(genesis=OTHER_GENESIS), port=port):
            wait(lambda: "another chain" in (self.registered()[address].get("last_error") or ""), "the error is shown", 60)
        self.assertIn(address, self.registered())

    def test_what_answers_a_first_registration_with_another_chain_is_not_stored(self):
        self.add()
        with Listener(impostor(genesis=OTHER_GENESIS)) as other:
            told = self.ok(self.clients[0].post("/nodes/register", {"nodes": [other.address]}), 201, 400)
            self.assertIn("not stored: it is of another chain", told["nodes"][0]["detail"])
        self.assertEqual(self.registered(), {})
