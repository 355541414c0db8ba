/* What an automation says to people: a notice to staff, a mail to whom a field names. Texts are templates over what its owner may read of the record. */
#include <string.h>

#include "automations/automations_internal.h"
#include "base/id.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "core/entity/field_type.h"
#include "core/notices/notices.h"
#include "core/outbox/outbox.h"
#include "core/template/template.h"

enum { SOURCE_MAX = 20000, DATA_MAX = 1 << 20 };

static const char *text_at(const json_t *action, const char *name)
{
	const char *text = json_string_value(json_object_get(action, name));
	return text != NULL ? text : "";
}

bool automation_tells(const char *what)
{
	return what != NULL && (str_equal(what, "notify") || str_equal(what, "mail"));
}

/* --- checking ------------------------------------------------------------------------ */

static bool compiles(struct ctx *ctx, const char *source, enum template_context context)
{
	struct template *made = NULL;
	const struct template_options options = {.context = context};
	size_t n = strlen(source);
	if (n == 0 || n > SOURCE_MAX || source[strspn(source, " \t\r\n")] == '\0')
		return false;
	bool good = template_compile(ctx, source, n, &options, &made) == OK;
	template_free(made);
	faults_clear(ctx);
	return good;
}

const char *automation_tell_wrong(struct ctx *ctx, const struct entity_info *info, const json_t *action)
{
	const char *to = text_at(action, "to"), *purpose = text_at(action, "purpose");
	int64_t id;
	if (!compiles(ctx, text_at(action, "text"), TEMPLATE_PLAIN))
		return "text";
	if (str_equal(text_at(action, "do"), "notify"))
		return (str_equal(to, "$owner") && info->owner >= 0) || id_parse(to, &id) ? NULL : "to";
	int at = entity_field(info, to);
	if (at < 0 || info->fields[at]->type != FIELD_EMAIL || entity_field_right(ctx->actor, info, at) < RIGHT_READ)
		return "to";
	if (!compiles(ctx, text_at(action, "subject"), TEMPLATE_HEADER))
		return "subject";
	return *purpose == '\0' || str_equal(purpose, "service") || str_equal(purpose, "promotion") ? NULL : "purpose";
}

/* --- doing ----------------------------------------------------------------------------- */

/* What the owner may read, as the API writes it. */
static enum err read_data(struct ctx *ctx, const struct record *record, struct template_value *ret)
{
	struct buf json;
	struct jsonw w;
	buf_init(&json, DATA_MAX);
	jsonw_init(&w, &json);
	record_write_json(ctx, record, &w);
	enum err err = buf_failed(&json) ? fail(ctx, ERR_LIMIT, "", "memory") : template_value_read(ctx, buf_text(&json), json.len, ret);
	buf_release(&json);
	return err;
}

static enum err render(struct ctx *ctx, const char *source, enum template_context context, size_t max, const struct template_value *data, const char **ret)
{
	struct template *made = NULL;
	struct buf out;
	struct template_run run = {0};
	const struct template_options options = {.context = context};
	enum err err = template_compile(ctx, source, strlen(source), &options, &made);
	if (err != OK)
		return err;
	buf_init(&out, max);
	err = template_render(ctx, made, data, &run, &out);
	*ret = err == OK ? arena_strdup(ctx->arena, buf_text(&out)) : NULL;
	buf_release(&out);
	template_free(made);
	return err == OK && *ret == NULL ? fail(ctx, ERR_LIMIT, "", "memory") : err;
}

static enum err notify(struct ctx *ctx, const struct entity_info *info, const json_t *action, const struct record *record, const struct template_value *data)
{
	const char *to = text_at(action, "to"), *text;
	int64_t user = 0;
	if (str_equal(to, "$owner") && info->owner >= 0)
		user = record_i64(record, info->fields[info->owner]->name);
	else if (!id_parse(to, &user))
		user = 0;
	enum err err = render(ctx, text_at(action, "text"), TEMPLATE_PLAIN, NOTICE_TEXT_MAX, data, &text);
	if (err != OK || user == 0) /* nobody owns it */
		return err;
	const struct notice notice = {.user_id = user, .kind = NOTICE_RULE, .entity = info->entity->name, .record_id = record_id(record), .text = text, .by_id = ctx->actor->user_id};
	return notices_put(ctx, &notice);
}

/* Kept in the transaction of the run: once a run. */
static enum err mail(struct ctx *ctx, const struct entity_info *info, const json_t *action, const struct record *record, const struct template_value *data)
{
	const char *subject, *text;
	int64_t id;
	enum err err = render(ctx, text_at(action, "subject"), TEMPLATE_HEADER, OUTBOX_SUBJECT_MAX, data, &subject);
	if (err == OK)
		err = render(ctx, text_at(action, "text"), TEMPLATE_PLAIN, OUTBOX_TEXT_MAX, data, &text);
	if (err != OK)
		return err;
	const char *title = info->title >= 0 ? record_text(record, info->fields[info->title]->name) : NULL;
	struct outbox_mail letter = {.to_address = record_text(record, text_at(action, "to")), .to_name = title, .subject = subject, .text = text, .entity = info->entity->name,
		.record_id = record_id(record), .purpose = str_equal(text_at(action, "purpose"), "promotion") ? OUTBOX_PROMOTION : OUTBOX_SERVICE};
	return letter.to_address != NULL ? outbox_mail(ctx, &letter, &id) : OK; /* without an address there is nobody to write to */
}

enum err automation_tell(struct ctx *ctx, const struct entity_info *info, const json_t *action, int64_t id)
{
	struct record *record;
	struct template_value data;
	enum err err = record_get(ctx, info, id, ACTION_READ, &record);
	if (err == OK)
		err = read_data(ctx, record, &data);
	if (err != OK)
		return err;
	return str_equal(text_at(action, "do"), "notify") ? notify(ctx, info, action, record, &data) : mail(ctx, info, action, record, &data);
}
