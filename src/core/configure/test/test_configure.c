/* Feature models: published counts, small models by trying everything, and what is refused. */
#include "base/test/check.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/configure/configure.h"

static struct arena arena;
static struct ctx ctx;
static struct configure_model model;
static struct configure_facts facts;

static int begin(void **state)
{
	(void)state;
	arena_init(&arena, (size_t)1 << 30);
	ctx_init(&ctx, &arena, clock_system());
	configure_model_init(&ctx, &model);
	return 0;
}

static int end(void **state)
{
	(void)state;
	configure_model_free(&model);
	arena_release(&arena);
	return 0;
}

static void again(void)
{
	configure_model_free(&model);
	arena_reset(&arena);
	faults_clear(&ctx);
	configure_model_init(&ctx, &model);
}

/* --- published counts ---------------------------------------------------------- */

static const char *shared(const char *name)
{
	static char path[600];
	const char *folder = getenv("GUANXI_SHARED_DATA");
	(void)snprintf(path, sizeof(path), "%s/feature_models/%s", folder != NULL ? folder : "../shared/data", name);
	return path;
}

static bool slurp(const char *path, struct buf *ret)
{
	FILE *file = fopen(path, "rb");
	char *room;
	if (file == NULL)
		return false;
	while ((room = buf_reserve(ret, 65536)) != NULL) {
		size_t n = fread(room, 1, 65536, file);
		ret->len += n;
		if (n == 0)
			break;
	}
	(void)fclose(file);
	return room != NULL;
}

static void check_file(const char *name, bool uvl, size_t features, size_t core, size_t dead, size_t false_optional)
{
	char rest[300];
	struct buf text;
	size_t n = 0;
	for (const char *p = name; *p != '\0' && n < 250; p++) { /* "/" became "__" */
		rest[n++] = *p == '/' ? '_' : *p;
		if (*p == '/')
			rest[n++] = '_';
	}
	rest[n] = '\0';
	again();
	buf_init(&text, CONFIGURE_BYTES_MAX);
	const char *path = shared(arena_printf(&arena, "%s/%s.%s", uvl ? "uvl" : "dimacs", rest, uvl ? "uvl" : "dimacs"));
	if (slurp(path, &text)) {
		enum err err = uvl ? configure_read_uvl(&ctx, buf_text(&text), text.len, &model) : configure_read_dimacs(&ctx, buf_text(&text), text.len, &model);
		if (err != OK)
			print_error("%s: %s %s\n", path, ctx.faults.list[0].field, ctx.faults.list[0].key);
		assert_int_equal(err, OK);
		assert_int_equal(configure_check(&ctx, &model, &facts), OK);
		assert_int_equal(model.n, features);
		assert_false(facts.is_void);
		assert_int_equal(facts.n_core, core);
		assert_int_equal(facts.n_dead, dead);
		assert_int_equal(model.n_not_read, 0);
		if (uvl)
			assert_int_equal(facts.n_false_optional, false_optional);
	}
	buf_release(&text);
}

static void test_published(void **state)
{
	(void)state;
	char line[600];
	size_t rows = 0;
	FILE *file = fopen(shared("statistics.tsv"), "r");
	if (file == NULL)
		skip();
	while (fgets(line, sizeof(line), file) != NULL) {
		unsigned long n[15]; /* features, leaves, top, constraints, depth, alternatives, ors, clauses, literals, void, core, dead, optional, false optional */
		char *p = strchr(line, '\t');
		if (line[0] == '#' || p == NULL)
			continue;
		*p++ = '\0';
		for (int i = 0; i < 15; i++)
			n[i] = strtoul(p, &p, 10);
		check_file(line, true, n[0], n[10], n[11], n[13]);
		assert_int_equal(model.constraints, n[3]);
		check_file(line, false, n[0], n[10], n[11], n[13]);
		rows++;
	}
	(void)fclose(file);
	assert_true(rows >= 4);
}

/* --- small models ---------------------------------------------------------------- */

static void read(const char *uvl)
{
	again();
	enum err err = configure_read_uvl(&ctx, uvl, strlen(uvl), &model);
	if (err != OK)
		print_error("%s\n%s: %s %s\n", uvl, ctx.faults.list[0].field, ctx.faults.list[0].key, ctx.faults.list[0].arg);
	assert_int_equal(err, OK);
	assert_int_equal(configure_check(&ctx, &model, &facts), OK);
}

