"""C++ taken apart as far as it can be without a compiler: no comments, tokens, function definitions."""

import bisect
import dataclasses
import re

_NOT_CODE = re.compile(
    r'//(?:\\\n|[^\n])*'
    r'|/\*.*?\*/'
    r'|(?:\b(?:u8|u|U|L))?R"(?P<end>[^()\\\s]{0,16})\(.*?\)(?P=end)"'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Za-z_])'(?:\\.|[^'\\\n])+'", re.DOTALL)
_DIRECTIVE = re.compile(r'^[ \t]*#(?:\\\n|[^\n])*', re.MULTILINE)
_TOKEN = re.compile(r"[A-Za-z_]\w*|\d(?:'?\w|\.)*|::|->\*?|\[\[|\]\]|[^\s\w]")


def _blank(found):
    """As many lines; of a literal its quotes, so that something stands where it stood."""
    text = found.group()
    if text[0] == "/":
        return re.sub(r"[^\n]", " ", text)
    return '"' + re.sub(r"[^\n]", " ", text[1:-1]) + '"' if len(text) > 1 else text


def code(text):
    """The text without comments and without what stands in literals; every character keeps its place."""
    return _NOT_CODE.sub(_blank, text)


def without_comments(text):
    """Literals stay as they are."""
    return _NOT_CODE.sub(lambda found: _blank(found) if found.group()[0] == "/" else found.group(), text)


def without_directives(text):
    return _DIRECTIVE.sub(lambda found: re.sub(r"[^\n]", " ", found.group()), text)


def words(text):
    """Every word of code, directives included, with its place."""
    return [(found.group(), found.start()) for found in re.finditer(r"[A-Za-z_]\w*", code(text))]


@dataclasses.dataclass(frozen=True)
class Function:
    """A definition. Lines are counted from 1 and include the first of the head and the last brace."""
    name: str
    owner: str          # the class it belongs to, as far as head and scope tell; else empty
    place: int          # of the name, in characters
    begin: int          # of the head
    end: int            # behind the body
    first_line: int
    last_line: int

    @property
    def lines(self):
        return self.last_line - self.first_line + 1


_NO_NAMES = {"alignas", "decltype", "noexcept", "requires", "__attribute__", "explicit", "if", "while", "for", "switch",
             "catch", "return", "sizeof", "static_assert"}
_MACRO_OF_TESTS = re.compile(r"^(TYPED_)?(TEST|BENCHMARK)(_[FP])?$")


class _Scope:
    def __init__(self, kind, name=""):
        self.kind, self.name = kind, name   # namespace, type, function, block, initialiser


