/* What a form asks: read from its record each time, since fields may have gone or changed since it was saved. */
#include <jansson.h>
#include <string.h>

#include "base/str.h"
#include "webforms/webforms_internal.h"

static const char *const suffixes[LOCALE_COUNT] = {[LOCALE_EN] = "en", [LOCALE_ZH_HANS] = "zh", [LOCALE_ZH_HANT] = "hant"};
/* Whoever reads one kind of Chinese reads the other sooner than English. */
static const enum locale nearest[LOCALE_COUNT][LOCALE_COUNT] = {
	[LOCALE_EN] = {LOCALE_EN, LOCALE_ZH_HANS, LOCALE_ZH_HANT},
	[LOCALE_ZH_HANS] = {LOCALE_ZH_HANS, LOCALE_ZH_HANT, LOCALE_EN},
	[LOCALE_ZH_HANT] = {LOCALE_ZH_HANT, LOCALE_ZH_HANS, LOCALE_EN},
};

const char *form_text(const struct ctx *ctx, const struct record *form, const char *name)
{
	for (int i = 0; i < LOCALE_COUNT; i++) {
		const char *field = arena_printf(ctx->arena, "%s_%s", name, suffixes[nearest[ctx->locale][i]]);
		const char *text = field != NULL ? record_text(form, field) : NULL;
		if (!str_empty(text))
			return text;
	}
	return NULL;
}

bool form_field_askable(const struct field *field)
{
	static const bool types[FIELD_TYPE_COUNT] = {
		[FIELD_TEXT] = true, [FIELD_NOTE] = true, [FIELD_INT] = true, [FIELD_DECIMAL] = true, [FIELD_MONEY] = true, [FIELD_BOOL] = true, [FIELD_DATE] = true,
		[FIELD_ENUM] = true, [FIELD_EMAIL] = true, [FIELD_PHONE] = true, [FIELD_URL] = true, [FIELD_CODE] = true,
	};
	return types[field->type] && !(field->flags & (F_READONLY | F_SECRET | F_RETIRED | F_ANY | F_NAMES));
}

/* Fixed by staff, a link tells nobody anything. */
static bool can_be_fixed(const struct field *field)
{
	return form_field_askable(field) || (field->type == FIELD_LINK && !(field->flags & (F_READONLY | F_RETIRED)));
}

static enum err bad(struct ctx *ctx, const char *what, const char *key)
{
	return fail_arg(ctx, ERR_INVALID, "fields", key, arena_strdup(ctx->arena, what != NULL ? what : "?"));
}

/* "customer.phone" of a case is the phone of who it is of; "message.body" what they say. */
enum err form_field_find(struct ctx *ctx, const char *entity, struct form_field *f)
{
	const char *name = f->name, *of = entity;
	bool is_case = str_equal(entity, "case");
	f->part = PART_RECORD;
	if (is_case && str_starts(name, "customer.")) {
		f->part = PART_CUSTOMER;
		of = "customer";
		name += strlen("customer.");
	} else if (is_case && str_equal(name, "message.body")) {
		f->part = PART_MESSAGE;
		of = "case_message";
		name = "body";
	}
	f->info = registry_find(ctx->registry, of);
	f->at = f->info != NULL ? entity_field(f->info, name) : -1;
	if (f->at < SF_COUNT || !(f->hidden ? can_be_fixed : form_field_askable)(f->info->fields[f->at]))
		return bad(ctx, f->name, "web_form_field");
	/* who owns it is said by the form as a whole */
	return f->at == f->info->owner || f->at == f->info->team || f->at == f->info->branch ? bad(ctx, f->name, "web_form_field") : OK;
}

/* Without it there is no record; the program gives a case its subject. */
static bool is_needed(const struct form_field *f)
{
	const struct field *field = f->info->fields[f->at];
	return f->part == PART_RECORD && (field->flags & F_REQUIRED) && field->fallback == NULL && !str_equal(f->name, "subject");
}

static const char *text_of(const json_t *json, const char *name, const char *suffix, struct ctx *ctx)
{
	const char *key = arena_printf(ctx->arena, "%s_%s", name, suffix);
	const char *text = key != NULL ? json_string_value(json_object_get(json, key)) : NULL;
	return str_empty(text) || strlen(text) > 2000 ? NULL : arena_strdup(ctx->arena, text);
}

static void nearest_texts(const char *texts[LOCALE_COUNT])
{
	const char *given[LOCALE_COUNT];
	memcpy(given, texts, sizeof(given));
	for (int l = 0; l < LOCALE_COUNT; l++)
		for (int i = 0; texts[l] == NULL && i < LOCALE_COUNT; i++)
			texts[l] = given[nearest[l][i]];
}

/* What it is filled with fits it; who sees it not at all has it filled. */
static enum err check_value(struct ctx *ctx, const struct form_field *f)
{
	struct value parsed;
	if (f->value == NULL)
		return f->hidden ? bad(ctx, f->name, "web_form_hidden_empty") : OK;
	if (field_parse(ctx, f->info, f->at, f->value, &parsed) == OK)
		return OK;
	faults_clear(ctx);
	return bad(ctx, f->name, "web_form_value");
}

static bool is_word(const char *text, size_t max)
{
	return !str_empty(text) && strlen(text) <= max;
}

