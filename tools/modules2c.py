#!/usr/bin/env python3
"""Build tool: writes the list of the program's manifests.

    modules2c.py OUTPUT FOLDER ...

Each folder of src that has a manifest.c defines `struct manifest <last part of its name>_manifest`. Folders of business come before
those of core/, so that their entities head every list.
"""
import sys

output, folders = sys.argv[1], sys.argv[2:]
names = [folder.split("/")[-1] for folder in sorted(folders, key=lambda folder: folder.startswith("core/"))]
with open(output, "w", encoding="utf-8") as out:
    out.write('/* Written by tools/modules2c.py from modules.deps. */\n#include "app/app.h"\n\n')
    out.write("".join(f"extern const struct manifest {name}_manifest;\n" for name in names))
    out.write("\nconst struct manifest *const app_manifests[] = {" + ", ".join(f"&{name}_manifest" for name in names) + ", NULL};\n")
