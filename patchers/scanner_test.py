"""Tests of the C++ scanner."""

import time

import pytest

from patchers.errors import PatchError
from patchers.scanner import Kind, scan


def statements(text: str) -> list[str]:
    return ["".join(item.text.split()) for item in scan(text).items if item.kind is Kind.STATEMENT]


def kinds(text: str) -> str:
    return " ".join(item.kind.name for item in scan(text).items)


@pytest.mark.parametrize(
    "text",
    [
        "f(a, b); g(c);",
        "f(a,b);g(c);",
        "  f ( a ,\n\tb )\n;\r\n g\n(\nc\n)\n;\n",
        "f(a, /* , x */ b); // h();\ng(c);",
        "/* h(); */ f(a, b) /* ; */; g(c // )\n);",
        "f(a, b);; ;g(c);",
    ],
)
def test_formatting_does_not_change_the_statements(text: str) -> None:
    assert statements(text) == ["f(a,b)", "g(c)"]


@pytest.mark.parametrize(
    "hidden",
    [
        "// x();",
        "// y \\\n x();",
        "// y \\  \r\n x();",
        "/* x(); \n x(); */",
        'char* s = "x();";',
        r'char* s = "\"; x();";',
        'char* s = "a\\\n; x();";',
        'auto s = R"(x(); ")";',
        'auto s = u8R"d(x(); )" )d";',
        "char c = ';'; char d = '\\'';",
        "#define X x();",
        "#define X \\\n  x();\n",
        '#define X "/*"',
        "#error don't x();",
        "#define X /* \n */ x();",
        "call([&](int a) { x(); });",
    ],
)
def test_what_looks_like_code_in_comments_literals_macros_and_lambdas_is_no_statement(hidden: str) -> None:
    assert "x()" not in statements(f"f();\n{hidden}\ng();")
    assert statements(f"f();\n{hidden}\ng();")[-1] == "g()"


@pytest.mark.parametrize("number", ["1'000", "0x1'f", "1'0.5e3", "0b1'0'1u"])
def test_a_digit_separator_begins_no_character(number: str) -> None:
    assert statements(f"f({number}); g('a');") == [f"f({number})", 'g("")']


@pytest.mark.parametrize("literal", ["u8'a'", "L';'", 'u8"x"', "U'\\x27'", 'R"(\')"'])
def test_prefixed_literals_end_where_they_should(literal: str) -> None:
    assert len(statements(f"f({literal}); g();")) == 2


@pytest.mark.parametrize("number", ['#line 7 "x.py"', '# 7 "x.py" 1', "#  line 7 // why"])
def test_numbers_of_lines_are_no_items(number: str) -> None:
    assert kinds(f"f();\n{number}\ng();") == "STATEMENT STATEMENT"


def test_blocks_and_directives_are_items_of_their_own() -> None:
    text = "void f(int a) {\n#if X\n  for (int i = 0; i < 3; ++i) { g(); }\n#endif\n}"
    assert kinds(text) == "OPEN DIRECTIVE OPEN STATEMENT CLOSE DIRECTIVE CLOSE"


def test_an_initialiser_is_a_fragment_not_a_statement() -> None:
    assert kinds("int a[] = {1, 2};") == "OPEN FRAGMENT CLOSE"


def test_an_if_without_braces_is_one_statement_with_its_body() -> None:
    assert statements("if (a)\n  f();\nelse g();\ndo h(); while (a);") == ["if(a)f()", "elseg()", "doh()", "while(a)"]


def test_offsets_cover_the_statement_with_its_semicolon() -> None:
    text = "/* é */ f(a); g /* */ (b)\n;"
    assert [text[item.start : item.end] for item in scan(text).items] == ["f(a);", "g /* */ (b)\n;"]


def test_line_numbers_count_line_feeds_only() -> None:
    source = scan("a();\r\n\x0bb();\rc();\n/*\n*/ d();")
    assert [source.line(index) for index in range(4)] == [1, 2, 2, 4]


def test_a_byte_order_mark_is_no_code() -> None:
    assert kinds("\xef\xbb\xbf#include <a>\nf();") == "DIRECTIVE STATEMENT"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("void f() {\n  g();\n", r"line 1: '\{' is never closed"),
        ("void f() {\n  g(a,", r"line 2: '\(' is never closed"),
        ("void f() { g(a; }", "line 1: '}' closes nothing"),
        ("}", "line 1: '}' closes nothing"),
        ("f(); )", r"line 1: '\)' closes nothing"),
        ("f();\n/* g();", r"line 2: /\* is never closed"),
        ('f();\ng("a);\n', 'line 2: " is never closed'),
        ("f('a);\n", "line 1: ' is never closed"),
        ('f(R"x(a)y");', 'line 1: R" is never closed'),
        ("#if A\nf();\n", "line 1: this condition has no #endif"),
        ("f();\n#endif\n", "line 2: #endif without #if"),
        ("#else\n", "line 1: #else without #if"),
        ("f();\n  g", "line 2: the file ends within the statement that begins with 'g'"),
        ("f(); #if A\n#endif\n", "line 1: a # that is not the first of its line"),
        ("f(a,\n#if A\nb\n#endif\n);", "line 2: a # that is not the first of its line, or is in the middle"),
        ("pipe_bar\\\nrier(PIPE_V);", "line 1: a backslash in code"),
        ("/* a *\\\n/ f(); /* b */", "line 1: a comment whose end may be hidden"),
        ("f();\0", "line 1: a NUL byte"),
        ("", "line 1: there is no code in it"),
        ("  // nothing\n", "line 1: there is no code in it"),
        ("#define X /* a\n", r"line 1: /\* is never closed"),
    ],
)
def test_incomplete_or_unreadable_text_is_refused(text: str, message: str) -> None:
    with pytest.raises(PatchError, match=message):
        scan(text)


@pytest.mark.parametrize(
    "text",
    [
        "f(a);\n" * 100_000,
        "// f(a);\n" * 100_000 + "f();",
        "f(a);" * 100_000,
        "{" * 50_000 + "}" * 50_000,
        "f" + "(" * 50_000 + ")" * 50_000 + ";",
        "f" + "(a)" * 50_000 + "{}",
        "a " * 100_000 + "{}",
        "a" * 300_000 + ";",
        " " * 300_000 + ";f();",
        "#define A '\n" * 50_000,
        "/* * */" * 50_000 + ";f();",
        'f("\\"");' * 50_000,
        "f(1'0'0);" * 50_000,
        "x = R'a';" * 50_000,
        "f(" + "a, " * 100_000 + "b);",
        "f(a / b);" * 50_000,
    ],
    ids=lambda text: text[:8],
)
def test_the_time_is_linear(text: str) -> None:
    """The bound is far above the fraction of a second that is needed, and far below what quadratic time takes."""
    begin = time.process_time()
    scan(text)
    assert time.process_time() - begin < 10
