/* Rights, guards, passwords, codes, cache: everything below HTTP. */
#include "help.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "access_sql.h"
#include "base/str.h"

static const char *pg_url; /* NULL: SQLite */

static struct world *world_of(void **state)
{
	return *state;
}

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	assert_non_null(world);
	world_open(world, pg_url);
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	world_close(*state);
	free(*state);
	return 0;
}

/* --- rights as JSON ------------------------------------------------------------------ */

static struct rights *parse(struct world *world, const char *rights, const char *caps)
{
	struct rights *ret;
	faults_clear(&world->ctx);
	assert_ok(world, access_rights_parse(&world->ctx, rights, caps, true, &ret));
	return ret;
}

static uint8_t scope(struct world *world, const struct rights *rights, const char *entity, enum action action)
{
	return rights->grants[registry_find(world->registry, entity)->number].scope[action];
}

static uint8_t right(struct world *world, const struct rights *rights, const char *entity, const char *field)
{
	const struct entity_info *info = registry_find(world->registry, entity);
	return rights->grants[info->number].fields[entity_field(info, field)];
}

static void test_parse(void **state)
{
	struct world *w = world_of(state);
	struct rights *r = parse(w, "{\"customer\":{\"read\":\"team\",\"update\":\"own\",\"fields\":{\"phone\":\"masked\"}},"
	                            "\"*\":{\"read\":\"all\",\"delete\":\"branch\"}}", "[\"bulk\"]");
	assert_int_equal(scope(w, r, "customer", ACTION_READ), SCOPE_TEAM);
	assert_int_equal(scope(w, r, "customer", ACTION_UPDATE), SCOPE_OWN);
	assert_int_equal(scope(w, r, "customer", ACTION_DELETE), SCOPE_BRANCH); /* left open: "*" */
	assert_int_equal(scope(w, r, "customer", ACTION_CREATE), SCOPE_NONE);
	assert_int_equal(scope(w, r, "product", ACTION_READ), SCOPE_ALL);
	assert_int_equal(scope(w, r, "user", ACTION_READ), SCOPE_NONE); /* never by "*" */
	assert_int_equal(right(w, r, "customer", "phone"), RIGHT_MASKED);
	assert_int_equal(right(w, r, "customer", "name"), RIGHT_WRITE);
	assert_int_equal(right(w, r, "customer", "secret"), RIGHT_HIDDEN);
	assert_int_equal(right(w, r, "product", "name"), RIGHT_READ); /* no right to write */
	assert_int_equal(r->caps, CAP_BULK);
	r = parse(w, "{\"*\":{\"read\":\"all\",\"fields\":{\"*\":\"masked\"}},\"customer\":{\"fields\":{\"name\":\"read\"}}}", NULL);
	assert_int_equal(right(w, r, "customer", "name"), RIGHT_READ);
	assert_int_equal(right(w, r, "customer", "phone"), RIGHT_MASKED);
	r = parse(w, "", "");
	assert_int_equal(scope(w, r, "product", ACTION_READ), SCOPE_NONE);
	assert_int_equal(right(w, r, "product", "name"), RIGHT_HIDDEN);
}

static void refused(struct world *w, const char *rights, const char *caps, const char *field, const char *key)
{
	struct rights *ret;
	faults_clear(&w->ctx);
	assert_int_equal(access_rights_parse(&w->ctx, rights, caps, true, &ret), ERR_INVALID);
	assert_fault(w, field, key);
}

static void test_parse_refuses(void **state)
{
	struct world *w = world_of(state);
	refused(w, "[]", NULL, "rights", "role_not_object");
	refused(w, "{\"customer\":1}", NULL, "rights.customer", "role_not_object");
	refused(w, "{\"customers\":{}}", NULL, "rights.customers", "role_unknown_entity"); /* by name, not plural */
	refused(w, "{\"nothing\":{}}", NULL, "rights.nothing", "role_unknown_entity");
	refused(w, "{\"customer\":{\"fly\":\"all\"}}", NULL, "rights.customer.fly", "role_unknown_action");
	refused(w, "{\"customer\":{\"read\":\"everything\"}}", NULL, "rights.customer.read", "role_unknown_scope");
	refused(w, "{\"customer\":{\"read\":4}}", NULL, "rights.customer.read", "role_unknown_scope");
	refused(w, "{\"customer\":{\"fields\":{\"colour\":\"read\"}}}", NULL, "rights.customer.colour", "role_unknown_field");
	refused(w, "{\"customer\":{\"fields\":{\"phone\":\"shown\"}}}", NULL, "rights.customer.phone", "role_unknown_right");
	refused(w, "{\"customer\":{\"fields\":[]}}", NULL, "rights.customer.fields", "role_not_object");
	refused(w, "{\"*\":{\"fields\":{\"phone\":\"read\"}}}", NULL, "rights.*.phone", "role_unknown_field");
	refused(w, "{\"customer\":{},\"customer\":{}}", NULL, "rights", "role_not_object"); /* twice */
	refused(w, "{}", "[\"fly\"]", "caps.fly", "role_unknown_cap");
	refused(w, "{}", "{}", "caps", "role_not_list");
	/* all together, and none of it when not strict */
	struct rights *ret;
	faults_clear(&w->ctx);
	assert_int_equal(access_rights_parse(&w->ctx, "{\"x\":{},\"y\":{},\"customer\":{\"read\":\"all\"}}", "[]", true, &ret), ERR_INVALID);
	assert_int_equal(w->ctx.faults.count, 2);
	faults_clear(&w->ctx);
	assert_ok(w, access_rights_parse(&w->ctx, "{\"x\":{},\"customer\":{\"read\":\"all\"}}", "[\"y\"]", false, &ret));
	assert_int_equal(scope(w, ret, "customer", ACTION_READ), SCOPE_ALL);
}

