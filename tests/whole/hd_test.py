"""hd.py against the published vectors."""

import json
import re
import unittest

import hd
from settings import VECTORS

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def secret_and_chain_code(xprv):
    number = 0
    for digit in xprv:
        number = number * 58 + _BASE58.index(digit)
    data = number.to_bytes(82, "big")
    return data[46:78], data[13:45]


class Words(unittest.TestCase):
    def test_lead_to_the_published_seeds_and_masters(self):
        rows = json.loads((VECTORS / "bip39/vectors.json").read_text(encoding="utf-8"))["english"]
        self.assertEqual(len(rows), 24)
        for _, words, seed, xprv in rows:
            self.assertEqual(hd.seed(words.split(), "TREZOR").hex(), seed)
            self.assertEqual(hd.master(bytes.fromhex(seed)), secret_and_chain_code(xprv))


class Derivation(unittest.TestCase):
    def test_follows_every_published_path(self):
        text = (VECTORS / "bip32/test-vectors.mediawiki").read_text(encoding="utf-8")
        paths = 0
        for part in re.split(r"===\s*Test vector \d", text)[1:5]:
            seed = bytes.fromhex(re.search(r"Seed \(hex\): ([0-9a-f]+)", part)[1])
            for path, xprv in re.findall(r"\* Chain (m\S*)\n.*?(xprv\w+)", part, re.S):
                node = hd.master(seed)
                for step in re.findall(r"(\d+)(<sub>H</sub>|H|')?", path):
                    node = hd.child(*node, int(step[0]) + (hd.HARDENED if step[1] else 0))
                with self.subTest(path):
                    self.assertEqual(node, secret_and_chain_code(xprv))
                paths += 1
        self.assertGreaterEqual(paths, 17)
