/* Creating, reading and changing records, on both engines. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "help.h"

static struct world world;
static int64_t boss, ann, bob, team, subteam, far, east, west;

#define fmt(text, id) arena_printf(&world.arena, text, (long long)(id))

static int64_t make_named(const char *entity, const char *name)
{
	return must_make(&world, entity, arena_printf(&world.arena, "{\"name\":\"%s\"}", name));
}

static void furnish(void)
{
	boss = make_named("user", "Boss");
	ann = make_named("user", "Ann");
	bob = make_named("user", "Bob");
	team = make_named("team", "One");
	subteam = must_make(&world, "team", arena_printf(&world.arena, "{\"name\":\"Sub\",\"parent_id\":\"%lld\"}", (long long)team));
	far = make_named("team", "Far");
	east = make_named("branch", "East");
	west = make_named("branch", "West");
}

static int setup_lite(void **state)
{
	(void)state;
	world_open(&world, NULL);
	furnish();
	return 0;
}

static int setup_pg(void **state)
{
	(void)state;
	world_open(&world, getenv("GUANXI_TEST_PG"));
	furnish();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	world_close(&world);
	return 0;
}

/* Each test begins as the system. */
static int begin(void **state)
{
	(void)state;
	actor_system(&world);
	memset(&test_hooks, 0, sizeof(test_hooks));
	faults_clear(&world.ctx);
	return 0;
}

/* --- what is written is what is read ---------------------------------------------------- */

static void round_trip(void **state)
{
	(void)state;
	int64_t red = make_named("label", "red"), blue = make_named("label", "blue"), id;
	const char *json = arena_printf(&world.arena,
		"{\"name\":\"  李雷 \",\"note\":\"一\\n二\",\"age\":-5,\"weight\":\"1.5\",\"score\":0.125,\"currency\":\"JPY\",\"spent\":\"1200\","
		"\"credit\":\"12.5\",\"active\":false,\"born\":\"1990-02-28\",\"seen_at\":\"2026-01-02T03:04:05.006Z\",\"kind\":\"company\","
		"\"labels\":[\"%lld\",\"%lld\"],\"email\":\"Li@Example.com\",\"phone\":\"138 0013 8000\",\"site\":\"https://example.com/x\","
		"\"country\":\"CN\",\"extra\":{\"a\":[1,null]},\"number\":\"N-1\",\"owner_id\":\"%lld\",\"joined\":null}",
		(long long)blue, (long long)red, (long long)ann);
	assert_int_equal(make(&world, "client", json, 0, &id), OK);
	const char *out = json_of(&world, "client", id);
	static const char *const parts[] = {
		"\"version\":1", "\"name\":\"李雷\"", "\"note\":\"一\\n二\"", "\"age\":-5", "\"weight\":\"1.500\"", "\"score\":0.125",
		"\"currency\":\"JPY\"", "\"spent\":\"1200\"", "\"credit\":\"12.50\"", "\"active\":false", "\"born\":\"1990-02-28\"",
		"\"seen_at\":\"2026-01-02T03:04:05.006Z\"", "\"kind\":\"company\"", "\"email\":\"Li@example.com\"",
		"\"phone\":\"+8613800138000\"", "\"site\":\"https://example.com/x\"", "\"country\":\"CN\"", "\"extra\":{\"a\":[1,null]}",
		"\"number\":\"N-1\"", "\"joined\":null", "\"kept\":6", "\"referrer_id\":null", "\"created_by\":null"};
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (!strstr(out, parts[i]))
			test_fail("%s not in %s", parts[i], out);
	assert_non_null(strstr(out, arena_printf(&world.arena, "\"labels\":[\"%lld\",\"%lld\"]", (long long)red, (long long)blue)));
	assert_int_equal(test_hooks.before, 1);
	assert_int_equal(test_hooks.after, 1);
	/* extremes */
	assert_int_equal(make(&world, "client", "{\"name\":\"min\",\"age\":-9223372036854775808,\"score\":1.7976931348623157e308}", 0, &id), OK);
	assert_true(must_load(&world, "client", id)->values[entity_field(registry_find(world.registry, "client"), "age")].i == INT64_MIN);
	assert_non_null(strstr(json_of(&world, "client", id), "\"score\":1.7976931348623157e"));
}

static void defaults(void **state)
{
	(void)state;
	int64_t id;
	actor_as(&world, SCOPE_ALL, ann, team, east);
	assert_int_equal(make(&world, "client", "{\"name\":\"Dee\"}", 0, &id), OK);
	struct record *record = must_load(&world, "client", id);
	assert_int_equal(record_i64(record, "owner_id"), ann);
	assert_int_equal(record_i64(record, "team_id"), team);
	assert_int_equal(record_i64(record, "branch_id"), east);
	assert_int_equal(record_i64(record, "created_by"), ann);
	assert_int_equal(record_i64(record, "updated_by"), ann);
	assert_int_equal(record_i64(record, "active"), 1);
	assert_string_equal(record_text(record, "kind"), "person");
	assert_string_equal(record_text(record, "joined"), "2026-11-18");
	assert_true(record_i64(record, "seen_at") > 0);
	assert_true(record_id(record) == id && id > 0);
	/* given as nothing is not "not given" */
	assert_int_equal(make(&world, "client", "{\"name\":\"None\",\"owner_id\":null,\"team_id\":null,\"branch_id\":null,\"seen_at\":null}", 0, &id), OK);
	record = must_load(&world, "client", id);
	assert_int_equal(record_i64(record, "owner_id"), 0);
	assert_int_equal(record_value(record, "seen_at")->kind, VALUE_NULL);
}

