/* Two campaigns worth looking at: one that is over, with two letters and a control group, and a list of calls that is being worked on. */
#include <string.h>

#include "base/str.h"
#include "core/entity/entity.h"
#include "demo/demo.h"

enum { OVER_DAYS = 45, WINDOW_DAYS = 21, LETTERS = 2400, CALLS = 180, CONTROL_PERCENT = 20 };
static const int64_t day_ms = 86400000;

struct made {
	int64_t campaign, variants[2], segment, owner;
};

/* The same for the same customer and purpose: 0 to 99. */
static int draw(int64_t id, const char *seed)
{
	uint64_t h = str_hash(seed, strlen(seed)) ^ (uint64_t)id * 0x9e3779b97f4a7c15u;
	h = (h ^ h >> 29) * 0xbf58476d1ce4e5b9u;
	return (int)((h ^ h >> 32) % 100);
}

static enum err first_number(struct ctx *ctx, const char *sql, int64_t *ret)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare_text(ctx, ctx->db, sql, &stmt);
	if (err != OK)
		return err;
	err = stmt_step(ctx, stmt, &row);
	*ret = err == OK && row ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	return err;
}

struct pair {
	const char *field;
	struct value value;
};

static enum err put(struct ctx *ctx, const char *entity, const struct pair *pairs, size_t n, int64_t *ret)
{
	struct record *r;
	enum err err = record_new(ctx, registry_find(ctx->registry, entity), &r);
	for (size_t i = 0; err == OK && i < n; i++)
		err = record_set(ctx, r, pairs[i].field, pairs[i].value);
	if (err == OK)
		err = record_create(ctx, r, W_TRUSTED);
	*ret = err == OK ? record_id(r) : 0;
	return err;
}

static enum err put_content(struct ctx *ctx, int64_t campaign, int64_t variant, const char *language, const char *subject, const char *text)
{
	int64_t id;
	const struct pair pairs[] = {{"campaign_id", value_int(campaign)}, {"variant_id", variant != 0 ? value_int(variant) : value_null()}, {"language", value_text(language)},
	                             {"subject", value_text(subject)}, {"text", value_text(text)}};
	return put(ctx, "campaign_content", pairs, sizeof(pairs) / sizeof(pairs[0]), &id);
}

static enum err make_letter(struct ctx *ctx, struct made *m)
{
	int64_t begun = ctx_now(ctx) - OVER_DAYS * day_ms;
	struct value segments = {.kind = VALUE_LIST, .l = {&m->segment, 1}};
	const struct pair plan[] = {
		{"name", value_text("秋季回访信 · Autumn letter")}, {"goal", value_text("让老客在三周内再下一单；比较“新品”与“九折”两封信。")}, {"channel", value_text("email")},
		{"state", value_text("draft")}, {"segments", segments}, {"control_share", value_int(CONTROL_PERCENT * 100)}, {"seed", value_text("autumn")},
		{"window_days", value_int(WINDOW_DAYS)}, {"budget", value_int(50000)}, {"cost_per_contact", value_int(12)}, {"started_at", value_int(begun)},
		{"finished_at", value_int(begun + day_ms)}, {"owner_id", value_int(m->owner)},
	};
	static const char *const names[] = {"A 新品 · New things", "B 九折 · Ten per cent"};
	enum err err = put(ctx, "campaign", plan, sizeof(plan) / sizeof(plan[0]), &m->campaign);
	for (size_t i = 0; err == OK && i < 2; i++) {
		const struct pair pairs[] = {{"campaign_id", value_int(m->campaign)}, {"name", value_text(names[i])}, {"share", value_int(1)}};
		err = put(ctx, "campaign_variant", pairs, 3, &m->variants[i]);
	}
	if (err == OK)
		err = put_content(ctx, m->campaign, m->variants[0], "zh-Hans", "{{name}}，秋天的新东西到了", "{{name}}您好：\n\n新一季的灯串、马克杯和贺卡已经上架。{{#city}}寄到{{city}}照旧包邮。{{/city}}\n\n{{firm}}");
	if (err == OK)
		err = put_content(ctx, m->campaign, m->variants[0], "en", "{{name}}, autumn has arrived", "Dear {{name}},\n\nnew lights, mugs and cards are in.{{#city}} Delivery to {{city}} is free as ever.{{/city}}\n\n{{firm}}");
	if (err == OK)
		err = put_content(ctx, m->campaign, m->variants[1], "zh-Hans", "{{name}}，送您一张九折券", "{{name}}您好：\n\n三周内下单九折，结账时填 AUTUMN10。\n\n{{firm}}");
	return err == OK ? put_content(ctx, m->campaign, m->variants[1], "en", "{{name}}, ten per cent for you", "Dear {{name}},\n\nten per cent off for three weeks with AUTUMN10.\n\n{{firm}}") : err;
}

