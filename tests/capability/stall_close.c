/* A route that queues a job, the job, and a command. */
#include <stdlib.h>

#include "base/id.h"
#include "base/jsonw.h"
#include "stall.h"

static const char kind_name[] = "stall_close";

static enum err close_later(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct record *stall;
	int64_t id, job;
	struct jsonw w;
	if (!id_parse(req->params[0], &id))
		return fail(ctx, ERR_NOT_FOUND, "", "not_found");
	enum err err = record_get(ctx, registry_find(ctx->registry, "stall"), id, ACTION_UPDATE, &stall);
	const char *payload = err == OK ? arena_printf(ctx->arena, "\"%lld\"", (long long)id) : NULL;
	if (err == OK)
		err = payload != NULL ? job_enqueue(ctx, kind_name, payload, 0, &job) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err != OK)
		return err;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_id(&w, "job", job);
	jsonw_end_object(&w);
	return OK;
}

const struct route stall_routes[] = {
	{.method = METHOD_POST, .pattern = "/api/v1/stall/*/close", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = close_later,
	 .doc = "Closes a stall, later."},
	{.pattern = NULL},
};

static enum err close_now(struct ctx *ctx, void *arg)
{
	const struct job *job = arg;
	struct record *patch, *now;
	enum err err = job_hold(ctx, job, 1, 1, NULL);
	if (err == OK)
		err = record_new(ctx, registry_find(ctx->registry, "stall"), &patch);
	if (err == OK)
		err = record_set(ctx, patch, "is_open", value_int(0));
	return err == OK ? record_update(ctx, strtoll(job->payload + 1, NULL, 10), patch, 0, 0, &now) : err;
}

static enum err run(struct ctx *ctx, const struct job *job)
{
	struct job copy = *job;
	return store_write(ctx, ctx->store, close_now, &copy);
}

const struct job_kind stall_job_kinds[] = {{.kind = kind_name, .run = run}, {.kind = NULL}};

static int count(struct cli *cli)
{
	struct stmt *stmt;
	bool row = false;
	struct db *db = NULL;
	enum err err = db_open_new(cli->ctx, cli->ctx->store, &db);
	if (err == OK)
		err = db_prepare_text(cli->ctx, db, "SELECT count(*) FROM stall", &stmt);
	if (err == OK) {
		err = stmt_step(cli->ctx, stmt, &row);
		if (err == OK && row)
			fprintf(cli->out, "%lld stalls\n", (long long)stmt_i64(stmt, 0));
		stmt_done(stmt);
	}
	if (db != NULL)
		db_free(db);
	return err == OK ? 0 : command_failed(cli);
}

const struct command stall_commands[] = {
	{"stall count", NEEDS_READER, NULL, NULL, "Says how many stalls there are.", count},
	{.name = NULL},
};
