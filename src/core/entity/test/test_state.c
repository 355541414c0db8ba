/* The steps a state may take, on both engines: every pair of options, for everybody, against the table read another way. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "help.h"

static struct world world;
static int64_t ann, team, east;

#define fmt(text, id) arena_printf(&world.arena, text, (long long)(id))

static void furnish(void)
{
	ann = must_make(&world, "user", "{\"name\":\"Ann\"}");
	team = must_make(&world, "team", "{\"name\":\"One\"}");
	east = must_make(&world, "branch", "{\"name\":\"East\"}");
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

static int begin(void **state)
{
	(void)state;
	actor_as(&world, SCOPE_ALL, ann, team, east);
	faults_clear(&world.ctx);
	world.ctx.locale = LOCALE_EN;
	return 0;
}

static const char *const states[] = {"open", "working", "solved", "closed"};
enum { STATES = 4 };

/* The same table once more, in other words: what is asked of from → to. */
enum { NO = 0, YES = 1, OWNER = 2, ANSWER = 4, AUDIT = 8, WHY = 16 };
static const int asked[STATES][STATES] = {
	/* to:   open       working      solved        closed */
	{NO, YES | OWNER, YES | ANSWER, YES | AUDIT},
	{NO, NO, YES | ANSWER, YES | AUDIT},
	{YES | WHY, NO, NO, YES | AUDIT},
	{YES | WHY, NO, NO, NO},
};

static int64_t a_ticket(const char *state)
{
	const struct actor *before = world.ctx.actor;
	int64_t id;
	world.ctx.actor = gate_system();
	assert_int_equal(make(&world, "ticket", arena_printf(&world.arena, "{\"title\":\"t\",\"state\":\"%s\"}", state), W_TRUSTED, &id), OK);
	world.ctx.actor = before;
	return id;
}

/* One pair with one choice of what is given: done exactly when all that is asked is there. */
static void one_pair(int from, int to, int given)
{
	int64_t id = a_ticket(states[from]);
	const char *patch = arena_printf(&world.arena, "{\"state\":\"%s\"%s%s%s}", states[to], given & ANSWER ? ",\"answer\":\"so\"" : "",
	                                 given & WHY ? ",\"why\":\"because\"" : "", given & OWNER ? fmt(",\"owner_id\":\"%lld\"", ann) : "");
	world.actor.caps = given & AUDIT ? CAP_AUDIT : 0;
	bool may = from == to || ((asked[from][to] & YES) && !(asked[from][to] & ~YES & ~given));
	enum err err = change(&world, "ticket", id, patch, 0, 0);
	const char *now = record_text(must_load(&world, "ticket", id), "state");
	if ((err == OK) != may || !str_equal(now, states[may ? to : from]))
		test_fail("%s to %s, given %d: %d, now %s", states[from], states[to], given, err, now);
	if (may && from != to && !(asked[from][to] & WHY) && !(given & WHY))
		assert_null(record_text(must_load(&world, "ticket", id), "why"));
}

static void every_pair(void **state)
{
	(void)state;
	for (int from = 0; from < STATES; from++)
		for (int to = 0; to < STATES; to++)
			for (int given = 0; given < 32; given += 2) {
				one_pair(from, to, given);
				arena_reset(&world.arena);
				actor_as(&world, SCOPE_ALL, ann, team, east);
			}
}

static const char *words(const char *field)
{
	for (size_t i = 0; i < world.ctx.faults.count; i++)
		if (str_equal(world.ctx.faults.list[i].field, field))
			return world.ctx.faults.list[i].arg;
	return "";
}

static void refusals_name_what_is_possible(void **state)
{
	(void)state;
	int64_t id = a_ticket("solved");
	assert_int_equal(change(&world, "ticket", id, "{\"state\":\"working\"}", 0, 0), ERR_INVALID);
	assert_fault(&world, "state", "move_refused");
	assert_string_equal(words("state"), "Solved" FAULT_PART "In progress" FAULT_PART "Open it again");
	world.actor.caps = CAP_AUDIT;
	assert_int_equal(change(&world, "ticket", id, "{\"state\":null}", 0, 0), ERR_INVALID);
	assert_string_equal(words("state"), "Solved" FAULT_PART "–" FAULT_PART "Close, Open it again");
	world.actor.caps = 0;
	world.ctx.locale = LOCALE_ZH_HANS;
	assert_int_equal(change(&world, "ticket", id, "{\"state\":\"closed\"}", 0, 0), ERR_FORBIDDEN);
	assert_fault(&world, "state", "move_forbidden");
	assert_string_equal(words("state"), "已解决" FAULT_PART "已关闭" FAULT_PART "重新打开");
	world.ctx.locale = LOCALE_EN;
	assert_int_equal(change(&world, "ticket", id, "{\"state\":\"open\"}", 0, 0), ERR_INVALID);
	assert_fault(&world, "why", "move_reason");
	assert_int_equal(change(&world, "ticket", id, "{\"state\":\"open\",\"why\":\"  \"}", 0, 0), ERR_INVALID);
	assert_fault(&world, "why", "move_reason");
	/* both the reason and what is wrong elsewhere are told */
	assert_int_equal(change(&world, "ticket", id, "{\"state\":\"open\",\"title\":null}", 0, 0), ERR_INVALID);
	assert_fault(&world, "why", "move_reason");
	assert_fault(&world, "title", "required");
	/* where there is no right to the field there is no step */
	actor_field(&world, "ticket", "state", RIGHT_READ);
	assert_int_equal(change(&world, "ticket", id, "{\"state\":\"open\",\"why\":\"x\"}", 0, 0), ERR_FORBIDDEN);
	assert_fault(&world, "state", "field_forbidden");
}

