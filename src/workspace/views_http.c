/* Views that others share.  A view holds filters, no records: what it finds is found with the rights of who opens it. */
#include "base/jsonw.h"
#include "base/str.h"
#include "core/store/store.h"
#include "workspace/workspace.h"
#include "workspace_sql.h"

static void put_view(struct jsonw *w, struct stmt *stmt)
{
	jsonw_object(w);
	jsonw_kv_id(w, "id", stmt_i64(stmt, 0));
	jsonw_kv_int(w, "version", stmt_i64(stmt, 1));
	jsonw_kv_text(w, "name", stmt_text(stmt, 2));
	jsonw_kv_text(w, "query", stmt_text(stmt, 3));
	jsonw_kv_int(w, "position", stmt_i64(stmt, 4));
	jsonw_kv_id(w, "owner_id", stmt_i64(stmt, 5));
	jsonw_key(w, "team_id");
	if (stmt_is_null(stmt, 6))
		jsonw_null(w);
	else
		jsonw_id(w, stmt_i64(stmt, 6));
	jsonw_kv_bool(w, "everyone", stmt_i64(stmt, 7) != 0);
	jsonw_kv_text(w, "owner", stmt_text(stmt, 8));
	jsonw_end_object(w);
}

enum err workspace_views(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct stmt *stmt;
	struct jsonw w;
	bool row = false;
	const char *name = http_query(ctx, req, "entity", 0);
	const struct entity_info *info = str_empty(name) ? NULL : registry_find(ctx->registry, name);
	if (info == NULL)
		return fail_arg(ctx, ERR_INVALID, "entity", "view_entity", name ? name : "");
	if (entity_scope(ctx->actor, info, ACTION_READ) == SCOPE_NONE)
		return fail(ctx, ERR_FORBIDDEN, "", "forbidden");
	enum err err = db_prepare(ctx, ctx->db, &sql_workspace_views_shared, &stmt);
	if (err)
		return err;
	stmt_bind_text(stmt, 1, info->entity->name);
	stmt_bind_i64(stmt, 2, ctx->actor->team_id);
	stmt_bind_i64(stmt, 3, ctx->actor->user_id);
	stmt_bind_i64(stmt, 4, 1);
	jsonw_init(&w, http_body(res));
	jsonw_array(&w);
	while (!(err = stmt_step(ctx, stmt, &row)) && row)
		put_view(&w, stmt);
	stmt_done(stmt);
	jsonw_end_array(&w);
	http_set_header(res, "Cache-Control", "no-store");
	return err;
}
