/* Sessions, tokens, second factor, accounts and audit, over real connections. */
#include "help.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/timeutil.h"

static struct world *world_of(void **state)
{
	return *state;
}

/* --- signing in ---------------------------------------------------------------------- */

static void test_session_lifecycle(void **state)
{
	struct world *w = world_of(state);
	struct browser *b = browser_new(w);
	asks(b, "GET", "/api/v1/session", NULL, 401);
	asks(b, "GET", "/api/v1/account", NULL, 401);
	sign_in(b, "BOSS@Example.com", GOOD_PASSWORD, NULL);
	assert_status(b, 200);
	const char *cookie = header(b, "Set-Cookie");
	assert_true(str_starts(cookie, "__Host-guanxi="));
	assert_non_null(strstr(cookie, "; Secure"));
	assert_non_null(strstr(cookie, "; HttpOnly"));
	assert_non_null(strstr(cookie, "; SameSite=Strict"));
	assert_non_null(strstr(cookie, "; Path=/"));
	assert_null(strstr(cookie, "Domain"));
	assert_string_equal(header(b, "Cache-Control"), "no-store");
	assert_string_equal(json_string_value(json_object_get(json_object_get(b->json, "user"), "email")), ADMIN_EMAIL);
	/* only a hash of the secret is kept */
	char secret[64];
	snprintf(secret, sizeof(secret), "%s", strchr(b->cookie, '=') + 1);
	assert_int_equal(number(w, arena_printf(&w->arena, "SELECT COUNT(*) FROM access_session WHERE hash = '%s'", secret)), 0);
	assert_int_equal(number(w, "SELECT COUNT(*) FROM access_session WHERE length(hash) = 64"), 1);
	asks(b, "GET", "/api/v1/session", NULL, 200);
	assert_string_not_equal(text_of(b, "csrf"), b->csrf); /* fresh each time, and as good */
	char old_csrf[128];
	snprintf(old_csrf, sizeof(old_csrf), "%s", b->csrf);
	snprintf(b->csrf, sizeof(b->csrf), "%s", text_of(b, "csrf"));
	asks(b, "PATCH", "/api/v1/account", "{\"theme\":\"dark\"}", 200);
	assert_string_equal(text_of(b, "theme"), "dark");
	snprintf(b->csrf, sizeof(b->csrf), "%s", old_csrf);
	asks(b, "PATCH", "/api/v1/account", "{\"theme\":\"light\"}", 200);
	/* a new id at each sign-in; the old one ends */
	char first[128];
	snprintf(first, sizeof(first), "%s", b->cookie);
	sign_in(b, ADMIN_EMAIL, GOOD_PASSWORD, NULL);
	assert_status(b, 200);
	assert_string_not_equal(b->cookie, first);
	char second[128];
	snprintf(second, sizeof(second), "%s", b->cookie);
	snprintf(b->cookie, sizeof(b->cookie), "%s", first);
	asks(b, "GET", "/api/v1/session", NULL, 401);
	snprintf(b->cookie, sizeof(b->cookie), "%s", second);
	asks(b, "GET", "/api/v1/session", NULL, 200);
	/* out: dead on the same connection */
	asks(b, "DELETE", "/api/v1/session", NULL, 204);
	assert_non_null(strstr(header(b, "Set-Cookie"), "Max-Age=0"));
	asks(b, "GET", "/api/v1/session", NULL, 401);
	assert_int_equal(number(w, "SELECT COUNT(*) FROM access_session"), 0);
	browser_free(b);
}

static void test_limits_of_time(void **state)
{
	struct world *w = world_of(state);
	struct browser *b = signed_in(w, ADMIN_EMAIL);
	for (int i = 0; i < 14; i++) { /* kept alive by use, for days */
		world_forward(w, ACCESS_IDLE_MS - 60000);
		if (i % 3 != 0) /* somebody's rights were changed */
			access_cache_drop_all(&w->app.access->cache);
		asks(b, "GET", "/api/v1/account", NULL, 200);
		assert_ok(w, access_flush(&w->ctx, w->app.access)); /* as it is every half minute of real time */
	}
	world_forward(w, 30 * 60000); /* past seven days in all */
	asks(b, "GET", "/api/v1/account", NULL, 401);
	sign_in(b, ADMIN_EMAIL, GOOD_PASSWORD, NULL);
	world_forward(w, ACCESS_IDLE_MS + 1000);
	asks(b, "GET", "/api/v1/account", NULL, 401);
	/* the same when nothing is in memory */
	sign_in(b, ADMIN_EMAIL, GOOD_PASSWORD, NULL);
	access_cache_drop_all(&w->app.access->cache);
	world_forward(w, ACCESS_IDLE_MS + 1000);
	asks(b, "GET", "/api/v1/account", NULL, 401);
	/* "last seen" is written later, once for many requests */
	sign_in(b, ADMIN_EMAIL, GOOD_PASSWORD, NULL);
	asks(b, "GET", "/api/v1/account", NULL, 200);
	int64_t seen = number(w, "SELECT MAX(seen_at) FROM access_session");
	world_forward(w, 300000);
	asks(b, "GET", "/api/v1/account", NULL, 200);
	asks(b, "GET", "/api/v1/account", NULL, 200);
	assert_ok(w, access_flush(&w->ctx, w->app.access));
	assert_true(number(w, "SELECT MAX(seen_at) FROM access_session") >= seen + 300000);
	assert_true(number(w, "SELECT last_seen_at FROM \"user\"") >= seen + 300000);
	browser_free(b);
}