static void test_merge_table(void **state)
{
	struct world *w = world_of(state);
	static const char *const names[] = {"none", "own", "team", "branch", "all"};
	static const char *const rights[] = {"hidden", "masked", "read", "write"};
	for (int a = 0; a < 5; a++)
		for (int b = 0; b < 5; b++) {
			char x[100], y[100];
			snprintf(x, sizeof(x), "{\"customer\":{\"read\":\"%s\"}}", names[a]);
			snprintf(y, sizeof(y), "{\"customer\":{\"read\":\"%s\"}}", names[b]);
			struct rights *r = parse(w, x, "[\"bulk\"]"), *s = parse(w, y, "[\"audit\"]");
			access_rights_merge(r, s);
			assert_int_equal(scope(w, r, "customer", ACTION_READ), a > b ? a : b);
			assert_int_equal(r->caps, CAP_BULK | CAP_AUDIT);
			r = parse(w, x, "[\"bulk\",\"audit\"]");
			access_rights_narrow(r, s);
			assert_int_equal(scope(w, r, "customer", ACTION_READ), a < b ? a : b);
			assert_int_equal(r->caps, CAP_AUDIT);
		}
	for (int a = 0; a < 4; a++)
		for (int b = 0; b < 4; b++) {
			char x[100], y[100];
			snprintf(x, sizeof(x), "{\"customer\":{\"read\":\"own\",\"fields\":{\"phone\":\"%s\"}}}", rights[a]);
			snprintf(y, sizeof(y), "{\"customer\":{\"read\":\"own\",\"fields\":{\"phone\":\"%s\"}}}", rights[b]);
			struct rights *r = parse(w, x, NULL), *s = parse(w, y, NULL);
			access_rights_merge(r, s);
			assert_int_equal(right(w, r, "customer", "phone"), a > b ? a : b);
			r = parse(w, x, NULL);
			access_rights_narrow(r, s);
			assert_int_equal(right(w, r, "customer", "phone"), a < b ? a : b);
		}
	/* a role that says nothing of an entity does not unmask what another masks */
	struct rights *r = parse(w, "{\"customer\":{\"read\":\"all\",\"fields\":{\"phone\":\"masked\"}}}", NULL);
	access_rights_merge(r, parse(w, "{\"product\":{\"read\":\"all\"}}", NULL));
	assert_int_equal(right(w, r, "customer", "phone"), RIGHT_MASKED);
}

/* --- actors ---------------------------------------------------------------------------- */

static size_t entity_number(struct world *w, const char *name)
{
	return registry_find(w->registry, name)->number;
}

static void test_actor(void **state)
{
	struct world *w = world_of(state);
	int64_t north = must_create(w, "team", "{\"name\":\"North\"}");
	int64_t harbour = must_create(w, "team", arena_printf(&w->arena, "{\"name\":\"Harbour\",\"parent_id\":\"%lld\"}", (long long)north));
	int64_t pier = must_create(w, "team", arena_printf(&w->arena, "{\"name\":\"Pier\",\"parent_id\":\"%lld\"}", (long long)harbour));
	int64_t south = must_create(w, "team", "{\"name\":\"South\"}");
	int64_t user = make_user(w, "Li Na", "Na.Li@Example.com", id_list(w, role_by_key(w, "sales")));
	must_update(w, "user", user, arena_printf(&w->arena, "{\"team_id\":\"%lld\"}", (long long)north));
	const struct actor *actor = actor_of(w, user);
	assert_string_equal(actor->email, "na.li@example.com");
	assert_int_equal(actor->n_teams, 3);
	for (size_t i = 0; i < 3; i++)
		assert_true(actor->teams[i] == north || actor->teams[i] == harbour || actor->teams[i] == pier);
	struct row_owner row = {.team_id = south};
	assert_false(gate_row(actor, SCOPE_TEAM, &row));
	row.team_id = pier;
	assert_true(gate_row(actor, SCOPE_TEAM, &row));
	assert_int_equal(gate_scope(actor, entity_number(w, "customer"), ACTION_READ), SCOPE_TEAM);
	assert_int_equal(gate_scope(actor, entity_number(w, "customer"), ACTION_DELETE), SCOPE_NONE);
	assert_int_equal(gate_scope(actor, entity_number(w, "product"), ACTION_READ), SCOPE_ALL);
	/* colleagues have names, but no settings */
	const struct entity_info *info = registry_find(w->registry, "user");
	assert_int_equal(gate_scope(actor, info->number, ACTION_READ), SCOPE_ALL);
	assert_int_equal(entity_field_right(actor, info, entity_field(info, "name")), RIGHT_READ);
	assert_int_equal(entity_field_right(actor, info, entity_field(info, "roles")), RIGHT_HIDDEN);
	assert_int_equal(entity_field_right(actor, info, entity_field(info, "password_hash")), RIGHT_HIDDEN);
	assert_int_equal(entity_scope(actor, info, ACTION_UPDATE), SCOPE_NONE);
	/* the administrator */
	const struct actor *boss = actor_of(w, w->admin);
	assert_int_equal(boss->caps, 0x3f);
	assert_int_equal(gate_scope(boss, entity_number(w, "customer"), ACTION_IMPORT), SCOPE_ALL);
	assert_int_equal(entity_scope(boss, info, ACTION_DELETE), SCOPE_ALL);
	assert_int_equal(entity_field_right(boss, info, entity_field(info, "password_hash")), RIGHT_HIDDEN);
	/* who must change the password may nothing */
	must_update(w, "user", user, "{\"must_change_password\":true}");
	actor = actor_of(w, user);
	assert_int_equal(gate_scope(actor, entity_number(w, "customer"), ACTION_READ), SCOPE_NONE);
	assert_int_equal(gate_scope(actor, info->number, ACTION_READ), SCOPE_NONE);
	must_update(w, "user", user, "{\"must_change_password\":false,\"active\":false}");
	const struct actor *none;
	assert_int_equal(access_actor(&w->ctx, w->app.access, user, &none), ERR_DENIED);
	faults_clear(&w->ctx);
	assert_int_equal(access_actor(&w->ctx, w->app.access, 12345, &none), ERR_DENIED);
}

