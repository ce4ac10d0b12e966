"""Runs the whole-process tests: `python3 run.py` all of them, `python3 run.py kill_test` one file.

Files run side by side, each in a process of its own, CAIRN_JOBS at a time: most of a network's time is
waiting. What a file prints stays together. Ends with one line to read: how many passed, failed, were
skipped, and in what time.
"""

import concurrent.futures
import json
import pathlib
import subprocess
import sys
import time
import unittest

import settings

HERE = pathlib.Path(__file__).resolve().parent
COUNTS = "counts: "


def run_here(name):
    """One file, in this process; its counts are the last line."""
    result = unittest.TextTestRunner(verbosity=2).run(unittest.defaultTestLoader.loadTestsFromName(name))
    wrong = [test for test, _ in result.failures + result.errors]
    bad = {getattr(test, "test_case", test).id() for test in wrong}
    # What a class's set-up failed to begin was never counted as run.
    never_run = sum(not isinstance(getattr(test, "test_case", test), unittest.TestCase) for test in wrong)
    passed = result.testsRun - (len(bad) - never_run) - len(result.skipped)
    sys.stderr.flush()
    print(COUNTS + json.dumps([passed, sorted(bad), len(result.skipped)]))
    return 0 if result.testsRun and not bad else 1


def run_apart(name):
    """One file, in a process of its own: what it said, and its counts."""
    begin = time.monotonic()
    done = subprocess.run([sys.executable, __file__, "--here", name], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    said, _, counts = done.stdout.rpartition(COUNTS)
    try:
        passed, bad, skipped = json.loads(counts)
    except ValueError:
        said, passed, bad, skipped = done.stdout, 0, [f"{name} (ended with {done.returncode})"], 0
    if not passed + len(bad) + skipped:
        bad = [f"{name} (holds no test)"]
    print(f"--- {name}, {time.monotonic() - begin:.1f} s\n{said}", end="", file=sys.stderr, flush=True)
    return passed, bad, skipped


def main(names):
    # The longest first, so that none of them is left alone at the end.
    files = sorted(HERE.glob("*_test.py"), key=lambda file: file.stat().st_size, reverse=True)
    names = names or [file.stem for file in files]
    begin = time.monotonic()
    print(f"node {settings.BINARY}\nmodel {settings.MODEL}\nseed {settings.SEED}", file=sys.stderr)
    with concurrent.futures.ThreadPoolExecutor(settings.JOBS) as jobs:
        counts = list(jobs.map(run_apart, names))
    bad = [test for _, failed, _ in counts for test in failed]
    for test in bad:
        print(f"FAILED {test}")
    print(f"{sum(count[0] for count in counts)} passed, {len(bad)} failed, "
          f"{sum(count[2] for count in counts)} skipped in {time.monotonic() - begin:.1f} s")
    return 1 if bad else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--here"]:
        sys.path.insert(0, str(HERE))
        sys.exit(run_here(sys.argv[2]))
    sys.exit(main(sys.argv[1:]))
