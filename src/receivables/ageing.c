/* What is open, by how long it is overdue and by whom: sums by the query builder, so that rights and engines are those of every list. */
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/jsonw.h"
#include "base/map.h"
#include "base/str.h"
#include "core/rest/query.h"
#include "receivables/receivables_internal.h"

enum { BUCKETS = 6, GROUPS_MAX = 5000 };

/* Overdue by so many days; the first: not yet. */
static const struct {
	const char *name;
	int from, to;
} buckets[BUCKETS] = {{"not_due", 0, 0}, {"1_30", 1, 30}, {"31_60", 31, 60}, {"61_90", 61, 90}, {"91_180", 91, 180}, {"over_180", 181, 0}};

static const struct {
	const char *word, *field;
} groupings[] = {{"none", NULL}, {"customer", "customer_id"}, {"owner", "owner_id"}, {"team", "team_id"}, {"branch", "branch_id"}};

struct group {
	int64_t id, sums[BUCKETS], count[BUCKETS], unrated, total, overdue;
};

struct ageing {
	const char *field;
	struct group *groups;
	size_t n;
	struct map places;
	int bucket;
	struct group all;
};

static int64_t number(const struct query_row *row, size_t column)
{
	return row->values[column].kind == VALUE_INT ? row->values[column].i : 0;
}

static void add_to(struct group *g, int bucket, const struct query_row *row)
{
	int64_t n = number(row, 0), rated = number(row, 1), sum = number(row, 2);
	g->count[bucket] += n;
	g->sums[bucket] += sum;
	g->unrated += n - rated;
	g->total += sum;
	g->overdue += bucket > 0 ? sum : 0;
}

static enum err add_row(struct ctx *ctx, const struct query_row *row, void *arg)
{
	struct ageing *a = arg;
	int64_t id = a->field != NULL ? number(row, 3) : 0, at;
	if (!map_get(&a->places, &id, sizeof(id), &at)) {
		if (a->n >= GROUPS_MAX)
			return fail(ctx, ERR_LIMIT, "by", "ageing_many");
		at = (int64_t)a->n++;
		a->groups[at] = (struct group){.id = id};
		if (!map_put(&a->places, &id, sizeof(id), at))
			return fail(ctx, ERR_LIMIT, "", "memory");
	}
	add_to(&a->groups[at], a->bucket, row);
	add_to(&a->all, a->bucket, row);
	return OK;
}

/* "&overdue_on=…" of one bucket. */
static enum err range(struct ctx *ctx, const char *today, int bucket, const char **ret)
{
	char from[RECEIVABLES_DAY_BYTES], to[RECEIVABLES_DAY_BYTES];
	*ret = NULL;
	enum err err = receivables_day_after(ctx, today, -buckets[bucket].from, to);
	if (err == OK)
		err = receivables_day_after(ctx, today, -buckets[bucket].to, from);
	if (err != OK)
		return err;
	*ret = bucket == 0             ? arena_printf(ctx->arena, "&overdue_on=gte.%s", today)
	       : buckets[bucket].to == 0 ? arena_printf(ctx->arena, "&overdue_on=lte.%s", to)
	                                 : arena_printf(ctx->arena, "&overdue_on=gte.%s&overdue_on=lte.%s", from, to);
	return *ret != NULL ? OK : fail(ctx, ERR_LIMIT, "", "memory");
}

static enum err gather(struct ctx *ctx, struct ageing *a, const char *today, const char *filter, const char *const *ignore)
{
	struct query_options options = {.action = ACTION_READ, .all_rows = true, .no_children = true, .range_first = -1, .range_last = -1, .ignore = ignore};
	struct query *query;
	const char *days;
	enum err err = OK;
	for (a->bucket = 0; err == OK && a->bucket < BUCKETS; a->bucket++) {
		err = range(ctx, today, a->bucket, &days);
		const char *raw = err == OK ? arena_printf(ctx->arena, "%s%sstate=in.(open,partly)%s&select=n:count(),rated:open_base.count(),sum:open_base.sum()%s%s",
			filter, str_empty(filter) ? "" : "&", days, a->field != NULL ? "," : "", a->field != NULL ? a->field : "") : NULL;
		if (err == OK && raw == NULL)
			err = fail(ctx, ERR_LIMIT, "", "memory");
		if (err == OK)
			err = query_parse(ctx, registry_find(ctx->registry, receivable_entity.name), raw, &options, &query);
		if (err == OK)
			err = query_run(ctx, query, add_row, a);
	}
	return err;
}

