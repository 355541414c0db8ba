/* One thread keeps pools and stages: it follows the change log to the customers that a change bears on, and looks again at the moment at
 * which time alone may turn a rule.  After a rule has changed it goes through all customers, some at a time. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/log.h"
#include "base/str.h"
#include "core/readers/readers.h"
#include "pool/pool_internal.h"
#include "pool_sql.h"

enum { BATCH = 100, SLICE = 200, FOUND_MAX = 2000, UP_MAX = 3, BEHIND_MAX = 50000 };

struct watching {
	struct reader_state reader;
};

struct found {
	int64_t ids[FOUND_MAX];
	size_t n;
	bool sweep; /* a rule changed, or more customers than fit */
	struct pool_verdict *list;
	size_t n_list;
	int64_t swept; /* a slice of all: the last one looked at; -1: none, 0: the end was reached */
};

static void add(struct found *f, int64_t id)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->ids[i] == id)
			return;
	if (f->n < FOUND_MAX)
		f->ids[f->n++] = id;
	else
		f->sweep = true;
}

/* --- to which customers a change belongs --------------------------------------------------------- */

static size_t ids_in_diff(const json_t *diff, const char *name, int64_t ids[2])
{
	const json_t *value = json_object_get(diff, name);
	size_t n = 0;
	if (json_is_string(value) && id_parse(json_string_value(value), &ids[0]))
		return 1;
	for (size_t i = 0; i < json_array_size(value) && i < 2; i++) {
		const json_t *one = json_array_get(value, i);
		if (json_is_string(one) && id_parse(json_string_value(one), &ids[n]))
			n++;
	}
	return n;
}

static enum err link_now(struct ctx *ctx, const struct entity_info *info, int64_t id, int link, int64_t *ret)
{
	struct stmt *stmt;
	bool row = false;
	*ret = 0;
	const char *sql = arena_printf(ctx->arena, "SELECT \"%s\" FROM \"%s\" WHERE \"id\" = ?1", field_column(info->fields[link]), info->entity->name);
	enum err err = sql != NULL ? db_prepare_text(ctx, ctx->db, sql, &stmt) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, id);
	err = stmt_step(ctx, stmt, &row);
	*ret = err == OK && row ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	return err;
}

static enum err find_customers(struct ctx *ctx, struct found *f, const struct entity_info *info, int64_t id, const json_t *diff, int depth)
{
	const struct entity_info *customer = registry_find(ctx->registry, "customer");
	enum err err = OK;
	if (info == customer) {
		add(f, id);
		return OK;
	}
	for (int i = SF_COUNT; err == OK && i < (int)info->n_fields; i++) {
		const struct entity_info *target = info->fields[i]->type == FIELD_LINK ? entity_link(info, i) : NULL;
		bool up = i == info->parent && depth < UP_MAX;
		if (target == NULL || (target != customer && !up))
			continue;
		int64_t ids[3];
		size_t n = diff != NULL ? ids_in_diff(diff, info->fields[i]->name, ids) : 0;
		err = link_now(ctx, info, id, i, &ids[n]);
		n += ids[n] != 0;
		for (size_t k = 0; err == OK && k < n; k++)
			err = find_customers(ctx, f, target, ids[k], NULL, depth + 1);
	}
	return err;
}

static bool is_ours(const char *name)
{
	static const char *const own[] = {"pool_entry", "pool_move", "pool_look", "pool_warning", "stage_move", NULL};
	for (const char *const *o = own; *o != NULL; o++)
		if (str_equal(*o, name))
			return true;
	return false;
}

static bool is_rule(const char *name)
{
	return str_equal(name, "pool") || str_equal(name, "pool_rule") || str_equal(name, "stage_rule");
}

static enum err find_all(struct ctx *ctx, struct found *f, const struct change *list, size_t n)
{
	enum err err = OK;
	for (size_t i = 0; err == OK && i < n; i++) {
		const struct change *c = &list[i];
		const struct entity_info *info = c->action <= CHANGE_RESTORE && *c->entity != '\0' ? registry_find(ctx->registry, c->entity) : NULL;
		if (info == NULL || c->record_id == 0 || is_ours(c->entity) || (info->entity->flags & E_INTERNAL))
			continue;
		f->sweep = f->sweep || is_rule(c->entity);
		json_t *diff = json_loads(c->diff, 0, NULL);
		err = find_customers(ctx, f, info, c->record_id, diff, 0);
		json_decref(diff);
	}
	return err;
}

/* --- looking ---------------------------------------------------------------------------------------- */

static enum err judge_all(struct ctx *ctx, struct found *f, const int64_t *ids, size_t n)
{
	struct pool_rules rules;
	struct condition_run run;
	f->n_list = 0;
	f->list = arena_array(ctx->arena, n + 1, sizeof(*f->list));
	enum err err = f->list != NULL ? pool_rules_read(ctx, &rules) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err != OK)
		return err;
	ctx->actor = gate_system();
	condition_run_begin(ctx, &run);
	for (size_t i = 0; err == OK && i < n; i++) {
		struct pool_verdict v;
		err = pool_judge(&run, &rules, ids[i], &v);
		if (err == OK && (v.acts || v.notes))
			f->list[f->n_list++] = v;
	}
	condition_run_end(&run);
	return err;
}

/* The rules of the job that writes: those of the look may be gone. */
static const struct pool_rule *again(const struct pool_rule *list, size_t n, const struct pool_rule *was)
{
	for (size_t i = 0; was != NULL && i < n; i++)
		if (list[i].id == was->id)
			return &list[i];
	return NULL;
}

