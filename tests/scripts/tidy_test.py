"""Which sources scripts/tidy looks at, in a repository planted for it."""

import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Tidy(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "scripts").mkdir()
        shutil.copy(ROOT / "scripts/tidy", self.folder / "scripts")
        for name in ("src/a.cpp", "src/a.hpp", "src/b.cpp", "src/alone.hpp", "src/a_test.cpp", "src/testing/t.hpp", "tests/t.cpp"):
            self.write(name, "")
        self.write("src/uses.cpp", '#include "alone.hpp"\n')
        self.git("init", "-q")
        self.commit("one")
        self.write("src/b.cpp", "int b;\n")
        self.commit("two")

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def git(self, *arguments):
        subprocess.run(["git", "-C", self.folder, "-c", "user.name=t", "-c", "user.email=t@localhost", *arguments], check=True)

    def commit(self, subject):
        self.git("add", "-A")
        self.git("commit", "-qm", subject)

    def listed(self, *arguments):
        told = subprocess.run([self.folder / "scripts/tidy", "--list", *arguments], capture_output=True, text=True, check=False)
        return told.returncode, told.stdout.split(), told.stderr

    def test_the_last_commit_unless_told(self):
        self.assertEqual(self.listed()[:2], (0, ["src/b.cpp"]))
        self.assertEqual(self.listed("HEAD")[1], [])

    def test_what_is_not_committed_yet_and_what_git_does_not_know(self):
        self.write("src/a.cpp", "int a;\n")
        self.write("src/new.cpp", "int n;\n")
        self.assertEqual(self.listed("HEAD")[1], ["src/a.cpp", "src/new.cpp"])

    def test_a_header_through_its_source_or_one_that_includes_it(self):
        self.write("src/a.hpp", "int a;\n")
        self.write("src/alone.hpp", "int l;\n")
        self.assertEqual(self.listed("HEAD")[1], ["src/a.cpp", "src/uses.cpp"])

    def test_a_header_that_nobody_includes_is_said(self):
        self.write("src/forgotten.hpp", "int f;\n")
        code, sources, said = self.listed("HEAD")
        self.assertEqual((code, sources), (0, []))
        self.assertIn("src/forgotten.hpp", said)

    def test_no_tests_and_nothing_that_is_gone(self):
        for name in ("src/a_test.cpp", "src/testing/t.hpp", "tests/t.cpp"):
            self.write(name, "int t;\n")
        (self.folder / "src/a.cpp").unlink()
        self.assertEqual(self.listed("HEAD")[1], [])

    def test_a_commit_that_is_not_there(self):
        self.assertEqual(self.listed("nowhere"), (2, [], "tidy: there is no commit nowhere\n"))
