"""scripts/format, on files planted for it."""

import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
GOOD = "int sum(int a, int b) { return a + b; }\n"
BAD = "int  sum( int a,int b ){return a+b;}\n"


@unittest.skipUnless(shutil.which("clang-format-14"), "no clang-format-14: scripts/install-packages format")
class Format(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        shutil.copy(ROOT / ".clang-format", self.folder)

    def plant(self, name, text):
        (self.folder / name).write_text(text)
        return str(self.folder / name)

    def format(self, *arguments):
        return subprocess.run([ROOT / "scripts/format", *arguments], capture_output=True, text=True, check=False)

    def test_names_the_files_that_differ_and_what_to_do(self):
        good, bad = self.plant("good.cpp", GOOD), self.plant("bad file.hpp", BAD)
        told = self.format("--check", good, bad)
        self.assertEqual((told.returncode, told.stdout), (1, bad + "\n"))
        self.assertEqual(told.stderr, "format: 1 of 2 files differ from the form of .clang-format: run scripts/format.\n")
        self.assertEqual(pathlib.Path(bad).read_text(), BAD)

    def test_is_silent_where_all_is_well(self):
        told = self.format("--check", self.plant("good.cpp", GOOD))
        self.assertEqual((told.returncode, told.stdout, told.stderr), (0, "", ""))

    def test_writes_what_differs_and_leaves_the_rest(self):
        good, bad = pathlib.Path(self.plant("good.cpp", GOOD)), pathlib.Path(self.plant("bad.cpp", BAD))
        before = good.stat().st_mtime_ns
        self.assertEqual(self.format(str(good), str(bad)).returncode, 0)
        self.assertEqual(bad.read_text(), GOOD)
        self.assertEqual(good.stat().st_mtime_ns, before)
        self.assertEqual(self.format("--check", str(bad)).returncode, 0)

    def test_says_what_is_wrong_with_the_command(self):
        told = self.format("--check", str(self.folder / "absent.cpp"))
        self.assertEqual((told.returncode, told.stderr), (2, f"format: there is no file {self.folder}/absent.cpp\n"))
        self.assertEqual(self.format("--bogus").returncode, 2)

    def test_does_not_call_sources_fine_that_could_not_be_looked_at(self):
        (self.folder / ".clang-format").write_text("BasedOnStyle: [nonsense\n")
        self.assertEqual(self.format("--check", self.plant("good.cpp", GOOD)).returncode, 2)
