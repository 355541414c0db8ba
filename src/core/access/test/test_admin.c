/* Idempotency, effective rights, audit trail, nodes, doors. */
#include "help.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/str.h"

static struct world *world_of(void **state)
{
	return *state;
}

/* --- idempotency ------------------------------------------------------------------------------------------- */

static int post_with_key(struct browser *b, const char *key, const char *body)
{
	snprintf(b->extra, sizeof(b->extra), "Idempotency-Key: %s\r\n", key);
	return ask(b, "POST", "/api/v1/customer", body);
}

static void test_idempotency(void **state)
{
	struct world *w = world_of(state);
	struct browser *b = signed_in(w, ADMIN_EMAIL);
	assert_int_equal(post_with_key(b, "k-1", "{\"name\":\"Once\"}"), 201);
	char first[2048], id[40];
	snprintf(first, sizeof(first), "%.2000s", b->body);
	snprintf(id, sizeof(id), "%s", text_of(b, "id"));
	assert_int_equal(post_with_key(b, "k-1", "{\"name\":\"Once\"}"), 201);
	assert_string_equal(b->body, first);
	assert_string_equal(header(b, "Idempotent-Replayed"), "true");
	assert_int_equal(number(w, "SELECT COUNT(*) FROM customer"), 1);
	assert_int_equal(post_with_key(b, "k-1", "{\"name\":\"Other\"}"), 422);
	assert_string_equal(fault_of(b), "idempotency_mismatch");
	assert_int_equal(post_with_key(b, "k-2", "{\"name\":\"Once\"}"), 201);
	assert_string_not_equal(text_of(b, "id"), id);
	/* a failed one may be tried again */
	assert_int_equal(post_with_key(b, "k-3", "{\"name\":\"\"}"), 422);
	assert_int_equal(post_with_key(b, "k-3", "{\"name\":\"Better\"}"), 201);
	/* another user's keys are others */
	make_user(w, "U", "u@example.com", id_list(w, role_by_key(w, "sales")));
	struct browser *u = signed_in(w, "u@example.com");
	assert_int_equal(post_with_key(u, "k-1", "{\"name\":\"Mine\"}"), 201);
	assert_int_equal(number(w, "SELECT COUNT(*) FROM customer"), 4);
	/* kept for more than a day */
	world_forward(w, 6 * 3600000);
	assert_int_equal(post_with_key(b, "k-1", "{\"name\":\"Once\"}"), 201);
	assert_int_equal(number(w, "SELECT COUNT(*) FROM customer"), 4);
	browser_free(b);
	browser_free(u);
}

/* --- effective rights, audit ------------------------------------------------------------------------- */

static json_t *by_member(json_t *list, const char *member, const char *value)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (str_equal(json_string_value(json_object_get(json_array_get(list, i), member)), value))
			return json_array_get(list, i);
	return NULL;
}

static const char *sources(json_t *row)
{
	static char text[200];
	text[0] = '\0';
	json_t *from = json_object_get(row, "from");
	for (size_t i = 0; i < json_array_size(from); i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i ? "," : "", json_string_value(json_array_get(from, i)));
	return text;
}

