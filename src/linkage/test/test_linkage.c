/* Linkage by values that are published, and on small tables. Whole public sets: tests/api/dedupe.test.mjs. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/text/text.h"
#include "linkage/linkage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct arena arena;
static struct ctx ctx;

static int begin(void **state)
{
	(void)state;
	arena_init(&arena, (size_t)1 << 30);
	ctx_init(&ctx, &arena, clock_system());
	return text_open(&ctx) == OK ? 0 : 1;
}

static int end(void **state)
{
	(void)state;
	text_close();
	arena_release(&arena);
	return 0;
}

static void near(double value, double wanted)
{
	assert_true(fabs(value - wanted) <= 6e-4);
}

/* Winkler (1990), and the examples of later papers. */
static void jaro_winkler(void **state)
{
	(void)state;
	near(linkage_jaro_winkler("MARTHA", "MARHTA"), 0.961);
	near(linkage_jaro_winkler("DIXON", "DICKSONX"), 0.813);
	near(linkage_jaro_winkler("DWAYNE", "DUANE"), 0.84);
	near(linkage_jaro_winkler("JONES", "JOHNSON"), 0.832);
	near(linkage_jaro_winkler("ABROMS", "ABRAMS"), 0.922);
	near(linkage_jaro_winkler("", ""), 1);
	near(linkage_jaro_winkler("", "a"), 0);
	near(linkage_jaro_winkler("张伟", "张伟"), 1);
	near(linkage_jaro_winkler("abc", "xyz"), 0);
}

static void edits(void **state)
{
	(void)state;
	assert_int_equal(linkage_edits("kitten", "sitting", 5), 3);
	assert_int_equal(linkage_edits("ab", "ba", 5), 1);
	assert_int_equal(linkage_edits("ca", "abc", 5), 3);
	assert_int_equal(linkage_edits("kitten", "sitting", 2), 3);
	assert_int_equal(linkage_edits("科技", "科枝", 2), 1);
	assert_int_equal(linkage_edits("", "", 2), 0);
}

enum { ROWS = 300 };

/* A table of ROWS persons, the last ten of whom repeat the first ten with a mistake in the name. */
struct table {
	char text[3][ROWS][24];
	const char *texts[3][ROWS];
	int32_t code[ROWS];
	struct linkage_column columns[3];
};

static void fill(struct table *t)
{
	static const char *const names[3] = {"name", "phone", "born"};
	for (int i = 0; i < ROWS; i++) {
		int of = i < ROWS - 10 ? i : i - (ROWS - 10);
		snprintf(t->text[0][i], sizeof(t->text[0][i]), "%c%c%c%s%c son", 'a' + of % 26, 'e' + of % 7, 'a' + of * 7 % 26, of == i ? "ber" : "bre", 'a' + of / 26);
		snprintf(t->text[1][i], sizeof(t->text[1][i]), "139%08d", (int)((int64_t)of * 7654321 % 100000000));
		snprintf(t->text[2][i], sizeof(t->text[2][i]), "19%02d-%02d-%02d", of % 90 + 10, of % 12 + 1, of * 5 % 28 + 1);
		t->code[i] = i;
		for (int c = 0; c < 3; c++)
			t->texts[c][i] = t->text[c][i];
	}
	for (int c = 0; c < 3; c++)
		t->columns[c] = (struct linkage_column){names[c], LINKAGE_GUESS, t->code, t->texts[c], ROWS};
}

static void finds_and_explains(void **state)
{
	static struct table t;
	struct linkage *l;
	size_t n, n_clusters;
	uint64_t left_out;
	struct linkage_reason reasons[3];
	double prior, sum;
	(void)state;
	fill(&t);
	struct linkage_input input = {.columns = t.columns, .n_columns = 3, .n_rows = ROWS, .n_first = ROWS};
	assert_int_equal(linkage_new(&ctx, &input, &l), OK);
	const struct linkage_pair *pairs = linkage_pairs(l, &n, &left_out);
	const uint32_t *cluster = linkage_clusters(l, &n_clusters);
	assert_int_equal(n, 10);
	assert_int_equal(left_out, 0);
	assert_int_equal(n_clusters, ROWS - 10);
	for (uint32_t i = 0; i < 10; i++) {
		assert_int_equal(pairs[i].a, i);
		assert_int_equal(pairs[i].b, ROWS - 10 + i);
		assert_int_equal(cluster[i], cluster[ROWS - 10 + i]);
	}
	double p = linkage_explain(l, 0, ROWS - 10, reasons, &prior);
	sum = prior + reasons[0].weight + reasons[1].weight + reasons[2].weight;
	near(p, 1 / (1 + exp2(-sum)));
	assert_int_equal(reasons[1].level, 6);
	assert_true(reasons[0].level < 6 && reasons[0].level > 2);
	assert_true(linkage_explain(l, 0, 1, reasons, &prior) < 0.01);
	linkage_free(l);
}

static bool stop_soon(void *arg, double done)
{
	int *calls = arg;
	assert_true(done >= 0 && done <= 1);
	return ++*calls < 3;
}

static void refuses_and_stops(void **state)
{
	static struct table t;
	struct linkage *l;
	int calls = 0;
	(void)state;
	fill(&t);
	struct linkage_input input = {.columns = t.columns, .n_columns = 3, .n_rows = 0, .n_first = 0};
	assert_int_equal(linkage_new(&ctx, &input, &l), ERR_INVALID);
	assert_string_equal(ctx.faults.list[0].key, "linkage_no_rows");
	faults_clear(&ctx);
	input.n_rows = input.n_first = ROWS;
	input.progress = stop_soon;
	input.arg = &calls;
	assert_int_equal(linkage_new(&ctx, &input, &l), ERR_LIMIT);
	assert_string_equal(ctx.faults.list[0].key, "linkage_cancelled");
	assert_null(l);
	faults_clear(&ctx);
	input.progress = NULL;
	for (int c = 0; c < 3; c++)
		t.columns[c].kind = LINKAGE_IGNORE;
	assert_int_equal(linkage_new(&ctx, &input, &l), ERR_INVALID);
	assert_string_equal(ctx.faults.list[0].key, "linkage_no_columns");
	faults_clear(&ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jaro_winkler),
		cmocka_unit_test(edits),
		cmocka_unit_test(finds_and_explains),
		cmocka_unit_test(refuses_and_stops),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
