"""A wrong clock without a wrong clock: a library, preloaded into a node, that moves its time of day.

`clock.under(node)` before the node starts; then `clock.ahead_s = 86_400` is a day ahead from now on. Steady
clocks are left alone.
"""

import functools
import mmap
import os
import pathlib
import struct
import subprocess
import tempfile

from slow_disk import COMPILER

SOURCE = pathlib.Path(__file__).with_name("false_clock.c")


@functools.cache
def _library():
    """Compiled once a process; the folder goes with the process."""
    folder = tempfile.TemporaryDirectory(prefix="cairn-false-clock-")
    path = pathlib.Path(folder.name) / "false_clock.so"
    subprocess.run([COMPILER, "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", SOURCE, "-o", path], check=True)
    return folder, path


class FalseClock:
    """`path`: where the shared number is kept; outside the node's data folder."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.path.write_bytes(bytes(mmap.PAGESIZE))
        with open(self.path, "r+b") as file:
            self.shared = mmap.mmap(file.fileno(), mmap.PAGESIZE)

    def under(self, node):
        """Has the node run under this clock from its next start on; the node."""
        options = [f"LD_PRELOAD={_library()[1]}", f"CAIRN_FALSE_CLOCK={self.path}"]
        options += [f"ASAN_OPTIONS={os.environ.get('ASAN_OPTIONS', '')}:verify_asan_link_order=0"]
        node.prefix = [*node.prefix, "env", *options]
        return node

    @property
    def ahead_s(self):
        return struct.unpack("=q", self.shared[:8])[0]

    @ahead_s.setter
    def ahead_s(self, value):
        self.shared[:8] = struct.pack("=q", value)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.shared.close()
