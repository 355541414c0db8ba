/* The thread that follows the change log, the commands, and what administrators see. */
#include <stdio.h>
#include <string.h>

#include "base/jsonw.h"
#include "base/str.h"
#include "core/command/command.h"
#include "core/warehouse/warehouse_internal.h"

enum { IDLE_MS = 1000 };

const struct setting warehouse_settings[] = {
	{.name = "warehouse.memory", .type = SETTING_INT, .fallback = "1024", .min = 128, .max = 1024 * 1024, .group = {"Analysis", "分析"},
	 .label = {"Memory of the warehouse (MB)", "数据仓库内存（MB）"},
	 .help = {"What does not fit goes to disk. Holds from the next start on.", "超出部分写入磁盘。下次启动后生效。"}},
	{.name = NULL},
};

/* Nothing is kept before somebody has asked for it once: a firm that never looks pays nothing. */
static enum err turn(struct ctx *ctx, struct service_turn *t)
{
	struct warehouse *w = ctx->app != NULL ? app_warehouse(ctx->app) : NULL;
	int64_t entries = 0;
	enum err err = OK;
	if (w == NULL || !w->kept) {
		t->wait_ms = IDLE_MS;
		return OK;
	}
	if (!duck_there()) {
		t->wait_ms = SERVICE_WAIT_MAX_MS;
		return OK;
	}
	err = warehouse_refresh(ctx, w, &entries);
	t->wait_ms = SERVICE_WAIT_MAX_MS;
	return err;
}

const struct service warehouse_services[] = {
	{.name = "warehouse", .turn = turn},
	{.name = NULL},
};

/* --- commands --------------------------------------------------------------------------------- */

static void print_hash(void *arg, const char *table, int64_t rows, const char *hash)
{
	const struct cli *cli = arg;
	fprintf(cli->out, "%-24s %12lld rows  %s\n", table, (long long)rows, hash);
}

static enum err refresh(struct cli *cli, struct warehouse *w)
{
	int64_t entries = 0;
	enum err err = warehouse_refresh(cli->ctx, w, &entries);
	if (!err)
		fprintf(cli->out, "%lld entries of the change log followed\n", (long long)entries);
	return err;
}

static enum err rebuild(struct cli *cli, struct warehouse *w)
{
	return warehouse_rebuild(cli->ctx, w);
}

static enum err check(struct cli *cli, struct warehouse *w)
{
	const char *bad;
	enum err err = warehouse_check(cli->ctx, w, &bad);
	if (!err && bad != NULL)
		return fail_arg(cli->ctx, ERR_CONFLICT, "", "warehouse_differs", bad);
	if (!err)
		fprintf(cli->out, "the warehouse is what the store says\n");
	return err;
}

/* With a connection that reads; then says what is held. */
static int run(struct cli *cli, enum err (*work)(struct cli *cli, struct warehouse *w))
{
	struct warehouse *w = app_warehouse(cli->app);
	struct db *before = cli->ctx->db;
	enum err err = db_open_new(cli->ctx, cli->ctx->store, &cli->ctx->db);
	if (err)
		return command_failed(cli);
	err = work(cli, w);
	if (!err)
		err = warehouse_hash(cli->ctx, w, print_hash, cli);
	db_free(cli->ctx->db);
	cli->ctx->db = before;
	return err ? command_failed(cli) : 0;
}

static int run_refresh(struct cli *cli)
{
	return run(cli, refresh);
}

static int run_rebuild(struct cli *cli)
{
	return run(cli, rebuild);
}

static int run_check(struct cli *cli)
{
	return run(cli, check);
}

static const struct command_option no_options[] = {{.name = NULL}};

const struct command warehouse_commands[] = {
	{.name = "warehouse refresh", .needs = NEEDS_WRITER, .options = no_options, .run = run_refresh,
	 .doc = "brings the warehouse to the end of the change log, or makes it; prints what it holds"},
	{.name = "warehouse rebuild", .needs = NEEDS_WRITER, .options = no_options, .run = run_rebuild, .doc = "makes the warehouse anew from the store"},
	{.name = "warehouse check", .needs = NEEDS_WRITER, .options = no_options, .run = run_check,
	 .doc = "compares the warehouse with the store, row by row; exits 1 where they differ"},
	{.name = NULL},
};

/* --- health -------------------------------------------------------------------------------------- */

static enum err show(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct warehouse_state state;
	struct jsonw w;
	(void)req;
	enum err err = warehouse_look(ctx, app_warehouse(ctx->app), &state);
	if (err)
		return err;
	http_set_header(res, "Cache-Control", "no-store");
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_bool(&w, "available", state.there);
	jsonw_kv_text(&w, "duckdb", state.version);
	jsonw_kv_text(&w, "why", state.there ? NULL : state.why);
	jsonw_kv_bool(&w, "kept", state.kept);
	jsonw_kv_bool(&w, "loaded", state.loaded);
	jsonw_kv_int(&w, "position", state.loaded ? state.position : 0);
	jsonw_kv_int(&w, "last", state.last);
	jsonw_kv_int(&w, "behind_ms", state.behind_ms);
	jsonw_key(&w, "loaded_at");
	if (state.loaded)
		jsonw_time(&w, state.loaded_at);
	else
		jsonw_null(&w);
	jsonw_kv_int(&w, "rows", state.rows);
	jsonw_kv_int(&w, "bytes", state.bytes);
	jsonw_end_object(&w);
	return OK;
}

const struct route warehouse_routes[] = {
	{.method = METHOD_GET, .pattern = "/api/v1/warehouse", .lane = LANE_HEAVY, .door = DOOR_CAP, .cap = CAP_ADMIN, .handle = show,
	 .doc = "The warehouse: whether DuckDB is there, how far it has followed the change log, and how large it is."},
	{.pattern = NULL},
};
