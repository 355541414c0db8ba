/* Taxes on what is sold. */
#include "sales/sales.h"

#include "base/str.h"
#include "sales/sales_sql.h"

static const struct field tax_fields[] = {
	{.name = "name", .type = FIELD_TEXT, .label = {"Name", "名称"}, .max = 80, .flags = F_REQUIRED | F_UNIQUE | F_LIST | F_SEARCH},
	{.name = "percent", .type = FIELD_DECIMAL, .label = {"Percent", "税率（%）"}, .scale = 4, .fallback = "0", .flags = F_REQUIRED | F_LIST,
	 .help = {"13 means 13 %", "13 表示 13%"}},
	{.name = "is_default", .type = FIELD_BOOL, .label = {"For products without their own", "默认税种"}, .fallback = "false", .flags = F_REQUIRED | F_LIST,
	 .help = {"One tax is: the one that was said last", "只有一个：以最后设定的为准"}},
	{.name = "note", .type = FIELD_NOTE, .label = {"Note", "备注"}, .flags = F_MORE},
};

static enum err tax_before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	(void)entity;
	(void)old;
	/* a tax of a hundred percent and more exists; one that takes the price away does not */
	if (now != NULL && (record_i64(now, "percent") < -999999 || record_i64(now, "percent") > 10000000))
		return fail(ctx, ERR_INVALID, "percent", "tax_percent_range");
	return OK;
}

/* One is the default: the one that was said last. */
static enum err tax_after(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *now)
{
	(void)old;
	enum err err = OK;
	bool row = now != NULL && record_i64(now, "is_default") != 0;
	while (err == OK && row) {
		struct stmt *stmt;
		struct record *patch;
		err = db_prepare(ctx, ctx->db, &sql_tax_other_default, &stmt);
		if (err != OK)
			return err;
		stmt_bind_i64(stmt, 1, record_id(now));
		err = stmt_step(ctx, stmt, &row);
		int64_t other = err == OK && row ? stmt_i64(stmt, 0) : 0;
		stmt_done(stmt);
		if (err != OK || !row)
			return err;
		err = record_new(ctx, registry_find(ctx->registry, entity->name), &patch);
		if (err == OK)
			err = record_set(ctx, patch, "is_default", value_int(0));
		if (err == OK)
			err = record_update(ctx, other, patch, 0, W_TRUSTED, NULL);
	}
	return err;
}

const struct entity tax_entity = {
	.name = "tax",
	.plural = "taxes",
	.label = {"Tax", "税种"},
	.label_many = {"Taxes", "税种"},
	.fields = tax_fields,
	.n_fields = sizeof(tax_fields) / sizeof(tax_fields[0]),
	.title = "name",
	.sort = "id.asc",
	.icon = "tax",
	.hooks = {.before = tax_before, .after = tax_after},
};
