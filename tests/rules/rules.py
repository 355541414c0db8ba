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
    "gmime/": {"core/mail"}, "openssl/": {"core/dkim", "core/imap"}, "curl/": {"core/outward"}, "gumbo.h": {"core/mail"}, "ccadical.h": {"core/configure"},
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


# Where something secret that came in is compared, and with what. A new place is added here, or the rule fails.
SECRETS_COMPARED = {
    ("src/core/access/access_password.c", "access_password_verify", "crypto_pwhash_str_verify"),
    ("src/core/access/access_device.c", "read_device", "bytes_equal_ct"),
    ("src/core/access/access_session.c", "access_csrf_ok", "bytes_equal_ct"),
    ("src/core/access/access_token.c", "token_find", "bytes_equal_ct"),
    ("src/core/access/access_totp.c", "access_totp_match", "bytes_equal_ct"),
    ("src/core/access/access_util.c", "access_unseal", "crypto_secretbox_open_easy"),
    ("src/core/machine/machine.c", "machine_unseal", "crypto_secretbox_open_easy"),
    ("src/core/files/archive.c", "check_signature", "sodium_memcmp"),
    ("src/consent/consent_link.c", "consent_link_read", "bytes_equal_ct"),
    ("src/webforms/form_stamp.c", "form_stamp_read", "bytes_equal_ct"),
    ("src/mailboxes/match.c", "mailbox_tagged", "bytes_equal_ct"),
}
EVEN = ["bytes_equal_ct", "sodium_memcmp", "gnutls_memcmp", "crypto_verify_32", "crypto_pwhash_str_verify", "crypto_secretbox_open_easy"]
# These stop at the first byte that differs.
UNEVEN = ["memcmp", "bcmp", "strcmp", "strncmp", "strcasecmp", "strncasecmp", "strcoll", "strstr", "memmem", "str_equal", "str_equal_nocase",
          "str_starts", "str_ends"]
SECRET_WORDS = {"secret", "token", "hash", "digest", "mac", "hmac", "csrf", "password", "passphrase", "pass", "pw", "totp", "otp", "recovery",
                "signature", "cookie", "credential"}
# In this folder these are halves of secrets too.
ACCESS_WORDS = {"hex", "code", "expected", "stored", "sealed", "proof"}
NO_SECRET = {
    ("src/core/access/access_audit_http.c", "prove"): "the chain of the audit trail, shown to whoever may read it",
    ("src/core/access/access_idem.c", "find"): "the hash of a request, of whoever sent it",
    ("src/core/access/access_account_http.c", "access_same_hash"): "the stored hash with itself, once the password was right",
    ("src/core/access/access_session_http.c", "still_right"): "the stored hash with itself, once the password was right",
    ("src/core/events/events_read.c", "row_holds"): "the chain of the audit trail",
    ("src/app/restore.c", "is_blob"): "the hash of a file's content",
    ("src/core/files/archive.c", "copy_entry"): "the hash of a file's content",
    ("src/core/files/blob.c", "blob_verify"): "the hash of a file's content",
    ("src/core/search/match.c", "match_whole"): "a word that is looked for",
    ("src/core/store/pg_restore.c", "verify"): "the hash of a backup's content",
}


def calls(path, names):
    """(name, function, line, arguments) of each call, literals blanked."""
    code = strip_comments(read(path))
    where = [(first, first + lines, name) for name, first, lines, _ in functions(path)]
    for m in re.finditer(r"(?<![A-Za-z0-9_.>])(" + "|".join(names) + r")\s*\(", code):
        depth, end = 1, m.end()
        while depth and end < len(code):
            depth += {"(": 1, ")": -1}.get(code[end], 0)
            end += 1
        line = code.count("\n", 0, m.start()) + 1
        yield m.group(1), next((n for first, last, n in where if first <= line < last), ""), line, code[m.end():end - 1]


