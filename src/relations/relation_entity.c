/* Kinds of relations with their inverse words, and the relations themselves. */
#include <string.h>

#include "base/str.h"
#include "core/store/store.h"
#include "relations/relations.h"
#include "relations_sql.h"

enum { UP_MAX = 200, UP_EACH = 50 };

static const struct option parties[] = {
	{"any", {"Anybody", "不限"}, NULL}, {"person", {"A person", "个人"}, NULL}, {"company", {"A company", "企业"}, NULL}, {NULL, {NULL, NULL}, NULL},
};

static const struct field kind_fields[] = {
	{.name = "name", .type = FIELD_TEXT, .label = {"One is to the other", "前者对后者"}, .max = 60, .flags = F_REQUIRED | F_UNIQUE | F_LIST,
	 .help = {"Such as: works for", "如：任职于"}},
	{.name = "name_zh", .type = FIELD_TEXT, .label = {"In Chinese", "中文"}, .max = 60, .flags = F_LIST},
	{.name = "inverse", .type = FIELD_TEXT, .label = {"The other to the one", "后者对前者"}, .max = 60, .flags = F_REQUIRED | F_LIST,
	 .help = {"Such as: employs", "如：雇用"}},
	{.name = "inverse_zh", .type = FIELD_TEXT, .label = {"In Chinese", "中文（反向）"}, .max = 60},
	{.name = "key", .type = FIELD_CODE, .label = {"Key", "代码"}, .max = 30, .flags = F_UNIQUE | F_INSERT_ONLY | F_MORE, .help = {"By which programs ask for it", "供程序查询使用"}},
	{.name = "from_kind", .type = FIELD_ENUM, .label = {"The one is", "前者为"}, .options = parties, .fallback = "any", .flags = F_REQUIRED},
	{.name = "to_kind", .type = FIELD_ENUM, .label = {"The other is", "后者为"}, .options = parties, .fallback = "any", .flags = F_REQUIRED},
	{.name = "both_ways", .type = FIELD_BOOL, .label = {"The same both ways", "双向相同"}, .fallback = "false", .help = {"Friends, people of one household", "如朋友、同一家庭"}},
	{.name = "no_rings", .type = FIELD_BOOL, .label = {"Never in a ring", "不允许循环"}, .fallback = "false", .help = {"Nobody is their own parent company", "如母公司不能互为上级"}},
	{.name = "position", .type = FIELD_INT, .label = {"Order", "顺序"}, .fallback = "0", .least = "0", .most = "10000"},
};

static enum err before_kind(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	(void)entity;
	(void)old;
	if (now == NULL || record_i64(now, "both_ways") == 0)
		return OK;
	/* the same word both ways */
	enum err err = record_set(ctx, now, "inverse", *record_value(now, "name"));
	return err == OK ? record_set(ctx, now, "inverse_zh", *record_value(now, "name_zh")) : err;
}

const struct entity relation_kind_entity = {
	.name = "relation_kind", .plural = "relation_kinds", .label = {"Kind of relation", "关系类型"}, .label_many = {"Kinds of relations", "关系类型"},
	.fields = kind_fields, .n_fields = sizeof(kind_fields) / sizeof(kind_fields[0]), .title = "name", .sort = "position", .icon = "relation",
	.hooks = {.before = before_kind},
};

/* --- relations --------------------------------------------------------------------------------- */

static const struct field relation_fields[] = {
	{.name = "from_id", .type = FIELD_LINK, .label = {"One", "客户"}, .link = "customer", .on_delete = DELETE_CASCADE, .flags = F_REQUIRED | F_INSERT_ONLY | F_LIST},
	{.name = "kind_id", .type = FIELD_LINK, .label = {"Is", "关系"}, .link = "relation_kind", .on_delete = DELETE_RESTRICT, .flags = F_REQUIRED | F_INDEX | F_LIST},
	{.name = "to_id", .type = FIELD_LINK, .label = {"The other", "对方"}, .link = "customer", .on_delete = DELETE_CASCADE, .flags = F_REQUIRED | F_INSERT_ONLY | F_LIST},
	{.name = "note", .type = FIELD_TEXT, .label = {"Note", "备注"}, .max = 300, .flags = F_LIST},
	{.name = "since", .type = FIELD_DATE, .label = {"Since", "开始"}},
	{.name = "until", .type = FIELD_DATE, .label = {"Until", "结束"}, .help = {"Empty: it still holds", "留空表示仍有效"}},
};

