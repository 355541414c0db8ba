/* What the files of src/campaigns share. */
#ifndef GUANXI_CAMPAIGNS_CAMPAIGNS_INTERNAL_H
#define GUANXI_CAMPAIGNS_CAMPAIGNS_INTERNAL_H

#include "campaigns/campaigns.h"
#include "consent/consent.h"
#include "core/condition/condition.h"
#include "core/store/store.h"

enum { CAMPAIGN_VARIANTS_MAX = 20, CAMPAIGN_SEGMENTS_MAX = 50, CAMPAIGN_CONTENTS_MAX = 100, CAMPAIGN_KEY_MAX = 64 };

/* A running campaign as it stands in the store. */
struct campaign {
	int64_t id, owner_id, window_days, control; /* control: hundredths of a percent */
	int64_t starts_at, ends_at;                 /* 0: none */
	bool live;
	char channel[12], seed[64];
	/* how far the list has come: the segment, and the last member of it */
	int64_t at_segment, at_record, listed_ms; /* listed_ms 0: not to its end yet */
};

enum err campaigns_running(struct ctx *ctx, int64_t only, struct campaign **ret, size_t *ret_n) MUST_CHECK;

struct campaign_arm {
	int64_t variant_id, share;
};

/* campaign_list.c: the next members of its segments get their rows; *ret_more false: the list is done. ctx->actor is the owner. */
enum err campaign_list_some(struct ctx *ctx, const struct campaign *campaign, bool *ret_more) MUST_CHECK;
/* Where somebody falls: -1 control, else the arm. The same seed and person fall alike, always. */
int campaign_draw(const char *seed, int64_t control, const struct campaign_arm *arms, size_t n, int64_t customer_id);
enum err campaign_arms(struct ctx *ctx, int64_t campaign_id, struct campaign_arm *arms, size_t *ret_n) MUST_CHECK;
/* In a write job. */
enum err campaign_set_state(struct ctx *ctx, int64_t id, const char *state, const char *error) MUST_CHECK;

/* campaign_words.c: what somebody is sent. */
struct campaign_content {
	int64_t variant_id; /* 0: any */
	const char *language, *subject, *text, *html;
};
struct campaign_contents {
	struct campaign_content list[CAMPAIGN_CONTENTS_MAX];
	size_t n;
};
struct campaign_letter {
	const char *subject, *text, *html; /* html NULL: none */
	size_t missing;
	const char *address, *name;
	const char *unsubscribe; /* the link */
};
enum err campaign_contents_read(struct ctx *ctx, int64_t campaign_id, struct campaign_contents *ret) MUST_CHECK;
/* Of a variant, in the customer's language, else Chinese of the other script, else the first; NULL: there is none. */
const struct campaign_content *campaign_content_for(const struct campaign_contents *contents, int64_t variant_id, const char *language);
/* With the rights of ctx->actor: what they may not see is missing. `mark`: what is missing is shown as [name?]. */
enum err campaign_render(struct ctx *ctx, const struct campaign_content *content, const struct record *customer, int64_t recipient_id, bool mark,
                         struct campaign_letter *ret) MUST_CHECK;
/* Whether the templates can be read; faults name the field and the line. */
enum err campaign_content_check(struct ctx *ctx, const char *subject, const char *text, const char *html) MUST_CHECK;

/* campaign_send.c: waiting rows that are due become mails; how many. ctx->actor is the owner. */
enum err campaign_send_some(struct ctx *ctx, const struct campaign *campaign, size_t *ret) MUST_CHECK;
/* Whether customers can reach this program: links in mails must lead somewhere. */
enum err campaign_has_address(struct ctx *ctx, bool *ret) MUST_CHECK;
/* In a write job: what waits in the outbox goes back to wait here. */
enum err campaign_take_back(struct ctx *ctx, int64_t campaign_id) MUST_CHECK;

/* campaign_kept.c: how many there are, and what they did, by variant, state and reason. */
enum { CAMPAIGN_LINES_MAX = 2000 };
struct campaign_line {
	int64_t variant_id, n, buyers, orders, revenue, left;
	double squares; /* of revenue */
	char state[16], reason[32];
};
struct campaign_lines {
	struct campaign_line list[CAMPAIGN_LINES_MAX];
	size_t n;
	int64_t as_of; /* UTC ms */
};
/* Of a large campaign perhaps as it was a short while ago. */
enum err campaign_lines_read(struct ctx *ctx, int64_t campaign_id, struct campaign_lines *ret) MUST_CHECK;

/* campaign_http.c: it acts with all of its owner's rights: whoever has fewer would borrow them. */
enum err campaign_check_owner(struct ctx *ctx, const struct record *campaign) MUST_CHECK;
/* ERR_CONFLICT "campaign_state" unless its state is one of those, divided by spaces. */
enum err campaign_check_state(struct ctx *ctx, const struct record *campaign, const char *allowed) MUST_CHECK;

/* One statement with up to four numbers; changed rows may be NULL. */
enum err campaign_run(struct ctx *ctx, const struct sql *sql, const int64_t *values, size_t n, int64_t *ret_changed) MUST_CHECK;
/* The first number of its first row; 0: none. */
enum err campaign_number(struct ctx *ctx, const struct sql *sql, const int64_t *values, size_t n, int64_t *ret) MUST_CHECK;

#endif
