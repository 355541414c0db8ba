#!/usr/bin/env python3
"""Every figure of docs/performance.md: one table, and the same as JSON.

    bench.py BUILD [--small] [--pg] [--only get,list,…] [--runs 5] [--seconds 5] [--folder DIR]

Makes 1,000,000 customers with 5,000,000 order lines (--small: a tenth) with guanxi-generate
and imports them through the program, once: the folder is kept for the next run. Then each
figure is the median of five runs. `ratio` is the figure beside the nearest limit of the
machine: an answer without any work (constant), the store alone without HTTP, rules or search (store16; bulk: one
row, one index and one log entry each), a raw scan (scan), one fdatasync after the other (fsync). Latency is
measured with requests that arrive at a fixed rate, the bar's (70 % of what was reached where that is
less), and counted from when they should have been sent. `beside` is what others feel while one reader asks the slowest
questions that are allowed (benchbeside.py)."""
import argparse, datetime, json, os, re, shutil, statistics, subprocess, sys, time, urllib.parse

import benchbeside, benchlib

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
MAP = os.path.join(ROOT, 'bench', 'lines.map.json')
REQUESTS = 50000
PIECES = 3 # of a run that is set beside the constant answer
# name: what it is, unit, bar, whether less is better, p99 bar in ms, which limit
FIGURES = {
    'get': ('GET one customer, 16 connections', '/s', 40000, False, 2, 'constant'),
    'list': ('list of 20, filter and sort, keyset', '/s', 12000, False, 5, 'constant'),
    'list_broad': ('list of 20, a filter of most rows, other order', '/s', None, False, None, 'constant'),
    'search_zh': ('search, two Chinese characters', '/s', 4000, False, 20, 'constant'),
    'search_prefix': ('search, beginning of a name', '/s', 4000, False, 20, 'constant'),
    'search_inside': ('search, inside a Latin name', '/s', 4000, False, 20, 'constant'),
    'create16': ('durable create, 16 connections', '/s', 15000, False, None, 'store16'),
    'create1': ('durable create, 1 connection', '/s', 3000, False, None, 'fsync'),
    'import': ('import of order lines', 'lines/s', 40000, False, None, 'bulk'),
    'import_rss': ('memory, most, of the import', 'MB', None, True, None, None),
    'export': ('export of customers to CSV', 'rows/s', 200000, False, None, 'scan'),
    'sign_in_alone': ('signing in, p99', 'ms', None, True, None, None),
    'sign_in_beside': ('signing in, p99, beside slow questions', 'ms', None, True, None, None),
    'sign_in_times': ('signing in, how many times as long', '', benchbeside.BAR, True, None, None),
    'get_alone': ('GET at 500/s, p99', 'ms', None, True, None, None),
    'get_beside': ('GET at 500/s, p99, beside slow questions', 'ms', None, True, None, None),
    'get_times': ('GET, how many times as long', '', benchbeside.BAR, True, None, None),
    'start': ('start to first answer', 's', 0.3, True, None, None),
    'rss_idle': ('memory, idle', 'MB', 60, True, None, None),
    'rss_load': ('memory, after the load', 'MB', 200, True, None, None),
}


class Bench:
    def __init__(self, options):
        self.options = options
        self.programs = benchlib.Programs(options.build)
        self.figures, self.p99, self.runs, self.limits, self.ratios = {}, {}, {}, {}, {}
        self.beside = [] # all runs of the constant answer
        self.wanted = options.only.split(',') if options.only else None

    def wants(self, name):
        return self.wanted is None or name in self.wanted or name.split('_')[0] in self.wanted

    def keep(self, name, values):
        self.runs[name] = values
        self.figures[name] = statistics.median(values)
        print('bench: %-14s %s' % (name, ' '.join('%.6g' % v for v in values)), file=sys.stderr, flush=True)


def machine():
    info = {}
    for line in open('/proc/cpuinfo'):
        key, _, value = line.partition(':')
        info.setdefault(key.strip(), value.strip())
    with open('/proc/meminfo') as f:
        memory = int(f.readline().split()[1]) // 1024
    try:
        compiler = subprocess.run(['cc', '--version'], capture_output=True, text=True).stdout.splitlines()[0]
    except (OSError, IndexError):
        compiler = 'unknown'
    return {'cpu': info.get('model name', os.uname().machine), 'cores': os.cpu_count(), 'memory_mb': memory,
            'kernel': os.uname().release, 'compiler': compiler, 'load_before': os.getloadavg()[0]}


def commit():
    try:
        text = subprocess.run(['git', '-C', ROOT, 'describe', '--always', '--dirty'], capture_output=True, text=True).stdout.strip()
    except OSError:
        text = ''
    return text or 'unknown'


# --- data ------------------------------------------------------------------------------


