"""What the pages name is there."""

import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


class Glossary(unittest.TestCase):
    def rows(self):
        for line in (ROOT / "docs/glossary.md").read_text().splitlines():
            if line.startswith("|") and "---" not in line and "lives in" not in line:
                yield line

    def test_each_word_has_one_sentence_and_a_file_that_is_there(self):
        words = []
        for line in self.rows():
            with self.subTest(line):
                word, meaning, place = re.fullmatch(r"\| (.+?) \| (.+) \| `([^`]+)` \|", line).groups()
                words.append(word)
                self.assertRegex(meaning, r"^[A-Z0-9].*\.$")
                below = ROOT if place.startswith(("sim/", "tests/", "docs/")) else ROOT / "src"
                self.assertTrue((below / place).is_file(), f"{word}: there is no file {place}")
        self.assertGreater(len(words), 100)
        self.assertEqual(len(words), len(set(words)), "a word stands twice")

    def test_words_are_in_order(self):
        part = []
        for line in (ROOT / "docs/glossary.md").read_text().splitlines():
            if line.startswith("| word"):
                part = []
            elif line.startswith("| ") and "---" not in line:
                part.append(line.split("|")[1].strip().strip("`").lower())
                self.assertEqual(part[-2:], sorted(part[-2:]))


class Contributing(unittest.TestCase):
    def test_files_that_it_names_are_there(self):
        text = re.sub(r"```.*?```", "", (ROOT / "CONTRIBUTING.md").read_text(), flags=re.DOTALL)
        named = [name for name in re.findall(r"`([\w.-]+/[\w./-]*)`", text) if not name.startswith("build/")]
        self.assertGreater(len(named), 20)
        for name in named:
            with self.subTest(name):
                self.assertTrue((ROOT / name).exists(), f"CONTRIBUTING.md names {name}, which is not there")


class Links(unittest.TestCase):
    def test_lead_to_files_that_are_there(self):
        for page in PAGES:
            for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text()):
                if "://" not in target:
                    with self.subTest(page=page.name, target=target):
                        self.assertTrue((page.parent / target).exists())