static void reason_is_kept_until_the_next_step(void **state)
{
	(void)state;
	int64_t id = a_ticket("solved");
	assert_int_equal(change(&world, "ticket", id, "{\"state\":\"open\",\"why\":\"still broken\"}", 0, 0), OK);
	assert_string_equal(record_text(must_load(&world, "ticket", id), "why"), "still broken");
	assert_non_null(strstr(history(&world, "ticket", id).diff, "still broken"));
	assert_int_equal(change(&world, "ticket", id, "{\"title\":\"other\"}", 0, 0), OK);
	assert_string_equal(record_text(must_load(&world, "ticket", id), "why"), "still broken");
	assert_int_equal(change(&world, "ticket", id, "{\"state\":\"solved\",\"answer\":\"now\"}", 0, 0), OK);
	assert_null(record_text(must_load(&world, "ticket", id), "why"));
	/* the same reason a second time is a reason */
	assert_int_equal(change(&world, "ticket", id, "{\"state\":\"open\",\"why\":\"still broken\"}", 0, 0), OK);
}

static void beginnings(void **state)
{
	(void)state;
	int64_t id;
	assert_int_equal(make(&world, "ticket", "{\"title\":\"t\",\"state\":\"solved\"}", 0, &id), ERR_INVALID);
	assert_fault(&world, "state", "move_start");
	assert_string_equal(words("state"), "Solved" FAULT_PART "Open, In progress");
	assert_int_equal(make(&world, "ticket", "{\"title\":\"t\",\"state\":\"working\"}", 0, &id), OK);
	assert_int_equal(make(&world, "ticket", "{\"title\":\"t\"}", 0, &id), OK);
	assert_string_equal(record_text(must_load(&world, "ticket", id), "state"), "open");
	/* what had none begins, too */
	assert_int_equal(make(&world, "ticket", "{\"title\":\"t\",\"state\":null}", 0, &id), OK);
	assert_int_equal(change(&world, "ticket", id, "{\"state\":\"closed\"}", 0, 0), ERR_INVALID);
	assert_fault(&world, "state", "move_start");
	assert_int_equal(change(&world, "ticket", id, "{\"state\":\"open\"}", 0, 0), OK);
}

/* An import brings records as they were left, and need not say why; the way is the same. */
static void imports(void **state)
{
	(void)state;
	int64_t id;
	world.actor.kind = ACTOR_IMPORT;
	assert_int_equal(make(&world, "ticket", "{\"title\":\"t\",\"state\":\"solved\"}", 0, &id), OK);
	assert_int_equal(change(&world, "ticket", id, "{\"state\":\"working\"}", 0, 0), ERR_INVALID);
	assert_fault(&world, "state", "move_refused");
	assert_int_equal(change(&world, "ticket", id, "{\"state\":\"open\"}", 0, 0), OK);
	assert_int_equal(change(&world, "ticket", id, "{\"state\":\"solved\"}", 0, 0), ERR_INVALID);
	assert_fault(&world, "answer", "move_needs");
	assert_int_equal(change(&world, "ticket", id, "{\"state\":\"closed\"}", 0, 0), ERR_FORBIDDEN);
}

/* What was done is taken back by who may do it; the program itself is not asked. */
static void back_again(void **state)
{
	(void)state;
	int64_t id = a_ticket("working");
	assert_int_equal(change(&world, "ticket", id, "{\"state\":\"open\"}", 0, 0), ERR_INVALID);
	assert_int_equal(change(&world, "ticket", id, "{\"state\":\"open\"}", 0, W_BACK), OK);
	id = a_ticket("closed");
	assert_int_equal(change(&world, "ticket", id, "{\"state\":\"solved\"}", 0, W_BACK), ERR_FORBIDDEN);
	world.actor.caps = CAP_AUDIT;
	assert_int_equal(change(&world, "ticket", id, "{\"state\":\"solved\"}", 0, W_BACK), OK);
	assert_int_equal(change(&world, "ticket", id, "{\"state\":\"working\"}", 0, W_TRUSTED), OK);
}

#define it(name) cmocka_unit_test_setup(name, begin)
static const struct CMUnitTest tests[] = {
	it(every_pair), it(refusals_name_what_is_possible), it(reason_is_kept_until_the_next_step), it(beginnings), it(imports), it(back_again),
};

int main(void)
{
	int failed = cmocka_run_group_tests_name("states on SQLite", tests, setup_lite, teardown);
	if (getenv("GUANXI_TEST_PG"))
		failed += cmocka_run_group_tests_name("states on PostgreSQL", tests, setup_pg, teardown);
	else
		print_message("# PostgreSQL is left out: GUANXI_TEST_PG is not set\n");
	return failed;
}
