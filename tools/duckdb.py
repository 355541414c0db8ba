#!/usr/bin/env python3
"""Fetches DuckDB's library and C header into a folder: duckdb.py FOLDER.

Both come from npm packages whose versions and hashes stand in tools/duckdb/package-lock.json. Nothing of them is run or
installed: the two files are taken out of the archives, once their hashes are right. Prints "new" when something was fetched."""
import base64
import hashlib
import json
import os
import platform
import subprocess
import sys
import tarfile
import tempfile

LOCK = os.path.join(os.path.dirname(os.path.abspath(__file__)), "duckdb", "package-lock.json")
WANTED = {
    "@duckdb/node-bindings-linux-x64": ("package/libduckdb.so", "libduckdb.so"),
    "duckdb": ("package/src/duckdb/src/include/duckdb.h", "duckdb.h"),
}


def fetch(name, entry, folder):
    inside, outside = WANTED[name]
    with tempfile.TemporaryDirectory() as work:
        subprocess.run(["npm", "pack", "--silent", "--ignore-scripts", f"{name}@{entry['version']}"],
                       cwd=work, check=True, stdout=subprocess.DEVNULL)
        archive = os.path.join(work, os.listdir(work)[0])
        with open(archive, "rb") as file:
            found = "sha512-" + base64.b64encode(hashlib.sha512(file.read()).digest()).decode()
        if found != entry["integrity"]:
            raise SystemExit(f"duckdb: {name} {entry['version']} is not what the lock file pins")
        with tarfile.open(archive) as tar:
            data = tar.extractfile(inside).read()
    part = os.path.join(folder, outside + ".part")
    with open(part, "wb") as file:
        file.write(data)
    os.replace(part, os.path.join(folder, outside))


def main():
    folder = sys.argv[1]
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        print("duckdb: no library for this machine in the lock file; the system's is used where there is one", file=sys.stderr)
        return
    with open(LOCK, encoding="utf-8") as file:
        packages = json.load(file)["packages"]
    stamp = os.path.join(folder, "stamp")
    pinned = "".join(packages["node_modules/" + name]["integrity"] + "\n" for name in WANTED)
    if os.path.exists(stamp):
        with open(stamp, encoding="utf-8") as file:
            if file.read() == pinned:
                return
    os.makedirs(folder, exist_ok=True)
    for name in WANTED:
        fetch(name, packages["node_modules/" + name], folder)
    with open(stamp, "w", encoding="utf-8") as file:
        file.write(pinned)
    print("new")


main()