static enum err init_again(struct ctx *ctx, void *arg)
{
	(void)arg;
	return access_init_roles(ctx, test_roles, test_rights);
}

static void test_default_roles(void **state)
{
	struct world *w = world_of(state);
	static const struct {
		const char *key;
		const char *customer; /* scopes of read … import */
		uint32_t caps;
	} expected[] = {
		{"administrator", "aaaaaa", 0x3f}, {"manager", "bbbbbb", CAP_BULK | CAP_ASSIGN | CAP_TOKENS}, {"sales", "too-o-", 0},
		{"service", "aaa---", 0}, {"marketing", "a-a-a-", CAP_BULK}, {"analyst", "a---a-", 0}, {"read_only", "a-----", 0}, {"auditor", "------", CAP_AUDIT},
	};
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		char email[64];
		snprintf(email, sizeof(email), "%s@example.com", expected[i].key);
		const struct actor *actor = actor_of(w, make_user(w, "Somebody", email, id_list(w, role_by_key(w, expected[i].key))));
		assert_int_equal(actor->caps, expected[i].caps);
		for (int a = 0; a < ACTION_COUNT; a++)
			assert_int_equal("-otba"[gate_scope(actor, entity_number(w, "customer"), (enum action)a)], expected[i].customer[a]);
	}
	/* making them again changes nothing */
	int64_t before = number(w, "SELECT COUNT(*) FROM role");
	assert_int_equal(before, sizeof(expected) / sizeof(expected[0]));
	faults_clear(&w->ctx);
	assert_ok(w, store_write(&w->ctx, w->store, init_again, NULL));
	assert_int_equal(number(w, "SELECT COUNT(*) FROM role"), before);
}

/* --- nobody gives what they have not ----------------------------------------------------- */

static const char *json(struct world *w, const char *fmt, int64_t a)
{
	char *copy = arena_strdup(&w->arena, fmt), *at = strstr(copy, "#");
	*at = '\0';
	return arena_printf(&w->arena, "%s\"%lld\"%s", copy, (long long)a, at + 1);
}

static void test_escalation(void **state)
{
	struct world *w = world_of(state);
	int64_t clerk_role = make_role(w, "Clerks' keeper", "{\"customer\":{\"read\":\"team\",\"fields\":{\"phone\":\"masked\"}}}", "[\"users\"]");
	int64_t plain_role = make_role(w, "Plain", "{\"customer\":{\"read\":\"own\",\"fields\":{\"*\":\"masked\"}}}", "[]");
	int64_t wide_role = make_role(w, "Wide", "{\"customer\":{\"read\":\"all\"}}", "[]");
	int64_t bulk_role = make_role(w, "Bulk", "{}", "[\"bulk\"]");
	int64_t own_team = must_create(w, "team", "{\"name\":\"Own\"}"), other_team = must_create(w, "team", "{\"name\":\"Other\"}");
	int64_t keeper = make_user(w, "Keeper", "keeper@example.com", id_list(w, clerk_role));
	must_update(w, "user", keeper, json(w, "{\"team_id\":#}", own_team));
	int64_t clerk = make_user(w, "Clerk", "clerk@example.com", "[]");
	const struct actor *actor = actor_of(w, keeper);
	/* may give what is narrower, not what is wider */
	assert_ok(w, try_update(w, actor, "user", clerk, json(w, "{\"roles\":[#]}", plain_role)));
	assert_int_equal(try_update(w, actor, "user", clerk, json(w, "{\"roles\":[#]}", wide_role)), ERR_FORBIDDEN);
	assert_fault(w, "roles", "grant_wider");
	assert_int_equal(try_update(w, actor, "user", clerk, json(w, "{\"roles\":[#]}", bulk_role)), ERR_FORBIDDEN);
	assert_int_equal(try_update(w, actor, "user", clerk, json(w, "{\"roles\":[#]}", w->administrator)), ERR_FORBIDDEN);
	assert_int_equal(try_update(w, actor, "user", keeper, json(w, "{\"roles\":[#]}", w->administrator)), ERR_FORBIDDEN);
	assert_fault(w, "roles", "grant_wider");
	int64_t made;
	assert_int_equal(try_create(w, actor, "user", json(w, "{\"name\":\"X\",\"email\":\"x@example.com\",\"roles\":[#]}", w->administrator), &made), ERR_FORBIDDEN);
	assert_int_equal(number(w, "SELECT COUNT(*) FROM \"user\" WHERE email = 'x@example.com'"), 0);
	/* a role with a scope means as much as the place it is used in */
	assert_int_equal(try_update(w, actor, "user", keeper, json(w, "{\"team_id\":#}", other_team)), ERR_FORBIDDEN);
	assert_fault(w, "team_id", "grant_wider");
	assert_ok(w, try_update(w, actor, "user", clerk, json(w, "{\"team_id\":#}", own_team)));
	/* nor by changing a role, or making one */
	assert_int_equal(try_update(w, actor, "role", plain_role, "{\"rights\":{\"customer\":{\"read\":\"all\"}}}"), ERR_FORBIDDEN);
	assert_fault(w, "rights", "grant_wider");
	assert_int_equal(try_update(w, actor, "role", plain_role, "{\"caps\":[\"admin\"]}"), ERR_FORBIDDEN);
	assert_int_equal(try_update(w, actor, "role", clerk_role, "{\"rights\":{\"customer\":{\"read\":\"team\"}}}"), ERR_FORBIDDEN); /* unmasks */
	assert_int_equal(try_create(w, actor, "role", "{\"name\":\"New\",\"rights\":{\"product\":{\"read\":\"all\"}}}", &made), ERR_FORBIDDEN);
	assert_int_equal(try_create(w, actor, "role", "{\"name\":\"New\",\"rights\":{\"customer\":{\"read\":\"team\",\"fields\":{\"*\":\"masked\"}}}}", &made),
	                 ERR_FORBIDDEN); /* other teams would get it as well */
	assert_ok(w, try_create(w, actor, "role", "{\"name\":\"New\",\"rights\":{\"customer\":{\"read\":\"own\",\"fields\":{\"*\":\"masked\"}}}}", &made));
	assert_ok(w, try_update(w, actor, "role", made, "{\"rights\":{}}")); /* what one could give one may take */
	/* nor by touching those who may more */
	assert_int_equal(try_update(w, actor, "user", w->admin, "{\"email\":\"mine@example.com\"}"), ERR_FORBIDDEN);
	assert_fault(w, "", "user_wider");
	assert_int_equal(try_update(w, actor, "user", w->admin, "{\"active\":false}"), ERR_FORBIDDEN);
	assert_int_equal(try_delete(w, actor, "user", w->admin), ERR_FORBIDDEN);
	faults_clear(&w->ctx);
	w->ctx.actor = actor;
	assert_int_equal(access_guard_user(&w->ctx, w->admin), ERR_FORBIDDEN);
	faults_clear(&w->ctx);
	assert_int_equal(access_guard_user(&w->ctx, clerk), OK);
	w->ctx.actor = gate_system();
	/* nor by the tree */
	assert_int_equal(try_update(w, actor, "team", other_team, json(w, "{\"parent_id\":#}", own_team)), ERR_FORBIDDEN);
	assert_fault(w, "parent_id", "grant_wider");
	/* nor by fields the program keeps */
	assert_int_equal(try_update(w, actor, "user", clerk, "{\"is_protected\":true}"), ERR_INVALID);
	assert_int_equal(try_update(w, actor, "user", clerk, "{\"password_hash\":\"x\"}"), ERR_INVALID);
	/* the administrator may all of it */
	const struct actor *boss = actor_of(w, w->admin);
	assert_ok(w, try_update(w, boss, "user", clerk, json(w, "{\"roles\":[#]}", w->administrator)));
	assert_ok(w, try_update(w, boss, "team", other_team, json(w, "{\"parent_id\":#}", own_team)));
}

