#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "access_sql.h"
#include "base/str.h"
#include "core/access/access_internal.h"

/* Failures are counted per account and per address, in the database, so that a
 * restart or another node forgets nothing.  The first few are free; from then on
 * each doubles the time in which nothing is tried, up to a quarter of an hour.
 * Counts fade with time, and an account's is cleared by signing in. */

struct limit {
	int64_t free;    /* failures without a wait */
	int64_t fade_ms; /* in which one failure is forgotten */
};
static const struct limit account_limit = {5, 15 * 60000}, address_limit = {20, 60000};
static const int64_t WAIT_FIRST_MS = 2000, WAIT_MAX_MS = 15 * 60000;

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

enum err access_throttle_keys(struct ctx *ctx, const char *account, const char *address, struct throttle *ret)
{
	*ret = (struct throttle){.address = address_key(ctx, address)};
	if (account) {
		/* hashed: people type passwords into the wrong box */
		uint8_t digest[ACCESS_DIGEST];
		char hex[ACCESS_HEX];
		const char *lower = access_lower(ctx, account);
		if (!lower)
			return access_no_memory(ctx);
		access_hash(lower, strlen(lower), digest);
		access_hex(digest, sizeof(digest), hex);
		ret->account = arena_printf(ctx->arena, "a:%s", hex);
	}
	return !ret->address || (account && !ret->account) ? access_no_memory(ctx) : OK;
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

enum err access_throttle_check(struct ctx *ctx, const struct throttle *keys, int64_t *ret_wait_s)
{
	const char *const list[] = {keys->account, keys->address};
	int64_t now = ctx_now(ctx), until = 0;
	*ret_wait_s = 0;
	for (size_t i = 0; i < 2; i++) {
		struct attempt attempt;
		if (!list[i])
			continue;
		enum err err = attempt_read(ctx, &sql_access_attempt_find, list[i], &attempt);
		if (err)
			return err;
		if (attempt.locked_until > until)
			until = attempt.locked_until;
	}
	/* A clock set back must not lock anybody out for longer than the longest wait. */
	if (until <= now || until > now + 2 * WAIT_MAX_MS)
		return OK;
	*ret_wait_s = (until - now + 999) / 1000;
	char seconds[24];
	snprintf(seconds, sizeof(seconds), "%lld", (long long)*ret_wait_s);
	return fail_arg(ctx, ERR_LIMIT, "", "rate", seconds);
}

static int64_t wait_ms(const struct limit *limit, int64_t failures)
{
	if (failures <= limit->free)
		return 0;
	int64_t steps = failures - limit->free - 1;
	return steps >= 9 ? WAIT_MAX_MS : WAIT_FIRST_MS << steps;
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

static enum err count_one(struct ctx *ctx, const char *key, const struct limit *limit, bool *ret_locked)
{
	struct attempt attempt = {.last_at = ctx_now(ctx)};
	enum err err = attempt_run(ctx, &sql_access_attempt_touch, key, &attempt);
	if (!err)
		err = attempt_read(ctx, &sql_access_attempt_lock, key, &attempt);
	if (err)
		return err;
	int64_t now = ctx_now(ctx), passed = now > attempt.last_at ? now - attempt.last_at : 0;
	int64_t faded = attempt.failures - passed / limit->fade_ms;
	attempt.failures = (faded > 0 ? faded : 0) + 1;
	attempt.last_at = now;
	int64_t wait = wait_ms(limit, attempt.failures);
	attempt.locked_until = now + wait;
	if (wait)
		*ret_locked = true;
	return attempt_run(ctx, &sql_access_attempt_save, key, &attempt);
}

enum err access_throttle_fail(struct ctx *ctx, const struct throttle *keys, bool *ret_locked)
{
	*ret_locked = false;
	enum err err = keys->account ? count_one(ctx, keys->account, &account_limit, ret_locked) : OK;
	return err ? err : count_one(ctx, keys->address, &address_limit, ret_locked);
}

enum err access_throttle_clear(struct ctx *ctx, const struct throttle *keys)
{
	return keys->account ? attempt_run(ctx, &sql_access_attempt_delete, keys->account, NULL) : OK;
}
