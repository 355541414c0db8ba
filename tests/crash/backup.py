#!/usr/bin/env python3
"""R12: backup while serving and writing; restore elsewhere; what was acknowledged before the
backup is there, and the restored folder is whole.  A damaged backup is refused: bytes that changed, a file that is not
the one that was listed, and one where nothing is wrong but that an attachment is not in it."""
import hashlib
import os
import shutil
import threading
import zipfile

from house import Client, Server, check, done, folder, guanxi, make_data, make_token


def rewrite(file, to, change):
    """The same archive, well formed, but for what `change` makes of its parts by name."""
    with zipfile.ZipFile(file) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    listed = next(iter(parts))  # the list of contents comes first
    change(parts, listed)
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in parts.items():
            new.writestr(name, content)


def spoil_file(parts, listed):
    name = next(n for n in parts if n.startswith("blobs/"))
    parts[name] = bytes([parts[name][0] ^ 0x55]) + parts[name][1:]


def spoil_key(parts, listed):
    """Nothing but the list of contents can tell."""
    parts["secret.key"] = bytes([parts["secret.key"][0] ^ 1]) + parts["secret.key"][1:]


def same(parts, listed):
    pass


def leave_out(parts, listed):
    name = next(n for n in parts if n.startswith("blobs/"))
    del parts[name]
    parts[listed] = b"".join(line for line in parts[listed].splitlines(keepends=True) if not line.endswith(name.encode() + b"\n"))


def swap_file(parts, listed):
    """Listed as it is, but not what its name and its record say."""
    name = next(n for n in parts if n.startswith("blobs/"))
    old = hashlib.sha256(parts[name]).hexdigest().encode()
    spoil_file(parts, listed)
    lines = parts[listed].splitlines(keepends=True)
    parts[listed] = b"".join(line.replace(old, hashlib.sha256(parts[name]).hexdigest().encode(), 1) if line.endswith(name.encode() + b"\n") else line
                             for line in lines)


def try_restore(home, broken, name):
    to = os.path.join(home, name)
    done_ = guanxi("restore", "--unproven", "--data", to, broken, check=False)
    return done_, os.path.exists(to)


def main():
    home = folder()
    data = make_data(home)
    token = make_token(data)
    server = Server(data)
    client = Client(server.port, token)
    before = []
    for n in range(300):
        _, body = client.ask("POST", "/api/v1/customer", {"name": f"n{n}"}, {"Prefer": "return=representation"})
        before.append((body[0] if isinstance(body, list) else body)["id"])
    status, body = client.ask("POST", f"/api/v1/file?name=plan.txt&entity=customer&record_id={before[0]}", {"just": "bytes"})
    check("a file is kept", status == 201, (status, body))
    stop = threading.Event()

    def write():
        other, n = Client(server.port, token), 0
        while not stop.is_set():
            n += 1
            other.ask("POST", "/api/v1/customer", {"name": f"meanwhile{n}"})

    writer = threading.Thread(target=write)
    writer.start()
    file = os.path.join(home, "backup.zip")
    made = guanxi("backup", "--data", data, file, check=False)
    stop.set()
    writer.join()
    check("backup while serving", made.returncode == 0, made.stderr)
    again = guanxi("backup", "--data", data, file, check=False)
    check("no backup is overwritten", again.returncode != 0)
    check("the server stops cleanly", server.stop() == 0)
    other = os.path.join(home, "other")
    key = guanxi("backup-key", "--data", data).stdout.strip()
    restored = guanxi("restore", "--key", key, "--data", other, file, check=False)
    check("restore", restored.returncode == 0, restored.stderr)
    server = Server(other)
    client = Client(server.port, token)
    there = 0
    for at in range(0, len(before), 100):
        _, rows = client.ask("GET", f"/api/v1/customer?select=id&limit=100&id=in.({','.join(before[at:at + 100])})")
        there += len(rows)
    check("everything from before the backup is there", there == len(before), there)
    _, files = client.ask("GET", "/api/v1/attachment?select=id,name,size")
    status, _ = client.ask("GET", f"/api/v1/attachment/{files[0]['id']}/content")
    check("the file came along", status == 200 and files[0]["name"] == "plan.txt", (status, files))
    server.stop()
    report = guanxi("doctor", "--data", other, "--deep", check=False)
    check("the restored folder is whole", report.returncode == 0, report.stdout + report.stderr)
    check("no folder is overwritten", guanxi("restore", "--unproven", "--data", other, file, check=False).returncode != 0)
    broken = os.path.join(home, "broken.zip")
    shutil.copy(file, broken)
    with open(broken, "r+b") as f:
        f.seek(os.path.getsize(broken) // 2)
        byte = f.read(1)
        f.seek(-1, 1)
        f.write(bytes([byte[0] ^ 0x55]))
    refused, there = try_restore(home, broken, "third")
    check("a damaged backup is refused", refused.returncode != 0 and not there, refused.stdout)
    for name, change, good in (("packed again", same, True), ("whose file is not the one listed", spoil_file, False),
                               ("whose key is not the one listed", spoil_key, False),
                               ("whose file is not the one its record names", swap_file, False), ("that lacks a file", leave_out, False)):
        packed = os.path.join(home, f"{change.__name__}.zip")
        rewrite(file, packed, change)
        made, there = try_restore(home, packed, change.__name__)
        check(f"a backup {name} is {'taken' if good else 'refused'}", (made.returncode == 0) == good and there == good, made.stdout + made.stderr)
    done(home)


main()
