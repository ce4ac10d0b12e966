"""Runs the whole-process tests: `python3 run.py` all of them, `python3 run.py kill_test` one file.

Ends with one line to read: how many passed, failed, were skipped, and in what time.
"""

import pathlib
import sys
import time
import unittest

import settings

HERE = pathlib.Path(__file__).resolve().parent


def main(names):
    loader = unittest.defaultTestLoader
    sys.path.insert(0, str(HERE))
    suite = loader.loadTestsFromNames(names) if names else loader.discover(str(HERE), "*_test.py", str(HERE))
    begin = time.monotonic()
    print(f"node {settings.BINARY}\nmodel {settings.MODEL}\nseed {settings.SEED}", file=sys.stderr)
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    wrong = [test for test, _ in result.failures + result.errors]
    bad = {getattr(test, "test_case", test).id() for test in wrong}
    # What a class's set-up failed to begin was never counted as run.
    never_run = sum(not isinstance(getattr(test, "test_case", test), unittest.TestCase) for test in wrong)
    bad, passed = len(bad), result.testsRun - (len(bad) - never_run) - len(result.skipped)
    for test in wrong:
        print(f"FAILED {test.id()}")
    print(f"{passed} passed, {bad} failed, {len(result.skipped)} skipped in {time.monotonic() - begin:.1f} s")
    return 0 if result.testsRun and not bad else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
