/* Reading, searching, erasing in and verifying the change log. */
#include <sodium.h>
#include <string.h>

#include "core/events/internal.h"
#include "sql_events.h"

enum { GROUP_CHUNK = 500, ERASE_CHUNK = 200 };

void events_row(const struct stmt *stmt, struct change *ret)
{
	*ret = (struct change){
		.seq = stmt_i64(stmt, 0),
		.at_ms = stmt_i64(stmt, 1),
		.group = stmt_i64(stmt, 2),
		.actor_id = stmt_i64(stmt, 3),
		.actor_kind = (int)stmt_i64(stmt, 4),
		.entity = stmt_text(stmt, 5),
		.record_id = stmt_i64(stmt, 6),
		.action = (enum change_action)stmt_i64(stmt, 7),
		.diff = stmt_text(stmt, 8),
		.request_id = stmt_text(stmt, 9),
	};
	/* No memory inside the engine shows as NULL; callers may rely on text. */
	if (!ret->entity)
		ret->entity = "";
	if (!ret->diff)
		ret->diff = "";
	if (!ret->request_id)
		ret->request_id = "-";
}

/* Passes all rows on; ends the statement. */
static enum err each(struct ctx *ctx, struct stmt *stmt, change_fn fn, void *arg, int64_t *ret_last)
{
	enum err err = OK;
	for (;;) {
		bool row = false;
		err = stmt_step(ctx, stmt, &row);
		if (err || !row)
			break;
		struct change change;
		events_row(stmt, &change);
		err = fn(ctx, &change, arg);
		if (err)
			break;
		if (ret_last)
			*ret_last = change.seq;
	}
	stmt_done(stmt);
	return err;
}

enum err change_read(struct ctx *ctx, int64_t after_seq, size_t max, change_fn fn, void *arg, int64_t *ret_last)
{
	struct stmt *stmt;
	*ret_last = after_seq;
	enum err err = db_prepare(ctx, ctx->db, &sql_change_after, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, after_seq);
	stmt_bind_i64(stmt, 2, max > INT32_MAX ? INT32_MAX : (int64_t)max);
	return each(ctx, stmt, fn, arg, ret_last);
}

static enum err history(struct ctx *ctx, const char *entity, int64_t record_id, int64_t before_seq, size_t max, enum change_action last,
                        change_fn fn, void *arg)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_change_of_record, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, record_id);
	stmt_bind_text(stmt, 2, entity);
	stmt_bind_i64(stmt, 3, before_seq > 0 ? before_seq : INT64_MAX);
	stmt_bind_i64(stmt, 4, max > INT32_MAX ? INT32_MAX : (int64_t)max);
	stmt_bind_i64(stmt, 5, (int64_t)last);
	return each(ctx, stmt, fn, arg, NULL);
}

enum err change_history(struct ctx *ctx, const char *entity, int64_t record_id, int64_t before_seq, size_t max, change_fn fn, void *arg)
{
	return history(ctx, entity, record_id, before_seq, max, CHANGE_ACTION_COUNT, fn, arg);
}

enum err change_history_content(struct ctx *ctx, const char *entity, int64_t record_id, size_t max, change_fn fn, void *arg)
{
	return history(ctx, entity, record_id, 0, max, CHANGE_RESTORE, fn, arg);
}

enum err change_last_seq(struct ctx *ctx, int64_t *ret)
{
	unsigned char hash[HASH_SIZE];
	return events_head(ctx, ret, hash);
}

enum err change_group(struct ctx *ctx, int64_t group, change_fn fn, void *arg)
{
	int64_t from = group;
	for (;;) {
		struct stmt *stmt;
		size_t n = 0;
		enum err err = db_prepare(ctx, ctx->db, &sql_change_in_group, &stmt);
		if (err)
			return err;
		stmt_bind_i64(stmt, 1, from);
		stmt_bind_i64(stmt, 2, GROUP_CHUNK);
		bool row = false, more = true;
		while (!(err = stmt_step(ctx, stmt, &row)) && row) {
			struct change change;
			events_row(stmt, &change);
			n++;
			from = change.seq + 1;
			/* Sealed entries of a group lie together; unsealed ones of others may lie between. */
			if (change.group != group && change.seq < CHANGE_UNSEALED) {
				more = false;
				break;
			}
			if (change.group == group && (err = fn(ctx, &change, arg)))
				break;
		}
		stmt_done(stmt);
		if (err || !more || n < GROUP_CHUNK)
			return err;
	}
}