static void test_csrf(void **state)
{
	struct world *w = world_of(state);
	struct browser *b = signed_in(w, ADMIN_EMAIL), *other = signed_in(w, ADMIN_EMAIL);
	char good[128];
	snprintf(good, sizeof(good), "%s", b->csrf);
	b->csrf[0] = '\0';
	asks(b, "PATCH", "/api/v1/account", "{\"theme\":\"dark\"}", 403);
	assert_string_equal(fault_of(b), "csrf");
	snprintf(b->csrf, sizeof(b->csrf), "%s", other->csrf); /* of another session */
	asks(b, "PATCH", "/api/v1/account", "{\"theme\":\"dark\"}", 403);
	snprintf(b->csrf, sizeof(b->csrf), "%s", good);
	b->csrf[60] = b->csrf[60] == '0' ? '1' : '0';
	asks(b, "DELETE", "/api/v1/session", NULL, 403);
	snprintf(b->csrf, sizeof(b->csrf), "%s", good);
	snprintf(b->extra, sizeof(b->extra), "Origin: http://evil.example\r\n");
	asks(b, "PATCH", "/api/v1/account", "{\"theme\":\"dark\"}", 403);
	asks(b, "PATCH", "/api/v1/account", "{\"theme\":\"dark\"}", 200);
	/* a token needs none, for no browser sends it by itself */
	asks(b, "POST", "/api/v1/account/tokens", "{\"name\":\"T\"}", 201);
	snprintf(b->bearer, sizeof(b->bearer), "%s", text_of(b, "token"));
	asks(b, "POST", "/api/v1/customer", "{\"name\":\"A\"}", 201);
	browser_free(b);
	browser_free(other);
}

static void test_alike(void **state)
{
	struct world *w = world_of(state);
	int64_t off = make_user(w, "Gone", "gone@example.com", "[]");
	must_update(w, "user", off, "{\"active\":false}");
	must_create(w, "user", "{\"name\":\"Fresh\",\"email\":\"fresh@example.com\"}"); /* no password yet */
	struct browser *b = browser_new(w);
	static const char *const emails[] = {ADMIN_EMAIL, "nobody@example.com", "gone@example.com", "fresh@example.com"};
	char first[4096] = "";
	for (size_t i = 0; i < 4; i++) {
		sign_in(b, emails[i], i == 2 ? GOOD_PASSWORD : "not-the-right-one", NULL);
		assert_status(b, 401);
		assert_string_equal(fault_of(b), "sign_in_failed");
		assert_string_equal(header(b, "Set-Cookie"), "");
		char *id = strstr(b->body, "\"request_id\":\"");
		if (id)
			memset(id + 14, 'x', strcspn(id + 14, "\"")); /* differs, and may */
		if (i == 0)
			snprintf(first, sizeof(first), "%.2000s", b->body);
		assert_string_equal(b->body, first);
	}
	assert_int_equal(denied_entries(w), 4);
	/* nothing that was typed is in the log */
	assert_int_equal(number(w, store_engine(w->store) == ENGINE_SQLITE
	                                   ? "SELECT COUNT(*) FROM change WHERE diff LIKE '%nobody%' OR diff LIKE '%not-the-right%'"
	                                   : "SELECT (SELECT COUNT(*) FROM change WHERE diff LIKE '%nobody%') + (SELECT COUNT(*) FROM change_new WHERE diff LIKE '%nobody%')"),
	                 0);
	/* neither types nor sizes open a way */
	asks(b, "POST", "/api/v1/session", "{\"email\":{\"a\":1},\"password\":\"x\"}", 422);
	asks(b, "POST", "/api/v1/session", "{\"email\":\"a\"}", 422);
	asks(b, "POST", "/api/v1/session", "{\"email\":\"a\",\"password\":\"x\",\"admin\":true}", 422);
	asks(b, "POST", "/api/v1/session", "[]", 422);
	browser_free(b);
}