static void is(const char *which, const bool *list, const char *want)
{
	struct buf names;
	buf_init(&names, 4096);
	for (size_t i = 0; i < model.n; i++) {
		if (list[i])
			buf_printf(&names, "%s%s", names.len > 0 ? " " : "", model.features[i].name);
	}
	if (!str_equal(buf_text(&names), want))
		print_error("%s: %s, not %s\n", which, buf_text(&names), want);
	assert_string_equal(buf_text(&names), want);
	buf_release(&names);
}

#define TREE(group, rest) "features\n\tr\n\t\t" group "\n\t\t\ta\n\t\t\tb\n\t\t\tc\n\t\t\td\n" rest

static void test_groups(void **state)
{
	(void)state;
	read(TREE("mandatory", ""));
	is("core", facts.core, "r a b c d");
	read(TREE("optional", "constraints\n\ta & !b\n\tc <=> a\n\td => b\n"));
	is("core", facts.core, "r a c");
	is("dead", facts.dead, "b d");
	is("false optional", facts.false_optional, "a c");
	read(TREE("or", "constraints\n\t!(a | b | c)\n"));
	is("core", facts.core, "r d");
	is("dead", facts.dead, "a b c");
	read(TREE("alternative", "constraints\n\tb\n"));
	is("core", facts.core, "r b");
	is("dead", facts.dead, "a c d");
	read(TREE("[2..3]", "constraints\n\t!a\n\t!b\n"));
	is("core", facts.core, "r c d");
	read(TREE("[2]", "constraints\n\ta\n\tb\n"));
	is("dead", facts.dead, "c d");
	read(TREE("[0..2]", "constraints\n\ta\n\tb\n"));
	is("dead", facts.dead, "c d");
	read(TREE("[3..*]", "constraints\n\t!a\n"));
	is("core", facts.core, "r b c d");
	read(TREE("[4..*]", ""));
	is("core", facts.core, "r a b c d");
	is("false optional", facts.false_optional, "");
	read(TREE("[5..9]", ""));
	assert_true(facts.is_void);
	is("dead", facts.dead, "r a b c d");
	read(TREE("optional", "constraints\n\ta\n\t!a\n"));
	assert_true(facts.is_void);
}

/* Whether one assignment satisfies all clauses, the helping variables free: asked by unit clauses. */
static bool allowed(const struct configure_model *m, unsigned bits, size_t n)
{
	struct configure_model one = *m;
	struct configure_facts f;
	configure_cnf_init(&one.cnf, &arena);
	one.cnf.vars = m->cnf.vars;
	for (size_t i = 0; i < m->cnf.n;) {
		size_t k = i;
		while (m->cnf.lits[k] != 0)
			k++;
		configure_cnf_clause(&one.cnf, m->cnf.lits + i, k - i);
		i = k + 1;
	}
	for (size_t i = 0; i < n; i++)
		configure_cnf_clause(&one.cnf, (int[]){(bits >> i & 1) != 0 ? m->features[i].var : -m->features[i].var}, 1);
	one.tree = false;
	assert_int_equal(configure_check(&ctx, &one, &f), OK);
	return !f.is_void;
}

/* Counting by clauses says what counting says, for every number and every choice. */
static void test_counting(void **state)
{
	(void)state;
	enum { N = 8 };
	for (int k = 0; k <= N + 1; k++) {
		for (int most = 0; most < 2; most++) {
			int lits[N];
			again();
			for (int i = 0; i < N; i++) {
				lits[i] = configure_cnf_var(&model.cnf);
				model.features = i == 0 ? arena_array(&arena, N, sizeof(*model.features)) : model.features;
				model.features[i] = (struct configure_feature){.name = "x", .var = lits[i]};
			}
			model.n = N;
			(most ? configure_cnf_at_most : configure_cnf_at_least)(&model.cnf, lits, N, (size_t)k, 0);
			for (unsigned bits = 0; bits < 1U << N; bits += 1 + bits % 3) {
				int count = __builtin_popcount(bits);
				assert_int_equal(allowed(&model, bits, N), most ? count <= k : count >= k);
			}
		}
	}
}

