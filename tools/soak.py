#!/usr/bin/env python3
"""Half an hour of mixed load; memory, open files and the write-ahead log must be flat.

    soak.py BUILD [--minutes 30] [--folder build/soak]

Reads, lists, searches, creates and changes run together on a fresh data folder. Samples
every few seconds go to soak.csv in the folder. The first fifth is for warming up; after
it, the mean of the last third may be over that of the first third by no more than the
allowance. Ends with status 1 if one grew, or if a request failed."""
import argparse, os, random, shutil, sys, threading, time, urllib.parse

import benchlib

ALLOWED = {'rss_mb': (1.10, 8), 'fds': (1.0, 4), 'wal_mb': (1.25, 8)} # factor, and what is added
SURNAMES = '王李张刘陈杨黄赵吴周'
GIVEN = '伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平'
CITIES = ['杭州', '上海', '北京', '广州', 'London', 'Berlin']


def sample(server, data):
    wal = os.path.join(data, 'guanxi.db-wal')
    return {'rss_mb': benchlib.process_value(server.pid, 'VmRSS'), 'fds': len(os.listdir('/proc/%d/fd' % server.pid)),
            'wal_mb': os.path.getsize(wal) / 1048576.0 if os.path.exists(wal) else 0.0}


def write_requests(folder, server, token):
    """Files of requests by kind, over a few thousand records made first."""
    rng = random.Random(7)
    name = lambda: rng.choice(SURNAMES) + ''.join(rng.choice(GIVEN) for _ in range(2))
    rows = ','.join('{"name":"%s","city":"%s"}' % (name(), rng.choice(CITIES)) for _ in range(2000))
    answer, connection = server.get('/api/v1/customer', token, 'POST', ('[' + rows + ']').encode())
    text = answer.read()
    connection.close()
    if answer.status != 201:
        raise SystemExit('soak: %d %s' % (answer.status, text[:300]))
    ids = [row['id'] for row in server.json('/api/v1/customer?select=id&limit=1000', token)]
    quote = urllib.parse.quote
    kinds = {
        'get': ['GET /api/v1/customer/%s' % i for i in ids],
        'list': ['GET /api/v1/customer?select=id,name,city&city=eq.%s&order=last_order_at.desc,id.desc&limit=20' % quote(c) for c in CITIES],
        'search': ['GET /api/v1/search?limit=10&q=%s' % quote(name()[:2]) for _ in range(200)],
        'create': ['POST /api/v1/customer\t{"name":"%s","city":"%s"}' % (name(), rng.choice(CITIES)) for _ in range(2000)],
        'change': ['PATCH /api/v1/customer/%s\t{"note":"%s"}' % (i, name() * 5) for i in ids],
    }
    files = {}
    for kind, lines in kinds.items():
        files[kind] = os.path.join(folder, kind + '.txt')
        with open(files[kind], 'w') as f:
            f.write('\n'.join(lines) + '\n')
    return files


def judge(samples):
    warm = samples[len(samples) // 5:]
    third = max(1, len(warm) // 3)
    grown = []
    for key, (factor, more) in ALLOWED.items():
        mean = lambda part: sum(s[key] for s in part) / len(part)
        first, last = mean(warm[:third]), mean(warm[-third:])
        fine = last <= first * factor + more
        print('soak: %-7s first third %8.1f  last third %8.1f  %s' % (key, first, last, 'flat' if fine else 'GREW'))
        if not fine:
            grown.append(key)
    return grown


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('build')
    parser.add_argument('--minutes', type=float, default=30)
    parser.add_argument('--folder')
    options = parser.parse_args()
    folder = options.folder or os.path.join(options.build, 'soak')
    data = os.path.join(folder, 'data')
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    programs = benchlib.Programs(options.build)
    benchlib.init(programs, data)
    token = benchlib.token(programs, data)
    server = benchlib.Server(programs, data)
    samples, errors = [], []
    try:
        files = write_requests(folder, server, token)
        seconds = int(options.minutes * 60)
        rates = {'get': 1000, 'list': 200, 'search': 50, 'create': 100, 'change': 100}
        def drive(kind):
            result = benchlib.load(programs, server, token, files[kind], connections=4, seconds=seconds, rate=rates[kind])
            print('soak: %-7s %9d requests, %d errors, p99 %d us' % (kind, result['requests'], result['errors'], result['p99_us']), flush=True)
            if result['errors'] or result['requests'] == 0:
                errors.append(kind)
        threads = [threading.Thread(target=drive, args=(kind,)) for kind in files]
        for thread in threads:
            thread.start()
        with open(os.path.join(folder, 'soak.csv'), 'w') as f:
            f.write('seconds,rss_mb,fds,wal_mb\n')
            start = time.monotonic()
            while any(thread.is_alive() for thread in threads):
                time.sleep(max(1, seconds / 360))
                one = sample(server, data)
                samples.append(one)
                f.write('%.0f,%.1f,%d,%.1f\n' % (time.monotonic() - start, one['rss_mb'], one['fds'], one['wal_mb']))
                f.flush()
        for thread in threads:
            thread.join()
    finally:
        server.stop()
    bad = judge(samples) + errors
    return 1 if bad or len(samples) < 10 else 0


if __name__ == '__main__':
    sys.exit(main())
