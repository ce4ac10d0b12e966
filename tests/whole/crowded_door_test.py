"""Many from one address: a registered node and guests from elsewhere get in all the same."""

import contextlib
import threading

import wire
from network import NetworkTest, wait
from raw_peer import Closed, RawListener, RawPeer
from servers import Listener

CROWD = "127.0.0.2"
GUESTS, HALF_OPEN, TRIES = 64, 100, 60


class Crowd:
    """Upgrades that go no further, from one address, opened anew as they end, until `close`."""

    def __init__(self, port):
        self.port, self.over, self.opened = port, threading.Event(), 0
        self.threads = [threading.Thread(target=self._run, daemon=True) for _ in range(4)]
        for thread in self.threads:
            thread.start()

    def _run(self):
        held = []
        while not self.over.is_set():
            with contextlib.suppress(OSError, Closed, ValueError, IndexError, TimeoutError):
                peer = RawPeer(self.port, source=CROWD, timeout=5, secret=wire.sha256(b"crowd"))
                held.append(peer)
                peer.upgrade()
                self.opened += 1
            if len(held) > HALF_OPEN // 4:
                held.pop(0).close()
        for peer in held:
            peer.close()

    def close(self):
        self.over.set()
        for thread in self.threads:
            thread.join()


class CrowdedDoor(NetworkTest):
    def guests(self):
        """As many as there are places, all from one address."""
        node = self.nodes[0]
        for _ in range(GUESTS):
            peer = RawPeer(node.port, source=CROWD)
            self.addCleanup(peer.close)
            peer.connect()
        self.wait_peers(0, GUESTS)

    def test_a_registered_node_and_a_guest_from_elsewhere_get_in(self):
        node = self.add()
        secret = wire.sha256(b"registered")

        def serve(link):
            peer = RawListener(link, secret=secret)
            with contextlib.suppress(Closed, TimeoutError):
                peer.answer_upgrade()
                peer.shake_hands()
                peer.until_closed(60)

        with Listener(serve) as home:  # where it is met once, and its key pinned
            told = self.post(0, "/nodes/register", {"nodes": [home.address]})
            self.assertTrue(told["nodes"][0]["connected"], told)
        self.guests()
        crowd = Crowd(node.port)
        self.addCleanup(crowd.close)
        wait(lambda: crowd.opened > HALF_OPEN, "a crowd at the door")
        for source in ("127.0.0.1", CROWD):
            let_in = 0
            for _ in range(TRIES // 2):
                with contextlib.suppress(Closed, OSError, AssertionError), RawPeer(node.port, secret=secret, source=source) as peer:
                    peer.connect()
                    peer.ping()
                    let_in += 1
            print(f"registered, from {source}: {let_in} of {TRIES // 2}, {crowd.opened} half-open meanwhile")
            # From elsewhere nothing stands in its way; among the crowd it has to be quicker than they are.
            self.assertGreaterEqual(let_in, TRIES // 2 if source != CROWD else TRIES // 4)
        with RawPeer(node.port, source="127.0.0.3") as stranger:
            stranger.connect()
            stranger.ping()
        self.assertEqual(self.status(0)["index"], 1)