/* All that is wrong is told at once, and nothing is written. */
static void all_faults_together(void **state)
{
	(void)state;
	must_make(&world, "client", "{\"name\":\"First\",\"email\":\"taken@example.com\"}");
	int64_t before = count_rows(&world, "SELECT count(*) FROM client"), log = count_rows(&world, "SELECT count(*) FROM change");
	enum err err = make(&world, "client",
	                    "{\"age\":\"old\",\"born\":\"1990-02-30\",\"kind\":\"alien\",\"email\":\"taken@example.com\",\"owner_id\":\"99\","
	                    "\"nonsense\":1,\"site\":\"ftp://x\",\"weight\":\"500.001\",\"extra2\":{}}", 0, NULL);
	assert_int_equal(err, ERR_INVALID);
	assert_fault(&world, "weight", "above_most");
	assert_fault(&world, "age", "not_integer");
	assert_fault(&world, "born", "not_date");
	assert_fault(&world, "kind", "not_an_option");
	assert_fault(&world, "email", "unique");
	assert_fault(&world, "owner_id", "link_not_found");
	assert_fault(&world, "nonsense", "unknown_field");
	assert_fault(&world, "site", "not_url");
	assert_fault(&world, "name", "required");
	assert_false(has_fault(&world, "kind", "required")); /* one fault a field */
	assert_int_equal(count_rows(&world, "SELECT count(*) FROM client"), before);
	assert_int_equal(count_rows(&world, "SELECT count(*) FROM change"), log);
	/* alone, each is found by the index or the foreign key */
	assert_int_equal(make(&world, "client", "{\"name\":\"Second\",\"email\":\"taken@example.com\"}", 0, NULL), ERR_CONFLICT);
	assert_fault(&world, "email", "unique");
	assert_int_equal(world.ctx.faults.count, 1);
	assert_int_equal(make(&world, "client", "{\"name\":\"Third\",\"owner_id\":\"99\"}", 0, NULL), ERR_INVALID);
	assert_fault(&world, "owner_id", "link_not_found");
	assert_int_equal(make(&world, "client", "{\"name\":\"Fourth\",\"labels\":[\"99\"]}", 0, NULL), ERR_INVALID);
	assert_fault(&world, "labels", "link_not_found");
	assert_int_equal(make(&world, "client", "{\"name\":\"Light\",\"weight\":\"-0.001\"}", 0, NULL), ERR_INVALID);
	assert_fault(&world, "weight", "below_least");
	must_make(&world, "client", "{\"weight\":\"500\",\"name\":\"Fifth\",\"country\":\"CN\",\"number\":\"A\"}");
	assert_int_equal(make(&world, "client", "{\"name\":\"Sixth\",\"country\":\"CN\",\"number\":\"A\"}", 0, NULL), ERR_CONFLICT);
	assert_fault(&world, "number", "unique");
	assert_int_equal(make(&world, "client", "{\"name\":\"\"}", 0, NULL), ERR_INVALID);
	assert_fault(&world, "name", "required");
	assert_int_equal(count_rows(&world, "SELECT count(*) FROM client"), before + 1);
	snprintf(test_hooks.refuse, sizeof(test_hooks.refuse), "Nope");
	assert_int_equal(make(&world, "client", "{\"name\":\"Nope\"}", 0, NULL), ERR_INVALID);
	assert_fault(&world, "name", "refused");
	assert_int_equal(count_rows(&world, "SELECT count(*) FROM client"), before + 1);
}