static int by_overdue(const void *a, const void *b)
{
	const struct group *x = a, *y = b;
	if (x->overdue != y->overdue)
		return x->overdue < y->overdue ? 1 : -1;
	return x->total != y->total ? (x->total < y->total ? 1 : -1) : (x->id > y->id) - (x->id < y->id);
}

static void put_group(struct ctx *ctx, struct jsonw *w, const struct group *g)
{
	int scale = currency_scale(registry_base_currency(ctx->registry));
	jsonw_key(w, "buckets");
	jsonw_array(w);
	for (int i = 0; i < BUCKETS; i++) {
		jsonw_object(w);
		jsonw_kv_text(w, "name", buckets[i].name);
		jsonw_kv_int(w, "count", g->count[i]);
		jsonw_key(w, "open");
		jsonw_decimal(w, g->sums[i], scale);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
	jsonw_key(w, "open");
	jsonw_decimal(w, g->total, scale);
	jsonw_key(w, "overdue");
	jsonw_decimal(w, g->overdue, scale);
	jsonw_kv_int(w, "without_rate", g->unrated);
}

/* Names are shown to those who may read what the link leads to. */
static enum err put_name(struct ctx *ctx, struct jsonw *w, const struct ageing *a, int64_t id)
{
	const struct entity_info *info = registry_find(ctx->registry, receivable_entity.name), *target = entity_link(info, entity_field(info, a->field));
	struct record *record;
	const char *name = NULL;
	enum err err = id != 0 ? record_get(ctx, target, id, ACTION_READ, &record) : ERR_NOT_FOUND;
	if (err == OK && target->title >= 0 && record->set[target->title] && record->values[target->title].kind == VALUE_TEXT)
		name = record->values[target->title].t.p;
	if (err == ERR_NOT_FOUND || err == ERR_FORBIDDEN) {
		faults_clear(ctx);
		err = OK;
	}
	if (id != 0)
		jsonw_kv_id(w, "id", id);
	else
		jsonw_kv_text(w, "id", NULL);
	jsonw_kv_text(w, "name", name);
	return err;
}

static enum err answer(struct ctx *ctx, struct http_response *res, struct ageing *a, const char *today)
{
	struct jsonw w;
	enum err err = OK;
	qsort(a->groups, a->n, sizeof(*a->groups), by_overdue);
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_text(&w, "currency", registry_base_currency(ctx->registry));
	jsonw_kv_text(&w, "today", today);
	jsonw_key(&w, "total");
	jsonw_object(&w);
	put_group(ctx, &w, &a->all);
	jsonw_end_object(&w);
	jsonw_key(&w, "rows");
	jsonw_array(&w);
	for (size_t i = 0; err == OK && a->field != NULL && i < a->n; i++) {
		jsonw_object(&w);
		err = put_name(ctx, &w, a, a->groups[i].id);
		put_group(ctx, &w, &a->groups[i]);
		jsonw_end_object(&w);
	}
	jsonw_end_array(&w);
	jsonw_end_object(&w);
	return err;
}

enum err receivables_ageing_get(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	static const char *const own[] = {"by", "order", "limit", "offset", "cursor", NULL};
	const struct entity_info *info = registry_find(ctx->registry, receivable_entity.name);
	const char *by = http_query(ctx, req, "by", 0);
	char today[RECEIVABLES_DAY_BYTES];
	size_t at = 0;
	while (by != NULL && at < sizeof(groupings) / sizeof(groupings[0]) && !str_equal(by, groupings[at].word))
		at++;
	if (at == sizeof(groupings) / sizeof(groupings[0]))
		return fail(ctx, ERR_INVALID, "by", "ageing_by");
	if (entity_field_right(ctx->actor, info, entity_field(info, "open_base")) < RIGHT_READ)
		return fail(ctx, ERR_FORBIDDEN, "", "ageing_hidden");
	struct ageing a = {.field = groupings[at].field, .groups = arena_array(ctx->arena, GROUPS_MAX, sizeof(*a.groups))};
	if (a.groups == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	map_init(&a.places, 1, 2); /* keys are ours */
	enum err err = receivables_today(ctx, 0, today);
	if (err == OK)
		err = gather(ctx, &a, today, req->query, own);
	map_release(&a.places);
	return err == OK ? answer(ctx, res, &a, today) : err;
}