/* Whoever is made less first would be taken over next: taking asks for the same cover as giving. */
static void test_lowering(void **state)
{
	struct world *w = world_of(state);
	int64_t branch = must_create(w, "branch", "{\"name\":\"B\"}"), team = must_create(w, "team", "{\"name\":\"T\"}");
	int64_t keeper_role = make_role(w, "Keeper", "{\"customer\":{\"read\":\"own\"}}", "[\"users\"]");
	int64_t wide_role = make_role(w, "Wide", "{\"customer\":{\"read\":\"all\"}}", "[\"audit\"]");
	int64_t branch_role = make_role(w, "Branch", "{\"customer\":{\"read\":\"branch\"}}", "[]");
	const struct actor *actor = actor_of(w, make_user(w, "Keeper", "keeper@example.com", id_list(w, keeper_role)));
	int64_t wide = make_user(w, "Wide", "wide@example.com", id_list(w, wide_role));
	int64_t placed = make_user(w, "Placed", "placed@example.com", id_list(w, branch_role));
	must_update(w, "user", placed, json(w, "{\"branch_id\":#}", branch));
	must_update(w, "user", placed, json(w, "{\"team_id\":#}", team));
	static const char *const lower[] = {"{\"rights\":{}}", "{\"caps\":[]}", "{\"rights\":{\"customer\":{\"read\":\"own\"}},\"caps\":[]}"};
	for (size_t i = 0; i < sizeof(lower) / sizeof(lower[0]); i++) {
		assert_int_equal(try_update(w, actor, "role", wide_role, lower[i]), ERR_FORBIDDEN);
		assert_fault(w, "", "role_wider");
	}
	assert_int_equal(try_delete(w, actor, "role", wide_role), ERR_FORBIDDEN);
	assert_int_equal(try_delete(w, actor, "branch", branch), ERR_FORBIDDEN);
	assert_int_equal(try_delete(w, actor, "team", team), ERR_FORBIDDEN);
	assert_fault(w, "", "user_wider");
	static const char *const taken[] = {"{\"roles\":[]}", "{\"team_id\":null}", "{\"branch_id\":null}", "{\"active\":false}", "{\"email\":\"mine@example.com\"}"};
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
		assert_int_equal(try_update(w, actor, "user", wide, i == 1 || i == 2 ? taken[0] : taken[i]), ERR_FORBIDDEN);
		assert_int_equal(try_update(w, actor, "user", placed, taken[i]), ERR_FORBIDDEN);
	}
	/* a token for users only is less than the person who made it, and does not touch that account */
	struct actor narrow = *actor_of(w, w->admin), small = *actor;
	small.user_id = w->admin;
	small.kind = narrow.kind = ACTOR_TOKEN;
	small.token_id = narrow.token_id = 1;
	faults_clear(&w->ctx);
	w->ctx.actor = &small;
	assert_int_equal(access_guard_user(&w->ctx, w->admin), ERR_FORBIDDEN);
	faults_clear(&w->ctx);
	w->ctx.actor = &narrow;
	assert_int_equal(access_guard_user(&w->ctx, w->admin), OK);
	w->ctx.actor = gate_system();
	/* empty places and the administrator */
	assert_ok(w, try_delete(w, actor, "team", must_create(w, "team", "{\"name\":\"Nobody's\"}")));
	const struct actor *boss = actor_of(w, w->admin);
	assert_ok(w, try_update(w, boss, "role", wide_role, lower[0]));
	assert_ok(w, try_delete(w, boss, "role", wide_role));
	assert_ok(w, try_delete(w, boss, "branch", branch));
	assert_ok(w, try_delete(w, boss, "team", team));
}