static void test_lockout(void **state)
{
	struct world *w = world_of(state);
	struct browser *b = browser_new(w);
	static const char *const emails[] = {ADMIN_EMAIL, "nobody@example.com"};
	for (size_t who = 0; who < 2; who++) {
		for (int i = 0; i < 6; i++) {
			sign_in(b, emails[who], "not-the-right-one", NULL);
			assert_status(b, 401);
		}
		sign_in(b, emails[who], GOOD_PASSWORD, NULL); /* even the right one, for now */
		assert_status(b, 429);
		assert_string_equal(fault_of(b), "rate");
		int64_t seconds = 0;
		assert_true(str_to_i64(header(b, "Retry-After"), &seconds) && seconds >= 1 && seconds <= 2);
	}
	world_forward(w, 3000);
	sign_in(b, ADMIN_EMAIL, GOOD_PASSWORD, NULL);
	assert_status(b, 200);
	/* signing in has cleared the account's count */
	b->cookie[0] = '\0';
	for (int i = 0; i < 5; i++) {
		sign_in(b, ADMIN_EMAIL, "not-the-right-one", NULL);
		assert_status(b, 401);
	}
	sign_in(b, ADMIN_EMAIL, GOOD_PASSWORD, NULL);
	assert_status(b, 200);
	/* somebody else, from the same address, until that is too much as well */
	int status = 401;
	for (int i = 0; i < 20 && status == 401; i++) {
		char email[64];
		snprintf(email, sizeof(email), "spray%d@example.com", i);
		struct browser *c = browser_new(w);
		status = sign_in(c, email, "not-the-right-one", NULL);
		browser_free(c);
	}
	assert_int_equal(status, 429);
	browser_free(b);
}

static void test_unlock(void **state)
{
	struct world *w = world_of(state);
	int64_t user = make_user(w, "U", "u@example.com", "[]");
	struct browser *boss = signed_in(w, ADMIN_EMAIL), *u = browser_new(w);
	for (int i = 0; i < 12; i++) {
		sign_in(u, "u@example.com", "not-the-right-one", NULL);
		world_forward(w, 70000); /* longer than most waits; the address forgets, the account does not */
	}
	sign_in(u, "u@example.com", GOOD_PASSWORD, NULL);
	assert_status(u, 429);
	asks(boss, "POST", path_of(w, "/api/v1/user/*/unlock", user), NULL, 204);
	sign_in(u, "u@example.com", GOOD_PASSWORD, NULL);
	assert_status(u, 200);
	browser_free(boss);
	browser_free(u);
}

/* --- S09: what ends, ends now ------------------------------------------------------------- */

static void test_revocation(void **state)
{
	struct world *w = world_of(state);
	int64_t team = must_create(w, "team", "{\"name\":\"T\"}");
	int64_t role = make_role(w, "Team readers", "{\"customer\":{\"read\":\"team\",\"fields\":{\"phone\":\"masked\"}}}", "[\"tokens\"]");
	int64_t user = make_user(w, "U", "u@example.com", id_list(w, role)), colleague = make_user(w, "V", "v@example.com", "[]");
	must_update(w, "user", user, arena_printf(&w->arena, "{\"team_id\":\"%lld\"}", (long long)team));
	int64_t customer = make_customer(w, "A", colleague);
	must_update(w, "customer", customer, arena_printf(&w->arena, "{\"team_id\":\"%lld\"}", (long long)team));
	const char *path = path_of(w, "/api/v1/customer/*", customer);
	struct browser *b = signed_in(w, "u@example.com"), *t = browser_new(w);
	asks(b, "POST", "/api/v1/account/tokens", "{\"name\":\"T\"}", 201);
	snprintf(t->bearer, sizeof(t->bearer), "%s", text_of(b, "token"));
	for (int i = 0; i < 2; i++) {
		asks(b, "GET", path, NULL, 200);
		asks(t, "GET", path, NULL, 200);
	}
	assert_string_not_equal(text_of(b, "phone"), "13800138000");
	/* out of the team, and in again: on the same connections */
	must_update(w, "user", user, "{\"team_id\":null}");
	asks(b, "GET", path, NULL, 404);
	asks(t, "GET", path, NULL, 404);
	must_update(w, "user", user, arena_printf(&w->arena, "{\"team_id\":\"%lld\"}", (long long)team));
	asks(b, "GET", path, NULL, 200);
	/* the team moves below another: who stands above it sees it */
	int64_t above = must_create(w, "team", "{\"name\":\"Above\"}");
	must_update(w, "user", user, arena_printf(&w->arena, "{\"team_id\":\"%lld\"}", (long long)above));
	asks(b, "GET", path, NULL, 404);
	must_update(w, "team", team, arena_printf(&w->arena, "{\"parent_id\":\"%lld\"}", (long long)above));
	asks(b, "GET", path, NULL, 200);
	asks(t, "GET", path, NULL, 200);
	/* the role changes, goes, comes back */
	must_update(w, "role", role, "{\"rights\":{\"customer\":{\"read\":\"none\"}}}");
	asks(b, "GET", path, NULL, 403);
	asks(t, "GET", path, NULL, 403);
	must_update(w, "role", role, "{\"rights\":{\"customer\":{\"read\":\"all\"}}}");
	asks(b, "GET", path, NULL, 200);
	assert_string_equal(text_of(b, "phone"), "13800138000");
	must_update(w, "user", user, "{\"roles\":[]}");
	asks(b, "GET", path, NULL, 403);
	must_update(w, "user", user, arena_printf(&w->arena, "{\"roles\":%s}", id_list(w, role)));
	asks(b, "GET", path, NULL, 200);
	/* a token that is deleted */
	int64_t id = number(w, "SELECT id FROM token");
	asks(b, "DELETE", path_of(w, "/api/v1/account/tokens/*", id), NULL, 204);
	asks(t, "GET", path, NULL, 401);
	assert_string_equal(fault_of(t), "token_invalid");
	/* disabled: sessions and tokens are gone for good */
	asks(b, "POST", "/api/v1/account/tokens", "{\"name\":\"T2\"}", 201);
	snprintf(t->bearer, sizeof(t->bearer), "%s", text_of(b, "token"));
	asks(t, "GET", path, NULL, 200);
	struct browser *boss = signed_in(w, ADMIN_EMAIL);
	asks(boss, "POST", path_of(w, "/api/v1/user/*/disable", user), NULL, 200);
	asks(b, "GET", path, NULL, 401);
	asks(t, "GET", path, NULL, 401);
	asks(boss, "POST", path_of(w, "/api/v1/user/*/enable", user), NULL, 200);
	asks(b, "GET", path, NULL, 401);
	asks(t, "GET", path, NULL, 401);
	assert_int_equal(number(w, "SELECT COUNT(*) FROM token"), 0);
	sign_in(b, "u@example.com", GOOD_PASSWORD, NULL);
	asks(b, "GET", path, NULL, 200);
	/* sessions ended by the administrator */
	asks(boss, "DELETE", path_of(w, "/api/v1/user/*/sessions", user), NULL, 204);
	asks(b, "GET", path, NULL, 401);
	/* and a user that is deleted */
	sign_in(b, "u@example.com", GOOD_PASSWORD, NULL);
	assert_ok(w, try_delete(w, NULL, "user", user));
	asks(b, "GET", path, NULL, 401);
	assert_int_equal(number(w, arena_printf(&w->arena, "SELECT COUNT(*) FROM access_session WHERE user_id = %lld", (long long)user)), 0);
	browser_free(b);
	browser_free(t);
	browser_free(boss);
}