static void test_operators(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		unsigned truth; /* bit 4a + 2b + c */
	} cases[] = {
		{"a => b", 0xCF}, {"a <=> b", 0xC3}, {"a & b | c", 0xEA}, {"a | b & c", 0xF8}, {"!a | b => c", 0xBA}, {"!(a & b)", 0x3F}, {"!!a", 0xF0},
		{"a => b => c", 0xBA /* from left to right, as the grammar has it */}, {"(a <=> b) <=> c", 0x96}, {"!(a <=> (b & !c))", 0xB4}, {"a & true", 0xF0}, {"a | false", 0xF0},
		{"!(a => b) | c", 0xBA}, {"(((a)))", 0xF0}, {"a && b || c", 0xEA},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[200]; /* the arena is emptied before it is read */
		(void)snprintf(text, sizeof(text), "features\n r\n  optional\n   a\n   b\n   c\nconstraints\n %s\n", cases[i].text);
		read(text);
		for (unsigned abc = 0; abc < 8; abc++) {
			unsigned bits = 1 | (abc >> 2 & 1) << 1 | (abc >> 1 & 1) << 2 | (abc & 1) << 3;
			bool want = (cases[i].truth >> abc & 1) != 0;
			if (allowed(&model, bits, 4) != want)
				print_error("%s: a b c = %u\n", cases[i].text, abc);
			assert_int_equal(allowed(&model, bits, 4), want);
		}
	}
}

static void test_forms(void **state)
{
	(void)state;
	read("// a remark\nnamespace \"my shop\".x\n\ninclude\n\tBoolean.group-cardinality\n\tArithmetic.*\nimports\n\tsub.model as sm\nfeatures\n"
	     "    \"Big Shop\" {abstract, price 12.5, name 'it''s', ok true, list [1, 2, 'x'], inner {a 1, b {c 2}}}\n"
	     "        mandatory\n            Integer weight {constraint a => b}\n            String \"the, name\"\n            /* more\n"
	     "               of it */\n        optional\n            a cardinality [1..4] {constraints [b => a, !a | b]}\n            b\n\n        [0..1]\n            c\n"
	     "constraints\n    \"Big Shop\" => weight\n    sum(price) <= 100 & a\n    weight * 2 + 1 > -3\n    sm.Root | a\n    weight == 'x'\n");
	assert_int_equal(model.n, 6);
	is("core", facts.core, "Big Shop weight the, name");
	/* one import, one cardinality, four constraints, numbers and texts */
	assert_int_equal(model.n_not_read, 7);
	assert_non_null(strstr(buf_text(&model.not_read), "sm.Root"));
	/* a dimacs without names, with a remark, a helping variable with and without a name */
	again();
	const char *plain = "c made by hand\np cnf 3 2\n1 -2\n0 2 3 0\n";
	assert_int_equal(configure_read_dimacs(&ctx, plain, strlen(plain), &model), OK);
	assert_int_equal(model.n, 3);
	again();
	const char *named = "c 2026 made by hand\r\nc 3 red door\r\nc 1 shop\r\np cnf 4 3\r\n1 0 -4 0 4 3 0\r\n%\r\n0\r\n";
	assert_int_equal(configure_read_dimacs(&ctx, named, strlen(named), &model), OK);
	assert_int_equal(configure_check(&ctx, &model, &facts), OK);
	is("core", facts.core, "red door shop");
}

/* --- what is refused ------------------------------------------------------------ */

