#!/usr/bin/env python3
"""The house rules that a compiler does not check, as TAP.  See CONTRIBUTING.md.

    rules.py BUILD
"""
import glob
import json
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
os.chdir(ROOT)
BUILD = sys.argv[1] if len(sys.argv) > 1 else "build"
results = []


def rule(name, problems):
    results.append((name, sorted(problems)))


def read(path):
    return open(path, encoding="utf-8").read()


def c_files():
    return sorted(p for ext in ("c", "h", "cc", "cpp") for p in glob.glob(f"src/**/*.{ext}", recursive=True))


def modules():
    table = {}
    for line in read("modules.deps").splitlines():
        if line.strip() and not line.startswith("#"):
            folder, rest = line.split(":", 1)
            deps, prefixes = rest.split("|", 1)
            table[folder.strip()] = (deps.split(), prefixes.split())
    return table


MODULES = modules()


def folder_of(path):
    path = path.removeprefix("src/")
    fits = [m for m in MODULES if path.startswith(m + "/")]
    return max(fits, key=len) if fits else None


def strip_comments(text):
    """Comments and the contents of literals become blanks, so that positions stay."""
    def blank(m):
        t = m.group(0)
        if t.startswith("/"):
            return re.sub(r"[^\n]", " ", t)
        return t[0] + "_" * (len(t) - 2) + t[-1]
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text, flags=re.S)


def check_includes():
    bad = []
    for path in c_files():
        own = folder_of(path)
        if own is None:
            bad.append(f"{path}: its folder is not in modules.deps")
            continue
        allowed = MODULES[own][0]
        for target in re.findall(r'^\s*#include "([^"]+)"', read(path), re.M):
            folder = folder_of("src/" + target)
            if folder in (None, own) or "*" in allowed or folder in allowed:
                continue
            if "/test/" in path and target.endswith("test/check.h"):
                continue
            # a unit test may use a lower layer to set its stage
            if "/test/" in path and order(folder) < order(own):
                continue
            bad.append(f"{path}: includes {target}, but modules.deps does not let {own} use {folder}")
    return bad


def order(folder):
    return list(MODULES).index(folder)


def check_cycles():
    bad = []
    for folder, (deps, _) in MODULES.items():
        for dep in deps:
            if dep != "*" and (dep not in MODULES or order(dep) >= order(folder)):
                bad.append(f"modules.deps: {folder} uses {dep}, which does not stand above it")
    return bad


BANNED = ["strcpy", "strcat", "sprintf", "vsprintf", "strtok", "gmtime", "localtime", "asctime", "ctime", "atoi", "atol",
          "atoll", "atof", "gets", "setlocale", "longjmp", "alloca", "rand", "srand", "tmpnam", "mktemp", "system"]


def check_banned():
    bad = []
    pattern = re.compile(r"(?<![A-Za-z0-9_.>])(" + "|".join(BANNED) + r")\s*\(")
    for path in c_files():
        code = strip_comments(read(path))
        for m in pattern.finditer(code):
            if m.group(1) == "system" and "/test/" in path:
                continue
            bad.append(f"{path}:{code.count(chr(10), 0, m.start()) + 1}: {m.group(1)} is not to be used")
        if not path.endswith("/main.c") and "/test/" not in path:
            for m in re.finditer(r"(?<![A-Za-z0-9_.>])exit\s*\(", code):
                bad.append(f"{path}:{code.count(chr(10), 0, m.start()) + 1}: exit outside main")
    return bad


WRAPPERS = {
    "microhttpd.h": {"core/http"}, "sqlite3.h": {"core/store"}, "libpq-fe.h": {"core/store"}, "opencc/": {"core/text"},
    "unicode/": {"core/text"}, "phonenumbers/": {"core/text"}, "csv.h": {"core/files"}, "xlsxwriter.h": {"core/files"},
    "zip.h": {"core/files"}, "libxml/": {"core/files"}, "magic.h": {"core/files"}, "gnutls/": {"core/access", "core/http"},
}


def check_wrappers():
    bad = []
    for path in c_files():
        if "/test/" in path:
            continue
        for target in re.findall(r"^\s*#include <([^>]+)>", read(path), re.M):
            for prefix, homes in WRAPPERS.items():
                if (target == prefix or (prefix.endswith("/") and target.startswith(prefix))) and folder_of(path) not in homes:
                    bad.append(f"{path}: <{target}> belongs behind {', '.join(sorted(homes))}")
    return bad


def functions(path):
    """(name, first line, lines, cyclomatic complexity) of each function, by its braces at the margin."""
    code = strip_comments(read(path))
    lines = code.split("\n")
    for i, line in enumerate(lines):
        if line != "{":
            continue
        end = next((j for j in range(i, len(lines)) if lines[j].startswith("}")), None)
        head = " ".join(lines[max(0, i - 8):i])
        names = re.findall(r"([A-Za-z_][A-Za-z0-9_]*)\s*\(", head.rsplit("}", 1)[-1].rsplit(";", 1)[-1])
        if end is None or not names:
            continue
        body = "\n".join(lines[i:end])
        complexity = 1 + len(re.findall(r"\b(?:if|for|while|case)\b|&&|\|\||\?", body))
        yield names[0], i + 1, end - i + 1, complexity


FILE_LINES, FUNCTION_LINES, COMPLEXITY = 800, 80, 15


