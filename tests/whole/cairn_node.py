"""Real nodes, and a client that trusts none of their answers.

`Node` starts the binary, waits for its own word that it listens, keeps its log and stops it by pid.
`Client` speaks HTTP over one connection kept alive; any answer outside 2xx must be a sound
`application/problem+json`, whatever the test was after.
"""

import contextlib
import decimal
import http.client
import json
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.parse

import bip340
import wire
from settings import BINARY, TMP, needs_node

LISTENING = re.compile(r"listening on http://(?:\[[^\]]*\]|[^\s:]+):(\d+)")
START_LIMIT_S = 30
STOP_LIMIT_S = 15


class StartFailed(Exception):
    """The process ended, or never said that it listens."""

    def __init__(self, code, output):
        super().__init__(f"exit code {code}: {output}")
        self.code, self.output = code, output


def run(*arguments, timeout=120):
    """One `cairn` subcommand to its end."""
    return subprocess.run(
        [str(BINARY), *map(str, arguments)], capture_output=True, text=True, timeout=timeout, errors="replace"
    )


def coins(units):
    """The shortest exact decimal of an amount in base units."""
    text = f"{units // wire.COIN}.{units % wire.COIN:08}"
    return text.rstrip("0").rstrip(".")


def units(value):
    """An amount of an answer in base units; it must be exact."""
    scaled = decimal.Decimal(value) * wire.COIN
    if scaled != scaled.to_integral_value():
        raise AssertionError(f"{value} is no whole number of base units")
    return int(scaled)


class Answer:
    def __init__(self, status, headers, body, what):
        self.status, self.headers, self.body, self.what = status, headers, body, what

    def header(self, name):
        return self.headers.get(name)

    @property
    def json(self):
        """Numbers with a point come as Decimal: no amount goes through a double."""
        return json.loads(self.body, parse_float=decimal.Decimal, object_pairs_hook=_no_duplicates)

    def __repr__(self):
        return f"{self.what} -> {self.status} {self.body[:600]!r}"


def _no_duplicates(pairs):
    if len(dict(pairs)) != len(pairs):
        raise AssertionError(f"an answer with a member twice: {pairs}")
    return dict(pairs)


def check_problem(answer, bodiless=False):
    """RFC 9457 as docs/http.md has it."""

    def demand(condition, what):
        if not condition:
            raise AssertionError(f"{what}: {answer!r}")

    kind = (answer.header("Content-Type") or "").split(";")[0].strip()
    demand(kind == "application/problem+json", f"an error of type {kind!r}")
    unsettled = not bodiless and b'"outcome":' in answer.body  # whoever just repeats it has it done twice
    if answer.status in (429, 503) and not unsettled:
        demand(answer.header("Retry-After") is not None, "no Retry-After")
    if answer.status == 405:
        demand(answer.header("Allow") is not None, "no Allow")
    if bodiless:
        demand(not answer.body, "a body in the answer to HEAD")
        return
    try:
        problem = answer.json
    except ValueError:
        problem = None
    demand(isinstance(problem, dict), "an error whose body is no JSON object")
    for member in ("type", "title", "detail", "message"):
        demand(isinstance(problem.get(member), str) and problem[member], f"no {member}")
    demand(problem.get("status") == answer.status, "another status in the body")
    demand(problem["message"] == problem["detail"], "message is not detail")
    demand("field" not in problem or isinstance(problem["field"], str), "field is no text")


class _Stream:
    """A socket whose answers are all read through one buffer: http.client makes one for each."""

    def __init__(self, link):
        self.file = link.makefile("rb")
        self.file.close = lambda: None

    def makefile(self, _):
        return self.file


