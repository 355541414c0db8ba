/* What somebody is sent: templates filled with what the campaign's owner may see of the customer. */
#include <stdio.h>
#include <string.h>

#include "base/decimal.h"
#include "base/str.h"
#include "base/timeutil.h"
#include "campaigns/campaigns_internal.h"
#include "campaigns_sql.h"
#include "core/template/template.h"

enum { MEMBERS_MAX = 200, SUBJECT_BYTES = OUTBOX_SUBJECT_MAX };

static const char *kept(struct ctx *ctx, struct stmt *stmt, int at)
{
	return stmt_is_null(stmt, at) ? NULL : arena_strdup(ctx->arena, stmt_text(stmt, at));
}

enum err campaign_contents_read(struct ctx *ctx, int64_t campaign_id, struct campaign_contents *ret)
{
	struct stmt *stmt;
	bool row = true;
	ret->n = 0;
	enum err err = db_prepare(ctx, ctx->db, &sql_campaign_contents, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, campaign_id);
	while (ret->n < CAMPAIGN_CONTENTS_MAX && !(err = stmt_step(ctx, stmt, &row)) && row)
		ret->list[ret->n++] = (struct campaign_content){stmt_i64(stmt, 0), kept(ctx, stmt, 1), kept(ctx, stmt, 2), kept(ctx, stmt, 3), kept(ctx, stmt, 4)};
	stmt_done(stmt);
	return err;
}

/* How well a text's language fits: the same 3, the same tongue 2, any 1. */
static int fits(const char *have, const char *want)
{
	bool traditional = want != NULL && (str_starts(want, "zh-TW") || str_starts(want, "zh-HK") || str_starts(want, "zh-Hant"));
	if (want == NULL || str_equal(have, want) || (traditional && str_equal(have, "zh-Hant")) || (!traditional && str_starts(want, "zh") && str_equal(have, "zh-Hans")))
		return want == NULL ? 1 : 3;
	return have != NULL && strncmp(have, want, 2) == 0 ? 2 : 1;
}

const struct campaign_content *campaign_content_for(const struct campaign_contents *contents, int64_t variant_id, const char *language)
{
	const struct campaign_content *best = NULL;
	int most = 0;
	for (size_t i = 0; i < contents->n; i++) {
		const struct campaign_content *c = &contents->list[i];
		if (c->variant_id != 0 && c->variant_id != variant_id)
			continue;
		int points = fits(c->language, language) * 2 + (c->variant_id != 0);
		if (points > most) {
			best = c;
			most = points;
		}
	}
	return best;
}

/* --- data ---------------------------------------------------------------------------------- */

static const char *option_label(struct ctx *ctx, const struct field *field, const char *value)
{
	for (const struct option *o = field->options; o != NULL && o->value != NULL; o++) {
		if (str_equal(o->value, value))
			return settings_label(ctx, &o->label);
	}
	return value;
}

static const char *show_number(struct ctx *ctx, const struct record *customer, const struct field *field, int64_t value)
{
	char text[TIME_TEXT_MAX];
	int digits = 0;
	if (field->type == FIELD_TIME) {
		time_format(value, text);
		return arena_printf(ctx->arena, "%.10s", text);
	}
	if (field->type == FIELD_BOOL)
		return value != 0 ? "1" : NULL;
	if (field->type == FIELD_MONEY)
		digits = currency_scale(record_currency(ctx, customer, entity_field(customer->info, field->name)));
	if (field->type == FIELD_DECIMAL)
		digits = field->scale;
	int64_t whole = 1;
	for (int i = 0; i < digits; i++)
		whole *= 10;
	uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
	const char *sign = value < 0 ? "-" : "";
	return digits == 0 ? arena_printf(ctx->arena, "%lld", (long long)value)
	                   : arena_printf(ctx->arena, "%s%llu.%0*llu", sign, (unsigned long long)(size / (uint64_t)whole), digits, (unsigned long long)(size % (uint64_t)whole));
}

static const char *show(struct ctx *ctx, const struct record *customer, size_t at)
{
	const struct field *field = customer->info->fields[at];
	const struct value *v = &customer->values[at];
	if (v->kind == VALUE_TEXT)
		return field->type == FIELD_ENUM ? option_label(ctx, field, v->t.p) : v->t.p;
	return v->kind == VALUE_INT && field->type != FIELD_LINK ? show_number(ctx, customer, field, v->i) : NULL;
}

