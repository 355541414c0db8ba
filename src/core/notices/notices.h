/* Notices to staff: what somebody should know of a record, in the bell of the page and, where they wish so, by mail.
 *
 * A notice says who, what kind and which record; what the record says is read with the rights of who looks, when they look. */
#ifndef GUANXI_CORE_NOTICES_NOTICES_H
#define GUANXI_CORE_NOTICES_NOTICES_H

#include <stdint.h>

#include "base/ctx.h"
#include "core/http/http.h"
#include "core/services/services.h"
#include "core/settings/settings.h"
#include "core/store/store.h"
#include "core/timers/timers.h"

enum notice_kind {
	NOTICE_MENTION, /* "@Name" in a text of the record */
	NOTICE_CHANGE,  /* of a record that one follows */
	NOTICE_RULE,    /* an automation says so */
	NOTICE_APPROVAL, /* one is asked to decide a request (core/approvals) */
	NOTICE_DECIDED, /* one's own request has ended */
	NOTICE_KINDS
};

enum { NOTICE_TEXT_MAX = 1000 }; /* bytes */

struct notice {
	int64_t user_id; /* whom it is for */
	enum notice_kind kind;
	const char *entity; /* the record; NULL and 0: none */
	int64_t record_id;
	const char *text; /* what is said, seen by the user whatever their rights; NULL: nothing but the kind */
	int64_t by_id;    /* who caused it; 0: the program */
};

/* In a write job. Of a change that the user has not looked at yet no second one is kept; of a user who is not there or not active none at all. */
enum err notices_put(struct ctx *ctx, const struct notice *notice) MUST_CHECK;

extern const struct route notices_routes[];
extern const struct service notices_services[];
extern const struct schedule notices_schedules[];
extern const struct setting notices_settings[];
extern const struct migration notices_steps[];
enum { NOTICES_STEPS = 1 };

#endif
