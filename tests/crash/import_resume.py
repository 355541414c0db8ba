#!/usr/bin/env python3
"""R16: an import is killed at random points and given again.  Every row is there exactly
once, every bad row is listed exactly once, and all sums are those of one clean run.  By
the command line and over HTTP.  GUANXI_IMPORT_ROWS (default 60,000) rows."""
import csv
import gzip
import hashlib
import http.client
import io
import json
import os
import random
import signal
import sqlite3
import subprocess
import time

from house import PROGRAM, ROOT, Client, Server, check, done, folder, guanxi, make_data, make_token, skip

ROWS = int(os.environ.get("GUANXI_IMPORT_ROWS", "60000"))
KILLS = 6
BAD_EVERY = 997


def make_file(path):
    """The sample's first rows, some of them spoilt; how many are."""
    bad = 0
    with gzip.open(os.path.join(ROOT, "sample/online-retail.csv.gz"), "rt", encoding="utf-8") as source, open(path, "w", encoding="utf-8") as out:
        for n, line in enumerate(source):
            if n > ROWS:
                break
            if n > 0 and n % BAD_EVERY == 0:
                # the quantity: the last five columns hold no commas
                parts = line.rstrip("\n").rsplit(",", 5)
                parts[1] = "many"
                line = ",".join(parts) + "\n"
                bad += 1
            out.write(line)
    return bad


def facts(data):
    """What the import made, without ids and times."""
    db = sqlite3.connect(f"file:{os.path.join(data, 'guanxi.db')}?mode=ro", uri=True)

    def digest(query):
        h, n = hashlib.sha256(), 0
        for row in db.execute(query):
            h.update(repr(row).encode())
            n += 1
        return n, h.hexdigest()

    found = {
        "lines": digest('SELECT o.number, l.position, p.sku, l.quantity, l.unit_price, l.total FROM order_line l JOIN "order" o ON o.id = l.order_id '
                        "LEFT JOIN product p ON p.id = l.product_id ORDER BY 1, 2, 3, 4, 5"),
        "orders": digest('SELECT o.number, c.number, o.lines_count, o.lines_total, o.total, o.total_base, o.kind FROM "order" o '
                         "LEFT JOIN customer c ON c.id = o.customer_id ORDER BY 1, 2"),
        "customers": digest("SELECT number, orders_count, orders_total, country FROM customer ORDER BY 1"),
        "products": digest("SELECT sku, name FROM product ORDER BY 1"),
        "problems": digest("SELECT row, field, key FROM import_problem ORDER BY 1, 2, 3"),
    }
    twice = db.execute("SELECT count(*) - count(DISTINCT row) FROM import_problem").fetchone()[0]
    db.close()
    return found, twice


def compare(name, data, clean, bad):
    found, twice = facts(data)
    wrong = {k: (found[k][0], clean[k][0]) for k in clean if found[k] != clean[k]}
    check(f"{name}: rows and sums are those of a clean run", not wrong, wrong)
    check(f"{name}: each of the {bad} bad rows is listed once", found["problems"][0] == bad and twice == 0, (found["problems"][0], twice))
    report = guanxi("doctor", "--data", data, check=False)
    check(f"{name}: store, change log and search index are whole", report.returncode == 0, report.stdout + report.stderr)


def run_state(data):
    """How the newest run stands; None before there is one."""
    db = sqlite3.connect(f"file:{os.path.join(data, 'guanxi.db')}?mode=ro", uri=True)
    row = db.execute("SELECT state, rows_done, failed, created FROM import_run ORDER BY id DESC LIMIT 1").fetchone()
    db.close()
    return row and {"state": row[0], "rows": row[1], "failed": row[2], "created": row[3]}