def check_budget():
    """What is over budget must stand in budget.txt, and what stands there must still be over."""
    allowed = {line.split("#")[0].strip() for line in read("tests/rules/budget.txt").splitlines()} - {""}
    over = set()
    for path in c_files() + sorted(glob.glob("web/src/**/*.ts*", recursive=True)):
        if read(path).count("\n") > FILE_LINES:
            over.add(f"{path} lines")
    for path in (p for p in c_files() if p.endswith(".c")):
        for name, _, lines, complexity in functions(path):
            if lines > FUNCTION_LINES:
                over.add(f"{path} {name} lines")
            if complexity > COMPLEXITY and "/test/" not in path:
                over.add(f"{path} {name} complexity")
    return [f"{x}: over budget" for x in over - allowed] + [f"{x}: within budget now, take it off budget.txt" for x in allowed - over]


def check_headers():
    flags = subprocess.run(["pkg-config", "--cflags", "jansson", "libmicrohttpd", "sqlite3", "libpq", "icu-uc", "libxml-2.0"],
                           capture_output=True, text=True).stdout.split()
    bad = []
    generated = ["-I" + d for d in [os.path.join(BUILD, "src"), *glob.glob(os.path.join(BUILD, "src/core/*/")), *glob.glob(os.path.join(BUILD, "src/*/"))]]
    for path in sorted(glob.glob("src/**/*.h", recursive=True)):
        done = subprocess.run(["cc", "-std=gnu17", "-D_GNU_SOURCE", "-fsyntax-only", "-x", "c", "-Isrc", *generated, *flags, path],
                              capture_output=True, text=True)
        if done.returncode != 0:
            bad.append(f"{path} does not compile alone: {done.stderr.strip().splitlines()[0] if done.stderr.strip() else ''}")
    return bad


def check_symbols():
    bad = []
    for folder, (_, prefixes) in MODULES.items():
        for lib in glob.glob(os.path.join(BUILD, "src", folder, "libguanxi_*.a")):
            names = subprocess.run(["nm", "-g", "--defined-only", lib], capture_output=True, text=True).stdout
            for name in re.findall(r"^[0-9a-f]+ [A-Z] (\S+)$", names, re.M):
                generated = name.startswith(("sql_", "page_", "words_", "_Z", "DW.ref."))
                if not generated and not any(name == p or name.startswith(p) for p in prefixes) and not name.endswith("_entity"):
                    bad.append(f"{folder}: exports {name}, which carries none of its prefixes")
    return bad


def check_messages():
    """Every key that code reports has its texts."""
    known = set()
    for path in glob.glob("src/**/messages.tsv", recursive=True):
        known |= {line.split("\t")[0] for line in read(path).splitlines() if line and not line.startswith("#")}
    bad = []
    call = re.compile(r"\b(?:fail|fail_arg|fault_add)\s*\(([^;]*?)\)\s*[;:?]", re.S)
    for path in c_files():
        if "/test/" in path:
            continue
        text = re.sub(r"/\*.*?\*/", "", read(path), flags=re.S)
        for m in call.finditer(text):
            args = re.findall(r'"((?:\\.|[^"\\])*)"', m.group(1))
            # the field comes first where it is a literal; the key is the last plain word among the literals after ERR_…
            after = m.group(1).split(",", 2)[-1]
            parts = [a.strip() for a in after.split(",")]
            if "ERR_BUG" in m.group(1):  # ours alone: shown as "something went wrong on our side"
                continue
            if len(parts) >= 2 and re.fullmatch(r'"[a-z0-9_]+"', parts[1]):
                key = parts[1].strip('"')
                if key not in known:
                    bad.append(f"{path}: message key {key} has no text in any messages.tsv")
    return bad


def check_tests_built():
    """A test that is in no meson.build is never run, and nobody misses it."""
    with open(os.path.join(BUILD, "compile_commands.json"), encoding="utf-8") as file:
        built = {os.path.relpath(os.path.join(c["directory"], c["file"])) for c in json.load(file)}
    return [f"{path}: in no meson.build, so it is never run" for path in glob.glob("src/**/test/*.c", recursive=True) + glob.glob("tests/**/*.c", recursive=True)
            if path not in built]


def check_plain():
    """No machine's paths, download addresses or left-over marks in what is kept."""
    bad = []
    tracked = subprocess.run(["git", "ls-files"], capture_output=True, text=True).stdout.split()
    for path in tracked:
        if path.endswith((".png", ".gz", ".xlsx", ".ico", ".svg")) or not os.path.exists(path) or path == "tests/rules/rules.py":
            continue
        try:
            text = read(path)
        except UnicodeDecodeError:
            continue
        if '"resolved": "http' in text:
            bad.append(f"{path}: a lock file with download addresses")
        for m in re.finditer(r"\b(TODO|FIXME|XXX|HACK)\b", text):
            if path.startswith(("src/", "web/src/", "tools/", "bench/", "tests/")):
                bad.append(f"{path}:{text.count(chr(10), 0, m.start()) + 1}: {m.group(1)}")
    return bad


rule("folders include only what modules.deps lets them", check_includes())
rule("modules.deps has no cycles", check_cycles())
rule("no banned functions", check_banned())
rule("each foreign library stands behind one folder", check_wrappers())
rule("files and functions keep their size", check_budget())
rule("every header compiles alone", check_headers())
rule("exported symbols carry their folder's prefix", check_symbols())
rule("every message key has its texts", check_messages())
rule("every test is built", check_tests_built())
rule("nothing is kept that should not be", check_plain())

print(f"1..{len(results)}")
for number, (name, problems) in enumerate(results, 1):
    print(f"{'not ok' if problems else 'ok'} {number} - {name}")
    for problem in problems:
        print(f"#   {problem}")
sys.exit(1 if any(p for _, p in results) else 0)
