/* Numbers by sequences (core/entity) as settings of the firm and its branches. */
#ifndef GUANXI_CORE_SEQUENCE_SEQUENCE_H
#define GUANXI_CORE_SEQUENCE_SEQUENCE_H

#include "core/http/http.h"
#include "core/settings/settings.h"

/* `check` of a setting that holds a pattern. */
enum err sequence_check(struct ctx *ctx, const struct setting *setting, const char *value) MUST_CHECK;
/* Before work starts: patterns and time zones come from settings. */
void sequence_open(struct registry *registry);

extern const struct route sequence_routes[];

/* What a folder writes into its settings for a numbered field. */
#define SEQUENCE_SETTING .type = SETTING_TEXT, .max = 60, .scopes = SETTING_FIRM | SETTING_BRANCH, .check = sequence_check

#endif