static void test_ordinary_user(void **state)
{
	struct world *w = world_of(state);
	int64_t user = make_user(w, "Sales", "s@example.com", id_list(w, role_by_key(w, "sales"))), made;
	const struct actor *actor = actor_of(w, user);
	assert_int_equal(try_update(w, actor, "user", user, "{\"name\":\"Other\"}"), ERR_FORBIDDEN);
	assert_int_equal(try_update(w, actor, "role", role_by_key(w, "sales"), "{\"name\":\"Mine\"}"), ERR_FORBIDDEN);
	assert_int_equal(try_update(w, actor, "role", role_by_key(w, "sales"), "{\"caps\":[\"admin\"]}"), ERR_INVALID); /* a field that is not there for them */
	assert_int_equal(try_create(w, actor, "team", "{\"name\":\"Mine\"}", &made), ERR_FORBIDDEN);
	assert_int_equal(try_create(w, actor, "token", "{}", &made), ERR_FORBIDDEN);
	assert_int_equal(try_create(w, actor_of(w, w->admin), "token", "{\"name\":\"Mine\"}", &made), ERR_FORBIDDEN); /* by the program only */
}

static void test_last_administrator(void **state)
{
	struct world *w = world_of(state);
	assert_int_equal(try_delete(w, actor_of(w, make_user(w, "Third", "third@example.com", id_list(w, w->administrator))), "user", w->admin), ERR_FORBIDDEN);
	assert_fault(w, "", "protected_user"); /* the account of the first start */
	must_update(w, "user", w->admin, "{\"is_protected\":false}");
	must_update(w, "user", number(w, "SELECT id FROM \"user\" WHERE email = 'third@example.com'"), "{\"active\":false}");
	const struct actor *boss = actor_of(w, w->admin);
	int64_t second = make_user(w, "Second", "second@example.com", id_list(w, w->administrator));
	const struct actor *other = actor_of(w, second);
	assert_int_equal(try_update(w, boss, "user", w->admin, "{\"active\":false}"), ERR_FORBIDDEN);
	assert_fault(w, "active", "self_disable");
	assert_int_equal(try_delete(w, boss, "user", w->admin), ERR_FORBIDDEN);
	assert_fault(w, "", "self_delete");
	assert_ok(w, try_update(w, boss, "user", second, "{\"active\":false}"));
	/* the only one left: neither role nor life can go */
	assert_int_equal(try_update(w, boss, "user", w->admin, "{\"roles\":[]}"), ERR_FORBIDDEN);
	assert_fault(w, "", "last_administrator");
	assert_int_equal(try_update(w, other, "user", w->admin, "{\"active\":false}"), ERR_FORBIDDEN);
	assert_fault(w, "", "last_administrator");
	assert_int_equal(try_delete(w, other, "user", w->admin), ERR_FORBIDDEN);
	assert_int_equal(try_delete(w, NULL, "user", w->admin), ERR_FORBIDDEN); /* not by the program either */
	assert_ok(w, try_update(w, boss, "user", second, "{\"active\":true}"));
	assert_ok(w, try_update(w, other, "user", w->admin, "{\"roles\":[]}"));
	assert_int_equal(try_update(w, other, "user", second, "{\"roles\":[]}"), ERR_FORBIDDEN);
	/* the role itself stays what it is */
	assert_int_equal(try_delete(w, other, "role", w->administrator), ERR_FORBIDDEN);
	assert_fault(w, "", "protected_role");
	assert_int_equal(try_update(w, other, "role", w->administrator, "{\"caps\":[]}"), ERR_FORBIDDEN);
	assert_ok(w, try_update(w, other, "role", w->administrator, "{\"note\":\"Ours\"}"));
	/* another role goes, and with it its users' rights */
	int64_t sales = role_by_key(w, "sales"), user = make_user(w, "Sales", "s@example.com", id_list(w, sales));
	assert_ok(w, try_delete(w, other, "role", sales));
	assert_int_equal(gate_scope(actor_of(w, user), entity_number(w, "customer"), ACTION_READ), SCOPE_NONE);
	assert_int_equal(number(w, arena_printf(&w->arena, "SELECT COUNT(*) FROM \"user\" WHERE id = %lld", (long long)user)), 1);
	/* a wrong role is refused with the place */
	int64_t made;
	assert_int_equal(try_create(w, other, "role", "{\"name\":\"Bad\",\"rights\":{\"customer\":{\"fields\":{\"x\":\"read\"}}}}", &made), ERR_INVALID);
	assert_fault(w, "rights.customer.x", "role_unknown_field");
}

static void test_trees(void **state)
{
	struct world *w = world_of(state);
	int64_t a = must_create(w, "team", "{\"name\":\"A\"}");
	int64_t b = must_create(w, "team", json(w, "{\"name\":\"B\",\"parent_id\":#}", a));
	assert_int_equal(try_update(w, NULL, "team", a, json(w, "{\"parent_id\":#}", b)), ERR_INVALID);
	assert_fault(w, "parent_id", "tree_circle");
	assert_int_equal(try_update(w, NULL, "team", a, json(w, "{\"parent_id\":#}", a)), ERR_INVALID);
	int64_t up = b;
	char name[48];
	for (int i = 0; i < 30; i++) {
		snprintf(name, sizeof(name), "{\"name\":\"T%d\",\"parent_id\":#}", i);
		up = must_create(w, "team", json(w, name, up));
	}
	assert_int_equal(try_create(w, NULL, "team", json(w, "{\"name\":\"Deep\",\"parent_id\":#}", up), NULL), ERR_INVALID);
	assert_fault(w, "parent_id", "tree_deep");
	int64_t r = must_create(w, "region", "{\"name\":\"R\"}");
	assert_int_equal(try_update(w, NULL, "region", r, json(w, "{\"parent_id\":#}", r)), ERR_INVALID);
	assert_fault(w, "parent_id", "tree_circle");
}