static void test_own_sessions(void **state)
{
	struct world *w = world_of(state);
	struct browser *a = signed_in(w, ADMIN_EMAIL), *b = signed_in(w, ADMIN_EMAIL), *c = signed_in(w, ADMIN_EMAIL);
	asks(a, "GET", "/api/v1/account/sessions", NULL, 200);
	json_t *rows = json_object_get(a->json, "rows");
	assert_int_equal(json_array_size(rows), 3);
	int current = 0;
	char path[128] = "";
	for (size_t i = 0; i < 3; i++) {
		json_t *row = json_array_get(rows, i);
		assert_string_equal(json_string_value(json_object_get(row, "address")), "127.0.0.1");
		assert_string_equal(json_string_value(json_object_get(row, "agent")), "test");
		current += json_is_true(json_object_get(row, "current"));
		if (!json_is_true(json_object_get(row, "current")))
			snprintf(path, sizeof(path), "/api/v1/account/sessions/%s", json_string_value(json_object_get(row, "id")));
	}
	assert_int_equal(current, 1);
	/* one of them, whichever: then one of b and c is out */
	asks(a, "DELETE", path, NULL, 204);
	asks(a, "DELETE", path, NULL, 404);
	assert_int_equal((ask(b, "GET", "/api/v1/session", NULL) == 401) + (ask(c, "GET", "/api/v1/session", NULL) == 401), 1);
	/* not somebody else's */
	make_user(w, "U", "u@example.com", "[]");
	struct browser *u = signed_in(w, "u@example.com");
	int64_t other = number(w, arena_printf(&w->arena, "SELECT MIN(id) FROM access_session WHERE user_id = %lld", (long long)w->admin));
	asks(u, "DELETE", path_of(w, "/api/v1/account/sessions/*", other), NULL, 404);
	asks(a, "DELETE", "/api/v1/account/sessions", NULL, 204);
	asks(a, "GET", "/api/v1/session", NULL, 200);
	asks(b, "GET", "/api/v1/session", NULL, 401);
	asks(c, "GET", "/api/v1/session", NULL, 401);
	asks(u, "GET", "/api/v1/session", NULL, 200);
	browser_free(a);
	browser_free(b);
	browser_free(c);
	browser_free(u);
}

/* --- passwords ---------------------------------------------------------------------------------- */

