"""Runs the whole-process tests: `python3 run.py` all of them, `python3 run.py kill_test` one file.

Classes run side by side, each in a process of its own, CAIRN_JOBS at a time: most of a network's time is
waiting. Of a class that says `APART = True` each test does. What a process prints stays together. Ends with the slowest, and one line to read: how many
passed, failed, were skipped, and in what time.
"""

import concurrent.futures
import json
import pathlib
import signal
import subprocess
import sys
import time
import unittest

import settings

HERE = pathlib.Path(__file__).resolve().parent
COUNTS = "counts: "
SECONDS = settings.ROOT / "build/whole-seconds.json"


def run_here(name):
    """One part, in this process; its counts are the last line."""
    # A shell ignores it for what it starts in the background, and so would the nodes.
    signal.signal(signal.SIGINT, signal.default_int_handler)
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
    """One part, in a process of its own: what it said, its counts, and its seconds."""
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
    took = time.monotonic() - begin
    print(f"--- {name}, {took:.1f} s\n{said}", end="", file=sys.stderr, flush=True)
    return passed, bad, skipped, took


def parts(names):
    """What runs by itself of those files: file.Class or file.Class.test; what cannot be read by its own name."""
    found = {}
    loader = unittest.TestLoader()
    waiting = [loader.loadTestsFromName(name) for name in names]
    while waiting:
        for test in waiting.pop():
            if isinstance(test, unittest.TestSuite):
                waiting.append(test)
            elif type(test).__name__ == "_FailedTest":
                found[test.id().rpartition(".")[2]] = None
            else:
                found[test.id() if getattr(test, "APART", False) else test.id().rpartition(".")[0]] = None
    return list(found)


def longest_first(names):
    """As they were seen to last; one that was never seen may last long. None is left alone at the end."""
    try:
        seen = json.loads(SECONDS.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        seen = {}
    return sorted(names, key=lambda name: seen.get(name, 1e9), reverse=True), seen


def main(names):
    files = sorted(HERE.glob("*_test.py"), key=lambda file: file.stat().st_size, reverse=True)
    names, seen = longest_first(parts(names or [file.stem for file in files]))
    begin = time.monotonic()
    print(f"node {settings.BINARY}\nmodel {settings.MODEL}\nseed {settings.SEED}", file=sys.stderr)
    with concurrent.futures.ThreadPoolExecutor(settings.JOBS) as jobs:
        counts = list(jobs.map(run_apart, names))
    took = {name: round(count[3], 1) for name, count in zip(names, counts)}
    SECONDS.parent.mkdir(exist_ok=True)
    SECONDS.write_text(json.dumps(seen | took), encoding="utf-8")
    print("slowest:", ", ".join(f"{name} {took[name]} s" for name in sorted(took, key=took.get, reverse=True)[:8]))
    bad = [test for _, failed, *_ in counts for test in failed]
    for test in bad:
        print(f"FAILED {test}")
    print(f"{sum(count[0] for count in counts)} passed, {len(bad)} failed, "
          f"{sum(count[2] for count in counts)} skipped in {time.monotonic() - begin:.1f} s")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.path.insert(0, str(HERE))
    if sys.argv[1:2] == ["--here"]:
        sys.exit(run_here(sys.argv[2]))
    sys.exit(main(sys.argv[1:]))
