/* Many records changed at once, as one act: kept as a record of its own (bulk_act) with
 * what became of each record (bulk_item), carried on after a crash, stopped on request,
 * and taken back as a whole for 30 days.
 *
 * Each record is changed, deleted or brought back by core/entity with the rights of who
 * asked, at the time it is done, and again when it is taken back.  A batch commits its
 * records, its items and the act's counts together, so that whatever ends the program
 * leaves nothing half.  Everything an act writes carries the request id "bulk-<id>" in the
 * change log (its undoing "bulk-<id>-undo"); that is where the values from before stand. */
#ifndef GUANXI_CORE_BULK_BULK_H
#define GUANXI_CORE_BULK_BULK_H

#include "base/ctx.h"
#include "core/entity/entity.h"
#include "core/http/http.h"
#include "core/jobs/jobs.h"
#include "core/timers/timers.h"

enum {
	BULK_MAX = 50000,      /* records of one act */
	BULK_AT_ONCE = 100,    /* up to so many are done before the request is answered */
	BULK_ASK_ABOVE = 20,   /* more need the number they were told, typed */
};

extern const struct entity bulk_act_entity, bulk_item_entity;
/* Start, look, cancel, take back.  Stand before rest_routes. */
extern const struct route bulk_routes[];
/* "bulk" and "bulk_undo"; ended by kind NULL. */
extern const struct job_kind bulk_job_kinds[];
/* Each night the items of acts that can no longer be taken back go. */
extern const struct timer_kind bulk_timers[];
extern const struct schedule bulk_schedules[];

/* Supplied by the program (src/app): the message for a fault in the context's language. */
const char *app_message(const struct ctx *ctx, const struct fault *fault);

struct bulk_pick {
	const struct entity_info *info;
	int64_t id;
	int64_t target; /* who gets it, of a hand-over; 0 none */
};

/* What shall be done. */
struct bulk_new {
	const char *kind;                /* an option of bulk_act.kind */
	const struct entity_info *info;  /* NULL: several kinds of record */
	const char *filter;              /* as it was asked for, or NULL */
	const char *wish;                /* JSON {"set":{…},"add":{…},"remove":{…}}, or NULL */
	int64_t from_id;                 /* whose records are handed over, 0 none */
	const struct bulk_pick *picks;
	size_t n;
	bool queued; /* left to a job, however few they are */
};
/* In a write job: keeps the act, and does it at once or queues it.  Also when single records are refused. */
enum err bulk_start(struct ctx *ctx, const struct bulk_new *new_, int64_t *ret_id) MUST_CHECK;

/* For rest_config.many: PATCH and DELETE by filter change these in this same job, all or none. */
enum err bulk_many(void *arg, struct ctx *ctx, const struct entity_info *info, enum action action, const int64_t *ids, size_t n,
                   const struct http_request *req) MUST_CHECK;

/* Writes the act as its routes answer. */
enum err bulk_answer(struct ctx *ctx, int64_t id, struct http_response *res) MUST_CHECK;

#endif