static void test_password_change(void **state)
{
	struct world *w = world_of(state);
	struct browser *a = signed_in(w, ADMIN_EMAIL), *b = signed_in(w, ADMIN_EMAIL);
	asks(a, "POST", "/api/v1/account/password", "{\"old\":\"wrong-one-here\",\"new\":\"another-fine-one-9\"}", 422);
	assert_string_equal(fault_of(a), "password_wrong");
	asks(a, "POST", "/api/v1/account/password", "{\"old\":\"" GOOD_PASSWORD "\",\"new\":\"password1\"}", 422);
	assert_string_equal(fault_of(a), "password_common");
	asks(a, "POST", "/api/v1/account/password", "{\"old\":\"" GOOD_PASSWORD "\",\"new\":\"" GOOD_PASSWORD "\"}", 422);
	assert_string_equal(fault_of(a), "password_same");
	asks(a, "POST", "/api/v1/account/password", "{\"old\":\"" GOOD_PASSWORD "\",\"new\":\"boss@example.com\"}", 422);
	assert_string_equal(fault_of(a), "password_personal");
	asks(b, "GET", "/api/v1/session", NULL, 200);
	char old[128];
	snprintf(old, sizeof(old), "%s", a->cookie);
	asks(a, "POST", "/api/v1/account/password", "{\"old\":\"" GOOD_PASSWORD "\",\"new\":\"another-fine-one-9\"}", 200);
	const char *set = header(a, "Set-Cookie");
	snprintf(a->cookie, sizeof(a->cookie), "%.*s", (int)strcspn(set, ";"), set);
	snprintf(a->csrf, sizeof(a->csrf), "%s", text_of(a, "csrf"));
	assert_string_not_equal(a->cookie, old);
	asks(b, "GET", "/api/v1/session", NULL, 401);
	asks(a, "PATCH", "/api/v1/account", "{\"density\":\"compact\"}", 200);
	snprintf(b->cookie, sizeof(b->cookie), "%s", old);
	asks(b, "GET", "/api/v1/session", NULL, 401);
	b->cookie[0] = '\0';
	sign_in(b, ADMIN_EMAIL, GOOD_PASSWORD, NULL);
	assert_status(b, 401);
	sign_in(b, ADMIN_EMAIL, "another-fine-one-9", NULL);
	assert_status(b, 200);
	/* guesses by whoever sits at an open session are counted too */
	int status = 422;
	for (int i = 0; i < 8 && status == 422; i++)
		status = ask(a, "POST", "/api/v1/account/password", "{\"old\":\"wrong-one-here\",\"new\":\"another-fine-one-9\"}");
	assert_int_equal(status, 429);
	/* what was typed stands nowhere */
	assert_int_equal(number(w, "SELECT COUNT(*) FROM \"user\" WHERE password_hash LIKE '%another%'"), 0);
	browser_free(a);
	browser_free(b);
}

static void test_password_reset(void **state)
{
	struct world *w = world_of(state);
	int64_t user = make_user(w, "U", "u@example.com", id_list(w, role_by_key(w, "sales")));
	int64_t customer = make_customer(w, "A", user);
	const char *path = path_of(w, "/api/v1/customer/*", customer);
	struct browser *boss = signed_in(w, ADMIN_EMAIL), *u = signed_in(w, "u@example.com");
	asks(u, "GET", path, NULL, 200);
	asks(u, "POST", path_of(w, "/api/v1/user/*/password", user), "{}", 403);
	asks(boss, "POST", path_of(w, "/api/v1/user/*/password", w->admin), "{}", 403);
	assert_string_equal(fault_of(boss), "self_reset");
	asks(boss, "POST", "/api/v1/user/999/password", "{}", 404);
	asks(boss, "POST", path_of(w, "/api/v1/user/*/password", user), NULL, 200);
	char made[64];
	snprintf(made, sizeof(made), "%s", text_of(boss, "password"));
	assert_int_equal(strlen(made), 20);
	asks(u, "GET", path, NULL, 401);
	u->cookie[0] = '\0';
	sign_in(u, "u@example.com", GOOD_PASSWORD, NULL);
	assert_status(u, 401);
	sign_in(u, "u@example.com", made, NULL);
	assert_status(u, 200);
	assert_true(json_is_true(json_object_get(json_object_get(u->json, "user"), "must_change_password")));
	/* nothing but changing it */
	asks(u, "GET", path, NULL, 403);
	asks(u, "POST", "/api/v1/customer", "{}", 403);
	char body[160];
	snprintf(body, sizeof(body), "{\"old\":\"%s\",\"new\":\"brand-new-secret-5\"}", made);
	asks(u, "POST", "/api/v1/account/password", body, 200);
	const char *set = header(u, "Set-Cookie");
	snprintf(u->cookie, sizeof(u->cookie), "%.*s", (int)strcspn(set, ";"), set);
	asks(u, "GET", path, NULL, 200);
	/* a chosen one is checked like any other */
	asks(boss, "POST", path_of(w, "/api/v1/user/*/password", user), "{\"password\":\"12345678\"}", 422);
	asks(boss, "POST", path_of(w, "/api/v1/user/*/password", user), "{\"password\":\"chosen-by-boss-3\"}", 200);
	/* taking over an account that may more */
	int64_t keeper_role = make_role(w, "Keeper", "{}", "[\"users\"]");
	make_user(w, "K", "k@example.com", id_list(w, keeper_role));
	struct browser *k = signed_in(w, "k@example.com");
	asks(k, "POST", path_of(w, "/api/v1/user/*/password", w->admin), "{}", 403);
	assert_string_equal(fault_of(k), "user_wider");
	asks(k, "DELETE", path_of(w, "/api/v1/user/*/sessions", w->admin), NULL, 403);
	asks(k, "DELETE", path_of(w, "/api/v1/user/*/totp", w->admin), NULL, 403);
	asks(k, "POST", path_of(w, "/api/v1/user/*/disable", w->admin), NULL, 403);
	asks(boss, "GET", "/api/v1/session", NULL, 200);
	browser_free(boss);
	browser_free(u);
	browser_free(k);
}

