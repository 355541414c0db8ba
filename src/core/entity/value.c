#include "core/entity/value.h"

#include <string.h>

struct value value_text(const char *text)
{
	if (!text)
		return value_null();
	return (struct value){.kind = VALUE_TEXT, .t = {.p = text, .n = strlen(text)}};
}

bool value_equal(const struct value *a, const struct value *b)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case VALUE_NULL:
		return true;
	case VALUE_INT:
		return a->i == b->i;
	case VALUE_REAL:
		return a->r <= b->r && a->r >= b->r;
	case VALUE_TEXT:
		return a->t.n == b->t.n && (a->t.n == 0 || memcmp(a->t.p, b->t.p, a->t.n) == 0);
	case VALUE_LIST:
		return a->l.n == b->l.n && (a->l.n == 0 || memcmp(a->l.ids, b->l.ids, a->l.n * sizeof(int64_t)) == 0);
	}
	return false;
}