static enum err read_field(struct ctx *ctx, const char *entity, const json_t *json, struct form_spec *spec)
{
	struct form_field *f = &spec->fields[spec->n];
	const char *name = json_string_value(json_object_get(json, "field")), *value = json_string_value(json_object_get(json, "value"));
	if (!is_word(name, 100))
		return bad(ctx, name != NULL && strlen(name) <= 100 ? name : NULL, "web_form_field");
	*f = (struct form_field){.name = arena_strdup(ctx->arena, name), .required = json_is_true(json_object_get(json, "required")),
	                         .hidden = json_is_true(json_object_get(json, "hidden")), .value = str_empty(value) ? NULL : arena_strdup(ctx->arena, value)};
	for (size_t i = 0; i < spec->n; i++)
		if (str_equal(spec->fields[i].name, name))
			return bad(ctx, name, "web_form_field_twice");
	enum err err = form_field_find(ctx, entity, f);
	if (err == OK)
		err = check_value(ctx, f);
	if (err != OK)
		return err;
	for (int l = 0; l < LOCALE_COUNT; l++) {
		f->label[l] = text_of(json, "label", suffixes[l], ctx);
		f->help[l] = text_of(json, "help", suffixes[l], ctx);
	}
	f->required = f->required || is_needed(f);
	nearest_texts(f->label);
	nearest_texts(f->help);
	spec->n++;
	return OK;
}

static enum err read_consent(struct ctx *ctx, const json_t *json, struct form_spec *spec)
{
	const char *channel = json_string_value(json_object_get(json, "channel")), *purpose = json_string_value(json_object_get(json, "purpose"));
	const char *version = json_string_value(json_object_get(json, "text"));
	const struct entity_info *info = registry_find(ctx->registry, "consent");
	struct value parsed;
	bool good = is_word(channel, 20) && is_word(purpose, 20) && is_word(version, 320);
	if (good)
		good = field_parse(ctx, info, entity_field(info, "channel"), channel, &parsed) == OK && field_parse(ctx, info, entity_field(info, "purpose"), purpose, &parsed) == OK;
	if (!good) {
		faults_clear(ctx);
		return fail_arg(ctx, ERR_INVALID, "consents", "web_form_consent", arena_strdup(ctx->arena, version != NULL ? version : "?"));
	}
	spec->consents[spec->n_consents++] = (struct form_consent){
		.channel = arena_strdup(ctx->arena, channel), .purpose = arena_strdup(ctx->arena, purpose), .version = arena_strdup(ctx->arena, version),
		.required = json_is_true(json_object_get(json, "required")), .confirm = json_is_true(json_object_get(json, "confirm"))};
	return OK;
}

static enum err read_list(struct ctx *ctx, const struct record *form, const char *name, size_t max, struct form_spec *spec)
{
	const char *text = record_text(form, name), *entity = record_text(form, "entity");
	json_error_t wrong;
	if (str_empty(text))
		return OK;
	json_t *list = json_loads(text, JSON_REJECT_DUPLICATES, &wrong);
	enum err err = json_is_array(list) && json_array_size(list) <= max ? OK : fail(ctx, ERR_INVALID, name, "web_form_list");
	for (size_t i = 0; err == OK && i < json_array_size(list); i++) {
		const json_t *one = json_array_get(list, i);
		err = max == FORM_FIELDS_MAX ? read_field(ctx, entity, one, spec) : read_consent(ctx, one, spec);
	}
	json_decref(list);
	return err == OK && ctx->arena->failed ? fail(ctx, ERR_LIMIT, "", "memory") : err;
}

enum err form_spec_read(struct ctx *ctx, const struct record *form, struct form_spec **ret)
{
	struct form_spec *spec = arena_alloc(ctx->arena, sizeof(*spec));
	if (spec == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	memset(spec, 0, sizeof(*spec));
	*ret = spec;
	enum err err = read_list(ctx, form, "fields", FORM_FIELDS_MAX, spec);
	return err == OK ? read_list(ctx, form, "consents", FORM_CONSENTS_MAX, spec) : err;
}

/* An origin as a browser names it: scheme, host, perhaps a port, nothing more. http only of the machine itself, for who builds a page. */
static bool is_origin(const char *text, size_t n)
{
	static const char *const here[] = {"http://localhost", "http://127.0.0.1"};
	for (size_t i = 0; i < 2; i++) {
		size_t len = strlen(here[i]);
		if (n >= len && strncmp(text, here[i], len) == 0)
			return strspn(text + len, ":0123456789") >= n - len;
	}
	size_t host = strlen("https://"), words = n > host ? strspn(text + host, "abcdefghijklmnopqrstuvwxyz0123456789-.:") : 0;
	return n > host && n <= 200 && str_starts(text, "https://") && host + words >= n && text[host] != '.' && text[host] != ':';
}

enum err form_sites(struct ctx *ctx, const char *text, const char **ret, size_t *ret_n)
{
	*ret_n = 0;
	while (text != NULL && *text != '\0') {
		size_t line = strcspn(text, "\r\n"), n;
		const char *site = str_trim(text, line, &n);
		if (n > 0 && (!is_origin(site, n) || *ret_n == FORM_SITES_MAX))
			return fail_arg(ctx, ERR_INVALID, "sites", "web_form_site", arena_strndup(ctx->arena, site, n < 200 ? n : 200));
		if (n > 0 && (ret[(*ret_n)++] = arena_strndup(ctx->arena, site, n)) == NULL)
			return fail(ctx, ERR_LIMIT, "", "memory");
		text += line;
		text += strspn(text, "\r\n");
	}
	return OK;
}
