/* What came of it: who got it and who did not and why; and what they did afterwards, measured against those who got nothing. */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "base/id.h"
#include "base/jsonw.h"
#include "base/decimal.h"
#include "base/str.h"
#include "base/timeutil.h"
#include "campaigns/campaigns_internal.h"
#include "campaigns_sql.h"
#include "models/models.h"

struct arm {
	int64_t variant_id; /* 0 with `control`: nobody's */
	bool control;
	const char *name;
	int64_t n, sent, unsure, failed, skipped, open, buyers, orders, revenue, left;
	double squares;
};

struct results {
	struct campaign_lines lines;
	struct arm arms[CAMPAIGN_VARIANTS_MAX + 2]; /* control first */
	size_t n_arms;
};

static enum err get_campaign(struct ctx *ctx, const struct http_request *req, struct record **ret)
{
	static const char *const needed[] = {"campaign_id", "state", "reason", "variant_id"};
	const struct entity_info *info = registry_find(ctx->registry, "campaign_recipient");
	int64_t id;
	if (!id_parse(req->params[0], &id))
		return fail_arg(ctx, ERR_NOT_FOUND, "", "not_found", "campaign");
	enum err err = record_get(ctx, registry_find(ctx->registry, "campaign"), id, ACTION_READ, ret);
	bool sees = err == OK && entity_scope(ctx->actor, info, ACTION_READ) == SCOPE_ALL; /* sums tell of everybody */
	for (size_t i = 0; sees && i < sizeof(needed) / sizeof(needed[0]); i++)
		sees = entity_field_right(ctx->actor, info, entity_field(info, needed[i])) >= RIGHT_READ;
	return err || sees ? err : fail_arg(ctx, ERR_FORBIDDEN, "", "forbidden", "campaign_recipient");
}

static bool sees(const struct ctx *ctx, const char *field)
{
	const struct entity_info *info = registry_find(ctx->registry, "campaign_recipient");
	return entity_field_right(ctx->actor, info, entity_field(info, field)) >= RIGHT_READ;
}

static struct arm *arm_of(struct results *r, const struct campaign_line *line)
{
	if (str_equal(line->state, "control"))
		return &r->arms[0];
	for (size_t i = 1; i < r->n_arms; i++) {
		if (r->arms[i].variant_id == line->variant_id)
			return &r->arms[i];
	}
	return &r->arms[r->n_arms - 1];
}

/* Those that were left out before lots were drawn belong to no arm; whoever had drawn one stays in it, whatever became of the mail. */
static bool drawn(const struct campaign_line *line)
{
	static const char *const later[] = {"server", "bounced", "bad_address", "not_rendered", "no_content", "stopped", "ended", "by_hand", "other"};
	if (!str_equal(line->state, "skipped") || line->variant_id != 0)
		return true;
	for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++) {
		if (str_equal(later[i], line->reason))
			return true;
	}
	return false;
}

static void add(struct arm *a, const struct campaign_line *l)
{
	a->n += l->n;
	a->buyers += l->buyers;
	a->orders += l->orders;
	a->revenue += l->revenue;
	a->squares += l->squares;
	a->left += l->left;
	a->sent += str_equal(l->state, "sent") ? l->n : 0;
	a->unsure += str_equal(l->state, "unsure") ? l->n : 0;
	a->failed += str_equal(l->state, "failed") ? l->n : 0;
	a->skipped += str_equal(l->state, "skipped") ? l->n : 0;
	a->open += str_equal(l->state, "waiting") || str_equal(l->state, "queued") || str_equal(l->state, "ready") ? l->n : 0;
}

static enum err make_arms(struct ctx *ctx, int64_t campaign_id, struct results *r)
{
	struct campaign_arm variants[CAMPAIGN_VARIANTS_MAX];
	size_t n;
	enum err err = campaign_arms(ctx, campaign_id, variants, &n);
	r->arms[r->n_arms++] = (struct arm){.control = true};
	for (size_t i = 0; !err && i < n; i++) {
		struct record *variant;
		err = record_load(ctx, registry_find(ctx->registry, "campaign_variant"), variants[i].variant_id, &variant);
		r->arms[r->n_arms++] = (struct arm){.variant_id = variants[i].variant_id, .name = err ? NULL : record_text(variant, "name")};
	}
	if (n == 0)
		r->arms[r->n_arms++] = (struct arm){0};
	for (size_t i = 0; !err && i < r->lines.n; i++) {
		if (drawn(&r->lines.list[i]))
			add(arm_of(r, &r->lines.list[i]), &r->lines.list[i]);
	}
	return err;
}

