#!/usr/bin/env python3
"""Counts the instructions of the five hot paths (bench/hotpaths.c) with callgrind and
compares them with bench/instructions.json.

    instructions.py BUILD            fails when a path costs over 5 % more than written there
    instructions.py BUILD --write    writes the counts down: say why in the change
    instructions.py BUILD --keep DIR also leaves callgrind's files in DIR, for callgrind_annotate

Counts depend on the compiler and the libraries, not on the machine's speed or load. Where
those are other versions than the file's, nothing is judged."""
import glob, json, os, re, shutil, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
FILE = os.path.join(HERE, '..', 'bench', 'instructions.json')
MAP = os.path.join(HERE, '..', 'bench', 'lines.map.json')
RISE = 1.05
LINES, CUSTOMERS, CALLS = 2000, 700, 200


def first_line(command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[0].strip()
    except (OSError, subprocess.CalledProcessError, IndexError):
        return 'unknown'


def optimization(build):
    with open(os.path.join(build, 'meson-info', 'intro-buildoptions.json')) as f:
        options = {o['name']: o['value'] for o in json.load(f)}
    return '-O%s%s%s' % (options['optimization'], ' lto' if options.get('b_lto') else '',
                         ' ' + options['b_sanitize'] if options.get('b_sanitize', 'none') != 'none' else '')


def versions(build):
    package = lambda name: first_line(['pkg-config', '--modversion', name])
    return {'cpu': os.uname().machine, 'compiler': first_line(['cc', '--version']), 'build': optimization(build),
            'libc': first_line(['getconf', 'GNU_LIBC_VERSION']), 'sqlite': package('sqlite3'), 'jansson': package('jansson'),
            'icu': package('icu-uc')}


def part_total(path):
    with open(path) as f:
        for line in f:
            m = re.match(r'(?:totals|summary): (\d+)', line)
            if m:
                return int(m.group(1))
    raise SystemExit('instructions: no total in ' + path)


def count(build, keep):
    """Parts: before the first path, then one a path, with what lies between two paths."""
    folder = keep or tempfile.mkdtemp(prefix='guanxi-instructions-')
    os.makedirs(os.path.join(folder, 'data'))
    lines = os.path.join(folder, 'lines.csv')
    with open(lines, 'wb') as f:
        subprocess.run([os.path.join(build, 'bench', 'guanxi-generate'), '--customers', str(CUSTOMERS), '--lines', str(LINES)],
                       stdout=f, stderr=subprocess.DEVNULL, check=True)
    out = os.path.join(folder, 'callgrind.out')
    # glibc's functions for one instruction set, so that counts are alike on all processors
    env = dict(os.environ, GLIBC_TUNABLES='glibc.cpu.hwcaps=-AVX2_Usable,-AVX512F_Usable,-ERMS')
    run = subprocess.run(['valgrind', '--tool=callgrind', '--callgrind-out-file=' + out, '--dump-before=hotpath_mark',
                          os.path.join(build, 'bench', 'guanxi-hotpaths'), os.path.join(folder, 'data'), lines, MAP, str(CALLS)],
                         capture_output=True, text=True, env=env)
    if run.returncode:
        raise SystemExit('instructions: the driver failed\n' + run.stdout + run.stderr[-2000:])
    paths = [line.split() for line in run.stdout.splitlines() if line]
    parts = sorted(glob.glob(out + '.*'), key=lambda p: int(p.rsplit('.', 1)[1]))
    counts = {}
    for i, (name, calls) in enumerate(paths):
        counts[name] = part_total(parts[2 * i + 1]) // int(calls)
    if not keep:
        shutil.rmtree(folder)
    return counts


def judge(stored, now, same):
    risen = []
    for name, value in now.items():
        was = stored.get(name)
        change = '' if not was else '%+.1f %%' % (100.0 * value / was - 100)
        print('instructions: %-12s %10d  was %10s  %s' % (name, value, was, change))
        if same and was and value > was * RISE:
            risen.append(name)
    return risen


def main():
    arguments = sys.argv[1:]
    if not arguments or shutil.which('valgrind') is None:
        print(__doc__ if not arguments else 'instructions: no valgrind, not counted')
        return 2 if not arguments else 0
    build, keep = arguments[0], arguments[arguments.index('--keep') + 1] if '--keep' in arguments else None
    made_with = versions(build)
    counts = count(build, keep)
    stored = {}
    if os.path.exists(FILE):
        with open(FILE) as f:
            stored = json.load(f)
    same = stored.get('made_with') == made_with
    risen = judge(stored.get('counts', {}), counts, same)
    if '--write' in arguments:
        with open(FILE, 'w') as f:
            json.dump({'made_with': made_with, 'counts': counts}, f, indent=2)
            f.write('\n')
    elif not same:
        print('instructions: made with other versions than bench/instructions.json: not judged')
    elif risen:
        print('instructions: over 5 %% more than bench/instructions.json: %s. If it must be so, write the new counts '
              'with tools/instructions.py BUILD --write and say why in the change.' % ', '.join(risen))
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