static void updates(void **state)
{
	(void)state;
	int64_t red = make_named("label", "u-red"), blue = make_named("label", "u-blue");
	int64_t id = must_make(&world, "client", fmt("{\"name\":\"Old\",\"age\":1,\"labels\":[\"%lld\"],\"number\":\"U1\"}", red));
	actor_as(&world, SCOPE_ALL, bob, 0, 0);
	assert_int_equal(change(&world, "client", id, "{\"name\":\"Neu\",\"age\":2}", 1, 0), OK);
	struct record *record = must_load(&world, "client", id);
	assert_int_equal(record_i64(record, "version"), 2);
	assert_string_equal(record_text(record, "name"), "Neu");
	assert_int_equal(record_i64(record, "updated_by"), bob);
	assert_int_equal(record_i64(record, "created_by"), 0);
	assert_int_equal(record_value(record, "labels")->l.n, 1);
	struct seen seen = history(&world, "client", id);
	assert_string_equal(seen.action, "update");
	assert_string_equal(seen.diff, "{\"name\":[\"Old\",\"Neu\"],\"age\":[1,2]}");
	/* an old version is refused and changes nothing */
	assert_int_equal(change(&world, "client", id, "{\"name\":\"Late\"}", 1, 0), ERR_CONFLICT);
	assert_fault(&world, "", "version");
	assert_string_equal(record_text(must_load(&world, "client", id), "name"), "Neu");
	/* nothing changed: nothing written */
	assert_int_equal(change(&world, "client", id, "{\"name\":\" Neu \",\"age\":\"2\"}", 2, 0), OK);
	assert_int_equal(record_i64(must_load(&world, "client", id), "version"), 2);
	assert_int_equal(history(&world, "client", id).entries, 2);
	/* links */
	assert_int_equal(change(&world, "client", id, arena_printf(&world.arena, "{\"labels\":[\"%lld\"]}", (long long)blue), 0, 0), OK);
	record = must_load(&world, "client", id);
	assert_int_equal(record_value(record, "labels")->l.n, 1);
	assert_int_equal(record_value(record, "labels")->l.ids[0], blue);
	assert_string_equal(history(&world, "client", id).diff,
	                    arena_printf(&world.arena, "{\"labels\":[[\"%lld\"],[\"%lld\"]]}", (long long)red, (long long)blue));
	assert_int_equal(change(&world, "client", id, "{\"labels\":[]}", 0, 0), OK);
	assert_int_equal(record_value(must_load(&world, "client", id), "labels")->l.n, 0);
	/* required stays, insert-only stays, readonly stays; what is sent back as it was is fine */
	assert_int_equal(change(&world, "client", id, "{\"name\":null}", 0, 0), ERR_INVALID);
	assert_fault(&world, "name", "required");
	assert_int_equal(change(&world, "client", id, "{\"number\":\"U2\"}", 0, 0), ERR_INVALID);
	assert_fault(&world, "number", "insert_only");
	assert_int_equal(change(&world, "client", id, "{\"kept\":77,\"version\":9}", 0, 0), ERR_INVALID);
	assert_fault(&world, "kept", "readonly");
	assert_fault(&world, "version", "readonly");
	assert_int_equal(change(&world, "client", id, arena_printf(&world.arena, "{\"id\":\"%lld\",\"kept\":3,\"number\":\"U1\",\"age\":3}", (long long)id), 0, 0), OK);
	assert_int_equal(record_i64(must_load(&world, "client", id), "age"), 3);
	/* the program itself may set read-only fields; the hook then has its say */
	actor_system(&world);
	assert_int_equal(change(&world, "client", id, "{\"number\":\"U9\"}", 0, W_TRUSTED), OK);
	assert_string_equal(record_text(must_load(&world, "client", id), "number"), "U9");
	assert_int_equal(change(&world, "client", 12345, "{\"name\":\"x\"}", 0, 0), ERR_NOT_FOUND);
	must_make(&world, "client", "{\"name\":\"Other\",\"email\":\"other@example.com\"}");
	assert_int_equal(change(&world, "client", id, "{\"email\":\"other@example.com\"}", 0, 0), ERR_CONFLICT);
	assert_fault(&world, "email", "unique");
	assert_int_equal(change(&world, "client", id, "{\"referrer_id\":\"424242\"}", 0, 0), ERR_INVALID);
	assert_fault(&world, "referrer_id", "link_not_found");
}

static void money(void **state)
{
	(void)state;
	int64_t id;
	assert_int_equal(make(&world, "client", "{\"spent\":\"12.5\",\"name\":\"M\",\"currency\":\"JPY\"}", 0, NULL), ERR_INVALID);
	assert_fault(&world, "spent", "too_many_decimals");
	assert_int_equal(make(&world, "client", "{\"spent\":\"12.345\",\"name\":\"M\",\"currency\":\"KWD\"}", 0, &id), OK);
	assert_int_equal(record_i64(must_load(&world, "client", id), "spent"), 12345);
	assert_non_null(strstr(json_of(&world, "client", id), "\"spent\":\"12.345\""));
	assert_int_equal(change(&world, "client", id, "{\"spent\":\"1.001\"}", 0, 0), OK); /* in the record's currency */
	assert_int_equal(record_i64(must_load(&world, "client", id), "spent"), 1001);
	assert_int_equal(change(&world, "client", id, "{\"currency\":\"JPY\"}", 0, 0), ERR_INVALID);
	assert_fault(&world, "currency", "currency_fixed");
	assert_int_equal(change(&world, "client", id, "{\"currency\":\"JPY\",\"spent\":\"7\"}", 0, 0), OK);
	assert_int_equal(record_i64(must_load(&world, "client", id), "spent"), 7);
	assert_string_equal(history(&world, "client", id).diff, "{\"currency\":[\"KWD\",\"JPY\"],\"spent\":[\"1.001\",\"7\"]}");
	/* import: text before the currency is known */
	struct record *record;
	const struct entity_info *client = registry_find(world.registry, "client");
	assert_int_equal(record_new(&world.ctx, client, &record), OK);
	assert_int_equal(record_set_text(&world.ctx, record, entity_field(client, "spent"), "3.5"), OK);
	assert_int_equal(record_value(record, "spent")->kind, VALUE_TEXT);
	assert_int_equal(record_set_text(&world.ctx, record, entity_field(client, "credit"), "3.5"), OK);
	assert_int_equal(record_i64(record, "credit"), 350);
	assert_int_equal(record_set_text(&world.ctx, record, 999, "x"), ERR_BUG);
	faults_clear(&world.ctx);
}