static enum err check_party(struct ctx *ctx, const struct record *kind, const char *field, int64_t customer, const char *at)
{
	struct record *r;
	const char *wanted = record_text(kind, field);
	if (str_equal(wanted, "any"))
		return OK;
	enum err err = record_load(ctx, registry_find(ctx->registry, "customer"), customer, &r);
	if (err == OK && !str_equal(record_text(r, "kind"), wanted))
		err = fail(ctx, ERR_INVALID, at, str_equal(wanted, "person") ? "relation_person" : "relation_company");
	return err;
}

static enum err next_up(struct ctx *ctx, int64_t from, int64_t kind, int64_t *list, size_t *n)
{
	struct stmt *stmt;
	bool row = true;
	enum err err = db_prepare(ctx, ctx->db, &sql_relation_up, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, from);
	stmt_bind_i64(stmt, 2, kind);
	while (*n < UP_MAX && (err = stmt_step(ctx, stmt, &row)) == OK && row)
		list[(*n)++] = stmt_i64(stmt, 0);
	stmt_done(stmt);
	return err;
}

/* Whether one comes back to `from` when one goes on from `to`. */
static enum err check_ring(struct ctx *ctx, const struct record *kind, int64_t from, int64_t to)
{
	int64_t list[UP_MAX + 1] = {to};
	size_t n = 1;
	enum err err = OK;
	if (record_i64(kind, "no_rings") == 0)
		return OK;
	for (size_t i = 0; err == OK && i < n; i++) {
		if (list[i] == from)
			return fail(ctx, ERR_CONFLICT, "to_id", "relation_ring");
		err = next_up(ctx, list[i], record_id(kind), list, &n);
	}
	return err == OK && n >= UP_MAX ? fail(ctx, ERR_LIMIT, "to_id", "relation_deep") : err;
}

/* Friends are so in both directions: once is enough. */
static enum err check_twice(struct ctx *ctx, const struct record *kind, const struct record *now)
{
	struct stmt *stmt;
	bool row = false;
	if (record_i64(kind, "both_ways") == 0)
		return OK;
	enum err err = db_prepare(ctx, ctx->db, &sql_relation_other_way, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, record_i64(now, "to_id"));
	stmt_bind_i64(stmt, 2, record_i64(now, "from_id"));
	stmt_bind_i64(stmt, 3, record_id(kind));
	err = stmt_step(ctx, stmt, &row);
	bool there = err == OK && row && stmt_i64(stmt, 0) != record_id(now);
	stmt_done(stmt);
	return there ? fail(ctx, ERR_CONFLICT, "to_id", "relation_twice") : err;
}

static enum err before_relation(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	struct record *kind;
	(void)entity;
	if (now == NULL || record_i64(now, "from_id") == 0 || record_i64(now, "to_id") == 0 || record_i64(now, "kind_id") == 0)
		return OK;
	const char *since = record_text(now, "since"), *until = record_text(now, "until");
	int64_t from = record_i64(now, "from_id"), to = record_i64(now, "to_id");
	if (from == to)
		return fail(ctx, ERR_INVALID, "to_id", "relation_self");
	if (since != NULL && until != NULL && strcmp(since, until) > 0)
		return fail(ctx, ERR_INVALID, "until", "relation_dates");
	if (old != NULL && value_equal(record_value(old, "kind_id"), record_value(now, "kind_id")))
		return OK;
	enum err err = record_load(ctx, registry_find(ctx->registry, "relation_kind"), record_i64(now, "kind_id"), &kind);
	if (err == OK)
		err = check_party(ctx, kind, "from_kind", from, "from_id");
	if (err == OK)
		err = check_party(ctx, kind, "to_kind", to, "to_id");
	if (err == OK)
		err = check_twice(ctx, kind, now);
	return err == OK ? check_ring(ctx, kind, from, to) : err;
}

static const char *const indexes[] = {"unique from_id,to_id,kind_id", "from_id,id", "to_id,id", NULL};

const struct entity relation_entity = {
	.name = "relation", .plural = "relations", .label = {"Relation", "关系"}, .label_many = {"Relations", "关系"}, .fields = relation_fields,
	.n_fields = sizeof(relation_fields) / sizeof(relation_fields[0]), .title = "note", .parent = "from_id", .sort = "id.desc", .icon = "relation", .flags = E_CHILD,
	.hooks = {.before = before_relation}, .indexes = indexes,
};