/* --- second factor ------------------------------------------------------------------------------------ */

static uint8_t secret_now[TOTP_SECRET];

static const char *code_now(struct world *w, int off)
{
	uint64_t step = (uint64_t)ctx_now(&w->ctx) / 1000 / TOTP_STEP_S;
	return arena_printf(&w->arena, "%06u", access_totp_code(secret_now, TOTP_SECRET, (uint64_t)((int64_t)step + off), 6));
}

static void decode_base32(const char *text, uint8_t *out)
{
	uint32_t bits = 0;
	int have = 0;
	for (; *text; text++) {
		uint32_t digit = *text >= 'A' ? (uint32_t)(*text - 'A') : (uint32_t)(*text - '2' + 26);
		bits = bits << 5 | digit;
		have += 5;
		if (have >= 8) {
			*out++ = (uint8_t)(bits >> (have - 8));
			have -= 8;
		}
	}
}

static const char *code_body(struct world *w, const char *code)
{
	return arena_printf(&w->arena, "{\"code\":\"%s\"}", code);
}

/* Sets it up in b; the code that confirmed and two recovery codes. */
static void begin_factor(struct world *w, struct browser *b, struct browser *c, char used[8], char recovery[2][32])
{
	asks(b, "POST", "/api/v1/account/totp/confirm", "{\"code\":\"000000\"}", 409);
	asks(b, "POST", "/api/v1/account/totp", NULL, 200);
	assert_int_equal(strlen(text_of(b, "secret")), 32);
	assert_true(str_starts(text_of(b, "uri"), "otpauth://totp/Guanxi:boss%40example.com?secret="));
	decode_base32(text_of(b, "secret"), secret_now);
	assert_int_equal(number(w, arena_printf(&w->arena, "SELECT COUNT(*) FROM access_totp WHERE secret LIKE '%%%s%%'", text_of(b, "secret"))), 0);
	/* not asked for before it is confirmed */
	sign_in(c, ADMIN_EMAIL, GOOD_PASSWORD, NULL);
	assert_status(c, 200);
	asks(b, "POST", "/api/v1/account/totp/confirm", "{\"code\":\"12345\"}", 422);
	assert_string_equal(fault_of(b), "code_wrong");
	snprintf(used, 8, "%s", code_now(w, 0));
	asks(b, "POST", "/api/v1/account/totp/confirm", code_body(w, used), 200);
	json_t *codes = json_object_get(b->json, "recovery_codes");
	assert_int_equal(json_array_size(codes), ACCESS_RECOVERY_CODES);
	for (size_t i = 0; i < 2; i++)
		snprintf(recovery[i], 32, "%s", json_string_value(json_array_get(codes, i)));
	asks(b, "POST", "/api/v1/account/totp", NULL, 409);
}

static void test_second_factor(void **state)
{
	struct world *w = world_of(state);
	struct browser *b = signed_in(w, ADMIN_EMAIL), *c = browser_new(w);
	char used[8], recovery[2][32];
	begin_factor(w, b, c, used, recovery);
	/* now it is asked for; the code that confirmed is used up */
	c->cookie[0] = '\0';
	sign_in(c, ADMIN_EMAIL, GOOD_PASSWORD, NULL);
	assert_status(c, 401);
	assert_string_equal(fault_of(c), "code_needed");
	sign_in(c, ADMIN_EMAIL, "not-the-right-one", NULL); /* a wrong password does not learn of it */
	assert_string_equal(fault_of(c), "sign_in_failed");
	sign_in(c, ADMIN_EMAIL, GOOD_PASSWORD, used);
	assert_status(c, 401);
	assert_string_equal(fault_of(c), "sign_in_failed");
	world_forward(w, 60000);
	snprintf(used, sizeof(used), "%s", code_now(w, 0));
	sign_in(c, ADMIN_EMAIL, GOOD_PASSWORD, used);
	assert_status(c, 200);
	/* single use, and no going back */
	c->cookie[0] = '\0';
	sign_in(c, ADMIN_EMAIL, GOOD_PASSWORD, used);
	assert_status(c, 401);
	sign_in(c, ADMIN_EMAIL, GOOD_PASSWORD, code_now(w, -1));
	assert_status(c, 401);
	/* a recovery code, once, however it is typed */
	for (char *p = recovery[0]; *p; p++)
		*p = *p >= 'a' && *p <= 'z' ? (char)(*p - 32) : *p;
	sign_in(c, ADMIN_EMAIL, GOOD_PASSWORD, recovery[0]);
	assert_status(c, 200);
	c->cookie[0] = '\0';
	sign_in(c, ADMIN_EMAIL, GOOD_PASSWORD, recovery[0]);
	assert_status(c, 401);
	asks(b, "GET", "/api/v1/account", NULL, 200);
	assert_true(json_is_true(json_object_get(b->json, "totp_enabled")));
	assert_int_equal(json_integer_value(json_object_get(b->json, "recovery_codes_left")), ACCESS_RECOVERY_CODES - 1);
	browser_free(b);
	browser_free(c);
}