static void test_rights_page(void **state)
{
	struct world *w = world_of(state);
	int64_t masked = make_role(w, "Masked", "{\"customer\":{\"read\":\"all\",\"fields\":{\"phone\":\"masked\"}}}", "[]");
	const char *roles = arena_printf(&w->arena, "[\"%lld\",\"%lld\"]", (long long)masked, (long long)role_by_key(w, "sales"));
	int64_t user = make_user(w, "U", "u@example.com", roles), other = make_user(w, "V", "v@example.com", "[]");
	struct browser *b = signed_in(w, "u@example.com"), *boss = signed_in(w, ADMIN_EMAIL);
	asks(boss, "GET", path_of(w, "/api/v1/user/*/rights", user), NULL, 200);
	json_t *customer = by_member(json_object_get(boss->json, "entities"), "entity", "customer");
	json_t *actions = json_object_get(customer, "actions"), *fields = json_object_get(customer, "fields");
	assert_string_equal(json_string_value(json_object_get(by_member(actions, "action", "read"), "scope")), "all");
	assert_string_equal(sources(by_member(actions, "action", "read")), "Masked");
	assert_string_equal(sources(by_member(actions, "action", "update")), "Sales");
	assert_null(by_member(actions, "action", "delete"));
	assert_string_equal(json_string_value(json_object_get(by_member(fields, "field", "phone"), "right")), "write");
	assert_string_equal(sources(by_member(fields, "field", "phone")), "Sales");
	assert_null(by_member(fields, "field", "secret"));
	json_t *people = by_member(json_object_get(boss->json, "entities"), "entity", "user");
	assert_string_equal(sources(by_member(json_object_get(people, "actions"), "action", "read")), "Everybody");
	/* one's own, not another's; in one's own language */
	asks(b, "GET", path_of(w, "/api/v1/user/*/rights", other), NULL, 403);
	asks(b, "PATCH", "/api/v1/account", "{\"locale\":\"zh-CN\"}", 200);
	assert_string_equal(text_of(b, "locale"), "zh-Hans");
	asks(b, "GET", path_of(w, "/api/v1/user/*/rights", user), NULL, 200);
	customer = by_member(json_object_get(b->json, "entities"), "entity", "customer");
	assert_string_equal(json_string_value(json_object_get(customer, "label")), "客户");
	assert_string_equal(sources(by_member(json_object_get(customer, "actions"), "action", "update")), "销售");
	asks(b, "PATCH", "/api/v1/account", "{\"locale\":\"zh-TW\"}", 200);
	asks(b, "GET", "/api/v1/account/rights", NULL, 200);
	customer = by_member(json_object_get(b->json, "entities"), "entity", "customer");
	assert_string_equal(sources(by_member(json_object_get(customer, "actions"), "action", "update")), "銷售");
	asks(b, "PATCH", "/api/v1/account", "{\"locale\":\"fr\"}", 422);
	asks(boss, "GET", path_of(w, "/api/v1/user/*/rights", w->admin), NULL, 200);
	json_t *caps = json_object_get(boss->json, "capabilities");
	assert_int_equal(json_array_size(caps), 6);
	assert_string_equal(sources(by_member(caps, "name", "users")), "Administrator");
	browser_free(b);
	browser_free(boss);
}

static void test_audit(void **state)
{
	struct world *w = world_of(state);
	int64_t customer = make_customer(w, "Zhang San", w->admin);
	must_update(w, "customer", customer, "{\"name\":\"Zhang Si\"}");
	make_user(w, "Auditor", "audit@example.com", id_list(w, role_by_key(w, "auditor")));
	make_user(w, "Sales", "sales@example.com", id_list(w, role_by_key(w, "sales")));
	struct browser *boss = signed_in(w, ADMIN_EMAIL), *auditor = signed_in(w, "audit@example.com"), *sales = signed_in(w, "sales@example.com");
	asks(sales, "GET", "/api/v1/audit", NULL, 403);
	asks(sales, "GET", "/api/v1/audit/proof", NULL, 403);
	sealed(w);
	asks(boss, "GET", path_of(w, "/api/v1/audit?entity=customers&record_id=*", customer), NULL, 200);
	json_t *rows = json_object_get(boss->json, "rows");
	assert_int_equal(json_array_size(rows), 2);
	assert_string_equal(json_string_value(json_object_get(json_array_get(rows, 0), "action")), "update");
	json_t *change = json_object_get(json_object_get(json_array_get(rows, 0), "diff"), "name");
	assert_string_equal(json_string_value(json_array_get(change, 0)), "Zhang San");
	assert_string_equal(json_string_value(json_array_get(change, 1)), "Zhang Si");
	/* whoever may not read customers sees that, who, when and which field: not what */
	asks(auditor, "GET", path_of(w, "/api/v1/audit?entity=customer&record_id=*", customer), NULL, 200);
	assert_null(strstr(auditor->body, "Zhang"));
	json_t *row = json_array_get(json_object_get(auditor->json, "rows"), 0);
	assert_true(json_is_null(json_object_get(json_object_get(row, "diff"), "name")));
	assert_true(json_is_true(json_object_get(row, "withheld")));
	/* secrets never */
	asks(boss, "GET", "/api/v1/audit?limit=500", NULL, 200);
	assert_null(strstr(boss->body, "argon2"));
	assert_null(strstr(boss->body, "password_hash"));
	/* sign-ins by whom, filters, pages */
	asks(auditor, "GET", path_of(w, "/api/v1/audit?action=login&actor_id=*", w->admin), NULL, 200);
	rows = json_object_get(auditor->json, "rows");
	assert_int_equal(json_array_size(rows), 1);
	assert_string_equal(json_string_value(json_object_get(json_object_get(json_array_get(rows, 0), "actor"), "name")), "Wang Boss");
	assert_string_equal(json_string_value(json_array_get(json_object_get(json_object_get(json_array_get(rows, 0), "diff"), "event"), 1)), "sign_in");
	asks(auditor, "GET", "/api/v1/audit?limit=2", NULL, 200);
	int64_t next = json_integer_value(json_object_get(auditor->json, "next"));
	assert_true(next > 0);
	asks(auditor, "GET", path_of(w, "/api/v1/audit?limit=2&before=*", next), NULL, 200);
	assert_true(json_integer_value(json_object_get(json_array_get(json_object_get(auditor->json, "rows"), 0), "seq")) < next);
	asks(auditor, "GET", "/api/v1/audit?from=2001-01-01&to=2001-01-01", NULL, 200);
	assert_int_equal(json_array_size(json_object_get(auditor->json, "rows")), 0);
	assert_true(json_is_null(json_object_get(auditor->json, "next")));
	asks(auditor, "GET", "/api/v1/audit?action=dance", NULL, 422);
	asks(auditor, "GET", "/api/v1/audit?limit=100000", NULL, 422);
	asks(auditor, "GET", "/api/v1/audit?record_id=1%20OR%201=1", NULL, 422);
	asks(auditor, "GET", "/api/v1/audit?entity=nothing", NULL, 422);
	browser_free(boss);
	browser_free(auditor);
	browser_free(sales);
}

