/* Segments worth looking at: who is leaving, who is new, who is worth most, whom one may write to. */
#include "core/entity/entity.h"
#include "demo/demo.h"

static const struct {
	const char *name, *note, *condition;
} segments[] = {
	{"沉默 90 天的贵宾 · VIPs silent for 90 days", "先打电话，再发优惠",
	 "{\"all\":[{\"field\":\"level\",\"op\":\"eq\",\"value\":\"vip\"},"
	 "{\"not\":{\"related\":\"orders\",\"where\":{\"all\":[{\"field\":\"placed_at\",\"op\":\"gte\",\"value\":\"now-90d\"}]}}}]}"},
	{"本月首次下单 · First order this month", "发送欢迎信",
	 "{\"all\":[{\"all\":[{\"field\":\"first_order_at\",\"op\":\"gte\",\"value\":\"month\"},{\"field\":\"first_order_at\",\"op\":\"lt\",\"value\":\"month+1m\"}]}]}"},
	{"一年内消费满 5000 · Spent 5,000 in a year", "年度答谢名单",
	 "{\"all\":[{\"related\":\"orders\",\"where\":{\"all\":[{\"field\":\"placed_at\",\"op\":\"gte\",\"value\":\"now-365d\"},"
	 "{\"not\":{\"any\":[{\"field\":\"state\",\"op\":\"in\",\"value\":[\"draft\",\"cancelled\",\"returned\"]}]}}]},"
	 "\"measure\":\"sum\",\"of\":\"total_base\",\"op\":\"gte\",\"value\":\"5000\"}]}"},
	{"只买过一次 · Bought once, a while ago", "30 至 180 天前下过唯一一单",
	 "{\"all\":[{\"field\":\"orders_count\",\"op\":\"eq\",\"value\":\"1\"},{\"field\":\"last_order_at\",\"op\":\"lt\",\"value\":\"now-30d\"},"
	 "{\"field\":\"last_order_at\",\"op\":\"gte\",\"value\":\"now-180d\"}]}"},
	{"可发邮件的老客 · Regulars who may be mailed", "最近一次邮件授权仍有效",
	 "{\"all\":[{\"field\":\"orders_count\",\"op\":\"gte\",\"value\":\"3\"},{\"related\":\"consents\",\"where\":{\"all\":[{\"field\":\"channel\",\"op\":\"eq\","
	 "\"value\":\"email\"}]},\"measure\":\"latest\",\"of\":\"state\",\"by\":\"at\",\"op\":\"eq\",\"value\":\"given\"}]}"},
};

/* The first who signed up: the administrator, who sees everybody. */
static enum err first_user(struct ctx *ctx, int64_t *ret)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare_text(ctx, ctx->db, "SELECT \"id\" FROM \"user\" ORDER BY \"id\" LIMIT 1", &stmt);
	if (err != OK)
		return err;
	err = stmt_step(ctx, stmt, &row);
	*ret = err == OK && row ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	return err;
}

enum err demo_segments(struct ctx *ctx, void *arg)
{
	const struct entity_info *info = registry_find(ctx->registry, "segment");
	int64_t owner;
	(void)arg;
	enum err err = first_user(ctx, &owner);
	for (size_t i = 0; err == OK && info != NULL && i < sizeof(segments) / sizeof(segments[0]); i++) {
		const struct value values[] = {value_text(segments[i].name), value_text(segments[i].note), value_text(segments[i].condition), value_text("customer"), value_int(owner)};
		static const char *const names[] = {"name", "note", "condition", "entity", "owner_id"};
		struct record *r;
		err = record_new(ctx, info, &r);
		for (size_t k = 0; err == OK && k < sizeof(names) / sizeof(names[0]); k++)
			err = record_set(ctx, r, names[k], values[k]);
		if (err == OK)
			err = record_create(ctx, r, W_TRUSTED);
	}
	if (err == OK)
		err = demo_campaigns(ctx);
	if (err == OK)
		err = demo_webforms(ctx);
	return err == OK ? demo_approvals(ctx) : err;
}
