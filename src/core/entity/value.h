/* A field's value inside the program. */
#ifndef GUANXI_CORE_ENTITY_VALUE_H
#define GUANXI_CORE_ENTITY_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum value_kind {
	VALUE_NULL,
	VALUE_INT,  /* int, bool, money, decimal (scaled), time (ms), link (id) */
	VALUE_REAL,
	VALUE_TEXT, /* text, enum, date, phone, email, url, json … */
	VALUE_LIST, /* many-links: ids */
};

struct value {
	enum value_kind kind;
	union {
		int64_t i;
		double r;
		struct {
			const char *p; /* NUL-terminated */
			size_t n;
		} t;
		struct {
			const int64_t *ids;
			size_t n;
		} l;
	};
};

static inline struct value value_null(void) { return (struct value){.kind = VALUE_NULL}; }
static inline struct value value_int(int64_t i) { return (struct value){.kind = VALUE_INT, .i = i}; }
static inline struct value value_real(double r) { return (struct value){.kind = VALUE_REAL, .r = r}; }
struct value value_text(const char *text); /* NULL makes null */
bool value_equal(const struct value *a, const struct value *b);

#endif
