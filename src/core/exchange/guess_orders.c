/* Files of order lines: every row has the order's columns, the line's, and often the customer's. */
#include <string.h>

#include "base/str.h"
#include "core/exchange/guess.h"

struct lines_guess {
	struct ctx *ctx;
	const struct plan_columns *columns;
	const struct guess_candidate *order, *line, *customer, *address;
	struct import_guess *ret;
};

static const struct guess_candidate *candidate_of(const struct guess_candidate *list, size_t n, const char *entity)
{
	for (size_t i = 0; i < n; i++)
		if (str_equal(list[i].info->entity->name, entity))
			return &list[i];
	return NULL;
}

static bool is_field(const struct guess_candidate *c, size_t column, const char *name)
{
	return c->fields[column] >= 0 && str_equal(c->info->fields[c->fields[column]]->name, name);
}

static int column_of(const struct guess_candidate *c, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (is_field(c, i, name))
			return (int)i;
	return -1;
}

/* "#1001": what shops call their orders. */
static bool order_name(const char *text)
{
	size_t digits = strspn(text + (text[0] == '#'), "0123456789");
	return text[0] == '#' && digits >= 1 && digits <= 12;
}

/* A column headed "name" or so that holds such names. */
static enum err named_orders(struct lines_guess *g, const struct table_row *rows, size_t n_rows, int *ret)
{
	for (size_t i = 0; i < g->columns->n && *ret < 0; i++) {
		const char *folded = NULL;
		size_t filled = 0, fitting = 0;
		enum err err = guess_fold_bare(g->ctx, g->columns->names[i], &folded);
		if (err != OK)
			return err;
		if (!guess_among(g->ctx, "|name|id|number|no|名称|编号|", folded))
			continue;
		for (size_t r = 0; r < n_rows; r++) {
			bool some = i < rows[r].n && rows[r].cells[i].len > 0;
			filled += some;
			fitting += some && order_name(rows[r].cells[i].text);
		}
		if (filled > 0 && fitting * 10 >= filled * 9)
			*ret = (int)i;
	}
	return OK;
}

/* What of a customer stands in an order's row; the rest of such words is the order's. */
static bool customers_own(const struct guess_candidate *c, size_t column, const char *folded)
{
	static const char *const names[] = {"name", "phone", "email", "province", "city", "district", "employer", NULL};
	static const char *const numbers[] = {"customer", "client", "buyer", "member", "account", "客户", "会员", "买家", NULL};
	for (size_t i = 0; names[i] != NULL; i++)
		if (is_field(c, column, names[i]))
			return true;
	for (size_t i = 0; is_field(c, column, "number") && numbers[i] != NULL; i++)
		if (strstr(folded, numbers[i]) != NULL)
			return true;
	return false;
}

static void take(struct lines_guess *g, size_t column, const struct guess_candidate *c)
{
	g->ret[column] = (struct import_guess){c->info, c->fields[column]};
}

static void take_field(struct lines_guess *g, size_t column, const struct guess_candidate *c, const char *name)
{
	int at = entity_field(c->info, name);
	for (size_t i = 0; i < g->columns->n; i++)
		if (g->ret[i].info == c->info && g->ret[i].field == at)
			return;
	g->ret[column] = (struct import_guess){c->info, at};
}

/* The order's and the line's columns: the surer word, the line's where both are as sure. */
static void take_order(struct lines_guess *g, int number)
{
	for (size_t i = 0; i < g->columns->n; i++) {
		int order = g->order->fields[i] >= 0 ? g->order->scores[i] : 0, line = g->line->fields[i] >= 0 ? g->line->scores[i] : 0;
		if ((int)i == number)
			g->ret[i] = (struct import_guess){g->order->info, entity_field(g->order->info, "number")};
		else if (line > GUESS_SAMPLE && line >= order && !is_field(g->line, i, "order_id") && !is_field(g->line, i, "product_id"))
			take(g, i, g->line);
		else if (order > GUESS_SAMPLE && !is_field(g->order, i, "number") && !is_field(g->order, i, "customer_id"))
			take(g, i, g->order);
	}
	for (size_t i = 0; i < g->columns->n; i++)
		if (g->ret[i].info == NULL && is_field(g->line, i, "product_id"))
			take_field(g, i, g->line, "name");
}