def make_data(bench, pg):
    """The folder with everything imported; made once. Its facts are in made.json."""
    o = bench.options
    customers = o.customers or (100000 if o.small else 1000000)
    lines = customers * 5
    folder = os.path.join(o.folder, '%d%s' % (customers, '-pg' if pg else ''))
    facts = os.path.join(folder, 'made.json')
    if os.path.exists(facts):
        if pg:
            benchlib.point_at(os.path.join(folder, 'data'), pg)
        with open(facts) as f:
            return folder, json.load(f)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    data, csv = os.path.join(folder, 'data'), os.path.join(o.folder, 'lines-%d.csv' % lines)
    if not os.path.exists(csv):
        print('bench: making %d order lines of %d customers' % (lines, customers), file=sys.stderr)
        with open(csv + '.part', 'wb') as f:
            subprocess.run([bench.programs.generate, '--customers', str(customers), '--lines', str(lines)], stdout=f, check=True)
        os.rename(csv + '.part', csv)
    benchlib.init(bench.programs, data, pg)
    print('bench: importing', file=sys.stderr, flush=True)
    begin = time.monotonic()
    text, rss = benchlib.run_watched([bench.programs.guanxi, 'import', '--data', data, '--map', MAP, csv])
    seconds = time.monotonic() - begin
    result = json.loads(text.strip().splitlines()[-1])
    with open(csv, 'rb') as f: # the generator makes about as many as it is asked for
        lines = sum(part.count(b'\n') for part in iter(lambda: f.read(1 << 20), b'')) - 1
    if result.get('failed') or result.get('rows') != lines:
        raise SystemExit('bench: the import says %s' % result)
    made = {'lines': lines, 'customers': customers, 'import_per_s': lines / seconds, 'import_rss_mb': rss, 'import': result,
            'token': benchlib.token(bench.programs, data)}
    with open(facts, 'w') as f:
        json.dump(made, f, indent=2)
    os.chmod(facts, 0o600)
    return folder, made


def write_file(path, lines):
    with open(path, 'w') as f:
        f.write('\n'.join(lines) + '\n')
    return path


