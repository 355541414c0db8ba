/* The learnt model, made of model.tsv by tools/feeling2c.py. */
#ifndef GUANXI_FEELING_TABLE_H
#define GUANXI_FEELING_TABLE_H

#include <stdint.h>

enum { FEELING_SLOTS = 1 << 14 };

struct feeling_slot {
	uint32_t key;   /* feeling_hash; 0: empty */
	int16_t weight; /* thousandths */
	uint16_t word;  /* 1: of our list */
};

extern const struct feeling_slot feeling_table[FEELING_SLOTS];
extern const int feeling_bias; /* thousandths */

#endif