static enum err texts_job(struct ctx *ctx, void *arg)
{
	static const char *const given[][2] = {{"name", "Texts"}, {"age", "41"}, {"weight", "1.25"}, {"score", "0.5"}, {"spent", "9.99"},
	                                       {"active", "no"}, {"seen_at", "2026-01-02"}, {"labels", ""}};
	struct record *record;
	enum err err = record_new(ctx, registry_find(ctx->registry, "client"), &record);
	for (size_t i = 0; !err && i < sizeof(given) / sizeof(given[0]); i++)
		err = record_set(ctx, record, given[i][0], value_text(given[i][1]));
	if (!err && *(int64_t *)arg < 0)
		err = record_set(ctx, record, "age", value_text("forty"));
	if (!err)
		err = record_create(ctx, record, W_TRUSTED);
	if (!err)
		*(int64_t *)arg = record_id(record);
	return err;
}

/* The program may give API text; it is read like anybody's. */
static void texts_are_read(void **state)
{
	(void)state;
	int64_t id = 0, bad = -1;
	assert_int_equal(store_write(&world.ctx, world.store, texts_job, &id), OK);
	struct record *record = must_load(&world, "client", id);
	assert_int_equal(record_i64(record, "age"), 41);
	assert_int_equal(record_i64(record, "weight"), 1250);
	assert_int_equal(record_i64(record, "spent"), 999);
	assert_int_equal(record_i64(record, "active"), 0);
	assert_int_equal(record_i64(record, "seen_at"), 1767312000000);
	assert_int_equal(store_write(&world.ctx, world.store, texts_job, &bad), ERR_INVALID);
	assert_fault(&world, "age", "not_integer");
}

/* --- the log ------------------------------------------------------------------------------- */

static void log_of_creation(void **state)
{
	(void)state;
	int64_t id;
	assert_int_equal(make(&world, "client", "{\"name\":\"Logged\",\"seen_at\":null,\"joined\":null,\"secret\":\"hush\"}", 0, &id), OK);
	struct seen seen = history(&world, "client", id);
	assert_string_equal(seen.action, "create");
	assert_string_equal(seen.diff, "{\"name\":[null,\"Logged\"],\"active\":[null,true],\"kind\":[null,\"person\"],\"kept\":[null,6]}");
	assert_string_equal(record_text(must_load(&world, "client", id), "secret"), "hush");
	assert_int_equal(change(&world, "client", id, "{\"secret\":\"hush hush\"}", 0, 0), OK);
	seen = history(&world, "client", id);
	assert_string_equal(seen.diff, "{}"); /* that it changed, not what */
	assert_int_equal(make(&world, "silent", "{\"name\":\"x\"}", 0, &id), OK);
	assert_int_equal(history(&world, "silent", id).entries, 0);
}

/* --- rows ------------------------------------------------------------------------------------ */

struct row_case {
	int64_t owner, team, branch;
	enum scope reach; /* the narrowest scope of Ann that reaches it */
};

static int64_t make_row(const struct row_case *row)
{
	char json[256];
	const char *const names[] = {"owner_id", "team_id", "branch_id"};
	const int64_t ids[] = {row->owner, row->team, row->branch};
	int n = snprintf(json, sizeof(json), "{\"name\":\"row\"");
	for (int i = 0; i < 3; i++)
		n += ids[i] ? snprintf(json + n, sizeof(json) - (size_t)n, ",\"%s\":\"%lld\"", names[i], (long long)ids[i])
		            : snprintf(json + n, sizeof(json) - (size_t)n, ",\"%s\":null", names[i]);
	snprintf(json + n, sizeof(json) - (size_t)n, "}");
	return must_make(&world, "client", json);
}

static void as_ann(enum scope scope)
{
	static int64_t teams[2];
	teams[0] = team;
	teams[1] = subteam;
	actor_as(&world, scope, ann, team, east);
	world.actor.teams = teams;
	world.actor.n_teams = 2;
}

static void rows_within_scope(void **state)
{
	(void)state;
	const struct row_case rows[] = {
		{ann, 0, 0, SCOPE_OWN},  {ann, far, west, SCOPE_OWN}, {bob, team, west, SCOPE_TEAM}, {bob, subteam, 0, SCOPE_TEAM},
		{bob, far, east, SCOPE_BRANCH}, {bob, far, west, SCOPE_ALL}, {0, 0, 0, SCOPE_ALL}, {0, 0, east, SCOPE_BRANCH}, {0, team, 0, SCOPE_TEAM},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t id = make_row(&rows[i]);
		int64_t deal = must_make(&world, "deal", fmt("{\"title\":\"d\",\"client_id\":\"%lld\"}", id));
		int64_t line = must_make(&world, "deal_line", fmt("{\"deal_id\":\"%lld\"}", deal));
		for (int scope = SCOPE_NONE; scope <= SCOPE_ALL; scope++) {
			bool may = scope != SCOPE_NONE && scope >= (int)rows[i].reach;
			enum err none = scope == SCOPE_NONE ? ERR_FORBIDDEN : ERR_NOT_FOUND;
			struct record *record;
			as_ann((enum scope)scope);
			assert_int_equal(get(&world, "client", id, ACTION_READ, &record), may ? OK : none);
			assert_int_equal(get(&world, "deal", deal, ACTION_READ, &record), may ? OK : none);
			assert_int_equal(get(&world, "deal_line", line, ACTION_EXPORT, &record), may ? OK : none);
			assert_int_equal(change(&world, "client", id, fmt("{\"age\":%lld}", scope), 0, 0), may ? OK : none);
			assert_int_equal(change(&world, "deal_line", line, fmt("{\"quantity\":\"%lld\"}", scope), 0, 0), may ? OK : none);
			/* reading all, changing only in scope: known, but refused */
			actor_scope(&world, "client", ACTION_READ, SCOPE_ALL);
			assert_int_equal(change(&world, "client", id, fmt("{\"age\":1%lld}", scope), 0, 0), may ? OK : ERR_FORBIDDEN);
			assert_int_equal(drop(&world, "client", id, 1000, 0), may ? ERR_CONFLICT : ERR_FORBIDDEN);
			actor_system(&world);
			assert_int_equal(record_i64(must_load(&world, "client", id), "age"), may ? 10 + scope : scope ? 0 : 0);
			assert_int_equal(change(&world, "client", id, "{\"age\":0}", 0, 0), OK);
		}
	}
}

