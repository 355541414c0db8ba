/* Customers who were found to be one with another: their ids, numbers and names lead to that one, for ever. */
#include "base/str.h"
#include "core/store/store.h"
#include "customers/customers.h"
#include "customers/customers_sql.h"

static const struct field fields[] = {
	{.name = "customer_id", .type = FIELD_LINK, .label = {"Customer", "客户"}, .link = "customer", .on_delete = DELETE_CASCADE,
	 .flags = F_REQUIRED | F_READONLY | F_INDEX},
	{.name = "former", .type = FIELD_TEXT, .label = {"Former id", "原编号 (ID)"}, .max = 20, .flags = F_REQUIRED | F_READONLY | F_UNIQUE | F_SEARCH | F_LIST,
	 .help = {"The id of the customer before the merge", "合并前客户的 ID"}},
	{.name = "name", .type = FIELD_TEXT, .label = {"Former name", "原名称"}, .max = 120, .made_from = "name",
	 .flags = F_READONLY | F_SEARCH | F_LIST | F_PERSONAL | F_MASKABLE},
	{.name = "number", .type = FIELD_TEXT, .label = {"Former customer no.", "原客户编号"}, .max = 64, .made_from = "number",
	 .flags = F_READONLY | F_SEARCH | F_LIST},
};

const struct entity customer_alias_entity = {
	.name = "customer_alias",
	.plural = "customer_aliases",
	.label = {"Merged customer", "已合并客户"},
	.label_many = {"Merged customers", "已合并客户"},
	.fields = fields,
	.n_fields = sizeof(fields) / sizeof(fields[0]),
	.title = "name",
	.subtitle = "number",
	.parent = "customer_id",
	.sort = "id.desc",
	.icon = "identifier",
	.flags = E_CHILD | E_NO_API_WRITE,
};

enum err customer_alias_of(struct ctx *ctx, int64_t id, int64_t *ret)
{
	struct stmt *stmt;
	bool row = false;
	*ret = 0;
	const char *former = arena_printf(ctx->arena, "%lld", (long long)id);
	enum err err = former != NULL ? db_prepare(ctx, ctx->db, &sql_customer_alias_of, &stmt) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err != OK)
		return err;
	stmt_bind_text(stmt, 1, former);
	err = stmt_step(ctx, stmt, &row);
	*ret = err == OK && row ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	return err;
}
