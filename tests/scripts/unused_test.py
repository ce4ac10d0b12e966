"""scripts/unused, on sources planted for it."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from sources import unused  # noqa: E402


def found(texts, kept=()):
    return [(entry.name, entry.in_tests) for entry in unused.Names(texts).unused(dict.fromkeys(kept, "why"))]


class ByNames(unittest.TestCase):
    def test_who_is_declared_and_defined_only_is_called_by_nobody(self):
        texts = {"src/a.hpp": "int lonely(int a);\nint called();\nstruct A { int minus() const { return 1; } };\n",
                 "src/a.cpp": "int lonely(int a) { return a ? lonely(a - 1) : 0; }\nint called() { return 1; }\n",
                 "src/main.cpp": "int main() { return called(); }  // lonely() and minus() are not\n"}
        self.assertEqual(found(texts), [("lonely", False), ("A::minus", False)])

    def test_who_is_declared_and_never_defined_is_found(self):
        texts = {"src/a.hpp": "struct A { void forgotten(int a); virtual int look() = 0; A(const A&) = delete; };\n",
                 "src/b.hpp": "struct B : A { int look() override { return 1; } };\n", "src/c.cpp": "int c(A& a) { return a.look(); }\n",
                 "sim/d.cpp": "int d() { return c(a); }\n"}
        self.assertEqual(found(texts), [("forgotten", False)])

    def test_tests_are_no_callers_but_are_told(self):
        texts = {"src/a.cpp": "int lonely() { return 1; }\nint other() { return 1; }\n",
                 "src/a_test.cpp": "TEST(A, B) { lonely(); }\n", "src/testing/rig.hpp": "inline int rig() { return other(); }\n",
                 "tests/x/t.cpp": "void t() { other(); }\n"}
        self.assertEqual(found(texts), [("lonely", True), ("other", True)])

    def test_simulation_and_benchmarks_are_callers(self):
        texts = {"src/a.cpp": "int one() { return 1; }\nint two() { return 2; }\n", "sim/s.cpp": "int s() { return one(); }\n",
                 "bench/b.cpp": "int b() { return two(); }\n"}
        self.assertEqual(found(texts), [])

    def test_what_only_the_uncalled_call_is_uncalled(self):
        texts = {"src/a.cpp": "int low() { return 1; }\nint high() { return low(); }\nint top() { return high(); }\n"}
        self.assertEqual(found(texts), [("low", False), ("high", False), ("top", False)])

    def test_what_the_kept_call_stays_with_them(self):
        texts = {"src/a.cpp": "int low() { return 1; }\nint high() { return low(); }\nint alone() { return 1; }\n"}
        self.assertEqual(found(texts, ["high"]), [("alone", False)])

    def test_names_in_tables_initialisers_arguments_and_macros_are_uses(self):
        texts = {"src/a.cpp": "int a() { return 1; }\nint b() { return 1; }\nint c() { return 1; }\nint d() { return 1; }\n",
                 "src/b.hpp": "constexpr Row kRows[] = {{1, &a}};\nstruct S { int x = b(); explicit S(int y = c()); };\n#define DEE d()\n"}
        self.assertEqual(found(texts), [])

    def test_what_a_library_declares_it_calls_and_what_is_ours_is_not_called_by_being_virtual(self):
        texts = {"src/a.hpp": "struct Ours { virtual int look() = 0; };\nstruct A : Ours, Theirs {\n"
                              "int look() override { return 1; }\nint LogIt(int a) override { return a; } };\n"}
        self.assertEqual(found(texts), [("A::look", False)])

    def test_patterns_keep(self):
        texts = {"src/a.cpp": "struct P { void on_begin() {} void on_end() {} void off() {} };\n"}
        self.assertEqual(found(texts, ["P::on_*"]), [("P::off", False)])

    def test_a_reason_is_asked(self):
        with self.assertRaises(ValueError):
            unused.read_kept("# why\nf  because\ng\n")


class ByTheLinker(unittest.TestCase):
    def test_symbols_become_names(self):
        plain = ["cairn::net::Sync::bytes_of(unsigned long) const", "cairn::(anonymous namespace)::f(std::span<int const, 5ul>)",
                 "cairn::made[abi:cxx11](cairn::A)", "std::vector<cairn::A> cairn::listed<cairn::A>(int)",
                 "std::vector<cairn::A>::push_back(cairn::A const&)", "cairn::A::operator==(cairn::A const&)",
                 "cairn::run()::{lambda()#1}::operator()() const"]
        self.assertEqual(list(unused.symbol_names(plain)), ["cairn::net::Sync::bytes_of", "cairn::f", "cairn::made", "cairn::listed"])

    def test_who_shares_a_name_is_found_unless_a_benchmark_or_a_kept_function_has_it(self):
        texts = {"src/a.cpp": "int A::size() { return 1; }\nint B::size() { return 1; }\nint C::start() { return 1; }\n"
                              "int low() { return 1; }\nint kept() { return low(); }\nint x() { return size() + start() + low(); }\n",
                 "bench/b.cpp": "int b() { return c.start() + x(); }\n"}
        names = unused.Names(texts)
        symbols = {"cairn::A::size", "cairn::C::start", "cairn::low", "cairn::kept"}
        self.assertEqual([entry.name for entry in names.not_linked(symbols, {"kept": "why"})], ["A::size"])


class Command(unittest.TestCase):
    def run_on(self, kept):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "src").mkdir()
            (root / "scripts").mkdir()
            (root / "src/a.cpp").write_text("int lonely() { return 1; }\n")
            (root / "scripts/unused.kept").write_text(kept)
            told = subprocess.run([ROOT / "scripts/unused", "--root", root], capture_output=True, text=True, check=False)
        return told.returncode, told.stdout, told.stderr

    def test_says_who_where_and_what_to_do(self):
        code, said, advice = self.run_on("")
        self.assertEqual((code, said), (1, "src/a.cpp:1: lonely is called by nobody\n"))
        self.assertEqual(advice, "unused: 1 function of src that no program calls. Delete it, or give the reason why it "
                                 "stays in scripts/unused.kept.\n")

    def test_is_silent_where_all_is_well(self):
        self.assertEqual(self.run_on("lonely  a reason\n"), (0, "", ""))

    def test_a_line_for_what_is_gone_goes_too(self):
        code, said, _ = self.run_on("lonely  a reason\nabsent  a reason\n")
        self.assertEqual((code, said), (1, "scripts/unused.kept: there is no function absent any more; take its line out\n"))
