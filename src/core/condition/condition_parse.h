/* What the files that read a tree share; nobody else includes it. */
#ifndef GUANXI_CORE_CONDITION_PARSE_H
#define GUANXI_CORE_CONDITION_PARSE_H

#include "core/condition/condition_internal.h"

/* The entity of segments, and of their members: fields entity, name; segment_id, record_id. */
#define CONDITION_SEGMENT "segment"

struct condition_parse {
	struct ctx *ctx;
	size_t nodes, values, patterns;
	int depth, related;
	bool moves; /* something is measured by the clock */
};

/* Reports at a place of the tree, with what is wrong there. */
enum err condition_fail(struct condition_parse *p, const char *place, enum err code, const char *key, const char *what) MUST_CHECK;
enum err condition_known(struct condition_parse *p, const json_t *json, const char *place, const char *const *names) MUST_CHECK;
/* NULL where it is not given. */
enum err condition_member_text(struct condition_parse *p, const json_t *json, const char *place, const char *name, const char **ret) MUST_CHECK;
/* A field that the actor sees in full. */
enum err condition_open_field(struct condition_parse *p, const struct entity_info *info, const char *place, const char *name, int *ret) MUST_CHECK;
/* condition_value.c: op and value of a comparison; field -1: of a number. */
enum err condition_parse_compare(struct condition_parse *p, const struct entity_info *info, int field, const json_t *json, const char *place,
                                 struct condition_compare *ret) MUST_CHECK;
/* condition_relation.c: which records, by which field; and what is measured of them. */
enum err condition_parse_relation(struct condition_parse *p, struct condition_node *node, const json_t *json, const char *place) MUST_CHECK;
enum err condition_parse_measure(struct condition_parse *p, struct condition_node *node, const json_t *json, const char *place) MUST_CHECK;

#endif
