/* What keys are called: options and names, in the context's language and as far as the actor may see them. */
#include <stdlib.h>
#include <string.h>

#include "analysis/pivot.h"
#include "base/id.h"
#include "base/str.h"
#include "core/store/store.h"

enum { AT_ONCE = 500 };

static enum err no_memory(struct ctx *ctx)
{
	return fail(ctx, ERR_LIMIT, "", "memory");
}

static size_t place_of(const struct pivot_labels *labels, const char *key)
{
	size_t low = 0, high = labels->n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int side = strcmp(labels->keys[middle], key);
		if (side == 0)
			return middle;
		if (side < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return labels->n;
}

static void take_name(struct ctx *ctx, struct pivot_labels *labels, int64_t id, const char *name)
{
	const char *key = arena_printf(ctx->arena, "%lld", (long long)id);
	size_t at = key ? place_of(labels, key) : labels->n;
	if (at < labels->n && !str_empty(name))
		labels->labels[at] = arena_strdup(ctx->arena, name);
}

/* The field that people know it by; a Chinese name where there is one and it is asked for. */
static int name_field(const struct ctx *ctx, const struct entity_info *info)
{
	int zh = ctx->locale != LOCALE_EN ? entity_field(info, "name_zh") : -1;
	return zh >= 0 ? zh : info->title;
}

struct taking {
	struct pivot_labels *labels;
};

static enum err take_row(struct ctx *ctx, const struct query_row *row, void *arg)
{
	const struct taking *t = arg;
	int64_t id = row->id;
	struct buf text;
	buf_init(&text, 1024);
	enum err err = query_cell_text(ctx, row, 1, &text);
	/* what the row function takes of the arena goes again: the label is kept outside of it */
	const char *key = arena_printf(ctx->arena, "%lld", (long long)id);
	size_t at = !err && key ? place_of(t->labels, key) : t->labels->n;
	if (at < t->labels->n && text.len > 0)
		t->labels->labels[at] = buf_take_new(&text);
	buf_release(&text);
	return err;
}

static const char *ids_of(struct ctx *ctx, const struct pivot_labels *labels, size_t first, size_t n)
{
	struct buf text;
	buf_init(&text, AT_ONCE * 24);
	for (size_t i = 0; i < n; i++)
		buf_printf(&text, "%s%s", i ? "," : "", labels->keys[first + i]);
	const char *ret = buf_failed(&text) ? NULL : arena_strndup(ctx->arena, buf_text(&text), text.len);
	buf_release(&text);
	return ret;
}

/* Names from malloc become the arena's. */
static enum err settle(struct ctx *ctx, struct pivot_labels *labels, size_t first, size_t n)
{
	enum err err = OK;
	for (size_t i = first; i < first + n; i++) {
		char *raw = (char *)(uintptr_t)labels->labels[i];
		if (raw == NULL)
			continue;
		labels->labels[i] = arena_strdup(ctx->arena, raw);
		if (labels->labels[i] == NULL)
			err = no_memory(ctx);
		free(raw);
	}
	return err;
}

static enum err read_visible(struct ctx *ctx, const struct entity_info *info, struct pivot_labels *labels, size_t first, size_t n)
{
	const struct query_options options = {.action = ACTION_READ, .all_rows = true, .no_children = true, .range_first = -1, .range_last = -1};
	struct taking taking = {labels};
	struct query *query;
	const char *ids = ids_of(ctx, labels, first, n);
	int name = name_field(ctx, info);
	if (name >= 0 && entity_field_right(ctx->actor, info, name) < RIGHT_READ)
		name = -1;
	if (name < 0)
		return OK;
	const char *text = ids ? arena_printf(ctx->arena, "select=id,%s&id=in.(%s)", info->fields[name]->name, ids) : NULL;
	enum err err = text ? query_parse(ctx, info, text, &options, &query) : no_memory(ctx);
	if (!err)
		err = query_run(ctx, query, take_row, &taking);
	enum err kept = settle(ctx, labels, first, n);
	return err ? err : kept;
}

/* Names of colleagues and the like are shown wherever a readable link leads to them. */
static enum err read_names(struct ctx *ctx, const struct entity_info *info, struct pivot_labels *labels, size_t first, size_t n)
{
	struct stmt *stmt;
	bool row;
	int name = name_field(ctx, info);
	const char *ids = ids_of(ctx, labels, first, n);
	const char *sql = name >= 0 && ids ? arena_printf(ctx->arena, "SELECT \"id\", \"%s\" FROM \"%s\" WHERE \"id\" IN (%s)", field_column(info->fields[name]),
	                                                  info->entity->name, ids) : NULL;
	enum err err = sql ? db_prepare_text(ctx, ctx->db, sql, &stmt) : name < 0 ? OK : no_memory(ctx);
	if (err || !sql)
		return err;
	while (!(err = stmt_step(ctx, stmt, &row)) && row)
		take_name(ctx, labels, stmt_i64(stmt, 0), stmt_text(stmt, 1));
	stmt_done(stmt);
	return err;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The ids among the keys, each once, in the order of their text. */
static enum err sort_keys(struct ctx *ctx, const char *const *keys, size_t n, struct pivot_labels *ret)
{
	const char **sorted = arena_array(ctx->arena, n + 1, sizeof(*sorted));
	size_t kept = 0;
	if (!sorted)
		return no_memory(ctx);
	for (size_t i = 0; i < n; i++) {
		int64_t id;
		if (keys[i] && id_parse(keys[i], &id))
			sorted[kept++] = keys[i];
	}
	qsort(sorted, kept, sizeof(*sorted), by_text);
	for (size_t i = 0; i < kept; i++) {
		if (ret->n == 0 || !str_equal(sorted[ret->n - 1], sorted[i]))
			sorted[ret->n++] = sorted[i];
	}
	ret->keys = sorted;
	ret->labels = arena_array(ctx->arena, ret->n + 1, sizeof(*ret->labels));
	return ret->labels ? OK : no_memory(ctx);
}

enum err pivot_labels_read(struct ctx *ctx, const struct pivot_dim *dim, const char *const *keys, size_t n, struct pivot_labels *ret)
{
	*ret = (struct pivot_labels){.n = 0};
	if (!dim->link || dim->by != BY_VALUE)
		return OK;
	enum err err = sort_keys(ctx, keys, n, ret);
	bool none = entity_scope(ctx->actor, dim->link, ACTION_READ) == SCOPE_NONE;
	for (size_t first = 0; !err && first < ret->n; first += AT_ONCE) {
		size_t some = ret->n - first < AT_ONCE ? ret->n - first : AT_ONCE;
		if (!none)
			err = read_visible(ctx, dim->link, ret, first, some);
		else if (dim->link->entity->flags & E_SYSTEM)
			err = read_names(ctx, dim->link, ret, first, some);
	}
	return err;
}

const char *pivot_label(struct ctx *ctx, const struct pivot_dim *dim, const struct pivot_labels *labels, const char *key)
{
	if (!key)
		return NULL;
	if (labels->n) {
		size_t at = place_of(labels, key);
		return at < labels->n ? labels->labels[at] : NULL;
	}
	if (dim->link)
		return NULL;
	for (const struct option *o = dim->by == BY_VALUE ? dim->field->options : NULL; o && o->value; o++) {
		if (str_equal(o->value, key))
			return entity_label(ctx, &o->label);
	}
	return key;
}