struct row {
	int64_t customer;
	bool bought, reachable;
};

static enum err put_row(struct ctx *ctx, int64_t campaign, const struct row *r, int64_t variant, const char *state, const char *reason, int64_t listed, bool sent)
{
	struct stmt *stmt;
	enum err err = db_prepare_text(ctx, ctx->db,
		"INSERT INTO \"campaign_recipient\" (\"id\", \"version\", \"created_at\", \"updated_at\", \"campaign_id\", \"customer_id\", \"variant_id\", \"state\", \"reason\","
		" \"listed_at\", \"sent_at\", \"attempts\", \"orders\", \"revenue\") VALUES (?1, 1, ?2, ?2, ?3, ?4, ?5, ?6, ?7, ?2, ?8, 0, 0, 0)", &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, registry_next_id(ctx));
	stmt_bind_i64(stmt, 2, listed);
	stmt_bind_i64(stmt, 3, campaign);
	stmt_bind_i64(stmt, 4, r->customer);
	if (variant != 0)
		stmt_bind_i64(stmt, 5, variant);
	else
		stmt_bind_null(stmt, 5);
	stmt_bind_text(stmt, 6, state);
	stmt_bind_text(stmt, 7, reason);
	if (sent)
		stmt_bind_i64(stmt, 8, listed + 3600000);
	else
		stmt_bind_null(stmt, 8);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

/* Who bought afterwards is in the control group a little less often than chance has it: a letter that worked. */
static enum err put_letter_row(struct ctx *ctx, const struct made *m, const struct row *r, int64_t listed)
{
	static const char *const why[] = {"no_consent", "no_consent", "withdrawn", "complaint", "cap"};
	int lot = draw(r->customer, "autumn"), other = draw(r->customer, "whynot");
	if (!r->reachable)
		return put_row(ctx, m->campaign, r, 0, "skipped", "no_address", listed, false);
	if (other < 9)
		return put_row(ctx, m->campaign, r, 0, "skipped", why[other % 5], listed, false);
	if (lot < (r->bought ? CONTROL_PERCENT - 6 : CONTROL_PERCENT + 1))
		return put_row(ctx, m->campaign, r, 0, "control", NULL, listed, false);
	int64_t variant = m->variants[draw(r->customer, "split") < (r->bought ? 47 : 50) ? 0 : 1];
	if (other == 50)
		return put_row(ctx, m->campaign, r, variant, "failed", "server", listed, false);
	return put_row(ctx, m->campaign, r, variant, "sent", NULL, listed, true);
}

static enum err put_call_row(struct ctx *ctx, const struct made *m, const struct row *r, int64_t listed)
{
	int lot = draw(r->customer, "calls");
	if (lot < 8)
		return put_row(ctx, m->campaign, r, 0, "skipped", lot < 5 ? "no_consent" : "complaint", listed, false);
	if (lot < 18)
		return put_row(ctx, m->campaign, r, 0, "control", NULL, listed, false);
	return put_row(ctx, m->campaign, r, 0, lot < 50 ? "sent" : "ready", NULL, listed, lot < 50);
}

static enum err read_rows(struct ctx *ctx, const char *sql, int64_t from, int64_t until, int64_t max, struct row *rows, size_t *ret_n)
{
	struct stmt *stmt;
	bool row = true;
	*ret_n = 0;
	enum err err = db_prepare_text(ctx, ctx->db, sql, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, from);
	stmt_bind_i64(stmt, 2, until);
	stmt_bind_i64(stmt, 3, max);
	while (*ret_n < (size_t)max && (err = stmt_step(ctx, stmt, &row)) == OK && row)
		rows[(*ret_n)++] = (struct row){stmt_i64(stmt, 0), stmt_i64(stmt, 1) != 0, stmt_i64(stmt, 2) != 0};
	stmt_done(stmt);
	return err;
}

static enum err exec(struct ctx *ctx, const char *sql, int64_t a, int64_t b)
{
	struct stmt *stmt;
	enum err err = db_prepare_text(ctx, ctx->db, sql, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, a);
	stmt_bind_i64(stmt, 2, b);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

#define COUNTS "o.\"state\" NOT IN ('draft', 'cancelled', 'returned')"
#define WITHIN "o.\"customer_id\" = \"campaign_recipient\".\"customer_id\" AND o.\"placed_at\" >= \"campaign_recipient\".\"listed_at\"" \
	" AND o.\"placed_at\" < \"campaign_recipient\".\"listed_at\" + ?2 AND " COUNTS

static enum err fill_letter(struct ctx *ctx, struct made *m, struct row *rows)
{
	int64_t listed = ctx_now(ctx) - OVER_DAYS * day_ms, window = WINDOW_DAYS * day_ms;
	size_t n;
	enum err err = read_rows(ctx, "SELECT c.\"id\", EXISTS (SELECT 1 FROM \"order\" o WHERE o.\"customer_id\" = c.\"id\" AND o.\"placed_at\" >= ?1 AND o.\"placed_at\" < ?2"
		" AND o.\"kind\" <> 'return' AND " COUNTS ") , c.\"email\" IS NOT NULL FROM \"customer\" c WHERE c.\"orders_count\" > 0 AND c.\"first_order_at\" < ?1"
		" ORDER BY c.\"id\" LIMIT ?3", listed, listed + window, LETTERS, rows, &n);
	for (size_t i = 0; err == OK && i < n; i++)
		err = put_letter_row(ctx, m, &rows[i], listed);
	if (err == OK)
		err = exec(ctx, "UPDATE \"campaign_recipient\" SET \"orders\" = (SELECT count(*) FROM \"order\" o WHERE " WITHIN " AND o.\"kind\" <> 'return'), \"revenue\" ="
			" (SELECT coalesce(sum(o.\"total_base\"), 0) FROM \"order\" o WHERE " WITHIN ") WHERE \"campaign_id\" = ?1", m->campaign, window);
	return err == OK ? exec(ctx, "UPDATE \"campaign\" SET \"state\" = 'finished' WHERE \"id\" = ?1 AND ?2 = 0", m->campaign, 0) : err;
}

static enum err make_calls(struct ctx *ctx, struct made *m, struct row *rows)
{
	struct value segments = {.kind = VALUE_LIST, .l = {&m->segment, 1}};
	int64_t begun = ctx_now(ctx) - 2 * day_ms;
	size_t n;
	const struct pair plan[] = {
		{"name", value_text("贵宾电话回访 · Calls to VIPs")}, {"goal", value_text("每位贵宾一通电话，了解沉默的原因。")}, {"channel", value_text("phone")}, {"state", value_text("running")},
		{"segments", segments}, {"control_share", value_int(1000)}, {"seed", value_text("vip calls")}, {"window_days", value_int(14)}, {"cost_per_contact", value_int(350)},
		{"started_at", value_int(begun)}, {"owner_id", value_int(m->owner)},
	};
	enum err err = put(ctx, "campaign", plan, sizeof(plan) / sizeof(plan[0]), &m->campaign);
	if (err == OK)
		err = exec(ctx, "INSERT INTO campaign_place (campaign_id, at_segment, at_record, listed_ms) VALUES (?1, 0, 0, ?2)", m->campaign, begun);
	if (err == OK)
		err = read_rows(ctx, "SELECT c.\"id\", c.\"id\" >= ?1, c.\"phone\" IS NOT NULL FROM \"customer\" c WHERE c.\"level\" = 'vip' AND c.\"phone\" IS NOT NULL AND c.\"id\" > ?2"
			" ORDER BY c.\"id\" LIMIT ?3", 0, 0, CALLS, rows, &n);
	for (size_t i = 0; err == OK && i < n; i++)
		err = put_call_row(ctx, m, &rows[i], begun);
	return err;
}

enum err demo_campaigns(struct ctx *ctx)
{
	struct made m = {0};
	struct row *rows = arena_array(ctx->arena, LETTERS, sizeof(*rows));
	if (registry_find(ctx->registry, "campaign") == NULL)
		return OK;
	enum err err = rows != NULL ? first_number(ctx, "SELECT \"id\" FROM \"user\" ORDER BY \"id\" LIMIT 1", &m.owner) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err == OK)
		err = first_number(ctx, "SELECT \"id\" FROM \"segment\" ORDER BY \"id\" DESC LIMIT 1", &m.segment);
	if (err == OK)
		err = make_letter(ctx, &m);
	if (err == OK)
		err = fill_letter(ctx, &m, rows);
	return err == OK ? make_calls(ctx, &m, rows) : err;
}
