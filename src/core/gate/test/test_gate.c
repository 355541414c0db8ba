#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/gate/gate.h"

enum { ME = 7, OTHER = 8, MY_TEAM = 20, SUB_TEAM = 21, FAR_TEAM = 22, MY_BRANCH = 30, FAR_BRANCH = 31 };

static const int64_t teams[] = {MY_TEAM, SUB_TEAM};
static const uint8_t fields[] = {RIGHT_HIDDEN, RIGHT_MASKED, RIGHT_READ, RIGHT_WRITE, 9};
static const struct entity_rights rights[] = {
	{.scope = {SCOPE_ALL, SCOPE_OWN, SCOPE_TEAM, SCOPE_NONE, SCOPE_BRANCH, 77}},
	{.scope = {SCOPE_OWN}, .fields = fields},
};
static const struct actor me = {
	.kind = ACTOR_USER, .user_id = ME, .team_id = MY_TEAM, .branch_id = MY_BRANCH, .teams = teams, .n_teams = 2,
	.caps = CAP_BULK | CAP_ASSIGN, .rights = rights, .n_rights = 2,
};
/* Has no team and no branch: the row's 0 must never match the actor's 0. */
static const struct actor nowhere = {.kind = ACTOR_USER, .user_id = ME, .rights = rights, .n_rights = 2};
static const struct actor nobody_id = {.kind = ACTOR_PORTAL, .rights = rights, .n_rights = 2};

static const int64_t owners[] = {0, ME, OTHER};
static const int64_t row_teams[] = {0, MY_TEAM, SUB_TEAM, FAR_TEAM};
static const int64_t branches[] = {0, MY_BRANCH, FAR_BRANCH};

/* The rule said again in another way, to compare with. */
static bool expected(enum scope scope, int64_t owner, int64_t team, int64_t branch)
{
	unsigned reach = 0; /* narrowest scope that reaches the row; 9: only all */
	if (owner == ME)
		reach = SCOPE_OWN;
	else if (team == MY_TEAM || team == SUB_TEAM)
		reach = SCOPE_TEAM;
	else if (branch == MY_BRANCH)
		reach = SCOPE_BRANCH;
	else
		reach = SCOPE_ALL;
	return scope != SCOPE_NONE && (unsigned)scope >= reach;
}

static void every_scope_and_owner(void **state)
{
	(void)state;
	size_t seen = 0;
	for (int scope = SCOPE_NONE; scope <= SCOPE_ALL; scope++)
		for (size_t o = 0; o < 3; o++)
			for (size_t t = 0; t < 4; t++)
				for (size_t b = 0; b < 3; b++, seen++) {
					struct row_owner row = {owners[o], row_teams[t], branches[b]};
					bool got = gate_row(&me, (enum scope)scope, &row);
					if (got != expected((enum scope)scope, row.owner_id, row.team_id, row.branch_id))
						fail_msg("scope %d owner %d team %d branch %d: %d", scope, (int)row.owner_id,
						         (int)row.team_id, (int)row.branch_id, got);
					assert_false(gate_row(NULL, (enum scope)scope, &row));
				}
	assert_int_equal(seen, 5 * 3 * 4 * 3);
}

static void nobody_matches_nothing(void **state)
{
	(void)state;
	struct row_owner free_row = {0, 0, 0};
	for (int scope = SCOPE_NONE; scope < SCOPE_ALL; scope++) {
		assert_false(gate_row(&nowhere, (enum scope)scope, &free_row));
		assert_false(gate_row(&nobody_id, (enum scope)scope, &free_row));
		assert_false(gate_row(&me, (enum scope)scope, &free_row));
	}
	assert_true(gate_row(&nowhere, SCOPE_ALL, &free_row));
	/* a scope that is none */
	assert_false(gate_row(&me, (enum scope)42, &(struct row_owner){ME, MY_TEAM, MY_BRANCH}));
	/* own team counts even when the list of teams was not filled */
	struct actor lone = me;
	lone.teams = NULL;
	lone.n_teams = 0;
	assert_true(gate_row(&lone, SCOPE_TEAM, &(struct row_owner){OTHER, MY_TEAM, 0}));
	assert_false(gate_row(&lone, SCOPE_TEAM, &(struct row_owner){OTHER, SUB_TEAM, 0}));
}

