/* What the files of the automations share; nobody else includes it. */
#ifndef GUANXI_AUTOMATIONS_INTERNAL_H
#define GUANXI_AUTOMATIONS_INTERNAL_H

#include <jansson.h>

#include "automations/automations.h"
#include "base/buf.h"
#include "core/condition/condition.h"

enum {
	AUTOMATION_ACTIONS_MAX = 10,
	AUTOMATION_DEPTH_MAX = 5, /* an automation's change that starts another, and so on */
};

struct automation {
	int64_t id, owner_id, version, per_minute, per_record, created_ms;
	const char *name, *event, *condition, *actions;
	const struct entity_info *info;
};

/* One run that is due. */
struct automation_due {
	const struct automation *automation;
	const struct actor *actor; /* the owner's */
	int64_t record_id, seq;
	int depth;
	const char *saw;           /* the condition, part by part; NULL: there is none */
	const char *error;         /* it can't be run for this reason */
};

/* automation_act.c: whether a list of actions makes sense for records of `info`, with ctx's actor's rights. */
enum err automation_check_actions(struct ctx *ctx, const struct entity_info *info, const char *text) MUST_CHECK;
/* In a write job, as the owner: all actions on the record, what was done into `did`; the first that fails ends it. */
enum err automation_act(struct ctx *ctx, const struct automation *automation, int64_t record_id, struct buf *did) MUST_CHECK;
/* automation_tell.c: "notify" and "mail". */
bool automation_tells(const char *what);
/* What is wrong with such an action, for ctx's actor: the name of a part; NULL: nothing. */
const char *automation_tell_wrong(struct ctx *ctx, const struct entity_info *info, const json_t *action);
/* In a write job, as the owner. */
enum err automation_tell(struct ctx *ctx, const struct entity_info *info, const json_t *action, int64_t id) MUST_CHECK;
/* In a write job: runs what is due, within the limits, and keeps a record of it. *ret_state: "done", "failed", "stopped". */
enum err automation_run(struct ctx *ctx, const struct automation_due *due, const char **ret_state) MUST_CHECK;
/* Those that are on; of one kind of event (NULL: all); or one, on or off. */
enum err automations_read(struct ctx *ctx, const char *event, int64_t only_id, struct automation **ret, size_t *ret_n) MUST_CHECK;

#endif
