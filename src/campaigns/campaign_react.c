/* What others do that bears on recipients: orders within the days that count, and leaving by the link of a mail. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "campaigns/campaigns_internal.h"
#include "campaigns_sql.h"

static enum err note_order(struct ctx *ctx, const struct record *order)
{
	int64_t customer = order != NULL ? record_i64(order, "customer_id") : 0;
	return customer != 0 ? campaign_run(ctx, &sql_campaign_note_order, (const int64_t[]){customer, record_i64(order, "placed_at")}, 2, NULL) : OK;
}

static enum err order_after(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *now)
{
	(void)entity;
	bool moved = old != NULL && now != NULL && (record_i64(old, "customer_id") != record_i64(now, "customer_id") || record_i64(old, "placed_at") != record_i64(now, "placed_at"));
	enum err err = old != NULL && (now == NULL || moved) ? note_order(ctx, old) : OK;
	return err ? err : note_order(ctx, now);
}

/* "signed link; contact 4611…; from …": the recipient whose mail it was. */
static enum err consent_after(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *now)
{
	static const char mark[] = "; contact ";
	(void)entity;
	const char *evidence = old == NULL && now != NULL && str_equal(record_text(now, "state"), "withdrawn") ? record_text(now, "evidence") : NULL;
	const char *at = evidence != NULL && str_equal(record_text(now, "source"), "unsubscribe link") ? strstr(evidence, mark) : NULL;
	int64_t recipient = at != NULL ? strtoll(at + sizeof(mark) - 1, NULL, 10) : 0;
	if (recipient == 0)
		return OK;
	return campaign_run(ctx, &sql_campaign_note_leaving, (const int64_t[]){recipient, ctx_now(ctx), record_i64(now, "customer_id")}, 3, NULL);
}

const struct reaction campaign_reactions[] = {{.entity = "order", .after = order_after}, {.entity = "consent", .after = consent_after}, {0}};
