/* What customers on account owe and have paid, and the contracts behind it: some paid in time, some late, some given up. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/timeutil.h"
#include "core/entity/entity.h"
#include "demo/demo.h"
#include "demo/person.h"

enum { SEED = 20261201, BUYERS = 90, CONTRACTS = 44, BATCH = 10, YEAR = 365, FEN = 100, SELLERS = 12, MONTHS_BACK = 3, SPAN = 90 };

struct buyer {
	int64_t id, owner;
};

struct seller {
	int64_t id, sold; /* in the last three months */
};

struct money {
	struct seller sellers[SELLERS];
	size_t n_sellers;
	struct buyer buyers[BUYERS];
	size_t n, from, to;
	int64_t receipts, debts, contracts;
};

struct cell {
	const char *field, *text;
	int64_t id;
};

static enum err put(struct ctx *ctx, const char *entity, const struct cell *cells, size_t n, int64_t *ret)
{
	struct record *r;
	enum err err = record_new(ctx, registry_find(ctx->registry, entity), &r);
	for (size_t i = 0; i < n && err == OK; i++) {
		if (cells[i].text != NULL || cells[i].id != 0)
			err = record_set(ctx, r, cells[i].field, cells[i].text != NULL ? value_text(cells[i].text) : value_int(cells[i].id));
	}
	if (err == OK)
		err = record_create(ctx, r, W_TRUSTED);
	*ret = err == OK ? record_id(r) : 0;
	return err;
}

static const char *day(struct ctx *ctx, int64_t days)
{
	char text[TIME_TEXT_MAX];
	time_format(ctx_now(ctx) + days * (int64_t)DAY_MS, text);
	return arena_strndup(ctx->arena, text, strlen("YYYY-MM-DD"));
}

static enum err read_buyers(struct ctx *ctx, struct money *m)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare_text(ctx, ctx->db, "SELECT id, owner_id FROM customer WHERE owner_id IS NOT NULL ORDER BY orders_total DESC, id LIMIT 90", &stmt);
	if (err != OK)
		return err;
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row && m->n < BUYERS)
		m->buyers[m->n++] = (struct buyer){stmt_i64(stmt, 0), stmt_i64(stmt, 1)};
	stmt_done(stmt);
	return err;
}

/* --- what is owed --------------------------------------------------------------------------- */

struct debt {
	const struct buyer *buyer;
	int64_t id, amount;
	int due; /* days from now */
};

static enum err pay(struct ctx *ctx, struct money *m, const struct debt *d, int64_t amount, int on, const char *reference)
{
	static const char *const methods[] = {"transfer", "transfer", "draft", "wechat", "alipay"};
	int64_t receipt, none;
	const struct cell in[] = {
		{"customer_id", NULL, d->buyer->id}, {"owner_id", NULL, d->buyer->owner}, {"amount", NULL, amount}, {"currency", "CNY", 0},
		{"received_on", day(ctx, on < 0 ? on : 0), 0}, {"method", methods[(size_t)(amount % 5)], 0}, {"reference", reference, 0},
	};
	enum err err = put(ctx, "receipt", in, sizeof(in) / sizeof(in[0]), &receipt);
	const struct cell part[] = {{"receipt_id", NULL, receipt}, {"receivable_id", NULL, d->id}, {"amount", NULL, amount}, {"currency", "CNY", 0}};
	m->receipts++;
	return err == OK ? put(ctx, "allocation", part, sizeof(part) / sizeof(part[0]), &none) : err;
}

static enum err give_up(struct ctx *ctx, const struct debt *d)
{
	int64_t none;
	const struct cell cells[] = {{"receivable_id", NULL, d->id}, {"amount", NULL, d->amount}, {"currency", "CNY", 0}, {"reason", "客户已注销 · The firm was wound up", 0},
		{"state", "approved", 0}, {"decided_at", NULL, ctx_now(ctx)}};
	return put(ctx, "write_off", cells, sizeof(cells) / sizeof(cells[0]), &none);
}

/* Most pay about the day; the older, the more is paid; a few pay in part, and of the oldest some never do. */
static enum err fate(struct ctx *ctx, struct money *m, const struct debt *d, struct demo_random *random, const char *reference)
{
	uint32_t luck = demo_random_below(random, 100);
	int late = d->due + (int)demo_random_below(random, 24) - 8;
	if (d->due > 20)
		return OK;
	if (luck < 62 && late < 0)
		return pay(ctx, m, d, d->amount, late, reference);
	if (luck < 76 && late < 0)
		return pay(ctx, m, d, d->amount * (30 + demo_random_below(random, 50)) / 100, late, reference);
	return luck > 97 && d->due < -150 ? give_up(ctx, d) : OK;
}