/* --- tokens --------------------------------------------------------------------------------- */

static const struct actor *token_actor(struct world *w, int64_t user, bool narrowed, const char *roles)
{
	int64_t token = must_create(w, "token", arena_printf(&w->arena, "{\"name\":\"T\",\"user_id\":\"%lld\",\"narrowed\":%s,\"roles\":%s}",
	                                                     (long long)user, narrowed ? "true" : "false", roles));
	struct access_token_facts facts = {.id = token, .narrowed = narrowed};
	struct actor *actor;
	assert_ok(w, access_actor_build(&w->ctx, user, &facts, &actor, NULL));
	return actor;
}

static void test_token_narrowing(void **state)
{
	struct world *w = world_of(state);
	size_t customer = entity_number(w, "customer"), product = entity_number(w, "product");
	int64_t wide = make_role(w, "Wide", "{\"customer\":{\"read\":\"all\",\"delete\":\"all\"},\"product\":{\"read\":\"all\"}}", "[\"admin\"]");
	int64_t user = make_user(w, "U", "u@example.com", id_list(w, make_role(w, "R", "{\"customer\":{\"read\":\"team\",\"update\":\"own\"}}", "[\"bulk\"]")));
	const struct actor *actor = token_actor(w, user, false, "[]");
	assert_int_equal(actor->kind, ACTOR_TOKEN);
	assert_int_equal(actor->user_id, user);
	assert_int_equal(gate_scope(actor, customer, ACTION_READ), SCOPE_TEAM);
	assert_int_equal(gate_scope(actor, customer, ACTION_UPDATE), SCOPE_OWN);
	/* a wider role widens nothing */
	actor = token_actor(w, user, true, id_list(w, wide));
	assert_int_equal(gate_scope(actor, customer, ACTION_READ), SCOPE_TEAM);
	assert_int_equal(gate_scope(actor, customer, ACTION_UPDATE), SCOPE_NONE);
	assert_int_equal(gate_scope(actor, customer, ACTION_DELETE), SCOPE_NONE);
	assert_int_equal(gate_scope(actor, product, ACTION_READ), SCOPE_NONE);
	assert_int_equal(actor->caps, 0);
	/* no role left: no right left */
	actor = token_actor(w, user, true, "[]");
	assert_int_equal(gate_scope(actor, customer, ACTION_READ), SCOPE_NONE);
	int64_t id = 0;
	const char *secret;
	assert_true(access_token_parse("gx_42_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", &id, &secret));
	assert_int_equal(id, 42);
	assert_false(access_token_parse("gx_42_short", &id, &secret));
	assert_false(access_token_parse("gx__AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", &id, &secret));
	assert_false(access_token_parse("xx_42_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", &id, &secret));
	assert_false(access_token_parse("gx_99999999999999999999_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", &id, &secret));
	assert_false(access_token_parse("gx_-1_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", &id, &secret));
}

/* --- passwords ------------------------------------------------------------------------------- */

static void test_password_rules(void **state)
{
	struct world *w = world_of(state);
	static const char *const common[] = {
		"password", "Password1", "P@ssw0rd!", "@dmin1234", "M0nkey!!", "12345678", "1234567890", "qwertyui", "qwerty123", "abcd1234", "11111111", "iloveyou",
		"woaini1314", "abc12345", "19900101", "1qaz2wsx", "dragon2024!", "!!admin!!", "letmein1", "aaaabbbb", "passwordpassword", "abcabcabc",
		"Guanxi2026", "asdfghjkl;", "87654321", "zxcvbnm,", "a123456789", "13800138000", "5201314520",
	};
	static const char *const fine[] = {
		GOOD_PASSWORD, "correct horse battery staple", "tr0ub4dor&3xyz", "床前明月光疑是地上霜", "kV8-quartz-fern", "mjtk-8hq2-vwzx", "moonlit_harp77 kite",
	};
	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
		if (!access_password_common(common[i]))
			fail_msg("taken: %s", common[i]);
	for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++) {
		faults_clear(&w->ctx);
		if (access_password_check(&w->ctx, "p", fine[i], "Wang Boss", "boss@example.com"))
			fail_msg("refused: %s", fine[i]);
	}
	size_t words = 0;
	for (; access_common_words[words]; words++)
		assert_true(words == 0 || strcmp(access_common_words[words - 1], access_common_words[words]) < 0);
	assert_true(words >= 1000);
	faults_clear(&w->ctx);
	assert_int_equal(access_password_check(&w->ctx, "p", "sh0rt-x", NULL, NULL), ERR_INVALID);
	assert_fault(w, "p", "password_short");
	faults_clear(&w->ctx);
	assert_int_equal(access_password_check(&w->ctx, "p", "床前明月光", NULL, NULL), ERR_INVALID); /* five signs, though fifteen bytes */
	faults_clear(&w->ctx);
	assert_int_equal(access_password_check(&w->ctx, "p", "Wangboss-77", "Wang Boss", "boss@example.com"), ERR_INVALID);
	assert_fault(w, "p", "password_personal");
	faults_clear(&w->ctx);
	assert_int_equal(access_password_check(&w->ctx, "p", "zoe.q.2026", "X", "zoe.quill@example.com"), ERR_INVALID);
	char longest[1100];
	memset(longest, 'x', sizeof(longest));
	for (size_t i = 0; i < sizeof(longest) - 1; i++)
		longest[i] = (char)('a' + (i * 7 + i / 13) % 26);
	longest[1025] = '\0';
	faults_clear(&w->ctx);
	assert_int_equal(access_password_check(&w->ctx, "p", longest, NULL, NULL), ERR_INVALID);
	assert_fault(w, "p", "password_long");
	longest[1024] = '\0';
	faults_clear(&w->ctx);
	assert_ok(w, access_password_check(&w->ctx, "p", longest, NULL, NULL));
}