/* --- figures ------------------------------------------------------------------------------------ */

static void put_real(struct jsonw *w, const char *key, double value)
{
	jsonw_key(w, key);
	jsonw_real(w, value);
}

static void put_money(struct ctx *ctx, struct jsonw *w, const char *key, int64_t minor)
{
	jsonw_key(w, key);
	jsonw_decimal(w, minor, currency_scale(registry_base_currency(ctx->registry)));
}

static struct model_arm proportion(const struct arm *a)
{
	return (struct model_arm){.n = (double)a->n, .sum = (double)a->buyers};
}

static struct model_arm mean(const struct arm *a, double unit)
{
	double n = (double)a->n, sum = (double)a->revenue / unit, squares = a->squares / unit / unit;
	return (struct model_arm){.n = n, .sum = sum, .squares = n > 0 ? fmax(0, squares - sum * sum / n) : 0};
}

static void put_arm(struct ctx *ctx, struct jsonw *w, const struct arm *a, bool money, double unit)
{
	jsonw_object(w);
	jsonw_kv_bool(w, "control", a->control);
	if (a->variant_id != 0) {
		jsonw_kv_id(w, "variant_id", a->variant_id);
		jsonw_kv_text(w, "name", a->name);
	}
	jsonw_kv_int(w, "n", a->n);
	jsonw_kv_int(w, "sent", a->sent);
	jsonw_kv_int(w, "unsure", a->unsure);
	jsonw_kv_int(w, "failed", a->failed);
	jsonw_kv_int(w, "skipped", a->skipped);
	jsonw_kv_int(w, "open", a->open);
	jsonw_kv_int(w, "unsubscribed", a->left);
	jsonw_kv_int(w, "buyers", a->buyers);
	jsonw_kv_int(w, "orders", a->orders);
	put_real(w, "rate", a->n > 0 ? (double)a->buyers / (double)a->n : 0);
	if (money) {
		put_money(ctx, w, "revenue", a->revenue);
		put_real(w, "per_head", a->n > 0 ? (double)a->revenue / unit / (double)a->n : 0);
	}
	jsonw_end_object(w);
}

static void put_test(struct jsonw *w, const char *key, const struct model_test *t, bool good, double p)
{
	jsonw_key(w, key);
	if (!good) {
		jsonw_null(w);
		return;
	}
	jsonw_object(w);
	put_real(w, "control", t->control);
	put_real(w, "arm", t->arm);
	put_real(w, "difference", t->difference);
	put_real(w, "low", t->low);
	put_real(w, "high", t->high);
	put_real(w, "uplift", t->uplift);
	put_real(w, "uplift_low", t->uplift_low);
	put_real(w, "uplift_high", t->uplift_high);
	put_real(w, "p", t->p);
	put_real(w, "p_adjusted", p);
	put_real(w, "always_p", t->always_p);
	put_real(w, "always_low", t->always_low);
	put_real(w, "always_high", t->always_high);
	jsonw_end_object(w);
}

struct comparison {
	struct model_test rate, money;
	bool rate_good, money_good;
};

/* What cannot be compared (too few, nobody or everybody bought) is told as nothing, not as an error. */
static enum err compare(struct ctx *ctx, const struct arm *control, const struct arm *arm, double unit, struct comparison *ret)
{
	const struct faults before = ctx->faults;
	*ret = (struct comparison){.rate_good = false};
	enum err err = model_two_proportions(ctx, proportion(control), proportion(arm), 0.95, 0.01, &ret->rate);
	ret->rate_good = err == OK;
	if (err == OK || err == ERR_INVALID)
		err = model_two_means(ctx, mean(control, unit), mean(arm, unit), 0.95, 1, &ret->money);
	ret->money_good = err == OK;
	if (err != ERR_INVALID && err != OK)
		return err;
	ctx->faults = before;
	return OK;
}

static enum err adjust(struct ctx *ctx, const struct comparison *list, size_t n, double *rate, double *money)
{
	for (size_t i = 0; i < n; i++) {
		rate[i] = list[i].rate_good ? list[i].rate.p : 1;
		money[i] = list[i].money_good ? list[i].money.p : 1;
	}
	enum err err = model_holm(ctx, rate, n);
	return err ? err : model_holm(ctx, money, n);
}

