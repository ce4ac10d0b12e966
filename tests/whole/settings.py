"""What the environment hands in.

CAIRN_BINARY   the node's binary; tests that need one are skipped when there is none
CAIRN_MODEL    model_ledger
CAIRN_TMP      where data directories are made; the system's own place if unset
CAIRN_KILLS    how often kill_test kills, 8
CAIRN_LONG     1: long_chain_test runs too
CAIRN_STORE    memory: nodes that forget (the node reads it too); tests of what lasts are skipped
CAIRN_JOBS     how many parts (run.py) run side by side, 6
CAIRN_SANITIZED 1: the node is built with a sanitizer, which keeps freed memory for a while
CAIRN_SEED     the seed of every choice made at random; printed
"""

import os
import pathlib
import random
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
VECTORS = ROOT / "tests/vectors"


def _program(variable, *places):
    given = os.environ.get(variable)
    if given:
        return pathlib.Path(given)
    return next((ROOT / place for place in places if (ROOT / place).exists()), ROOT / places[0])


BINARY = _program("CAIRN_BINARY", "build/release/cairn", "build/asan/cairn", "build/debug/cairn")
MODEL = _program("CAIRN_MODEL", "build/release/model_ledger", "build/asan/model_ledger", "build/debug/model_ledger")
TMP = os.environ.get("CAIRN_TMP") or None
KILLS = int(os.environ.get("CAIRN_KILLS", "8"))
JOBS = int(os.environ.get("CAIRN_JOBS", "6"))
LONG = os.environ.get("CAIRN_LONG") == "1"
SANITIZED = os.environ.get("CAIRN_SANITIZED") == "1"
# What AddressSanitizer keeps of freed memory before it is used again.
QUARANTINE = 256 << 20 if SANITIZED else 0
SEED = int(os.environ.get("CAIRN_SEED", "1"))

needs_node = unittest.skipUnless(BINARY.exists(), f"no node at {BINARY}")
needs_disk = unittest.skipIf(os.environ.get("CAIRN_STORE") == "memory", "the store forgets (CAIRN_STORE=memory)")
needs_model = unittest.skipUnless(MODEL.exists(), f"no model_ledger at {MODEL}")
needs_true_memory = unittest.skipIf(SANITIZED, "a sanitizer keeps freed memory")


def seeded(name):
    """A generator of its own for every test; the seed is in the log."""
    print(f"{name}: CAIRN_SEED={SEED}", file=sys.stderr)
    return random.Random(f"{SEED} {name}")
