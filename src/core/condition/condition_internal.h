/* What the files of the condition share; nobody else includes it. */
#ifndef GUANXI_CORE_CONDITION_INTERNAL_H
#define GUANXI_CORE_CONDITION_INTERNAL_H

#include "core/condition/condition.h"
#include "core/store/store.h"

/* What a leaf saw of a record. */
struct condition_seen {
	bool holds;
	int64_t next;       /* when time alone may turn it */
	struct value value; /* of the field, or the measure */
	bool masked;
};

/* A tree in one pass: whether it holds, and when that may change. */
enum err condition_node_one(struct condition_run *run, const struct condition_node *node, const struct record *record, struct condition_seen *ret) MUST_CHECK;
/* The columns a tree looks at, of one record: NULL where there is none. `record` is made anew in ctx's arena. */
enum err condition_load(struct condition_run *run, const struct condition *condition, int64_t id, struct record **ret) MUST_CHECK;
/* Whether the actor may see the record. */
enum err condition_reach(struct ctx *ctx, const struct entity_info *info, int64_t id, bool *ret) MUST_CHECK;
/* When time alone may turn a comparison with this value. */
int64_t condition_compare_next(struct condition_run *run, const struct condition_compare *compare, const struct value *value);
/* condition_related.c */
enum err condition_related_one(struct condition_run *run, const struct condition_node *node, const struct record *record, struct condition_seen *ret) MUST_CHECK;
/* Takes a row of `columns` from a statement. */
void condition_take_row(const struct condition_columns *columns, struct stmt *stmt, struct record *record);
enum err condition_take_lists(struct ctx *ctx, const struct condition_columns *columns, struct record *record) MUST_CHECK;

/* condition_compare.c: one value against what is asked for. */
enum err condition_compare_one(struct condition_run *run, const struct condition_compare *compare, const struct value *value, bool *ret) MUST_CHECK;
/* Less, equal, greater: -1, 0, 1. Of two values of one kind that are not null. */
int condition_order(const struct value *a, const struct value *b);
bool condition_like(const char *text, const char *pattern, bool fold);

/* condition_moment.c: the moment of a word at `now_ms`; of a day field its local midnight, counted as if it were UTC. */
int64_t condition_word_at(struct condition_run *run, const struct condition_word *word, bool day, int64_t now_ms);
/* The earliest moment after now at which `word` comes to `value_ms` or passes it. */
int64_t condition_word_turns(struct condition_run *run, const struct condition_word *word, bool day, int64_t value_ms);
bool condition_day_ms(const char *day, int64_t *ret_ms) MUST_CHECK;

/* condition_columns.c */
enum err condition_make_columns(struct ctx *ctx, const struct entity_info *info, const struct condition_node *tree, const int *more, size_t n_more,
                                const char *key, struct condition_columns *ret) MUST_CHECK;

static inline const struct field *condition_field(const struct entity_info *info, int at)
{
	return info->fields[at];
}

/* Nodes of the tree of which a group, a "not" or a relation is made. */
static inline bool condition_is_group(const struct condition_node *node)
{
	return node->kind == CONDITION_ALL || node->kind == CONDITION_ANY || node->kind == CONDITION_NOT;
}

#endif
