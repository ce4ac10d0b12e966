"""Networks of real nodes: one tip, one set of balances, one pool, whatever is posted and mined where."""

import statistics
import threading
import time

import wire
from cairn_node import Key, coins, raw, units
from namespaces import needs_namespaces
from network import NetworkTest, wait
from raw_peer import RawPeer
from settings import seeded

ACCOUNTS, TRANSFERS, BLOCKS = 20, 1000, 50


class Meshes(NetworkTest):
    def test_a_thousand_transfers_over_four_nodes(self):
        """Three nodes registered by hand; the fourth knows one of them and learns the rest."""
        random = seeded("network")
        for _ in range(4):
            self.add()
        self.register(0, 1, 2)
        self.register(1, 2)
        self.register(3, 0)
        for i in range(4):
            self.wait_peers(i, 3)
        keys = [Key(wire.sha256(b"network %d" % i)) for i in range(ACCOUNTS)]
        balances = {key.key: self.spec.opening for key in keys}
        nonces, sent, times = dict.fromkeys(balances, 0), [], []
        for block in range(BLOCKS):
            fees = 0
            while len(sent) < TRANSFERS * (block + 1) // BLOCKS:
                sender, recipient = random.choice(keys), random.choice(keys)
                amount, fee = random.randrange(1, wire.COIN // 2), random.randrange(1000)
                transfer = sender.transfer(nonces[sender.key], recipient, amount, fee)
                sent.append(self.post(random.randrange(4), "/transactions/new", raw(transfer))["id"])
                nonces[sender.key] += 1
                balances[sender.key] -= amount + fee
                balances[recipient.key] += amount
                fees += fee
            self.wait_pools(sent[TRANSFERS * block // BLOCKS:])
            miner, where = random.choice(keys), random.randrange(4)
            mined = self.mine(where, 1, miner.address)
            times.append(self.wait_tips(mined["hash"]))
            self.assertEqual(len(mined["transactions"]) - 1, TRANSFERS // BLOCKS)
            balances[miner.key] += 50 * wire.COIN + fees
        tips = [self.status(i) for i in range(4)]
        self.assertEqual({(tip["hash"], tip["index"], tip["pool_length"]) for tip in tips}, {(tips[0]["hash"], BLOCKS + 1, 0)})
        for i in range(4):
            for key in keys:
                account = self.get(i, f"/accounts/{key.address}")
                self.assertEqual((coins(units(account["balance"])), account["nonce"]),
                                 (coins(balances[key.key]), nonces[key.key]))
        chains = [self.clients[i].get("/chain").body for i in range(4)]
        self.assertEqual(chains, [chains[0]] * 4)
        times = sorted(times)
        print(f"{TRANSFERS} transfers and {BLOCKS} blocks over 4 nodes; from a mined block to every tip: median "
              f"{statistics.median(times) * 1000:.0f} ms, the slowest {times[-1] * 1000:.0f} ms")

    def test_transfers_posted_at_one_node_alone_reach_a_node_that_comes_later(self):
        self.add()
        key = Key(wire.sha256(b"early"))
        ids = [self.post(0, "/transactions/new", raw(key.transfer(nonce, key, 1)))["id"] for nonce in range(10)]
        self.add()
        self.register(1, 0)
        self.wait_pools(ids)

    def test_ten_nodes_in_a_line(self):
        """Each lets its neighbours in and nobody else, so that a block has nine links to go."""
        count = 10
        for _ in range(count):
            self.add()
        keys = []
        for node in self.nodes:
            with RawPeer(node.port) as peer:
                keys.append(peer.connect().theirs["key"].hex())
        for i, node in enumerate(self.nodes):
            node.stop()
            for j in (i - 1, i + 1):
                if 0 <= j < count:
                    node.arguments += ["--allow-node", keys[j]]
            self.restart(i)
        for i in range(count - 1):
            self.register(i, i + 1)
        for i in range(count):
            wait(lambda i=i: self.status(i)["peers"] == (1 if i in (0, count - 1) else 2), f"node {i} has its neighbours")
        before = [self.peer_bytes(i) for i in range(count)]
        key = Key(wire.sha256(b"line"))
        ident = self.post(0, "/transactions/new", raw(key.transfer(0, key, 1)))["id"]
        begin = time.monotonic()
        wait(lambda: self.pool(count - 1) == {ident}, "the transfer is at the other end")
        transfer_s = time.monotonic() - begin
        mined = self.mine(0)
        begin = time.monotonic()
        wait(lambda: self.tip(count - 1) == mined["hash"], "the block is at the other end")
        block_s = time.monotonic() - begin
        self.wait_tips(mined["hash"])
        links = []
        for i in range(count - 1):
            after = self.peer_bytes(i)
            links.append(max((a[0] or 0) + (a[1] or 0) - sum(x or 0 for x in before[i].get(address, (0, 0)))
                             for address, a in after.items()))
        back = self.mine(count - 1)
        began = time.monotonic()
        wait(lambda: self.tip(0) == back["hash"], "and one comes back")
        print(f"ten in a line, nine links: a transfer {transfer_s * 1000:.0f} ms, a block of {mined['size']} bytes "
              f"{block_s * 1000:.0f} ms, back {(time.monotonic() - began) * 1000:.0f} ms; bytes a link for both, with "
              f"pings: {links}")

    def test_blocks_mined_at_once_on_all_end_in_one_tip(self):
        for _ in range(4):
            self.add()
        self.register(0, 1, 2, 3)
        self.register(1, 2, 3)
        threads = [threading.Thread(target=lambda i=i: self.nodes[i].client().post("/mine?count=25")) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        # Two tips of the same work may stand side by side until the next block.
        wait(lambda: len({self.status(i)["index"] for i in range(4)}) == 1, "the same length")
        self.wait_tips(self.mine(0)["hash"])
        self.assertEqual({self.status(i)["issued"] for i in range(4)}, {self.status(0)["issued"]})


@needs_namespaces
class Cables(NetworkTest):
    """Hosts of their own, so that a cable can be cut."""
    APART = True

    def setUp(self):
        self.switch = self.add_hosts(3)
        self.register(0, 1, 2)
        self.register(1, 2)
        self.tips = self.mine(0, 2)["hash"]
        self.wait_tips(self.tips)
        self.keys = [Key(wire.sha256(b"cable %d" % i)) for i in range(4)]

    def part(self, one, other):
        """Host 2 alone mines three blocks, the others five; a transfer by either sender on its side."""
        self.switch.cut(2)
        alone = self.post(2, "/transactions/new", raw(one.transfer(0, self.keys[2], 5)))["id"]
        self.mine(2, 3)
        most = self.post(0, "/transactions/new", raw(other.transfer(0, self.keys[3], 7)))["id"]
        tip = self.mine(0, 5)["hash"]
        self.wait_tips(tip, (0, 1))
        self.assertEqual(self.status(2)["index"], 6)
        self.switch.heal(2)
        begin = time.monotonic()
        self.wait_tips(tip, seconds=120)
        print(f"one tip {time.monotonic() - begin:.1f} s after the cable was mended")
        return alone, most

    def test_when_the_cut_heals_the_losers_transfer_is_mined_later(self):
        alone, most = self.part(self.keys[0], self.keys[1])
        self.wait_pools({alone})
        tip = self.mine(1)
        self.assertIn(alone, [t["id"] for t in tip["transactions"]])
        self.wait_tips(tip["hash"])
        for i in range(3):
            for ident in (alone, most):
                self.assertEqual(self.get(i, f"/transactions/{ident}")["status"], "confirmed")

    def test_with_one_sender_on_both_sides_the_loser_is_dropped_with_the_reason(self):
        alone, most = self.part(self.keys[0], self.keys[0])
        dropped = self.get(2, f"/transactions/{alone}")
        self.assertEqual(dropped["status"], "dropped")
        self.assertRegex(dropped["reason"], "nonce")
        self.assertTrue(any("dropped" in line and alone in line for line in self.nodes[2].log.splitlines()))
        self.assertEqual(self.get(2, f"/transactions/{most}")["status"], "confirmed")
        self.wait_pools(set())

    def test_a_cut_host_is_noticed_and_the_others_go_on(self):
        self.switch.cut(2)
        begin = time.monotonic()
        self.wait_tips(self.mine(0)["hash"], (0, 1), seconds=5)
        wait(lambda: self.status(0)["peers"] == 1, "the silence of the third is noticed", 130)
        print(f"a cable that is cut is noticed after {time.monotonic() - begin:.0f} s")
        self.switch.heal(2)
        self.wait_tips(self.tip(0), seconds=330)
