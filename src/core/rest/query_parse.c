/* A raw query string to a query: who asks, what exists for them, what they want. */
#include <string.h>

#include "base/str.h"
#include "core/rest/query_internal.h"

/* Parameters that belong to whoever writes rows, not to the query. */
static const char *const not_ours[] = {"columns", "on_conflict", NULL};

struct parse {
	struct ctx *ctx;
	struct query *q;
	const struct query_options *options;
	struct query_param *params;
	size_t n;
};

static bool listed(const char *const *list, const char *name)
{
	for (size_t i = 0; list && list[i]; i++)
		if (str_equal(list[i], name))
			return true;
	return false;
}

/* --- numbers ----------------------------------------------------------------------- */

static enum err parse_count(struct ctx *ctx, const char *name, const char *text, int64_t max, const char *key, int64_t *ret)
{
	int64_t n;
	if (!str_to_i64(text, &n) || n < 0)
		return fail_arg(ctx, ERR_INVALID, name, QK_SYNTAX, text);
	if (n > max) {
		const char *limit = arena_printf(ctx->arena, "%lld", (long long)max);
		if (key)
			return fail_arg(ctx, ERR_INVALID, name, key, limit);
		n = max;
	}
	*ret = n;
	return OK;
}

static enum err set_limit(struct parse *p, struct query_node *node, const char *text)
{
	int64_t max = node->rel == REL_ROOT && p->q->all_rows ? INT64_MAX - 1 : QUERY_LIMIT_MAX;
	return parse_count(p->ctx, "limit", text, max, NULL, &node->limit);
}

static enum err set_offset(struct parse *p, struct query_node *node, const char *text)
{
	int64_t max = node->rel == REL_ROOT && p->q->all_rows ? INT64_MAX - 1 : QUERY_OFFSET_MAX;
	return parse_count(p->ctx, "offset", text, max, QK_OFFSET, &node->offset);
}

/* --- one parameter ------------------------------------------------------------------- */

/* The last step of a name: what it does to the node the steps before it lead to. */
static enum err apply(struct parse *p, struct query_node *node, const char *name, const char *value)
{
	if (str_equal(name, "order"))
		return query_parse_order(p->ctx, p->q, node, value);
	if (str_equal(name, "limit"))
		return set_limit(p, node, value);
	if (str_equal(name, "offset"))
		return set_offset(p, node, value);
	if (str_equal(name, "and") || str_equal(name, "or"))
		return query_parse_logic(p->ctx, p->q, node, false, *name == 'o', value);
	if (str_equal(name, "not.and") || str_equal(name, "not.or"))
		return query_parse_logic(p->ctx, p->q, node, true, name[4] == 'o', value);
	if (query_is_import(p->ctx, node, name))
		return query_parse_import(p->ctx, node, value);
	if (query_is_condition(node, name))
		return query_parse_condition(p->ctx, node, value);
	return query_parse_filter(p->ctx, p->q, node, name, value);
}

static enum err parse_param(struct parse *p, const struct query_param *param)
{
	struct query_node *node = p->q->draft;
	const char *name = param->name, *dot;
	while ((dot = strchr(name, '.')) != NULL && !str_equal(name, "not.and") && !str_equal(name, "not.or")) {
		const char *step = arena_strndup(p->ctx->arena, name, (size_t)(dot - name));
		if (!step)
			return fail(p->ctx, ERR_LIMIT, "", "memory");
		struct query_node *child = query_embed(node, step);
		if (!child)
			return fail_arg(p->ctx, ERR_INVALID, param->name, QK_NOT_EMBEDDED, step);
		node = child;
		name = dot + 1;
	}
	return apply(p, node, name, param->value);
}

static enum err add_typed(struct parse *p)
{
	struct query_node *root = p->q->draft;
	struct query_cond *cond = arena_alloc(p->ctx->arena, sizeof(*cond));
	if (!cond)
		return fail(p->ctx, ERR_LIMIT, "q", "memory");
	cond->kind = COND_QUERY;
	cond->text = p->q->typed;
	if (root->where.last)
		root->where.last->next = cond;
	else
		root->where.first = cond;
	root->where.last = cond;
	return OK;
}

static enum err parse_params(struct parse *p)
{
	const char *select = "*";
	for (size_t i = 0; i < p->n; i++)
		if (str_equal(p->params[i].name, "select") && *p->params[i].value)
			select = p->params[i].value;
	enum err err = query_parse_select(p->ctx, p->q, select);
	for (size_t i = 0; !err && i < p->n; i++) {
		const struct query_param *param = &p->params[i];
		if (str_equal(param->name, "select") || listed(not_ours, param->name) || listed(p->options->ignore, param->name))
			continue;
		if (str_equal(param->name, "q"))
			p->q->typed = str_empty(param->value) ? NULL : param->value;
		else if (str_equal(param->name, "cursor"))
			p->q->cursor_text = str_empty(param->value) ? NULL : param->value;
		else
			err = parse_param(p, param);
	}
	if (!err && p->q->typed)
		err = add_typed(p);
	return err;
}

/* --- the Range header, limits ------------------------------------------------------------ */

/* Rows from `first` on: what offset and limit leave of them. */
static void begin_range(struct query_node *root, int64_t first)
{
	int64_t skipped = first - root->offset;
	if (first <= 0 || skipped <= 0)
		return;
	if (root->limit >= 0)
		root->limit = root->limit > skipped ? root->limit - skipped : 0;
	root->offset = first;
}

