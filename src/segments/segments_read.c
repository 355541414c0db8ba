/* Segments as the service needs them. */
#include <string.h>

#include "base/str.h"
#include "segments/segments_internal.h"
#include "segments_sql.h"

enum { SEGMENTS_MAX = 5000 };

enum err segments_read(struct ctx *ctx, const char *state, int64_t only_id, struct segment **ret, size_t *ret_n)
{
	struct stmt *stmt;
	bool row = true;
	size_t cap = only_id ? 1 : 64;
	struct segment *list = arena_array(ctx->arena, cap, sizeof(*list));
	*ret_n = 0;
	enum err err = list ? db_prepare(ctx, ctx->db, &sql_segment_list, &stmt) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err)
		return err;
	stmt_bind_text(stmt, 1, state ? state : "");
	stmt_bind_i64(stmt, 2, only_id);
	while (*ret_n < SEGMENTS_MAX && !(err = stmt_step(ctx, stmt, &row)) && row) {
		if (*ret_n == cap) {
			struct segment *more = arena_array(ctx->arena, cap * 2, sizeof(*more));
			if (!more) {
				err = fail(ctx, ERR_LIMIT, "", "memory");
				break;
			}
			memcpy(more, list, cap * sizeof(*more));
			list = more;
			cap *= 2;
		}
		struct segment *s = &list[(*ret_n)++];
		const char *entity = stmt_text(stmt, 7);
		*s = (struct segment){.id = stmt_i64(stmt, 0), .owner_id = stmt_i64(stmt, 1), .version = stmt_i64(stmt, 2), .live = stmt_i64(stmt, 3) != 0,
		                      .counted = !stmt_is_null(stmt, 4), .name = arena_strdup(ctx->arena, stmt_text(stmt, 5)),
		                      .json = arena_strdup(ctx->arena, stmt_text(stmt, 6)), .info = entity ? registry_find(ctx->registry, entity) : NULL};
		if (!s->name || !s->json) {
			err = fail(ctx, ERR_LIMIT, "", "memory");
			break;
		}
	}
	stmt_done(stmt);
	*ret = list;
	return err;
}

enum err segment_open(struct ctx *ctx, struct service_turn *turn, const struct segment *segment, struct condition **ret)
{
	enum err err = segment->info ? turn->as_user(turn->arg, ctx, segment->owner_id) : fail(ctx, ERR_INVALID, "entity", "segment_entity");
	return err ? err : condition_parse(ctx, segment->info, segment->json, ret);
}
