/* Deals: from lead to won, who wins how often and how fast and why not; and what came into the pipeline and left it. */
#include "analysis/report.h"

/* Table d: c0 id, c1 created, c2 closed, c3 state, c4 owner, c5 amount, c6 days, c7 times put off, c8 reason. */
static enum err deals(struct report_run *r)
{
	static const char *const paths[] = {"id", "created_at", "closed_at", "state", "owner_id", "amount_base", "cycle_days", "slips", "lost_reason_id"};
	return report_rows(r, "opportunity", "deals", "d", paths, sizeof(paths) / sizeof(paths[0]));
}

static struct value part_of(int64_t part, int64_t all)
{
	return all > 0 ? value_real((double)part / (double)all) : value_null();
}

/* --- from lead to won ---------------------------------------------------------------------------- */

enum { STEPS = 4 };

static enum err put_steps(struct report_run *r)
{
	static const struct report_column columns[] = {
		{"step", {"Step", "环节", NULL}, REPORT_TEXT}, {"count", {"Number", "数量", NULL}, REPORT_INT}, {"share", {"Of all leads", "占全部线索", NULL}, REPORT_SHARE},
		{"step_share", {"Of the step before", "环节转化率", NULL}, REPORT_SHARE},
	};
	static const struct text2 names[STEPS] = {
		{"Leads", "线索", NULL}, {"Converted", "已转化", NULL}, {"With a deal", "形成商机", NULL}, {"Deal won", "赢单", NULL},
	};
	static const char *const paths[] = {"id", "created_at", "converted_at", "opportunity_id"};
	int64_t n[STEPS] = {0};
	struct report_table *table;
	struct duck_rows *rows;
	struct value *row;
	enum err err = report_rows(r, "lead", "leads", "e", paths, 4);
	if (!err)
		err = report_ask(r, arena_printf(r->ctx->arena, "SELECT count(*), count(e.c2), count(d.c0), count(*) FILTER (WHERE d.c3 = 'won') FROM e LEFT JOIN d ON d.c0 = e.c3"
		                 " WHERE e.c1 BETWEEN %lld AND %lld", (long long)r->from, (long long)r->to), &rows);
	if (err)
		return err;
	bool some = duck_next(rows);
	for (size_t i = 0; some && i < STEPS; i++)
		n[i] = duck_i64(rows, i);
	duck_done(rows);
	err = report_table_new(r, "funnel", (struct text2){"From lead to won", "线索到赢单", NULL}, columns, 4, &table);
	for (size_t i = 0; !err && i < STEPS; i++) {
		err = report_row(r, table, &row);
		if (err)
			break;
		row[0] = value_text(entity_label(r->ctx, &names[i]));
		row[1] = value_int(n[i]);
		row[2] = part_of(n[i], n[0]);
		row[3] = i ? part_of(n[i], n[i - 1]) : value_null();
	}
	report_fact(r, "leads", REPORT_INT, value_int(n[0]));
	report_fact(r, "converted", REPORT_INT, value_int(n[1]));
	report_fact(r, "leads_won", REPORT_INT, value_int(n[3]));
	return err;
}

