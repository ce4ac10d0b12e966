"""File systems of one's own: small ones that fill up, read-only ones. Only root may mount; where that
is not permitted the tests that need it are skipped with a line that says so.
"""

import os
import pathlib
import subprocess
import tempfile
import unittest


def _call(*arguments):
    done = subprocess.run(list(map(str, arguments)), capture_output=True, text=True)
    if done.returncode:
        raise OSError(f"{' '.join(map(str, arguments))}: {done.stderr.strip()}")


class Mount:
    """`size` bytes of memory as a disk, or another view of the folder `source`; gone afterwards."""

    def __init__(self, place, *, size=None, source=None, read_only=False):
        self.place = pathlib.Path(place)
        self.size, self.source, self.read_only = size, source, read_only

    def __enter__(self):
        self.place.mkdir(exist_ok=True)
        if self.source is None:
            _call("mount", "-t", "tmpfs", "-o", f"size={self.size}", "cairn-test", self.place)
        else:
            _call("mount", "--bind", self.source, self.place)
            if self.read_only:
                try:
                    _call("mount", "-o", "remount,bind,ro", self.place)
                except OSError:
                    _call("umount", self.place)
                    raise
        return self.place

    def __exit__(self, *_):
        _call("umount", self.place)

    def free(self):
        status = os.statvfs(self.place)
        return status.f_bavail * status.f_frsize


def why_not():
    """Why nothing can be mounted here; None if it can."""
    try:
        with tempfile.TemporaryDirectory() as folder, Mount(pathlib.Path(folder) / "probe", size=1 << 20):
            return None
    except OSError as refused:
        return str(refused)


_reason = why_not()
needs_mounts = unittest.skipIf(_reason, f"mounts are not permitted: {_reason}")
