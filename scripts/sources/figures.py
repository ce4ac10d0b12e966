"""The figures of scripts/measure. Texts in, values out."""

import collections
import pathlib
import re

from sources import cpp

TOPS = ("src", "sim", "tests", "bench")
LONG_FUNCTION = 60      # lines
SHORT_HEADER = 20       # lines
REPEAT = 6              # lines


def read(root):
    """Path below `root` -> text, of the C++ of the project itself."""
    root = pathlib.Path(root)
    return {str(path.relative_to(root)): path.read_text(encoding="utf-8", errors="replace")
            for top in TOPS for path in sorted((root / top).rglob("*.[ch]pp"))
            if path.is_file() and "node_modules" not in path.parts}


def spread(numbers):
    """Median, the number that nine of ten do not exceed, and the largest; zeros of none. Always one of the numbers."""
    numbers = sorted(numbers)
    if not numbers:
        return {"median": 0, "p90": 0, "largest": 0}
    return {"median": numbers[(len(numbers) - 1) // 2], "p90": numbers[-(-9 * len(numbers) // 10) - 1], "largest": numbers[-1]}


def line_count(text):
    return text.count("\n") + (not text.endswith("\n") and bool(text))


def telling_lines(text):
    """(line number, the line without blanks and comments) of every line that says something of its own: no includes,
    no namespaces, no line of nothing but brackets and punctuation."""
    for number, line in enumerate(cpp.without_comments(text).split("\n"), 1):
        line = "".join(line.split())
        if re.search(r"\w", line) and not re.match(r"#(include|pragma)|namespace\b|\}namespace|usingnamespace", line):
            yield number, line


def repeats(texts, length=REPEAT):
    """Blocks of at least so many lines that stand in more than one place: {"count", "lines", "places"}. `lines` counts
    every line of every copy once; a place is (path, first line, last line)."""
    windows = collections.defaultdict(list)
    told = {path: list(telling_lines(text)) for path, text in texts.items()}
    for path, lines in told.items():
        for i in range(len(lines) - length + 1):
            windows[tuple(line for _, line in lines[i:i + length])].append((path, i))
    covered = collections.defaultdict(set)
    for places in windows.values():
        if len(places) > 1:
            for path, i in places:
                covered[path].update(range(i, i + length))
    places = []
    for path, indices in covered.items():
        first = last = None
        for i in sorted(indices):
            if last is None or i != last + 1:
                if last is not None:
                    places.append((path, told[path][first][0], told[path][last][0]))
                first = i
            last = i
        places.append((path, told[path][first][0], told[path][last][0]))
    return {"count": len(places), "lines": sum(map(len, covered.values())),
            "of": sum(map(len, told.values())), "places": sorted(places)}


_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)
# Below which folders a quoted include is looked for, as the compiler is told (CMakeLists.txt).
_ROOTS = ("src/", "", "tests/")


def includes(texts):
    """Of each source: how many files it names, and how many headers of ours come with it."""
    own, direct = {}, {}
    for path, text in texts.items():
        named = _INCLUDE.findall(cpp.without_comments(text))
        direct[path] = len(named)
        own[path] = [next((root + quoted for root in _ROOTS if root + quoted in texts), None) for quoted, _ in named if quoted]
    transitive = {}
    for path in texts:
        if path.endswith(".cpp"):
            reached, waiting = set(), [path]
            while waiting:
                fresh = {header for header in own.get(waiting.pop(), ()) if header} - reached
                reached |= fresh
                waiting += fresh
            transitive[path] = len(reached)
    return {path: direct[path] for path in transitive}, transitive


def _of(texts, functions, direct, transitive):
    lines = {path: line_count(text) for path, text in texts.items()}
    long = sorted(((function.lines, path, function.first_line, function.name) for path, function in functions
                   if function.lines > LONG_FUNCTION), reverse=True)
    return {
        "files": len(texts),
        "lines": sum(lines.values()),
        "file_lines": spread(lines.values()),
        "functions": len(functions),
        "function_lines": spread(function.lines for _, function in functions),
        "functions_over_60": len(long),
        "long_functions": [{"lines": n, "where": f"{path}:{line}", "name": name} for n, path, line, name in long],
        "repeats": repeats(texts),
        "headers": sum(path.endswith(".hpp") for path in texts),
        "headers_under_20": sum(path.endswith(".hpp") and n < SHORT_HEADER for path, n in lines.items()),
        "includes_direct": spread(direct.values()),
        "includes_own_transitive": spread(transitive.values()),
    }


def part_of(path):
    """The top folder; of src the unit tests and what they share are a part of their own."""
    path = pathlib.PurePath(path)
    tests = re.search(r"_test\.[ch]pp$", path.name) or "testing" in path.parts
    return "src, tests" if path.parts[0] == "src" and tests else path.parts[0]


def by_part(texts):
    """The figures of each part, and of all. Repeats of all count those between parts too; includes are followed
    through all."""
    functions = {path: cpp.functions(text) for path, text in texts.items()}
    direct, transitive = includes(texts)
    made = {}
    for name in ("src", "src, tests", "sim", "tests", "bench", "all"):
        part = {path: text for path, text in texts.items() if name in ("all", part_of(path))}
        if part:
            made[name] = _of(part, [(path, function) for path in part for function in functions[path]],
                                 {path: n for path, n in direct.items() if path in part},
                                 {path: n for path, n in transitive.items() if path in part})
    return made