static enum err make_data(struct ctx *ctx, const struct record *customer, const char *unsubscribe, struct template_value *ret)
{
	const struct entity_info *info = customer->info;
	struct template_member *members = arena_array(ctx->arena, MEMBERS_MAX, sizeof(*members));
	const char *firm;
	size_t n = 0;
	enum err err = members != NULL ? setting_text(ctx, &firm_settings[FIRM_NAME], &firm) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err)
		return err;
	members[n++] = template_member_of("firm", template_text(firm));
	members[n++] = template_member_of("unsubscribe_url", template_text(unsubscribe));
	for (size_t i = SF_COUNT; i < info->n_fields && n < MEMBERS_MAX; i++) {
		bool hidden = (info->fields[i]->flags & (F_SECRET | F_SENSITIVE)) || entity_field_right(ctx->actor, info, (int)i) < RIGHT_READ;
		members[n++] = template_member_of(info->fields[i]->name, template_text(hidden ? NULL : show(ctx, customer, i)));
	}
	*ret = (struct template_value){.kind = TEMPLATE_OBJECT, .n = n, .members = members};
	return OK;
}

/* --- filling in ---------------------------------------------------------------------------------- */

static enum err fill(struct ctx *ctx, const char *source, enum template_context context, const struct template_value *data, bool mark, size_t max, size_t *missing,
                     const char **ret)
{
	struct template_options options = {.context = context};
	struct template_run run = {.mark = mark, .loops_max = 1000};
	struct template *t;
	struct buf out;
	enum err err = template_compile(ctx, source, strlen(source), &options, &t);
	if (err)
		return err;
	buf_init(&out, max);
	err = template_render(ctx, t, data, &run, &out);
	template_free(t);
	*missing += run.missing;
	*ret = err ? NULL : arena_strdup(ctx->arena, buf_text(&out));
	buf_release(&out);
	return !err && *ret == NULL ? fail(ctx, ERR_LIMIT, "", "memory") : err;
}

/* Every promotion says how to end them, whether its author thought of it or not. */
static enum err add_way_out(struct ctx *ctx, const struct campaign_content *content, struct campaign_letter *letter)
{
	bool chinese = content->language == NULL || str_starts(content->language, "zh");
	const char *word = chinese ? "退订 / Unsubscribe" : "Unsubscribe";
	if (strstr(letter->text, letter->unsubscribe) == NULL)
		letter->text = arena_printf(ctx->arena, "%s\n\n-- \n%s: %s\n", letter->text, word, letter->unsubscribe);
	if (letter->text != NULL && letter->html != NULL && strstr(letter->html, letter->unsubscribe) == NULL)
		letter->html = arena_printf(ctx->arena, "%s<p><a href=\"%s\">%s</a></p>", letter->html, letter->unsubscribe, word);
	return letter->text != NULL ? OK : fail(ctx, ERR_LIMIT, "", "memory");
}

enum err campaign_render(struct ctx *ctx, const struct campaign_content *content, const struct record *customer, int64_t recipient_id, bool mark,
                         struct campaign_letter *ret)
{
	int64_t days = setting_int(ctx, &consent_settings[CONSENT_LINK_DAYS]);
	struct consent_link link = {.customer_id = record_id(customer), .cause_id = recipient_id, .channel = CONSENT_EMAIL, .expires_ms = ctx_now(ctx) + days * DAY_MS};
	struct template_value data;
	*ret = (struct campaign_letter){.address = record_text(customer, "email"), .name = record_text(customer, "name")};
	/* whoever looks at a preview must not be able to press the customer's button */
	ret->unsubscribe = "/u/preview";
	enum err err = mark ? OK : consent_link_url(ctx, &link, &ret->unsubscribe);
	if (!err)
		err = make_data(ctx, customer, ret->unsubscribe, &data);
	if (!err)
		err = fill(ctx, content->subject, TEMPLATE_HEADER, &data, mark, SUBJECT_BYTES, &ret->missing, &ret->subject);
	if (!err)
		err = fill(ctx, content->text, TEMPLATE_PLAIN, &data, mark, OUTBOX_TEXT_MAX / 2, &ret->missing, &ret->text);
	if (!err && !str_empty(content->html))
		err = fill(ctx, content->html, TEMPLATE_HTML, &data, mark, OUTBOX_HTML_MAX / 2, &ret->missing, &ret->html);
	return err ? err : add_way_out(ctx, content, ret);
}

static enum err check_one(struct ctx *ctx, const char *field, const char *source, enum template_context context)
{
	struct template_options options = {.context = context};
	struct template *t;
	if (str_empty(source))
		return OK;
	enum err err = template_compile(ctx, source, strlen(source), &options, &t);
	if (!err) {
		template_free(t);
		return OK;
	}
	if (err != ERR_INVALID || ctx->faults.count == 0)
		return err;
	struct fault first = ctx->faults.list[0];
	const char *where = arena_printf(ctx->arena, "%s", first.field);
	faults_clear(ctx);
	return fail_arg(ctx, ERR_INVALID, field, "campaign_template", where);
}

enum err campaign_content_check(struct ctx *ctx, const char *subject, const char *text, const char *html)
{
	enum err err = check_one(ctx, "subject", subject, TEMPLATE_HEADER);
	if (!err)
		err = check_one(ctx, "text", text, TEMPLATE_PLAIN);
	return err ? err : check_one(ctx, "html", html, TEMPLATE_HTML);
}
