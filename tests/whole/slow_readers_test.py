"""Several peers at once that read more slowly than the node can write: each gets what it asked for."""

import socket
import sys
import threading

import raw_peer
import wire
from network import NetworkTest
from raw_peer import RawPeer
from settings import ROOT

sys.path.append(str(ROOT / "tests/campaign"))

from filled import Filler  # noqa: E402  (it stands with what the scripts share)

PEERS, TRANSFERS, TIMES = 6, 500, 60
RECEIVE_BUFFER = 32 * 1024  # a fraction of a block: the node has to wait in the middle of each


class SlowReaders(NetworkTest):
    def blocks(self):
        """A block for each peer, all of them different: (hash, bytes)."""
        filler, made = Filler(self.clients[0], self.spec), []
        for i in range(PEERS):
            filler.post(filler.spread(TRANSFERS + 100 * i))
            digest = filler.mine(1, filler.senders[0])["hash"]
            shown = self.clients[0].get(f"/blocks/{digest}?format=hex").body
            made.append((wire.hidden(digest), bytes.fromhex(shown.decode())))
        return made

    def read(self, node, digest, block, wrong):
        """Asks many times for one block; says what came in its place."""
        with RawPeer(node.port, self.spec, timeout=30) as peer:
            peer.link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
            peer.connect()
            peer.send(raw_peer.items(raw_peer.GETDATA, [(raw_peer.BLOCK_ITEM, digest)] * TIMES))
            try:
                for i in range(TIMES):
                    if (came := peer.expect(raw_peer.BLOCK)) != block:
                        return wrong.append(f"block {i} is another: {len(came)} bytes of {len(block)}")
            except Exception as error:
                wrong.append(f"{type(error).__name__} {str(error)[:200]}")
        return None

    def test_each_gets_the_bytes_that_it_asked_for(self):
        node, wrong = self.add(), []
        threads = [threading.Thread(target=self.read, args=(node, *block, wrong)) for block in self.blocks()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])
