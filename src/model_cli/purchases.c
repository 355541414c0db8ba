#include "model_cli/purchases.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

static const char *const customer_names[] = {"customer", "customer_id", "customerid", "customer id", "cust", "cust_id", "id", "client", "userid", "user_id", "客户",
                                             "客户编号", "会员号", NULL};
static const char *const date_names[] = {"date", "order_date", "invoicedate", "invoice date", "orderdate", "transaction_date", "day", "time", "日期", "下单时间",
                                         "订单日期", NULL};
static const char *const amount_names[] = {"amount", "dollars", "sales", "total", "value", "revenue", "spend", "price", "金额", "实付金额", "订单金额", NULL};
static const char *const frequency_names[] = {"frequency", "x", NULL};
static const char *const recency_names[] = {"recency", "t_x", "t.x", "tx", NULL};
static const char *const age_names[] = {"T", "periods", "n", "n.cal", "T.cal", "age", NULL};
static const char *const mean_names[] = {"monetary_value", "zbar", "mean", "m.x", "monetary", NULL};
static const char *const weight_names[] = {"weights", "weight", "custs", "count", NULL};

enum err purchases_unit(struct cli *cli, double *ret)
{
	static const struct {
		const char *name;
		double days;
	} units[] = {{"day", 1}, {"week", 7}, {"month", 30.4375}, {"year", 365.25}};
	const char *said = command_value(cli, "unit") != NULL ? command_value(cli, "unit") : "week";
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (str_equal(said, units[i].name)) {
			*ret = units[i].days;
			return OK;
		}
	}
	return fail_arg(cli->ctx, ERR_INVALID, "--unit", "model_unit", said);
}

static enum err make_room(struct ctx *ctx, struct purchases *p, bool amounts)
{
	double **lists[] = {&p->first, &p->last, &p->count, &p->later, &p->money, &p->x, &p->t_x, &p->age};
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		*lists[i] = arena_array(ctx->arena, p->n, sizeof(double));
	p->mean = amounts ? arena_array(ctx->arena, p->n, sizeof(double)) : NULL;
	return ctx->arena->failed ? fail(ctx, ERR_LIMIT, "", "memory") : OK;
}

static int by_customer_and_day(const void *a, const void *b)
{
	const struct purchase_event *p = a, *q = b;
	if (p->group != q->group)
		return p->group < q->group ? -1 : 1;
	if (p->customer != q->customer)
		return p->customer < q->customer ? -1 : 1;
	return (p->day > q->day) - (p->day < q->day);
}

struct columns {
	int customer, date, amount, group;
};

struct reading {
	struct cli *cli;
	struct sheet *sheet;
	struct columns at;
	const int32_t *days;
	const double *amounts;
	bool drop_returns;
	struct purchase_event *events;
	size_t n;
	int64_t no_group;
};

/* A row that stands for a purchase becomes an event; what is left out is counted. */
static enum err take_row(struct reading *r, size_t row, struct purchases *p)
{
	const struct sheet *s = r->sheet;
	int32_t customer = s->columns[r->at.customer].code[row], day = r->days[s->columns[r->at.date].code[row]];
	double amount = r->amounts != NULL ? r->amounts[s->columns[r->at.amount].code[row]] : 0;
	bool unnamed = *s->columns[r->at.customer].texts[customer] == '\0';
	p->no_customer += unnamed;
	p->no_date += !unnamed && day == INT32_MIN;
	if (unnamed || day == INT32_MIN)
		return OK;
	int32_t group = r->at.group >= 0 ? s->columns[r->at.group].code[row] : 0;
	if (r->at.group >= 0 && sheet_is_missing(s->columns[r->at.group].texts[group])) {
		r->no_group++;
		return OK;
	}
	if (isnan(amount))
		return fail_arg(r->cli->ctx, ERR_INVALID, s->columns[r->at.amount].name, "model_amount_missing", arena_printf(r->cli->ctx->arena, "%zu", row + 1));
	if (amount < 0) {
		p->returns++;
		if (r->drop_returns)
			return OK;
	}
	r->events[r->n++] = (struct purchase_event){customer, day, group, amount};
	return OK;
}

static enum err take_rows(struct reading *r, struct purchases *p)
{
	struct sheet *s = r->sheet;
	struct ctx *ctx = r->cli->ctx;
	r->events = arena_array(ctx->arena, s->n_rows, sizeof(*r->events));
	if (r->events == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; i < s->n_rows; i++) {
		enum err err = take_row(r, i, p);
		if (err != OK)
			return err;
	}
	if (r->n == 0)
		return fail(ctx, ERR_INVALID, "", "model_no_rows");
	p->rows = (int64_t)s->n_rows;
	p->broken = s->broken;
	qsort(r->events, r->n, sizeof(*r->events), by_customer_and_day);
	p->first_day = INT32_MAX;
	p->last_day = INT32_MIN;
	for (size_t i = 0; i < r->n; i++) {
		p->first_day = r->events[i].day < p->first_day ? r->events[i].day : p->first_day;
		p->last_day = r->events[i].day > p->last_day ? r->events[i].day : p->last_day;
	}
	return OK;
}

