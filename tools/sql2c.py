#!/usr/bin/env python3
"""Turns a folder's .sql files into one C file and one header of named statements.

    sql2c.py PREFIX OUT.c OUT.h FILE.sql ...

A statement starts with a line `-- name: order_totals`; the text runs to the next
such line.  Where the engines differ, two bodies follow one another, each headed
by `-- engine: sqlite` or `-- engine: postgres`.  Placeholders are ?1 ?2 ...;
PostgreSQL's text gets $1 $2 ... .  Comment lines are dropped.
"""
import re
import sys


def c_text(sql):
    lines = [line.strip() for line in sql.strip().rstrip(";").splitlines()]
    lines = [line for line in lines if line and not line.startswith("--")]
    body = " ".join(lines)
    return '"' + body.replace("\\", "\\\\").replace('"', '\\"') + '"'


def dollars(sql):
    """?1 to $1, outside quoted text."""
    out, quote = [], None
    i = 0
    while i < len(sql):
        c = sql[i]
        if quote:
            quote = None if c == quote else quote
        elif c in "'\"":
            quote = c
        elif c == "?" and (m := re.match(r"\?(\d+)", sql[i:])):
            out.append("$" + m.group(1))
            i += m.end()
            continue
        out.append(c)
        i += 1
    return "".join(out)


def parse(path):
    statements, name, bodies, engine = [], None, {}, "both"

    def finish():
        if name is None:
            return
        both = bodies.get("both", "")
        lite, pg = bodies.get("sqlite", both), bodies.get("postgres", both)
        if not lite.strip() or not pg.strip():
            sys.exit(f"{path}: statement {name} has no text for one engine")
        statements.append((name, lite, pg))

    for line in open(path, encoding="utf-8"):
        if m := re.match(r"--\s*name:\s*([a-z][a-z0-9_]*)\s*$", line):
            finish()
            name, bodies, engine = m.group(1), {}, "both"
        elif m := re.match(r"--\s*engine:\s*(sqlite|postgres)\s*$", line):
            engine = m.group(1)
        elif name is not None:
            bodies[engine] = bodies.get(engine, "") + line
    finish()
    return statements


def main():
    prefix, out_c, out_h, *files = sys.argv[1:]
    statements = [s for path in files for s in parse(path)]
    names = [s[0] for s in statements]
    if len(set(names)) != len(names):
        sys.exit(f"{prefix}: a statement name stands twice")
    guard = f"GUANXI_{prefix.upper()}_SQL_H"
    header = out_h.rsplit("/", 1)[-1]
    with open(out_h, "w", encoding="utf-8") as h:
        h.write(f"/* Generated from {prefix}'s .sql files. */\n#ifndef {guard}\n#define {guard}\n\n")
        h.write('#include "core/store/store.h"\n\n')
        for name in names:
            h.write(f"extern const struct sql sql_{name};\n")
        h.write(f"\n/* All of them, ended by name NULL: a test prepares each on both engines. */\n")
        h.write(f"extern const struct sql *const sql_{prefix}_all[];\n\n#endif\n")
    with open(out_c, "w", encoding="utf-8") as c:
        c.write(f'/* Generated from {prefix}\'s .sql files. */\n#include "{header}"\n\n#include <stddef.h>\n\n')
        for name, lite, pg in statements:
            c.write(f"const struct sql sql_{name} = {{\n\t.name = \"{name}\",\n")
            c.write(f"\t.sqlite = {c_text(lite)},\n\t.postgres = {c_text(dollars(pg))},\n}};\n\n")
        c.write(f"const struct sql *const sql_{prefix}_all[] = {{")
        c.write("".join(f"&sql_{n}, " for n in names) + "NULL};\n")


main()
