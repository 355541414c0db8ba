#!/usr/bin/env python3
"""R01: kill -9 under load.  Every acknowledged write is there after the restart (made, made
many at once, changed, deleted), none is half there, a request that got no answer can be
repeated under its Idempotency-Key, sums are those of the rows, the change log tells of each
row exactly what is there, and the database is whole.  GUANXI_KILLS (default 200) rounds."""
import os
import random
import time

from house import Server, done, folder, make_data, make_token
from writers import Account, write_until_killed

ROUNDS = int(os.environ.get("GUANXI_KILLS", "200"))
WRITERS = 4


def main():
    home = folder()
    data = make_data(home)
    token = make_token(data)
    rng = random.Random(20261122)
    account, slowest = Account(), 0.0
    for round_number in range(ROUNDS):
        server = Server(data)
        writers = write_until_killed(server, token, f"r{round_number}", WRITERS, rng, 0.02, 0.4)
        started = time.time()
        server = Server(data)
        slowest = max(slowest, time.time() - started)
        account.look(server, token, writers)
        server.kill()
    account.judge(data, f"{ROUNDS} kills", ROUNDS)
    print(f"# slowest start after a kill: {slowest:.2f} s")
    done(home)


main()
