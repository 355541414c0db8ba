/* "import_run=eq.1234": the records that an import made or changed, as the change log has them. Only of imports that one
 * may see, and only records of the list: the gate's predicate stands beside it. */
#include "base/id.h"
#include "base/str.h"
#include "core/rest/query_internal.h"

/* Up to this many rows the log's entries of the import are read at once; of a longer one each record of the list is asked. */
enum { READ_AT_ONCE = 200000 };

static const struct entity_info *runs_of(const struct ctx *ctx)
{
	return registry_find(ctx->registry, QUERY_IMPORT);
}

bool query_is_import(const struct ctx *ctx, const struct query_node *node, const char *name)
{
	return str_equal(name, QUERY_IMPORT) && node->at == 0 && entity_field(node->info, name) < 0 && runs_of(ctx) != NULL;
}

enum err query_parse_import(struct ctx *ctx, struct query_node *node, const char *text)
{
	struct query_cond *cond = arena_alloc(ctx->arena, sizeof(*cond));
	struct value *values = arena_array(ctx->arena, 2, sizeof(*values));
	struct record *run;
	int64_t id;
	if (!cond || !values)
		return fail(ctx, ERR_LIMIT, QUERY_IMPORT, "memory");
	if (!str_starts(text, "eq.") || !id_parse(text + 3, &id))
		return fail_arg(ctx, ERR_INVALID, QUERY_IMPORT, QK_VALUE, text);
	enum err err = record_get(ctx, runs_of(ctx), id, ACTION_READ, &run);
	if (err != OK)
		return err;
	values[0] = value_int(id);
	values[1] = value_int(record_i64(run, "rows_done"));
	*cond = (struct query_cond){.kind = COND_IMPORT, .field = -1, .values = values, .n = 2};
	if (node->where.last)
		node->where.last->next = cond;
	else
		node->where.first = cond;
	node->where.last = cond;
	return OK;
}

static void put_mine(struct query_sql *b, const struct entity_info *info, const char *request_id)
{
	sqlb_puts(b, " AND c.entity = ");
	sqlb_param(b, value_text(info->entity->name));
	sqlb_puts(b, " AND c.request_id = ");
	sqlb_param(b, value_text(request_id));
}

/* Between the first and the last entry of the run's own record. On PostgreSQL the newest entries wait to be sealed, and
 * have no place in the order yet. */
static void put_between(struct query_sql *b, int64_t id)
{
	sqlb_puts(b, "c.seq > (SELECT min(o.seq) FROM change o WHERE o.record_id <> 0 AND o.record_id = ");
	sqlb_param(b, value_int(id));
	sqlb_puts(b, ") AND c.seq <= ");
	if (b->engine != ENGINE_SQLITE) {
		sqlb_puts(b, "CASE WHEN EXISTS (SELECT 1 FROM change_new w WHERE w.record_id <> 0 AND w.record_id = ");
		sqlb_param(b, value_int(id));
		sqlb_puts(b, ") THEN 9223372036854775807 ELSE ");
	}
	sqlb_puts(b, "(SELECT max(o.seq) FROM change o WHERE o.record_id <> 0 AND o.record_id = ");
	sqlb_param(b, value_int(id));
	sqlb_puts(b, b->engine != ENGINE_SQLITE ? ") END" : ")");
}

static void put_asked(struct query_sql *b, const struct entity_info *info, const char *request_id, const char *table, char prefix, int alias)
{
	sqlb_puts(b, "EXISTS (SELECT 1 FROM ");
	sqlb_puts(b, table);
	sqlb_puts(b, " c WHERE c.record_id <> 0 AND c.record_id = ");
	sqlb_column(b, prefix, alias, "id");
	put_mine(b, info, request_id);
	sqlb_puts(b, ")");
}

void sqlb_import(struct query_sql *b, const struct entity_info *info, const struct query_cond *cond, char prefix, int alias)
{
	int64_t id = cond->values[0].i;
	const char *request_id = arena_printf(b->ctx->arena, "import-%lld", (long long)id);
	bool sealed = b->engine != ENGINE_SQLITE;
	if (!request_id) {
		b->err = fail(b->ctx, ERR_LIMIT, QUERY_IMPORT, "memory");
		return;
	}
	sqlb_puts(b, "(");
	if (cond->values[1].i > READ_AT_ONCE) {
		put_asked(b, info, request_id, "change", prefix, alias);
	} else {
		sqlb_column(b, prefix, alias, "id");
		sqlb_puts(b, " IN (SELECT c.record_id FROM change c WHERE ");
		put_between(b, id);
		put_mine(b, info, request_id);
		sqlb_puts(b, ")");
	}
	if (sealed) {
		sqlb_puts(b, " OR ");
		put_asked(b, info, request_id, "change_new", prefix, alias);
	}
	sqlb_puts(b, ")");
}
