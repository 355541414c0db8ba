#include "base/id.h"

#include "base/str.h"

/* 2020-01-01T00:00:00Z */
static const int64_t epoch_ms = 1577836800000;
enum { NODE_BITS = 10, SEQUENCE_BITS = 12 };

void id_source_init(struct id_source *source, unsigned node)
{
	atomic_init(&source->last, 0);
	source->node = node & ID_NODE_MAX;
}

int64_t id_next(struct id_source *source, int64_t now_ms)
{
	uint64_t now = now_ms > epoch_ms ? (uint64_t)(now_ms - epoch_ms) << SEQUENCE_BITS : 0;
	uint64_t last = atomic_load_explicit(&source->last, memory_order_relaxed), next;
	do {
		/* a full sequence runs on into the next millisecond */
		next = now > last ? now : last + 1;
	} while (!atomic_compare_exchange_weak_explicit(&source->last, &last, next, memory_order_relaxed,
	                                                memory_order_relaxed));
	uint64_t time = next >> SEQUENCE_BITS, sequence = next & ((1u << SEQUENCE_BITS) - 1);
	return (int64_t)(time << (NODE_BITS + SEQUENCE_BITS) | source->node << SEQUENCE_BITS | sequence);
}

int64_t id_time_ms(int64_t id)
{
	return (id >> (NODE_BITS + SEQUENCE_BITS)) + epoch_ms;
}

int64_t id_from_ms(int64_t ms)
{
	return ms > epoch_ms ? (ms - epoch_ms) << (NODE_BITS + SEQUENCE_BITS) : 0;
}

bool id_parse(const char *text, int64_t *ret)
{
	return text != NULL && *text >= '1' && *text <= '9' && str_to_i64(text, ret);
}
