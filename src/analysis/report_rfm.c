/* Recency, frequency, money after Hughes: customers by when and how often they buy, what each group is called, and who moved from which
 * group to which between two days. */
#include "analysis/report.h"
#include "base/map.h"
#include "base/str.h"
#include "models/models.h"

enum { PARTS = 5, GROUPS = 10 };

/* What each of the 25 cells is called, by recency and frequency from 1 to 5. */
static const struct option group_names[GROUPS] = {
	{"champions", {"Champions", "重要价值客户", NULL}, "good"}, {"loyal", {"Loyal", "忠诚客户", NULL}, "good"}, {"potential", {"Growing", "潜力客户", NULL}, "info"},
	{"new", {"New", "新客户", NULL}, "info"}, {"promising", {"Promising", "有望客户", NULL}, "info"}, {"attention", {"Need attention", "需要关注", NULL}, "warn"},
	{"sleepy", {"About to sleep", "即将沉睡", NULL}, "warn"}, {"at_risk", {"At risk", "流失风险", NULL}, "bad"}, {"cant_lose", {"Must not be lost", "不能流失", NULL}, "bad"},
	{"lost", {"Hibernating or lost", "沉睡或流失", NULL}, "quiet"},
};
enum { CHAMPIONS, LOYAL, POTENTIAL, NEW, PROMISING, ATTENTION, SLEEPY, AT_RISK, CANT_LOSE, LOST };
static const uint8_t group_of[PARTS][PARTS] = {
	{LOST, LOST, AT_RISK, CANT_LOSE, CANT_LOSE},
	{LOST, LOST, AT_RISK, AT_RISK, AT_RISK},
	{SLEEPY, ATTENTION, ATTENTION, LOYAL, LOYAL},
	{PROMISING, POTENTIAL, POTENTIAL, LOYAL, CHAMPIONS},
	{NEW, POTENTIAL, POTENTIAL, CHAMPIONS, CHAMPIONS},
};

/* Who had bought up to a day, and their scores. */
struct scored {
	size_t n;
	int64_t *customer, *money;
	double *last, *count, *spent;
	uint8_t *r, *f, *m;
};

static bool room(struct report_run *r, struct scored *s, size_t n)
{
	struct arena *arena = r->ctx->arena;
	s->customer = arena_array(arena, n + 1, sizeof(*s->customer));
	s->money = arena_array(arena, n + 1, sizeof(*s->money));
	s->last = arena_array(arena, n + 1, sizeof(*s->last));
	s->count = arena_array(arena, n + 1, sizeof(*s->count));
	s->spent = arena_array(arena, n + 1, sizeof(*s->spent));
	s->r = arena_array(arena, n + 1, 1);
	s->f = arena_array(arena, n + 1, 1);
	s->m = arena_array(arena, n + 1, 1);
	return s->customer && s->money && s->last && s->count && s->spent && s->r && s->f && s->m;
}

static enum err read_scored(struct report_run *r, int64_t day, struct scored *s)
{
	struct duck_rows *rows;
	int64_t n;
	const struct value until = value_int(day);
	enum err err = duck_number(r->ctx, r->conn, "SELECT count(DISTINCT customer) FROM o WHERE NOT back AND day <= ?1", &until, 1, &n);
	if (!err && !room(r, s, (size_t)n))
		err = report_no_memory(r);
	if (!err)
		err = duck_ask(r->ctx, r->conn, "SELECT customer, CAST(max(day) FILTER (WHERE NOT back) AS BIGINT), count(*) FILTER (WHERE NOT back),"
		               " CAST(coalesce(sum(amount), 0) AS BIGINT) FROM o WHERE day <= ?1 GROUP BY 1 HAVING count(*) FILTER (WHERE NOT back) > 0 ORDER BY 1", &until, 1, &rows);
	if (err)
		return err;
	for (s->n = 0; s->n < (size_t)n && duck_next(rows); s->n++) {
		s->customer[s->n] = duck_i64(rows, 0);
		s->last[s->n] = (double)duck_i64(rows, 1);
		s->count[s->n] = (double)duck_i64(rows, 2);
		s->money[s->n] = duck_i64(rows, 3);
		s->spent[s->n] = (double)s->money[s->n];
	}
	duck_done(rows);
	if (s->n < PARTS)
		return OK;
	const struct model_rfm data = {.last = s->last, .count = s->count, .money = s->spent, .n = s->n, .parts = PARTS};
	return model_rfm(r->ctx, &data, s->r, s->f, s->m);
}

static uint8_t group(const struct scored *s, size_t i)
{
	return group_of[s->r[i] - 1][s->f[i] - 1];
}

/* --- the grid --------------------------------------------------------------------------------------- */

struct sums {
	int64_t customers, money, orders;
};

static void add(struct sums *to, const struct scored *s, size_t i)
{
	to->customers++;
	to->money += s->money[i];
	to->orders += (int64_t)s->count[i];
}

