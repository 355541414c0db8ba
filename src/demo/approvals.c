/* Rules about who has to agree, two requests that wait for the administrator, and some that were decided. */
#include "base/str.h"
#include "base/timeutil.h"
#include "core/entity/entity.h"
#include "demo/demo.h"

struct cell {
	const char *field;
	struct value value;
};

enum { ASKED = 5, USERS = 8, STEP_HOURS = 48 };

static enum err put(struct ctx *ctx, const char *entity, const struct cell *cells, size_t n, int64_t *ret)
{
	struct record *r;
	enum err err = record_new(ctx, registry_find(ctx->registry, entity), &r);
	for (size_t i = 0; err == OK && i < n; i++)
		if (cells[i].value.kind != VALUE_NULL)
			err = record_set(ctx, r, cells[i].field, cells[i].value);
	if (err == OK)
		err = record_create(ctx, r, W_TRUSTED);
	*ret = err == OK ? record_id(r) : 0;
	return err;
}

static enum err ids_of(struct ctx *ctx, const char *sql, int64_t *ids, size_t max, size_t *ret_n)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare_text(ctx, ctx->db, sql, &stmt);
	*ret_n = 0;
	if (err != OK)
		return err;
	while (*ret_n < max && (err = stmt_step(ctx, stmt, &row)) == OK && row)
		ids[(*ret_n)++] = stmt_i64(stmt, 0);
	stmt_done(stmt);
	return err;
}

static enum err make_rules(struct ctx *ctx, const char *steps, int64_t *ret_credit)
{
	int64_t ignored;
	const struct cell credit[] = {
		{"name", value_text("信用额度超过 5 万 · Credit above 50,000")}, {"entity", value_text("customer")}, {"fields", value_text("credit_limit")}, {"direction", value_text("raised")},
		{"condition", value_text("{\"all\":[{\"field\":\"credit_limit\",\"op\":\"gt\",\"value\":\"50000\"}]}")}, {"steps", value_text(steps)}, {"active", value_int(1)},
	};
	const struct cell quote[] = {
		{"name", value_text("报价优惠超过 1000 · Discounts over 1,000")}, {"entity", value_text("quote")}, {"fields", value_text("state")}, {"position", value_int(20)},
		{"condition", value_text("{\"all\":[{\"field\":\"state\",\"op\":\"in\",\"value\":[\"sent\",\"accepted\"]},{\"field\":\"off\",\"op\":\"gt\",\"value\":\"1000\"}]}")},
		{"steps", value_text("[{\"who\":\"manager\",\"hours\":24,\"then\":\"remind\"}]")}, {"active", value_int(1)},
	};
	enum err err = put(ctx, "approval_rule", credit, sizeof(credit) / sizeof(credit[0]), ret_credit);
	return err == OK ? put(ctx, "approval_rule", quote, sizeof(quote) / sizeof(quote[0]), &ignored) : err;
}

static const struct {
	const char *state, *vote, *reason, *word;
	int limit, wanted, days; /* in thousands; days ago */
} asked[ASKED] = {
	{"waiting", "open", "双十二备货量是去年的两倍，请提高额度", NULL, 30, 80, 0},
	{"waiting", "open", "They pay within ten days and want to order by the pallet", NULL, 20, 60, 1},
	{"approved", "yes", "连续三年按时付款", "同意，半年后复核", 100, 100, 9},
	{"rejected", "no", "New customer, large first order", "Ask for payment in advance first", 10, 90, 14},
	{"withdrawn", "spared", "客户改为预付款", NULL, 15, 70, 20},
};

/* What the customer may owe now; the version it then has, and its name. */
static enum err set_limit(struct ctx *ctx, int64_t customer, int thousands, struct record **ret)
{
	struct record *patch;
	enum err err = record_new(ctx, registry_find(ctx->registry, "customer"), &patch);
	if (err == OK)
		err = record_set(ctx, patch, "credit_limit", value_text(arena_printf(ctx->arena, "%d000", thousands)));
	return err == OK ? record_update(ctx, customer, patch, 0, W_TRUSTED, ret) : err;
}

static enum err make_request(struct ctx *ctx, size_t i, int64_t customer, int64_t asker, int64_t decider, int64_t rule, const char *steps)
{
	const bool waits = str_equal(asked[i].state, "waiting"), decided = str_equal(asked[i].vote, "yes") || str_equal(asked[i].vote, "no");
	const int64_t ended = ctx_now(ctx) - asked[i].days * DAY_MS;
	struct record *now;
	int64_t request, ignored;
	enum err err = set_limit(ctx, customer, asked[i].limit, &now);
	if (err != OK)
		return err;
	const int before = str_equal(asked[i].state, "approved") ? 40 : asked[i].limit;
	const struct cell cells[] = {
		{"entity", value_text("customer")}, {"record_id", value_int(customer)}, {"title", value_text(record_text(now, "name"))}, {"state", value_text(asked[i].state)},
		{"asker_id", value_int(asker)}, {"reason", value_text(asked[i].reason)}, {"change", value_text(arena_printf(ctx->arena, "{\"credit_limit\":\"%d000\"}", asked[i].wanted))},
		{"diff", value_text(arena_printf(ctx->arena, "{\"credit_limit\":[\"%d000.00\",\"%d000.00\"]}", before, asked[i].wanted))},
		{"seen_version", value_int(record_i64(now, "version"))}, {"steps", value_text(steps)}, {"ended_at", waits ? value_null() : value_int(ended)},
		{"rules", value_text(arena_printf(ctx->arena, "[{\"id\":\"%lld\",\"name\":\"信用额度超过 5 万 · Credit above 50,000\",\"fields\":\"credit_limit\"}]", (long long)rule))},
	};
	err = put(ctx, "approval", cells, sizeof(cells) / sizeof(cells[0]), &request);
	if (err != OK)
		return err;
	const struct cell voter[] = {
		{"approval_id", value_int(request)}, {"step", value_int(0)}, {"user_id", value_int(decider)}, {"state", value_text(asked[i].vote)}, {"word", value_text(asked[i].word)},
		{"decided_at", decided ? value_int(ended) : value_null()},
	};
	return put(ctx, "approval_voter", voter, sizeof(voter) / sizeof(voter[0]), &ignored);
}

enum err demo_approvals(struct ctx *ctx)
{
	int64_t users[USERS], customers[ASKED], rule;
	size_t n_users, n;
	enum err err = ids_of(ctx, "SELECT \"id\" FROM \"user\" ORDER BY \"id\" LIMIT 8", users, USERS, &n_users);
	if (err == OK)
		err = ids_of(ctx, "SELECT \"id\" FROM \"customer\" WHERE \"kind\" = 'company' ORDER BY \"id\" LIMIT 5", customers, ASKED, &n);
	if (err != OK || n_users < 2 || n < ASKED)
		return err;
	const char *steps = arena_printf(ctx->arena, "[{\"who\":\"user\",\"user\":\"%lld\",\"hours\":%d,\"then\":\"remind\"}]", (long long)users[0], STEP_HOURS);
	err = steps != NULL ? make_rules(ctx, steps, &rule) : fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; err == OK && i < n; i++)
		err = make_request(ctx, i, customers[i], users[1 + i % (n_users - 1)], users[0], rule, steps);
	return err;
}