static enum err apply_all(struct ctx *ctx, void *arg)
{
	const struct found *f = arg;
	struct pool_rules rules;
	ctx->actor = gate_system();
	enum err err = f->n_list > 0 ? pool_rules_read(ctx, &rules) : OK;
	for (size_t i = 0; err == OK && i < f->n_list; i++) {
		struct pool_verdict v = f->list[i];
		bool warned = v.warns != NULL;
		v.warns = again(rules.falls, rules.n_falls, v.warns);
		v.acts = v.acts || warned != (v.warns != NULL); /* judged again */
		err = pool_act(ctx, &rules, &v);
	}
	if (err == OK && f->sweep)
		err = pool_look_at_all(ctx);
	if (err == OK && f->swept > 0)
		err = pool_run(ctx, &sql_pool_sweep_put, &f->swept, 1);
	return err == OK && f->swept == 0 ? pool_run(ctx, &sql_pool_sweep_end, NULL, 0) : err;
}

static enum err look(struct ctx *ctx, void *arg, const struct change *list, size_t n, bool *ret_any)
{
	struct found *f = arg;
	f->n = f->n_list = 0;
	f->sweep = false;
	f->swept = -1;
	enum err err = find_all(ctx, f, list, n);
	if (err == OK && f->n > 0)
		err = judge_all(ctx, f, f->ids, f->n);
	*ret_any = f->n_list > 0 || f->sweep;
	return err;
}

static const struct reader reader = {.name = "pool", .batch = BATCH, .look = look, .apply = apply_all};

/* --- time, and going through all --------------------------------------------------------------------------- */

static enum err read_ids(struct ctx *ctx, const struct sql *sql, int64_t a, int64_t *ids, size_t *ret_n)
{
	struct stmt *stmt;
	bool row = true;
	*ret_n = 0;
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, a);
	stmt_bind_i64(stmt, 2, SLICE);
	while (*ret_n < SLICE && (err = stmt_step(ctx, stmt, &row)) == OK && row)
		ids[(*ret_n)++] = stmt_i64(stmt, 0);
	stmt_done(stmt);
	return err;
}

static enum err write_all(struct ctx *ctx, struct found *f)
{
	struct db *db = ctx->db;
	enum err err = store_write(ctx, ctx->store, apply_all, f);
	ctx->db = db;
	return err;
}

static enum err time_turn(struct ctx *ctx, struct found *f, int64_t *ret_next, bool *ret_more)
{
	size_t n;
	f->sweep = false;
	f->swept = -1;
	enum err err = read_ids(ctx, &sql_pool_watch_due, ctx_now(ctx), f->ids, &n);
	if (err == OK && n > 0)
		err = judge_all(ctx, f, f->ids, n);
	if (err == OK && n > 0 && f->n_list > 0)
		err = write_all(ctx, f);
	*ret_more = n == SLICE;
	*ret_next = 0;
	return err == OK ? pool_number(ctx, &sql_pool_watch_first, NULL, 0, ret_next) : err;
}

static enum err sweep_turn(struct ctx *ctx, struct found *f, bool *ret_more)
{
	struct stmt *stmt;
	bool sweeps = false;
	int64_t after = 0;
	size_t n;
	*ret_more = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_pool_sweep_get, &stmt);
	if (err != OK)
		return err;
	err = stmt_step(ctx, stmt, &sweeps);
	after = err == OK && sweeps ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	if (err != OK || !sweeps)
		return err;
	err = read_ids(ctx, &sql_pool_after, after, f->ids, &n);
	if (err == OK)
		err = judge_all(ctx, f, f->ids, n);
	f->sweep = false;
	f->swept = n > 0 ? f->ids[n - 1] : 0;
	*ret_more = n > 0;
	return err == OK ? write_all(ctx, f) : err;
}

enum err pool_look_at_all(struct ctx *ctx)
{
	return pool_run(ctx, &sql_pool_sweep_put, (const int64_t[]){0}, 1);
}

static enum err skip_log(struct ctx *ctx, void *arg)
{
	enum err err = pool_look_at_all(ctx);
	return err == OK ? reader_advance(ctx, reader.name, *(int64_t *)arg) : err;
}

/* So far behind (a large import), that going through all is less work than following. */
static enum err catch_up(struct ctx *ctx, struct watching *k)
{
	int64_t last;
	struct db *db = ctx->db;
	enum err err = change_last_seq(ctx, &last);
	if (err != OK || !k->reader.known || last - k->reader.seen <= BEHIND_MAX)
		return err;
	log_event(LOG_INFO, "pool: all customers are looked at, too many changes to follow", NULL);
	err = store_write(ctx, ctx->store, skip_log, &last);
	ctx->db = db;
	k->reader.known = false;
	return err;
}

static enum err turn(struct ctx *ctx, struct service_turn *t)
{
	struct watching *k = *t->state;
	struct found *f = arena_alloc(ctx->arena, sizeof(*f));
	int64_t first = 0, wait;
	bool more_time = false, more_sweep = false;
	if (k == NULL)
		k = *t->state = calloc(1, sizeof(*k));
	if (k == NULL || f == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	memset(f, 0, sizeof(*f));
	enum err err = catch_up(ctx, k);
	if (err == OK)
		err = reader_turn(ctx, &reader, &k->reader, f, t);
	wait = t->wait_ms;
	if (err == OK)
		err = time_turn(ctx, f, &first, &more_time);
	if (err == OK)
		err = sweep_turn(ctx, f, &more_sweep);
	int64_t until = first == 0 ? SERVICE_WAIT_MAX_MS : first - ctx_now(ctx);
	wait = until < wait ? until : wait;
	t->wait_ms = more_time || more_sweep || wait < 0 ? 0 : wait;
	return err;
}

const struct service pool_services[] = {
	{.name = "pool", .alone = true, .turn = turn, .end = free},
	{.name = NULL},
};