static enum err tamper(struct ctx *ctx, void *arg)
{
	(void)arg;
	bool lite = db_engine(ctx->db) == ENGINE_SQLITE;
	enum err err = db_exec(ctx, ctx->db, lite ? "DROP TRIGGER change_no_update" : "ALTER TABLE change DISABLE TRIGGER ALL");
	return err ? err : db_exec(ctx, ctx->db, "UPDATE change SET actor_id = 1 WHERE seq = 3");
}

static void test_proof(void **state)
{
	struct world *w = world_of(state);
	struct browser *boss = signed_in(w, ADMIN_EMAIL);
	sealed(w);
	asks(boss, "GET", "/api/v1/audit/proof", NULL, 200);
	assert_true(json_is_true(json_object_get(boss->json, "ok")));
	int64_t entries = json_integer_value(json_object_get(boss->json, "entries"));
	assert_int_equal(entries, number(w, "SELECT COUNT(*) FROM change"));
	assert_int_equal(strlen(text_of(boss, "head")), 64);
	make_customer(w, "A", w->admin);
	sealed(w);
	asks(boss, "GET", "/api/v1/audit/proof", NULL, 200); /* goes on from there */
	assert_int_equal(json_integer_value(json_object_get(boss->json, "entries")), entries + 1);
	faults_clear(&w->ctx);
	assert_ok(w, store_write(&w->ctx, w->store, tamper, NULL));
	asks(boss, "GET", "/api/v1/audit/proof?full=1", NULL, 200);
	assert_true(json_is_false(json_object_get(boss->json, "ok")));
	assert_int_equal(json_integer_value(json_object_get(boss->json, "bad_seq")), 3);
	browser_free(boss);
}

/* --- for others -------------------------------------------------------------------------------------------------- */

static void test_refresh_and_notes(void **state)
{
	struct world *w = world_of(state);
	int64_t user = make_user(w, "U", "u@example.com", id_list(w, role_by_key(w, "analyst")));
	struct browser *b = signed_in(w, "u@example.com");
	const struct actor *actor = actor_of(w, user), *now;
	struct actor copy = *actor;
	copy.session_id = number(w, "SELECT MAX(id) FROM access_session");
	size_t customer = registry_find(w->registry, "customer")->number;
	assert_ok(w, access_refresh(&w->ctx, w->app.access, &copy, &now));
	assert_int_equal(now->session_id, copy.session_id);
	assert_int_equal(gate_scope(now, customer, ACTION_READ), SCOPE_ALL);
	must_update(w, "user", user, "{\"roles\":[]}");
	assert_ok(w, access_refresh(&w->ctx, w->app.access, &copy, &now));
	assert_int_equal(gate_scope(now, customer, ACTION_READ), SCOPE_NONE);
	asks(b, "DELETE", "/api/v1/session", NULL, 204);
	assert_int_equal(access_refresh(&w->ctx, w->app.access, &copy, &now), ERR_DENIED);
	faults_clear(&w->ctx);
	assert_ok(w, access_refresh(&w->ctx, w->app.access, gate_system(), &now));
	/* entries from outside a write job */
	int64_t before = denied_entries(w);
	w->ctx.actor = actor;
	for (int i = 0; i < 10; i++)
		access_note(&w->ctx, w->app.access, "customer", 7, CHANGE_DENIED, "{\"event\":[null,\"read\"]}");
	w->ctx.actor = gate_system();
	assert_int_equal(denied_entries(w), before + 10);
	sealed(w);
	assert_int_equal(number(w, arena_printf(&w->arena, "SELECT COUNT(*) FROM change WHERE action = 7 AND actor_id = %lld AND entity = 'customer'", (long long)user)), 10);
	browser_free(b);
}

