"""Hosts of their own on one machine: network namespaces, each with one cable to a common switch.

Only root may make them; where that is not permitted the tests that need them are skipped with a line
that says so. `ip link set down` on the switch's side is a cable that is cut.
"""

import ctypes
import os
import shutil
import subprocess
import threading
import unittest

_CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


def _ip(*arguments):
    done = subprocess.run(["ip", *map(str, arguments)], capture_output=True, text=True)
    if done.returncode:
        raise OSError(f"ip {' '.join(map(str, arguments))}: {done.stderr.strip()}")


def why_not():
    """Why there can be no namespaces here; None if there can."""
    if not shutil.which("ip"):
        return "there is no `ip` (Debian: iproute2)"
    name = f"cairn-probe-{os.getpid()}"
    try:
        _ip("netns", "add", name)
        try:
            _ip("-n", name, "link", "add", "probe", "type", "bridge")
        finally:
            _ip("netns", "delete", name)
    except OSError as refused:
        return str(refused)
    return None


_reason = why_not()
needs_namespaces = unittest.skipIf(_reason, f"network namespaces are not permitted: {_reason}")


class Switch:
    """`hosts` namespaces joined by one bridge; host i has the address 10.77.0.(i + 1)."""

    def __init__(self, hosts):
        self.names = [f"cairn-{os.getpid()}-{i}" for i in range(hosts)]
        self.hub = f"cairn-{os.getpid()}-hub"
        self.made = []
        try:
            self._make()
        except OSError:
            self.close()
            raise

    def _make(self):
        self._add(self.hub)
        _ip("-n", self.hub, "link", "add", "name", "bridge0", "type", "bridge")
        _ip("-n", self.hub, "link", "set", "bridge0", "up")
        for i, name in enumerate(self.names):
            self._add(name)
            _ip("-n", self.hub, "link", "add", "name", f"port{i}", "type", "veth", "peer", "name", "eth0", "netns", name)
            _ip("-n", self.hub, "link", "set", f"port{i}", "master", "bridge0")
            _ip("-n", name, "address", "add", f"{self.address(i)}/24", "dev", "eth0")
            for where, link in ((name, "lo"), (name, "eth0"), (self.hub, f"port{i}")):
                _ip("-n", where, "link", "set", link, "up")

    def _add(self, name):
        _ip("netns", "add", name)
        self.made.append(name)

    def address(self, host):
        return f"10.77.0.{host + 1}"

    def cut(self, host):
        _ip("-n", self.hub, "link", "set", f"port{host}", "down")

    def heal(self, host):
        _ip("-n", self.hub, "link", "set", f"port{host}", "up")

    def close(self):
        for name in self.made:
            subprocess.run(["ip", "netns", "delete", name], capture_output=True)
        self.made = []


def inside(name, work):
    """What `work` returns, run in a thread of its own that has entered the namespace."""
    outcome = {}

    def run():
        try:
            with open(f"/run/netns/{name}") as space:
                if _libc.setns(space.fileno(), _CLONE_NEWNET):
                    raise OSError(ctypes.get_errno(), f"setns {name}")
            outcome["value"] = work()
        except BaseException as error:
            outcome["error"] = error

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if "error" in outcome:
        raise outcome["error"]
    return outcome["value"]