static enum err put_grid(struct report_run *r, const struct scored *s)
{
	static const struct report_column columns[] = {
		{"r", {"Recency (5: latest)", "近度 R（5 最近）", NULL}, REPORT_INT}, {"f", {"Frequency (5: most often)", "频度 F（5 最高）", NULL}, REPORT_INT},
		{"group", {"Group", "分组", NULL}, REPORT_TEXT}, {"name", {"Name of the group", "分组名称", NULL}, REPORT_TEXT},
		{"customers", {"Customers", "客户数", NULL}, REPORT_INT}, {"sales", {"Sales", "销售额", NULL}, REPORT_MONEY},
		{"orders", {"Orders", "订单数", NULL}, REPORT_INT}, {"m", {"Mean money score", "平均 M 分", NULL}, REPORT_REAL},
	};
	struct sums cells[PARTS][PARTS] = {{{0, 0, 0}}};
	int64_t scores[PARTS][PARTS] = {{0}};
	struct report_table *table;
	struct value *row;
	for (size_t i = 0; i < s->n; i++) {
		add(&cells[s->r[i] - 1][s->f[i] - 1], s, i);
		scores[s->r[i] - 1][s->f[i] - 1] += s->m[i];
	}
	enum err err = report_table_new(r, "grid", (struct text2){"RFM grid", "RFM 矩阵", NULL}, columns, 8, &table);
	for (int i = PARTS * PARTS - 1; !err && i >= 0; i--) {
		const struct sums *cell = &cells[i / PARTS][i % PARTS];
		const struct option *name = &group_names[group_of[i / PARTS][i % PARTS]];
		err = report_row(r, table, &row);
		if (err)
			break;
		row[0] = value_int(i / PARTS + 1);
		row[1] = value_int(i % PARTS + 1);
		row[2] = value_text(name->value);
		row[3] = value_text(entity_label(r->ctx, &name->label));
		row[4] = value_int(cell->customers);
		row[5] = value_int(cell->money);
		row[6] = value_int(cell->orders);
		row[7] = cell->customers ? value_real((double)scores[i / PARTS][i % PARTS] / (double)cell->customers) : value_null();
	}
	return err;
}

static enum err put_groups(struct report_run *r, const struct scored *s)
{
	static const struct report_column columns[] = {
		{"group", {"Group", "分组", NULL}, REPORT_TEXT}, {"name", {"Name of the group", "分组名称", NULL}, REPORT_TEXT},
		{"customers", {"Customers", "客户数", NULL}, REPORT_INT}, {"share", {"Share of customers", "客户占比", NULL}, REPORT_SHARE},
		{"sales", {"Sales", "销售额", NULL}, REPORT_MONEY}, {"sales_share", {"Share of sales", "销售占比", NULL}, REPORT_SHARE},
	};
	struct sums groups[GROUPS] = {{0, 0, 0}}, all = {0, 0, 0};
	struct report_table *table;
	struct value *row;
	for (size_t i = 0; i < s->n; i++) {
		add(&groups[group(s, i)], s, i);
		add(&all, s, i);
	}
	enum err err = report_table_new(r, "groups", (struct text2){"Groups", "客户分组", NULL}, columns, 6, &table);
	for (size_t i = 0; !err && i < GROUPS; i++) {
		err = report_row(r, table, &row);
		if (err)
			break;
		row[0] = value_text(group_names[i].value);
		row[1] = value_text(entity_label(r->ctx, &group_names[i].label));
		row[2] = value_int(groups[i].customers);
		row[3] = all.customers ? value_real((double)groups[i].customers / (double)all.customers) : value_null();
		row[4] = value_int(groups[i].money);
		row[5] = all.money > 0 ? value_real((double)groups[i].money / (double)all.money) : value_null();
	}
	report_fact(r, "sales", REPORT_MONEY, value_int(all.money));
	return err;
}

/* --- migration ------------------------------------------------------------------------------------------ */

/* Where customers of now were then: GROUPS if they had not bought. Both are in the order of customers. */
static void walk_pairs(const struct scored *then, const struct scored *now, void (*take)(void *arg, size_t i, size_t before), void *arg)
{
	size_t j = 0;
	for (size_t i = 0; i < now->n; i++) {
		while (j < then->n && then->customer[j] < now->customer[i])
			j++;
		bool there = j < then->n && then->customer[j] == now->customer[i];
		take(arg, i, there ? group(then, j) : GROUPS);
	}
}

struct moves {
	const struct scored *now;
	int64_t count[GROUPS + 1][GROUPS];
	struct report_run *run;
	size_t from, to; /* members wanted */
	enum err err;
};

static void count_move(void *arg, size_t i, size_t before)
{
	struct moves *m = arg;
	m->count[before][group(m->now, i)]++;
}

