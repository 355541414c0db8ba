/* What the ledger says now, kept by the write that adds to it. */
#include "base/str.h"
#include "consent/consent_internal.h"
#include "consent_sql.h"

static enum err clear(struct ctx *ctx, int64_t customer, const char *channel, const char *purpose)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_consent_clear_now, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, customer);
	stmt_bind_text(stmt, 2, channel);
	stmt_bind_text(stmt, 3, purpose);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

struct newest {
	int64_t id, at;
	const char *state, *text_version;
};

static enum err find_newest(struct ctx *ctx, int64_t customer, const char *channel, const char *purpose, struct newest *ret)
{
	struct stmt *stmt;
	bool row = false;
	*ret = (struct newest){0};
	enum err err = db_prepare(ctx, ctx->db, &sql_consent_newest, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, customer);
	stmt_bind_text(stmt, 2, channel);
	stmt_bind_text(stmt, 3, purpose);
	err = stmt_step(ctx, stmt, &row);
	if (!err && row)
		*ret = (struct newest){stmt_i64(stmt, 0), stmt_i64(stmt, 2), arena_strdup(ctx->arena, stmt_text(stmt, 1)),
		                       stmt_is_null(stmt, 3) ? NULL : arena_strdup(ctx->arena, stmt_text(stmt, 3))};
	stmt_done(stmt);
	return !err && row && !ret->state ? fail(ctx, ERR_LIMIT, "", "memory") : err;
}

enum err consent_now_again(struct ctx *ctx, int64_t customer, const char *channel, const char *purpose)
{
	struct newest newest;
	struct stmt *stmt;
	enum err err = find_newest(ctx, customer, channel, purpose, &newest);
	if (err || newest.id == 0)
		return err ? err : clear(ctx, customer, channel, purpose);
	err = db_prepare(ctx, ctx->db, &sql_consent_put_now, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, customer);
	stmt_bind_text(stmt, 2, channel);
	stmt_bind_text(stmt, 3, purpose);
	stmt_bind_text(stmt, 4, newest.state);
	stmt_bind_i64(stmt, 5, newest.at);
	stmt_bind_i64(stmt, 6, newest.id);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

enum err consent_now_fill(struct ctx *ctx, void *arg)
{
	struct stmt *stmt;
	(void)arg;
	enum err err = db_prepare(ctx, ctx->db, &sql_consent_fill_now, &stmt);
	if (err)
		return err;
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

static enum err again(struct ctx *ctx, const struct record *entry)
{
	int64_t customer = entry != NULL ? record_i64(entry, "customer_id") : 0;
	return customer != 0 ? consent_now_again(ctx, customer, record_text(entry, "channel"), record_text(entry, "purpose")) : OK;
}

/* Entries never change, but they move: to whom a customer was merged into, and away with a deleted one. */
static enum err entry_after(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *now)
{
	(void)entity;
	enum err err = again(ctx, old);
	return err ? err : again(ctx, now);
}

static enum err run(struct ctx *ctx, const struct sql *sql, int64_t a, int64_t b)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, a);
	if (b != 0)
		stmt_bind_i64(stmt, 2, b);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

/* What counts for caps outlives a deletion (they may be brought back); it goes with time. */
static enum err customer_after(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *now)
{
	(void)entity;
	if (old != NULL && now == NULL)
		return run(ctx, &sql_contact_drop_lock, record_id(old), 0);
	return old == NULL && record_i64(now, "version") > 1 ? consent_gone_back(ctx, record_id(now)) : OK;
}

/* Who was merged into another was contacted as that one. What came along is not told apart afterwards: it stays there. */
static enum err customer_merged(struct ctx *ctx, const struct entity *entity, int64_t from, int64_t into, bool back)
{
	(void)entity;
	return back ? OK : run(ctx, &sql_contact_move, from, into);
}

static const char *const writes[] = {"consent", NULL};

const struct reaction consent_reactions[] = {
	{.entity = "consent", .after = entry_after},
	{.entity = "customer", .after = customer_after, .merged = customer_merged, .writes = writes},
	{0},
};

/* --- entries of the program's own ---------------------------------------------------- */

static enum err create(struct ctx *ctx, const struct consent_entry *e)
{
	struct record *r;
	const struct {
		const char *field, *value;
	} texts[] = {{"channel", e->channel}, {"purpose", e->purpose}, {"state", e->state}, {"source", e->source}, {"text_version", e->text_version}, {"evidence", e->evidence}};
	enum err err = record_new(ctx, registry_find(ctx->registry, "consent"), &r);
	if (!err)
		err = record_set(ctx, r, "customer_id", value_int(e->customer_id));
	for (size_t i = 0; !err && i < sizeof(texts) / sizeof(texts[0]); i++)
		err = texts[i].value != NULL ? record_set(ctx, r, texts[i].field, value_text(texts[i].value)) : OK;
	if (!err && e->at_ms != 0)
		err = record_set(ctx, r, "at", value_int(e->at_ms));
	return err ? err : record_create(ctx, r, W_TRUSTED);
}

enum err consent_add(struct ctx *ctx, const struct consent_entry *entry, bool *ret_added)
{
	struct newest newest;
	const struct actor *before = ctx->actor;
	enum err err = find_newest(ctx, entry->customer_id, entry->channel, entry->purpose, &newest);
	bool same = !err && str_equal(newest.state, entry->state) && (entry->text_version == NULL || str_equal(newest.text_version, entry->text_version));
	if (ret_added != NULL)
		*ret_added = !same;
	if (err || same)
		return err;
	ctx->actor = before != NULL ? before : gate_system();
	err = create(ctx, entry);
	ctx->actor = before;
	return err;
}
