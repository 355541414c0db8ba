/* Between the parts of core/notices. Not for others. */
#ifndef GUANXI_CORE_NOTICES_INTERNAL_H
#define GUANXI_CORE_NOTICES_INTERNAL_H

#include "core/notices/notices.h"
#include "core/readers/readers.h"

const char *notice_kind_name(enum notice_kind kind);

/* Whether the text says "@Name" of this user: the whole name, and no letter or digit of ASCII behind it. */
bool notice_mentions(const char *text, const char *name);

struct notices_work;
/* Of a batch of the change log: who is to hear of it. For struct reader. */
enum err notices_look(struct ctx *ctx, void *arg, const struct change *list, size_t n, bool *ret_any) MUST_CHECK;
enum err notices_look_apply(struct ctx *ctx, void *arg) MUST_CHECK;

struct notices_work {
	const struct service_turn *turn;
	struct notice *list;
	size_t n, cap;
};

/* Whether the minute of the day (0 to 1439) lies in "22:00-07:00"; what cannot be read never. */
bool notices_quiet(const char *hours, int minute);

#endif