def requests_of(server, token, folder):
    """Ids spread over the whole table, names as they are there, pages by cursor."""
    quote = urllib.parse.quote
    ids, names, cities = [], [], {}
    for number in range(0, 60):
        # numbers of customers were given by the generator, so this walks evenly over them
        page = server.json('/api/v1/customer?select=id,name,city&number=gte.C%08d&order=number,id&limit=1000' % (1 + number * (TOTAL[0] // 60)), token)
        for row in page:
            ids.append(row['id'])
            names.append(row['name'])
            cities[row['city']] = cities.get(row['city'], 0) + 1
    spread = [ids[(i * 7919) % len(ids)] for i in range(min(len(ids), REQUESTS))]
    lists = []
    base = '/api/v1/customer?select=id,name,city,stage,orders_count,orders_total,last_order_at&city=eq.%s&order=last_order_at.desc,id.desc&limit=20'
    for city in sorted(cities, key=cities.get, reverse=True)[:20]:
        path, cursor = base % quote(city), ''
        for _ in range(10):
            answer, connection = server.get(path + cursor, token)
            answer.read()
            next_cursor = answer.getheader('X-Next-Cursor')
            connection.close()
            lists.append('GET ' + path + cursor)
            if not next_cursor:
                break
            cursor = '&cursor=' + quote(next_cursor)
    broad = ['GET /api/v1/customer?select=id,name,city,stage&limit=20&%s&order=%s' % (condition, order)
             for condition in ('stage=eq.trading', 'owner_id=is.null') for order in ('sort_name.asc', 'orders_total.desc', 'id.desc')]
    chinese = sorted({n[:2] for n in names if re.match('[\u4e00-\u9fff]{2}', n)})
    latin = sorted({w.lower() for n in names for w in n.split() if re.fullmatch('[A-Za-z]{6,}', w)})
    searches = {'search_zh': chinese[:2000], 'search_prefix': [w[:5] for w in latin[:2000]], 'search_inside': [w[1:6] for w in latin[:2000]]}
    files = {'constant': write_file(os.path.join(folder, 'constant.txt'), ['GET /healthz']),
             'get': write_file(os.path.join(folder, 'get.txt'), ['GET /api/v1/customer/' + i for i in spread]),
             'list': write_file(os.path.join(folder, 'list.txt'), lists),
             'list_broad': write_file(os.path.join(folder, 'list_broad.txt'), broad),
             'create': write_file(os.path.join(folder, 'create.txt'), ['POST /api/v1/customer\t{"name":"%s","city":"%s","phone":"139%08d"}' % (
                 names[i * 31 % len(names)].replace('"', ''), list(cities)[i % len(cities)], i) for i in range(REQUESTS)])}
    for name, words in searches.items():
        files[name] = write_file(os.path.join(folder, name + '.txt'), ['GET /api/v1/search?limit=10&q=' + quote(w) for w in words] or ['GET /healthz'])
    return files


TOTAL = [1000000]


# --- measuring ----------------------------------------------------------------------------


def measure_rate(bench, server, token, name, requests, connections, constant=None):
    """With `constant`, each run is made of short pieces, each with one of the constant answer before it: what the
    machine does meanwhile meets both alike, and their ratio moves less than either."""
    o = bench.options
    def once(seconds, rate=0, requests=requests):
        result = benchlib.load(bench.programs, server, token, requests, connections, seconds, rate)
        # at a fixed rate, a request that has waited a second for its answer at the end is one
        if result['errors'] and rate == 0:
            raise SystemExit('bench: %s: %d of %d requests failed' % (name, result['errors'], result['requests']))
        return result
    once(2) # statements prepared, pages in memory
    values, beside = [], []
    for _ in range(o.runs):
        pieces = [(once(1, 0, constant)['per_second'], once(max(1, round(o.seconds / PIECES)))['per_second']) for _ in range(PIECES)] if constant else []
        beside += [statistics.mean(p[0] for p in pieces)] if pieces else []
        values.append(statistics.mean(p[1] for p in pieces) if pieces else once(o.seconds)['per_second'])
    bench.keep(name, values)
    if beside:
        bench.ratios[name] = statistics.median(v / b for v, b in zip(values, beside))
        bench.beside += beside
        bench.limits['constant'] = statistics.median(bench.beside)
    if FIGURES.get(name, (0,) * 5)[4]:
        rate = max(1, min(FIGURES[name][2], bench.figures[name] * 0.7))
        p99 = [once(o.seconds, rate)['p99_us'] / 1000.0 for _ in range(o.runs)]
        bench.p99[name] = statistics.median(p99)


def measure_export(bench, server, token, customers):
    rates = []
    for _ in range(min(3, bench.options.runs)):
        begin, size = time.monotonic(), 0
        answer, connection = server.get('/api/v1/customer/export?format=csv', token)
        if answer.status != 200:
            raise SystemExit('bench: export: %d %s' % (answer.status, answer.read(300)))
        rows = -1 # the head
        while True:
            part = answer.read(1 << 20)
            if not part:
                break
            rows += part.count(b'\n')
            size += len(part)
        connection.close()
        if rows < customers:
            raise SystemExit('bench: export gave %d rows of %d' % (rows, customers))
        rates.append(rows / (time.monotonic() - begin))
    bench.keep('export', rates)


def measure_server(bench, folder, made):
    data, token = os.path.join(folder, 'data'), made['token']
    if bench.wants('start'):
        starts = []
        for _ in range(bench.options.runs):
            server = benchlib.Server(bench.programs, data)
            starts.append(server.ready_s)
            server.stop()
        bench.keep('start', starts)
    server = benchlib.Server(bench.programs, data)
    try:
        time.sleep(2)
        bench.keep('rss_idle', [benchlib.process_value(server.pid, 'VmRSS')])
        TOTAL[0] = made['customers']
        files = requests_of(server, token, folder)
        for name in ('get', 'list', 'list_broad', 'search_zh', 'search_prefix', 'search_inside'):
            if bench.wants(name):
                measure_rate(bench, server, token, name, files[name], 16, files['constant'])
        if bench.wants('export'):
            measure_export(bench, server, token, made['customers'])
        bench.keep('rss_load', [benchlib.process_value(server.pid, 'VmRSS')])
    finally:
        server.stop()
    if bench.wants('create') or bench.wants('beside'):
        measure_copy(bench, data, token, files)


def measure_copy(bench, data, token, files):
    """On a copy, so that the kept folder stays as it is."""
    copy = data + '-copy'
    shutil.rmtree(copy, ignore_errors=True)
    if os.path.exists(os.path.join(data, 'guanxi.db')):
        shutil.copytree(data, copy, ignore=shutil.ignore_patterns('*.sock'))
        os.sync() # writing the copy out is not part of what is measured
    else:
        copy = data # PostgreSQL: the records stay
    try:
        if bench.wants('beside'):
            benchbeside.measure(bench, copy, token, files['get'])
        if bench.wants('create'):
            measure_create(bench, copy, token, files['create'])
    finally:
        if copy != data:
            shutil.rmtree(copy)


def measure_create(bench, data, token, requests):
    server = benchlib.Server(bench.programs, data)
    try:
        for name, connections in (('create16', 16), ('create1', 1)):
            measure_rate(bench, server, token, name, requests, connections)
    finally:
        server.stop()


def measure_limits(bench):
    """What the machine itself does: SQLite called from C, fdatasync (bench/store_bench.c)."""
    folder = os.path.join(bench.options.folder, 'limits')
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    text = benchlib.run([bench.programs.store_bench, '--seconds', '2', '--rows', '200000', '--dir', folder])
    shutil.rmtree(folder)
    for name, words in (('fsync', 'limit: write 4 KB + fdatasync'), ('read', 'limit: SQLite alone, point read, 1 thread'),
                        ('bulk', 'bulk inserts with log, 2,000 a job'), ('scan', 'limit: SQLite alone, all rows in order'),
                        ('store16', 'durable inserts with log, 16 clients'), ('store1', 'durable inserts with log, 1 client ')):
        m = re.search(re.escape(words) + r'\s+([\d.]+)', text)
        if m:
            bench.limits[name] = float(m.group(1))


# --- the table ------------------------------------------------------------------------------


def rows_of(bench):
    for name, (title, unit, bar, less, p99_bar, limit) in FIGURES.items():
        if name not in bench.figures:
            continue
        figure, top = bench.figures[name], bench.limits.get(limit)
        met = None if bar is None else (figure <= bar if less else figure >= bar)
        yield {'name': name, 'title': title, 'figure': figure, 'unit': unit, 'bar': bar, 'met': met, 'runs': bench.runs[name],
               'limit_name': limit if top else None, 'limit': top, 'ratio': bench.ratios.get(name) or (figure / top if top else None),
               'p99_ms': bench.p99.get(name), 'p99_bar_ms': p99_bar if name in bench.p99 else None,
               'p99_met': None if name not in bench.p99 else bench.p99[name] <= p99_bar}


def show(value):
    return '' if value is None else '{:,.0f}'.format(value) if value >= 100 else '%.3g' % value


def print_table(rows):
    print('%-40s %12s %12s %5s %9s %9s  %-22s %6s' % ('', 'figure', 'bar', '', 'p99 ms', 'bar', 'limit', 'ratio'))
    for r in rows:
        met = '' if r['met'] is None else 'yes' if r['met'] else 'NO'
        limit = '' if r['limit'] is None else '%s %s' % (r['limit_name'], show(r['limit']))
        print('%-40s %12s %12s %5s %9s %9s  %-22s %6s' % (r['title'], show(r['figure']) + ' ' + r['unit'], show(r['bar']), met, show(r['p99_ms']),
                                                        show(r['p99_bar_ms']), limit, '' if r['ratio'] is None else '%.2f' % r['ratio']))


def report(bench, made, engine):
    rows = list(rows_of(bench))
    result = {'date': datetime.datetime.now(datetime.timezone.utc).isoformat(timespec='seconds'), 'commit': commit(), 'engine': engine,
              'customers': made['customers'], 'lines': made['lines'], 'machine': MACHINE, 'limits': bench.limits, 'figures': rows}
    path = os.path.join(bench.options.folder, 'bench-%s-%d.json' % (engine, made['customers']))
    with open(path, 'w') as f:
        json.dump(result, f, indent=2)
        f.write('\n')
    print('\n%s on %s, %d cores, %s; %s customers, %s order lines; %s\n' % (engine, MACHINE['cpu'], MACHINE['cores'], result['date'],
                                                                        show(made['customers']), show(made['lines']), result['commit']))
    print_table(rows)
    if MACHINE['load_before'] > 0.5:
        print('\nThe machine was busy with other things (load %.1f before the start): these figures say little.' % MACHINE['load_before'])
    print('\nas JSON: %s' % path)


MACHINE = machine()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('build')
    parser.add_argument('--small', action='store_true')
    parser.add_argument('--customers', type=int, help='another size, with five order lines each')
    parser.add_argument('--pg', action='store_true')
    parser.add_argument('--only')
    parser.add_argument('--runs', type=int, default=5)
    parser.add_argument('--seconds', type=int, default=5)
    parser.add_argument('--folder')
    options = parser.parse_args()
    options.folder = os.path.abspath(options.folder or os.path.join(options.build, 'bench-data'))
    os.makedirs(options.folder, exist_ok=True)
    bench = Bench(options)
    pg_dir, pg = os.path.join(options.folder, 'postgres'), None
    pg_sh = os.path.join(ROOT, 'tests', 'tools', 'pg.sh')
    if options.pg:
        pg = benchlib.run([pg_sh, 'start', pg_dir, str(benchlib.free_port())]).strip().splitlines()[-1]
    try:
        folder, made = make_data(bench, pg)
        bench.keep('import', [made['import_per_s']])
        bench.keep('import_rss', [made['import_rss_mb']])
        if not options.pg and options.only != 'beside':
            measure_limits(bench)
        measure_server(bench, folder, made)
    finally:
        if pg:
            benchlib.run([pg_sh, 'stop', pg_dir])
    report(bench, made, 'PostgreSQL' if options.pg else 'SQLite')
    return 0


if __name__ == '__main__':
    sys.exit(main())