static void end_range(struct query_node *root, int64_t last)
{
	int64_t n = last < root->offset ? 0 : last - root->offset; /* without the last itself: "…-9223372036854775807" is a range too */
	if (last >= root->offset && n < INT64_MAX)
		n++;
	if (root->limit < 0 || n < root->limit)
		root->limit = n;
}

static enum err apply_range(struct parse *p)
{
	struct query_node *root = p->q->draft;
	int64_t first = p->options->range_first, last = p->options->range_last;
	if (first > QUERY_OFFSET_MAX && !p->q->all_rows)
		return fail_arg(p->ctx, ERR_INVALID, "offset", QK_OFFSET, "100000");
	begin_range(root, first);
	if (first >= 0 && last >= 0)
		end_range(root, last);
	if (p->q->all_rows)
		return OK;
	if (root->limit < 0)
		root->limit = QUERY_LIMIT_DEFAULT;
	if (root->limit > QUERY_LIMIT_MAX)
		root->limit = QUERY_LIMIT_MAX;
	return OK;
}

/* --- what is masked ----------------------------------------------------------------------------- */

/* Names of masked fields, children's too, for the header that says so. */
static enum err collect_masked(struct ctx *ctx, const struct query_node *node, const char *path, const char **masked)
{
	for (const struct query_item *item = node->items; item; item = item->next) {
		enum err err = OK;
		if (item->embed) {
			const char *inner = arena_printf(ctx->arena, "%s%s.", path, item->key);
			err = inner ? collect_masked(ctx, item->embed, item->embed->spread ? path : inner, masked) : fail(ctx, ERR_LIMIT, "select", "memory");
		} else if (item->right == RIGHT_MASKED) {
			*masked = arena_printf(ctx->arena, "%s%s%s%s", *masked ? *masked : "", *masked ? "," : "", path, node_field(node, item->field)->name);
			err = *masked ? OK : fail(ctx, ERR_LIMIT, "select", "memory");
		}
		if (err)
			return err;
	}
	return OK;
}

/* --- all together ------------------------------------------------------------------------------ */

static enum err parse_all(struct parse *p, const char *raw)
{
	struct query *q = p->q;
	enum err err = query_split(p->ctx, raw, &p->params, &p->n);
	if (!err)
		err = parse_params(p);
	if (!err)
		err = query_finish_money(p->ctx, q->draft);
	if (!err)
		err = query_finish_order(p->ctx, q);
	if (!err)
		err = apply_range(p);
	if (!err && q->cursor_text)
		err = query_parse_cursor(p->ctx, q);
	if (!err && !p->options->whole)
		err = query_flat(p->ctx, q);
	return err ? err : collect_masked(p->ctx, q->root, "", &q->masked);
}

enum err query_parse(struct ctx *ctx, const struct entity_info *info, const char *raw, const struct query_options *options, struct query **ret)
{
	if (!ctx->actor)
		return fail(ctx, ERR_DENIED, "", "not_signed_in");
	if (entity_scope(ctx->actor, info, ACTION_READ) == SCOPE_NONE || entity_scope(ctx->actor, info, options->action) == SCOPE_NONE)
		return fail_arg(ctx, ERR_FORBIDDEN, info->entity->name, QK_FORBIDDEN, info->entity->name);
	struct query *q = arena_alloc(ctx->arena, sizeof(*q));
	struct query_node *root = arena_alloc(ctx->arena, sizeof(*root));
	if (!q || !root)
		return fail(ctx, ERR_LIMIT, "", "memory");
	q->info = info;
	q->action = options->action;
	q->all_rows = options->all_rows;
	q->no_children = options->no_children;
	q->root = q->draft = root;
	root->info = info;
	root->rel = REL_ROOT;
	root->key = root->name = info->entity->name;
	root->limit = -1;
	root->where.kind = COND_AND;
	struct parse p = {.ctx = ctx, .q = q, .options = options};
	enum err err = parse_all(&p, raw);
	q->draft = NULL;
	if (!err)
		*ret = q;
	return err;
}

const struct entity_info *query_info(const struct query *query)
{
	return query->info;
}

int64_t query_offset(const struct query *query)
{
	return query->root->offset;
}

bool query_has_filter(const struct query *query)
{
	return query->root->where.first != NULL || query->n_ids > 0;
}

void query_strip_nulls(struct query *query)
{
	query->strip_nulls = true;
}

enum err query_only_ids(struct ctx *ctx, struct query *query, const int64_t *ids, size_t n)
{
	int64_t *copy = arena_array(ctx->arena, n + 1, sizeof(*copy));
	struct query_node *root = arena_alloc(ctx->arena, sizeof(*root)); /* the one there is may be a kept plan's */
	if (!copy || !root)
		return fail(ctx, ERR_LIMIT, "", "memory");
	if (n)
		memcpy(copy, ids, n * sizeof(*copy));
	query->ids = copy;
	query->n_ids = n;
	query->only_ids = true;
	query->plan = NULL;
	*root = *query->root;
	root->where.first = root->where.last = NULL;
	root->offset = 0;
	root->limit = (int64_t)n;
	query->root = root;
	query->cursor.n = 0;
	return OK;
}
