"""A disk that fills up under a node: the short form of scripts/fill-disk."""

import tempfile
import unittest

from fill_disk import fill
from mounts import needs_mounts
from settings import SEED, TMP, needs_disk, needs_node

ROUNDS = 2


@needs_node
@needs_disk
@needs_mounts
class FullDisk(unittest.TestCase):
    def test_nothing_is_lost_reads_go_on_and_it_finds_back(self):
        for seed in range(SEED, SEED + ROUNDS):
            with self.subTest(seed=seed), tempfile.TemporaryDirectory(dir=TMP) as folder:
                print(fill(folder, seed))