static void scopes(void **state)
{
	(void)state;
	assert_int_equal(gate_scope(&me, 0, ACTION_READ), SCOPE_ALL);
	assert_int_equal(gate_scope(&me, 0, ACTION_CREATE), SCOPE_OWN);
	assert_int_equal(gate_scope(&me, 0, ACTION_UPDATE), SCOPE_TEAM);
	assert_int_equal(gate_scope(&me, 0, ACTION_DELETE), SCOPE_NONE);
	assert_int_equal(gate_scope(&me, 0, ACTION_EXPORT), SCOPE_BRANCH);
	assert_int_equal(gate_scope(&me, 0, ACTION_IMPORT), SCOPE_NONE); /* 77 is no scope */
	assert_int_equal(gate_scope(&me, 2, ACTION_READ), SCOPE_NONE);   /* beyond the table */
	assert_int_equal(gate_scope(&me, 0, ACTION_COUNT), SCOPE_NONE);
	assert_int_equal(gate_scope(NULL, 0, ACTION_READ), SCOPE_NONE);
	struct actor empty = {.kind = ACTOR_USER, .user_id = ME};
	assert_int_equal(gate_scope(&empty, 0, ACTION_READ), SCOPE_NONE);
	for (int action = 0; action < ACTION_COUNT; action++)
		assert_int_equal(gate_scope(gate_system(), 1000, (enum action)action), SCOPE_ALL);
	assert_int_equal(gate_scope(gate_system(), 0, ACTION_COUNT), SCOPE_NONE);
}

static void field_rights(void **state)
{
	(void)state;
	assert_int_equal(gate_field(&me, 0, 99), RIGHT_WRITE); /* no list: all */
	assert_int_equal(gate_field(&me, 1, 0), RIGHT_HIDDEN);
	assert_int_equal(gate_field(&me, 1, 1), RIGHT_MASKED);
	assert_int_equal(gate_field(&me, 1, 2), RIGHT_READ);
	assert_int_equal(gate_field(&me, 1, 3), RIGHT_WRITE);
	assert_int_equal(gate_field(&me, 1, 4), RIGHT_HIDDEN); /* 9 is no right */
	assert_int_equal(gate_field(&me, 5, 0), RIGHT_HIDDEN);
	/* a field of another entity: that entity's rights count */
	assert_int_equal(gate_field(&me, 0, gate_foreign_field(1, 1)), RIGHT_MASKED);
	assert_int_equal(gate_field(&me, 5, gate_foreign_field(1, 3)), RIGHT_WRITE);
	assert_int_equal(gate_field(&me, 1, gate_foreign_field(0, 0)), RIGHT_WRITE);
	assert_int_equal(gate_field(&me, 0, gate_foreign_field(2, 0)), RIGHT_HIDDEN);
	assert_int_equal(gate_field(NULL, 0, 0), RIGHT_HIDDEN);
	assert_int_equal(gate_field(gate_system(), 5, 500), RIGHT_WRITE);
}

static void capabilities(void **state)
{
	(void)state;
	assert_true(gate_cap(&me, CAP_BULK));
	assert_true(gate_cap(&me, CAP_ASSIGN));
	assert_false(gate_cap(&me, CAP_ADMIN));
	assert_false(gate_cap(&me, (enum capability)(CAP_BULK | CAP_ADMIN))); /* all of them */
	assert_false(gate_cap(&me, (enum capability)0));
	assert_false(gate_cap(NULL, CAP_BULK));
	for (unsigned bit = 1; bit <= CAP_TOKENS; bit <<= 1)
		assert_true(gate_cap(gate_system(), (enum capability)bit));
	assert_int_equal(gate_system()->kind, ACTOR_SYSTEM);
	assert_int_equal(gate_system()->user_id, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_scope_and_owner), cmocka_unit_test(nobody_matches_nothing),
		cmocka_unit_test(scopes), cmocka_unit_test(field_rights), cmocka_unit_test(capabilities),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
