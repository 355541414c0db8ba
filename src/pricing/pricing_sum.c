/* From lines to a document: taxes by the firm's way, and sums. */
#include "base/decimal.h"
#include "base/str.h"
#include "pricing/pricing_work.h"

static const struct option strategies[] = {
	{"first", {"The first book that has a price", "第一个有价格的价目表"}, NULL},
	{"lowest", {"The lowest price of all books", "所有价目表中的最低价"}, NULL},
	{0},
};

static const struct option ways[] = {
	{"net_first", {"China: each line's net from its gross, tax the rest", "中国增值税：逐行由含税价算不含税额，税额为差额"}, NULL},
	{"per_line", {"Tax is rounded line by line", "税额逐行舍入"}, NULL},
	{"per_document", {"Tax is rounded once, on the whole", "税额按整单舍入一次"}, NULL},
	{"total_first", {"The total is rounded first, net is the rest", "先舍入总额，不含税额为差额"}, NULL},
	{0},
};

enum { SET_STRATEGY, SET_WAY, SET_INCLUDED };
#define PRICES {"Prices and taxes", "价格与税"}

const struct setting pricing_settings[] = {
	[SET_STRATEGY] = {.name = "pricing.strategy", .type = SETTING_CHOICE, .options = strategies, .fallback = "first", .flags = SETTING_OPEN, .group = PRICES,
		.label = {"Where several price books hold", "多个价目表同时适用时"}, .help = {"For each quantity; books come by their place.", "按每个起订数量；价目表按其顺序。"}},
	[SET_WAY] = {.name = "pricing.tax_way", .type = SETTING_CHOICE, .options = ways, .fallback = "net_first", .flags = SETTING_OPEN, .group = PRICES,
		.label = {"How taxes are rounded", "税额舍入方式"}, .help = {"Cents differ between countries; documents made earlier keep theirs.", "各国规则不同，会差一分钱；已生成的单据不受影响。"}},
	[SET_INCLUDED] = {.name = "pricing.tax_included", .type = SETTING_BOOL, .fallback = "true", .flags = SETTING_OPEN, .group = PRICES,
		.label = {"Prices include tax", "价格含税"}},
	{.name = NULL},
};

static void settle_tax(struct pricing_work *w, struct pricing_line *line)
{
	const struct pricing_work_tax *found = NULL;
	for (size_t i = 0; i < w->n_taxes; i++) {
		if (w->taxes[i].id == line->tax_id || (found == NULL && line->tax_id == 0 && w->taxes[i].is_default))
			found = &w->taxes[i];
	}
	line->tax_percent = found != NULL ? found->percent : fraction_of(0);
	line->tax_name = found != NULL ? found->name : NULL;
	line->tax_id = found != NULL ? found->id : 0;
	line->tax = (struct tax){.kind = TAX_PERCENT, .amount = line->tax_percent, .in_price = w->result->tax_included, .uses_raised = true};
}

/* The fault's field names this line of the request. */
static enum err check_want(struct pricing_work *w, size_t i)
{
	const struct pricing_want *want = &w->request->lines[i];
	if (fraction_sign(want->quantity) <= 0)
		fault_add(w->ctx, ERR_INVALID, pricing_work_field(w, i, "quantity"), "not_positive", NULL);
	if (want->by_hand && fraction_sign(want->price) < 0)
		fault_add(w->ctx, ERR_INVALID, pricing_work_field(w, i, "price"), "pricing_below_zero", NULL);
	if (fraction_sign(want->percent_off) < 0 || fraction_compare(want->percent_off, fraction_of(100)) > 0)
		fault_add(w->ctx, ERR_INVALID, pricing_work_field(w, i, "discount_percent"), "pricing_percent", NULL);
	return OK;
}

static enum err begin(struct pricing_work *w)
{
	struct pricing_result *r = w->result;
	const struct pricing_request *q = w->request;
	const char *way;
	r->currency = str_empty(q->currency) ? registry_base_currency(w->ctx->registry) : q->currency;
	if (!currency_known(r->currency))
		return fail_arg(w->ctx, ERR_INVALID, "currency", "pricing_currency", r->currency);
	r->scale = currency_scale(r->currency);
	r->tax_included = setting_int(w->ctx, &pricing_settings[SET_INCLUDED]) != 0;
	w->strategy = setting_int(w->ctx, &pricing_settings[SET_STRATEGY]) == 1 ? PRICING_LOWEST : PRICING_FIRST;
	enum err err = setting_text(w->ctx, &pricing_settings[SET_WAY], &way);
	if (err == OK && !tax_way_named(way, &r->way))
		r->way = TAX_NET_FIRST;
	if (err == OK && q->n > PRICING_LINES_MAX)
		err = fail(w->ctx, ERR_LIMIT, "lines", "pricing_lines_many");
	if (err == OK && fraction_sign(q->discount) < 0)
		err = fail(w->ctx, ERR_INVALID, "discount", "pricing_below_zero");
	for (size_t i = 0; i < q->n && err == OK; i++)
		err = check_want(w, i);
	if (err == OK)
		err = faults_code(w->ctx);
	r->lines = arena_array(w->ctx->arena, q->n + 101, sizeof(*r->lines));
	r->n = q->n;
	return err == OK && r->lines == NULL ? pricing_work_no_memory(w) : err;
}

