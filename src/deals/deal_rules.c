/* What a write of a deal completes, asks for and keeps. */
#include <jansson.h>
#include <string.h>

#include "base/decimal.h"
#include "base/str.h"
#include "base/timeutil.h"
#include "core/text/text.h"
#include "customers/customers.h"
#include "deals/internal.h"
#include "deals_sql.h"
#include "sales/sales.h"

enum { LINE_SCALE = 4, PER_CENT_SCALE = 2, NEEDS_STAGES = 100 };

static bool same(const struct record *a, const struct record *b, const char *field)
{
	return value_equal(record_value(a, field), record_value(b, field));
}

static bool is_null(const struct record *r, const char *field)
{
	return record_value(r, field)->kind == VALUE_NULL;
}

/* Said along with this write, which of a read-only field only the program itself can. */
static bool given(const struct record *old, const struct record *now, const char *field)
{
	return !is_null(now, field) && (old == NULL || !same(old, now, field));
}

/* What comes back from the deleted is as it was. */
static bool restored(const struct record *old, const struct record *now)
{
	return old == NULL && record_i64(now, "version") > 1;
}

enum err deal_ask(struct ctx *ctx, const struct sql *sql, int64_t id, int64_t *ret)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, id);
	if (ret == NULL) {
		err = stmt_run(ctx, stmt, NULL);
	} else {
		err = stmt_step(ctx, stmt, &row);
		*ret = err == OK && row ? stmt_i64(stmt, 0) : 0;
	}
	stmt_done(stmt);
	return err;
}

enum err deal_day(struct ctx *ctx, int64_t at_ms, const char **ret)
{
	const char *name;
	struct text_zone *zone = NULL;
	char text[TIME_TEXT_MAX];
	enum err err = setting_text(ctx, &firm_settings[FIRM_TIME_ZONE], &name);
	if (err != OK)
		return err;
	if (text_zone_new(name, &zone)) {
		at_ms += INT64_C(1000) * text_zone_seconds(zone, at_ms);
		text_zone_free(zone);
	}
	time_format(at_ms, text);
	*ret = arena_strndup(ctx->arena, text, DEAL_DAY_BYTES - 1);
	return *ret != NULL ? OK : fail(ctx, ERR_LIMIT, "", "memory");
}

/* --- where it stands --------------------------------------------------------------------- */

static enum err set_found(struct ctx *ctx, struct record *now, const char *field, const struct sql *sql, int64_t of, const char *none)
{
	int64_t id;
	enum err err = deal_ask(ctx, sql, of, &id);
	if (err == OK && id == 0)
		err = fail(ctx, ERR_INVALID, sql == &sql_stage_pipeline ? "stage_id" : field, none);
	return err == OK ? record_set(ctx, now, field, value_int(id)) : err;
}

/* Nothing said: the pipeline of the stage given, else the one for new deals. */
static enum err settle_pipeline(struct ctx *ctx, const struct record *old, struct record *now)
{
	int64_t stage = record_i64(now, "stage_id");
	bool none = record_i64(now, "pipeline_id") == 0, follows = old != NULL && same(old, now, "pipeline_id") && !same(old, now, "stage_id");
	if (stage != 0 && (none || follows))
		return set_found(ctx, now, "pipeline_id", &sql_stage_pipeline, stage, "link_not_found");
	return none ? set_found(ctx, now, "pipeline_id", &sql_pipeline_default, 0, "no_pipeline") : OK;
}

/* Nothing said: the pipeline's first open stage. */
static enum err settle_place(struct ctx *ctx, const struct record *old, struct record *now, struct record **ret_stage)
{
	bool moved = old != NULL && !same(old, now, "pipeline_id") && same(old, now, "stage_id");
	enum err err = settle_pipeline(ctx, old, now);
	if (err == OK && (record_i64(now, "stage_id") == 0 || moved))
		err = set_found(ctx, now, "stage_id", &sql_stage_first, record_i64(now, "pipeline_id"), "no_stage");
	if (err == OK)
		err = record_load(ctx, registry_find(ctx->registry, "stage"), record_i64(now, "stage_id"), ret_stage);
	if (err == OK && record_i64(*ret_stage, "pipeline_id") != record_i64(now, "pipeline_id"))
		err = fail(ctx, ERR_INVALID, "stage_id", "stage_elsewhere");
	return err;
}