static void put_return(struct ctx *ctx, struct jsonw *w, const struct record *campaign, const struct arm *all, const struct comparison *whole, double unit)
{
	int64_t contacts = all->sent + all->unsure, cost = record_i64(campaign, "cost_per_contact") * contacts;
	put_money(ctx, w, "cost", cost);
	if (!whole->money_good)
		return;
	double n = (double)all->n, spent = (double)cost / unit;
	put_real(w, "gain", whole->money.difference * n);
	put_real(w, "gain_low", whole->money.low * n);
	put_real(w, "gain_high", whole->money.high * n);
	if (spent > 0)
		put_real(w, "return", (whole->money.difference * n - spent) / spent);
}

/* All that somebody got, as one arm. */
static struct arm whole_of(const struct results *r)
{
	struct arm all = {0};
	for (size_t i = 1; i < r->n_arms; i++) {
		const struct arm *a = &r->arms[i];
		struct campaign_line sum = {0, a->n, a->buyers, a->orders, a->revenue, a->left, a->squares, "", ""};
		add(&all, &sum);
		all.sent += a->sent;
		all.unsure += a->unsure;
	}
	return all;
}

static void put_comparison(struct jsonw *w, const struct arm *arm, const struct comparison *c, double rate, double money, bool sees_money)
{
	jsonw_object(w);
	if (arm != NULL)
		jsonw_kv_text(w, "name", arm->name);
	else
		jsonw_kv_bool(w, "whole", true);
	put_test(w, "rate", &c->rate, c->rate_good, rate);
	if (sees_money)
		put_test(w, "per_head", &c->money, c->money_good, money);
	jsonw_end_object(w);
}

static enum err put_outcome(struct ctx *ctx, struct jsonw *w, const struct record *campaign, const struct results *r)
{
	struct comparison list[CAMPAIGN_VARIANTS_MAX + 2], whole;
	double rate[CAMPAIGN_VARIANTS_MAX + 2], money[CAMPAIGN_VARIANTS_MAX + 2], unit = pow(10, currency_scale(registry_base_currency(ctx->registry)));
	struct arm all = whole_of(r);
	size_t n = r->n_arms - 1;
	bool sees_money = sees(ctx, "revenue");
	enum err err = compare(ctx, &r->arms[0], &all, unit, &whole);
	jsonw_key(w, "arms");
	jsonw_array(w);
	for (size_t i = 0; !err && i < r->n_arms; i++) {
		put_arm(ctx, w, &r->arms[i], sees_money, unit);
		err = i > 0 ? compare(ctx, &r->arms[0], &r->arms[i], unit, &list[i - 1]) : OK;
	}
	jsonw_end_array(w);
	if (!err)
		err = adjust(ctx, list, n, rate, money);
	if (err)
		return err;
	jsonw_key(w, "comparisons");
	jsonw_array(w);
	for (size_t i = 0; i < n; i++)
		put_comparison(w, &r->arms[i + 1], &list[i], rate[i], money[i], sees_money);
	if (n > 1) /* else the one variant is the whole */
		put_comparison(w, NULL, &whole, whole.rate.p, whole.money.p, sees_money);
	jsonw_end_array(w);
	if (sees_money)
		put_return(ctx, w, campaign, &all, &whole, unit);
	return OK;
}

