"""A flood of strangers over a node, and what those get through whom it is there for.

`Flood` makes the node with a state, a registered friend who mines, and a member; lets the strangers in;
and watches. `Verdict` says, a line a requirement, what held.
"""

import contextlib
import dataclasses
import json
import pathlib
import re
import statistics
import subprocess
import sys
import threading
import time

import wire
from cairn_node import run
from filled import Filler
from gauge import Gauge
from places import CROWD, FRIEND, NODE
from strangers import Order

SEED = "flood"
MEMBER_NAME, MEMBER_PASSWORD = "mary", "a long password"
PROBE_EVERY_S, LOG_IN_EVERY_S, TRANSFER_EVERY_S, BLOCK_EVERY_S = 0.05, 5.0, 1.0, 5.0
TELL_EVERY_S = 10.0


@dataclasses.dataclass
class Options:
    chain: str = "main"
    seconds: float = 600
    connections: int = 4_600      # more than a node lets in
    peers: int = 96
    blocks: int = 100
    full: int | None = None       # transfers of the largest block; None: as many as it holds
    pending: int = 20_000
    memory_mib: int = 768
    healthz_ms: float = 50        # 99 of 100 within
    through_s: float = 15         # a log-in, a transfer, a friend's block
    kinds: tuple = ()
    log_level: str = "warn"       # of the node; debug names each step that took too long


def percentile(values, part):
    return sorted(values)[min(len(values) - 1, int(len(values) * part))] if values else float("nan")


class Samples:
    """Durations in seconds, and what went wrong; from any thread."""

    def __init__(self):
        self.lock, self.values, self.errors, self.told = threading.Lock(), [], [], 0

    def add(self, seconds):
        with self.lock:
            self.values.append(seconds)

    def fail(self, error):
        with self.lock:
            self.errors.append(str(error)[:200])

    def text(self, values=None, unit=1000):
        values = self.values if values is None else values
        if not values:
            return "none"
        return (f"{len(values)}, median {statistics.median(values) * unit:.1f}, "
                f"p99 {percentile(values, 0.99) * unit:.1f}, most {max(values) * unit:.1f}")

    def since(self):
        """What came since the last call."""
        with self.lock:
            new, self.told = self.values[self.told:], len(self.values)
            return new