static void test_password_hash(void **state)
{
	struct world *w = world_of(state);
	const char *hash;
	char other[80];
	/* the 72nd and later signs count */
	static const char whole[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-0123456789";
	assert_ok(w, access_password_hash(&w->ctx, w->app.access, whole, &hash));
	assert_true(str_starts(hash, "$argon2id$v=19$m=65536,t=2,p=1$"));
	assert_true(access_password_verify(hash, whole));
	snprintf(other, sizeof(other), "%s", whole);
	other[strlen(other) - 1] = 'x';
	assert_false(access_password_verify(hash, other));
	assert_false(access_password_verify(NULL, whole));
	assert_false(access_password_verify("", ""));
	const char *made;
	assert_ok(w, access_random_password(&w->ctx, &made));
	assert_int_equal(strlen(made), 20);
	assert_ok(w, access_password_check(&w->ctx, "p", made, NULL, NULL));
	int64_t id;
	assert_int_equal(access_create_admin(&w->ctx, "b@example.com", "B", "password", &id), ERR_INVALID);
}

/* Whoever is asked for, the same is done: one hash of the same cost. */
static double verify_ms(const char *hash)
{
	double best = 1e9;
	for (int i = 0; i < 3; i++) {
		struct timespec a, b;
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a);
		assert_false(access_password_verify(hash, "some-wrong-password"));
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &b);
		double ms = (double)(b.tv_sec - a.tv_sec) * 1e3 + (double)(b.tv_nsec - a.tv_nsec) / 1e6;
		if (ms < best)
			best = ms;
	}
	return best;
}

static void test_same_work(void **state)
{
	struct world *w = world_of(state);
	const char *hash;
	assert_ok(w, access_password_hash(&w->ctx, NULL, GOOD_PASSWORD, &hash));
	double known = verify_ms(hash), unknown = verify_ms(NULL);
	assert_true(known > 5.0);
	if (unknown < known * 0.5 || unknown > known * 2.0)
		fail_msg("known %.1f ms, unknown %.1f ms", known, unknown);
}

/* --- codes --------------------------------------------------------------------------------------- */

static void test_totp(void **state)
{
	struct world *w = world_of(state);
	/* RFC 6238, appendix B, SHA-1 */
	static const struct {
		uint64_t time;
		uint32_t code;
	} vectors[] = {
		{59, 94287082},         {1111111109, 7081804},   {1111111111, 14050471},
		{1234567890, 89005924}, {2000000000, 69279037}, {20000000000, 65353130},
	};
	const uint8_t *secret = (const uint8_t *)"12345678901234567890";
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
		assert_int_equal(access_totp_code(secret, 20, vectors[i].time / TOTP_STEP_S, 8), vectors[i].code);
	/* RFC 4226, appendix D */
	static const uint32_t hotp[] = {755224, 287082, 359152, 969429, 338314, 254676, 287922, 162583, 399871, 520489};
	for (uint64_t i = 0; i < 10; i++)
		assert_int_equal(access_totp_code(secret, 20, i, 6), hotp[i]);
	/* one step before and after */
	char code[8];
	const uint64_t step = 41152263;
	const int64_t now = (int64_t)step * 30000 + 5000;
	for (int off = -2; off <= 2; off++) {
		snprintf(code, sizeof(code), "%06u", access_totp_code(secret, 20, (uint64_t)((int64_t)step + off), 6));
		assert_int_equal(access_totp_match(secret, 20, code, now), off < -1 || off > 1 ? 0 : (uint64_t)((int64_t)step + off));
	}
	assert_int_equal(access_totp_match(secret, 20, "12345", now), 0);
	assert_int_equal(access_totp_match(secret, 20, "", now), 0);
	/* RFC 4648 */
	static const char *const plain[] = {"", "f", "fo", "foo", "foob", "fooba", "foobar"};
	static const char *const coded[] = {"", "MY", "MZXQ", "MZXW6", "MZXW6YQ", "MZXW6YTB", "MZXW6YTBOI"};
	for (size_t i = 0; i < 7; i++) {
		char out[32];
		access_base32((const uint8_t *)plain[i], strlen(plain[i]), out);
		assert_string_equal(out, coded[i]);
	}
	/* sealed at rest */
	const char *sealed;
	uint8_t back[20];
	assert_ok(w, access_seal(&w->ctx, w->app.access, secret, 20, &sealed));
	assert_null(strstr(sealed, "1234567890"));
	assert_ok(w, access_unseal(&w->ctx, w->app.access, sealed, back, 20));
	assert_memory_equal(back, secret, 20);
	char *broken = arena_strdup(&w->arena, sealed);
	broken[40] = broken[40] == 'A' ? 'B' : 'A';
	assert_int_equal(access_unseal(&w->ctx, w->app.access, broken, back, 20), ERR_BUG);
	assert_fault(w, "", "secret_key_mismatch");
}

