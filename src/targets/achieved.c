/* How far targets are: sums by the query builder over what each measures, so that rights and engines are those of every list. */
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/id.h"
#include "base/jsonw.h"
#include "base/map.h"
#include "base/str.h"
#include "base/timeutil.h"
#include "core/rest/query.h"
#include "targets/targets_internal.h"

enum { MEASURES = 4, SCOPES = 4 };

static const struct measure {
	const char *name, *entity, *select, *filter, *at;
	bool days;    /* its moment is a day */
	const char *field; /* must be seen */
	bool count;
} measures[MEASURES] = {
	{"orders", "order", "sum:total_base.sum()", "state=not.in.(draft,cancelled)", "placed_at", false, "total_base", false},
	{"received", "receipt", "sum:amount_base.sum(),kind", "state=eq.received", "received_on", true, "amount_base", false},
	{"won", "opportunity", "sum:amount_base.sum()", "state=eq.won", "closed_at", false, "amount_base", false},
	{"won_count", "opportunity", "sum:count()", "state=eq.won", "closed_at", false, "state", true},
};

static const struct scope_kind {
	const char *name;
	enum scope least; /* whose reading shows all that such a target counts */
} scope_kinds[SCOPES] = {{"person", SCOPE_OWN}, {"team", SCOPE_TEAM}, {"branch", SCOPE_BRANCH}, {"firm", SCOPE_ALL}};

struct goal {
	int64_t id, whose, goal, done;
	char *title; /* its own */
	const char *measure, *scope;
	bool known;
};

struct tally {
	struct goal *list;
	size_t n;
	struct map sums; /* of {measure, scope, id} */
	size_t measure, scope;
};

static const char *text_at(const struct query_row *row, size_t column)
{
	return row->values[column].kind == VALUE_TEXT ? row->values[column].t.p : "";
}

static int64_t number_at(const struct query_row *row, size_t column)
{
	return row->values[column].kind == VALUE_INT ? row->values[column].i : 0;
}

