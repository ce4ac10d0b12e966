"""Three nodes under everything at once, a few rounds of it; the long form is scripts/fuzz-nodes."""

import pathlib
import sys
import tempfile
import unittest

from settings import ROOT, SEED, TMP, needs_disk, needs_node

sys.path.append(str(ROOT / "tests/campaign"))

import fuzz  # noqa: E402  (it stands with what the scripts share)

ROUNDS, WITHIN_S = 3, 60


@needs_node
@needs_disk
class Fuzz(unittest.TestCase):
    def play(self, seed, rounds=ROUNDS, acts=fuzz.ACTS):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="cairn-", dir=TMP)))
        with fuzz.Fuzz(folder, seed, WITHIN_S, acts=acts) as run:
            try:
                for number in range(rounds):
                    run.round(number)
                run.verify()
            except fuzz.Failed as failed:
                print(f"scripts/fuzz-nodes --seed {seed} plays it again", (folder / "history.jsonl").read_text(), sep="\n")
                raise failed
            print(f"{rounds} rounds, {len(run.sent)} transfers acknowledged, the slowest heal {run.slowest:.1f} s")

    def test_after_each_heal_one_tip_and_one_pool(self):
        self.play(SEED)

    def test_who_joins_while_behind_gets_what_waits(self):
        """The acts in which a seed once ended: what waits can be taken only by who has caught up."""
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="cairn-", dir=TMP)))
        with fuzz.Fuzz(folder, SEED, WITHIN_S) as run:
            rng, (first, second, _) = fuzz.random.Random(SEED), run.machines
            run.keys = run.keys[:1]
            run.heal(rng)
            run.act_send(first, rng, 70)  # more than may lie between an account's nonce and a transfer's
            first.ask("POST", "/mine?count=400")
            run.act_gossip(second, rng)
            run.act_restart(second, rng)
            run.act_send(first, rng, 20)
            run.heal(rng)


if __name__ == "__main__":
    unittest.main()
