/* Patterns and zones from settings; what the next numbers will be. */
#include "core/sequence/sequence.h"

#include "base/jsonw.h"
#include "base/str.h"

enum err sequence_check(struct ctx *ctx, const struct setting *setting, const char *value)
{
	return registry_check_pattern(ctx, setting->name, value);
}

static enum err pattern(struct ctx *ctx, const char *name, int64_t branch_id, const char **ret)
{
	const struct setting *setting = setting_find(ctx, name);
	if (!setting)
		return ctx->settings ? fail(ctx, ERR_BUG, name, "unknown") : OK;
	return setting_text_for(ctx, setting, branch_id, 0, ret);
}

static enum err zone(struct ctx *ctx, int64_t branch_id, const char **ret)
{
	return setting_text_for(ctx, &firm_settings[FIRM_TIME_ZONE], branch_id, 0, ret);
}

void sequence_open(struct registry *registry)
{
	const struct registry_numbering numbering = {.pattern = pattern, .zone = zone};
	registry_number_by(registry, &numbering);
}

/* --- what comes next ----------------------------------------------------------------- */

static enum err put_one(struct ctx *ctx, struct jsonw *w, const struct entity_info *info, int at)
{
	const struct sequence *sequence = info->fields[at]->sequence;
	const char *next, *now = sequence->pattern;
	enum err err = record_next_number(ctx, info, at, ctx->actor->branch_id, &next);
	if (!err && sequence->setting)
		err = pattern(ctx, sequence->setting, ctx->actor->branch_id, &now);
	if (err)
		return err;
	jsonw_object(w);
	jsonw_kv_text(w, "entity", info->entity->name);
	jsonw_kv_text(w, "entity_label", settings_label(ctx, &info->entity->label));
	jsonw_kv_text(w, "field", info->fields[at]->name);
	jsonw_kv_text(w, "label", settings_label(ctx, &info->fields[at]->label));
	jsonw_kv_text(w, "setting", sequence->setting);
	jsonw_kv_text(w, "pattern", str_empty(now) ? NULL : now);
	jsonw_kv_text(w, "next", str_empty(next) ? NULL : next);
	jsonw_end_object(w);
	return OK;
}

static enum err list(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct jsonw w;
	enum err err = OK;
	(void)req;
	jsonw_init(&w, http_body(res));
	jsonw_array(&w);
	for (size_t e = 0; e < registry_count(ctx->registry) && !err; e++) {
		const struct entity_info *info = registry_at(ctx->registry, e);
		for (int at = SF_COUNT; at < (int)info->n_fields && !err; at++)
			if (info->fields[at]->sequence)
				err = put_one(ctx, &w, info, at);
	}
	jsonw_end_array(&w);
	return err;
}

const struct route sequence_routes[] = {
	{.method = METHOD_GET, .pattern = "/api/v1/sequences", .lane = LANE_READ, .door = DOOR_CAP, .cap = CAP_ADMIN, .handle = list,
	 .doc = "Numbered fields: their patterns, and what the next number would be."},
	{.pattern = NULL},
};
