/* The parts of src/relations, and the kinds of relations a firm begins with. */
#include "core/manifest/manifest.h"
#include "core/store/store.h"
#include "relations/relations.h"
#include "relations_sql.h"

static const struct entity *const entities[] = {&relation_kind_entity, &relation_entity, NULL};

static const struct route *const routes[] = {relation_routes, NULL};

static const struct role_right rights[] = {
	{"manager", "relation_kind", "a-----"}, {"sales", "relation_kind", "a-----"}, {"service", "relation_kind", "a-----"}, {0},
};

struct first {
	const char *key, *name, *name_zh, *inverse, *inverse_zh, *from, *to;
	int both_ways, no_rings;
};

static enum err put_kind(struct ctx *ctx, const struct first *k, int64_t position)
{
	const struct {
		const char *field;
		struct value value;
	} sets[] = {
		{"key", value_text(k->key)},           {"name", value_text(k->name)},           {"name_zh", value_text(k->name_zh)}, {"inverse", value_text(k->inverse)},
		{"inverse_zh", value_text(k->inverse_zh)}, {"from_kind", value_text(k->from)},   {"to_kind", value_text(k->to)},      {"both_ways", value_int(k->both_ways)},
		{"no_rings", value_int(k->no_rings)},  {"position", value_int(position)},
	};
	struct record *r;
	enum err err = record_new(ctx, registry_find(ctx->registry, "relation_kind"), &r);
	for (size_t i = 0; err == OK && i < sizeof(sets) / sizeof(sets[0]); i++)
		err = record_set(ctx, r, sets[i].field, sets[i].value);
	return err == OK ? record_create(ctx, r, W_TRUSTED | W_NO_SEARCH) : err;
}

static enum err begin(struct ctx *ctx, void *arg)
{
	static const struct first kinds[] = {
		{"employer", "works for", "任职于", "employs", "雇用", "person", "company", 0, 0},
		{"decides", "decides for", "是决策人", "is decided by", "决策人是", "person", "company", 0, 0},
		{"household", "same household as", "同一家庭", "same household as", "同一家庭", "person", "person", 1, 0},
		{"parent", "belongs to the group of", "隶属于", "is the parent of", "下属", "company", "company", 0, 1},
		{"referrer", "was referred by", "介绍人是", "referred", "介绍了", "any", "any", 0, 1},
		{"guarantor", "is guaranteed by", "担保人是", "guarantees for", "为其担保", "any", "any", 0, 0},
		{"friend", "friend of", "朋友", "friend of", "朋友", "person", "person", 1, 0},
	};
	struct stmt *stmt;
	bool row = false;
	(void)arg;
	enum err err = db_prepare(ctx, ctx->db, &sql_relation_kinds_any, &stmt);
	if (err != OK)
		return err;
	err = stmt_step(ctx, stmt, &row);
	bool none = err == OK && row && stmt_i64(stmt, 0) == 0;
	stmt_done(stmt);
	const struct actor *before = ctx->actor;
	ctx->actor = gate_system();
	for (size_t i = 0; err == OK && none && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		err = put_kind(ctx, &kinds[i], (int64_t)i);
	ctx->actor = before;
	return err;
}

static const struct migration steps[] = {{1, "kinds of relations to begin with", NULL, NULL, begin}};

extern const struct manifest relations_manifest;
const struct manifest relations_manifest = {.name = "relations", .entities = entities, .routes = routes, .rights = rights, .steps = steps, .n_steps = 1};
