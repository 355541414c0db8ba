/* A web address: http or https, with a host, without spaces or a password. */
#include <string.h>

#include "base/str.h"
#include "core/entity/type_common.h"

static bool is_url(const char *text)
{
	size_t scheme = 0;
	if (str_starts(text, "http://"))
		scheme = strlen("http://");
	else if (str_starts(text, "https://"))
		scheme = strlen("https://");
	if (!scheme)
		return false;
	const char *host = text + scheme;
	size_t len = strcspn(host, "/?#");
	if (len == 0 || host[0] == '.' || host[0] == ':' || memchr(host, '@', len) || memchr(host, '\\', len))
		return false;
	for (const char *p = text; *p; p++)
		if ((unsigned char)*p <= 0x20 || *p == 0x7f || strchr("\"<>`{}|\\^", *p))
			return false;
	return true;
}

static enum err check(struct ctx *ctx, const struct entity_info *info, int at, const char *currency, struct value *value)
{
	(void)currency;
	enum err err = type_clean(ctx, info, at, false, value);
	if (err || value->kind == VALUE_NULL)
		return err;
	return is_url(value->t.p) ? OK : type_wrong(ctx, info, at, "not_url", NULL);
}

static void schema(const struct field *field, struct jsonw *w)
{
	type_schema_begin(w, field, "string", "uri");
	jsonw_kv_int(w, "maxLength", field_max(field));
	type_schema_end(w);
}

const struct field_type_ops type_url = {
	.name = "url",
	.column = {"TEXT", "text COLLATE \"C\""},
	.kind = VALUE_TEXT,
	.compares = COMPARE_EQUAL | COMPARE_ORDER | COMPARE_LIKE | COMPARE_NULL,
	.parse = type_parse_text,
	.parse_json = type_parse_json_text,
	.check = check,
	.write_json = type_write_json_text,
	.write_text = type_write_plain_text,
	.schema = schema,
	.mask = type_mask_all,
};
