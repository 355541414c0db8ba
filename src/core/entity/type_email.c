/* An e-mail address, its host in lower case. */
#include <string.h>

#include "base/str.h"
#include "core/entity/type_common.h"
#include "core/text/text.h"

static size_t span_label(const char *p)
{
	return strspn(p, "abcdefghijklmnopqrstuvwxyz0123456789-");
}

/* Plain addresses need no normalising: ASCII, lower-case host, nothing quoted. */
static bool is_plain(const char *p)
{
	size_t local = strspn(p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
	if (local == 0 || local > 64 || p[local] != '@' || strlen(p) > 254)
		return false;
	p += local + 1;
	size_t labels = 0, n = 0;
	for (;; p++, labels++) {
		n = span_label(p);
		if (n == 0 || n > 63 || p[0] == '-' || p[n - 1] == '-')
			return false;
		if (p[n] == '\0')
			return labels >= 1 && n >= 2 && strspn(p, "abcdefghijklmnopqrstuvwxyz") == n;
		if (p[n] != '.' || str_starts(p, "xn--"))
			return false;
		p += n;
	}
}

static enum err check(struct ctx *ctx, const struct entity_info *info, int at, const char *currency, struct value *value)
{
	(void)currency;
	if (value->kind == VALUE_TEXT && is_plain(value->t.p) && value->t.n <= (size_t)field_max(info->fields[at]))
		return OK;
	enum err err = type_clean(ctx, info, at, false, value);
	if (err || value->kind == VALUE_NULL)
		return err;
	const char *normal;
	bool valid;
	err = email_normalise(ctx, value->t.p, &normal, &valid);
	if (err)
		return err;
	if (!valid || str_empty(normal))
		return type_wrong(ctx, info, at, "not_email", NULL);
	*value = value_text(normal);
	return OK;
}

static void schema(const struct field *field, struct jsonw *w)
{
	type_schema_begin(w, field, "string", "email");
	jsonw_kv_int(w, "maxLength", field_max(field));
	type_schema_end(w);
}

static enum err mask(struct ctx *ctx, const struct field *field, const struct value *value, struct value *ret)
{
	(void)field;
	const char *masked;
	enum err err = text_mask(ctx, value->t.p, MASK_EMAIL, &masked);
	if (!err)
		*ret = value_text(masked);
	return err;
}

const struct field_type_ops type_email = {
	.name = "email",
	.column = {"TEXT", "text COLLATE \"C\""},
	.kind = VALUE_TEXT,
	.compares = COMPARE_EQUAL | COMPARE_ORDER | COMPARE_LIKE | COMPARE_NULL,
	.parse = type_parse_text,
	.parse_json = type_parse_json_text,
	.check = check,
	.write_json = type_write_json_text,
	.write_text = type_write_plain_text,
	.schema = schema,
	.mask = mask,
};
