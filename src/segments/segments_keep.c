/* Segments whose members were chosen by something else than a condition. */
#include "core/gate/gate.h"
#include "segments/segments_internal.h"
#include "segments_sql.h"

static enum err make(struct ctx *ctx, const char *entity, const char *name, const char *note, int64_t n, struct record **ret)
{
	const struct entity_info *info = registry_find(ctx->registry, "segment");
	const struct {
		const char *field;
		struct value value;
	} values[] = {
		{"entity", value_text(entity)}, {"name", value_text(name)}, {"note", value_text(note)}, {"condition", value_text("{\"all\":[]}")}, {"live", value_text("false")},
		{"given", value_text("true")}, {"state", value_text("ready")}, {"size", value_int(n)}, {"filled_at", value_int(ctx_now(ctx))},
	};
	if (info == NULL || entity_scope(ctx->actor, info, ACTION_CREATE) == SCOPE_NONE)
		return fail_arg(ctx, ERR_FORBIDDEN, "", "forbidden", "segment");
	enum err err = record_new(ctx, info, ret);
	for (size_t i = 0; !err && i < sizeof(values) / sizeof(values[0]); i++)
		err = record_set(ctx, *ret, values[i].field, values[i].value);
	return err ? err : record_create(ctx, *ret, W_KEPT);
}

static enum err run(struct ctx *ctx, struct stmt *stmt, const int64_t *values, int n)
{
	for (int i = 0; i < n; i++)
		stmt_bind_i64(stmt, i + 1, values[i]);
	enum err err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

enum err segments_keep(struct ctx *ctx, const char *entity, const char *name, const char *note, const int64_t *ids, size_t n, int64_t *ret_id)
{
	struct record *segment;
	enum err err = make(ctx, entity, name, note, (int64_t)n, &segment);
	*ret_id = err ? 0 : record_id(segment);
	for (size_t i = 0; !err && i < n; i++) {
		struct stmt *stmt;
		err = db_prepare(ctx, ctx->db, &sql_segment_enter, &stmt);
		if (!err)
			err = run(ctx, stmt, (const int64_t[]){*ret_id, ids[i], ctx_now(ctx)}, 3);
	}
	return err ? err : segment_note_size(ctx, *ret_id, (int64_t)n);
}
