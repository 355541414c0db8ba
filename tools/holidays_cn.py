#!/usr/bin/env python3
"""Makes src/core/calendar/cn_days.c from the npm package chinese-days.

    cd "$(mktemp -d)" && npm pack chinese-days && tar xzf chinese-days-*.tgz
    tools/holidays_cn.py FOLDER/package > src/core/calendar/cn_days.c

To be run when the State Council has announced a new year and the package has it.
"""
import datetime
import json
import os
import sys

folder = sys.argv[1]
package = json.load(open(os.path.join(folder, "package.json"), encoding="utf-8"))
days = json.load(open(os.path.join(folder, "dist/chinese-days.json"), encoding="utf-8"))
licence = open(os.path.join(folder, "LICENSE"), encoding="utf-8").read().strip().splitlines()

table = {date: (True, text.split(",")[1]) for date, text in days["holidays"].items()}
table.update({date: (False, text.split(",")[1]) for date, text in days["workdays"].items()})

print(f"/* Made by tools/holidays_cn.py from the npm package {package['name']} {package['version']}: days off and make-up")
print(" * workdays of mainland China as the State Council announced them.  The package's licence:")
print(" *")
for line in licence:
    print(f" * {line}".rstrip())
print(" */")
print('#include "core/calendar/cn_days.h"')
print()
print("/* Days since 1970-01-01, a line of comment before each year. */")
print("const struct calendar_public_day calendar_cn_days[] = {")
year, line = "", ""
for date, (off, name) in sorted(table.items()):
    if date[:4] != year:
        if line:
            print(line)
        year, line = date[:4], ""
        print(f"\t/* {year} */")
    day = (datetime.date.fromisoformat(date) - datetime.date(1970, 1, 1)).days
    entry = f'{{{day}, {"true" if off else "false"}, "{name}"}},'
    if len(line) + len(entry) > 110:
        print(line)
        line = ""
    line = f"{line} {entry}" if line else f"\t{entry}"
print(line)
print("};")
print("const size_t calendar_cn_days_count = sizeof(calendar_cn_days) / sizeof(calendar_cn_days[0]);")
print(f"const int calendar_cn_first_year = {min(table)[:4]}, calendar_cn_last_year = {max(table)[:4]};")
