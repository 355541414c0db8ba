#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "access_sql.h"
#include "base/str.h"
#include "core/access/access_internal.h"

/* Tries are counted in the database, so that a restart or another node forgets nothing, and
 * before they are checked, in one write with the question whether there may be one: of a
 * burst no more pass than of a row.  What was right is given back.  The first few are free;
 * from then on each doubles the time in which nothing is tried, up to a quarter of an hour.
 * Counts fade with time.
 *
 * Who is counted, for signing in:
 *   - a browser in which this person has signed in before: by itself and nothing else, so
 *     that no stranger can keep the owner of an account out;
 *   - anybody else: per account and address together, and per address.  An account that
 *     many addresses guess at is not closed (that would shut its owner out), but each
 *     address then has one try in a quarter of an hour;
 *   - codes with the right password: per account, whatever the address.
 * Confirming something while signed in: per person, whatever strangers do. */

struct limit {
	int64_t free;    /* failures without a wait */
	int64_t fade_ms; /* in which one failure is forgotten */
	int64_t most;    /* failures that are remembered */
	int64_t first_ms; /* the first wait; 0: never one, only counted */
};
static const int64_t WAIT_MAX_MS = 15 * 60000;
static const struct limit limits[] = {
	[THROTTLE_PAIR] = {5, 15 * 60000, 100, 2000},
	[THROTTLE_STRICT] = {0, 15 * 60000, 100, 15 * 60000},
	[THROTTLE_DEVICE] = {5, 15 * 60000, 100, 2000},
	[THROTTLE_PERSON] = {5, 15 * 60000, 100, 2000},
	[THROTTLE_ADDRESS] = {20, 60000, 1000, 2000},
	[THROTTLE_WIDE] = {0, 60000, 200, 0},
};
enum { WIDE_MANY = 50 }; /* failures of one account from anywhere that make each address count more */

/* An IPv6 customer has a /64; counting single addresses would count nothing. */
static const char *address_key(struct ctx *ctx, const char *address)
{
	struct in6_addr v6;
	struct in_addr v4;
	char text[INET6_ADDRSTRLEN + 1] = "?";
	char plain[INET6_ADDRSTRLEN + 1] = "";
	/* a scope ("%eth0") says nothing about who it is */
	snprintf(plain, sizeof(plain), "%.*s", (int)strcspn(address ? address : "", "%"), address ? address : "");
	if (inet_pton(AF_INET, plain, &v4) == 1)
		return arena_printf(ctx->arena, "i:%s", plain);
	if (inet_pton(AF_INET6, plain, &v6) == 1) {
		if (IN6_IS_ADDR_V4MAPPED(&v6)) {
			memcpy(&v4, &v6.s6_addr[12], sizeof(v4));
			inet_ntop(AF_INET, &v4, text, sizeof(text));
			return arena_printf(ctx->arena, "i:%s", text);
		}
		memset(&v6.s6_addr[8], 0, 8);
		inet_ntop(AF_INET6, &v6, text, sizeof(text));
		return arena_printf(ctx->arena, "i:%s/64", text);
	}
	return arena_printf(ctx->arena, "i:%s", text);
}

static void add(struct throttle *keys, enum throttle_kind kind, const char *key)
{
	keys->list[keys->n++] = (struct throttle_key){.kind = kind, .key = key};
}

static enum err whole(struct ctx *ctx, const struct throttle *keys)
{
	for (size_t i = 0; i < keys->n; i++)
		if (!keys->list[i].key)
			return access_no_memory(ctx);
	return OK;
}

/* Hashed: people type passwords into the wrong box. */
static enum err account_hex(struct ctx *ctx, const char *account, char hex[ACCESS_HEX])
{
	uint8_t digest[ACCESS_DIGEST];
	const char *email;
	enum err err = access_email(ctx, account, &email);
	if (err)
		return err;
	access_hash(email, strlen(email), digest);
	access_hex(digest, sizeof(digest), hex);
	return OK;
}