static void test_factor_guarded(void **state)
{
	struct world *w = world_of(state);
	struct browser *b = signed_in(w, ADMIN_EMAIL), *c = browser_new(w);
	char used[8], recovery[2][32];
	begin_factor(w, b, c, used, recovery);
	c->cookie[0] = '\0';
	/* guessing codes with the right password is throttled like guessing passwords */
	int status = 401;
	for (int i = 0; i < 10 && status == 401; i++)
		status = sign_in(c, ADMIN_EMAIL, GOOD_PASSWORD, "000000");
	assert_int_equal(status, 429);
	/* a reset of the password is no way round it */
	world_forward(w, 3600000);
	make_user(w, "B2", "boss2@example.com", id_list(w, w->administrator));
	struct browser *two = signed_in(w, "boss2@example.com");
	asks(two, "POST", path_of(w, "/api/v1/user/*/password", w->admin), "{\"password\":\"chosen-by-boss-3\"}", 200);
	sign_in(c, ADMIN_EMAIL, "chosen-by-boss-3", NULL);
	assert_string_equal(fault_of(c), "code_needed");
	sign_in(c, ADMIN_EMAIL, "chosen-by-boss-3", recovery[1]);
	assert_status(c, 200);
	/* removing it needs both */
	asks(c, "DELETE", "/api/v1/account/totp", "{\"password\":\"wrong-one\",\"code\":\"000000\"}", 422);
	assert_string_equal(fault_of(c), "password_wrong");
	asks(c, "DELETE", "/api/v1/account/totp", "{\"password\":\"chosen-by-boss-3\",\"code\":\"000000\"}", 422);
	assert_string_equal(fault_of(c), "code_wrong");
	asks(c, "DELETE", "/api/v1/account/totp",
	     arena_printf(&w->arena, "{\"password\":\"chosen-by-boss-3\",\"code\":\"%s\"}", code_now(w, 0)), 204);
	assert_int_equal(number(w, "SELECT (SELECT COUNT(*) FROM access_totp) + (SELECT COUNT(*) FROM access_recovery)"), 0);
	c->cookie[0] = '\0';
	sign_in(c, ADMIN_EMAIL, "chosen-by-boss-3", NULL);
	assert_status(c, 200);
	browser_free(b);
	browser_free(c);
	browser_free(two);
}

/* --- tokens ---------------------------------------------------------------------------------------------- */