static void take_move(void *arg, size_t i, size_t before)
{
	struct moves *m = arg;
	if (!m->err && before == m->from && group(m->now, i) == m->to)
		m->err = report_member(m->run, m->now->customer[i]);
}

static bool is_good(size_t name)
{
	return name == CHAMPIONS || name == LOYAL;
}

static bool is_bad(size_t name)
{
	return name == AT_RISK || name == CANT_LOSE || name == LOST;
}

static enum err put_move(struct report_run *r, struct report_table *table, size_t a, size_t b, int64_t n)
{
	static const struct text2 none = {"Had not bought yet", "尚未购买", NULL};
	struct value *row;
	enum err err = report_row(r, table, &row);
	if (err)
		return err;
	row[0] = value_text(a < GROUPS ? group_names[a].value : "none");
	row[1] = value_text(entity_label(r->ctx, a < GROUPS ? &group_names[a].label : &none));
	row[2] = value_text(group_names[b].value);
	row[3] = value_text(entity_label(r->ctx, &group_names[b].label));
	row[4] = value_int(n);
	return OK;
}

static enum err put_moves(struct report_run *r, const struct scored *then, const struct scored *now)
{
	static const struct report_column columns[] = {
		{"before", {"Group then", "之前分组", NULL}, REPORT_TEXT}, {"before_name", {"Name then", "之前名称", NULL}, REPORT_TEXT},
		{"now", {"Group now", "现在分组", NULL}, REPORT_TEXT}, {"now_name", {"Name now", "现在名称", NULL}, REPORT_TEXT},
		{"customers", {"Customers", "客户数", NULL}, REPORT_INT},
	};
	struct moves m = {.now = now};
	int64_t up = 0, down = 0;
	struct report_table *table;
	walk_pairs(then, now, count_move, &m);
	enum err err = report_table_new(r, "moves", (struct text2){"Moves between groups", "分组迁移", NULL}, columns, 5, &table);
	for (size_t a = 0; !err && a <= GROUPS; a++) {
		for (size_t b = 0; !err && b < GROUPS; b++) {
			if (m.count[a][b] == 0)
				continue;
			err = put_move(r, table, a, b, m.count[a][b]);
			up += a < GROUPS && !is_good(a) && is_good(b) ? m.count[a][b] : 0;
			down += is_good(a) && is_bad(b) ? m.count[a][b] : 0;
		}
	}
	report_fact(r, "up", REPORT_INT, value_int(up));
	report_fact(r, "down", REPORT_INT, value_int(down));
	return err;
}

/* --- members ----------------------------------------------------------------------------------------------- */

static size_t group_named(const char *name)
{
	for (size_t i = 0; name && i < GROUPS; i++) {
		if (str_equal(group_names[i].value, name))
			return i;
	}
	return str_equal(name, "none") ? GROUPS : GROUPS + 1;
}

/* {"r": 5, "f": 4}, {"group": "at_risk"}, or {"before": "loyal", "now": "at_risk"}. */
static enum err members(struct report_run *r, const struct scored *now, const struct scored *then)
{
	int64_t recency, often;
	size_t wanted = group_named(report_cell_text(r, "group"));
	bool cell = report_cell_int(r, "r", &recency) && report_cell_int(r, "f", &often);
	enum err err = OK;
	if (now->n < PARTS)
		return OK;
	if (report_cell_text(r, "before")) {
		struct moves m = {.now = now, .run = r, .from = group_named(report_cell_text(r, "before")), .to = group_named(report_cell_text(r, "now"))};
		if (m.from > GROUPS || m.to >= GROUPS || then->n < PARTS)
			return report_bad_cell(r);
		walk_pairs(then, now, take_move, &m);
		return m.err;
	}
	if (!cell && wanted >= GROUPS)
		return report_bad_cell(r);
	for (size_t i = 0; !err && i < now->n; i++) {
		if (cell ? now->r[i] == recency && now->f[i] == often : group(now, i) == wanted)
			err = report_member(r, now->customer[i]);
	}
	return err;
}

static enum err make(struct report_run *r)
{
	struct scored now = {.n = 0}, then = {.n = 0};
	enum err err = report_orders(r, true);
	if (!err)
		err = read_scored(r, r->to, &now);
	if (!err && r->before < r->to)
		err = read_scored(r, r->before, &then);
	if (err || r->cell)
		return err ? err : members(r, &now, &then);
	report_fact(r, "customers", REPORT_INT, value_int((int64_t)now.n));
	report_fact(r, "before", REPORT_DAY, value_int(r->before));
	if (now.n < PARTS)
		return OK; /* too few to be laid into fifths: the page says so */
	err = put_grid(r, &now);
	if (!err)
		err = put_groups(r, &now);
	return err || then.n < PARTS ? err : put_moves(r, &then, &now);
}

const struct report report_rfm = {.name = "rfm", .of = "order", .label = {"Recency, frequency, money", "RFM 分析", NULL}, .customers = true, .make = make};
