#ifndef GUANXI_CORE_SETTINGS_SETTINGS_INTERNAL_H
#define GUANXI_CORE_SETTINGS_SETTINGS_INTERNAL_H

#include "core/settings/settings.h"

enum { SETTING_VALUE_MAX = 2000 }; /* code points of any value */

/* The value in its one form, in ctx's arena; faults carry the setting's name. */
enum err setting_check(struct ctx *ctx, const struct setting *setting, const char *text, const char **ret) MUST_CHECK;
const char *setting_default(const struct setting *setting);
/* A good value as a number. */
int64_t setting_number(const struct setting *setting, const char *text);

const struct setting *const *settings_tables(const struct ctx *ctx);
/* What is set at this place itself, from the store; NULL: nothing. */
enum err setting_stored(struct ctx *ctx, const struct setting *setting, enum setting_scope scope, int64_t scope_id, const char **ret) MUST_CHECK;

#endif