/* The events of one customer, by day; false: they came after the end. */
static bool add_customer(const struct purchase_event *e, size_t n, double unit, double horizon, struct purchases *p, size_t at)
{
	double repeat_money = 0, until = p->end_day + horizon * unit;
	if (e[0].day > p->end_day)
		return false;
	p->first[at] = p->last[at] = e[0].day;
	for (size_t i = 0; i < n; i++) {
		bool next = i > 0 && e[i].day != e[i - 1].day;
		if (e[i].day > p->end_day) {
			p->later[at] += next && e[i].day <= until;
			continue;
		}
		p->money[at] += e[i].amount;
		p->count[at] += i == 0 || next;
		p->last[at] = e[i].day;
		repeat_money += e[i].day > e[0].day ? e[i].amount : 0;
	}
	p->x[at] = p->count[at] - 1;
	p->t_x[at] = (p->last[at] - p->first[at]) / unit;
	p->age[at] = (p->end_day - p->first[at]) / unit;
	if (p->mean != NULL)
		p->mean[at] = p->x[at] > 0 ? repeat_money / p->x[at] : 0;
	return true;
}

static enum err gather(struct reading *r, double unit, double horizon, struct purchases *p)
{
	struct ctx *ctx = r->cli->ctx;
	const struct sheet_column *names = &r->sheet->columns[r->at.customer];
	p->n = names->n_texts;
	p->customer = arena_array(ctx->arena, p->n, sizeof(*p->customer));
	enum err err = p->customer != NULL ? make_room(ctx, p, r->amounts != NULL) : fail(ctx, ERR_LIMIT, "", "memory");
	size_t kept = 0;
	for (size_t from = 0, to; err == OK && from < r->n; from = to) {
		for (to = from; to < r->n && r->events[to].customer == r->events[from].customer;)
			to++;
		if (add_customer(r->events + from, to - from, unit, horizon, p, kept))
			p->customer[kept++] = arena_strdup(ctx->arena, names->texts[r->events[from].customer]);
		else
			p->late += (int64_t)(to - from);
	}
	p->n = kept;
	if (err == OK && kept == 0)
		return fail(ctx, ERR_INVALID, "--calibration-end", "model_no_rows");
	return err == OK && ctx->arena->failed ? fail(ctx, ERR_LIMIT, "", "memory") : err;
}

static enum err of_transactions(struct cli *cli, struct sheet *sheet, struct columns at, double unit, double horizon, struct purchases *p)
{
	struct reading r = {.cli = cli, .sheet = sheet, .at = at, .drop_returns = command_value(cli, "drop-returns") != NULL};
	int32_t *days;
	double *amounts = NULL;
	enum err err = sheet_load(sheet);
	if (err == OK)
		err = sheet_days(sheet, at.date, command_value(cli, "date-order"), &days);
	if (err == OK && at.amount >= 0)
		err = sheet_numbers(sheet, at.amount, &amounts, NULL);
	if (err != OK)
		return err;
	r.days = days;
	r.amounts = amounts;
	err = take_rows(&r, p);
	if (err != OK)
		return err;
	const char *end = command_value(cli, "calibration-end");
	p->end_day = p->last_day;
	p->dated = true;
	if (end != NULL)
		err = sheet_one_day(cli->ctx, "calibration-end", end, &p->end_day);
	return err == OK ? gather(&r, unit, horizon, p) : err;
}

struct summary_columns {
	int customer, x, t_x, age, mean, weight;
};

static enum err copy_column(struct sheet *sheet, int column, double **ret)
{
	double *numbers;
	enum err err = sheet_numbers(sheet, column, &numbers, NULL);
	*ret = err == OK ? arena_array(sheet->ctx->arena, sheet->n_rows, sizeof(**ret)) : NULL;
	if (err == OK && *ret == NULL)
		return fail(sheet->ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; err == OK && i < sheet->n_rows; i++)
		(*ret)[i] = numbers[sheet->columns[column].code[i]];
	return err;
}

static enum err of_summary(struct sheet *sheet, const struct summary_columns *at, struct purchases *p)
{
	const struct {
		int column;
		double **list;
	} parts[] = {{at->x, &p->x}, {at->t_x, &p->t_x}, {at->age, &p->age}, {at->mean, &p->mean}, {at->weight, &p->weight}};
	enum err err = sheet_load(sheet);
	for (size_t i = 0; err == OK && i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (parts[i].column >= 0)
			err = copy_column(sheet, parts[i].column, parts[i].list);
	}
	p->n = sheet->n_rows;
	p->rows = (int64_t)p->n;
	p->broken = sheet->broken;
	p->customer = err == OK && at->customer >= 0 ? arena_array(sheet->ctx->arena, p->n, sizeof(*p->customer)) : NULL;
	for (size_t i = 0; p->customer != NULL && i < p->n; i++)
		p->customer[i] = arena_strdup(sheet->ctx->arena, sheet_text(sheet, at->customer, i));
	return err == OK && p->n == 0 ? fail(sheet->ctx, ERR_INVALID, "", "model_no_rows") : err;
}

