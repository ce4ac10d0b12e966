"""A slow disk without a slow disk: a library, preloaded into a node, that holds its syncs.

`disk.under(node)` before the node starts; then `disk.delay_ms = 600_000` holds every sync from now on
and `disk.delay_ms = 0` frees them at once, those that wait already too. `disk.waiting` tells how many are
held, so that a test can wait for the moment in which the node stands still. `disk.fault = errno.EIO` lets
them fail after the delay.
"""

import functools
import mmap
import os
import pathlib
import shutil
import struct
import subprocess
import tempfile
import unittest

SOURCE = pathlib.Path(__file__).with_name("slow_disk.c")
COMPILER = os.environ.get("CC", "cc")
_DELAY, _FAULT, _WAITING, _BEGUN = (slice(8 * i, 8 * i + 8) for i in range(4))

needs_compiler = unittest.skipUnless(shutil.which(COMPILER), f"there is no compiler {COMPILER}")


@functools.cache
def _library():
    """Compiled once a process; the folder goes with the process."""
    folder = tempfile.TemporaryDirectory(prefix="cairn-slow-disk-")
    path = pathlib.Path(folder.name) / "slow_disk.so"
    subprocess.run([COMPILER, "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", SOURCE, "-o", path], check=True)
    return folder, path


class SlowDisk:
    """`path`: where the shared numbers are kept; outside the node's data folder."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.path.write_bytes(bytes(mmap.PAGESIZE))
        with open(self.path, "r+b") as file:
            self.shared = mmap.mmap(file.fileno(), mmap.PAGESIZE)

    def under(self, node):
        """Has the node run on this disk from its next start on; the node."""
        options = [f"LD_PRELOAD={_library()[1]}", f"CAIRN_SLOW_DISK={self.path}"]
        # AddressSanitizer wants to be the first library, and is sound behind one that intercepts no memory.
        options += [f"ASAN_OPTIONS={os.environ.get('ASAN_OPTIONS', '')}:verify_asan_link_order=0"]
        node.prefix = [*node.prefix, "env", *options]
        return node

    def _get(self, which):
        return struct.unpack("=Q", self.shared[which])[0]

    def _set(self, which, value):
        self.shared[which] = struct.pack("=Q", value)

    delay_ms = property(lambda self: self._get(_DELAY), lambda self, value: self._set(_DELAY, value))
    fault = property(lambda self: self._get(_FAULT), lambda self, value: self._set(_FAULT, value))
    waiting = property(lambda self: self._get(_WAITING))
    begun = property(lambda self: self._get(_BEGUN))

    def close(self):
        self.delay_ms = self.fault = 0
        self.shared.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
