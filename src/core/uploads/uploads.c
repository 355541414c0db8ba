#include "core/uploads/uploads.h"

#include "base/str.h"
#include "uploads_sql.h"

#define FILES {"Files", "文件"}

const struct setting uploads_settings[UPLOADS_SETTING_COUNT + 1] = {
	[UPLOADS_QUOTA_MB] = {.name = "files.person_mb", .type = SETTING_INT, .fallback = "10000", .min = 0, .max = 100000000, .group = FILES,
		.label = {"MB of files a person may keep", "每人可保存的文件总量（MB）"},
		.help = {"Attachments and files of imports together. 0: no limit.", "附件与导入文件合计。0 表示不限。"}},
	[UPLOADS_UNUSED_DAYS] = {.name = "files.unused_days", .type = SETTING_INT, .fallback = "30", .min = 1, .max = 3650, .group = FILES,
		.label = {"Days until unused uploads are cleared", "未使用的上传文件保留天数"},
		.help = {"Of imports that were never started.", "指上传后从未开始的导入。"}},
};

/* Alike on both engines. */
static const char ddl[] =
	"CREATE TABLE upload_kept (owner_id BIGINT NOT NULL, hash TEXT NOT NULL, what TEXT NOT NULL, size BIGINT NOT NULL, at BIGINT NOT NULL,"
	" PRIMARY KEY (owner_id, hash, what));"
	"CREATE INDEX upload_kept_hash ON upload_kept (hash);"
	"INSERT INTO upload_kept SELECT created_by, sha256, 'file', max(size), min(created_at) FROM \"attachment\""
	" WHERE created_by IS NOT NULL AND sha256 IS NOT NULL AND size IS NOT NULL GROUP BY created_by, sha256;"
	"INSERT INTO upload_kept SELECT owner_id, sha256, 'import', max(size), min(created_at) FROM \"import_run\""
	" WHERE owner_id IS NOT NULL AND sha256 IS NOT NULL AND size IS NOT NULL GROUP BY owner_id, sha256;";

enum err uploads_schema(struct ctx *ctx, void *arg)
{
	(void)arg;
	return db_exec(ctx, ctx->db, ddl);
}

static const char *const uses[] = {[UPLOADS_ATTACHED] = "file", [UPLOADS_IMPORT] = "import"};

static enum err used_by(struct ctx *ctx, int64_t owner, int64_t *ret)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_uploads_used, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, owner);
	err = stmt_step(ctx, stmt, &row);
	*ret = err == OK && row ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	return err;
}

enum err uploads_room(struct ctx *ctx, int64_t size)
{
	int64_t limit = setting_int(ctx, &uploads_settings[UPLOADS_QUOTA_MB]), used = 0;
	if (ctx->actor == NULL || ctx->actor->user_id == 0 || limit == 0)
		return OK;
	enum err err = used_by(ctx, ctx->actor->user_id, &used);
	if (err != OK)
		return err;
	/* with nothing announced there has to be room for one byte at least */
	if (used + (size > 0 ? size : 1) <= limit * 1000000)
		return OK;
	return fail_arg(ctx, ERR_LIMIT, "", "upload_quota", arena_printf(ctx->arena, "%lld", (long long)limit));
}

static enum err counts_already(struct ctx *ctx, const char *use, const char *hash, bool *ret)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_uploads_has, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, ctx->actor->user_id);
	stmt_bind_text(stmt, 2, hash);
	stmt_bind_text(stmt, 3, use);
	err = stmt_step(ctx, stmt, ret);
	stmt_done(stmt);
	return err;
}

enum err uploads_count(struct ctx *ctx, enum uploads_use use, const char *hash, int64_t size)
{
	struct stmt *stmt;
	bool already = false;
	if (ctx->actor == NULL || ctx->actor->user_id == 0)
		return OK;
	enum err err = counts_already(ctx, uses[use], hash, &already);
	if (err != OK || already)
		return err;
	err = uploads_room(ctx, size);
	if (err == OK)
		err = db_prepare(ctx, ctx->db, &sql_uploads_add, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, ctx->actor->user_id);
	stmt_bind_text(stmt, 2, hash);
	stmt_bind_text(stmt, 3, uses[use]);
	stmt_bind_i64(stmt, 4, size);
	stmt_bind_i64(stmt, 5, ctx_now(ctx));
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}
