#!/usr/bin/env python3
"""Turns src/feeling/model.tsv into the table the program asks: feeling2c.py MODEL.tsv OUT.c

An open hash table of powers of two by feeling_hash (src/feeling/feeling_features.c), which is computed here once more."""
import sys

SLOTS = 1 << 14
M = (1 << 64) - 1


def fnv(data):
    h = 0xCBF29CE484222325
    for b in data:
        h = ((h ^ b) * 0x100000001B3) & M
    return h


def feeling_hash(text, negated):
    h = fnv(text.encode()) ^ (0x9E3779B97F4A7C15 if negated else 0)
    h ^= h >> 33
    h = h * 0xFF51AFD7ED558CCD & M
    h ^= h >> 29
    return (h ^ h >> 32) & 0xFFFFFFFF or 1


def main():
    slots, bias = [None] * SLOTS, 0
    for line in open(sys.argv[1], encoding="utf-8"):
        if line.startswith("#"):
            continue
        text, weight, flags = line.rstrip("\n").split("\t")
        if flags == "b":
            bias = int(weight)
            continue
        key = feeling_hash(text, "n" in flags)
        at = key & (SLOTS - 1)
        while slots[at]:
            if slots[at][0] == key:
                sys.exit(f"two features of one hash: {text}")
            at = (at + 1) & (SLOTS - 1)
        slots[at] = (key, max(-32768, min(32767, int(weight))), 1 if "w" in flags else 0)
    if sum(s is not None for s in slots) > SLOTS * 3 // 4:
        sys.exit("the table is too full: double SLOTS")
    with open(sys.argv[2], "w", encoding="ascii") as out:
        out.write('#include "feeling/feeling_table.h"\n\n')
        out.write(f"const int feeling_bias = {bias};\nconst struct feeling_slot feeling_table[FEELING_SLOTS] = {{\n")
        for at, slot in enumerate(slots):
            if slot:
                out.write(f"\t[{at}] = {{{slot[0]}u, {slot[1]}, {slot[2]}}},\n")
        out.write("};\n")


main()
