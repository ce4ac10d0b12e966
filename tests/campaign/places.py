"""Where a campaign's nodes stand: hosts of their own on one switch, or all on loopback.

On a switch the strangers' host owns a network of addresses, so that every connection may come from
another one, as from the open internet.
"""

import http.client
import socket
import subprocess
import sys

from cairn_node import Client, Node
from namespaces import Switch, inside, why_not
from network import HostClient, HostNode

STRANGERS = "44.0.0.0/8"  # of the open internet: no range that a node trusts
NODE, CROWD, FRIEND, MEMBER = range(4)


class AwayClient(Client):
    """Speaks to a node of another host, from within a namespace; one connection a request if `fresh`."""

    def __init__(self, host, port, namespace, fresh=False, **options):
        super().__init__(port, **options)
        self.host, self.namespace, self.fresh = host, namespace, fresh

    def connect(self):
        return inside(self.namespace, self._connect) if self.namespace else self._connect()

    def _connect(self):
        self.connection = http.client.HTTPConnection(self.host, self.port, timeout=self.timeout)
        self.connection.connect()
        self.connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def request(self, method, path, body=None, headers=None):
        if self.fresh:
            self.close()
        return super().request(method, path, body, headers)


class Hosts:
    """Four of them: the node's, the strangers', a friend's and a member's."""

    sources = [STRANGERS]

    def __init__(self):
        self.switch = Switch(4)
        try:
            crowd = self.switch.names[CROWD]
            self._ip(crowd, "route", "add", "local", STRANGERS, "dev", "lo")
            for host in (NODE, FRIEND, MEMBER):
                self._ip(self.switch.names[host], "route", "add", STRANGERS, "via", self.switch.address(CROWD))
        except Exception:
            self.close()
            raise

    @staticmethod
    def _ip(name, *arguments):
        subprocess.run(["ip", "-n", name, *arguments], check=True)

    def node(self, datadir, host, nice=0, **options):
        made = HostNode(datadir, self.switch.names[host], self.switch.address(host), auth="on", **options)
        made.prefix = [*made.prefix, *(["nice", "-n", str(nice)] if nice else [])]
        return made

    def address(self, host):
        return self.switch.address(host)

    def near(self, node, **options):
        """A client on the node's own host."""
        return HostClient(node.port, node.name, **options)

    def away(self, node, **options):
        """A client on the member's host."""
        return AwayClient(node.address, node.port, self.switch.names[MEMBER], **options)

    def command(self, host, *words):
        return ["ip", "netns", "exec", self.switch.names[host], *words]

    def close(self):
        self.switch.close()


class Loopback:
    """Without namespaces: the same on one host, where limits by address do not hold."""

    sources = ["127.0.0.0/8"]

    def node(self, datadir, host, nice=0, **options):
        made = Node(datadir, auth="on", **options)
        made.prefix = ["nice", "-n", str(nice)] if nice else []
        return made

    def address(self, host):
        return "127.0.0.1"

    def near(self, node, **options):
        return node.client(**options)

    def away(self, node, fresh=False, **options):
        return AwayClient("127.0.0.1", node.port, None, fresh, **options)

    def command(self, host, *words):
        return list(words)

    def close(self):
        pass


def place():
    reason = why_not()
    if reason:
        print(f"network namespaces are not permitted ({reason}): all on loopback", file=sys.stderr)
        return Loopback()
    return Hosts()