static void creating_within_scope(void **state)
{
	(void)state;
	int64_t id, before = count_rows(&world, "SELECT count(*) FROM client");
	as_ann(SCOPE_NONE);
	assert_int_equal(make(&world, "client", "{\"name\":\"x\"}", 0, NULL), ERR_FORBIDDEN);
	world.ctx.actor = NULL;
	assert_int_equal(make(&world, "client", "{}", 0, NULL), ERR_DENIED);
	as_ann(SCOPE_OWN);
	assert_int_equal(make(&world, "client", "{\"name\":\"mine\"}", 0, &id), OK);
	actor_scope(&world, "user", ACTION_READ, SCOPE_ALL);
	actor_scope(&world, "team", ACTION_READ, SCOPE_ALL);
	assert_int_equal(make(&world, "client", fmt("{\"name\":\"his\",\"owner_id\":\"%lld\"}", bob), 0, NULL), ERR_FORBIDDEN);
	assert_fault(&world, "owner_id", "outside_scope");
	assert_int_equal(make(&world, "client", "{\"name\":\"nobody's\",\"owner_id\":null}", 0, NULL), ERR_FORBIDDEN);
	as_ann(SCOPE_TEAM);
	actor_scope(&world, "user", ACTION_READ, SCOPE_ALL);
	actor_scope(&world, "team", ACTION_READ, SCOPE_ALL);
	assert_int_equal(make(&world, "client", fmt("{\"name\":\"team's\",\"owner_id\":\"%lld\"}", bob), 0, &id), OK);
	assert_int_equal(make(&world, "client", arena_printf(&world.arena, "{\"name\":\"far\",\"owner_id\":\"%lld\",\"team_id\":\"%lld\"}",
	                                                     (long long)bob, (long long)far), 0, NULL), ERR_FORBIDDEN);
	assert_int_equal(count_rows(&world, "SELECT count(*) FROM client"), before + 2);
	/* children need their parent in scope; entities without owners need all */
	int64_t foreign = make_row(&(struct row_case){bob, far, west, SCOPE_ALL});
	int64_t deals = count_rows(&world, "SELECT count(*) FROM deal");
	as_ann(SCOPE_TEAM);
	assert_int_equal(make(&world, "deal", fmt("{\"title\":\"x\",\"client_id\":\"%lld\"}", foreign), 0, NULL), ERR_INVALID);
	assert_fault(&world, "client_id", "link_not_found"); /* not even that it exists */
	assert_int_equal(make(&world, "deal", fmt("{\"title\":\"x\",\"client_id\":\"%lld\"}", id), 0, NULL), OK);
	assert_int_equal(make(&world, "label", "{\"name\":\"no\"}", 0, NULL), ERR_FORBIDDEN);
	assert_int_equal(make(&world, "user", "{\"name\":\"Eve\"}", 0, NULL), ERR_FORBIDDEN);
	assert_int_equal(make(&world, "sealed", "{\"name\":\"x\"}", 0, NULL), ERR_FORBIDDEN);
	assert_int_equal(make(&world, "sealed", "{\"name\":\"x\"}", W_TRUSTED, NULL), OK);
	assert_int_equal(count_rows(&world, "SELECT count(*) FROM deal"), deals + 1);
	/* a memo belongs to its client, or else to its own owner */
	int64_t memo;
	assert_int_equal(make(&world, "memo", "{\"text\":\"own\"}", 0, &memo), OK);
	struct record *record;
	assert_int_equal(get(&world, "memo", memo, ACTION_READ, &record), OK);
	assert_int_equal(change(&world, "memo", memo, fmt("{\"client_id\":\"%lld\"}", foreign), 0, 0), ERR_INVALID);
	actor_system(&world);
	assert_int_equal(change(&world, "memo", memo, fmt("{\"client_id\":\"%lld\"}", foreign), 0, 0), OK);
	as_ann(SCOPE_TEAM);
	assert_int_equal(get(&world, "memo", memo, ACTION_READ, &record), ERR_NOT_FOUND);
}

