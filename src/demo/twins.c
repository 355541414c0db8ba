/* Customers who were written down twice, as it happens: at the fair, by a colleague, in another script; and some who only look alike. The
 * search for duplicates is queued, so that they stand in the review once the program serves. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "core/entity/entity.h"
#include "core/jobs/jobs.h"
#include "demo/demo.h"

enum { TWINS = 60, KINDS = 6 };

struct original {
	const char *kind, *name, *sort_name, *phone, *email, *city, *birthday;
};

static const char *kept(struct ctx *ctx, const struct stmt *stmt, int at)
{
	const char *text = stmt_text(stmt, at);
	return text != NULL ? arena_strdup(ctx->arena, text) : NULL;
}

static enum err read_originals(struct ctx *ctx, struct original *list, size_t *ret_n)
{
	struct stmt *stmt;
	bool row = true;
	*ret_n = 0;
	enum err err = db_prepare_text(ctx, ctx->db, "SELECT kind, name, sort_name, phone, email, city, birthday FROM \"customer\""
	                                             " WHERE phone IS NOT NULL AND email IS NOT NULL AND id % 31 = 7 ORDER BY id LIMIT 60", &stmt);
	if (err != OK)
		return err;
	while (*ret_n < TWINS && (err = stmt_step(ctx, stmt, &row)) == OK && row)
		list[(*ret_n)++] = (struct original){kept(ctx, stmt, 0), kept(ctx, stmt, 1), kept(ctx, stmt, 2), kept(ctx, stmt, 3), kept(ctx, stmt, 4), kept(ctx, stmt, 5), kept(ctx, stmt, 6)};
	stmt_done(stmt);
	return err;
}

/* Without its last sign, as it is mistyped. */
static const char *cut(struct ctx *ctx, const char *name)
{
	size_t n = strlen(name);
	while (n > 0 && ((unsigned char)name[--n] & 0xc0) == 0x80)
		;
	return n > 3 ? arena_strndup(ctx->arena, name, n) : name;
}

static const char *twin_name(struct ctx *ctx, const struct original *o, size_t i)
{
	bool company = str_equal(o->kind, "company");
	if (i % KINDS == 1 && !str_empty(o->sort_name))
		return o->sort_name;
	if (i % KINDS == 2)
		return company ? arena_printf(ctx->arena, "%s（总店）", o->name) : o->name;
	if (i % KINDS == 3)
		return cut(ctx, o->name);
	if (i % KINDS == 5) /* somebody else at the same telephone */
		return company ? "前台 · Reception" : arena_printf(ctx->arena, "%s 家人", cut(ctx, o->name));
	return o->name;
}

/* What is not given is left out. */
static enum err make(struct ctx *ctx, const char *entity, const char *const cells[][2], size_t n, int64_t customer, int64_t *ret)
{
	struct record *r;
	enum err err = record_new(ctx, registry_find(ctx->registry, entity), &r);
	for (size_t i = 0; err == OK && i < n; i++)
		err = cells[i][1] != NULL ? record_set(ctx, r, cells[i][0], value_text(cells[i][1])) : OK;
	if (err == OK && customer != 0)
		err = record_set(ctx, r, "customer_id", value_int(customer));
	if (err == OK)
		err = record_create(ctx, r, W_TRUSTED);
	*ret = err == OK ? record_id(r) : 0;
	return err;
}

static enum err make_twin(struct ctx *ctx, const struct original *o, size_t i)
{
	const char *name = twin_name(ctx, o, i);
	size_t kind = i % KINDS;
	bool fair = i % 2 == 0;
	int64_t id, talk_id;
	const char *const twin[][2] = {
		{"name", name}, {"kind", o->kind}, {"phone", kind == 4 ? NULL : o->phone}, {"email", kind == 1 || kind == 4 ? o->email : NULL},
		{"city", kind == 0 ? NULL : o->city}, {"birthday", kind == 3 ? o->birthday : NULL}, {"source", fair ? "exhibition" : "call"},
	};
	const char *const talk[][2] = {{"kind", fair ? "note" : "call"}, {"subject", fair ? "展会登记 · Registered at the fair" : "来电询价 · Asked for prices"}};
	enum err err = name != NULL ? make(ctx, "customer", twin, sizeof(twin) / sizeof(twin[0]), 0, &id) : fail(ctx, ERR_LIMIT, "", "memory");
	return err == OK ? make(ctx, "interaction", talk, sizeof(talk) / sizeof(talk[0]), id, &talk_id) : err;
}

static enum err make_all(struct ctx *ctx, void *arg)
{
	struct original *list = arena_array(ctx->arena, TWINS, sizeof(*list));
	int64_t job;
	size_t *n = arg;
	enum err err = list != NULL ? read_originals(ctx, list, n) : fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; err == OK && i < *n; i++)
		err = make_twin(ctx, &list[i], i);
	return err == OK ? job_enqueue(ctx, "duplicates_scan", "{}", 0, &job) : err;
}

enum err demo_twins(struct ctx *ctx, FILE *progress)
{
	size_t n = 0;
	struct db *db = ctx->db;
	enum err err = store_write(ctx, ctx->store, make_all, &n);
	ctx->db = db;
	if (err == OK)
		fprintf(progress, "%zu customers written down twice\n", n);
	return err;
}