/* --- the audit trail ----------------------------------------------------------- */

enum { CONDITIONS_MAX = 8 };

struct search {
	struct buf text;
	int64_t values[CONDITIONS_MAX];
	int n;
};

static void only(struct search *s, bool wanted, const char *comparison, int64_t value)
{
	if (!wanted)
		return;
	s->values[s->n++] = value;
	buf_printf(&s->text, " AND %s ?%d", comparison, s->n);
}

static enum err bind_search(struct ctx *ctx, const struct search *s, const struct change_filter *filter, struct stmt **ret)
{
	if (buf_failed(&s->text))
		return fail(ctx, ERR_LIMIT, "", "memory");
	enum err err = db_prepare_text(ctx, ctx->db, buf_text(&s->text), ret);
	for (int i = 0; !err && i < s->n; i++)
		stmt_bind_i64(*ret, i + 1, s->values[i]);
	if (!err && filter->entity)
		stmt_bind_text(*ret, s->n + 1, filter->entity);
	return err;
}

enum err change_find(struct ctx *ctx, const struct change_filter *filter, change_fn fn, void *arg)
{
	struct search s = {.n = 0};
	struct stmt *stmt;
	buf_init(&s.text, 4096);
	buf_puts(&s.text, "SELECT seq, at, grp, actor_id, actor_kind, entity, record_id, action, diff, request_id FROM change WHERE seq > 0");
	only(&s, true, "seq <", filter->before_seq > 0 ? filter->before_seq : INT64_MAX);
	/* the index leaves out 0, which belongs to no record */
	only(&s, filter->record_id != 0, "record_id <> 0 AND record_id =", filter->record_id);
	only(&s, filter->actor_id != 0, "actor_id =", filter->actor_id);
	/* spelled out, as in its index */
	if (filter->by_action && filter->action == CHANGE_DELETE)
		buf_puts(&s.text, " AND action = 2");
	else
		only(&s, filter->by_action, "action =", (int64_t)filter->action);
	only(&s, filter->from_ms != 0, "at >=", filter->from_ms);
	only(&s, filter->to_ms != 0, "at <", filter->to_ms);
	if (filter->entity)
		buf_printf(&s.text, " AND entity = ?%d", s.n + 1);
	buf_puts(&s.text, " ORDER BY seq DESC LIMIT ");
	buf_put_u64(&s.text, filter->max > INT32_MAX ? INT32_MAX : filter->max);
	enum err err = bind_search(ctx, &s, filter, &stmt);
	buf_release(&s.text);
	return err ? err : each(ctx, stmt, fn, arg, NULL);
}

/* --- erasing ---------------------------------------------------------------------- */

struct erasure {
	int64_t seq;
	bool unsealed;
	unsigned char digest[HASH_SIZE];
};

static enum err find_erasures(struct ctx *ctx, const char *entity, int64_t record_id, int64_t after,
                              struct erasure *ret, size_t *ret_n)
{
	struct stmt *stmt;
	bool row = false;
	*ret_n = 0;
	enum err err = db_prepare(ctx, ctx->db, &sql_change_to_erase, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, record_id);
	stmt_bind_text(stmt, 2, entity);
	stmt_bind_i64(stmt, 3, after);
	stmt_bind_i64(stmt, 4, ERASE_CHUNK);
	while (!(err = stmt_step(ctx, stmt, &row)) && row && *ret_n < ERASE_CHUNK) {
		struct erasure *e = &ret[(*ret_n)++];
		e->seq = stmt_i64(stmt, 0);
		e->unsealed = stmt_i64(stmt, 3) != 0;
		const char *diff = stmt_text(stmt, 2);
		events_digest(stmt_i64(stmt, 1), diff ? diff : "", diff ? strlen(diff) : 0, e->digest);
	}
	stmt_done(stmt);
	return err;
}