enum err access_throttle_sign_in(struct ctx *ctx, const char *account, const char *address, int64_t user_id, const char *device, struct throttle *ret)
{
	char hex[ACCESS_HEX];
	*ret = (struct throttle){.remote = address};
	if (device) {
		add(ret, THROTTLE_DEVICE, arena_printf(ctx->arena, "d:%lld:%s", (long long)user_id, device));
		return whole(ctx, ret);
	}
	const char *from = address_key(ctx, address);
	enum err err = account_hex(ctx, account, hex);
	if (err)
		return err;
	add(ret, THROTTLE_WIDE, arena_printf(ctx->arena, "a:%s", hex));
	add(ret, THROTTLE_PAIR, from ? arena_printf(ctx->arena, "p:%s:%s", hex, from) : NULL);
	add(ret, THROTTLE_ADDRESS, from);
	return whole(ctx, ret);
}

enum err access_throttle_person(struct ctx *ctx, int64_t user_id, const char *address, struct throttle *ret)
{
	*ret = (struct throttle){.remote = address};
	add(ret, THROTTLE_PERSON, arena_printf(ctx->arena, "s:%lld", (long long)user_id));
	return whole(ctx, ret);
}

enum err access_throttle_code(struct ctx *ctx, int64_t user_id, const char *address, struct throttle *ret)
{
	*ret = (struct throttle){.remote = address};
	add(ret, THROTTLE_PERSON, arena_printf(ctx->arena, "c:%lld", (long long)user_id));
	return whole(ctx, ret);
}

enum err access_throttle_address(struct ctx *ctx, const char *address, struct throttle *ret)
{
	*ret = (struct throttle){.remote = address};
	add(ret, THROTTLE_ADDRESS, address_key(ctx, address));
	return whole(ctx, ret);
}

struct attempt {
	int64_t failures, last_at, locked_until;
};

static enum err attempt_read(struct ctx *ctx, const struct sql *sql, const char *key, struct attempt *ret)
{
	struct stmt *stmt;
	bool row = false;
	*ret = (struct attempt){0};
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err)
		return err;
	stmt_bind_text(stmt, 1, key);
	err = stmt_step(ctx, stmt, &row);
	if (!err && row)
		*ret = (struct attempt){stmt_i64(stmt, 0), stmt_i64(stmt, 1), stmt_i64(stmt, 2)};
	stmt_done(stmt);
	return err;
}

/* What is left of the failures by now. */
static int64_t faded(const struct ctx *ctx, const struct attempt *attempt, const struct limit *limit)
{
	int64_t now = ctx_now(ctx), passed = now > attempt->last_at ? now - attempt->last_at : 0;
	int64_t left = attempt->failures - passed / limit->fade_ms;
	return left > 0 ? left : 0;
}

static enum err refuse(struct ctx *ctx, int64_t until)
{
	int64_t now = ctx_now(ctx);
	/* A clock set back must not lock anybody out for longer than the longest wait. */
	if (until <= now || until > now + 2 * WAIT_MAX_MS)
		return OK;
	char seconds[24];
	snprintf(seconds, sizeof(seconds), "%lld", (long long)((until - now + 999) / 1000));
	return fail_arg(ctx, ERR_LIMIT, "", "rate", seconds);
}

enum err access_throttle_check(struct ctx *ctx, const struct throttle *keys)
{
	int64_t until = 0;
	for (size_t i = 0; i < keys->n; i++) {
		struct attempt attempt;
		enum err err = attempt_read(ctx, &sql_access_attempt_find, keys->list[i].key, &attempt);
		if (err)
			return err;
		if (attempt.locked_until > until)
			until = attempt.locked_until;
	}
	return refuse(ctx, until);
}

static int64_t wait_ms(const struct limit *limit, int64_t failures)
{
	if (failures <= limit->free || limit->first_ms == 0)
		return 0;
	int64_t wait = limit->first_ms;
	for (int64_t n = failures - limit->free - 1; n > 0 && wait < WAIT_MAX_MS; n--)
		wait *= 2;
	return wait < WAIT_MAX_MS ? wait : WAIT_MAX_MS;
}

