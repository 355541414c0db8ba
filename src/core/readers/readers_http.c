/* How far the readers are, and what was set aside. */
#include "base/jsonw.h"
#include "base/str.h"
#include "core/readers/readers.h"
#include "readers_sql.h"

static enum err put_readers(struct ctx *ctx, struct jsonw *w, int64_t last)
{
	struct stmt *stmt;
	bool row;
	enum err err = db_prepare(ctx, ctx->db, &sql_reader_list, &stmt);
	if (err)
		return err;
	while (!(err = stmt_step(ctx, stmt, &row)) && row) {
		int64_t seq = stmt_i64(stmt, 1);
		jsonw_object(w);
		jsonw_kv_text(w, "name", stmt_text(stmt, 0));
		jsonw_kv_int(w, "position", seq);
		jsonw_kv_int(w, "behind", last > seq ? last - seq : 0);
		jsonw_key(w, "written_at");
		jsonw_time(w, stmt_i64(stmt, 2));
		jsonw_kv_int(w, "aside", stmt_i64(stmt, 3));
		jsonw_end_object(w);
	}
	stmt_done(stmt);
	return err;
}

static enum err put_aside(struct ctx *ctx, struct jsonw *w)
{
	struct stmt *stmt;
	bool row;
	enum err err = db_prepare(ctx, ctx->db, &sql_reader_aside_list, &stmt);
	if (err)
		return err;
	while (!(err = stmt_step(ctx, stmt, &row)) && row) {
		jsonw_object(w);
		jsonw_kv_text(w, "reader", stmt_text(stmt, 0));
		jsonw_kv_int(w, "seq", stmt_i64(stmt, 1));
		jsonw_key(w, "at");
		jsonw_time(w, stmt_i64(stmt, 2));
		jsonw_kv_text(w, "entity", stmt_text(stmt, 3));
		jsonw_kv_id(w, "record_id", stmt_i64(stmt, 4));
		jsonw_kv_text(w, "error", stmt_text(stmt, 5));
		jsonw_end_object(w);
	}
	stmt_done(stmt);
	return err;
}

static enum err get_readers(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct jsonw w;
	int64_t last;
	(void)req;
	enum err err = change_last_seq(ctx, &last);
	if (err)
		return err;
	http_set_header(res, "Cache-Control", "no-store");
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_int(&w, "last", last);
	jsonw_key(&w, "readers");
	jsonw_array(&w);
	err = put_readers(ctx, &w, last);
	jsonw_end_array(&w);
	jsonw_key(&w, "aside");
	jsonw_array(&w);
	if (!err)
		err = put_aside(ctx, &w);
	jsonw_end_array(&w);
	jsonw_end_object(&w);
	return err;
}

struct skip_body {
	const char *reader, *reason;
	int64_t seq;
};

static const struct spec skip_specs[] = {
	{"reader", SPEC_TEXT, offsetof(struct skip_body, reader), true, 100, "whose entry"},
	{"seq", SPEC_INT, offsetof(struct skip_body, seq), true, 0, "its number in the change log"},
	{"reason", SPEC_TEXT, offsetof(struct skip_body, reason), true, 500, "kept in the audit trail"},
	{.name = NULL},
};

static enum err skip(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct skip_body body = {0};
	struct stmt *stmt;
	int64_t rows = 0;
	enum err err = http_read_body(ctx, req, &body);
	if (!err && str_empty(body.reason))
		err = fail(ctx, ERR_INVALID, "reason", "required");
	if (!err)
		err = db_prepare(ctx, ctx->db, &sql_reader_aside_skip, &stmt);
	if (err)
		return err;
	stmt_bind_text(stmt, 1, body.reader);
	stmt_bind_i64(stmt, 2, body.seq);
	err = stmt_run(ctx, stmt, &rows);
	stmt_done(stmt);
	if (!err && rows == 0)
		err = fail(ctx, ERR_NOT_FOUND, "", "not_found");
	if (err)
		return err;
	struct buf note;
	struct jsonw w;
	buf_init(&note, 4096);
	jsonw_init(&w, &note);
	jsonw_object(&w);
	jsonw_kv_text(&w, "reader_skipped", body.reader);
	jsonw_kv_int(&w, "seq", body.seq);
	jsonw_kv_text(&w, "reason", body.reason);
	jsonw_end_object(&w);
	err = change_append(ctx, "", 0, CHANGE_LOGIN, buf_text(&note));
	buf_release(&note);
	http_status(res, 204);
	return err;
}

const struct route readers_routes[] = {
	{.method = METHOD_GET, .pattern = "/api/v1/readers", .lane = LANE_READ, .door = DOOR_CAP, .cap = CAP_ADMIN, .handle = get_readers,
	 .doc = "Readers of the change log: how far they are, and what they set aside."},
	{.method = METHOD_POST, .pattern = "/api/v1/readers/skip", .lane = LANE_WRITE, .door = DOOR_CAP, .cap = CAP_ADMIN, .handle = skip, .specs = skip_specs,
	 .doc = "Gives up an entry that was set aside, with a reason for the audit trail."},
	{.pattern = NULL},
};