class Client:
    def __init__(self, port, token=None, timeout=60):
        self.port, self.token, self.timeout = port, token, timeout
        self.connection = None

    def close(self):
        if self.connection:
            self.connection.close()
            self.connection = None

    def connect(self):
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout)
        self.connection.connect()
        self.connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def request(self, method, path, body=None, headers=None):
        """`body`: bytes or text as it is; anything else is sent as JSON. Never sent twice."""
        headers = dict(headers or {})
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        if isinstance(body, str):
            body = body.encode()
        if self.token and "Authorization" not in headers:
            headers["Authorization"] = f"Bearer {self.token}"
        if not self.connection or self._is_stale():
            self.close()
            self.connect()
        try:
            response, data = self._exchange(method, path, body, headers)
        except Exception:
            self.close()
            raise
        if response.will_close:
            self.close()
        answer = Answer(response.status, response.headers, data, f"{method} {path[:200]}")
        if not 200 <= answer.status < 300 and answer.status != 304:
            check_problem(answer, bodiless=method == "HEAD")
        return answer

    def _is_stale(self):
        """The node has closed the connection while nothing was asked."""
        self.connection.sock.setblocking(False)
        try:
            return self.connection.sock.recv(1, socket.MSG_PEEK) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True
        finally:
            self.connection.sock.settimeout(self.timeout)

    def _exchange(self, method, path, body, headers):
        connection = self.connection
        connection.putrequest(method, path, skip_host="Host" in headers, skip_accept_encoding=True)
        if body is not None or method in ("POST", "PUT", "PATCH"):
            headers.setdefault("Content-Length", str(len(body or b"")))
        for name, value in headers.items():
            if value is not None:
                connection.putheader(name, value)
        # A node may refuse a body before it has read it whole.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.endheaders(body)
        response = connection.getresponse()
        return response, response.read()

    def get(self, path, **headers):
        return self.request("GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()})

    def post(self, path, body=None, headers=None):
        return self.request("POST", path, body, headers)

    def raw(self, data, answers=1):
        """Sends bytes as they are; the answer to the last of as many requests."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=15) as link:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                link.sendall(data)
            stream = _Stream(link)
            for _ in range(answers):
                response = http.client.HTTPResponse(stream)
                response.begin()
                answer = Answer(response.status, response.headers, response.read(), repr(data[:60]))
            if not 200 <= answer.status < 300:
                check_problem(answer)
            return answer

    def login(self, name, password):
        answer = self.post("/login", {"name": name, "password": password}, {"Authorization": None})
        if answer.status != 200:
            raise AssertionError(f"no log-in: {answer!r}")
        self.token = answer.json["token"]
        return answer.json


class Node:
    def __init__(self, datadir, *, chain="dev", auth=None, arguments=()):
        self.datadir, self.chain = pathlib.Path(datadir), chain
        self.arguments = [*arguments, *(["--auth", auth] if auth else [])]
        self.process, self.port, self.start_s = None, None, None
        self.listen_on, self.prefix = "127.0.0.1", []
        self.lines, self._changed = [], threading.Condition()

    @property
    def log(self):
        with self._changed:
            return "\n".join(self.lines)

    @property
    def pid(self):
        return self.process.pid

    def start(self, port=0):
        command = [*self.prefix, BINARY, "node", "--datadir", self.datadir, "--http", f"{self.listen_on}:{port}",
                   "--chain", self.chain]
        begin = time.monotonic()
        self.process = subprocess.Popen(
            [*map(str, command), *map(str, self.arguments)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        first = len(self.lines)
        self._reader = threading.Thread(target=self._read, args=(self.process,), daemon=True)
        self._ended = False
        self._reader.start()
        self.port = self._wait_for_port(first)
        self._wait_until_ready()
        self.start_s = time.monotonic() - begin
        return self

    def _read(self, process):
        for line in process.stdout:
            with self._changed:
                self.lines.append(line.decode(errors="replace").rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _wait_for_port(self, first):
        def found():
            return next((m for line in self.lines[first:] if (m := LISTENING.search(line))), None)

        with self._changed:
            self._changed.wait_for(lambda: found() or self._ended, START_LIMIT_S)
            match, output = found(), "\n".join(self.lines[first:])
        if match:
            return int(match[1])
        if not self._ended:
            self.process.kill()
        raise StartFailed(self.process.wait(), output)

    def _wait_until_ready(self):
        deadline = time.monotonic() + START_LIMIT_S
        with contextlib.closing(self.client()) as client:
            while client.get("/readyz").status != 200:
                if time.monotonic() > deadline:
                    self.kill()
                    raise StartFailed(None, "never ready\n" + self.log)
                time.sleep(0.01)

    def stop(self):
        """SIGTERM; the exit code."""
        return self._end(signal.SIGTERM)

    def kill(self):
        """SIGKILL: what a power cut leaves to the kernel's caches."""
        return self._end(signal.SIGKILL)

    def _end(self, how):
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            code = self.process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"did not stop within {STOP_LIMIT_S} s\n{self.log}") from None
        self._reader.join()
        self.process.stdout.close()
        self.process = None
        return code

    def client(self, token=None, timeout=60):
        return Client(self.port, token, timeout)

    def operator_password(self):
        return (self.datadir / "operator.password").read_text().strip()

    def operator(self):
        client = self.client()
        client.login("operator", self.operator_password())
        return client

    def resident_bytes(self):
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self._end(signal.SIGTERM)


