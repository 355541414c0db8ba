/* The arithmetic of deadlines: open time in spans, and the moment at which a target is reached. */
#include "service/sla.h"

#include "base/timeutil.h"

const char *const sla_kind_names[SLA_KINDS] = {"first", "next", "update", "solve"};

static enum err open_between(struct ctx *ctx, struct calendar *calendar, int64_t from, int64_t to, int64_t *ret)
{
	if (calendar != NULL)
		return calendar_between(ctx, calendar, from, to, ret);
	*ret = to > from ? to - from : 0;
	return OK;
}

/* Where nothing is open any more, nothing is ever due. */
static enum err open_add(struct ctx *ctx, struct calendar *calendar, int64_t from, int64_t ms, int64_t *ret)
{
	*ret = from + ms;
	if (calendar == NULL)
		return OK;
	enum err err = calendar_add(ctx, calendar, from, ms, ret);
	if (err == ERR_INVALID) {
		faults_clear(ctx);
		*ret = 0;
		return OK;
	}
	return err;
}

struct walk {
	int64_t start, stop, now, target;
	int64_t spent; /* until the end of the spans so far, whether the clock has stopped in between or not */
	struct sla_answer *ret;
};

static enum err reach(struct ctx *ctx, const struct sla_span *span, int64_t from, struct walk *w)
{
	int64_t due = 0, all = 0;
	bool last = span->to == INT64_MAX;
	enum err err = open_add(ctx, span->calendar, from, w->target - w->spent, &due);
	if (err == OK && !last)
		err = open_between(ctx, span->calendar, from, span->to, &all);
	if (err == OK && (last || w->spent + all >= w->target))
		w->ret->due = due;
	w->spent += all;
	return err;
}

static enum err pass(struct ctx *ctx, const struct sla_span *span, struct walk *w)
{
	int64_t from = span->from > w->start ? span->from : w->start, counted = span->to > w->now ? w->now : span->to, open = 0;
	if (!span->running || span->to <= w->start)
		return OK;
	if (counted > w->stop)
		counted = w->stop;
	enum err err = counted > from ? open_between(ctx, span->calendar, from, counted, &open) : OK;
	w->ret->elapsed += open;
	return err == OK && w->ret->due == 0 && from < w->stop ? reach(ctx, span, from, w) : err;
}

enum err sla_derive(struct ctx *ctx, const struct sla_span *spans, size_t n, int64_t start, int64_t stop, int64_t now, int64_t target_ms,
                    struct sla_answer *ret)
{
	struct walk w = {start, stop, now, target_ms, 0, ret};
	enum err err = OK;
	*ret = (struct sla_answer){0};
	for (size_t i = 0; i < n && err == OK; i++)
		err = pass(ctx, &spans[i], &w);
	return err;
}