static bool filled(const struct record *deal, const char *field)
{
	const struct value *value = record_value(deal, field);
	if (value->kind == VALUE_LIST)
		return value->l.n > 0;
	return value->kind != VALUE_NULL && !(value->kind == VALUE_TEXT && value->t.n == 0);
}

/* Of one stage: all that is missing, each at its field. `only_lost`: what was filled before and is not any more. */
static enum err ask_needs(struct ctx *ctx, const struct record *old, const struct record *now, const char *needs, const char *stage, bool only_lost)
{
	json_t *list = str_empty(needs) ? NULL : json_loads(needs, 0, NULL), *name;
	size_t i;
	json_array_foreach(list, i, name) {
		const char *field = json_string_value(name);
		if (field == NULL || entity_field(now->info, field) < 0 || filled(now, field) || (only_lost && !filled(old, field)))
			continue;
		fault_add(ctx, ERR_INVALID, field, "stage_needs", stage);
	}
	json_decref(list);
	return faults_code(ctx);
}

/* Whoever goes past a stage has done what it asks for; who loses a deal anywhere need not. */
static enum err ask_stages(struct ctx *ctx, const struct record *old, const struct record *now, const struct record *stage)
{
	struct stmt *stmt;
	bool row, lost = str_equal(record_text(stage, "category"), "lost");
	bool only_lost = old != NULL && same(old, now, "stage_id");
	if (ctx->actor != NULL && ctx->actor->kind == ACTOR_SYSTEM)
		return OK; /* the program itself: stages that are replaced, samples */
	enum err err = db_prepare(ctx, ctx->db, &sql_stage_needs, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, record_i64(stage, "pipeline_id"));
	stmt_bind_i64(stmt, 2, record_id(stage));
	stmt_bind_i64(stmt, 3, record_i64(stage, "position"));
	stmt_bind_i64(stmt, 4, lost ? 1 : 0);
	for (int n = 0; n < NEEDS_STAGES && (err = stmt_step(ctx, stmt, &row)) == OK && row; n++) {
		const char *name = ctx->locale == LOCALE_EN ? stmt_text(stmt, 1) : stmt_text(stmt, 2);
		(void)ask_needs(ctx, old, now, stmt_text(stmt, 0), name, only_lost); /* all stages' together */
	}
	stmt_done(stmt);
	return err != OK ? err : faults_code(ctx);
}

/* --- open, won, lost ------------------------------------------------------------------------ */

static enum err ask_reason(struct ctx *ctx, struct record *now, bool lost)
{
	if (!lost) {
		enum err err = record_set(ctx, now, "lost_reason_id", value_null());
		return err == OK ? record_set(ctx, now, "competitor_id", value_null()) : err;
	}
	return is_null(now, "lost_reason_id") ? fail(ctx, ERR_INVALID, "lost_reason_id", "lost_needs_reason") : OK;
}

/* A deal that ends, ends today, unless the day was said along with it. */
static enum err set_ending(struct ctx *ctx, const struct record *old, struct record *now, bool open)
{
	const char *today;
	bool known = !open && given(old, now, "closed_at");
	enum err err = known ? OK : record_set(ctx, now, "closed_at", open ? value_null() : value_int(ctx_now(ctx)));
	int64_t began = record_i64(now, "created_at") != 0 ? record_i64(now, "created_at") : ctx_now(ctx);
	if (err == OK)
		err = record_set(ctx, now, "cycle_days", open ? value_null() : value_int((record_i64(now, "closed_at") - began) / DAY_MS));
	bool said = old == NULL ? !is_null(now, "close_on") : !same(old, now, "close_on");
	if (err != OK || open || said)
		return err;
	err = deal_day(ctx, ctx_now(ctx), &today);
	return err == OK ? record_set(ctx, now, "close_on", value_text(today)) : err;
}

/* What comes with a stage, unless somebody says otherwise in the same write. */
static enum err take_defaults(struct ctx *ctx, const struct record *old, struct record *now, const struct record *stage, bool open)
{
	enum err err = OK;
	bool said = old == NULL ? !is_null(now, "probability") : !same(old, now, "probability");
	if (!open || !said)
		err = record_set(ctx, now, "probability", *record_value(stage, "probability"));
	said = old == NULL ? !is_null(now, "forecast") : !same(old, now, "forecast");
	if (err == OK && !said)
		err = record_set(ctx, now, "forecast", *record_value(stage, "forecast"));
	return err;
}