static bool is_place(const struct lines_guess *g, size_t column)
{
	return g->address != NULL && g->address->scores[column] > GUESS_SAMPLE && (is_field(g->address, column, "street") || is_field(g->address, column, "postcode"));
}

static bool tells_apart(const struct lines_guess *g, size_t column)
{
	return is_field(g->customer, column, "phone") || is_field(g->customer, column, "email") || is_field(g->customer, column, "number");
}

/* One column that neither the order nor its line has. */
static enum err take_customer_column(struct lines_guess *g, size_t i, int *name, bool *known)
{
	const char *folded = NULL;
	enum err err = guess_fold_bare(g->ctx, g->columns->names[i], &folded);
	if (err != OK)
		return err;
	bool titled = is_field(g->customer, i, "name") || is_field(g->order, i, "customer_id") || guess_among(g->ctx, guess_receivers, folded);
	if (titled && *name < 0) {
		*name = (int)i;
	} else if (customers_own(g->customer, i, folded)) {
		take(g, i, g->customer);
		*known |= tells_apart(g, i);
	} else if (is_place(g, i)) {
		take(g, i, g->address);
	}
	return OK;
}

/* The customer, known by more than a name; a name alone is looked up, and made where there is none. */
static enum err take_customer(struct lines_guess *g)
{
	bool known = false;
	int name = -1;
	for (size_t i = 0; i < g->columns->n; i++) {
		enum err err = g->ret[i].info == NULL ? take_customer_column(g, i, &name, &known) : OK;
		if (err != OK)
			return err;
	}
	for (size_t i = 0; !known && i < g->columns->n; i++)
		if (g->ret[i].info == g->customer->info || (g->address != NULL && g->ret[i].info == g->address->info))
			g->ret[i] = (struct import_guess){.info = NULL, .field = -1};
	if (name >= 0)
		take_field(g, (size_t)name, known ? g->customer : g->order, known ? "name" : "customer_id");
	return OK;
}

/* An order's line says what of, and how many or for how much. */
static bool has_lines(const struct lines_guess *g)
{
	size_t n = g->columns->n;
	bool counted = column_of(g->line, n, "quantity") >= 0, priced = column_of(g->line, n, "unit_price") >= 0;
	bool titled = column_of(g->line, n, "name") >= 0 || column_of(g->line, n, "sku") >= 0 || column_of(g->line, n, "product_id") >= 0;
	/* our own export of lines: of orders that are there */
	int link = column_of(g->line, n, "order_id"), position = column_of(g->line, n, "position");
	if (link >= 0 && position >= 0 && g->line->scores[link] >= GUESS_LABEL && g->line->scores[position] >= GUESS_LABEL)
		return false;
	return titled ? counted || priced : counted && priced;
}

static int fit(const struct lines_guess *g, int number)
{
	int sum = 0;
	for (size_t i = 0; i < g->columns->n; i++) {
		int one = g->order->fields[i] >= 0 ? g->order->scores[i] : 0, other = g->line->fields[i] >= 0 ? g->line->scores[i] : 0;
		sum += (int)i == number ? GUESS_WORD : one > other ? one : other;
	}
	return sum;
}

enum err guess_order_lines(struct ctx *ctx, const struct plan_columns *columns, const struct table_row *rows, size_t n_rows,
                           const struct guess_candidate *list, size_t n, int best_sum, struct import_guess *ret, bool *ret_is)
{
	struct lines_guess g = {ctx, columns, candidate_of(list, n, "order"), candidate_of(list, n, "order_line"),
	                        candidate_of(list, n, "customer"), candidate_of(list, n, "address"), ret};
	*ret_is = false;
	if (g.order == NULL || g.line == NULL || g.customer == NULL)
		return OK;
	int number = column_of(g.order, columns->n, "number");
	enum err err = number < 0 ? named_orders(&g, rows, n_rows, &number) : OK;
	if (err != OK || number < 0 || !has_lines(&g) || fit(&g, number) < best_sum)
		return err;
	*ret_is = true;
	take_order(&g, number);
	return take_customer(&g);
}