/* What was closed in the period, by person. */
static enum err put_people(struct report_run *r)
{
	static const struct report_column columns[] = {
		{"owner", {"Person", "负责人", NULL}, REPORT_USER}, {"opened", {"Opened", "新增商机", NULL}, REPORT_INT}, {"won", {"Won", "赢单", NULL}, REPORT_INT},
		{"lost", {"Lost", "输单", NULL}, REPORT_INT}, {"rate", {"Win rate", "赢单率", NULL}, REPORT_SHARE}, {"days", {"Days to win, mean", "平均成交周期（天）", NULL}, REPORT_REAL},
		{"amount", {"Amount won", "赢单金额", NULL}, REPORT_MONEY},
	};
	int64_t won = 0, lost = 0, opened = 0, amount = 0;
	struct report_table *table;
	struct duck_rows *rows;
	struct value *row;
	enum err err = report_table_new(r, "people", (struct text2){"By person", "按负责人", NULL}, columns, 7, &table);
	const char *sql = arena_printf(r->ctx->arena, "SELECT c4, count(*) FILTER (WHERE c1 BETWEEN %lld AND %lld) AS o, count(*) FILTER (WHERE c3 = 'won' AND c2 BETWEEN %lld AND %lld) AS w,"
		" count(*) FILTER (WHERE c3 = 'lost' AND c2 BETWEEN %lld AND %lld) AS l, CAST(avg(c6) FILTER (WHERE c3 = 'won' AND c2 BETWEEN %lld AND %lld) AS DOUBLE),"
		" CAST(coalesce(sum(c5) FILTER (WHERE c3 = 'won' AND c2 BETWEEN %lld AND %lld), 0) AS BIGINT) AS a FROM d GROUP BY c4 HAVING o + w + l > 0 ORDER BY a DESC, w DESC, c4 LIMIT %d",
		(long long)r->from, (long long)r->to, (long long)r->from, (long long)r->to, (long long)r->from, (long long)r->to, (long long)r->from, (long long)r->to,
		(long long)r->from, (long long)r->to, REPORT_TOP);
	if (!err)
		err = report_ask(r, sql, &rows);
	if (err)
		return err;
	while (!err && duck_next(rows)) {
		err = report_row(r, table, &row);
		if (err)
			break;
		row[0] = duck_null(rows, 0) ? value_null() : value_int(duck_i64(rows, 0));
		for (size_t i = 1; i < 4; i++)
			row[i] = value_int(duck_i64(rows, i));
		row[4] = part_of(row[2].i, row[2].i + row[3].i);
		row[5] = duck_null(rows, 4) ? value_null() : value_real(duck_real(rows, 4));
		row[6] = value_int(duck_i64(rows, 5));
		opened += row[1].i;
		won += row[2].i;
		lost += row[3].i;
		amount += row[6].i;
	}
	duck_done(rows);
	report_fact(r, "opened", REPORT_INT, value_int(opened));
	report_fact(r, "won", REPORT_INT, value_int(won));
	report_fact(r, "lost", REPORT_INT, value_int(lost));
	report_fact(r, "rate", REPORT_SHARE, part_of(won, won + lost));
	report_fact(r, "won_amount", REPORT_MONEY, value_int(amount));
	return err;
}

static enum err put_reasons(struct report_run *r)
{
	static const struct report_column columns[] = {
		{"reason", {"Why it was lost", "输单原因", NULL}, REPORT_REASON}, {"lost", {"Deals", "商机数", NULL}, REPORT_INT}, {"share", {"Share", "占比", NULL}, REPORT_SHARE},
		{"amount", {"Amount lost", "输单金额", NULL}, REPORT_MONEY},
	};
	struct report_table *table;
	struct duck_rows *rows;
	struct value *row;
	enum err err = report_table_new(r, "reasons", (struct text2){"Why deals were lost", "输单原因", NULL}, columns, 4, &table);
	const char *sql = arena_printf(r->ctx->arena, "SELECT c8, count(*) AS n, CAST(sum(count(*)) OVER () AS BIGINT), CAST(coalesce(sum(c5), 0) AS BIGINT) FROM d WHERE c3 = 'lost'"
		" AND c2 BETWEEN %lld AND %lld GROUP BY c8 ORDER BY n DESC, c8 LIMIT %d", (long long)r->from, (long long)r->to, REPORT_TOP);
	if (!err)
		err = report_ask(r, sql, &rows);
	if (err)
		return err;
	while (!err && duck_next(rows)) {
		err = report_row(r, table, &row);
		if (err)
			break;
		row[0] = duck_null(rows, 0) ? value_null() : value_int(duck_i64(rows, 0));
		row[1] = value_int(duck_i64(rows, 1));
		row[2] = part_of(row[1].i, duck_i64(rows, 2));
		row[3] = value_int(duck_i64(rows, 3));
	}
	duck_done(rows);
	return err;
}