static enum err enter_stage(struct ctx *ctx, const struct record *old, struct record *now, const struct record *stage)
{
	const char *category = record_text(stage, "category");
	bool open = str_equal(category, "open"), was_open = old == NULL || str_equal(record_text(old, "state"), "open");
	enum err err = record_set(ctx, now, "state", value_text(category));
	/* the program itself (samples) may know better since when */
	if (err == OK && !given(old, now, "stage_since"))
		err = record_set(ctx, now, "stage_since", value_int(ctx_now(ctx)));
	if (err == OK)
		err = take_defaults(ctx, old, now, stage, open);
	if (err == OK && (!open || !was_open))
		err = set_ending(ctx, old, now, open);
	return err == OK ? ask_reason(ctx, now, str_equal(category, "lost")) : err;
}

static enum err set_stuck(struct ctx *ctx, struct record *now, const struct record *stage)
{
	int64_t days = record_i64(stage, "days_stuck");
	bool open = str_equal(record_text(now, "state"), "open");
	return record_set(ctx, now, "stuck_at", open && days > 0 ? value_int(record_i64(now, "stage_since") + days * DAY_MS) : value_null());
}

/* --- money and date --------------------------------------------------------------------------- */

static enum err settle_amount(struct ctx *ctx, const struct record *old, struct record *now)
{
	int64_t chance = record_i64(now, "probability"), weighted;
	bool lines = record_i64(now, "lines_count") > 0 || (old != NULL && record_i64(old, "lines_count") > 0);
	enum err err = lines ? record_set(ctx, now, "amount", value_int(record_i64(now, "lines_total"))) : OK;
	if (err == OK && record_i64(now, "amount") < 0)
		err = fail(ctx, ERR_INVALID, "amount", "deal_negative");
	if (err == OK && (chance < 0 || chance > 100))
		err = fail(ctx, ERR_INVALID, "probability", "not_percent");
	if (err == OK)
		err = sales_in_base(ctx, old, now, "amount", "amount_base");
	if (err != OK)
		return err;
	if (is_null(now, "amount_base"))
		return record_set(ctx, now, "weighted", value_null());
	if (!decimal_mul(record_i64(now, "amount_base"), chance, PER_CENT_SCALE, &weighted))
		return fail(ctx, ERR_INVALID, "amount", "number_too_large");
	return record_set(ctx, now, "weighted", value_int(weighted));
}

static enum err settle_date(struct ctx *ctx, const struct record *old, struct record *now)
{
	const char *day = record_text(now, "close_on"), *before = old != NULL ? record_text(old, "close_month") : NULL;
	const char *month = day != NULL ? arena_strndup(ctx->arena, day, DEAL_MONTH_BYTES - 1) : NULL;
	if (day != NULL && month == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	enum err err = record_set(ctx, now, "close_month", value_text(month));
	if (err == OK && day != NULL && is_null(now, "first_close_on"))
		err = record_set(ctx, now, "first_close_on", value_text(day));
	bool later = before != NULL && month != NULL && strcmp(month, before) > 0 && str_equal(record_text(now, "state"), "open");
	return err == OK && later ? record_set(ctx, now, "slips", value_int(record_i64(now, "slips") + 1)) : err;
}

/* --- whose it is ---------------------------------------------------------------------------------- */

static enum err follow_owner(struct ctx *ctx, const struct record *old, struct record *now)
{
	static const char *const places[] = {"team_id", "branch_id"};
	struct record *user;
	int64_t owner = record_i64(now, "owner_id");
	if (owner == 0 || (old != NULL && same(old, now, "owner_id")) || (old == NULL && ctx->actor != NULL && owner == ctx->actor->user_id))
		return OK;
	enum err err = record_load(ctx, registry_find(ctx->registry, "user"), owner, &user);
	for (size_t i = 0; err == OK && i < sizeof(places) / sizeof(places[0]); i++) {
		bool said = old == NULL ? !is_null(now, places[i]) && ctx->actor != NULL && ctx->actor->user_id == 0 : !same(old, now, places[i]);
		if (!said)
			err = record_set(ctx, now, places[i], *record_value(user, places[i]));
	}
	return err;
}

static enum err inherit_owner(struct ctx *ctx, struct record *now)
{
	struct customer_belongs belongs;
	if (record_i64(now, "owner_id") != 0 || record_i64(now, "customer_id") == 0)
		return OK;
	enum err err = customer_belongs(ctx, record_i64(now, "customer_id"), &belongs);
	return err == OK && belongs.owner_id != 0 ? record_set(ctx, now, "owner_id", value_int(belongs.owner_id)) : err;
}

enum err deal_before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	struct record *stage = NULL;
	(void)entity;
	if (now == NULL || restored(old, now))
		return OK;
	enum err err = settle_place(ctx, old, now, &stage);
	if (err == OK && old == NULL)
		err = inherit_owner(ctx, now);
	if (err == OK)
		err = follow_owner(ctx, old, now);
	if (err == OK && (old == NULL || !same(old, now, "stage_id")))
		err = enter_stage(ctx, old, now, stage);
	else if (err == OK)
		err = ask_reason(ctx, now, str_equal(record_text(now, "state"), "lost"));
	if (err == OK)
		err = settle_amount(ctx, old, now);
	if (err == OK)
		err = ask_stages(ctx, old, now, stage);
	if (err == OK)
		err = set_stuck(ctx, now, stage);
	return err == OK ? settle_date(ctx, old, now) : err;
}

