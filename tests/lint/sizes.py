#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Nothing is longer, deeper or wider than the style allows: files, functions, nesting, parameters.

Tables in a function (static, between "= {" and "};") don't count as its lines. Formatting is
clang-format's, so that a function begins with "{" in the first column and each level is one tab.
"""

import pathlib
import re
import sys

FILE_LINES = 600
FUNCTION_LINES = 70
NESTING = 4
PARAMETERS = 6
PRESCRIBED = {"message_callback"}  # its parameters are those of SSL_CTX_set_msg_callback

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2])
CONTROL = re.compile(r"^(\t+)(?:\} )?(?:else if|if|else|for|while|do|switch)\b")
TABLE = re.compile(r"^\t+static\b.*= \{$")
NAME = re.compile(r"([A-Za-z_]\w*)\s*\(")


def without_comments(text):
    """The same lines, with comments and literals emptied."""
    pattern = r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\''

    def empty(found):
        return re.sub(r"[^\n]", "", found[0]) if found[0][0] == "/" else found[0][0] * 2

    return re.sub(pattern, empty, text, flags=re.DOTALL)


def count_parameters(head):
    """How many parameters the outermost parentheses of a definition's head hold."""
    depth, commas, inside = 0, 0, ""
    for char in head[head.index("(") :]:
        depth += {"(": 1, ")": -1}.get(char, 0)
        if depth == 0:
            break
        commas += char == "," and depth == 1
        inside += char
    return 0 if inside[1:].strip() in ("", "void") else commas + 1


def functions(lines):
    """Each definition: the number of its "{", the text before that, the lines of its body."""
    head_from = 0
    at = 0
    while at < len(lines):
        line = lines[at]
        if line == "{":
            head = " ".join(lines[head_from:at]).strip()
            end = at
            while end < len(lines) and lines[end] != "}":
                end += 1
            if "(" in head:
                yield at, head, lines[at + 1 : end]
            at = head_from = end
        if not line.strip() or line.endswith(";") or line.startswith(("#", "}")):
            head_from = at + 1
        at += 1


def body_length(body):
    """The lines of a body that are no table's."""
    length, table = 0, None
    for line in body:
        if table is None and TABLE.match(line):
            table = re.match(r"\t+", line)[0] + "};"
        elif table is not None and line == table:
            table = None
        elif table is None:
            length += 1
    return length


def check(path):
    """What is wrong with one file."""
    name = path.relative_to(ROOT)
    text = path.read_text(encoding="utf-8")
    lines = without_comments(text).splitlines()
    if len(lines) > FILE_LINES:
        yield f"{name}: {len(lines)} lines, more than {FILE_LINES}"
    for at, head, body in functions(lines):
        found = NAME.search(head)
        where = f"{name}:{at + 1}: {found[1] if found else head}"
        if body_length(body) > FUNCTION_LINES:
            yield f"{where}: {body_length(body)} lines, more than {FUNCTION_LINES}"
        is_ours = found and found[1] not in PRESCRIBED | {"TEST"}
        if is_ours and count_parameters(head) > PARAMETERS:
            yield f"{where}: {count_parameters(head)} parameters, more than {PARAMETERS}"
        deepest = max((len(m[1]) for m in map(CONTROL.match, body) if m), default=0)
        if deepest > NESTING:
            yield f"{where}: nested {deepest} deep, more than {NESTING}"


def main():
    files = [p for d in ("include", "src", "tests") for p in sorted((ROOT / d).rglob("*.[ch]"))]
    problems = [problem for path in files for problem in check(path)]
    print("\n".join(problems))
    return 1 if problems or not files else 0


sys.exit(main())
