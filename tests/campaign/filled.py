"""A node with something in it: a chain, one full block, transfers that wait.

All of it comes over HTTP, as from anybody, on chains with free openings and without.
"""

import dataclasses
import json

import wire
from cairn_node import query
from signer import FastKey

SENDERS, BATCH = 32, 4_000
OF_HEAVY = 5_000  # what one sender may have pending at most
FEE, TRANSFER = 2_000, 154
MINE_AT_ONCE = 500


@dataclasses.dataclass
class Filled:
    spec: wire.Spec
    senders: list
    nonces: dict            # key -> the next one
    miner: FastKey          # has a row of history a block
    heavy: FastKey          # has the most transfers pending
    tip: str
    index: int
    full_index: int         # of the full block; 0: none
    full_hash: str
    confirmed: list         # ids in the full block
    pending: list           # transfers


def _ok(answer):
    if answer.status not in (200, 201):
        raise AssertionError(repr(answer))
    return answer.json


class Filler:
    """`client` may mine (it is logged in, or the node asks for no log-in)."""

    def __init__(self, client, spec, seed=b"filled"):
        self.client, self.spec = client, spec
        self.senders = [FastKey(wire.sha256(seed + b" %d" % i), spec) for i in range(SENDERS)]
        self.nonces = {key.key: 0 for key in self.senders}

    def mine(self, count, to):
        last = None
        while count > 0:
            last = _ok(self.client.post("/mine" + query(count=min(count, MINE_AT_ONCE), to=to.address)))
            count -= MINE_AT_ONCE
        return last

    def signed(self, sender, amount=1):
        nonce = self.nonces[sender.key]
        self.nonces[sender.key] += 1
        return sender.transfer(nonce, self.senders[0], amount, FEE)

    def post(self, transfers):
        for begin in range(0, len(transfers), BATCH):
            entries = [{"raw": one.encode().hex()} for one in transfers[begin:begin + BATCH]]
            answer = _ok(self.client.post("/transactions/batch", json.dumps({"transactions": entries})))
            if answer["accepted"] != len(entries):
                bad = next(result for result in answer["results"] if "error" in result)
                raise AssertionError(f"{answer['accepted']} of {len(entries)} accepted: {bad}")

    def spread(self, count):
        """Transfers of all senders but the first in turn."""
        others = self.senders[1:]
        return [self.signed(others[i % len(others)]) for i in range(count)]

    def fill(self, blocks=2_000, full=None, pending=20_000):
        """`full`: transfers in the block that is to be large; as many as it can hold unless said."""
        full = self.spec.max_block // TRANSFER if full is None else full
        miner, heavy = self.senders[0], self.senders[0]
        if not self.spec.opening:  # each earns a block first
            for sender in self.senders[1:]:
                self.mine(1, sender)
        self.mine(max(1, blocks - len(self.senders) - 1 if not self.spec.opening else blocks - 1), miner)
        block = {"index": 0, "hash": "", "transactions": []}
        if full:
            self.post(self.spread(full))
            block = self.mine(1, miner)
        waiting = [self.signed(heavy) for _ in range(min(OF_HEAVY, pending))]
        waiting += self.spread(pending - len(waiting))
        self.post(waiting)
        status = _ok(self.client.get("/status"))
        return Filled(self.spec, self.senders, self.nonces, miner, heavy, status["hash"], status["index"],
                      block["index"], block["hash"], [one["id"] for one in block["transactions"]], waiting)