static void test_tokens(void **state)
{
	struct world *w = world_of(state);
	int64_t customer = make_customer(w, "A", w->admin);
	const char *path = path_of(w, "/api/v1/customer/*", customer);
	struct browser *b = signed_in(w, ADMIN_EMAIL), *t = browser_new(w);
	asks(b, "POST", "/api/v1/account/tokens", "{}", 422);
	asks(b, "POST", "/api/v1/account/tokens", "{\"name\":\"T\",\"expires_at\":\"2001-01-01T00:00:00Z\"}", 422);
	asks(b, "POST", "/api/v1/account/tokens", "{\"name\":\"T\",\"roles\":\"x\"}", 422);
	asks(b, "POST", "/api/v1/account/tokens", "{\"name\":\"T\",\"roles\":[\"999\"]}", 422);
	char body[200], when[TIME_TEXT_MAX];
	time_format(ctx_now(&w->ctx) + 3600000, when);
	snprintf(body, sizeof(body), "{\"name\":\"Reader\",\"roles\":%s,\"expires_at\":\"%s\"}", id_list(w, role_by_key(w, "analyst")), when);
	asks(b, "POST", "/api/v1/account/tokens", body, 201);
	char token[160];
	snprintf(token, sizeof(token), "%s", text_of(b, "token"));
	assert_true(str_starts(token, "gx_"));
	const char *secret = strrchr(token + 3, '_') ? strchr(token + 3, '_') + 1 : "";
	assert_int_equal(number(w, arena_printf(&w->arena, "SELECT COUNT(*) FROM token WHERE secret_hash = '%s'", secret)), 0);
	/* listed without it */
	asks(b, "GET", "/api/v1/account/tokens", NULL, 200);
	assert_null(strstr(b->body, secret));
	assert_int_equal(json_array_size(json_object_get(b->json, "rows")), 1);
	snprintf(t->bearer, sizeof(t->bearer), "%s", token);
	asks(t, "GET", path, NULL, 200);
	asks(t, "POST", "/api/v1/customer", "{\"name\":\"X\"}", 403); /* narrower than its user */
	asks(t, "GET", "/api/v1/account", NULL, 200);
	/* a token is no person */
	asks(t, "POST", "/api/v1/account/password", "{\"old\":\"a\",\"new\":\"b\"}", 403);
	assert_string_equal(fault_of(t), "session_only");
	asks(t, "GET", "/api/v1/account/sessions", NULL, 403);
	asks(t, "DELETE", "/api/v1/session", NULL, 403);
	asks(t, "POST", "/api/v1/account/totp", NULL, 403);
	asks(t, "POST", "/api/v1/account/tokens", "{\"name\":\"More\"}", 403);
	assert_ok(w, access_flush(&w->ctx, w->app.access));
	assert_true(number(w, "SELECT last_used_at FROM token") > 0);
	/* time is up, whether it is in memory or not */
	world_forward(w, 3601000);
	asks(t, "GET", path, NULL, 401);
	access_cache_drop_all(&w->app.access->cache);
	asks(t, "GET", path, NULL, 401);
	/* the command line makes one, too */
	browser_free(b);
	browser_free(t);
}

static enum err cli_token(struct ctx *ctx, void *arg)
{
	const char **ret = arg;
	return access_create_token(ctx, "Boss@example.com", "cli", ret);
}

static void test_token_guesses(void **state)
{
	struct world *w = world_of(state);
	int64_t customer = make_customer(w, "A", w->admin);
	const char *path = path_of(w, "/api/v1/customer/*", customer), *token;
	struct browser *t = browser_new(w), *good = browser_new(w);
	faults_clear(&w->ctx);
	assert_ok(w, store_write(&w->ctx, w->store, cli_token, &token));
	snprintf(good->bearer, sizeof(good->bearer), "%s", token);
	asks(good, "GET", path, NULL, 200);
	snprintf(t->bearer, sizeof(t->bearer), "%s", token);
	char *last = &t->bearer[strlen(t->bearer) - 1];
	int status = 401;
	for (int i = 0; i < 26 && status == 401; i++) {
		*last = (char)('A' + i);
		if (strcmp(t->bearer, token) == 0)
			continue;
		status = ask(t, "GET", path, NULL);
		assert_ok(w, access_flush(&w->ctx, w->app.access));
	}
	assert_int_equal(status, 429);
	/* a right one is not shut out by a neighbour's wrong ones */
	access_cache_drop_all(&w->app.access->cache);
	asks(good, "GET", path, NULL, 200);
	assert_int_equal(denied_entries(w), 21);
	snprintf(t->bearer, sizeof(t->bearer), "nonsense");
	world_forward(w, 3600000);
	asks(t, "GET", path, NULL, 401);
	browser_free(t);
	browser_free(good);
}

static int run(const char *group)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_session_lifecycle, setup_served, teardown_world),
		cmocka_unit_test_setup_teardown(test_limits_of_time, setup_served, teardown_world),
		cmocka_unit_test_setup_teardown(test_csrf, setup_served, teardown_world),
		cmocka_unit_test_setup_teardown(test_alike, setup_served, teardown_world),
		cmocka_unit_test_setup_teardown(test_lockout, setup_served, teardown_world),
		cmocka_unit_test_setup_teardown(test_unlock, setup_served, teardown_world),
		cmocka_unit_test_setup_teardown(test_revocation, setup_served, teardown_world),
		cmocka_unit_test_setup_teardown(test_own_sessions, setup_served, teardown_world),
		cmocka_unit_test_setup_teardown(test_password_change, setup_served, teardown_world),
		cmocka_unit_test_setup_teardown(test_password_reset, setup_served, teardown_world),
		cmocka_unit_test_setup_teardown(test_second_factor, setup_served, teardown_world),
		cmocka_unit_test_setup_teardown(test_factor_guarded, setup_served, teardown_world),
		cmocka_unit_test_setup_teardown(test_tokens, setup_served, teardown_world),
		cmocka_unit_test_setup_teardown(test_token_guesses, setup_served, teardown_world),
	};
	return cmocka_run_group_tests_name(group, tests, NULL, NULL);
}

int main(void)
{
	int failed = run("access over HTTP, sqlite");
	test_pg_url = getenv("GUANXI_TEST_PG");
	if (!test_pg_url)
		print_message("GUANXI_TEST_PG is not set: PostgreSQL is not tested\n");
	else
		failed += run("access over HTTP, postgres");
	return failed;
}