static void put_lines(struct jsonw *w, const struct results *r)
{
	jsonw_key(w, "states");
	jsonw_array(w);
	for (size_t i = 0; i < r->lines.n; i++) {
		const struct campaign_line *l = &r->lines.list[i];
		jsonw_object(w);
		if (l->variant_id != 0)
			jsonw_kv_id(w, "variant_id", l->variant_id);
		jsonw_kv_text(w, "state", l->state);
		jsonw_kv_text(w, "reason", l->reason);
		jsonw_kv_int(w, "n", l->n);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
}

static enum err results(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct results *r = arena_alloc(ctx->arena, sizeof(*r));
	char as_of[TIME_TEXT_MAX];
	struct record *campaign;
	struct jsonw w;
	if (r == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	memset(r, 0, sizeof(*r));
	enum err err = get_campaign(ctx, req, &campaign);
	if (!err)
		err = campaign_lines_read(ctx, record_id(campaign), &r->lines);
	if (!err)
		err = make_arms(ctx, record_id(campaign), r);
	if (err)
		return err;
	http_set_header(res, "Cache-Control", "no-store");
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	(void)time_format(r->lines.as_of, as_of);
	jsonw_kv_text(&w, "as_of", as_of);
	put_lines(&w, r);
	if (sees(ctx, "orders"))
		err = put_outcome(ctx, &w, campaign, r);
	jsonw_end_object(&w);
	return err;
}

/* --- closed loop ------------------------------------------------------------------------------------ */

static const struct {
	const char *name, *where;
} groups[] = {
	{"bought", "{\"field\":\"state\",\"op\":\"in\",\"value\":[\"sent\",\"unsure\"]},{\"field\":\"orders\",\"op\":\"gt\",\"value\":\"0\"}"},
	{"silent", "{\"field\":\"state\",\"op\":\"in\",\"value\":[\"sent\",\"unsure\"]},{\"field\":\"orders\",\"op\":\"eq\",\"value\":\"0\"}"},
	{"reached", "{\"field\":\"state\",\"op\":\"in\",\"value\":[\"sent\",\"unsure\"]}"},
	{"control", "{\"field\":\"state\",\"op\":\"eq\",\"value\":\"control\"}"},
	{"failed", "{\"field\":\"state\",\"op\":\"eq\",\"value\":\"failed\"}"},
	{"not_sent", "{\"field\":\"state\",\"op\":\"eq\",\"value\":\"skipped\"}"},
	{"unsubscribed", "{\"field\":\"unsubscribed_at\",\"op\":\"is\",\"value\":\"not_null\"}"},
};

struct loop_body {
	const char *group, *name;
};

static const struct spec loop_specs[] = {
	{"group", SPEC_TEXT, offsetof(struct loop_body, group), true, 40, "bought, silent, reached, control, failed, not_sent, unsubscribed"},
	{"name", SPEC_TEXT, offsetof(struct loop_body, name), true, 400, "of the segment"},
	{.name = NULL},
};

static enum err make_segment(struct ctx *ctx, int64_t campaign_id, const char *where, const char *name, int64_t *ret)
{
	struct record *r;
	const char *condition = arena_printf(ctx->arena, "{\"related\":\"campaign_recipients\",\"where\":{\"all\":[{\"field\":\"campaign_id\",\"op\":\"eq\",\"value\":\"%lld\"},%s]}}",
	                                     (long long)campaign_id, where);
	enum err err = condition != NULL ? record_new(ctx, registry_find(ctx->registry, "segment"), &r) : fail(ctx, ERR_LIMIT, "", "memory");
	if (!err)
		err = record_set(ctx, r, "name", value_text(name));
	if (!err)
		err = record_set(ctx, r, "entity", value_text("customer"));
	if (!err)
		err = record_set(ctx, r, "condition", value_text(condition));
	if (!err)
		err = record_set(ctx, r, "live", value_text("false"));
	if (!err)
		err = record_create(ctx, r, 0);
	*ret = err ? 0 : record_id(r);
	return err;
}

static enum err to_segment(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct loop_body body = {0};
	struct record *campaign;
	struct jsonw w;
	int64_t id = 0;
	const char *where = NULL;
	enum err err = http_read_body(ctx, req, &body);
	for (size_t i = 0; !err && i < sizeof(groups) / sizeof(groups[0]); i++)
		where = str_equal(groups[i].name, body.group) ? groups[i].where : where;
	if (!err && where == NULL)
		err = fail_arg(ctx, ERR_INVALID, "group", "campaign_group", body.group);
	if (!err)
		err = get_campaign(ctx, req, &campaign);
	if (!err)
		err = make_segment(ctx, record_id(campaign), where, body.name, &id);
	if (!err)
		err = services_wake(ctx, "segments");
	if (err)
		return err;
	http_status(res, 201);
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_id(&w, "id", id);
	jsonw_end_object(&w);
	return OK;
}

const struct route campaign_result_routes[] = {
	{.method = METHOD_GET, .pattern = "/api/v1/campaigns/*/results", .lane = LANE_READ, .door = DOOR_SIGNED_IN, .handle = results,
	 .doc = "Who got a campaign and who did not and why; what they bought afterwards against the control group, with intervals."},
	{.method = METHOD_POST, .pattern = "/api/v1/campaigns/*/segment", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = to_segment, .specs = loop_specs,
	 .doc = "Makes a segment of those of a campaign who bought, did not, were not reached …"},
	{.pattern = NULL},
};