def by_command(home, file, clean, bad, clean_seconds, rng):
    os.mkdir(os.path.join(home, "command"))
    data = make_data(os.path.join(home, "command"))
    killed = 0
    while True:
        process = subprocess.Popen([PROGRAM, "import", "--data", data, "--preset", "online-retail", file], stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL, text=True)
        if killed < KILLS:
            try:
                process.wait(timeout=rng.uniform(0.05, 0.15 + clean_seconds / 4))
            except subprocess.TimeoutExpired:
                process.kill()
                killed += 1
        out, _ = process.communicate()
        if process.returncode != -signal.SIGKILL:
            break
        state = run_state(data)
        if state and state["state"] == "done":
            break  # all rows were in, and only tidying up was cut short: given again it would be another run
    ended = process.returncode == 0
    result = json.loads(out.strip().splitlines()[-1]) if ended else run_state(data)
    check(f"guanxi import goes on after {killed} kills", killed >= 3 and (ended or result["state"] == "done"), (process.returncode, killed, out))
    check("its result counts the whole file", result.get("rows") == ROWS and result.get("failed") == bad and result.get("created") == ROWS - bad, result)
    compare("guanxi import", data, clean, bad)
    again = json.loads(guanxi("import", "--data", data, "--preset", "online-retail", file).stdout.strip().splitlines()[-1])
    check("the same file again adds nothing", again["created"] == 0 and facts(data)[0]["lines"] == clean["lines"], again)


def upload(port, token, file):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("POST", "/api/v1/import?name=online-retail.csv", open(file, "rb").read(),
                       {"Authorization": f"Bearer {token}", "Content-Type": "text/csv"})
    answer = connection.getresponse()
    text = answer.read().decode()
    return answer.status, json.loads(text) if text.startswith("{") else text


def by_http(home, file, clean, bad, clean_seconds, rng):
    os.mkdir(os.path.join(home, "http"))
    data = make_data(os.path.join(home, "http"))
    token = make_token(data)
    server = Server(data)
    try:
        status, run = upload(server.port, token, file)
        if status in (404, 405):
            skip("import over HTTP", "this program has no route for it")
            return
        check("the file is taken", status == 201, (status, run))
        client = Client(server.port, token)
        status, planned = client.ask("PUT", f"/api/v1/import/{run['id']}/plan", {"preset": "online-retail"})
        check("the preset is taken", status == 200, (status, planned))
        status, started = client.ask("POST", f"/api/v1/import/{run['id']}/start")
        check("the import starts", status in (200, 202), (status, started))
        killed, state, began = 0, None, time.time()
        while time.time() - began < 120:
            if killed < KILLS:
                time.sleep(rng.uniform(0.05, 0.15 + clean_seconds / 4))
            else:
                time.sleep(0.2)
            _, rows = client.ask("GET", f"/api/v1/import_run?select=state,position&id=eq.{run['id']}")
            state = rows[0]["state"]
            if state not in ("queued", "running", "new", "ready", "planned"):
                break
            if killed < KILLS:
                server.kill()
                killed += 1
                server = Server(data)
                client = Client(server.port, token)
        check(f"the job goes on by itself after {killed} kills of the server", state == "done" and killed >= 3, (state, killed))
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        connection.request("GET", f"/api/v1/import/{run['id']}/result?format=csv", headers={"Authorization": f"Bearer {token}"})
        rows = list(csv.DictReader(io.StringIO(connection.getresponse().read().decode("utf-8-sig"))))
        numbers = [int(r["Row"]) for r in rows]
        expected = [n + 1 for n in range(BAD_EVERY, ROWS + 1, BAD_EVERY)]  # the header is row 1
        check("the result file has each bad row once, in order, with its reason", numbers == expected and all(r["Outcome"] == "failed" and r["Why"] for r in rows),
              (numbers[:5], expected[:5], rows[:1]))
    finally:
        server.stop()
    compare("HTTP import", data, clean, bad)


def main():
    home = folder()
    file = os.path.join(home, "online-retail.csv")
    bad = make_file(file)
    os.mkdir(os.path.join(home, "clean"))
    data = make_data(os.path.join(home, "clean"))
    result = json.loads(guanxi("import", "--data", data, "--preset", "online-retail", file).stdout.strip().splitlines()[-1])
    clean, _ = facts(data)
    check("a clean run", result["rows"] == ROWS and result["failed"] == bad and clean["lines"][0] == ROWS - bad, (result, clean["lines"][0]))
    rng = random.Random(16)
    by_command(home, file, clean, bad, result["seconds"], rng)
    by_http(home, file, clean, bad, result["seconds"], rng)
    done(home)


main()