enum err deal_after(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *now)
{
	(void)entity;
	return now == NULL || restored(old, now) ? OK : deal_history_keep(ctx, old, now);
}

/* --- lines ------------------------------------------------------------------------------------------ */

enum err deal_line_before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	int64_t total;
	struct record *product;
	(void)entity;
	(void)old;
	if (now == NULL)
		return OK;
	if (record_i64(now, "quantity") < 0)
		return fail(ctx, ERR_INVALID, "quantity", "deal_negative");
	if (!decimal_mul(record_i64(now, "unit_price"), record_i64(now, "quantity"), 3, &total) ||
	    __builtin_sub_overflow(total, record_i64(now, "discount"), &total))
		return fail(ctx, ERR_INVALID, "total", "number_too_large");
	if (total < 0)
		return fail(ctx, ERR_INVALID, "discount", "deal_negative");
	enum err err = record_set(ctx, now, "total", value_int(total));
	if (err != OK || record_i64(now, "product_id") == 0 || !str_empty(record_text(now, "name")))
		return err;
	err = record_load(ctx, registry_find(ctx->registry, "product"), record_i64(now, "product_id"), &product);
	return err == OK ? record_set(ctx, now, "name", *record_value(product, "name")) : err;
}

static enum err sum_lines(struct ctx *ctx, int64_t deal, int64_t *ret_count, int64_t *ret_total)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_deal_sum_lines, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, deal);
	err = stmt_step(ctx, stmt, &row);
	*ret_count = err == OK && row ? stmt_i64(stmt, 0) : 0;
	*ret_total = err == OK && row ? stmt_i64(stmt, 1) : 0;
	stmt_done(stmt);
	return err;
}

static enum err sum_again(struct ctx *ctx, void *arg)
{
	int64_t id = (int64_t)(intptr_t)arg, count, total, minor;
	const struct entity_info *info = registry_find(ctx->registry, "opportunity");
	struct record *deal, *patch;
	enum err err = record_load(ctx, info, id, &deal);
	if (err == ERR_NOT_FOUND) { /* deleted with its lines */
		faults_clear(ctx);
		return OK;
	}
	if (err == OK)
		err = sum_lines(ctx, id, &count, &total);
	if (err != OK)
		return err;
	if (!decimal_rescale(total, LINE_SCALE, currency_scale(record_currency(ctx, deal, entity_field(info, "amount"))), &minor))
		return fail(ctx, ERR_INVALID, "amount", "number_too_large");
	if (count == record_i64(deal, "lines_count") && minor == record_i64(deal, "lines_total"))
		return OK;
	err = record_new(ctx, info, &patch);
	if (err == OK)
		err = record_set(ctx, patch, "lines_count", value_int(count));
	if (err == OK)
		err = record_set(ctx, patch, "lines_total", value_int(minor));
	return err == OK ? record_update(ctx, id, patch, 0, W_TRUSTED | W_NO_SEARCH, NULL) : err;
}

enum err deal_line_after(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *now)
{
	(void)entity;
	const struct record *line = now != NULL ? now : old;
	if (old != NULL && now != NULL && same(old, now, "total"))
		return OK;
	return db_before_commit(ctx, sum_again, (void *)(intptr_t)record_i64(line, "opportunity_id"));
}