class Parse:
    """Function definitions, and the parts of the text that are inside of one."""

    def __init__(self, text):
        self.code = code(text)
        self._newlines = [i for i, c in enumerate(text) if c == "\n"]
        self.functions = []
        self.declared = []      # (name, place) of declarations without a body
        self._run(_TOKEN.finditer(without_directives(self.code)))

    def line_of(self, place):
        return bisect.bisect_left(self._newlines, place) + 1

    def _run(self, tokens):
        scopes, head, depth = [_Scope("namespace")], [], 0
        begin = None            # of the function whose body is read
        for found in tokens:
            token, place = found.group(), found.start()
            scope = scopes[-1]
            outside = scope.kind in ("namespace", "type")
            if token == "{":
                if not outside or depth:
                    scopes.append(_Scope("block"))
                    continue
                kind, name = self._kind(head)
                scopes.append(_Scope(kind, name))
                if kind == "function":
                    begin = self._begin(head, scopes)
                    head = []
                elif kind in ("namespace", "type"):
                    head = []
            elif token == "}":
                left = scopes.pop() if len(scopes) > 1 else scope
                if left.kind == "function":
                    name, owner, at, start = begin
                    self.functions.append(Function(name, owner, at, start, place + 1, self.line_of(start), self.line_of(place)))
                    head = []
                elif left.kind == "initialiser":
                    head.append(("}", place))
                elif left.kind in ("namespace", "type"):
                    head = []
            elif outside:
                if token in "([":
                    depth += 1
                elif token in ")]":
                    depth = max(0, depth - 1)
                if token == ";" and not depth:
                    self._declaration(head)
                    head = []
                elif token == ":" and len(head) == 1 and head[0][0] in ("public", "private", "protected"):
                    head = []
                else:
                    head.append((token, place))

    @staticmethod
    def _top(head):
        """The head less template<…> in front and attributes, as (token, place, depth of round brackets)."""
        out, i, depth = [], 0, 0
        while i < len(head):
            token = head[i][0]
            if token == "template" and i + 1 < len(head) and head[i + 1][0] == "<" and not depth:
                angle = 0
                i += 1
                while i < len(head):
                    angle += {"<": 1, ">": -1}.get(head[i][0], 0)
                    i += 1
                    if not angle:
                        break
                continue
            if token == "[[":
                while i < len(head) and head[i][0] != "]]":
                    i += 1
                i += 1
                continue
            if token == ")":
                depth -= 1
            out.append((token, head[i][1], depth))
            if token == "(":
                depth += 1
            i += 1
        return out

    @classmethod
    def _named(cls, head):
        """(index into `_top` of the name's last token, `_top`) of a head that declares a function; or nothing."""
        top = cls._top(head)
        angle = 0
        for i, (token, _, depth) in enumerate(top):
            if depth:
                continue
            # A signature among template arguments, as of std::function, names nothing.
            if token == "<" and i and re.match(r"[A-Za-z_]", top[i - 1][0]):
                angle += 1
            elif token == ">" and angle:
                angle -= 1
            if angle:
                continue
            if token == "operator":
                return i, top
            if token == "=":
                return None, top
            if token == "(" and i and re.match(r"[A-Za-z_]", top[i - 1][0]) and top[i - 1][0] not in _NO_NAMES:
                return i - 1, top
        return None, top

    def _kind(self, head):
        if not head:
            return "block", ""
        named, top = self._named(head)
        tokens = [token for token, _, depth in top if not depth]
        if "namespace" in tokens or tokens[0] == "extern" and len(tokens) < 5 and "(" not in tokens:
            return "namespace", ""
        if named is None:
            for keyword in ("class", "struct", "union", "enum"):
                if keyword in tokens and "=" not in tokens:
                    return "type", self._type_name(tokens, keyword)
            return "initialiser", ""
        if tokens[0] in ("class", "struct", "union") and not self._returns_type(tokens):
            return "type", self._type_name(tokens, tokens[0])
        # The brace of a member's initialiser, in a constructor's list, follows its name.
        closed = False
        for token, _, depth in top[named + 1:]:
            if token == ")" and not depth:
                closed = True
            elif closed and token == ":" and not depth:
                if re.match(r"[A-Za-z_>]", top[-1][0]):
                    return "initialiser", ""
                break
        return "function", ""

    @staticmethod
    def _returns_type(tokens):
        """`struct X f(` returns one; `struct alignas(8) X` is one."""
        return "(" in tokens and tokens.index("(") > 2

    @staticmethod
    def _type_name(tokens, keyword):
        rest = [token for token in tokens[tokens.index(keyword) + 1:] if re.match(r"[A-Za-z_]", token)]
        return next((token for token in rest if token not in ("class", "struct", "final", "alignas")), "")

    def _begin(self, head, scopes):
        named, top = self._named(head)
        name, at = top[named][0], top[named][1]
        owner = next((scope.name for scope in reversed(scopes) if scope.kind == "type"), "")
        if name == "operator":
            rest = [token for token, _, _ in top[named + 1:]]
            end = rest.index("(", 1) if "(" in rest[1:] else len(rest)
            name += "".join(rest[:end])
        elif _MACRO_OF_TESTS.match(name):
            name += "(" + ", ".join(token for token, _, depth in top[named + 2:] if depth and token != ",") + ")"
        elif named and top[named - 1][0] == "~":
            name = "~" + name
            named -= 1
        if named > 1 and top[named - 1][0] == "::":
            owner = self._owner_before(top, named - 1)
        return name, owner, at, head[0][1]

    @staticmethod
    def _owner_before(top, i):
        """The class before `::`, over its template arguments."""
        i -= 1
        if top[i][0] == ">":
            angle = 0
            while i >= 0:
                angle += {">": 1, "<": -1}.get(top[i][0], 0)
                i -= 1
                if not angle:
                    break
        return top[i][0] if i >= 0 else ""

    def _declaration(self, head):
        if not head:
            return
        named, top = self._named(head)
        if named is not None and top[named][0] != "operator" and named:
            before = top[named - 1][0]
            if re.match(r"[A-Za-z_>&*~]", before) and before not in ("return", "using"):
                self.declared.append((top[named][0], top[named][1]))


def functions(text):
    return Parse(text).functions