static enum err make_funnel(struct report_run *r)
{
	enum err err = deals(r);
	if (!err && report_may(r, "lead"))
		err = put_steps(r);
	if (!err)
		err = put_people(r);
	return err ? err : put_reasons(r);
}

const struct report report_funnel = {.name = "funnel", .of = "opportunity", .label = {"Funnel and conversion", "销售漏斗与转化", NULL}, .make = make_funnel};

/* --- movement ------------------------------------------------------------------------------------------ */

enum { MOVES = 6 };

/* What was open before the period, what came, what was won and lost, what is open after it, and what of that was put off. */
static enum err make_movement(struct report_run *r)
{
	static const struct report_column columns[] = {
		{"move", {"Movement", "变动", NULL}, REPORT_TEXT}, {"name", {"What", "项目", NULL}, REPORT_TEXT}, {"deals", {"Deals", "商机数", NULL}, REPORT_INT},
		{"amount", {"Amount", "金额", NULL}, REPORT_MONEY},
	};
	static const struct option names[MOVES] = {
		{"before", {"Open before", "期初在手", NULL}, NULL}, {"in", {"New", "本期新增", NULL}, NULL}, {"won", {"Won", "本期赢单", NULL}, NULL}, {"lost", {"Lost", "本期输单", NULL}, NULL},
		{"after", {"Open after", "期末在手", NULL}, NULL}, {"slipped", {"Put off, of those open", "其中已推迟", NULL}, NULL},
	};
	struct report_table *table;
	struct duck_rows *rows;
	struct value *row;
	enum err err = deals(r);
	const char *sql = arena_printf(r->ctx->arena,
		"SELECT m, count(*), CAST(coalesce(sum(c5), 0) AS BIGINT) FROM (SELECT c5, unnest([CASE WHEN c1 < %lld AND (c2 IS NULL OR c2 >= %lld) THEN 0 END,"
		" CASE WHEN c1 BETWEEN %lld AND %lld THEN 1 END, CASE WHEN c3 = 'won' AND c2 BETWEEN %lld AND %lld THEN 2 END, CASE WHEN c3 <> 'won' AND c2 BETWEEN %lld AND %lld THEN 3 END,"
		" CASE WHEN c1 <= %lld AND (c2 IS NULL OR c2 > %lld) THEN 4 END, CASE WHEN c1 <= %lld AND (c2 IS NULL OR c2 > %lld) AND c7 > 0 THEN 5 END]) AS m FROM d) AS x"
		" WHERE m IS NOT NULL GROUP BY 1 ORDER BY 1",
		(long long)r->from, (long long)r->from, (long long)r->from, (long long)r->to, (long long)r->from, (long long)r->to, (long long)r->from, (long long)r->to, (long long)r->to,
		(long long)r->to, (long long)r->to, (long long)r->to);
	if (!err)
		err = report_table_new(r, "movement", (struct text2){"Movement", "商机变动", NULL}, columns, 4, &table);
	for (size_t i = 0; !err && i < MOVES; i++) {
		err = report_row(r, table, &row);
		if (err)
			break;
		row[0] = value_text(names[i].value);
		row[1] = value_text(entity_label(r->ctx, &names[i].label));
		row[2] = row[3] = value_int(0);
	}
	if (!err)
		err = report_ask(r, sql, &rows);
	if (err)
		return err;
	while (duck_next(rows)) {
		row = &table->cells[(size_t)duck_i64(rows, 0) * table->n_columns];
		row[2] = value_int(duck_i64(rows, 1));
		row[3] = value_int(duck_i64(rows, 2));
	}
	duck_done(rows);
	for (size_t i = 0; i < MOVES; i++) {
		report_fact(r, names[i].value, REPORT_INT, table->cells[i * table->n_columns + 2]);
		report_fact(r, arena_printf(r->ctx->arena, "%s_amount", names[i].value), REPORT_MONEY, table->cells[i * table->n_columns + 3]);
	}
	return OK;
}

const struct report report_movement = {.name = "movement", .of = "opportunity", .label = {"Movement of deals", "商机变动", NULL}, .make = make_movement};
