"""Several real nodes: on loopback, or each in a namespace of its own with a cable that can be cut.

Events are awaited, never slept for: `wait` asks over HTTP until the condition holds or time is up, and
then says what it saw last. When a test fails, the logs of all its nodes are printed.
"""

import http.client
import pathlib
import sys
import tempfile
import time
import unittest

import wire
from cairn_node import Client, Node
from namespaces import Switch, inside
from settings import TMP, needs_node

POLL_S = 0.02
WAIT_S = 60
LOG_LINES = 120


def wait(condition, what, seconds=WAIT_S):
    """The first value of `condition()` that counts as true; an AssertionError that counts as "not yet"."""
    deadline = time.monotonic() + seconds
    while True:
        last = None
        try:
            if value := condition():
                return value
            last = value
        except (AssertionError, OSError, http.client.HTTPException) as error:
            last = error
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}; last seen: {str(last)[:2000]}")
        time.sleep(POLL_S)


class HostClient(Client):
    """Speaks to a node from within its own namespace."""

    def __init__(self, port, namespace, **options):
        super().__init__(port, **options)
        self.namespace = namespace

    def connect(self):
        return inside(self.namespace, super().connect)


class HostNode(Node):
    """A node on a host of its own, open to the switch; one logs in from the host itself."""

    def __init__(self, datadir, name, address, **options):
        super().__init__(datadir, **options)
        self.name, self.address = name, address
        self.listen_on, self.prefix = "0.0.0.0", ["ip", "netns", "exec", name]

    def client(self, token=None, timeout=60):
        return HostClient(self.port, self.name, token=token, timeout=timeout)


@needs_node
class NetworkTest(unittest.TestCase):
    spec, chain = wire.DEV, "dev"

    def run(self, result=None):
        self.nodes, self.clients = [], []
        before = len(result.failures) + len(result.errors)
        super().run(result)
        if len(result.failures) + len(result.errors) > before:
            for i, node in enumerate(self.nodes):
                lines = node.log.splitlines()
                print(f"--- node {i} of {self.id()}, its last {min(len(lines), LOG_LINES)} of {len(lines)} lines",
                      *lines[-LOG_LINES:], sep="\n", file=sys.stderr)

    def folder(self):
        if not hasattr(self, "_folder"):
            made = tempfile.TemporaryDirectory(prefix="cairn-", dir=TMP)
            self.addCleanup(made.cleanup)
            self._folder = pathlib.Path(made.name)
        return self._folder

    def add(self, *arguments, gossip=True, datadir=None, chain=None):
        """One more node on loopback; its client is the operator's."""
        datadir = datadir or self.folder() / f"node{len(self.nodes)}"
        arguments = [*arguments, *([] if gossip else ["--gossip", "off"])]
        return self._started(Node(datadir, chain=chain or self.chain, arguments=arguments))

    def add_hosts(self, count, *arguments):
        """As many hosts on one switch, a node on each; the switch."""
        switch = Switch(count)
        self.addCleanup(switch.close)
        for i, name in enumerate(switch.names):
            self._started(HostNode(self.folder() / f"node{i}", name, switch.address(i), chain=self.chain,
                                   arguments=arguments, auth="on"))
        return switch

    def _started(self, node):
        self.nodes.append(node)
        self.addCleanup(node.stop)
        node.start()
        client = node.operator() if isinstance(node, HostNode) else node.client()
        self.clients.append(client)
        self.addCleanup(client.close)
        return node

    def restart(self, i):
        """The process anew on the same port and folder, after `kill` or `stop`."""
        self.nodes[i].start(port=self.nodes[i].port)

    def address(self, i):
        return f"{getattr(self.nodes[i], 'address', '127.0.0.1')}:{self.nodes[i].port}"

    # Requests.

    def ok(self, answer, *statuses):
        self.assertIn(answer.status, statuses or (200, 201), repr(answer))
        return answer.json

    def get(self, i, path):
        return self.ok(self.clients[i].get(path))

    def post(self, i, path, body=None):
        return self.ok(self.clients[i].post(path, body))

    def register(self, i, *others):
        """Registers nodes at node i; all of them answer."""
        told = self.post(i, "/nodes/register", {"nodes": [self.address(j) for j in others]})
        for report in told["nodes"]:
            self.assertTrue(report["connected"], told)
        return told

    def mine(self, i, count=1, to=None):
        return self.post(i, f"/mine?count={count}" + (f"&to={to}" if to else ""))

    def status(self, i):
        return self.get(i, "/status")

    def tip(self, i):
        return self.status(i)["hash"]

    def pool(self, i):
        return {transfer["id"] for transfer in self.get(i, "/pool")["pool"]}

    # What is awaited.

    def wait_peers(self, i, at_least, seconds=WAIT_S):
        return wait(lambda: self.status(i)["peers"] >= at_least, f"node {i} has {at_least} peers", seconds)

    def wait_tips(self, tip, nodes=None, seconds=WAIT_S):
        """Until all have this tip; the seconds it took."""
        begin = time.monotonic()
        for i in nodes if nodes is not None else range(len(self.nodes)):
            wait(lambda i=i: self.tip(i) == tip, f"node {i} has the tip {tip}", seconds)
        return time.monotonic() - begin

    def wait_pools(self, ids, nodes=None, seconds=WAIT_S):
        for i in nodes if nodes is not None else range(len(self.nodes)):
            wait(lambda i=i: self.pool(i) == set(ids), f"the pool of node {i} has {len(ids)} transfers", seconds)

    def wait_log(self, i, text, seconds=WAIT_S):
        return wait(lambda: next((line for line in self.nodes[i].log.splitlines() if text in line), None),
                    f"node {i} logs \"{text}\"", seconds)

    def peer_bytes(self, i):
        return {peer["address"]: (peer.get("bytes_in"), peer.get("bytes_out")) for peer in self.get(i, "/nodes")["peers"]}
