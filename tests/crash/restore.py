#!/usr/bin/env python3
"""R19: backups made by hand to do harm, links in the way, and `kill -9` while restoring.  A restore takes rows, and
nothing that it did not make itself is changed or deleted."""
import hashlib
import os
import shutil
import signal
import sqlite3
import subprocess
import time
import zipfile

from house import PROGRAM, Client, Server, check, done, folder, guanxi, make_data, make_token


def parts_of(file):
    with zipfile.ZipFile(file) as old:
        return {name: old.read(name) for name in old.namelist()}


def pack(parts, to, signature=None):
    """A well-formed backup of these files."""
    listed = "".join(f"{hashlib.sha256(content).hexdigest()} {len(content)} {name}\n" for name, content in parts)
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as new:
        new.writestr("manifest", listed)
        if signature:
            new.writestr("signature", signature)
        for name, content in parts:
            new.writestr(name, content)


def tree(path):
    found = {}
    for at, folders, files in os.walk(path):
        for name in files + folders:
            full = os.path.join(at, name)
            found[os.path.relpath(full, path)] = os.readlink(full) if os.path.islink(full) else \
                open(full, "rb").read() if os.path.isfile(full) else None
    return found


def hostile_database(home, content, sql):
    path = os.path.join(home, "hostile.db")
    with open(path, "wb") as f:
        f.write(content)
    db = sqlite3.connect(path, isolation_level=None)
    db.executescript(sql)
    db.close()
    with open(path, "rb") as f:
        return f.read()


