"""Three nodes and all that may befall them, by seed; after each heal there is one tip and one pool.

A round is a number of acts at random (transfers, blocks, kills, stops, /restart, register, delete, resolve,
gossip on and off, cut cables), then a heal: cables mended, processes up with gossip on, everybody registered
with everybody, one more block. Then tips, pools and accounts must become equal within a bound, and what was
acknowledged must be in the chain or in the pool.

Each round draws from a generator of its own, so that a run goes on at any round; what threads and sockets
make of the acts is not replayed.
"""

import contextlib
import http.client
import json
import pathlib
import random
import threading
import time

import wire
from cairn_node import Node, StartFailed, query, raw, run
from namespaces import Switch, why_not
from network import HostNode
from signer import FastKey

NODES, SENDERS = 3, 12
ACTS, PAUSE_S = (8, 20), 0.8
RESOLVE_S = 3
FEE = 1_000
TROUBLE = (OSError, http.client.HTTPException, AssertionError, ValueError)


class Failed(AssertionError):
    pass


class History:
    """Every act and what came of it, a line of JSON each; from any thread."""

    def __init__(self, path):
        self.path, self.lock, self.begin = pathlib.Path(path), threading.Lock(), time.monotonic()
        self.file = self.path.open("a")

    def tell(self, act, **members):
        with self.lock:
            self.file.write(json.dumps({"s": round(time.monotonic() - self.begin, 3), "act": act} | members, default=float) + "\n")
            self.file.flush()

    def close(self):
        self.file.close()


class Machine:
    """One of the three: a node that may be down, or cut off, or without gossip."""

    def __init__(self, node, place, number):
        self.node, self.place, self.number = node, place, number
        self.gossip, self.cut, self.client, self.arguments = True, False, None, list(node.arguments)

    @property
    def up(self):
        return self.node.process is not None

    @property
    def address(self):
        return f"{getattr(self.node, 'address', '127.0.0.1')}:{self.node.port}"

    def start(self, gossip=True):
        self.gossip = gossip
        self.node.arguments = self.arguments + ([] if gossip else ["--gossip", "off"])
        self.node.start(port=self.node.port or 0)
        self.log_in()

    def log_in(self):
        if self.client:
            self.client.close()
        self.client = self.node.client(timeout=30)
        if isinstance(self.node, HostNode):
            self.client.login("operator", self.node.operator_password())

    def ask(self, method, path, body=None, timeout=30):
        """An answer on a connection of its own, so that threads do not share one."""
        client = self.node.client(self.client.token, timeout)
        try:
            return client.request(method, path, body)
        finally:
            client.close()

    def get(self, path):
        answer = self.ask("GET", path)
        if answer.status != 200:
            raise Failed(f"node {self.number}: {answer!r}")
        return answer.json