static void moving(void **state)
{
	(void)state;
	int64_t id = make_row(&(struct row_case){ann, team, east, SCOPE_OWN});
	as_ann(SCOPE_OWN);
	actor_scope(&world, "user", ACTION_READ, SCOPE_ALL);
	assert_int_equal(change(&world, "client", id, fmt("{\"owner_id\":\"%lld\"}", bob), 0, 0), ERR_FORBIDDEN);
	assert_fault(&world, "owner_id", "outside_scope");
	assert_int_equal(record_i64(must_load(&world, "client", id), "owner_id"), ann);
	as_ann(SCOPE_TEAM);
	actor_scope(&world, "user", ACTION_READ, SCOPE_ALL);
	assert_int_equal(change(&world, "client", id, fmt("{\"owner_id\":\"%lld\"}", bob), 0, 0), OK); /* stays in the team */
	actor_scope(&world, "team", ACTION_READ, SCOPE_ALL);
	assert_int_equal(change(&world, "client", id, fmt("{\"team_id\":\"%lld\"}", far), 0, 0), ERR_FORBIDDEN);
	world.actor.caps = CAP_ASSIGN;
	assert_int_equal(change(&world, "client", id, fmt("{\"team_id\":\"%lld\"}", far), 0, 0), OK);
	assert_int_equal(change(&world, "client", id, fmt("{\"team_id\":\"%lld\"}", team), 0, 0), ERR_NOT_FOUND); /* it is gone now */
	/* a target one may not see is no target */
	id = make_row(&(struct row_case){ann, team, east, SCOPE_OWN});
	int64_t foreign = make_row(&(struct row_case){bob, far, west, SCOPE_ALL});
	as_ann(SCOPE_OWN);
	assert_int_equal(change(&world, "client", id, fmt("{\"referrer_id\":\"%lld\"}", foreign), 0, 0), ERR_INVALID);
	assert_fault(&world, "referrer_id", "link_not_found");
	actor_scope(&world, "user", ACTION_READ, SCOPE_NONE);
	assert_int_equal(change(&world, "client", id, fmt("{\"owner_id\":\"%lld\"}", bob), 0, 0), ERR_INVALID);
	assert_fault(&world, "owner_id", "link_not_found");
	assert_int_equal(change(&world, "client", id, fmt("{\"owner_id\":\"%lld\"}", ann), 0, 0), OK); /* oneself always */
}

/* --- fields ------------------------------------------------------------------------------------ */

static void fields_within_rights(void **state)
{
	(void)state;
	int64_t id = must_make(&world, "client", fmt("{\"name\":\"Wang Xiaoming\",\"phone\":\"13800138000\",\"age\":30,\"weight\":\"2\","
	                                             "\"credit\":\"10\",\"secret\":\"s\",\"owner_id\":\"%lld\"}", ann));
	struct record *record;
	as_ann(SCOPE_ALL);
	actor_field(&world, "client", "phone", RIGHT_MASKED);
	actor_field(&world, "client", "age", RIGHT_HIDDEN);
	actor_field(&world, "client", "weight", RIGHT_READ);
	actor_field(&world, "client", "credit", RIGHT_MASKED);
	assert_int_equal(get(&world, "client", id, ACTION_READ, &record), OK);
	assert_string_equal(record_text(record, "phone"), "138****8000");
	assert_string_equal(record_text(record, "credit"), "***");
	assert_int_equal(record_i64(record, "weight"), 2000);
	int age = entity_field(record->info, "age"), secret = entity_field(record->info, "secret");
	assert_false(record->set[age] || record->set[secret]);
	assert_int_equal(record->values[age].kind, VALUE_NULL);
	assert_int_equal(record->values[secret].kind, VALUE_NULL);
	/* what was shown may come back */
	assert_int_equal(change(&world, "client", id, "{\"phone\":\"138****8000\",\"credit\":\"***\",\"weight\":\"2.000\",\"name\":\"W\"}", 0, 0), OK);
	record = must_load(&world, "client", id);
	assert_string_equal(record_text(record, "name"), "W");
	assert_string_equal(record_text(record, "phone"), "+8613800138000");
	assert_int_equal(record_i64(record, "credit"), 1000);
	/* anything else is refused, and nothing is written */
	static const struct {
		const char *json, *field, *key;
	} cases[] = {{"{\"phone\":\"13900139000\",\"name\":\"X\"}", "phone", "field_forbidden"},
	             {"{\"phone\":null,\"name\":\"X\"}", "phone", "field_forbidden"},
	             {"{\"credit\":\"11\",\"name\":\"X\"}", "credit", "field_forbidden"},
	             {"{\"credit\":10,\"name\":\"X\"}", "credit", "field_forbidden"},
	             {"{\"weight\":\"3\",\"name\":\"X\"}", "weight", "field_forbidden"},
	             {"{\"age\":30,\"name\":\"X\"}", "age", "unknown_field"},
	             {"{\"secret\":\"x\",\"name\":\"X\"}", "secret", "unknown_field"}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_not_equal(change(&world, "client", id, cases[i].json, 0, 0), OK);
		assert_fault(&world, cases[i].field, cases[i].key);
		assert_string_equal(record_text(must_load(&world, "client", id), "name"), "W");
	}
	/* the program may set a hidden field, the actor not */
	const struct entity_info *client = registry_find(world.registry, "client");
	assert_int_equal(entity_field_right(world.ctx.actor, client, secret), RIGHT_HIDDEN);
	/* creation */
	assert_int_equal(make(&world, "client", "{\"name\":\"N\",\"phone\":\"13900139000\"}", 0, NULL), ERR_FORBIDDEN);
	assert_fault(&world, "phone", "field_forbidden");
	assert_int_equal(make(&world, "client", "{\"name\":\"N\",\"kept\":5}", 0, NULL), ERR_INVALID);
	assert_fault(&world, "kept", "readonly");
	assert_int_equal(make(&world, "client", "{\"name\":\"N\",\"id\":\"5\",\"created_at\":\"2020-01-01\"}", 0, NULL), ERR_INVALID);
	assert_fault(&world, "id", "readonly");
	assert_fault(&world, "created_at", "readonly");
	assert_int_equal(make(&world, "client", "{\"name\":\"N\",\"phone\":null,\"id\":null}", 0, NULL), OK);
	/* whoever makes a record says when only as an administrator */
	assert_int_equal(make(&world, "client", "{\"name\":\"N\",\"created_at\":\"2020-01-01\"}", W_KEEP_DATES, &id), ERR_INVALID);
	assert_fault(&world, "created_at", "readonly");
	world.actor.caps |= CAP_ADMIN;
	assert_int_equal(make(&world, "client", "{\"name\":\"N\",\"created_at\":\"2020-01-01\"}", W_KEEP_DATES, &id), OK);
	assert_true(record_i64(must_load(&world, "client", id), "created_at") == 1577836800000);
	assert_int_equal(make(&world, "client", "{\"name\":\"N\",\"id\":\"5\"}", W_TRUSTED, &id), OK);
	assert_int_equal(id, 5);
	assert_int_equal(make(&world, "client", "{\"name\":\"N\",\"id\":\"5\"}", W_TRUSTED, &id), ERR_CONFLICT);
	assert_fault(&world, "id", "unique");
}

