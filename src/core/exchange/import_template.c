/* An empty file to fill in: a heading for each field that can be given, in the reader's language, and a row that shows how. */
#include <string.h>

#include "base/str.h"
#include "base/timeutil.h"
#include "core/exchange/convert.h"
#include "core/exchange/import.h"

static const struct {
	const char *entity, *field; /* entity NULL: of any kind */
	struct text2 text;
} examples[] = {
	{"customer", "name", {"Mary Smith", "张三"}},
	{"product", "name", {"Green tea, 250 g", "绿茶 250 克"}},
	{NULL, "number", {"A-1001", "A-1001"}},
	{NULL, "sku", {"TEA-250", "TEA-250"}},
	{NULL, "city", {"Bristol", "杭州"}},
	{NULL, "street", {"5 High Street", "文三路 5 号"}},
	{NULL, "unit", {"piece", "件"}},
	{NULL, "subject", {"Asked for a price list", "索要报价单"}},
	{NULL, "customer_id", {"Mary Smith", "张三"}},
	{NULL, "product_id", {"Green tea, 250 g", "绿茶 250 克"}},
};

/* By the kind of field; NULL: a name of its own, or nothing. */
static const struct text2 kinds[FIELD_TYPE_COUNT] = {
	[FIELD_INT] = {"1", "1"},
	[FIELD_DECIMAL] = {"1", "1"},
	[FIELD_REAL] = {"1", "1"},
	[FIELD_MONEY] = {"19.90", "19.90"},
	[FIELD_BOOL] = {"Yes", "是"},
	[FIELD_TIME] = {"2026-06-18 10:30", "2026-06-18 10:30"},
	[FIELD_EMAIL] = {"mary@example.com", "zhangsan@example.com"},
	[FIELD_PHONE] = {"+86 138 0013 8000", "138 0013 8000"},
	[FIELD_URL] = {"https://example.com", "https://example.com"},
};

static const char *option_label(struct ctx *ctx, const struct field *field)
{
	const struct option *shown = field->options;
	for (const struct option *o = field->options; o != NULL && o->value != NULL; o++)
		if (str_equal(o->value, field->fallback))
			shown = o;
	return shown != NULL && shown->value != NULL ? app_label(ctx, &shown->label) : "";
}

static const char *code_example(const struct ctx *ctx, const struct field *field)
{
	if (str_equal(field->name, "country"))
		return registry_phone_region(ctx->registry);
	return str_equal(field->name, "currency") ? registry_base_currency(ctx->registry) : "";
}

static const char *example(struct ctx *ctx, const struct entity_info *info, const struct field *field)
{
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++)
		if (str_equal(examples[i].field, field->name) && (examples[i].entity == NULL || str_equal(examples[i].entity, info->entity->name)))
			return app_label(ctx, &examples[i].text);
	if (field->type == FIELD_ENUM)
		return option_label(ctx, field);
	if (field->type == FIELD_DATE)
		return field->flags & F_PAST ? "1985-06-18" : "2026-06-18";
	if (field->type == FIELD_CODE)
		return code_example(ctx, field);
	if (kinds[field->type].en != NULL)
		return ctx->locale == LOCALE_EN ? kinds[field->type].en : import_words(ctx, &kinds[field->type]);
	return field->flags & F_REQUIRED ? app_label(ctx, &field->label) : "";
}

/* What people fill in; what is behind "more" can be added by its heading. */
static bool is_offered(const struct ctx *ctx, const struct entity_info *info, int at)
{
	const struct field *field = info->fields[at];
	bool plain = !(field->flags & F_MORE) || (field->flags & (F_REQUIRED | F_UNIQUE));
	bool given = !(field->flags & (F_READONLY | F_SECRET)) && field->type != FIELD_JSON && field->made_from == NULL;
	return plain && given && entity_field_right(ctx->actor, info, at) == RIGHT_WRITE;
}

enum err import_template(struct ctx *ctx, const struct entity_info *info, const struct table_out_options *options, table_sink sink, void *arg)
{
	struct table_column *columns = arena_array(ctx->arena, info->n_fields + 1, sizeof(*columns));
	struct cell *cells = arena_array(ctx->arena, info->n_fields + 1, sizeof(*cells));
	struct table_out *out = NULL;
	size_t n = 0;
	if (columns == NULL || cells == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	for (int at = SF_COUNT; at < (int)info->n_fields; at++) {
		const struct field *field = info->fields[at];
		if (!is_offered(ctx, info, at))
			continue;
		const char *text = example(ctx, info, field);
		columns[n] = (struct table_column){field->name, app_label(ctx, &field->label), CELL_TEXT};
		cells[n++] = (struct cell){text, strlen(text), text[0] != '\0' ? CELL_TEXT : CELL_EMPTY};
	}
	enum err err = table_out_new(ctx, options, columns, n, sink, arg, &out);
	if (err == OK)
		err = table_write(ctx, out, cells);
	if (err == OK)
		err = table_finish(ctx, out, NULL);
	table_out_free(out);
	return err;
}
