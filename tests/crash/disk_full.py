#!/usr/bin/env python3
"""R04: the disk fills up.  Writes are refused with 507 or 503, reads go on, nothing that
was acknowledged is lost, and writing goes on when there is space again."""
import os
import subprocess

from house import Client, Server, check, done, folder, guanxi, make_data, make_token


def main():
    home = folder()
    disk = os.path.join(home, "disk")
    os.mkdir(disk)
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", disk], capture_output=True).returncode != 0:
        print("ok 1 - disk full # SKIP a small file system can only be mounted by root")
        print("1..1")
        return
    try:
        data = make_data(disk)
        token = make_token(data)
        server = Server(data)
        client = Client(server.port, token)
        acknowledged, refused = [], {}
        blob = "满" * 6000
        for n in range(4000):
            status, body = client.ask("POST", "/api/v1/customer", {"name": f"n{n}", "note": blob}, {"Prefer": "return=representation"})
            if status == 201:
                acknowledged.append((body[0] if isinstance(body, list) else body)["id"])
            else:
                refused[status] = refused.get(status, 0) + 1
                if sum(refused.values()) >= 5:
                    break
        check("the disk filled up", refused and acknowledged, (len(acknowledged), refused))
        check("writes were refused with 507 or 503", set(refused) <= {507, 503}, refused)
        status, rows = client.ask("GET", f"/api/v1/customer?select=id&id=eq.{acknowledged[-1]}")
        check("reads go on", status == 200 and len(rows) == 1, (status, rows))
        subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
        status = 0
        for _ in range(3):
            status, _ = client.ask("POST", "/api/v1/customer", {"name": "after"})
            if status == 201:
                break
        if status != 201:
            # a store that met a failed write may ask for a restart; it has to say so and come back whole
            server.kill()
            server = Server(data)
            client = Client(server.port, token)
            status, _ = client.ask("POST", "/api/v1/customer", {"name": "after"})
        check("writing goes on when there is space", status == 201, status)
        there = 0
        for at in range(0, len(acknowledged), 100):
            _, rows = client.ask("GET", f"/api/v1/customer?select=id&limit=100&id=in.({','.join(acknowledged[at:at + 100])})")
            there += len(rows)
        check("nothing acknowledged is lost", there == len(acknowledged), (there, len(acknowledged)))
        server.stop()
        report = guanxi("doctor", "--data", data, check=False)
        check("store, change log and search index are whole", report.returncode == 0, report.stdout + report.stderr)
    finally:
        subprocess.run(["umount", "-l", disk], capture_output=True)
    done(home)


main()