/* --- bulk ---------------------------------------------------------------------------------------- */

struct bulk {
	int64_t deal, product;
	size_t n, used;
};

/* Memory is the caller's to take back after each record. */
static enum err bulk_job(struct ctx *ctx, void *arg)
{
	struct bulk *bulk = arg;
	const struct entity_info *info = registry_find(ctx->registry, "deal_line");
	for (size_t i = 0; i < bulk->n; i++) {
		struct arena_mark mark = arena_mark(ctx->arena);
		struct record *record;
		enum err err = record_new(ctx, info, &record);
		if (!err)
			err = record_set(ctx, record, "deal_id", value_int(bulk->deal));
		if (!err)
			err = record_set(ctx, record, "product_id", value_int(bulk->product));
		if (!err)
			err = record_set(ctx, record, "quantity", value_int(3000));
		if (!err)
			err = record_set(ctx, record, "sku", value_text("85123A"));
		if (!err)
			err = record_set(ctx, record, "name", value_text("WHITE HANGING HEART T-LIGHT HOLDER"));
		if (!err)
			err = record_set(ctx, record, "unit_price", value_int(25500));
		if (!err)
			err = record_set(ctx, record, "total", value_int(76500));
		if (!err)
			err = record_create(ctx, record, W_TRUSTED);
		if (err)
			return err;
		bulk->used = ctx->arena->used - mark.used;
		arena_rewind(ctx->arena, mark);
	}
	return OK;
}

static void bulk_rows(void **state)
{
	(void)state;
	int64_t client = must_make(&world, "client", "{\"name\":\"Bulk\"}");
	struct bulk bulk = {.n = 2000};
	bulk.deal = must_make(&world, "deal", fmt("{\"title\":\"d\",\"client_id\":\"%lld\"}", client));
	bulk.product = make_named("product", "Heart");
	faults_clear(&world.ctx);
	size_t before = world.ctx.arena->used;
	assert_int_equal(store_write(&world.ctx, world.store, bulk_job, &bulk), OK);
	assert_true(world.ctx.arena->used - before < 64 * 1024); /* flat */
	assert_true(bulk.used < 16 * 1024);
	assert_int_equal(count_rows(&world, fmt("SELECT count(*) FROM deal_line WHERE deal_id = %lld", bulk.deal)), 2000);
	bulk.n = 1;
	bulk.product = 4711;
	assert_int_equal(store_write(&world.ctx, world.store, bulk_job, &bulk), ERR_INVALID);
	assert_fault(&world, "product_id", "link_not_found");
}

/* --- schema ---------------------------------------------------------------------------------------- */

static const char *columns_of(const char *table)
{
	if (db_engine(world.db) == ENGINE_SQLITE)
		return arena_printf(&world.arena, "SELECT name AS column_name, (\"notnull\" = 1 OR pk = 1) AS not_null FROM pragma_table_info('%s')", table);
	return arena_printf(&world.arena,
	                    "SELECT column_name, CASE is_nullable WHEN 'NO' THEN 1 ELSE 0 END AS not_null FROM information_schema.columns "
	                    "WHERE table_schema = current_schema() AND table_name = '%s'", table);
}

