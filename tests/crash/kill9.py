#!/usr/bin/env python3
"""R01: kill -9 under load.  Every acknowledged write is there after the restart, none is
half there, and the change log's chain holds.  GUANXI_ROUNDS (default 200) rounds."""
import os
import random
import threading
import time

from house import Client, Server, check, done, folder, guanxi, make_data, make_token

ROUNDS = int(os.environ.get("GUANXI_ROUNDS", "200"))
WRITERS = 4


def write_until_it_dies(port, token, name, acknowledged):
    """Customers with two addresses and an order each, in one bulk request where it can be."""
    client = Client(port, token)
    n = 0
    try:
        while True:
            n += 1
            status, body = client.ask("POST", "/api/v1/customer", {"name": f"{name}-{n}", "city": "杭州"}, {"Prefer": "return=representation"})
            if status != 201:
                continue
            row = body[0] if isinstance(body, list) else body
            acknowledged.append(("customer", row["id"], row["name"]))
            status, body = client.ask("POST", "/api/v1/order", {"customer_id": row["id"], "total": "12.50", "number": f"{name}-{n}"},
                                      {"Prefer": "return=representation"})
            if status == 201:
                order = body[0] if isinstance(body, list) else body
                acknowledged.append(("order", order["id"], order["number"]))
    except Exception:
        return


def lost(client, acknowledged):
    missing = []
    for entity, title in (("customer", "name"), ("order", "number")):
        mine = [(i, t) for e, i, t in acknowledged if e == entity]
        for at in range(0, len(mine), 100):
            part = mine[at:at + 100]
            ids = ",".join(i for i, _ in part)
            _, rows = client.ask("GET", f"/api/v1/{entity}?select=id,{title}&limit=100&id=in.({ids})")
            there = {row["id"]: row[title] for row in rows}
            missing += [(entity, i, t) for i, t in part if there.get(i) != t]
    return missing


def main():
    home = folder()
    data = make_data(home)
    token = make_token(data)
    rng = random.Random(20261122)
    total, missing, wrong_sums, slowest = 0, [], [], 0.0
    for round_number in range(ROUNDS):
        server = Server(data)
        acknowledged = []
        threads = [threading.Thread(target=write_until_it_dies, args=(server.port, token, f"r{round_number}w{w}", acknowledged))
                   for w in range(WRITERS)]
        for t in threads:
            t.start()
        time.sleep(rng.uniform(0.02, 0.4))
        server.kill()
        for t in threads:
            t.join()
        started = time.time()
        server = Server(data)
        client = Client(server.port, token)
        slowest = max(slowest, time.time() - started)
        missing += lost(client, acknowledged)
        total += len(acknowledged)
        # the kept figures agree with the orders, whatever was cut short
        _, rows = client.ask("GET", f"/api/v1/customer?select=id,orders_count,orders_total,orders(total)&name=like.r{round_number}w*&limit=500")
        wrong_sums += [r["id"] for r in rows if r["orders_count"] != len(r["orders"])
                       or abs(float(r["orders_total"]) - sum(float(o["total"]) for o in r["orders"])) > 0.001]
        server.kill()
    check(f"{total} acknowledged writes survived {ROUNDS} kills", not missing and total > ROUNDS, missing[:5] or f"only {total} writes")
    check("kept figures agree with the orders", not wrong_sums, wrong_sums[:5])
    report = guanxi("doctor", "--data", data, check=False)
    check("store, change log and search index are whole", report.returncode == 0, report.stdout + report.stderr)
    print(f"# slowest start after a kill: {slowest:.2f} s")
    done(home)


main()
