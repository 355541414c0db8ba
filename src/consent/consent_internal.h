/* What the files of src/consent share. */
#ifndef GUANXI_CONSENT_CONSENT_INTERNAL_H
#define GUANXI_CONSENT_CONSENT_INTERNAL_H

#include "consent/consent.h"
#include "core/store/store.h"

enum { CONSENT_DAY_MS = 86400000, CONSENT_PAUSES_MAX = 500, CONSENT_CAPS = 3 };

/* What the ledger says, of one channel and of "any". */
struct consent_said {
	char state; /* 'g' given, 'w' withdrawn, 'a' asked, 0 nothing */
	int64_t at;
};

/* Days are local ones, counted from 1970-01-01. */
struct consent_pause {
	int32_t from, until;
	const char *channel; /* "" any */
};

/* The firm's rules. */
struct consent_rules {
	int64_t cap[CONSENT_CAPS];      /* in a day, a week, 30 days; 0: none */
	int quiet_from, quiet_until;    /* minutes of the day; equal: never quiet */
	bool holidays, stop_complaint, stop_return;
	const struct consent_pause *pauses;
	size_t n_pauses;
};

/* What is known of the person for one question. */
struct consent_facts {
	bool gone, reachable, promotional;
	struct consent_said own, any;
	int64_t complaints, returns;
	int64_t touched[CONSENT_CAPS], oldest[CONSENT_CAPS]; /* contacts in those periods, and the first of each */
	int64_t now_ms;
	int offset_s; /* of their local time from UTC, now */
	bool holiday; /* their local day is one */
	enum consent_channel channel;
};

extern const int64_t consent_cap_ms[CONSENT_CAPS];
/* Pure: what the gate says. `ret` is given verdict, reason and until_ms. */
void consent_judge(const struct consent_rules *rules, const struct consent_facts *facts, struct consent_answer *ret);

/* Minutes of "21:00"; -1: none, or no time of day. */
int consent_minute(const char *text);
/* The zone in which somebody's clock goes: their own, else that of a country that has one alone, else `firm`. */
const char *consent_zone(const char *own, const char *country, const char *firm);

/* In a write job: works out anew what holds. */
enum err consent_now_again(struct ctx *ctx, int64_t customer_id, const char *channel, const char *purpose) MUST_CHECK;
/* In a write job: what somebody who is deleted said by a link they still have (purpose "marketing"). It holds once they are brought back. */
enum err consent_gone_note(struct ctx *ctx, const struct consent_entry *entry) MUST_CHECK;
enum err consent_gone_back(struct ctx *ctx, int64_t customer_id) MUST_CHECK;
/* In a schema step. */
enum err consent_now_fill(struct ctx *ctx, void *arg) MUST_CHECK;

/* Supplied by the program (src/app): the message for a fault in the context's language. */
const char *app_message(const struct ctx *ctx, const struct fault *fault);

#endif
