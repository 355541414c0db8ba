/* The jobs behind import runs. */
#include "base/id.h"
#include "base/str.h"
#include "core/exchange/import.h"

/* The payload is JSON text: the run's id, then the language of who asked for it, which
 * the words about refused rows are written in. */
static enum err run_of(struct ctx *ctx, const struct job *job, int64_t *ret)
{
	const char *digits = job->payload + (job->payload[0] == '"');
	size_t n = 0;
	while (digits[n] >= '0' && digits[n] <= '9')
		n++;
	if (digits[n] == ' ' && digits[n + 1] >= '0' && digits[n + 1] < '0' + LOCALE_COUNT)
		ctx->locale = (enum locale)(digits[n + 1] - '0');
	const char *text = arena_strndup(ctx->arena, digits, n);
	return text != NULL && id_parse(text, ret) ? OK : fail(ctx, ERR_BUG, "job", "job_payload");
}

static enum err run_import(struct ctx *ctx, const struct job *job)
{
	struct import_counts counts;
	int64_t id;
	enum err err = run_of(ctx, job, &id);
	return err == OK ? import_execute(ctx, id, job, NULL, &counts) : err;
}

static enum err run_undo(struct ctx *ctx, const struct job *job)
{
	int64_t id;
	enum err err = run_of(ctx, job, &id);
	return err == OK ? import_undo(ctx, id, job) : err;
}

/* What is not run any more says why, and can be begun again. */
static enum err not_run(struct ctx *ctx, const struct job *job)
{
	const char *why = ctx->faults.count > 0 ? app_message(ctx, &ctx->faults.list[0]) : NULL;
	struct import_run run;
	int64_t id;
	enum err err = run_of(ctx, job, &id);
	faults_clear(ctx);
	if (err == OK)
		err = import_run_load(ctx, id, &run);
	if (err != OK || run.job_id != job->id)
		return err;
	return import_run_state(ctx, id, str_equal(job->kind, "import") ? "failed" : "undo_stopped", why);
}

const struct job_kind exchange_job_kinds[] = {
	{.kind = "import", .run = run_import, .attempts_max = 20, .refused = not_run},
	{.kind = "import_undo", .run = run_undo, .attempts_max = 20, .refused = not_run},
	{.kind = NULL},
};
