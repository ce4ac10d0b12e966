"""Functions of src that no program calls."""

import dataclasses
import fnmatch
import pathlib
import re

from sources import cpp

# What takes part in it: the programs, and the tests, which do not count as callers.
TOPS = ("src", "sim", "bench", "tests")


@dataclasses.dataclass(frozen=True)
class Unused:
    name: str           # Owner::name
    where: str          # file:line
    in_tests: bool      # tests name it


def is_test(path):
    path = pathlib.PurePath(path)
    return bool(re.search(r"_test\.[ch]pp$", path.name)) or "testing" in path.parts or path.parts[0] == "tests"


def read_kept(text):
    """NAME -> reason. A line that gives none is a fault."""
    kept = {}
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            name, _, reason = line.partition(" ")
            if not reason.strip():
                raise ValueError(f"line {number}: {name} is kept without a reason")
            kept[name] = reason.strip()
    return kept


class Names:
    """What the words of the sources tell. `texts`: path below the checkout -> text, of all TOPS.

    A function is called if a program has its name anywhere but where it is declared or defined, in its own body, or
    in bodies of others that are not called. A name that several functions share counts for all of them: this finds
    less than there is, and little that is called."""

    def __init__(self, texts):
        self._uses = {}             # name -> [(path, place)] of what is no declaration
        self._definitions = {}      # name -> [(path, Function)], of src
        self._declarations = {}     # name -> [(path, line)], of src
        self._in_tests = set()
        virtual, overridden = set(), set()
        for path, text in texts.items():
            if is_test(path):
                self._in_tests.update(word for word, _ in cpp.words(text))
                continue
            parse = cpp.Parse(text)
            virtual.update(re.findall(r"\bvirtual\b[^;{}()]*?(\w+)\s*\(", parse.code))
            overridden.update(re.findall(r"(\w+)\s*\([^;{}]*\)[^;{}()]*\boverride\b", parse.code))
            declared = {place for _, place in parse.declared} | {function.place for function in parse.functions}
            for function in parse.functions:
                if path.startswith("src/") and _counts(function):
                    self._definitions.setdefault(function.name, []).append((path, function))
            for name, place in parse.declared:
                if path.startswith("src/"):
                    self._declarations.setdefault(name, []).append((path, parse.line_of(place)))
            for word, place in cpp.words(text):
                if place not in declared:
                    self._uses.setdefault(word, []).append((path, place))
        self._of_libraries = overridden - virtual   # declared by a library's class, which calls them

    def defines(self, pattern):
        """Whether a function of that name is there, and no program calls it."""
        return any(fnmatch.fnmatchcase(qualified(function), pattern) for found in self._definitions.values() for _, function in found)

    def in_bodies_of(self, kept):
        """The names of functions that stand in bodies of the kept ones, and in theirs."""
        found, bodies = set(), [place for places in self._definitions.values() for place in places if _is_kept(place[1], kept)]
        while bodies:
            path_and_function = bodies.pop()
            for name, places in self._definitions.items():
                if name not in found and any(_inside(use, [path_and_function]) for use in self._uses.get(name, ())):
                    found.add(name)
                    bodies += places
        return found

    def unused(self, kept):
        gone = {}
        while True:
            bodies = [body for found in gone.values() for body in found if not _is_kept(body[1], kept)]
            fresh = {name: found for name, found in self._definitions.items()
                     if name not in gone and name not in self._of_libraries and
                     all(_inside(use, found) or _inside(use, bodies) for use in self._uses.get(name, ()))}
            if not fresh:
                break
            gone.update(fresh)
        told = self._told(((path, function) for found in gone.values() for path, function in found), kept)
        return told + [Unused(name, f"{path}:{line}", name in self._in_tests) for name, places in self._declarations.items()
                       if name not in self._definitions and name not in self._uses and name not in kept
                       for path, line in places]

    def not_linked(self, symbols, kept):
        """Of symbols (demangled, as `Owner::name` with namespaces) that the linker found nobody to call: those that are
        functions of src, whose name neither bench nor a kept function has."""
        spared = self.in_bodies_of(kept)
        found = []
        for name, places in self._definitions.items():
            if name in spared or any(path.startswith("bench/") for path, _ in self._uses.get(name, ())):
                continue
            found += [(path, function) for path, function in places
                      if any(symbol == qualified(function) or symbol.endswith("::" + qualified(function)) for symbol in symbols)]
        return self._told(found, kept)

    def _told(self, found, kept):
        told = {Unused(qualified(function), f"{path}:{function.first_line}", function.name in self._in_tests)
                for path, function in found if not _is_kept(function, kept)}
        return sorted(told, key=lambda entry: (entry.where.rpartition(":")[0], int(entry.where.rpartition(":")[2])))


def qualified(function):
    return f"{function.owner}::{function.name}" if function.owner else function.name


def _is_kept(function, kept):
    return any(fnmatch.fnmatchcase(qualified(function), pattern) for pattern in kept)


def _counts(function):
    """Operators and destructors are called without their names, constructors by the name of their class."""
    return not (function.name.startswith(("operator", "~")) or function.name in (function.owner, "main")
                or "(" in function.name)


def _inside(use, bodies):
    path, place = use
    return any(path == other and function.begin <= place < function.end for other, function in bodies)


def symbol_names(demangled):
    """`cairn::net::Sync::walked` of `cairn::net::Sync::walked() const`, for functions of ours that have a name; without
    arguments, template arguments, unnamed namespaces and the type returned."""
    for line in demangled:
        line = line.replace("(anonymous namespace)::", "").replace("[abi:cxx11]", "")
        if "operator" in line or "{lambda" in line:
            continue
        out, depth = "", 0
        for c in line:
            if c == "(" and not depth:
                break
            depth += (c == "<") - (c == ">")
            if not depth and c != ">":
                out += c
        name = out.rpartition(" ")[2]
        if name.startswith("cairn::"):
            yield name