def check_secrets():
    """What a secret is compared with must not tell by its time how much of it was right."""
    bad, seen, excused = [], set(), set()
    for path in (p for p in c_files() if p.endswith(".c") and "/test/" not in p):
        secret = SECRET_WORDS | (ACCESS_WORDS if folder_of(path) == "core/access" else set())
        for name, function, line, arguments in calls(path, UNEVEN):
            words = {w.removesuffix("s") for w in re.split(r"[^a-z]+", re.sub(r'"_*"', "", arguments).lower())}
            if not words & secret:
                continue
            excused.add((path, function))
            if (path, function) not in NO_SECRET:
                bad.append(f"{path}:{line}: {name} compares {', '.join(sorted(words & secret))}; see bytes_equal_ct")
        seen |= {(path, function, name) for name, function, _, _ in calls(path, EVEN) if function}  # none: its definition
    for path, function, name in seen - SECRETS_COMPARED:
        bad.append(f"{path}: {function} compares by {name}, and is not in the list of this rule")
    for path, function, name in SECRETS_COMPARED - seen:
        bad.append(f"{path}: {function} does not compare by {name} any more")
    bad += [f"{path}: {function} compares nothing of that name any more, take it off this rule" for path, function in NO_SECRET.keys() - excused]
    # and the function itself goes on to the end, whatever it has seen
    body = re.search(r"^bool bytes_equal_ct\([^{]*\{\n(.*?)^\}", strip_comments(read("src/base/str.c")), re.M | re.S)
    if not body or "volatile" not in body.group(1) or re.search(r"\b(if|break|goto|while|continue)\b|&&|\|\||\?|\breturn\b.*\breturn\b", body.group(1), re.S):
        bad.append("src/base/str.c: bytes_equal_ct stops early")
    return bad


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
        if path.endswith(".log") or re.search(r'^\s*File "/', text, re.M):
            bad.append(f"{path}: what a run of some machine left")
        if re.search(r'"resolved":\s*"\w+:', text):
            bad.append(f"{path}: a lock file with download addresses")
        for m in re.finditer(r"\b(TODO|FIXME|XXX|HACK)\b", text):
            if path.startswith(("src/", "web/src/", "tools/", "bench/", "tests/")):
                bad.append(f"{path}:{text.count(chr(10), 0, m.start()) + 1}: {m.group(1)}")
    return bad


def check_shared_lines():
    """A folder needs one shared line, in modules.deps; the tests' own capability stands in tests/meson.build instead."""
    own = {folder: os.path.join("src", folder) for folder in MODULES if folder != "core/manifest" and os.path.exists(f"src/{folder}/manifest.c")}
    names = [f"{folder.split('/')[-1]}_manifest" for folder in own]
    shared = [p for p in c_files() if not any(p.startswith(home + "/") for home in own.values())]
    shared += glob.glob("tools/*") + ["meson.build", "src/app/meson.build", "modules.deps"]
    bad = [f"{path}: names {name}; a folder's manifest is found by modules.deps" for path in shared if os.path.isfile(path)
           for name in names if re.search(rf"\b{name}\b", read(path))]
    bad += [f"{path}: names the tests' own capability" for path in shared if os.path.isfile(path) and re.search(r"\bstall\b|tests/capability", read(path))]
    lines = [line for path in glob.glob("tests/**/meson.build", recursive=True) if not path.startswith("tests/capability/")
             for line in read(path).splitlines() if "capability" in line]
    if len(lines) != 1:
        bad.append(f"tests/capability takes {len(lines)} shared lines, not 1")
    return bad


def check_page_lines():
    """A feature of the page needs no shared line at all: its feature.ts is found, and its texts lie beside it."""
    names = sorted(os.path.basename(os.path.dirname(p)) for p in glob.glob("web/src/features/*/feature.ts"))
    bad = [f"web/src/features/{os.path.basename(p)}: no feature.ts" for p in glob.glob("web/src/features/*") if not os.path.exists(f"{p}/feature.ts")]
    shared = [p for p in glob.glob("web/src/**/*.ts*", recursive=True) if not p.startswith("web/src/features/")]
    shared += ["web/vite.config.ts", "web/index.html"] + glob.glob("web/scripts/*") + glob.glob("tools/*")
    for path in (p for p in shared if os.path.isfile(p)):
        bad += [f"{path}: names the feature {name}; what a feature gives stands in its feature.ts"
                for name in names if re.search(rf"features/{name}\b", read(path))]
        if re.search(r"tests/capability|\bmarket\b", read(path)):
            bad.append(f"{path}: names the tests' own feature")
    for path in glob.glob("web/src/features/*/feature.ts") + ["tests/capability/page/feature.ts"]:
        bad += [f"{path}: imports more than types: {line}" for line in read(path).splitlines()
                if re.match(r"import (?!type )", line) and "@ant-design/icons" not in line]
    return bad


rule("folders include only what modules.deps lets them", check_includes())
rule("modules.deps has no cycles", check_cycles())
rule("a folder needs no shared line but its own in modules.deps", check_shared_lines())
rule("a feature of the page needs no shared line", check_page_lines())
rule("no banned functions", check_banned())
rule("each foreign library stands behind one folder", check_wrappers())
rule("files and functions keep their size", check_budget())
rule("secrets are compared in constant time", check_secrets())
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
