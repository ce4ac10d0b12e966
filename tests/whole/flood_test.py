"""A flood of strangers, its short form: the node lives, and those whom it is there for get through.

The long form, with times that are held against a bound, is scripts/flood.
"""

import pathlib
import sys
import tempfile
import time
import unittest

from settings import ROOT, SANITIZED, TMP, needs_node

sys.path.append(str(ROOT / "tests/campaign"))

import flood  # noqa: E402  (it stands with what the scripts share)
import places  # noqa: E402

OPTIONS = flood.Options(chain="dev", connections=250, peers=24, blocks=20, full=1_000, pending=300)
AT_LEAST_S, AT_MOST_S = 6, 90


@needs_node
class Flood(unittest.TestCase):
    def test_the_node_lives_and_its_own_get_through(self):
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix="cairn-", dir=TMP))
        place = places.place()
        self.addCleanup(place.close)
        run = self.enterContext(flood.Flood(OPTIONS, place, pathlib.Path(folder)))
        run.begin()
        begin = time.monotonic()
        run.until(lambda: run.begun() >= OPTIONS.connections, "the strangers are there", AT_MOST_S)
        before = {name: len(samples.values) for name, samples in run.names.items()}
        # Each of these begins and ends while the strangers are there.
        wanted = {"healthz, a connection that stands": 10, "healthz, new, with a token": 10, "log-ins": 2, "transfers": 3,
                  "blocks of the friend": 2}
        for name, more in wanted.items():
            run.until(lambda name=name, more=more: len(run.names[name].values) >= before[name] + more,
                      lambda name=name, more=more: f"{name}: {more} got through; errors {run.names[name].errors[-3:]}", AT_MOST_S)
        run.until(lambda: time.monotonic() - begin > AT_LEAST_S, "the time", AT_LEAST_S + 1)
        print(run.line(time.monotonic() - begin))
        report = run.report()
        self.assertTrue(report["alive"], run.node.log[-3000:])
        if not SANITIZED:
            self.assertLess(report["peak_mib"], OPTIONS.memory_mib)


if __name__ == "__main__":
    unittest.main()
