/* Settings: typed descriptors that every folder brings along, their values in entity `setting`.
 *
 * A value is set for the firm, for a branch or for a user; what is asked for a user falls back to the user's branch, then
 * to the firm, then to the descriptor's default.  Values are checked when they are set, so whoever reads one gets a good
 * one.  All values but those of users stand in memory, one copy a program; a change, on this node or another, is read
 * before the next request is served.  Changes are in the change log like those of any record. */
#ifndef GUANXI_CORE_SETTINGS_SETTINGS_H
#define GUANXI_CORE_SETTINGS_SETTINGS_H

#include "core/entity/entity.h"
#include "core/http/http.h"

enum setting_type {
	SETTING_TEXT,
	SETTING_INT,      /* min to max */
	SETTING_BOOL,     /* "true", "false" */
	SETTING_CHOICE,   /* one of `options` */
	SETTING_CHOICES,  /* several of `options`, with commas between; at least one */
	SETTING_ZONE,     /* IANA time zone */
	SETTING_CURRENCY, /* ISO 4217 */
	SETTING_COUNTRY,  /* ISO 3166, two letters */
	SETTING_EMAIL,
	SETTING_PHONE,
	SETTING_URL,
};

enum setting_scope { SETTING_FIRM = 1, SETTING_BRANCH = 2, SETTING_USER = 4 };

enum setting_flag {
	SETTING_OPEN = 1, /* everybody who has signed in may read it; others: administrators */
};

struct setting {
	const char *name; /* "firm.time_zone" */
	enum setting_type type;
	unsigned scopes;      /* enum setting_scope; 0: the firm */
	unsigned flags;
	const char *fallback; /* NULL: "" for texts; else a good value of the type */
	int64_t min, max;     /* of numbers; of texts max code points, 0: 200 */
	const struct option *options;
	struct text2 group, label, help;
	/* May refuse a good value for reasons of its own; in the write job. NULL: nothing more is asked. */
	enum err (*check)(struct ctx *ctx, const struct setting *setting, const char *value);
};

struct settings;
struct settings_config {
	const struct setting *const *tables; /* each ended by name NULL; the list by NULL */
	const char *(*label)(struct ctx *ctx, const struct text2 *text); /* in the context's language */
};

/* Reads what is set; hears of changes until settings_free. ctx->settings is left to the caller. */
enum err settings_open_new(struct ctx *ctx, struct store *store, const struct settings_config *config, struct settings **ret) MUST_CHECK;
void settings_free(struct settings *settings);

/* Before a request is served: what has been changed is read. Costs nothing otherwise. */
enum err settings_refresh(struct ctx *ctx) MUST_CHECK;
/* The firm's value, in ctx's arena; never NULL. A NULL ctx->settings gives defaults. */
enum err setting_text(struct ctx *ctx, const struct setting *setting, const char **ret) MUST_CHECK;
/* Of numbers and booleans (0, 1); of a choice the option's position. */
int64_t setting_int(struct ctx *ctx, const struct setting *setting);
/* For a user of a branch; 0: none. Reads the user's own value from the store. */
enum err setting_text_for(struct ctx *ctx, const struct setting *setting, int64_t branch_id, int64_t user_id, const char **ret) MUST_CHECK;

/* In a write job: checks and sets; value NULL or "" goes back to what is behind it. `scope_id` 0 for the firm. Rights are
 * the caller's to ask. */
enum err setting_set(struct ctx *ctx, const char *name, enum setting_scope scope, int64_t scope_id, const char *value) MUST_CHECK;
/* By name; NULL if there is none. */
const struct setting *setting_find(const struct ctx *ctx, const char *name);

extern const struct entity setting_entity;
extern const struct route settings_routes[];

/* --- what is known of the firm itself ---------------------------------------- */

enum firm_setting {
	FIRM_NAME,
	FIRM_SHORT_NAME,
	FIRM_COUNTRY,
	FIRM_CURRENCY,
	FIRM_TIME_ZONE,
	FIRM_WEEK_START, /* 0 Sunday … 6 Saturday */
	FIRM_LANGUAGES,
	FIRM_ADDRESS,
	FIRM_PHONE,
	FIRM_EMAIL,
	FIRM_WEBSITE,
	FIRM_TAX_NUMBER,
	FIRM_SETUP_DONE,
	FIRM_SETTING_COUNT
};
extern const struct setting firm_settings[FIRM_SETTING_COUNT + 1];

/* A text of the program in the context's language, Traditional Chinese by the usage of Taiwan;
 * without open settings as it stands, Traditional as Simplified. */
const char *settings_label(struct ctx *ctx, const struct text2 *text);

#endif
