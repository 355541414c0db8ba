/* How urgent a case is, unless a person has said so: the topic's word, raised for what is severe and for who buys much. */
#include "base/jsonw.h"
#include "base/str.h"
#include "service/service_internal.h"

static const char *const ranks[] = {"urgent", "high", "normal", "low"};
enum { RANKS = sizeof(ranks) / sizeof(ranks[0]), NORMAL = 2, REASON_MAX = 2000 };

static int rank_of(const char *priority)
{
	for (int i = 0; i < RANKS; i++) {
		if (str_equal(ranks[i], priority))
			return i;
	}
	return NORMAL;
}

static void say(struct jsonw *w, const char *why, const char *what, const char *to)
{
	jsonw_object(w);
	jsonw_kv_text(w, "why", why);
	jsonw_kv_text(w, "what", what);
	jsonw_kv_text(w, "to", to);
	jsonw_end_object(w);
}

/* A record that may be gone: said elsewhere. */
static enum err load(struct ctx *ctx, const char *entity, int64_t id, struct record **ret)
{
	*ret = NULL;
	if (id == 0)
		return OK;
	enum err err = record_load(ctx, registry_find(ctx->registry, entity), id, ret);
	if (err == ERR_NOT_FOUND) {
		*ret = NULL;
		faults_clear(ctx);
		return OK;
	}
	return err;
}

/* The topic's priority, or that of the nearest one above it that has any. */
static enum err by_topic(struct ctx *ctx, int64_t topic, struct jsonw *w, int *rank)
{
	for (int depth = 0; topic != 0 && depth < 16; depth++) {
		struct record *record;
		enum err err = load(ctx, "case_topic", topic, &record);
		if (err != OK || record == NULL)
			return err;
		if (record_text(record, "priority") != NULL) {
			*rank = rank_of(record_text(record, "priority"));
			say(w, "topic", record_text(record, "name"), ranks[*rank]);
			return OK;
		}
		topic = record_i64(record, "parent_id");
	}
	return OK;
}

static void raise_to(struct jsonw *w, int *rank, int to, const char *why, const char *what)
{
	if (to < 0 || to >= *rank)
		return;
	*rank = to;
	say(w, why, what, ranks[to]);
}

static enum err by_rule(struct ctx *ctx, const struct record *now, struct jsonw *w, int *rank)
{
	struct record *customer;
	const char *severity = record_text(now, "severity");
	enum err err = by_topic(ctx, record_i64(now, "topic_id"), w, rank);
	if (err == OK)
		err = load(ctx, "customer", record_i64(now, "customer_id"), &customer);
	if (err != OK)
		return err;
	if (str_equal(severity, "critical"))
		raise_to(w, rank, 0, "severity", severity);
	if (str_equal(severity, "major"))
		raise_to(w, rank, 1, "severity", severity);
	if (str_equal(record_text(now, "kind"), "complaint"))
		raise_to(w, rank, 1, "kind", "complaint");
	if (customer == NULL)
		return OK;
	const char *level = record_text(customer, "level");
	/* one step, never past what is urgent by itself */
	if (str_equal(level, "vip") || str_equal(level, "prime"))
		raise_to(w, rank, *rank > 1 ? *rank - 1 : *rank, "level", level);
	else if (str_equal(record_text(customer, "stage"), "loyal"))
		raise_to(w, rank, *rank > 2 ? 2 : *rank, "stage", "loyal");
	return OK;
}

static bool by_person(const struct record *old, const struct record *now)
{
	const char *priority = record_text(now, "priority");
	if (old == NULL)
		return priority != NULL;
	if (!value_equal(record_value(old, "priority"), record_value(now, "priority")))
		return priority != NULL; /* emptied: by rule again */
	return record_i64(old, "priority_auto") == 0;
}

enum err case_settle_priority(struct ctx *ctx, const struct record *old, struct record *now)
{
	struct jsonw w;
	struct buf text;
	int rank = NORMAL;
	bool person = by_person(old, now);
	enum err err = OK;
	buf_init(&text, REASON_MAX);
	jsonw_init(&w, &text);
	jsonw_array(&w);
	if (person) {
		rank = rank_of(record_text(now, "priority"));
		say(&w, "person", NULL, ranks[rank]);
	} else {
		err = by_rule(ctx, now, &w, &rank);
	}
	jsonw_end_array(&w);
	const char *reason = err == OK && !buf_failed(&text) ? arena_strdup(ctx->arena, buf_text(&text)) : NULL;
	buf_release(&text);
	if (err == OK && reason == NULL)
		err = fail(ctx, ERR_LIMIT, "", "memory");
	if (err == OK)
		err = record_set(ctx, now, "priority", value_text(ranks[rank]));
	if (err == OK)
		err = case_set_int(ctx, now, "priority_rank", rank);
	if (err == OK)
		err = case_set_int(ctx, now, "priority_auto", !person);
	return err == OK ? record_set(ctx, now, "priority_reason", value_text(reason)) : err;
}