class Fuzz:
    def __init__(self, folder, seed, within_s=60, tell=print, acts=ACTS):
        self.folder, self.seed, self.within_s, self.tell, self.acts = pathlib.Path(folder), seed, within_s, tell, acts
        self.folder.mkdir(parents=True, exist_ok=True)
        self.history = History(self.folder / "history.jsonl")
        self.spec, reason = wire.DEV, why_not()
        if reason:
            tell(f"network namespaces are not permitted ({reason}): no cable is cut")
        self.switch = None if reason else Switch(NODES)
        self.machines, self.background = [], []
        self.keys = [FastKey(wire.sha256(f"fuzz {seed} {i}".encode()), self.spec) for i in range(SENDERS)]
        self.nonces = {key.key: 0 for key in self.keys}
        self.unsent, self.holders, self.sent, self.replaced = [], {}, {}, set()
        self.lock = threading.Lock()
        self.slowest = 0.0

    def __enter__(self):
        try:
            for i in range(NODES):
                datadir = self.folder / f"node{i}"
                if self.switch:
                    node = HostNode(datadir, self.switch.names[i], self.switch.address(i), chain="dev", auth="on")
                else:
                    node = Node(datadir, chain="dev")
                self.machines.append(Machine(node, self.switch, i))
                self.machines[-1].start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for machine in self.machines:
            with contextlib.suppress(AssertionError):
                machine.node.kill()
            (self.folder / f"node{machine.number}.log").write_text(machine.node.log)
        if self.switch:
            self.switch.close()
        self.history.close()

    # Acts.

    def round(self, number):
        rng = random.Random(f"{self.seed} {number}")
        self.history.tell("round", number=number, seed=self.seed)
        kinds = [("send", 6), ("mine", 4), ("kill", 2), ("kill_under_load", 2), ("stop", 1), ("start", 4), ("restart", 1),
                 ("register", 2), ("delete", 1), ("resolve", 2), ("gossip", 2), ("replace", 1), ("pause", 3)]
        kinds += [("cut", 2), ("mend", 2)] if self.switch else []
        for _ in range(rng.randrange(*self.acts)):
            act = rng.choices([name for name, _ in kinds], [weight for _, weight in kinds])[0]
            machine = self.machines[rng.randrange(NODES)]
            inner = random.Random(rng.random())
            try:
                getattr(self, f"act_{act}")(machine, inner)
            except StartFailed as failed:
                raise Failed(f"node {machine.number} does not start: {failed}") from failed
            except TROUBLE as trouble:
                self.history.tell(act, node=machine.number, trouble=f"{type(trouble).__name__} {trouble}"[:300])
            self.all_live()
        self.heal(rng)

    def all_live(self):
        """A node that ended by itself is a fault whatever else holds."""
        for machine in self.machines:
            if machine.up and (code := machine.node.process.poll()) is not None:
                raise Failed(f"node {machine.number} ended by itself with {code}: {machine.node.log[-1500:]}")

    def act_pause(self, _, rng):
        seconds = rng.random() * PAUSE_S
        self.history.tell("pause", seconds=round(seconds, 3))
        time.sleep(seconds)

    def act_send(self, machine, rng, count=None):
        if not machine.up:
            return
        again, self.unsent = self.unsent[:20], self.unsent[20:]
        fresh = [self._next(rng) for _ in range(count or rng.randrange(1, 40))]
        self._post(machine, again + fresh)

    def _next(self, rng):
        sender, to = rng.choice(self.keys), rng.choice(self.keys)
        nonce = self.nonces[sender.key]
        self.nonces[sender.key] += 1
        return sender.transfer(nonce, to, 1 + rng.randrange(100), FEE + rng.randrange(1_000))

    def _post(self, machine, transfers):
        """Those that are not acknowledged are posted again later, by whoever comes to it."""
        left = list(transfers)
        accepted, known, answers = 0, 0, {}
        try:
            while left:
                answer = machine.ask("POST", "/transactions/new", raw(left[0]))
                answers[answer.status] = answers.get(answer.status, 0) + 1
                if answer.status not in (200, 201):
                    rule = answer.json.get("rule") or answer.json.get("detail", "")[:80]
                    answers[rule] = answers.get(rule, 0) + 1
                    refused = left.pop(0)
                    with self.lock:
                        if answer.status == 409:  # another of that nonce pays more, or is in the chain
                            self.replaced.add(wire.shown(refused.txid()))
                        else:
                            self.unsent.append(refused)
                    continue
                self._acknowledged(machine, left.pop(0), answer.json["id"])
                accepted += answer.status == 201
                known += answer.status == 200
        finally:
            with self.lock:
                self.unsent += left
            self.history.tell("send", node=machine.number, accepted=accepted, known=known, left=len(left), answers=answers)

    def _acknowledged(self, machine, transfer, ident):
        with self.lock:
            self.sent[ident] = transfer
            self.holders.setdefault(ident, set()).add(machine.number)

    def act_replace(self, machine, rng):
        """A transfer that waits is outbid; of the two one is to be left everywhere."""
        if not machine.up:
            return
        waiting = [one["id"] for one in machine.get("/pool")["pool"]]
        mine = [ident for ident in waiting if ident in self.sent]
        if not mine:
            return
        old = self.sent[rng.choice(mine)]
        sender = next(key for key in self.keys if key.key == old.sender)
        new = sender.transfer(old.nonce, old.recipient, old.amount, old.fee * 2 + 1_000)
        answer = machine.ask("POST", "/transactions/new", raw(new))
        self.history.tell("replace", node=machine.number, nonce=old.nonce, status=answer.status)
        if answer.status == 201:
            with self.lock:
                self.replaced |= {wire.shown(old.txid()), wire.shown(new.txid())}
            self._acknowledged(machine, new, answer.json["id"])

    def act_mine(self, machine, rng):
        if not machine.up:
            return
        count = rng.choice((1, 1, 1, 2, 3, 8, 40))
        answer = machine.ask("POST", "/mine" + query(count=count, to=rng.choice(self.keys).address))
        self.history.tell("mine", node=machine.number, count=count, status=answer.status,
                          index=answer.json.get("index"), hash=answer.json.get("hash"))

    def act_kill(self, machine, rng):
        if machine.up:
            machine.node.kill()
            self.history.tell("kill", node=machine.number)

    def act_kill_under_load(self, machine, rng):
        if not machine.up:
            return
        begin = random.Random(rng.random())

        def load():
            with contextlib.suppress(*TROUBLE):
                self.act_send(machine, begin, 150)

        sender = threading.Thread(target=load)
        sender.start()
        time.sleep(rng.random() * 0.2)
        machine.node.kill()
        sender.join()
        self.history.tell("kill under load", node=machine.number)

    def act_stop(self, machine, rng):
        if machine.up:
            code = machine.node.stop()
            self.history.tell("stop", node=machine.number, code=code)
            if code:
                raise Failed(f"node {machine.number} was stopped and ended with {code}")

    def act_start(self, machine, rng):
        if not machine.up:
            machine.start(machine.gossip)
            self.history.tell("start", node=machine.number, gossip=machine.gossip, seconds=round(machine.node.start_s, 2))

    def act_gossip(self, machine, rng):
        if machine.up:
            machine.node.stop()
        machine.start(not machine.gossip)
        self.history.tell("gossip", node=machine.number, on=machine.gossip)

    def act_restart(self, machine, rng):
        if not machine.up:
            return
        answer = machine.ask("POST", "/restart")
        # What only it had is gone, as it should be, and is sent again: those behind it wait for it.
        with self.lock:
            for ident in list(self.holders):
                self.holders[ident].discard(machine.number)
                if not self.holders[ident]:
                    del self.holders[ident]
                    self.unsent.append(self.sent[ident])
        self.history.tell("restart", node=machine.number, status=answer.status)

    def _apart(self, what, machine, method, path, body=None, timeout=40):
        """What may take long while a cable is cut runs beside the rest."""
        def act():
            try:
                answer = machine.ask(method, path, body, timeout)
                told = answer.json
                self.history.tell(what, node=machine.number, status=answer.status, nodes=told.get("nodes"),
                                  replaced=told.get("replaced"), message=told.get("message"))
            except TROUBLE as trouble:
                self.history.tell(what, node=machine.number, trouble=f"{type(trouble).__name__} {trouble}"[:200])

        thread = threading.Thread(target=act)
        thread.start()
        self.background.append(thread)
        return thread

    def act_register(self, machine, rng):
        other = self.machines[(machine.number + rng.randrange(1, NODES)) % NODES]
        if machine.up:
            self._apart("register", machine, "POST", "/nodes/register", {"nodes": [other.address]})

    def act_delete(self, machine, rng):
        other = self.machines[(machine.number + rng.randrange(1, NODES)) % NODES]
        if machine.up:
            self._apart("delete", machine, "DELETE", f"/nodes/{other.address}")

    def act_resolve(self, machine, rng):
        if machine.up:
            self._apart("resolve", machine, "POST", f"/nodes/resolve?timeout={RESOLVE_S}")

    def act_cut(self, machine, rng):
        if not machine.cut:
            self.switch.cut(machine.number)
            machine.cut = True
            self.history.tell("cut", node=machine.number)

    def act_mend(self, machine, rng):
        if machine.cut:
            self.switch.heal(machine.number)
            machine.cut = False
            self.history.tell("mend", node=machine.number)

    # Heals.

    def heal(self, rng):
        for machine in self.machines:
            self.act_mend(machine, rng)
        for thread in self.background:
            thread.join()
        self.background = []
        for machine in self.machines:
            if machine.up and not machine.gossip:
                machine.node.stop()
            if not machine.up:
                machine.start(True)
        self.history.tell("heal")
        begin = time.monotonic()
        for machine in self.machines:
            others = [other.address for other in self.machines if other is not machine]
            answer = machine.ask("POST", "/nodes/register", {"nodes": others}, 40)
            if answer.status not in (200, 201):
                raise Failed(f"node {machine.number} does not register: {answer!r}")
        self._until(lambda: [machine.get("/status")["peers"] for machine in self.machines], lambda peers: min(peers) >= NODES - 1,
                    begin, "everybody is connected with everybody")
        miner = self.machines[rng.randrange(NODES)]
        self.act_mine(miner, rng)
        self._until(self._tips, lambda tips: len(set(tips)) == 1, begin, "one tip")
        self._post(miner, self._take_unsent())
        self._until(self._pools, lambda pools: all(pool == pools[0] for pool in pools), begin, "equal pools", self._difference)
        took = time.monotonic() - begin
        self.slowest = max(self.slowest, took)
        self.history.tell("healed", seconds=round(took, 2), tip=self._tips()[0], pool=len(self._pools()[0]))
        self._compare_accounts()
        self._nothing_lost()

    def _take_unsent(self):
        with self.lock:
            left, self.unsent = self.unsent, []
        return sorted(left, key=lambda one: (one.sender, one.nonce))

    def _tips(self):
        return [machine.get("/status")["hash"] for machine in self.machines]

    def _pools(self):
        return [{one["id"] for one in machine.get("/pool")["pool"]} for machine in self.machines]

    def _until(self, look, holds, begin, what, explain=repr):
        """Looks until it holds, twice in a row; the bound counts from the heal."""
        held = 0
        while True:
            self.all_live()
            try:
                seen = look()
            except TROUBLE as trouble:
                seen = trouble
            held = held + 1 if not isinstance(seen, Exception) and holds(seen) else 0
            if held == 2:
                return
            if time.monotonic() - begin > self.within_s:
                self._keep_state()
                raise Failed(f"not within {self.within_s} s of the heal: {what}: {explain(seen)}"[:3_000])
            time.sleep(0.05)

    def _difference(self, pools):
        if isinstance(pools, Exception):
            return repr(pools)
        lines = [f"sizes {[len(pool) for pool in pools]}"]
        for ident in sorted(set.union(*pools) - set.intersection(*pools))[:10]:
            one = self.sent.get(ident)
            what = f"sender {self._sender(one)} nonce {one.nonce} fee {one.fee}" if one else "not acknowledged to us"
            lines.append(f"{ident[:16]} at {[i for i, pool in enumerate(pools) if ident in pool]}: {what}")
        return "; ".join(lines)

    def _sender(self, transfer):
        return next(i for i, key in enumerate(self.keys) if key.key == transfer.sender)

    def _keep_state(self):
        for machine in self.machines:
            with contextlib.suppress(*TROUBLE):
                self.history.tell("state", node=machine.number, status=machine.get("/status"), nodes=machine.get("/nodes"))

    def _compare_accounts(self):
        for key in self.keys:
            seen = [machine.get(f"/accounts/{key.address}") for machine in self.machines]
            if any(one != seen[0] for one in seen):
                raise Failed(f"accounts differ: {seen}")

    def _nothing_lost(self):
        """What was acknowledged, by a node that did not begin anew since, is in the chain or waits."""
        here, lost = self.machines[0], []
        waiting = self._pools()[0]
        with self.lock:
            due = list(self.holders)
        for ident in due:
            if ident in waiting or ident in self.replaced:
                continue
            answer = here.ask("GET", f"/transactions/{ident}")
            told = answer.json
            if told.get("status") != "confirmed":
                lost.append(f"{ident[:16]} sender {self._sender(self.sent[ident])} nonce {self.sent[ident].nonce}: "
                            f"{told.get('status')} {told.get('reason')} {answer.status}, acknowledged by {sorted(self.holders[ident])}")
        if lost:
            raise Failed(f"{len(lost)} acknowledged transfers are gone: {lost[:10]}")
        with self.lock:
            for ident in due:
                self.holders[ident] = set(range(NODES))

    def verify(self):
        """Stops them all; each store must be sound."""
        for machine in self.machines:
            if machine.up and machine.node.stop():
                raise Failed(f"node {machine.number} ended with an error")
            done = run("verify", "--datadir", machine.node.datadir, "--chain", "dev", timeout=600)
            if done.returncode:
                raise Failed(f"node {machine.number}: {done.stdout} {done.stderr}")