class Key:
    """Somebody who signs for himself."""

    def __init__(self, secret, spec=wire.DEV):
        self.secret, self.spec = secret, spec
        self.key = bip340.public_key(secret)
        self.address = wire.address(spec.prefix, self.key)
        self.genesis = spec.genesis().hash()

    def transfer(self, nonce, to, amount, fee=0, data=b"", genesis=None):
        recipient = to.key if isinstance(to, Key) else to
        made = wire.Transfer(self.key, nonce, recipient, amount, fee, data)
        return made.sign(self.secret, genesis or self.genesis)


def raw(transfer):
    return {"raw": transfer.encode().hex()}


def signed_members(transfer, spec=wire.DEV):
    """The same transfer member by member."""
    return {
        "sender": wire.address(spec.prefix, transfer.sender),
        "recipient": wire.address(spec.prefix, transfer.recipient),
        "amount": coins(transfer.amount),
        "fee": coins(transfer.fee),
        "nonce": transfer.nonce,
        "data": transfer.data.hex(),
        "signature": transfer.signature.hex(),
    }


def query(**members):
    return "?" + urllib.parse.urlencode(members)


@needs_node
class NodeTest(unittest.TestCase):
    """One node for the tests of a class; `chain`, `auth` and `arguments` are the class's to set."""

    chain, auth, arguments = "dev", None, ()
    listen_on = "127.0.0.1"
    spec = wire.DEV

    @classmethod
    def setUpClass(cls):
        cls._folder = tempfile.TemporaryDirectory(prefix="cairn-", dir=TMP)
        cls.addClassCleanup(cls._folder.cleanup)
        cls.datadir = pathlib.Path(cls._folder.name) / "data"
        cls.node = Node(cls.datadir, chain=cls.chain, auth=cls.auth, arguments=cls.arguments)
        cls.node.listen_on = cls.listen_on
        cls.node.start()
        cls.addClassCleanup(cls.node.stop)
        cls.client = cls.node.operator() if cls.auth == "on" else cls.node.client()
        cls.addClassCleanup(cls.client.close)
        cls._keys = 0

    @classmethod
    def new_key(cls):
        """A key that no other test of the class has used."""
        cls._keys += 1
        seed = f"{cls.__module__} {cls.__name__} {cls._keys}".encode()
        return Key(wire.sha256(seed), cls.spec)

    def expect(self, status, answer):
        self.assertIn(answer.status, status if isinstance(status, tuple) else (status,), repr(answer))
        return answer.json if answer.body[:1] in (b"{", b"[") else answer

    def get(self, path, status=200, **headers):
        return self.expect(status, self.client.get(path, **headers))

    def post(self, path, body=None, status=(200, 201), headers=None):
        return self.expect(status, self.client.post(path, body, headers))

    def mine(self, count=1, to=None):
        members = {"count": count} | ({"to": to} if to else {})
        return self.post("/mine" + query(**members), status=200)

    def refused(self, answer, status=400, field=None):
        problem = self.expect(status, answer)
        if field is not None:
            fields = field if isinstance(field, tuple) else (field,)
            self.assertIn(problem.get("field"), fields, repr(answer))
        return problem

    def state(self):
        """Chain and pool, byte for byte."""
        return self.client.get("/chain").body, self.client.get("/pool").body

    @contextlib.contextmanager
    def unchanged(self):
        before = self.state()
        yield
        self.assertEqual(self.state(), before, "a refused request changed the chain or the pool")