class Flood:
    def __init__(self, options, place, folder, tell=print):
        self.options, self.place, self.folder, self.tell = options, place, pathlib.Path(folder), tell
        self.spec = {"main": wire.MAIN, "dev": wire.DEV}[options.chain]
        self.stack, self.ended = contextlib.ExitStack(), threading.Event()
        names = ("healthz, a connection that stands", "healthz, a new connection", "healthz, new, with a token",
                 "log-ins", "transfers", "blocks of the friend")
        self.kept, self.fresh, self.token, self.log_ins, self.transfers, self.blocks = (Samples() for _ in names)
        self.names = dict(zip(names, (self.kept, self.fresh, self.token, self.log_ins, self.transfers, self.blocks)))
        self.resident, self.book, self.member_token = [], {}, None

    # Before the flood.

    def __enter__(self):
        try:
            self._begin()
        except BaseException:
            self.stack.close()
            raise
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.stack.close()

    def _begin(self):
        options, bounds = self.options, []
        if "--memory-mib" in run("node", "--help").stdout:
            bounds = ["--memory-mib", options.memory_mib]
        self.node = self._start(NODE, "node", 0, ["--plain-login", "--log-level", options.log_level, *bounds])
        self.friend = self._start(FRIEND, "friend", 10, ["--log-level", "warn"])
        self.operator = self.stack.enter_context(contextlib.closing(self._operator(self.node)))
        self.friends = self.stack.enter_context(contextlib.closing(self._operator(self.friend)))
        begin = time.monotonic()
        self.filler = Filler(self.operator, self.spec, SEED.encode())
        self.state = self.filler.fill(options.blocks, options.full, options.pending)
        made = self._ok(self.operator.post("/users", {"name": MEMBER_NAME, "password": MEMBER_PASSWORD, "role": "member"}))
        if not self.spec.opening:
            self._ok(self.operator.post(f"/mine?to={made['address']}"))
        self._ok(self.operator.post("/nodes/register", {"nodes": [self._address(FRIEND, self.friend)]}))
        self._ok(self.friends.post("/nodes/register", {"nodes": [self._address(NODE, self.node)]}))
        self.until(lambda: self._status(self.friends)["hash"] == self._status(self.operator)["hash"], "the friend caught up")
        self.gauge = Gauge(self.node.pid)
        self.gauge.settle()
        self.tell(f"made in {time.monotonic() - begin:.0f} s: {self.state.index} blocks, one of {len(self.state.confirmed)} "
                  f"transactions; {len(self.state.pending)} transfers wait; resident {self.gauge.resident() >> 20} MiB")

    def _start(self, host, name, nice, arguments):
        node = self.place.node(self.folder / name, host, nice, chain=self.options.chain, arguments=arguments)
        self.stack.callback(node.kill)
        return node.start()

    def _operator(self, node):
        client = self.place.near(node)
        client.login("operator", node.operator_password())
        return client

    def _address(self, host, node):
        return f"{self.place.address(host)}:{node.port}"

    @staticmethod
    def _ok(answer):
        if answer.status not in (200, 201):
            raise AssertionError(repr(answer))
        return answer.json

    def _status(self, client):
        return self._ok(client.get("/status"))

    def until(self, condition, what, seconds=120):
        """Until it holds; an error when time is up or the node has ended. `what` may be a call."""
        deadline = time.monotonic() + seconds
        while not condition():
            code = self.node.process.poll()
            if code is not None or time.monotonic() > deadline:
                how = f"not within {seconds} s" if code is None else f"the node has ended with {code}"
                raise AssertionError(f"{how}: {what() if callable(what) else what}\n{self.node.log[-3000:]}")
            time.sleep(0.02)

    # The flood.

    def begin(self):
        """Lets the strangers in and sets the watchers to work."""
        order = Order(self.place.address(NODE), self.node.port, self.options.chain, SEED, self.options.connections,
                      self.place.sources, self.options.pending, self.state.full_index, self.state.full_hash,
                      self.state.confirmed[:64], self.options.peers, list(self.options.kinds))
        script = pathlib.Path(__file__).with_name("strangers.py")
        words = self.place.command(CROWD, "nice", "-n", "19", sys.executable, str(script), json.dumps(dataclasses.asdict(order)))
        self.crowd = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.stack.callback(self._end_crowd)
        threading.Thread(target=self._read_book, daemon=True).start()
        works = [self._watch_memory, self._be_member, self._be_friend,
                 lambda: self._probe(self.kept, self.place.near(self.node, timeout=30), False),
                 lambda: self._probe(self.fresh, self.place.near(self.node, timeout=30), True),
                 lambda: self._probe(self.token, self.place.away(self.node, timeout=30), True, True)]
        for work in works:
            thread = threading.Thread(target=work, daemon=True)
            thread.start()
            self.stack.callback(thread.join, 40)
        self.stack.callback(self.ended.set)

    def _end_crowd(self):
        self.crowd.stdin.close()
        try:
            self.crowd.wait(10)
        except subprocess.TimeoutExpired:
            self.crowd.kill()
            self.crowd.wait()
        self.crowd.stdout.close()

    def _read_book(self):
        for line in self.crowd.stdout:
            with contextlib.suppress(ValueError):
                self.book = json.loads(line)

    def _watch_memory(self):
        with contextlib.suppress(OSError):
            while not self.ended.wait(0.25):
                self.resident.append(self.gauge.resident())

    def _probe(self, samples, client, fresh, token=False):
        while not self.ended.wait(PROBE_EVERY_S):
            if token and not (value := self.member_token):
                continue
            if fresh:
                client.close()
            begin = time.monotonic()
            try:
                client.token = value if token else None
                answer = client.get("/healthz")
                if answer.status != 200:
                    raise AssertionError(f"{answer.status}")
                samples.add(time.monotonic() - begin)
            except Exception as error:
                samples.fail(f"{type(error).__name__} {error}")
                client.close()
        client.close()

    def _insist(self, samples, act):
        """Again until it is done, as `Retry-After` says; the time from the first try."""
        begin = time.monotonic()
        while not self.ended.is_set():
            pause = 0.2
            try:
                answer = act()
                if answer.status in (200, 201):
                    samples.add(time.monotonic() - begin)
                    return answer
                samples.fail(f"{answer!r}")
                pause = min(5.0, float(answer.header("Retry-After") or pause))
            except Exception as error:
                samples.fail(f"{type(error).__name__} {error}")
            self.ended.wait(pause)
        return None

    def _be_member(self):
        client = self.place.away(self.node, timeout=30)
        next_log_in = 0.0
        while not self.ended.is_set():
            if time.monotonic() >= next_log_in:
                client.close()
                client.token = None
                body = {"name": MEMBER_NAME, "password": MEMBER_PASSWORD}
                # An earlier token is what gives somebody a place and a lane of his own.
                shown = {"Authorization": f"Bearer {self.member_token}"} if self.member_token else {}
                answer = self._insist(self.log_ins, lambda: client.post("/login", body, dict(shown)))
                if not answer:
                    break
                self.member_token = client.token = answer.json["token"]
                next_log_in = time.monotonic() + LOG_IN_EVERY_S
            transfer = {"recipient": self.state.senders[0].address, "amount": "0.00000001", "fee": "0.0001"}
            self._insist(self.transfers, lambda: client.post("/transactions/new", transfer))
            self.ended.wait(TRANSFER_EVERY_S)
        client.close()

    def _be_friend(self):
        reader = self.place.near(self.node, timeout=30)
        reader.token = self.operator.token
        while not self.ended.is_set():
            mined = self._insist(Samples(), lambda: self.friends.post("/mine"))
            if not mined:
                break
            begin = time.monotonic()
            while not self.ended.is_set() and not self._knows(reader, mined.json["hash"]):
                self.ended.wait(0.02)
            if not self.ended.is_set():
                self.blocks.add(time.monotonic() - begin)
            self.ended.wait(BLOCK_EVERY_S)
        reader.close()

    def _knows(self, reader, digest):
        try:
            return reader.request("HEAD", f"/blocks/{digest}?format=hex").status == 200
        except Exception as error:
            self.blocks.fail(f"{type(error).__name__} {error}")
            return False

    # What is told.

    def begun(self):
        """Connections that strangers have begun."""
        return sum(row["begun"] for row in self.book.values())

    def line(self, seconds):
        rows = self.book.values()
        total = {field: sum(row[field] for row in rows) for field in ("open", "begun", "answered", "busy", "refused", "closed")}
        kept = self.kept.since()
        return (f"{seconds:5.0f} s: resident {self.resident[-1] >> 20 if self.resident else 0} MiB; healthz ms {self.kept.text(kept)}; "
                f"strangers {total}; log-ins {len(self.log_ins.values)}, transfers {len(self.transfers.values)}, "
                f"blocks {len(self.blocks.values)}")

    def run(self):
        """The whole time, a line each ten seconds; ends early if the node does."""
        begin = time.monotonic()
        while (passed := time.monotonic() - begin) < self.options.seconds and self.node.process.poll() is None:
            time.sleep(min(TELL_EVERY_S, self.options.seconds - passed))
            self.tell(self.line(time.monotonic() - begin))

    def longest_step(self):
        try:
            return self._status(self.operator).get("longest_step_ms")
        except Exception as error:
            return f"no answer: {type(error).__name__}"

    def long_steps(self):
        """Thread and step -> how often it took too long and the longest, microseconds, as the log at debug says."""
        found = {}
        for thread, step, us in re.findall(r'long step thread="?(\w+)"? step="?([^"\n]*?)"? us=(\d+)', self.node.log):
            times, longest = found.get(f"{thread}: {step}", (0, 0))
            found[f"{thread}: {step}"] = (times + 1, max(longest, int(us)))
        return found

    def report(self):
        """What is kept of a run, for a file."""
        def figures(samples):
            return {"count": len(samples.values), "median_ms": percentile(samples.values, 0.5) * 1e3,
                    "p99_ms": percentile(samples.values, 0.99) * 1e3, "most_ms": max(samples.values, default=0) * 1e3,
                    "failed": len(samples.errors), "first_errors": samples.errors[:5]}

        alive = self.node.process.poll() is None
        return {"options": dataclasses.asdict(self.options), "alive": alive,
                "peak_mib": (self.gauge.peak() if alive else max(self.resident, default=0)) >> 20,
                "longest_step_ms": self.longest_step() if alive else None, "strangers": self.book,
                "long_steps": self.long_steps(),
                **{name: figures(samples) for name, samples in self.names.items()}}


def verdicts(options, report):
    """(held, sentence) for each requirement."""
    through = options.through_s * 1e3
    yield report["alive"], "the node is alive"
    begun = sum(row["begun"] for row in report["strangers"].values())
    yield begun >= options.connections, f"strangers: {begun} connections were begun"
    yield report["peak_mib"] <= options.memory_mib, f"resident at most {report['peak_mib']} MiB, of {options.memory_mib}"
    for name in ("healthz, a connection that stands", "healthz, new, with a token"):
        found = report[name]
        yield (found["count"] > 99 * found["failed"] and found["p99_ms"] <= options.healthz_ms,
               f"{name}: p99 {found['p99_ms']:.1f} ms of {options.healthz_ms:.0f}, most {found['most_ms']:.1f}; "
               f"{found['count']} answered, {found['failed']} not")
    for name in ("log-ins", "transfers", "blocks of the friend"):
        found = report[name]
        yield (found["count"] > 0 and found["most_ms"] <= through,
               f"{name}: {found['count']} got through, the slowest in {found['most_ms'] / 1e3:.1f} s of {options.through_s:.0f}; "
               f"{found['failed']} tries failed")
