#!/usr/bin/env python3
"""Turns text files into one C file with a table of names and texts.

    text2c.py TABLE OUT.c FILE ...

makes `const struct embedded_text TABLE[]` ended by a NULL name; a file's name without
its suffix is the text's name.
"""
import json
import os
import sys

table, out, *files = sys.argv[1:]
lines = ['/* Generated from text files. */', '#include <stddef.h>', '',
         'struct embedded_text {', '\tconst char *name, *text;', '};',
         f'extern const struct embedded_text {table}[];', f'const struct embedded_text {table}[] = {{']
for path in files:
    text = open(path, encoding="utf-8").read()
    if path.endswith(".json"):  # checked here, and without the blanks
        text = json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":"))
    name = os.path.splitext(os.path.basename(path))[0]
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("?", "\\?")
    pieces = [escaped[i:i + 4000] for i in range(0, len(escaped), 4000)]
    joined, carry = [], ""
    for piece in pieces:  # never cut within an escape
        piece = carry + piece
        carry = ""
        while piece.endswith("\\") and (len(piece) - len(piece.rstrip("\\"))) % 2 == 1:
            carry, piece = piece[-1] + carry, piece[:-1]
        joined.append(f'"{piece}"')
    if carry:
        joined.append(f'"{carry}"')
    lines.append(f'\t{{"{name}",\n\t "' + '"\n\t "'.join(p[1:-1] for p in joined) + '"},')
lines += ['\t{NULL, NULL},', '};', '']
open(out, "w", encoding="utf-8").write("\n".join(lines))
