"""bip340.py against the published vectors."""

import csv
import unittest

import bip340
from settings import VECTORS


class Bip340(unittest.TestCase):
    def test_agrees_with_every_published_row(self):
        with open(VECTORS / "bip340/test-vectors.csv", newline="") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual(len(rows), 19)
        for row in rows:
            message, key = bytes.fromhex(row["message"]), bytes.fromhex(row["public key"])
            signature = bytes.fromhex(row["signature"])
            with self.subTest(row["index"]):
                self.assertEqual(bip340.verify(message, key, signature), row["verification result"] == "TRUE")
                if row["secret key"]:
                    secret, auxiliary = bytes.fromhex(row["secret key"]), bytes.fromhex(row["aux_rand"])
                    self.assertEqual(bip340.public_key(secret), key)
                    self.assertEqual(bip340.sign(message, secret, auxiliary), signature)
