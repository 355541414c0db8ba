/* Inside core/calendar: rules out of parsed JSON. */
#ifndef GUANXI_CORE_CALENDAR_JSON_H
#define GUANXI_CORE_CALENDAR_JSON_H

#include <jansson.h>

#include "core/calendar/calendar_internal.h"

/* ERR_INVALID "calendar_json" with line:column. The caller frees what it gets. */
enum err calendar_json_load(struct ctx *ctx, const char *text, size_t n, json_t **ret) MUST_CHECK;
/* In the arena; nothing of `object` is kept. */
enum err calendar_rules_json(struct ctx *ctx, const json_t *object, struct calendar_rules *ret) MUST_CHECK;
enum err calendar_blocks_json(struct ctx *ctx, const json_t *list, const char *field, const struct calendar_block **ret, size_t *ret_n) MUST_CHECK;

#endif