def main():
    home = folder()
    data = make_data(home)
    token = make_token(data)
    server = Server(data)
    client = Client(server.port, token)
    for n in range(50):
        client.ask("POST", "/api/v1/customer", {"name": f"n{n}"})
    status, body = client.ask("POST", "/api/v1/file?name=plan.txt", {"just": "bytes"})
    check("the server stops cleanly", server.stop() == 0)
    file = os.path.join(home, "backup.zip")
    check("a backup", guanxi("backup", "--data", data, file, check=False).returncode == 0)
    key = guanxi("backup-key", "--data", data).stdout.strip()
    good = parts_of(file)
    signature = good.pop("signature").decode()
    good.pop("manifest")
    check("the key that signs is in no backup", "backup.key" not in good and not any(
        open(os.path.join(data, "backup.key"), "rb").read()[:64] in content for content in good.values()))
    plain = list(good.items())
    place = os.path.join(home, "place")
    os.mkdir(place)
    to = os.path.join(place, "new")

    def refused(what, parts, *options, signed=None):
        bad = os.path.join(home, "bad.zip")
        pack(parts, bad, signed)
        made = guanxi("restore", *(options or ["--unproven"]), "--data", to, bad, check=False)
        check(f"refused: {what}", made.returncode == 1 and tree(place) == {}, (made.returncode, made.stdout, made.stderr, list(tree(place))[:9]))


    def swap(name, content):
        return [(n, content if n == name else c) for n, c in plain]

    # whose it is
    refused("unsigned, with a key asked for", plain, "--key", key)
    refused("another's signature", plain, "--key", "00" * 32, signed=signature)
    refused("a signature over something else", plain[::-1], "--key", key, signed=signature)
    refused("a signature that is none", plain, "--key", key, signed="ed25519 zz")
    # what is in it
    refused("no database", [p for p in plain if p[0] != "guanxi.db"])
    refused("no settings", [p for p in plain if p[0] != "guanxi.conf"])
    refused("no key", [p for p in plain if p[0] != "secret.key"])
    refused("nothing", [])
    refused("two databases", plain + [("database.dump", b"guanxi-dump 2\n")])
    for name in ("backup.key", "guanxi.lock", "control.sock", "guanxi.db-wal", "guanxi.db-journal", "incoming", "blobs/ab/../../x", "blobs/ab/cd",
                 "guanxi.conf", "BLOBS/x"):
        refused(f"a file {name}", plain + [(name, b"x")])
    refused("an attachment of another name", plain + [("blobs/" + "a" * 2 + "/" + "b" * 62, b"x")])
    refused("a database that is none", swap("guanxi.db", b"SQLite format 3\0" + b"x" * 5000))
    refused("an empty database", swap("guanxi.db", b""))
    for sql in ("CREATE TRIGGER t AFTER INSERT ON access_session BEGIN UPDATE \"user\" SET active = 1; END", "CREATE VIEW v AS SELECT 1",
                "CREATE TABLE more (x)", "CREATE VIRTUAL TABLE v USING fts5(x)", "DROP TRIGGER change_no_update; CREATE TRIGGER change_no_update AFTER INSERT ON customer BEGIN SELECT 1; END",
                "ALTER TABLE customer ADD COLUMN g TEXT AS (hex(id))", "DELETE FROM schema_version", "UPDATE schema_version SET version = 99 WHERE version = 1",
                "ALTER TABLE customer RENAME TO c2; CREATE VIEW customer AS SELECT * FROM c2",
                "PRAGMA foreign_keys=OFF; UPDATE customer SET owner_id = 42", "DROP TABLE tag",
                "UPDATE access_session SET hash = x'00' WHERE 0; INSERT INTO access_recovery VALUES (1, x'ff02')",
                "DROP TRIGGER change_no_update; UPDATE change SET at = at + 1 WHERE seq = 1; CREATE TRIGGER change_no_update BEFORE UPDATE ON change BEGIN SELECT 1; END"):
        refused(sql[:60], swap("guanxi.db", hostile_database(home, good["guanxi.db"], sql)))
    conf = good["guanxi.conf"]
    refused("settings that are none", swap("guanxi.conf", conf + b"nonsense = 1\n"))

    # links in the way, and things that only have such names
    treasure = os.path.join(home, "treasure")
    os.mkdir(treasure)
    for name in ("a", "guanxi.db"):
        with open(os.path.join(treasure, name), "w") as f:
            f.write("precious")
    before = tree(treasure)
    os.symlink(treasure, to + ".restoring")
    os.symlink(treasure, to)
    made = guanxi("restore", "--unproven", "--data", to, file, check=False)
    check("no restore through a link", made.returncode == 1 and tree(treasure) == before, made.stderr)
    os.unlink(to)
    os.symlink(os.path.join(home, "not-there"), to)
    made = guanxi("restore", "--unproven", "--data", to, file, check=False)
    check("nor through one that leads nowhere", made.returncode == 1 and not os.path.exists(os.path.join(home, "not-there")), made.stderr)
    os.unlink(to)
    open_place = os.path.join(home, "open")
    os.mkdir(open_place)
    os.chmod(open_place, 0o777)
    made = guanxi("restore", "--unproven", "--data", os.path.join(open_place, "new"), file, check=False)
    check("not where anybody may put another folder in its place", made.returncode == 1 and tree(open_place) == {}, made.stderr)

    # what the settings say of the machine is only believed of a proved one
    theirs = os.path.join(home, "theirs.zip")
    pack(swap("guanxi.conf", conf + b"trusted_proxies = 0.0.0.0/0\nlisten = 0.0.0.0:80\npg_url = postgresql://evil.example/\n"), theirs)
    made = guanxi("restore", "--unproven", "--data", to, theirs, check=False)
    taken = open(os.path.join(to, "guanxi.conf")).read() if made.returncode == 0 else ""
    check("restored unproved: nothing of the machine's settings", made.returncode == 0 and "evil" not in taken and "0.0.0.0" not in taken
          and "base_currency" in taken, (made.stderr, taken))
    check("what another left beside it stays", os.path.islink(to + ".restoring") and tree(treasure) == before)
    os.unlink(to + ".restoring")
    shutil.rmtree(to)

    # kill -9 at any moment
    whole = 0
    for n in range(12):
        running = subprocess.Popen([PROGRAM, "restore", "--key", key, "--data", to, file], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.02 * n)  # wherever that is: each must do
        running.send_signal(signal.SIGKILL)
        running.wait()
        if os.path.exists(to):
            whole += 1
            report = guanxi("doctor", "--data", to, "--deep", check=False)
            check("what is in place is whole", report.returncode == 0, report.stdout + report.stderr)
            shutil.rmtree(to)
    made = guanxi("restore", "--key", key, "--data", to, file, check=False)
    check("after twelve kills it is restored", made.returncode == 0, made.stderr)
    report = guanxi("doctor", "--data", to, "--deep", check=False)
    check("and whole", report.returncode == 0, report.stdout + report.stderr)
    check("the same rows", tree(os.path.join(to, "blobs")) == tree(os.path.join(data, "blobs")) and rows(to) == rows(data), (whole,))
    done(home)


def rows(data):
    """Every row of every table but those that are made of others or of this start."""
    db = sqlite3.connect(os.path.join(data, "guanxi.db"))
    names = [name for name, in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'search%' AND name NOT LIKE 'sqlite%'")]
    return {name: sorted(map(repr, db.execute(f'SELECT * FROM "{name}"'))) for name in names
            if name not in ("schema_version", "schema_step", "job", "access_epoch", "change_reader")}


main()
