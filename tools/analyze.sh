#!/bin/sh
# gcc's -fanalyzer over the C code of src: paths that leak, use what was freed, or follow NULL.
# tools/analyze.sh BUILD [FILE ...]; reports stand in BUILD/analyze.log.  It does not see that a
# function which returns an error has set nothing and that an arena frees what it gave; such
# reports are counted in tools/analyze.known as the baseline (about half were read, the rest are
# of the same patterns), and only more of them fail.
set -eu
cd "$(dirname "$0")/.."
build=$1
shift
python3 - "$build" "$@" <<'P'
import json, os, re, shlex, subprocess, sys
from concurrent.futures import ThreadPoolExecutor

build, wanted = sys.argv[1], sys.argv[2:]
root = os.getcwd()
commands = {}
for c in json.load(open(os.path.join(build, "compile_commands.json"))):
    path = os.path.relpath(os.path.normpath(os.path.join(c["directory"], c["file"])), root)
    if path.startswith("src/") and path.endswith(".c") and "/test/" not in path and (not wanted or path in wanted):
        commands[path] = c

def analyze(path):
    c = commands[path]
    words = [w for w in shlex.split(c["command"]) if not w.startswith("-O") and w not in ("-MD",)]
    words = re.sub(r" -M[QF] \S+| -o \S+", "", shlex.join(words)).split(" ")
    done = subprocess.run([*words, "-O1", "-o", "/dev/null", "-fanalyzer", "-Wno-error", "-Wno-analyzer-too-complex"], cwd=c["directory"], capture_output=True, text=True)
    return path, done.stderr

known, found = {}, {}
for line in open("tools/analyze.known"):
    if not line.startswith("#"):
        path, option, n = line.split()
        known[path, option] = int(n)
with open(os.path.join(build, "analyze.log"), "w") as log, ThreadPoolExecutor(2) as pool:
    for path, text in pool.map(analyze, sorted(commands)):
        text = re.sub(r"\x1b\[[0-9;]*[mK]", "", text)
        log.write(text)
        lines = {}
        for line in text.splitlines():
            if m := re.search(r"(?:warning|error): .*?(?:\[(-W[^\]]*)\])?$", line):
                lines.setdefault(m.group(1) or "error", []).append(line)
        for option, reports in lines.items():
            found[path, option] = len(reports)
            if len(reports) > known.get((path, option), 0):
                print("\n".join(reports), flush=True)
grown = {k: n for k, n in found.items() if n > known.get(k, 0)}
print(f"analyze: {len(commands)} files, {sum(found.values())} reports, {sum(n - known.get(k, 0) for k, n in grown.items())} new")
if os.environ.get("GUANXI_ANALYZE_KNOWN"):
    for (path, option), n in sorted(found.items()):
        print(path, option, n, file=sys.stderr)
sys.exit(1 if grown or not commands else 0)
P
