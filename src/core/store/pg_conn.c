#include "core/store/internal.h"
static enum err none(struct ctx *ctx) { return fail(ctx, ERR_UPSTREAM, "", "store_open"); }
enum err pg_pool_start(struct ctx *ctx, struct store *store) { (void)store; return none(ctx); }
void pg_pool_stop(struct store *store) { (void)store; }
enum err pg_connect(struct ctx *ctx, struct store *store, bool writer, struct pg_conn **ret) { (void)store; (void)writer; (void)ret; return none(ctx); }
void pg_close(struct pg_conn *pg) { (void)pg; }
void pg_interrupt(struct pg_conn *pg) { (void)pg; }
enum err pg_command(struct ctx *ctx, struct db *db, const char *text) { (void)db; (void)text; return none(ctx); }
enum err pg_exec(struct ctx *ctx, struct db *db, const char *text) { (void)db; (void)text; return none(ctx); }
void pg_end_read(struct db *db) { (void)db; }
enum err pg_prepare(struct ctx *ctx, struct db *db, const char *text, size_t n, struct pg_stmt **ret) { (void)db; (void)text; (void)n; (void)ret; return none(ctx); }
void pg_stmt_free(struct pg_stmt *pg) { (void)pg; }
void pg_reset(struct stmt *stmt) { (void)stmt; }
void pg_bind_i64(struct stmt *stmt, int at, int64_t value) { (void)stmt; (void)at; (void)value; }
void pg_bind_real(struct stmt *stmt, int at, double value) { (void)stmt; (void)at; (void)value; }
void pg_bind_text(struct stmt *stmt, int at, const char *text) { (void)stmt; (void)at; (void)text; }
void pg_bind_textn(struct stmt *stmt, int at, const char *text, size_t n) { (void)stmt; (void)at; (void)text; (void)n; }
void pg_bind_blob(struct stmt *stmt, int at, const void *data, size_t n) { (void)stmt; (void)at; (void)data; (void)n; }
void pg_bind_null(struct stmt *stmt, int at) { (void)stmt; (void)at; }
enum err pg_step(struct ctx *ctx, struct stmt *stmt, bool *ret_row) { (void)stmt; (void)ret_row; return none(ctx); }
int64_t pg_changed(const struct stmt *stmt) { (void)stmt; return 0; }
int pg_columns(const struct stmt *stmt) { (void)stmt; return 0; }
bool pg_is_null(const struct stmt *stmt, int at) { (void)stmt; (void)at; return true; }
int64_t pg_i64(const struct stmt *stmt, int at) { (void)stmt; (void)at; return 0; }
double pg_real(const struct stmt *stmt, int at) { (void)stmt; (void)at; return 0; }
const char *pg_text(const struct stmt *stmt, int at) { (void)stmt; (void)at; return NULL; }
size_t pg_bytes(const struct stmt *stmt, int at) { (void)stmt; (void)at; return 0; }
const void *pg_blob(const struct stmt *stmt, int at) { (void)stmt; (void)at; return NULL; }
enum err pg_backup(struct ctx *ctx, struct store *store, const char *path) { (void)store; (void)path; return none(ctx); }
enum err pg_check(struct ctx *ctx, struct store *store, struct buf *report) { (void)store; (void)report; return none(ctx); }
