/* Keys of what went wrong, in words. Not for others. */
#ifndef GUANXI_CORE_OUTBOX_WORDS_H
#define GUANXI_CORE_OUTBOX_WORDS_H

#include "core/outbox/outbox_internal.h"

/* In the context's language; what is no key of ours as it stands. */
const char *outbox_in_words(struct ctx *ctx, const char *key);
/* A mail as rules see it. */
enum err outbox_seen_get(struct ctx *ctx, int64_t id, struct outbox_seen *ret) MUST_CHECK;

#endif