static enum err run(struct ctx *ctx, const char *entity, const char *raw, query_row_fn fn, void *arg)
{
	struct query_options options = {.action = ACTION_READ, .all_rows = true, .no_children = true, .range_first = -1, .range_last = -1};
	struct query *query;
	if (raw == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	enum err err = query_parse(ctx, registry_find(ctx->registry, entity), raw, &options, &query);
	return err == OK ? query_run(ctx, query, fn, arg) : err;
}

static int measure_at(const char *name)
{
	for (int i = 0; i < MEASURES; i++) {
		if (str_equal(measures[i].name, name))
			return i;
	}
	return -1;
}

static int scope_at(const char *name)
{
	for (int i = 0; i < SCOPES; i++) {
		if (str_equal(scope_kinds[i].name, name))
			return i;
	}
	return -1;
}

/* What is taken of the arena while rows are read is gone afterwards: words are the descriptors' own, titles are kept aside. */
static enum err add_goal(struct ctx *ctx, const struct query_row *row, void *arg)
{
	struct tally *w = arg;
	int measure = measure_at(text_at(row, 2)), scope = scope_at(text_at(row, 3));
	if (measure < 0 || scope < 0)
		return OK;
	if (w->n >= TARGET_ROWS_MAX)
		return fail(ctx, ERR_LIMIT, "", "target_many");
	const char *field = target_scope_field(scope_kinds[scope].name);
	size_t whose = field == NULL ? 0 : str_equal(field, "owner_id") ? 5 : str_equal(field, "team_id") ? 6 : 7;
	w->list[w->n++] = (struct goal){.id = number_at(row, 0), .title = strdup(text_at(row, 1)), .measure = measures[measure].name,
		.scope = scope_kinds[scope].name, .goal = number_at(row, 4), .whose = whose != 0 ? number_at(row, whose) : 0};
	return OK;
}

static enum err add_sum(struct ctx *ctx, const struct query_row *row, void *arg)
{
	struct tally *w = arg;
	const struct measure *m = &measures[w->measure];
	bool kinds = strstr(m->select, "kind") != NULL, by = target_scope_field(scope_kinds[w->scope].name) != NULL;
	int64_t key[3] = {(int64_t)w->measure, (int64_t)w->scope, by ? number_at(row, kinds ? 2 : 1) : 0}, sum = 0, value = number_at(row, 0);
	if (by && key[2] == 0)
		return OK; /* nobody's */
	if (kinds && str_equal(text_at(row, 1), "refund"))
		value = -value;
	if (!map_get(&w->sums, key, sizeof(key), &sum))
		sum = 0;
	return map_put(&w->sums, key, sizeof(key), sum + value) ? OK : fail(ctx, ERR_LIMIT, "", "memory");
}

static bool sees(struct ctx *ctx, const struct measure *m, const struct scope_kind *scope)
{
	const struct entity_info *info = registry_find(ctx->registry, m->entity);
	return info != NULL && entity_scope(ctx->actor, info, ACTION_READ) >= scope->least && entity_field_right(ctx->actor, info, entity_field(info, m->field)) >= RIGHT_READ;
}

/* "placed_at=gte.…&placed_at=lt.…": days of the firm. */
static enum err between(struct ctx *ctx, const struct measure *m, const char *from, const char *until, const char **ret)
{
	char next[RECEIVABLES_DAY_BYTES], a[TIME_TEXT_MAX], b[TIME_TEXT_MAX];
	int64_t at = 0;
	enum err err = receivables_day_after(ctx, until, 1, next);
	*ret = NULL;
	if (err == OK && m->days) {
		*ret = arena_printf(ctx->arena, "%s=gte.%s&%s=lt.%s", m->at, from, m->at, next);
		return *ret != NULL ? OK : fail(ctx, ERR_LIMIT, "", "memory");
	}
	if (err == OK)
		err = receivables_moment(ctx, from, 0, &at);
	time_format(at, a);
	if (err == OK)
		err = receivables_moment(ctx, next, 0, &at);
	time_format(at, b);
	*ret = err == OK ? arena_printf(ctx->arena, "%s=gte.%s&%s=lt.%s", m->at, a, m->at, b) : NULL;
	return err == OK && *ret == NULL ? fail(ctx, ERR_LIMIT, "", "memory") : err;
}

static enum err sum_one(struct ctx *ctx, struct tally *w, const char *from, const char *until)
{
	const struct measure *m = &measures[w->measure];
	const char *by = target_scope_field(scope_kinds[w->scope].name), *span;
	bool wanted = false;
	for (size_t i = 0; i < w->n; i++)
		wanted |= w->list[i].measure == m->name && w->list[i].scope == scope_kinds[w->scope].name;
	if (!wanted || !sees(ctx, m, &scope_kinds[w->scope]))
		return OK;
	for (size_t i = 0; i < w->n; i++)
		w->list[i].known |= w->list[i].measure == m->name && w->list[i].scope == scope_kinds[w->scope].name;
	enum err err = between(ctx, m, from, until, &span);
	const char *raw = err == OK ? arena_printf(ctx->arena, "select=%s%s%s&%s&%s", m->select, by != NULL ? "," : "", by != NULL ? by : "", m->filter, span) : NULL;
	return err == OK ? run(ctx, m->entity, raw, add_sum, w) : err;
}

/* Somebody who reads their own alone is told of their own alone. */
static void fill(struct ctx *ctx, struct tally *w)
{
	for (size_t i = 0; i < w->n; i++) {
		struct goal *g = &w->list[i];
		const struct measure *m = &measures[measure_at(g->measure)];
		int64_t key[3] = {measure_at(g->measure), scope_at(g->scope), g->whose}, sum;
		enum scope reads = entity_scope(ctx->actor, registry_find(ctx->registry, m->entity), ACTION_READ);
		bool own = reads == SCOPE_OWN && str_equal(g->scope, "person") && (ctx->actor == NULL || ctx->actor->user_id != g->whose);
		g->known = g->known && !own;
		if (g->known && map_get(&w->sums, key, sizeof(key), &sum))
			g->done = sum;
	}
}

static int by_share(const void *a, const void *b)
{
	const struct goal *x = a, *y = b;
	__int128 left = (__int128)x->done * y->goal, right = (__int128)y->done * x->goal;
	if (x->known != y->known)
		return x->known ? -1 : 1;
	return left != right ? (left < right ? 1 : -1) : (x->id > y->id) - (x->id < y->id);
}

static enum err put_name(struct ctx *ctx, struct jsonw *w, const struct goal *g)
{
	const struct entity_info *info = registry_find(ctx->registry, target_entity.name), *target;
	const char *field = target_scope_field(g->scope), *name = NULL;
	struct record *record;
	enum err err = OK;
	if (field != NULL && g->whose != 0) {
		target = entity_link(info, entity_field(info, field));
		err = record_get(ctx, target, g->whose, ACTION_READ, &record);
		if (err == OK && target->title >= 0 && record->set[target->title] && record->values[target->title].kind == VALUE_TEXT)
			name = record->values[target->title].t.p;
		if (err == ERR_NOT_FOUND || err == ERR_FORBIDDEN) {
			faults_clear(ctx);
			err = OK;
		}
	}
	jsonw_kv_text(w, "name", name);
	return err;
}

static enum err put_goal(struct ctx *ctx, struct jsonw *w, const struct goal *g)
{
	const struct measure *m = &measures[measure_at(g->measure)];
	int scale = m->count ? 0 : currency_scale(registry_base_currency(ctx->registry));
	jsonw_object(w);
	jsonw_kv_id(w, "id", g->id);
	jsonw_kv_text(w, "title", g->title);
	jsonw_kv_text(w, "measure", g->measure);
	jsonw_kv_text(w, "scope", g->scope);
	if (g->whose != 0)
		jsonw_kv_id(w, "whose", g->whose);
	enum err err = put_name(ctx, w, g);
	jsonw_key(w, "goal");
	jsonw_decimal(w, g->goal, TARGET_GOAL_SCALE);
	jsonw_key(w, "achieved");
	if (g->known)
		jsonw_decimal(w, g->done, scale);
	else
		jsonw_null(w);
	jsonw_end_object(w);
	return err;
}

static enum err answer(struct ctx *ctx, struct http_response *res, struct tally *w, const char *from, const char *until)
{
	char today[RECEIVABLES_DAY_BYTES];
	int64_t a, b, now;
	struct jsonw out;
	enum err err = receivables_today(ctx, 0, today);
	if (err == OK && (!time_parse(from, &a) || !time_parse(until, &b) || !time_parse(today, &now)))
		err = fail(ctx, ERR_BUG, "", "day");
	if (err != OK)
		return err;
	qsort(w->list, w->n, sizeof(*w->list), by_share);
	jsonw_init(&out, http_body(res));
	jsonw_object(&out);
	jsonw_kv_text(&out, "currency", registry_base_currency(ctx->registry));
	jsonw_kv_text(&out, "from", from);
	jsonw_kv_text(&out, "until", until);
	jsonw_kv_int(&out, "days", (b - a) / DAY_MS + 1);
	jsonw_kv_int(&out, "elapsed", now < a ? 0 : now > b ? (b - a) / DAY_MS + 1 : (now - a) / DAY_MS + 1);
	jsonw_key(&out, "rows");
	jsonw_array(&out);
	for (size_t i = 0; err == OK && i < w->n; i++)
		err = put_goal(ctx, &out, &w->list[i]);
	jsonw_end_array(&out);
	jsonw_end_object(&out);
	return err;
}

static enum err gather(struct ctx *ctx, struct tally *w, const char *period, const char *from, const char *until)
{
	enum err err = run(ctx, target_entity.name,
		arena_printf(ctx->arena, "select=id,title,measure,scope,goal,owner_id,team_id,branch_id&period=eq.%s&starts_on=eq.%s", period, from), add_goal, w);
	for (w->measure = 0; err == OK && w->measure < MEASURES; w->measure++) {
		for (w->scope = 0; err == OK && w->scope < SCOPES; w->scope++)
			err = sum_one(ctx, w, from, until);
	}
	if (err == OK)
		fill(ctx, w);
	return err;
}

enum err targets_achieved_get(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	const struct entity_info *info = registry_find(ctx->registry, target_entity.name);
	const char *period = http_query(ctx, req, "period", 0), *on = http_query(ctx, req, "on", 0);
	char today[RECEIVABLES_DAY_BYTES], from[RECEIVABLES_DAY_BYTES], until[RECEIVABLES_DAY_BYTES];
	struct tally w = {.list = arena_array(ctx->arena, TARGET_ROWS_MAX, sizeof(*w.list))};
	static const char *const needed[] = {"goal", "measure", "scope", "period", "starts_on", "title", "owner_id", "team_id", "branch_id"};
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		if (entity_field_right(ctx->actor, info, entity_field(info, needed[i])) < RIGHT_READ)
			return fail(ctx, ERR_FORBIDDEN, "", "forbidden");
	}
	if (w.list == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	enum err err = receivables_today(ctx, 0, today);
	if (err == OK)
		err = target_span(ctx, period != NULL ? period : "month", on != NULL ? on : today, from, until);
	if (err != OK)
		return err;
	map_init(&w.sums, 3, 4); /* keys are ours */
	err = gather(ctx, &w, period != NULL ? period : "month", from, until);
	if (err == OK)
		err = answer(ctx, res, &w, from, until);
	map_release(&w.sums);
	for (size_t i = 0; i < w.n; i++)
		free(w.list[i].title);
	return err;
}