static enum err attempt_run(struct ctx *ctx, const struct sql *sql, const char *key, const struct attempt *attempt)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err)
		return err;
	stmt_bind_text(stmt, 1, key);
	if (sql == &sql_access_attempt_touch)
		stmt_bind_i64(stmt, 2, attempt->last_at);
	if (sql == &sql_access_attempt_save) {
		stmt_bind_i64(stmt, 2, attempt->failures);
		stmt_bind_i64(stmt, 3, attempt->last_at);
		stmt_bind_i64(stmt, 4, attempt->locked_until);
	}
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

/* The row is there and ours until the write ends. */
static enum err attempt_hold(struct ctx *ctx, const char *key, struct attempt *ret)
{
	struct attempt fresh = {.last_at = ctx_now(ctx)};
	enum err err = attempt_run(ctx, &sql_access_attempt_touch, key, &fresh);
	return err ? err : attempt_read(ctx, &sql_access_attempt_lock, key, ret);
}

enum err access_throttle_take(struct ctx *ctx, struct throttle *keys)
{
	struct attempt held[THROTTLE_KEYS_MAX];
	int64_t until = 0;
	enum err err = OK;
	keys->closes = false;
	for (size_t i = 0; i < keys->n && !err; i++) {
		err = attempt_hold(ctx, keys->list[i].key, &held[i]);
		if (!err && held[i].locked_until > until)
			until = held[i].locked_until;
	}
	if (!err)
		err = refuse(ctx, until);
	bool many = false;
	for (size_t i = 0; i < keys->n && !err; i++) {
		enum throttle_kind kind = keys->list[i].kind;
		if (many && kind == THROTTLE_PAIR)
			kind = THROTTLE_STRICT;
		const struct limit *limit = &limits[kind];
		int64_t failures = faded(ctx, &held[i], limit) + 1;
		many = many || (kind == THROTTLE_WIDE && failures > WIDE_MANY);
		int64_t wait = wait_ms(limit, failures);
		held[i].failures = failures < limit->most ? failures : limit->most;
		held[i].last_at = ctx_now(ctx);
		held[i].locked_until = wait ? ctx_now(ctx) + wait : 0;
		keys->closes = keys->closes || wait;
		err = attempt_run(ctx, &sql_access_attempt_save, keys->list[i].key, &held[i]);
	}
	return err;
}

enum err access_throttle_give_back(struct ctx *ctx, const struct throttle *keys)
{
	enum err err = OK;
	for (size_t i = 0; i < keys->n && !err; i++) {
		struct attempt held;
		err = attempt_hold(ctx, keys->list[i].key, &held);
		if (err)
			break;
		if (held.failures > 0)
			held.failures--;
		if (held.failures <= limits[keys->list[i].kind].free)
			held.locked_until = 0;
		err = attempt_run(ctx, &sql_access_attempt_save, keys->list[i].key, &held);
	}
	return err;
}

enum err access_throttle_done(struct ctx *ctx, const struct throttle *keys)
{
	enum err err = access_throttle_give_back(ctx, keys);
	for (size_t i = 0; i < keys->n && !err; i++)
		if (keys->list[i].kind != THROTTLE_WIDE && keys->list[i].kind != THROTTLE_ADDRESS)
			err = attempt_run(ctx, &sql_access_attempt_delete, keys->list[i].key, NULL);
	return err;
}

enum err access_throttle_unlock(struct ctx *ctx, int64_t user_id, const char *account)
{
	char hex[ACCESS_HEX];
	enum err err = account_hex(ctx, account, hex);
	if (err)
		return err;
	const char *const like[] = {
		arena_printf(ctx->arena, "a:%s", hex),
		arena_printf(ctx->arena, "p:%s:%%", hex),
		arena_printf(ctx->arena, "d:%lld:%%", (long long)user_id),
		arena_printf(ctx->arena, "s:%lld", (long long)user_id),
		arena_printf(ctx->arena, "c:%lld", (long long)user_id),
	};
	for (size_t i = 0; i < sizeof(like) / sizeof(like[0]) && !err; i++)
		err = like[i] ? attempt_run(ctx, &sql_access_attempt_unlock, like[i], NULL) : access_no_memory(ctx);
	return err;
}
