/* Record identifiers: 63 bits, time-ordered, unique without coordination:
 * 41 bits of milliseconds since 2020-01-01, 10 bits node, 12 bits sequence. */
#ifndef GUANXI_BASE_ID_H
#define GUANXI_BASE_ID_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"

enum { ID_TEXT_MAX = 24, ID_NODE_MAX = 1023 };

struct id_source {
	_Atomic uint64_t last; /* time and sequence of the last id */
	uint64_t node;         /* 0 to ID_NODE_MAX */
};

void id_source_init(struct id_source *source, unsigned node);
/* Thread-safe.  Never goes back: when the clock does, it counts on from the last id. */
int64_t id_next(struct id_source *source, int64_t now_ms);
/* The process-wide source that core/entity uses is owned by the registry. */
int64_t id_time_ms(int64_t id);
/* Ids of earlier moments are less; 0 of those before 2020. */
int64_t id_from_ms(int64_t ms);
/* A positive decimal that fits 63 bits. */
bool id_parse(const char *text, int64_t *ret) MUST_CHECK;

#endif
