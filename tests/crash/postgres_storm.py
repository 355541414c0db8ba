#!/usr/bin/env python3
"""R08: backends are terminated all the time, transactions deadlock and cannot be
serialized, while clients write orders of a few customers.  Every request is answered with
success or an error; what was acknowledged is there once; the kept figures of the customers
agree with their orders at the end, those that all writers give from one customer to another too; no unique number is there twice.
GUANXI_SECONDS (default 20) of storm."""
import os
import random
import re
import shutil
import subprocess
import threading
import time

from askers import all_rows
from house import Client, Server, check, done, folder, guanxi, make_data, make_token, on_postgres, postgres, skip

SECONDS = float(os.environ.get("GUANXI_SECONDS", "20"))
WRITERS = 6
SHARED = 3
CUSTOMERS = 5


class Psql:
    """One session, kept open; started anew when it is terminated."""

    def __init__(self, url, schema):
        self.url, self.schema = url, schema
        self.process = None

    def run(self, sql):
        if self.process is None or self.process.poll() is not None:
            self.process = subprocess.Popen(["psql", "-qAtX", self.url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            self.process.stdin.write(f"SET search_path TO {self.schema};\n")
        try:
            self.process.stdin.write(sql + "\n\\echo .\n")
            self.process.stdin.flush()
            while (line := self.process.stdout.readline()) not in (".\n", ""):
                pass
        except OSError:
            line = ""
        if line == "":
            self.close()
            self.process = None

    def close(self):
        if self.process is not None:
            try:
                self.process.stdin.close()
            except OSError:
                pass
            self.process.wait(timeout=30)
            self.process.stdout.close()


def terminate(url, stop, rng, counts):
    """Backends of the program, one at a time, whatever they are doing."""
    psql = Psql(url, "public")
    while not stop.is_set():
        psql.run("SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
                 "AND application_name <> 'psql' AND backend_type = 'client backend' ORDER BY random() LIMIT 1) one;")
        counts["terminated"] += 1
        time.sleep(rng.uniform(0.1, 0.5))
    psql.close()


def contend(url, schema, ids, stop, rng, counts, backwards):
    """Locks the same customers in another order than the program: deadlocks, and rows that
    change under transactions that are running."""
    psql = Psql(url, schema)
    while not stop.is_set():
        first, second = sorted(rng.sample(ids, 2), key=int, reverse=backwards)
        psql.run(f"BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT 1 FROM customer WHERE id = {first} FOR UPDATE; SELECT pg_sleep({rng.uniform(0, 0.02):.3f}); "
                 f"SELECT 1 FROM customer WHERE id = {second} FOR UPDATE; UPDATE customer SET updated_at = updated_at WHERE id IN ({first}, {second}); COMMIT;")
        counts["contended"] += 1
        time.sleep(rng.uniform(0.02, 0.1))
    psql.close()


def write(port, token, name, ids, shared, stop, made, statuses, silent):
    """Orders, some of them changed or deleted again, each under a key until it is known; and a few that all writers give to one
    customer after the other."""
    client, rng, n = Client(port, token), random.Random(name), 0

    def ask(method, path, body=None, key=None):
        until = time.time() + 30
        while time.time() < until:
            try:
                status, answer = client.ask(method, path, body, {"Prefer": "return=representation", **({"Idempotency-Key": key} if key else {})})
            except Exception:
                client.connection.close()
                status, answer = 0, None
            if status == 503:
                status = f"503 {answer.get('code')}"
            statuses[status] = statuses.get(status, 0) + 1
            if status not in (0, 502, 500) and not str(status).startswith("503"):
                return status, answer
            time.sleep(0.05)
        silent.append((method, path))
        return 0, None

    while not stop.is_set():
        n += 1
        number = f"{name}-{n}"
        status, answer = ask("POST", "/api/v1/order", {"customer_id": rng.choice(ids), "number": number, "total": f"{rng.randint(1, 9999)}.{rng.randint(0, 99):02d}"},
                             f"make-{number}")
        if status != 201:
            silent.append((number, status, answer))
            return
        order = (answer[0] if isinstance(answer, list) else answer)["id"]
        what = rng.random()
        if what < 0.2:
            status, answer = ask("DELETE", f"/api/v1/order/{order}")
            if status in (200, 204, 404):  # 404: an earlier try did it, and its answer was lost
                continue
            silent.append((number, status, answer))
        elif what < 0.5:
            status, answer = ask("PATCH", f"/api/v1/order/{order}", {"customer_id": rng.choice(ids), "total": "5.00"})
            if status not in (200, 204):
                silent.append((number, status, answer))
        made.append((number, order))
        status, answer = ask("PATCH", f"/api/v1/order/{rng.choice(shared)}", {"customer_id": rng.choice(ids)})
        if status not in (200, 204):
            silent.append(("shared", status, answer))


def verify(client, ids, made):
    rows = all_rows(client, "order", "id,number,customer_id,total")
    there = {(r["number"], r["id"]) for r in rows}
    check("no order is there twice", len({r["number"] for r in rows}) == len(rows), len(rows))
    lost = [m for m in made if m not in there]
    check(f"all {len(made)} acknowledged orders are there", not lost and len(made) > 50, lost[:5] or len(made))
    strangers = there - set(made)
    check("nothing else is there", not strangers, list(strangers)[:5])
    _, customers = client.ask("GET", f"/api/v1/customer?select=id,orders_count,orders_total&id=in.({','.join(ids)})")
    wrong = []
    for c in customers:
        mine = [r for r in rows if r["customer_id"] == c["id"]]
        cents = sum(round(float(r["total"]) * 100) for r in mine)
        if c["orders_count"] != len(mine) or round(float(c["orders_total"]) * 100) != cents:
            wrong.append((c, len(mine), cents))
    check("the customers' kept figures agree with their orders", not wrong and len(customers) == CUSTOMERS, wrong[:3])


def main():
    url = postgres()
    if shutil.which("psql") is None:
        skip("storm", "psql is not installed")
        done()
    home = folder()
    pg = on_postgres(url)
    data = make_data(home, *pg)
    token = make_token(data)
    server = Server(data)
    client = Client(server.port, token)
    ids = []
    for n in range(CUSTOMERS):
        _, body = client.ask("POST", "/api/v1/customer", {"name": f"c{n}"}, {"Prefer": "return=representation"})
        ids.append((body[0] if isinstance(body, list) else body)["id"])
    shared = []
    for n in range(SHARED):
        _, body = client.ask("POST", "/api/v1/order", {"customer_id": ids[n], "number": f"shared{n}", "total": "7.00"}, {"Prefer": "return=representation"})
        shared.append((body[0] if isinstance(body, list) else body)["id"])
    stop, calm = threading.Event(), threading.Event()
    made = [(f"shared{n}", i) for n, i in enumerate(shared)]
    statuses, silent, counts = {}, [], {"terminated": 0, "contended": 0}
    writers = [threading.Thread(target=write, args=(server.port, token, f"w{i}", ids, shared, stop, made, statuses, silent)) for i in range(WRITERS)]
    storm = [threading.Thread(target=terminate, args=(url, calm, random.Random(8), counts))]
    storm += [threading.Thread(target=contend, args=(url, pg[3], ids, calm, random.Random(80 + i), counts, i % 2 == 0)) for i in range(2)]
    for t in writers + storm:
        t.start()
    time.sleep(SECONDS)
    stop.set()
    for t in writers:
        t.join()
    calm.set()
    for t in storm:
        t.join()
    check("every request came through in the end", not silent, silent[:3])
    _, metrics = client.ask("GET", "/metrics")
    counts["repeated"] = int(re.search(r"^guanxi_store_retried_total (\d+)$", metrics, re.M).group(1))
    check("there was a storm, and writes were repeated in it", counts["terminated"] > 10 and counts["contended"] > 10 and counts["repeated"] > 10, (counts, statuses))
    check("no client was told of a deadlock or of rows that changed meanwhile", "503 busy" not in statuses, statuses)
    verify(client, ids, made)
    print(f"# {counts}, answers {statuses}")
    check("the server stops cleanly", server.stop() == 0)
    report = guanxi("doctor", "--data", data, check=False)
    check("store, change log and search index are whole", report.returncode == 0, report.stdout + report.stderr)
    done(home)


main()