static enum err find_summary(struct cli *cli, struct sheet *sheet, struct summary_columns *at)
{
	const struct {
		const char *option, *const *names;
		int *column;
	} parts[] = {{"customer", customer_names, &at->customer}, {"frequency", frequency_names, &at->x}, {"recency", recency_names, &at->t_x},
	             {"age", age_names, &at->age},                {"mean", mean_names, &at->mean},       {"weight", weight_names, &at->weight}};
	enum err err = OK;
	for (size_t i = 0; err == OK && i < sizeof(parts) / sizeof(parts[0]); i++)
		err = sheet_find(sheet, command_value(cli, parts[i].option), parts[i].names, parts[i].column);
	return err;
}

static enum err find_transactions(struct cli *cli, struct sheet *sheet, bool amounts, struct columns *at)
{
	enum err err = sheet_need(sheet, "--customer", command_value(cli, "customer"), customer_names, &at->customer);
	if (err == OK)
		err = sheet_need(sheet, "--date", command_value(cli, "date"), date_names, &at->date);
	if (err == OK && amounts)
		err = sheet_need(sheet, "--amount", command_value(cli, "amount"), amount_names, &at->amount);
	return err;
}

enum err purchases_read(struct cli *cli, double unit, double horizon, bool amounts, struct purchases *ret)
{
	struct sheet sheet;
	struct columns at = {-1, -1, -1, -1};
	struct summary_columns summary = {-1, -1, -1, -1, -1, -1};
	*ret = (struct purchases){0};
	enum err err = sheet_open(cli, &sheet);
	bool dated = command_value(cli, "date") != NULL || command_value(cli, "amount") != NULL;
	if (err == OK && !dated)
		err = find_summary(cli, &sheet, &summary);
	if (err == OK && !dated && summary.x >= 0 && (summary.mean >= 0 || (summary.t_x >= 0 && summary.age >= 0))) {
		err = of_summary(&sheet, &summary, ret);
	} else if (err == OK) {
		err = find_transactions(cli, &sheet, amounts, &at);
		if (err == OK)
			err = of_transactions(cli, &sheet, at, unit, horizon, ret);
	}
	sheet_close(&sheet);
	return err;
}

static enum err keep_names(struct ctx *ctx, const struct sheet_column *c, const char ***ret, size_t *ret_n)
{
	*ret_n = c->n_texts;
	*ret = arena_array(ctx->arena, c->n_texts + 1, sizeof(**ret));
	for (size_t i = 0; *ret != NULL && i < c->n_texts; i++)
		(*ret)[i] = arena_strdup(ctx->arena, c->texts[i]);
	return ctx->arena->failed ? fail(ctx, ERR_LIMIT, "", "memory") : OK;
}

static enum err load_events(struct cli *cli, struct sheet *sheet, struct reading *r, struct purchase_events *ret)
{
	struct purchases p = {0};
	int32_t *days;
	double *amounts = NULL;
	enum err err = sheet_load(sheet);
	if (err == OK)
		err = sheet_days(sheet, r->at.date, command_value(cli, "date-order"), &days);
	if (err == OK && r->at.amount >= 0)
		err = sheet_numbers(sheet, r->at.amount, &amounts, NULL);
	if (err != OK)
		return err;
	r->days = days;
	r->amounts = amounts;
	err = take_rows(r, &p);
	if (err == OK)
		err = keep_names(cli->ctx, &sheet->columns[r->at.customer], &ret->customer, &ret->n_customers);
	if (err == OK && r->at.group >= 0)
		err = keep_names(cli->ctx, &sheet->columns[r->at.group], &ret->group, &ret->n_groups);
	ret->event = r->events;
	ret->n = r->n;
	ret->amounts = amounts != NULL;
	ret->first_day = p.first_day;
	ret->last_day = p.last_day;
	ret->rows = p.rows;
	ret->no_customer = p.no_customer;
	ret->no_date = p.no_date;
	ret->no_group = r->no_group;
	ret->returns = p.returns;
	ret->broken = p.broken;
	return err;
}

enum err purchases_events(struct cli *cli, bool amounts, const char *by, struct purchase_events *ret)
{
	struct sheet sheet;
	*ret = (struct purchase_events){0};
	enum err err = sheet_open(cli, &sheet);
	struct reading r = {.cli = cli, .sheet = &sheet, .at = {-1, -1, -1, -1}, .drop_returns = command_value(cli, "drop-returns") != NULL};
	if (err == OK)
		err = find_transactions(cli, &sheet, amounts, &r.at);
	if (err == OK && !amounts)
		err = sheet_find(&sheet, command_value(cli, "amount"), amount_names, &r.at.amount);
	if (err == OK && by != NULL)
		err = sheet_find(&sheet, command_value(cli, by), NULL, &r.at.group);
	if (err == OK)
		err = load_events(cli, &sheet, &r, ret);
	sheet_close(&sheet);
	return err;
}