static enum err add_debt(struct ctx *ctx, struct money *m, const struct buyer *buyer, int due, struct demo_random *random)
{
	static const char *const words[] = {"批发货款 · Wholesale delivery", "月结货款 · Goods of the month", "展柜订金 · Deposit for displays", "尾款 · Balance payment"};
	struct debt d = {.buyer = buyer, .due = due, .amount = (int64_t)(800 + demo_random_skewed(random, 9000)) * FEN};
	const char *title = arena_printf(ctx->arena, "%s %.7s", words[demo_random_below(random, 4)], day(ctx, due - 30));
	const char *reference = arena_printf(ctx->arena, "DEMO%lld", (long long)(++m->debts));
	bool promised = due < -5 && demo_random_below(random, 5) == 0;
	const struct cell cells[] = {
		{"title", title, 0}, {"customer_id", NULL, buyer->id}, {"owner_id", NULL, buyer->owner}, {"amount", NULL, d.amount}, {"currency", "CNY", 0},
		{"due_on", day(ctx, due), 0}, {"booked_on", day(ctx, due - 30 < 0 ? due - 30 : 0), 0},
		{"promised_on", promised ? day(ctx, 1 + demo_random_below(random, 12)) : NULL, 0}, {"promise_note", promised ? "财务已排款 · Payment is scheduled" : NULL, 0},
	};
	enum err err = title != NULL && reference != NULL ? put(ctx, "receivable", cells, sizeof(cells) / sizeof(cells[0]), &d.id) : fail(ctx, ERR_LIMIT, "", "memory");
	return err == OK ? fate(ctx, m, &d, random, reference) : err;
}

static enum err add_debts(struct ctx *ctx, void *arg)
{
	struct money *m = arg;
	enum err err = OK;
	for (size_t i = m->from; err == OK && i < m->to; i++) {
		struct demo_random random;
		demo_random_init(&random, SEED + i);
		for (int due = -230 + (int)demo_random_below(&random, 40); err == OK && due < 60; due += 30 + (int)demo_random_below(&random, 35))
			err = add_debt(ctx, m, &m->buyers[i], due, &random);
	}
	return err;
}

/* --- contracts --------------------------------------------------------------------------------- */

static enum err add_line(struct ctx *ctx, int64_t contract, int64_t starts, int64_t each)
{
	int64_t none;
	const struct cell cells[] = {{"contract_id", NULL, contract}, {"title", "季度服务费 · Quarterly fee", 0}, {"amount", NULL, each * FEN},
		{"every", "quarter", 0}, {"first_on", day(ctx, starts), 0}};
	return put(ctx, "contract_line", cells, sizeof(cells) / sizeof(cells[0]), &none);
}

static enum err add_contract(struct ctx *ctx, struct money *m, size_t i)
{
	static const char *const words[] = {"年度供货框架 · Yearly supply", "门店陈列服务 · Shop display service", "区域经销协议 · Regional distribution", "设备维保 · Maintenance"};
	static const char *const kinds[] = {"framework", "service", "distribution", "service"}, *const renewals[] = {"manual", "manual", "auto", "none"};
	struct demo_random random;
	int64_t id, none;
	demo_random_init(&random, SEED + 1000 + i);
	const struct buyer *buyer = &m->buyers[(i * 2) % m->n];
	uint32_t what = demo_random_below(&random, 4), luck = demo_random_below(&random, 100);
	int64_t ends = -330 + (int64_t)(i * 690 / CONTRACTS), value = 12000 + (int64_t)demo_random_skewed(&random, 60000);
	const char *state = ends >= 0 ? (luck < 6 ? "draft" : "active") : luck < 66 ? "renewed" : luck < 85 ? "ended" : "terminated";
	const struct cell cells[] = {
		{"title", words[what], 0}, {"customer_id", NULL, buyer->id}, {"owner_id", NULL, buyer->owner}, {"kind", kinds[what], 0}, {"state", state, 0},
		{"state_reason", str_equal(state, "terminated") ? "客户停业 · The shop closed" : NULL, 0}, {"signed_on", day(ctx, ends - YEAR - 12), 0},
		{"starts_on", day(ctx, ends - YEAR + 1), 0}, {"ends_on", day(ctx, ends), 0}, {"renewal", renewals[demo_random_below(&random, 4)], 0},
		{"currency", "CNY", 0}, {"value", NULL, value * FEN},
	};
	enum err err = put(ctx, "contract", cells, sizeof(cells) / sizeof(cells[0]), &id);
	const struct cell party[] = {{"contract_id", NULL, id}, {"role", "buyer", 0}, {"name", "甲方 · The customer", 0}, {"customer_id", NULL, buyer->id}};
	if (err == OK)
		err = put(ctx, "contract_party", party, sizeof(party) / sizeof(party[0]), &none);
	m->contracts++;
	return err == OK && str_equal(state, "active") && what != 2 ? add_line(ctx, id, ends - YEAR + 1 + (ends < 300 ? 270 : 0), value / 4) : err;
}

