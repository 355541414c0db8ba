/* The test of an account. Not for others. */
#ifndef GUANXI_CORE_OUTBOX_TEST_H
#define GUANXI_CORE_OUTBOX_TEST_H

#include "base/jsonw.h"
#include "core/outbox/outbox_internal.h"

struct outbox_test_asked {
	int64_t account_id;
	const char *to;
};
/* Sends a mail now, whatever the account's state, and writes {"sent","error","code","reply","dialogue","took_ms"}. Takes up to half a minute. */
enum err outbox_test(struct ctx *ctx, const struct outbox_test_asked *asked, struct jsonw *w) MUST_CHECK;

#endif