/* The tables have the columns of the descriptors, all of them and no others. */
static void schema_is_descriptors(void **state)
{
	(void)state;
	for (size_t i = 0; i < registry_count(world.registry); i++) {
		const struct entity_info *info = registry_at(world.registry, i);
		int64_t columns = 0;
		for (size_t at = 0; at < info->n_fields; at++) {
			const struct field *field = info->fields[at];
			if (field->type == FIELD_LINKS) {
				assert_int_equal(count_rows(&world, arena_printf(&world.arena, "SELECT count(*) FROM \"%s_%s\" WHERE record_id = 0 AND link_id = 0",
				                                                 info->entity->name, field->name)), 0);
				continue;
			}
			columns++;
			int not_null = at == SF_ID || (field->flags & F_REQUIRED) != 0;
			const char *sql = arena_printf(&world.arena, "SELECT count(*) FROM (%s) c WHERE column_name = '%s' AND not_null = %d",
			                               columns_of(info->entity->name), field->name, not_null);
			if (count_rows(&world, sql) != 1)
				test_fail("%s.%s is not in the table as described", info->entity->name, field->name);
		}
		assert_int_equal(count_rows(&world, arena_printf(&world.arena, "SELECT count(*) FROM (%s) c", columns_of(info->entity->name))), columns);
	}
}

static enum err age_schema(struct ctx *ctx, void *arg)
{
	(void)arg;
	return db_exec(ctx, ctx->db, "DROP INDEX client_kind_age_idx; DROP INDEX deal_client_id_idx; ALTER TABLE client DROP COLUMN kind; "
	                             "ALTER TABLE client DROP COLUMN active; ALTER TABLE client DROP COLUMN seen_at; DROP TABLE client_labels; DROP TABLE memo");
}

static enum err catch_up(struct ctx *ctx, void *arg)
{
	(void)arg;
	return registry_upgrade(ctx, ctx->registry);
}

static const char *indexes(void)
{
	bool lite = db_engine(world.db) == ENGINE_SQLITE;
	return lite ? "SELECT count(*) FROM sqlite_master WHERE type = 'index' AND name NOT LIKE 'sqlite%'"
	            : "SELECT count(*) FROM pg_indexes WHERE schemaname = current_schema()";
}

/* The last: what a newer program has more than the database is added, and what stands there stays. */
static void an_older_schema_catches_up(void **state)
{
	int64_t before = count_rows(&world, indexes());
	int64_t id = must_make(&world, "client", "{\"name\":\"Old\",\"age\":77}");
	assert_int_equal(store_write(&world.ctx, world.store, catch_up, NULL), OK); /* nothing to do */
	assert_int_equal(store_write(&world.ctx, world.store, age_schema, NULL), OK);
	assert_int_equal(registry_check_schema(&world.ctx, world.registry), ERR_CONFLICT);
	assert_fault(&world, "", "schema_lacks");
	faults_clear(&world.ctx);
	for (int times = 0; times < 2; times++)
		assert_int_equal(store_write(&world.ctx, world.store, catch_up, NULL), OK);
	assert_int_equal(registry_check_schema(&world.ctx, world.registry), OK);
	schema_is_descriptors(state);
	assert_int_equal(count_rows(&world, indexes()), before);
	assert_int_equal(count_rows(&world, fmt("SELECT count(*) FROM client WHERE id = %lld AND age = 77 AND kind = 'person' AND active = 1 AND seen_at IS NULL", id)), 1);
	/* links are links again */
	int64_t label = must_make(&world, "label", "{\"name\":\"after\"}");
	(void)must_make(&world, "client", fmt("{\"name\":\"New\",\"labels\":[\"%lld\"]}", label));
	(void)must_make(&world, "memo", fmt("{\"text\":\"x\",\"client_id\":\"%lld\"}", id));
	assert_int_equal(count_rows(&world, "SELECT count(*) FROM client_labels"), 1);
	if (db_engine(world.db) == ENGINE_POSTGRES)
		assert_int_equal(count_rows(&world, "SELECT count(*) FROM information_schema.table_constraints WHERE table_schema = current_schema() "
		                                    "AND constraint_type = 'FOREIGN KEY' AND table_name IN ('memo', 'client_labels')"), 4);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test_setup(round_trip, begin),           cmocka_unit_test_setup(defaults, begin),
	cmocka_unit_test_setup(all_faults_together, begin),  cmocka_unit_test_setup(updates, begin),
	cmocka_unit_test_setup(money, begin),                cmocka_unit_test_setup(log_of_creation, begin),
	cmocka_unit_test_setup(texts_are_read, begin),
	cmocka_unit_test_setup(rows_within_scope, begin),    cmocka_unit_test_setup(creating_within_scope, begin),
	cmocka_unit_test_setup(moving, begin),               cmocka_unit_test_setup(fields_within_rights, begin),
	cmocka_unit_test_setup(bulk_rows, begin),            cmocka_unit_test_setup(schema_is_descriptors, begin),
	cmocka_unit_test_setup(an_older_schema_catches_up, begin),
};

int main(void)
{
	int failed = cmocka_run_group_tests_name("records on SQLite", tests, setup_lite, teardown);
	if (getenv("GUANXI_TEST_PG"))
		failed += cmocka_run_group_tests_name("records on PostgreSQL", tests, setup_pg, teardown);
	else
		print_message("# PostgreSQL is left out: GUANXI_TEST_PG is not set\n");
	return failed;
}
