"""What scripts/measure and scripts/unused read out of C++, on sources planted for it."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))

from sources import cpp, figures  # noqa: E402


def spans(text):
    return [(function.name, function.first_line, function.last_line) for function in cpp.functions(text)]


def names(text):
    return [name for name, _, _ in spans(text)]


class Code(unittest.TestCase):
    def test_comments_and_literals_are_blank_and_every_line_keeps_its_place(self):
        text = 'int a; // { "\nint b; /* }\n*/ const char* c = "{//";\nauto d = R"x(\n} " )" )x"; char e = \'{\'; int f = 1\'000;\n'
        cleaned = cpp.code(text)
        self.assertEqual(len(cleaned), len(text))
        self.assertEqual(cleaned.count("\n"), text.count("\n"))
        self.assertNotIn("{", cleaned)
        self.assertNotIn("}", cleaned)
        self.assertIn("1'000", cleaned)

    def test_words_are_those_of_directives_too(self):
        self.assertEqual([word for word, _ in cpp.words("#define A(x) f(x)  // g\n")], ["define", "A", "x", "f", "x"])


class Functions(unittest.TestCase):
    def test_from_the_head_to_the_last_brace(self):
        self.assertEqual(spans("\nint\nf(int a) {\n    return a;\n}\n\nvoid g() {}\n"), [("f", 2, 5), ("g", 7, 7)])

    def test_members_constructors_and_what_follows_the_brackets(self):
        text = """
struct A final : B<int> {
    A(int a, F f) : a_{a}, f_{[] { return 1; }}, c_(a) { go(); }
    ~A() override { stop(); }
    int get() const noexcept { return a_; }
    auto trail(int x) -> std::vector<int> { return {x}; }
    int a_ = 0;
    std::array<int, 2> both_{1, 2};
    std::function<void(int)> call_ = {};
    std::function<bool()> ask_{};
};
template <class T, class U = int>
[[nodiscard]] Result<T, U> A<T>::made(const T& t) const { if (t) { return {}; } return t; }
bool operator==(const A& a, const A& b) { return true; }
"""
        self.assertEqual(names(text), ["A", "~A", "get", "trail", "made", "operator=="])
        self.assertEqual([function.owner for function in cpp.functions(text)], ["A", "A", "A", "A", "A", ""])

    def test_tables_types_and_enumerations_are_none(self):
        text = """
namespace a::b { namespace {
constexpr std::array kWords = {Word{"a", 1}, Word{"b", f(2)}};
enum class E : std::uint8_t { one, two };
struct alignas(64) S { alignas(8) int x{0}; };
extern "C" { int c() { return 1; } }
const auto look = [](int x) { return x; };
} }
"""
        self.assertEqual(names(text), ["c"])

    def test_tests_go_by_their_names_and_directives_do_not_disturb(self):
        self.assertEqual(names("#define OPEN {\nTEST(Suite, Name) {\n    int a{1};\n}\nint f() { return 0; }\n"),
                         ["TEST(Suite, Name)", "f"])

    def test_declarations_are_told_apart(self):
        parse = cpp.Parse("int f(int a = g());\nstruct A { virtual void run(Now now) = 0; int x = h(3); };\n")
        self.assertEqual([name for name, _ in parse.declared], ["f", "run"])


class Figures(unittest.TestCase):
    def test_spread_is_made_of_numbers_that_are_there(self):
        self.assertEqual(figures.spread(range(1, 11)), {"median": 5, "p90": 9, "largest": 10})
        self.assertEqual(figures.spread([7]), {"median": 7, "p90": 7, "largest": 7})
        self.assertEqual(figures.spread([]), {"median": 0, "p90": 0, "largest": 0})

    def test_a_repeat_has_six_lines_whatever_their_blanks_and_comments(self):
        six = [f"call({i});" for i in range(6)]
        one = "\n".join(six)
        other = "int a;\n\n" + "\n  // note\n}\n".join("  " + line for line in six) + "\nint b;\n"
        found = figures.repeats({"one.cpp": one, "two.cpp": other})
        self.assertEqual((found["count"], found["lines"], found["of"]), (2, 12, 14))
        self.assertEqual(found["places"], [("one.cpp", 1, 6), ("two.cpp", 3, 18)])
        self.assertEqual(figures.repeats({"one.cpp": "\n".join(six[:5]), "two.cpp": other})["count"], 0)

    def test_includes_are_followed_through_headers_once_each(self):
        texts = {
            "src/a/a.cpp": '#include "a/a.hpp"\n#include <vector>\n// #include "a/c.hpp"\n',
            "src/a/a.hpp": '#include "a/b.hpp"\n#include "a/c.hpp"\n',
            "src/a/b.hpp": '#include "a/c.hpp"\n#include "a/a.hpp"\n',
            "src/a/c.hpp": "",
            "tests/t.cpp": '#include "far/away.hpp"\n#include "a/c.hpp"\n',
        }
        direct, transitive = figures.includes(texts)
        self.assertEqual(direct, {"src/a/a.cpp": 2, "tests/t.cpp": 2})
        self.assertEqual(transitive, {"src/a/a.cpp": 3, "tests/t.cpp": 1})

    def test_parts_and_all(self):
        long = "int f() {\n" + "    g();\n" * 59 + "}\n"
        made = figures.by_part({"src/a.cpp": long, "src/a_test.cpp": "int t;\n", "sim/b.hpp": "int b;\n"})
        self.assertEqual(list(made), ["src", "src, tests", "sim", "all"])
        self.assertEqual((made["src"]["functions_over_60"], made["src"]["lines"]), (1, 61))
        self.assertEqual((made["sim"]["headers_under_20"], made["all"]["files"]), (1, 3))