static void test_key_file(void **state)
{
	struct world *w = world_of(state);
	char path[128];
	struct stat st;
	uint8_t a[32], b[32];
	snprintf(path, sizeof(path), "%s/secret.key", w->dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_ok(w, access_key_load(&w->ctx, w->dir, a));
	assert_memory_equal(a, w->app.access->key, 32);
	assert_int_equal(remove(path), 0);
	assert_ok(w, access_key_load(&w->ctx, w->dir, b));
	assert_memory_not_equal(a, b, 32);
	FILE *f = fopen(path, "w");
	fputs("not a key\n", f);
	fclose(f);
	assert_int_equal(access_key_load(&w->ctx, w->dir, b), ERR_UPSTREAM);
	assert_fault(w, "", "secret_key_read");
}

/* --- cache -------------------------------------------------------------------------------------------- */

/* A cache of its own: nobody else drops from it. */
static struct access_cache own;

static struct cache_hit cached(struct world *w, const uint8_t digest[ACCESS_DIGEST])
{
	struct cache_hit hit;
	assert_ok(w, access_cache_get(&w->ctx, &own, digest, &hit));
	return hit;
}

static void keep(struct world *w, struct credential *credential, const struct actor *actor, int64_t generation)
{
	access_cache_put(&own, generation, credential, actor, w->registry, "zh_hant");
}

static void test_cache(void **state)
{
	struct world *w = world_of(state);
	struct access_cache *cache = &own;
	access_cache_init(cache, &w->clock);
	const struct actor *actor = actor_of(w, w->admin);
	int64_t generation = atomic_load(&cache->generation), now = ctx_now(&w->ctx);
	struct credential a = {.id = 7, .user_id = w->admin, .expires_ms = now + 3600000, .seen_ms = now, .noted_ms = now};
	struct credential b = a;
	memset(a.digest, 1, sizeof(a.digest));
	memset(b.digest, 2, sizeof(b.digest));
	b.id = 8;
	assert_int_equal(cached(w, a.digest).state, CACHE_ABSENT);
	keep(w, &a, actor, generation);
	keep(w, &b, actor, generation);
	struct cache_hit hit = cached(w, a.digest);
	assert_int_equal(hit.state, CACHE_HIT);
	assert_true(hit.has_locale && hit.locale == LOCALE_ZH_HANT && !hit.note_seen);
	/* a copy of its own, equal in everything */
	assert_ptr_not_equal(hit.actor, actor);
	assert_string_equal(hit.actor->email, actor->email);
	assert_int_equal(hit.actor->caps, actor->caps);
	assert_int_equal(hit.actor->n_rights, actor->n_rights);
	for (size_t e = 0; e < actor->n_rights; e++) {
		assert_memory_equal(hit.actor->rights[e].scope, actor->rights[e].scope, ACTION_COUNT);
		for (size_t f = 0; f < registry_at(w->registry, e)->n_fields; f++)
			assert_int_equal(gate_field(hit.actor, e, f), gate_field(actor, e, f));
	}
	/* dropped by credential, by user, by time */
	access_cache_drop_credential(cache, true, 7); /* a token of that number */
	assert_int_equal(cached(w, a.digest).state, CACHE_HIT);
	access_cache_drop_credential(cache, false, 7);
	assert_int_equal(cached(w, a.digest).state, CACHE_ABSENT);
	assert_int_equal(cached(w, b.digest).state, CACHE_HIT);
	access_cache_drop_user(cache, w->admin);
	assert_int_equal(cached(w, b.digest).state, CACHE_ABSENT);
	keep(w, &a, actor, generation); /* made from what was true before */
	assert_int_equal(cached(w, a.digest).state, CACHE_ABSENT);
	generation = atomic_load(&cache->generation);
	keep(w, &a, actor, generation);
	world_forward(w, 61000);
	assert_true(cached(w, a.digest).note_seen);
	assert_false(cached(w, a.digest).note_seen);
	world_forward(w, 3600000);
	assert_int_equal(cached(w, a.digest).state, CACHE_EXPIRED);
	assert_int_equal(cached(w, a.digest).state, CACHE_ABSENT);
	/* full shards forget, and never fail */
	for (int i = 0; i < 3000; i++) {
		memset(a.digest, 0, sizeof(a.digest));
		memcpy(a.digest + 4, &i, sizeof(i));
		a.expires_ms = 0;
		a.seen_ms = ctx_now(&w->ctx);
		keep(w, &a, actor, generation);
		assert_int_equal(cached(w, a.digest).state, CACHE_HIT);
	}
	access_cache_release(cache);
}

/* Every statement of the folder, on this engine. */
static void test_statements(void **state)
{
	struct world *w = world_of(state);
	for (size_t i = 0; sql_access_all[i]; i++) {
		struct stmt *stmt;
		faults_clear(&w->ctx);
		if (db_prepare(&w->ctx, w->db, sql_access_all[i], &stmt))
			fail_msg("%s", sql_access_all[i]->name);
		stmt_done(stmt);
	}
}

static int run(const char *group)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_parse, setup, teardown),
		cmocka_unit_test_setup_teardown(test_parse_refuses, setup, teardown),
		cmocka_unit_test_setup_teardown(test_merge_table, setup, teardown),
		cmocka_unit_test_setup_teardown(test_actor, setup, teardown),
		cmocka_unit_test_setup_teardown(test_default_roles, setup, teardown),
		cmocka_unit_test_setup_teardown(test_escalation, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lowering, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ordinary_user, setup, teardown),
		cmocka_unit_test_setup_teardown(test_last_administrator, setup, teardown),
		cmocka_unit_test_setup_teardown(test_trees, setup, teardown),
		cmocka_unit_test_setup_teardown(test_token_narrowing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_password_rules, setup, teardown),
		cmocka_unit_test_setup_teardown(test_password_hash, setup, teardown),
		cmocka_unit_test_setup_teardown(test_same_work, setup, teardown),
		cmocka_unit_test_setup_teardown(test_totp, setup, teardown),
		cmocka_unit_test_setup_teardown(test_key_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cache, setup, teardown),
		cmocka_unit_test_setup_teardown(test_statements, setup, teardown),
	};
	return cmocka_run_group_tests_name(group, tests, NULL, NULL);
}

int main(void)
{
	int failed = run("access rights, sqlite");
	pg_url = getenv("GUANXI_TEST_PG");
	if (!pg_url)
		print_message("GUANXI_TEST_PG is not set: PostgreSQL is not tested\n");
	else
		failed += run("access rights, postgres");
	return failed;
}