/* Two nodes on one PostgreSQL schema: what one takes away, the other denies within a second or so. */
static void test_two_nodes(void **state)
{
	struct world *w = world_of(state), *other = calloc(1, sizeof(*other));
	assert_non_null(other);
	if (store_engine(w->store) == ENGINE_SQLITE) {
		free(other);
		skip();
	}
	world_join(other, w, test_pg_url);
	world_serve(other);
	int64_t user = make_user(w, "U", "u@example.com", id_list(w, role_by_key(w, "analyst"))), customer = make_customer(w, "A", w->admin);
	const char *path = path_of(w, "/api/v1/customer/*", customer);
	struct browser *here = signed_in(w, "u@example.com"), *there = browser_new(other);
	snprintf(there->cookie, sizeof(there->cookie), "%s", here->cookie);
	asks(there, "GET", path, NULL, 200);
	must_update(w, "user", user, "{\"roles\":[]}");
	int status = 200;
	for (int i = 0; i < 40 && status == 200; i++) {
		struct timespec nap = {.tv_nsec = 50000000};
		nanosleep(&nap, NULL);
		status = ask(there, "GET", path, NULL);
	}
	assert_int_equal(status, 403);
	asks(here, "DELETE", "/api/v1/session", NULL, 204);
	status = 403;
	for (int i = 0; i < 40 && status == 403; i++) {
		struct timespec nap = {.tv_nsec = 50000000};
		nanosleep(&nap, NULL);
		status = ask(there, "GET", path, NULL);
	}
	assert_int_equal(status, 401);
	browser_free(here);
	browser_free(there);
	world_leave(other);
	free(other);
}

/* Every route is shut to nobody; those of administration also to an ordinary user; and nothing is written. */
static void test_doors(void **state)
{
	static const char *const methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};
	struct world *w = world_of(state);
	make_user(w, "U", "u@example.com", id_list(w, role_by_key(w, "sales")));
	struct browser *nobody = browser_new(w), *u = signed_in(w, "u@example.com");
	sealed(w);
	int64_t before = number(w, "SELECT COUNT(*) FROM change");
	for (const struct route *route = access_routes; route->pattern; route++) {
		char path[100];
		const char *star = strchr(route->pattern, '*');
		snprintf(path, sizeof(path), "%.*s%s%s", star ? (int)(star - route->pattern) : 99, route->pattern, star ? "1" : "", star ? star + 1 : "");
		assert_true(str_empty(route->doc) == false);
		if (route->door == DOOR_PUBLIC) {
			assert_true(str_equal(route->pattern, "/api/v1/session") || str_starts(route->pattern, "/api/v1/invitation/"));
			continue;
		}
		asks(nobody, methods[route->method], path, NULL, 401);
		if (route->door == DOOR_CAP)
			asks(u, methods[route->method], path, NULL, 403);
	}
	assert_int_equal(number(w, "SELECT COUNT(*) FROM change"), before);
	browser_free(nobody);
	browser_free(u);
}

static int run(const char *group)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_idempotency, setup_served, teardown_world),
		cmocka_unit_test_setup_teardown(test_rights_page, setup_served, teardown_world),
		cmocka_unit_test_setup_teardown(test_audit, setup_served, teardown_world),
		cmocka_unit_test_setup_teardown(test_proof, setup_served, teardown_world),
		cmocka_unit_test_setup_teardown(test_refresh_and_notes, setup_served, teardown_world),
		cmocka_unit_test_setup_teardown(test_two_nodes, setup_served, teardown_world),
		cmocka_unit_test_setup_teardown(test_doors, setup_served, teardown_world),
	};
	return cmocka_run_group_tests_name(group, tests, NULL, NULL);
}

int main(void)
{
	int failed = run("access administration, sqlite");
	test_pg_url = getenv("GUANXI_TEST_PG");
	if (!test_pg_url)
		print_message("GUANXI_TEST_PG is not set: PostgreSQL is not tested\n");
	else
		failed += run("access administration, postgres");
	return failed;
}