static enum err add_contracts(struct ctx *ctx, void *arg)
{
	struct money *m = arg;
	enum err err = OK;
	for (size_t i = 0; err == OK && i < CONTRACTS; i++)
		err = add_contract(ctx, m, i);
	return err;
}

/* --- targets -------------------------------------------------------------------------------------- */

static enum err read_sellers(struct ctx *ctx, struct money *m)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare_text(ctx, ctx->db, "SELECT owner_id, sum(total_base) FROM \"order\" WHERE owner_id IS NOT NULL AND total_base IS NOT NULL "
		"AND state NOT IN ('draft', 'cancelled') AND placed_at > ?1 GROUP BY owner_id ORDER BY 2 DESC LIMIT 12", &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, ctx_now(ctx) - SPAN * (int64_t)DAY_MS);
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row && m->n_sellers < SELLERS)
		m->sellers[m->n_sellers++] = (struct seller){stmt_i64(stmt, 0), stmt_i64(stmt, 1)};
	stmt_done(stmt);
	return err;
}

static enum err add_target(struct ctx *ctx, const char *measure, const char *period, int64_t whose, const char *on, int64_t goal)
{
	int64_t none;
	int64_t round = goal > 100000 ? goal / 100000 * 100000 : 100000; /* whole thousands */
	const struct cell cells[] = {{"measure", measure, 0}, {"scope", whose != 0 ? "person" : "firm", 0}, {"owner_id", NULL, whose}, {"period", period, 0},
		{"starts_on", on, 0}, {"goal", NULL, round}};
	return put(ctx, "target", cells, sizeof(cells) / sizeof(cells[0]), &none);
}

/* Never two in one month: 31 days apart.  The months that were and the one that runs: about what each sells, some more, some less. */
static enum err add_targets(struct ctx *ctx, void *arg)
{
	struct money *m = arg;
	enum err err = OK;
	for (int back = 0; err == OK && back < MONTHS_BACK; back++) {
		const char *on = day(ctx, -31 * back);
		int64_t firm = 0;
		for (size_t i = 0; err == OK && i < m->n_sellers; i++) {
			struct demo_random random;
			demo_random_init(&random, SEED + 2000 + i * MONTHS_BACK + (size_t)back);
			int64_t goal = m->sellers[i].sold / MONTHS_BACK * (95 + demo_random_below(&random, 65)) / 100;
			firm += goal;
			err = add_target(ctx, "orders", "month", m->sellers[i].id, on, goal);
			if (err == OK)
				err = add_target(ctx, "received", "month", m->sellers[i].id, on, (30000 + (int64_t)demo_random_below(&random, 60000)) * FEN);
		}
		if (err == OK && firm > 0)
			err = add_target(ctx, "orders", "month", 0, on, firm);
		if (err == OK && firm > 0 && back == 0)
			err = add_target(ctx, "orders", "year", 0, on, firm * 12);
	}
	return err;
}

enum err demo_money(struct ctx *ctx, FILE *progress)
{
	struct money *m = arena_alloc(ctx->arena, sizeof(*m));
	if (m == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	memset(m, 0, sizeof(*m));
	enum err err = read_buyers(ctx, m);
	for (size_t i = 0; i < m->n && err == OK; i += BATCH) {
		struct arena_mark mark = arena_mark(ctx->arena);
		m->from = i;
		m->to = m->n - i < BATCH ? m->n : i + BATCH;
		err = store_write(ctx, ctx->store, add_debts, m);
		if (err == OK)
			arena_rewind(ctx->arena, mark);
	}
	if (err == OK && m->n > 0)
		err = store_write(ctx, ctx->store, add_contracts, m);
	if (err == OK)
		err = read_sellers(ctx, m);
	if (err == OK)
		err = store_write(ctx, ctx->store, add_targets, m);
	if (err == OK)
		fprintf(progress, "%lld receivables, %lld receipts and %lld contracts were added\n", (long long)m->debts, (long long)m->receipts, (long long)m->contracts);
	return err;
}