/* Who may not read what things are sold for, may not ask for it by another way. */
static enum err check_rights(struct pricing_work *w)
{
	const struct entity_info *info = registry_find(w->ctx->registry, "product");
	if (entity_scope(w->ctx->actor, info, ACTION_READ) != SCOPE_ALL || entity_field_right(w->ctx->actor, info, entity_field(info, "price")) < RIGHT_READ)
		return fail(w->ctx, ERR_FORBIDDEN, "", "forbidden");
	w->sees_cost = entity_field_right(w->ctx->actor, info, entity_field(info, "cost")) >= RIGHT_READ;
	return OK;
}

static enum err price_lines(struct pricing_work *w)
{
	const struct pricing_request *q = w->request;
	for (size_t i = 0; i < q->n; i++) {
		struct pricing_line *line = &w->result->lines[i];
		const struct pricing_want *want = &q->lines[i];
		const struct pricing_work_product *p = pricing_work_product(w, line->product_id);
		line->quantity = want->quantity;
		line->percent_off = want->percent_off;
		line->unit = want->unit != NULL ? want->unit : "";
		line->sku = p != NULL ? p->sku : "";
		line->name = want->name != NULL && *want->name != '\0' ? want->name : p != NULL ? p->name : "";
		line->category_id = p != NULL ? p->category_id : 0;
		line->tax_id = p != NULL ? p->tax_id : 0;
		line->price = want->price;
		line->list_price = line->cost = fraction_of(0);
		line->source = want->by_hand ? PRICING_BY_HAND : PRICING_LIST;
		line->no_promotion = want->no_promotion;
		/* faults of prices are told together; others end it */
		if (p != NULL && pricing_work_price(w, i, p) != OK && faults_code(w->ctx) != ERR_INVALID)
			return faults_code(w->ctx);
		if (p == NULL) {
			static const struct text2 by_hand = {"by hand", "手工录入"};
			line->why = pricing_work_say(w, &by_hand);
		}
	}
	return faults_code(w->ctx);
}

enum err pricing_work_sums(struct pricing_work *w)
{
	struct pricing_result *r = w->result;
	struct tax_doc doc = {.way = r->way, .step = fraction_scaled(1, r->scale), .discount = w->request->discount, .n = r->n};
	doc.lines = arena_array(w->ctx->arena, r->n + 1, sizeof(*doc.lines));
	if (doc.lines == NULL)
		return pricing_work_no_memory(w);
	for (size_t i = 0; i < r->n; i++) {
		struct pricing_line *line = &r->lines[i];
		struct fraction given = fraction_of(0);
		settle_tax(w, line);
		for (size_t k = 0; k < line->n_given; k++)
			given = fraction_add(given, line->given[k].amount);
		doc.lines[i] = (struct tax_doc_line){.price = line->price, .quantity = line->quantity, .discount_percent = line->percent_off, .discount = given,
		                                     .taxes = &line->tax, .n_taxes = line->tax_name != NULL ? 1 : 0};
	}
	enum err err = tax_document(w->ctx, &doc);
	for (size_t i = 0; i < r->n && err == OK; i++) {
		r->lines[i].net = doc.lines[i].net;
		r->lines[i].tax_amount = doc.lines[i].tax;
		r->lines[i].total = doc.lines[i].total;
		r->lines[i].off = doc.lines[i].off;
		r->discount = i == 0 ? doc.lines[i].off : fraction_add(r->discount, doc.lines[i].off);
	}
	if (r->n == 0)
		r->discount = fraction_of(0);
	r->net = doc.net;
	r->tax = doc.tax;
	r->total = doc.total;
	return err;
}

enum err pricing_work_out(struct ctx *ctx, const struct pricing_request *request, struct pricing_result *ret)
{
	struct pricing_work w = {.ctx = ctx, .request = request, .result = ret};
	*ret = (struct pricing_result){0};
	enum err err = check_rights(&w);
	if (err == OK)
		err = begin(&w);
	if (err == OK)
		err = pricing_work_load(&w);
	if (err == OK)
		err = price_lines(&w);
	if (err == OK)
		err = pricing_work_promotions(&w);
	return err == OK ? pricing_work_sums(&w) : err;
}