enum err change_erase(struct ctx *ctx, const char *entity, int64_t record_id, int64_t *ret_count)
{
	struct erasure *list = arena_array(ctx->arena, ERASE_CHUNK, sizeof *list);
	size_t n = ERASE_CHUNK;
	int64_t after = 0;
	*ret_count = 0;
	if (!list)
		return fail(ctx, ERR_LIMIT, "", "memory");
	while (n == ERASE_CHUNK) {
		enum err err = find_erasures(ctx, entity, record_id, after, list, &n);
		for (size_t i = 0; !err && i < n; i++) {
			struct stmt *stmt;
			err = db_prepare(ctx, ctx->db, list[i].unsealed ? &sql_change_new_set_erased : &sql_change_set_erased, &stmt);
			if (err)
				break;
			stmt_bind_i64(stmt, 1, list[i].seq);
			stmt_bind_blob(stmt, 2, list[i].digest, HASH_SIZE);
			err = stmt_run(ctx, stmt, NULL);
			stmt_done(stmt);
			after = list[i].seq;
			++*ret_count;
		}
		if (err)
			return err;
	}
	return OK;
}

/* --- proof ------------------------------------------------------------------------ */

static enum err hash_before(struct ctx *ctx, int64_t from_seq, unsigned char ret[HASH_SIZE], bool *ret_found)
{
	struct stmt *stmt;
	bool row = false;
	memset(ret, 0, HASH_SIZE);
	*ret_found = from_seq <= 1;
	if (*ret_found)
		return OK;
	enum err err = db_prepare(ctx, ctx->db, &sql_change_hash_of, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, from_seq - 1);
	err = stmt_step(ctx, stmt, &row);
	const void *hash = !err && row ? stmt_blob(stmt, 0) : NULL;
	if (hash && stmt_bytes(stmt, 0) == HASH_SIZE) {
		memcpy(ret, hash, HASH_SIZE);
		*ret_found = true;
	}
	stmt_done(stmt);
	return err;
}

/* Whether the row at hand follows `previous`; moves `previous` on. */
static bool row_holds(const struct stmt *stmt, int64_t expected_seq, unsigned char previous[HASH_SIZE])
{
	struct change change;
	unsigned char hash[HASH_SIZE];
	events_row(stmt, &change);
	const void *erased = stmt_is_null(stmt, 11) ? NULL : stmt_blob(stmt, 11);
	if (change.seq != expected_seq || (erased && stmt_bytes(stmt, 11) != HASH_SIZE))
		return false;
	/* An erased entry has no content; one with content has not been erased. */
	if (erased && *change.diff)
		return false;
	events_hash(previous, &change, stmt_i64(stmt, 10), erased, hash);
	const void *stored = stmt_blob(stmt, 12);
	if (!stored || stmt_bytes(stmt, 12) != HASH_SIZE || memcmp(stored, hash, HASH_SIZE) != 0)
		return false;
	memcpy(previous, hash, HASH_SIZE);
	return true;
}

enum err change_verify(struct ctx *ctx, int64_t from_seq, int64_t *ret_checked, int64_t *ret_bad, char ret_head_hex[65])
{
	unsigned char previous[HASH_SIZE];
	bool found = false, row = false;
	int64_t expected = from_seq > 1 ? from_seq : 1;
	*ret_checked = *ret_bad = 0;
	ret_head_hex[0] = '\0';
	enum err err = hash_before(ctx, expected, previous, &found);
	if (err)
		return err;
	if (!found) {
		*ret_bad = expected - 1;
		return OK;
	}
	struct stmt *stmt;
	err = db_prepare(ctx, ctx->db, &sql_change_chain, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, expected);
	while (!(err = stmt_step(ctx, stmt, &row)) && row) {
		if (!row_holds(stmt, expected, previous)) {
			*ret_bad = expected;
			break;
		}
		expected++;
		++*ret_checked;
	}
	stmt_done(stmt);
	if (!err)
		(void)sodium_bin2hex(ret_head_hex, 65, previous, HASH_SIZE);
	return err;
}
