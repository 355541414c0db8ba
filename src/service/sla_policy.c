/* Which promise holds for a case, and which calendar counts. */
#include "base/jsonw.h"
#include "base/str.h"
#include "core/calendar/calendar_store.h"
#include "service/service_internal.h"
#include "service/sla.h"
#include "service_sql.h"

enum { WHY_MAX = 8000, MINUTE_MS = 60000 };

struct matter {
	const struct record *record;
	const char *level; /* of the customer */
};

/* Whether the topic, or one above it, is the one meant. */
static enum err topic_within(struct ctx *ctx, int64_t topic, int64_t wanted, bool *ret)
{
	*ret = false;
	for (int depth = 0; topic != 0 && depth < 16; depth++) {
		struct record *record;
		if (topic == wanted) {
			*ret = true;
			return OK;
		}
		enum err err = record_load(ctx, registry_find(ctx->registry, "case_topic"), topic, &record);
		if (err != OK)
			return err;
		topic = record_i64(record, "parent_id");
	}
	return OK;
}

enum { AT_ID, AT_NAME, AT_KIND, AT_PRIORITY, AT_SEVERITY, AT_LEVEL, AT_TOPIC, AT_TEAM, AT_TARGETS, AT_CALENDAR = AT_TARGETS + SLA_KINDS, AT_WARN,
       AT_ESCALATE, AT_ESCALATE_TO, AT_ESCALATE2, AT_ESCALATE2_TO };

/* *ret: the first condition that is not met, NULL: it fits. */
static enum err unfit(struct ctx *ctx, struct stmt *stmt, const struct matter *m, const char **ret)
{
	const struct {
		int at;
		const char *name, *value;
	} texts[] = {{AT_KIND, "kind", record_text(m->record, "kind")}, {AT_PRIORITY, "priority", record_text(m->record, "priority")},
	             {AT_SEVERITY, "severity", record_text(m->record, "severity")}, {AT_LEVEL, "level", m->level}};
	bool within = true;
	enum err err = OK;
	*ret = NULL;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (!stmt_is_null(stmt, texts[i].at) && !str_equal(stmt_text(stmt, texts[i].at), texts[i].value)) {
			*ret = texts[i].name;
			return OK;
		}
	}
	if (!stmt_is_null(stmt, AT_TEAM) && stmt_i64(stmt, AT_TEAM) != record_i64(m->record, "team_id"))
		*ret = "team";
	if (*ret == NULL && !stmt_is_null(stmt, AT_TOPIC))
		err = topic_within(ctx, record_i64(m->record, "topic_id"), stmt_i64(stmt, AT_TOPIC), &within);
	if (err == OK && !within)
		*ret = "topic";
	return err;
}

static void take(struct stmt *stmt, struct sla_policy *ret)
{
	ret->id = stmt_i64(stmt, AT_ID);
	ret->calendar_id = stmt_i64(stmt, AT_CALENDAR);
	for (int i = 0; i < SLA_KINDS; i++)
		ret->target[i] = stmt_i64(stmt, AT_TARGETS + i) * MINUTE_MS;
	ret->warn_percent = stmt_i64(stmt, AT_WARN);
	ret->escalate_ms[0] = stmt_is_null(stmt, AT_ESCALATE) ? -1 : stmt_i64(stmt, AT_ESCALATE) * MINUTE_MS;
	ret->escalate_ms[1] = stmt_is_null(stmt, AT_ESCALATE2) ? -1 : stmt_i64(stmt, AT_ESCALATE2) * MINUTE_MS;
	ret->escalate_to[0] = stmt_i64(stmt, AT_ESCALATE_TO);
	ret->escalate_to[1] = stmt_i64(stmt, AT_ESCALATE2_TO);
}

static enum err walk(struct ctx *ctx, struct stmt *stmt, const struct matter *m, struct jsonw *w, struct sla_policy *ret)
{
	bool row = false;
	enum err err = OK;
	while (err == OK && ret->id == 0 && (err = stmt_step(ctx, stmt, &row)) == OK && row) {
		const char *why = NULL;
		err = unfit(ctx, stmt, m, &why);
		if (err != OK)
			return err;
		jsonw_object(w);
		jsonw_kv_id(w, "policy", stmt_i64(stmt, AT_ID)); /* not its name: not everybody may read that */
		jsonw_kv_text(w, "unfit", why);
		jsonw_end_object(w);
		if (why == NULL)
			take(stmt, ret);
	}
	return err;
}

enum err sla_choose(struct ctx *ctx, const struct record *record, struct sla_policy *ret, const char **ret_why)
{
	struct stmt *stmt;
	struct jsonw w;
	struct buf why;
	struct matter m = {record, NULL};
	struct record *customer;
	enum err err = OK;
	*ret = (struct sla_policy){.warn_percent = 80, .escalate_ms = {-1, -1}};
	if (record_i64(record, "customer_id") != 0) {
		err = record_load(ctx, registry_find(ctx->registry, "customer"), record_i64(record, "customer_id"), &customer);
		m.level = err == OK ? record_text(customer, "level") : NULL;
	}
	if (err == OK)
		err = db_prepare(ctx, ctx->db, &sql_sla_policies, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, 1);
	buf_init(&why, WHY_MAX);
	jsonw_init(&w, &why);
	jsonw_array(&w);
	err = walk(ctx, stmt, &m, &w, ret);
	stmt_done(stmt);
	jsonw_end_array(&w);
	*ret_why = buf_failed(&why) ? "[]" : arena_strdup(ctx->arena, buf_text(&why)); /* very many policies: the list is left out */
	buf_release(&why);
	return err == OK && *ret_why == NULL ? fail(ctx, ERR_LIMIT, "", "memory") : err;
}

enum err sla_calendar_of(struct ctx *ctx, const struct sla_policy *policy, int64_t team_id, int64_t *ret)
{
	struct stmt *stmt;
	bool row = false;
	*ret = policy->calendar_id;
	if (*ret != 0)
		return OK;
	enum err err = db_prepare(ctx, ctx->db, &sql_sla_calendar_of, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, team_id);
	stmt_bind_i64(stmt, 2, 1);
	err = stmt_step(ctx, stmt, &row);
	*ret = row ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	return err;
}

enum err sla_calendar(struct ctx *ctx, struct sla_calendars *all, int64_t id, struct calendar **ret)
{
	struct calendar_rules rules;
	*ret = NULL;
	if (id == 0)
		return OK;
	for (size_t i = 0; i < all->n; i++) {
		if (all->list[i].id == id) {
			*ret = all->list[i].calendar;
			return OK;
		}
	}
	enum err err = calendar_rules_load(ctx, id, &rules);
	if (err == ERR_NOT_FOUND) {
		faults_clear(ctx);
		return OK;
	}
	if (err == OK && all->n == sizeof(all->list) / sizeof(all->list[0]))
		err = fail(ctx, ERR_LIMIT, "calendar_id", "sla_calendars");
	if (err == OK)
		err = calendar_new(ctx, &rules, ret);
	if (err == OK) {
		all->list[all->n].id = id;
		all->list[all->n++].calendar = *ret;
	}
	return err;
}

void sla_calendars_free(struct sla_calendars *all)
{
	for (size_t i = 0; i < all->n; i++)
		calendar_free(all->list[i].calendar);
	all->n = 0;
}
