/* Commission of the sample shop: three plans, a month that is closed, and what has come back of it since. */
#include "base/timeutil.h"
#include "commission/commission.h"
#include "core/entity/entity.h"
#include "core/gate/gate.h"
#include "demo/demo.h"

enum { HAND = 20000 };

struct cell {
	const char *field, *text;
	int64_t number;
};

static enum err put(struct ctx *ctx, const char *entity, const struct cell *cells, size_t n)
{
	struct record *r;
	enum err err = record_new(ctx, registry_find(ctx->registry, entity), &r);
	for (size_t i = 0; i < n && err == OK; i++)
		err = record_set(ctx, r, cells[i].field, cells[i].text != NULL ? value_text(cells[i].text) : value_int(cells[i].number));
	return err == OK ? record_create(ctx, r, W_TRUSTED) : err;
}

/* A day so many months before this one; months are those of UTC, near enough for a sample. */
static const char *day(struct ctx *ctx, int months, int of_month)
{
	struct civil civil;
	time_to_civil(ctx_now(ctx), &civil);
	int month = civil.year * 12 + civil.month - 1 - months;
	return arena_printf(ctx->arena, "%04d-%02d-%02d", month / 12, month % 12 + 1, of_month);
}

static enum err add_plans(struct ctx *ctx)
{
	static const char ladder[] = "[{\"from\":\"0\",\"to\":\"20000\",\"rate\":\"1\"},{\"from\":\"20000\",\"to\":\"60000\",\"rate\":\"2\"},{\"from\":\"60000\",\"rate\":\"3\"}]";
	static const char goal[] = "[{\"from\":\"0\",\"to\":\"80\",\"rate\":\"0\"},{\"from\":\"80\",\"to\":\"100\",\"rate\":\"0.5\"},{\"from\":\"100\",\"rate\":\"1\"}]";
	static const char money[] = "[{\"from\":\"0\",\"rate\":\"1.5\"}]";
	const char *from = day(ctx, 12, 1);
	const struct cell plans[][9] = {
		{{"name", "销售阶梯提成 · Sales ladder", 0}, {"kind", "sales", 0}, {"scope", "firm", 0}, {"from_on", from, 0}, {"brackets", ladder, 0}, {"mode", "progressive", 0},
		 {"cap_line", NULL, 200000}, {"event", "order", 0}, {"measure", "amount", 0}},
		{{"name", "目标达成奖 · Target bonus", 0}, {"kind", "bonus", 0}, {"scope", "firm", 0}, {"from_on", from, 0}, {"brackets", goal, 0}, {"mode", "whole", 0},
		 {"cap_period", NULL, 500000}, {"event", "order", 0}, {"measure", "target", 0}},
		{{"name", "回款提成 · On money received", 0}, {"kind", "received", 0}, {"scope", "firm", 0}, {"from_on", from, 0}, {"brackets", money, 0}, {"mode", "progressive", 0},
		 {"base", "gross", 0}, {"event", "received", 0}, {"measure", "amount", 0}},
	};
	enum err err = from != NULL ? OK : fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; err == OK && i < sizeof(plans) / sizeof(plans[0]); i++)
		err = put(ctx, "commission_plan", plans[i], sizeof(plans[i]) / sizeof(plans[i][0]));
	return err;
}

static enum err one_id(struct ctx *ctx, const char *sql, const char *a, const char *b, int64_t *ret, int64_t *ret_owner)
{
	struct stmt *stmt;
	bool row = false;
	int64_t from = 0, until = 0;
	*ret = *ret_owner = 0;
	if (a == NULL || b == NULL || !time_parse(a, &from) || !time_parse(b, &until))
		return fail(ctx, ERR_BUG, "", "day");
	enum err err = db_prepare_text(ctx, ctx->db, sql, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, from);
	stmt_bind_i64(stmt, 2, until);
	err = stmt_step(ctx, stmt, &row);
	if (err == OK && row) {
		*ret = stmt_i64(stmt, 0);
		*ret_owner = stmt_i64(stmt, 1);
	}
	stmt_done(stmt);
	return err;
}

/* Since the close: the dearest order of the month came back, and somebody gets a little by hand. */
static enum err since_then(struct ctx *ctx)
{
	static const char dearest[] = "SELECT id, owner_id FROM \"order\" WHERE placed_at >= ?1 AND placed_at < ?2 AND owner_id IS NOT NULL AND state = 'completed'"
	                              " ORDER BY total_base DESC, id LIMIT 1";
	struct record *patch;
	int64_t order, owner;
	enum err err = one_id(ctx, dearest, day(ctx, 1, 2), day(ctx, 1, 28), &order, &owner);
	if (err != OK || order == 0)
		return err;
	err = record_new(ctx, registry_find(ctx->registry, "order"), &patch);
	if (err == OK)
		err = record_set(ctx, patch, "state", value_text("returned"));
	if (err == OK)
		err = record_set(ctx, patch, "state_reason", value_text("客户退货 · Sent back"));
	if (err == OK)
		err = record_update(ctx, order, patch, 0, W_TRUSTED, NULL);
	const struct cell hand[] = {{"owner_id", NULL, owner}, {"period", "month", 0}, {"happened_on", day(ctx, 0, 1), 0}, {"amount", NULL, HAND},
		{"reason", "带教新人 · Trained a new colleague", 0}};
	return err == OK ? put(ctx, "commission_adjustment", hand, sizeof(hand) / sizeof(hand[0])) : err;
}

enum err demo_commission(struct ctx *ctx, void *arg)
{
	const struct actor *before = ctx->actor;
	const char *last = day(ctx, 1, 10);
	(void)arg;
	ctx->actor = gate_system();
	enum err err = last != NULL ? add_plans(ctx) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err == OK)
		err = commission_close(ctx, "month", last);
	if (err == OK)
		err = since_then(ctx);
	ctx->actor = before;
	return err;
}
