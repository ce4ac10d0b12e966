"""A node on a disk of 40 MiB that fills up under load, by seed.

One round: senders and a miner write until the disk is full; readers read all the while; then room is
made, and the node has to find back by itself. Nothing that was acknowledged may be lost, no read may
fail, and no process may end by a signal. In some rounds it is also started on the full disk.
"""

import contextlib
import http.client
import pathlib
import random
import threading
import time

from cairn_node import Node, StartFailed, run
from mounts import Mount

DISK = 40 << 20
RECOVER_S = 10
FULL_S = 120  # in which the load must have filled what is left
SENDERS, READERS = 3, 2
PATHS = ("/chain?limit=20", "/blocks?limit=5", "/status", "/pool", "/healthz", "/accounts/anna")


class Broken(Exception):
    """What must not happen has happened."""


class Load:
    """Writers and readers of one node, until they are told to end."""

    def __init__(self, node, seed):
        self.node, self.seed = node, seed
        self.changed = threading.Condition()
        self.acknowledged, self.blocks, self.reads = [], [], 0
        self.refused, self.accepted_at, self.refused_at = 0, 0.0, 0.0
        self.surprises, self.over = [], False
        works = [self.send] * SENDERS + [self.mine] + [self.read] * READERS
        self.threads = [threading.Thread(target=self._drive, args=(work, i), daemon=True)
                        for i, work in enumerate(works)]
        for thread in self.threads:
            thread.start()

    def _drive(self, work, number):
        chance = random.Random(f"{self.seed} {number}")
        client = self.node.client(timeout=30)
        try:
            while not self.over:
                work(client, chance)
        except (OSError, http.client.HTTPException, Broken) as surprise:
            with self.changed:
                if not self.over:
                    self.surprises.append(f"{work.__name__}: {surprise!r}")
                self.changed.notify_all()
        finally:
            client.close()

    def _count(self, answer, kept, what):
        with self.changed:
            if answer.status in (200, 201):
                kept.append(what(answer.json))
                self.accepted_at = time.monotonic()
            elif answer.status == 503:
                self.refused += 1
                self.refused_at = time.monotonic()
            elif answer.status != 429:
                raise Broken(repr(answer))
            self.changed.notify_all()
        if answer.status not in (200, 201):
            time.sleep(0.02)

    def send(self, client, chance):
        body = {"sender": f"name{chance.randrange(50)}", "recipient": f"name{chance.randrange(50)}",
                "amount": "0.00000001", "memo": "".join(chance.choices("abcdefghijklmnop", k=600))}
        self._count(client.post("/transactions/new", body), self.acknowledged, lambda json: json["id"])

    def mine(self, client, chance):
        self._count(client.post(f"/mine?to=name{chance.randrange(50)}"), self.blocks,
                    lambda json: (json["index"], json["hash"]))

    def read(self, client, chance):
        answer = client.get(chance.choice(PATHS))
        if answer.status != 200:
            raise Broken(repr(answer))
        self.reads += 1

    def wait(self, what, seconds, sentence):
        with self.changed:
            if not self.changed.wait_for(lambda: self.surprises or what(), seconds):
                raise Broken(f"{sentence}\n{self.node.log[-2000:]}")
        self.check()

    def check(self):
        if self.surprises:
            raise Broken("; ".join(self.surprises) + "\n" + self.node.log[-2000:])

    def end(self):
        self.over = True
        for thread in self.threads:
            thread.join(60)
        self.check()


def ballast(disk, leave):
    """Takes all of the disk but so many bytes."""
    with contextlib.suppress(OSError), (disk.place / "ballast").open("ab", buffering=0) as file:
        while (room := disk.free() - leave) > 0:
            file.write(bytes(min(room, 1 << 20)))


def check(node, load):
    with contextlib.closing(node.client()) as client:
        chain, confirmed = {}, set()
        for block in client.get("/chain").json["chain"]:
            chain[block["index"]] = block["hash"]
            confirmed.update(transaction["id"] for transaction in block["transactions"])
        pool = {transaction["id"] for transaction in client.get("/pool").json["pool"]}
    lost = [ident for ident in load.acknowledged if ident not in confirmed and ident not in pool]
    if lost:
        raise Broken(f"{len(lost)} acknowledged transfers are gone, {lost[0]} among them")
    for index, found in load.blocks:
        if chain.get(index) != found:
            raise Broken(f"the acknowledged block {index} is gone")


def start_on_full(node, disk):
    """It does not start, and says why; or it starts, for there is room enough after all."""
    ballast(disk, 0)
    try:
        node.start()
        if node.stop() != 0:
            raise Broken("a bad end on a full disk\n" + node.log[-2000:])
    except StartFailed as failed:
        if failed.code is not None and failed.code < 0 or failed.code == 134:
            raise Broken(f"ended by a signal at start: {failed}") from None
        if "cairn: " not in failed.output:
            raise Broken(f"ended without a sentence: {failed}") from None
    (disk.place / "ballast").unlink()


def fill(folder, seed):
    """One round; what it took, as a line. Raises Broken."""
    chance = random.Random(f"fill {seed}")
    disk = Mount(pathlib.Path(folder) / "disk", size=DISK)
    with disk:
        node = Node(disk.place / "data").start()
        try:
            return _fill(node, disk, chance, seed)
        finally:
            if node.process:
                node.kill()


def _fill(node, disk, chance, seed):
    begin = time.monotonic()
    load = Load(node, seed)
    slowest = 0.0
    for _ in range(chance.randrange(1, 3)):
        before = load.refused
        load.wait(lambda: len(load.acknowledged) > 20 and load.blocks, FULL_S, "nothing was accepted")
        ballast(disk, chance.choice((0, 4096, 300_000, 1_500_000, chance.randrange(3 << 20))))
        load.wait(lambda before=before: load.refused > before + 20, FULL_S, "the disk did not become full")
        time.sleep(chance.random() * 3)  # the outage lasts
        freed = time.monotonic()
        (disk.place / "ballast").unlink()
        load.wait(lambda freed=freed: load.accepted_at > freed, RECOVER_S,
                  f"not writable within {RECOVER_S} s of there being room")
        slowest = max(slowest, load.accepted_at - freed)
    load.end()
    check(node, load)
    ended = node.stop()
    if ended != 0:
        raise Broken(f"ended with {ended}\n{node.log[-2000:]}")
    if chance.random() < 0.5:
        start_on_full(node, disk)
    done = run("verify", "--datadir", node.datadir, "--chain", "dev")
    if done.returncode:
        raise Broken(done.stderr)
    node.start()
    check(node, load)
    return (f"seed {seed}: {len(load.acknowledged)} transfers, {len(load.blocks)} blocks kept, {load.refused} refused, "
            f"{load.reads} reads answered, writable {slowest:.1f} s after there was room, "
            f"{time.monotonic() - begin:.0f} s")