static void test_refused(void **state)
{
	(void)state;
	static const struct {
		const char *text, *where, *key;
		bool dimacs;
	} bad[] = {
		{"", "line 1", "configure_uvl_empty", false},
		{"features\n", "line 2", "configure_uvl_unexpected", false},
		{"features\n\ta\n\tb\n", "line 3", "configure_uvl_roots", false},
		{"features\n\ta\nfeatures\n\tb\n", "line 4", "configure_uvl_roots", false},
		{"features\n\ta\n\t\toptional\n\t\t\ta\n", "line 4", "configure_uvl_twice", false},
		{"features\n\ta\n\t\tperhaps\n\t\t\tb\n", "line 3", "configure_uvl_unexpected", false},
		{"features\n\ta\n\t\toptional\n", "line 4", "configure_uvl_unexpected", false},
		{"features\n\ta\n\t\t[3..2]\n\t\t\tb\n", "line 3", "configure_uvl_cardinality", false},
		{"features\n\ta {x 1\n", "line 3", "configure_uvl_unexpected", false},
		{"features\n\ta {x ]}\n", "line 2", "configure_uvl_unexpected", false},
		{"features\n\ta\nconstraints\n\ta &\n", "line 4", "configure_uvl_unexpected", false},
		{"features\n\ta\nconstraints\n\t(a\n", "line 5", "configure_uvl_unexpected", false},
		{"features\n\ta\nconstraints\n\ta ^ a\n", "line 4", "configure_uvl_sign", false},
		{"features\n\t\"a\n", "line 2", "configure_uvl_quote", false},
		{"features /* \n\n", "line 1", "configure_uvl_comment", false},
		{"\xff", "line 1", "configure_utf8", false},
		{"1 2 0", "line 1", "configure_dimacs_head", true},
		{"", "line 1", "configure_dimacs_head", true},
		{"p cnf 2\n", "line 1", "configure_dimacs_head", true},
		{"p cnf 2 1\np cnf 2 1\n", "line 2", "configure_dimacs_head", true},
		{"p cnf 2 1\n1 3 0\n", "line 2", "configure_dimacs_literal", true},
		{"p cnf 2 1\n1 x 0\n", "line 2", "configure_dimacs_literal", true},
		{"p cnf 2 1\n1 2\n", "line 3", "configure_dimacs_end", true},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		again();
		enum err err = bad[i].dimacs ? configure_read_dimacs(&ctx, bad[i].text, strlen(bad[i].text), &model)
		                             : configure_read_uvl(&ctx, bad[i].text, strlen(bad[i].text), &model);
		if (err == OK || !str_equal(ctx.faults.list[0].key, bad[i].key) || !str_equal(ctx.faults.list[0].field, bad[i].where))
			print_error("%s: %s %s\n", bad[i].text, err == OK ? "" : ctx.faults.list[0].field, err == OK ? "read" : ctx.faults.list[0].key);
		assert_int_equal(err, ERR_INVALID);
		assert_string_equal(ctx.faults.list[0].key, bad[i].key);
		assert_string_equal(ctx.faults.list[0].field, bad[i].where);
	}
}

/* However deep or long, it is read or refused. */
static void test_large(void **state)
{
	(void)state;
	struct buf text;
	buf_init(&text, CONFIGURE_BYTES_MAX);
	buf_puts(&text, "features\n\ta\nconstraints\n\t");
	for (int i = 0; i < 100000; i++)
		buf_putc(&text, '(');
	again();
	assert_int_equal(configure_read_uvl(&ctx, buf_text(&text), text.len, &model), ERR_INVALID);
	assert_string_equal(ctx.faults.list[0].key, "configure_deep");
	buf_reset(&text);
	buf_puts(&text, "features\n\ta\nconstraints\n\ta");
	for (int i = 0; i < 100000; i++)
		buf_puts(&text, i % 2 == 0 ? " & !!a" : " & (a | a)");
	buf_puts(&text, "\n\ta");
	for (int i = 0; i < 100000; i++)
		buf_puts(&text, " | !a");
	again();
	assert_int_equal(configure_read_uvl(&ctx, buf_text(&text), text.len, &model), OK);
	buf_puts(&text, "\n\ta");
	for (int i = 0; i < 1000; i++)
		buf_puts(&text, " => a");
	again();
	assert_int_equal(configure_read_uvl(&ctx, buf_text(&text), text.len, &model), ERR_INVALID);
	assert_string_equal(ctx.faults.list[0].key, "configure_deep");
	buf_reset(&text);
	buf_puts(&text, "features\n");
	for (int i = 0; i < 1000; i++) {
		for (int k = 0; k <= 2 * i; k++)
			buf_putc(&text, ' ');
		buf_printf(&text, "f%d\n", i);
		for (int k = 0; k <= 2 * i + 1; k++)
			buf_putc(&text, ' ');
		buf_puts(&text, "or\n");
	}
	again();
	assert_int_equal(configure_read_uvl(&ctx, buf_text(&text), text.len, &model), ERR_INVALID);
	assert_string_equal(ctx.faults.list[0].key, "configure_deep");
	buf_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_published, begin, end), cmocka_unit_test_setup_teardown(test_groups, begin, end),
		cmocka_unit_test_setup_teardown(test_counting, begin, end),  cmocka_unit_test_setup_teardown(test_operators, begin, end),
		cmocka_unit_test_setup_teardown(test_forms, begin, end),     cmocka_unit_test_setup_teardown(test_refused, begin, end),
		cmocka_unit_test_setup_teardown(test_large, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
