/* What the files that put a tree into words share; nobody else includes it. */
#ifndef GUANXI_CORE_CONDITION_SAY_H
#define GUANXI_CORE_CONDITION_SAY_H

#include "base/buf.h"
#include "core/condition/condition_internal.h"

struct say {
	struct ctx *ctx;
	struct buf out;
};

/* One node with what is below it, as one sentence. */
enum err condition_say_node(struct say *s, const struct condition_node *node, const char **ret) MUST_CHECK;
void condition_say_compare(struct say *s, const struct condition_compare *compare);
void condition_say_measure(struct say *s, const struct condition_node *node);
/* `at` -1: a plain number. */
void condition_say_value(struct say *s, const struct entity_info *info, int at, const struct value *value);

#endif
