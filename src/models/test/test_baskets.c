/* Itemsets, rules and sequences: against counting by brute force, and by hand. Published counts on whole files: tests/api/model.test.mjs. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/test/read.h"

static struct ctx ctx;
static struct arena arena;

static int begin(void **state)
{
	(void)state;
	make_ctx(&ctx, &arena);
	return 0;
}

static int end(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

static uint32_t seed;

static uint32_t chance(void)
{
	seed = seed * 1664525 + 1013904223;
	return seed >> 8;
}

enum { ITEMS = 12, BASKETS = 700, SETS = 1 << ITEMS };

/* Baskets of up to 12 items as bits, some items frequent. */
static void make_baskets(uint32_t start, uint32_t *bits, int32_t *item, size_t *place)
{
	size_t n = 0;
	seed = start;
	for (int t = 0; t < BASKETS; t++) {
		bits[t] = 0;
		place[t] = n;
		for (int i = ITEMS - 1; i >= 0; i--) { /* not in order: that is the search's business */
			if (chance() % 100 < (uint32_t)(5 + 7 * i)) {
				bits[t] |= 1U << i;
				item[n++] = i;
			}
		}
	}
	place[BASKETS] = n;
}

static int brute_count(const uint32_t *bits, uint32_t set)
{
	int count = 0;
	for (int t = 0; t < BASKETS; t++)
		count += (bits[t] & set) == set;
	return count;
}

static void itemsets_by_brute_force(void **state)
{
	(void)state;
	static uint32_t bits[BASKETS];
	static int32_t item[BASKETS * ITEMS];
	static size_t place[BASKETS + 1];
	for (uint32_t start = 1; start <= 8; start++) {
		make_baskets(start, bits, item, place);
		struct model_baskets baskets = {item, place, BASKETS, ITEMS};
		const int64_t min = start * start * 3;
		struct model_itemsets sets;
		size_t wanted = 0, small = 0;
		for (uint32_t set = 1; set < SETS; set++) {
			bool frequent = brute_count(bits, set) >= min;
			wanted += frequent;
			small += frequent && __builtin_popcount(set) <= 2;
		}
		assert_int_equal(model_itemsets_new(&ctx, &baskets, min, 0, 100000, &sets), OK);
		assert_int_equal(sets.n, wanted);
		for (size_t i = 0; i < sets.n; i++) {
			int32_t items[ITEMS];
			uint32_t set = 0;
			size_t n = model_itemset_items(&sets, i, items);
			for (size_t k = 0; k < n; k++)
				set |= 1U << items[k];
			assert_int_equal(__builtin_popcount(set), n);
			assert_int_equal(sets.count[i], brute_count(bits, set));
		}
		model_itemsets_free(&sets);
		assert_int_equal(model_itemsets_new(&ctx, &baskets, min, 2, 100000, &sets), OK);
		assert_int_equal(sets.n, small);
		model_itemsets_free(&sets);
	}
}

/* R's fisher.test(matrix(c(3, 1, 1, 3), 2), alternative = "greater"): .2428571 (the lady tasting tea). */
static void rules_by_hand(void **state)
{
	(void)state;
	const int32_t item[] = {0, 1, 0, 1, 0, 1, 0, 1}; /* 3 together, one 0 alone, one 1 alone, 3 empty */
	const size_t place[] = {0, 2, 4, 6, 7, 8, 8, 8, 8};
	struct model_baskets baskets = {item, place, 8, 2};
	struct model_itemsets sets;
	struct model_rule *rules;
	size_t n;
	assert_int_equal(model_itemsets_new(&ctx, &baskets, 1, 0, 100, &sets), OK);
	assert_int_equal(sets.n, 3);
	assert_int_equal(model_rules(&ctx, &sets, 8, 0.5, 2, MODEL_ADJUST_BONFERRONI, &rules, &n), OK);
	assert_int_equal(n, 2);
	assert_near(rules[0].support, 0.375, 1e-15);
	assert_near(rules[0].confidence, 0.75, 1e-15);
	assert_near(rules[0].lift, 1.5, 1e-15);
	assert_near(rules[0].leverage, 0.125, 1e-15);
	assert_near(rules[0].conviction, 2, 1e-15);
	assert_near(rules[0].p, 17.0 / 70, 1e-12);
	assert_near(rules[0].p_adjusted, 34.0 / 70, 1e-12);
	assert_int_equal(model_rules(&ctx, &sets, 8, 0.76, 2, MODEL_ADJUST_NONE, &rules, &n), OK);
	assert_int_equal(n, 0);
	/* with nothing on the left: confidence is the item's support */
	assert_int_equal(model_rules(&ctx, &sets, 8, 0.5, 1, MODEL_ADJUST_NONE, &rules, &n), OK);
	assert_int_equal(n, 4);
	model_itemsets_free(&sets);
	/* always together: conviction without end */
	const size_t two[] = {0, 2, 4, 6, 6};
	assert_int_equal(model_itemsets_new(&ctx, &(struct model_baskets){item, two, 4, 2}, 1, 0, 100, &sets), OK);
	assert_int_equal(model_rules(&ctx, &sets, 4, 0.5, 2, MODEL_ADJUST_HOLM, &rules, &n), OK);
	assert_true(isinf(rules[0].conviction));
	assert_near(rules[0].p, 0.25, 1e-12);
	model_itemsets_free(&sets);
}

static void what_is_refused(void **state)
{
	(void)state;
	struct model_itemsets sets;
	struct model_patterns patterns;
	const size_t none[] = {0};
	assert_int_equal(model_itemsets_new(&ctx, &(struct model_baskets){NULL, none, 0, 0}, 1, 0, 100, &sets), ERR_INVALID);
	assert_string_equal(fault_of(&ctx), "model_no_baskets");
	int32_t item[30];
	const size_t one[] = {0, 30};
	for (int i = 0; i < 30; i++)
		item[i] = i;
	/* one basket of 30 items holds a billion sets */
	assert_int_equal(model_itemsets_new(&ctx, &(struct model_baskets){item, one, 1, 30}, 1, 0, 5000, &sets), ERR_LIMIT);
	assert_string_equal(fault_of(&ctx), "model_too_many_sets");
	assert_null(sets.item);
	const size_t element[] = {0, 30}, start[] = {0, 1};
	assert_int_equal(model_patterns_new(&ctx, &(struct model_sequences){item, element, start, 1, 30}, 1, 0, 5000, &patterns), ERR_LIMIT);
	assert_string_equal(fault_of(&ctx), "model_too_many_sets");
	assert_int_equal(model_patterns_new(&ctx, &(struct model_sequences){item, element, none, 0, 30}, 1, 0, 5000, &patterns), ERR_INVALID);
	assert_string_equal(fault_of(&ctx), "model_no_baskets");
}

/* --- sequences ------------------------------------------------------------- */

/* "a, ab, c" as the path of a pattern. */
static const char *pattern_text(const struct model_patterns *p, size_t at)
{
	static char text[64];
	int32_t path[16];
	size_t n = (size_t)p->size[at], len = 0;
	for (size_t i = n; i-- > 0; at = (size_t)p->parent[at])
		path[i] = (int32_t)at;
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && p->next[path[i]] != 0)
			text[len++] = ' ';
		text[len++] = (char)('a' + p->item[path[i]]);
	}
	text[len] = '\0';
	return text;
}

static int count_of(const struct model_patterns *p, const char *wanted)
{
	for (size_t i = 0; i < p->n; i++) {
		if (strcmp(pattern_text(p, i), wanted) == 0)
			return p->count[i];
	}
	return 0;
}

/* The example of Pei et al. (2001): <a(abc)(ac)d(cf)>, <(ad)c(bc)(ae)>, <(ef)(ab)(df)cb>, <eg(af)cbc>, minimum 2. */
static void sequences_as_published(void **state)
{
	(void)state;
	const char *const text[] = {"a abc ac d cf", "ad c bc ae", "ef ab df c b", "e g af c b c"};
	int32_t item[64];
	size_t element[64], start[5], items = 0, elements = 0;
	element[0] = 0;
	for (size_t s = 0; s < 4; s++) {
		start[s] = elements;
		for (const char *c = text[s];; c++) {
			if (*c == ' ' || *c == '\0')
				element[++elements] = items;
			else
				item[items++] = *c - 'a';
			if (*c == '\0')
				break;
		}
	}
	start[4] = elements;
	struct model_patterns p;
	assert_int_equal(model_patterns_new(&ctx, &(struct model_sequences){item, element, start, 4, 7}, 2, 0, 10000, &p), OK);
	assert_int_equal(p.n, 53);
	const struct {
		const char *pattern;
		int count;
	} wanted[] = {{"a", 4}, {"b", 4}, {"c", 4}, {"d", 3}, {"e", 3}, {"f", 3}, {"g", 0}, {"ab", 2}, {"a bc", 2}, {"a bc a", 2}, {"a c b", 3}, {"ab d c", 2},
	              {"ab f", 2}, {"d c b", 2}, {"e f c b", 2}, {"f b c", 2}, {"bc a", 2}, {"a a", 2}, {"ac", 0}};
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		assert_int_equal(count_of(&p, wanted[i].pattern), wanted[i].count);
	model_patterns_free(&p);
	/* <a(ab)>: b joins the second a only, not the first one found */
	const int32_t later[] = {0, 0, 1};
	const size_t two[] = {0, 1, 3}, only[] = {0, 2};
	assert_int_equal(model_patterns_new(&ctx, &(struct model_sequences){later, two, only, 1, 2}, 1, 0, 100, &p), OK);
	assert_int_equal(count_of(&p, "ab"), 1);
	assert_int_equal(count_of(&p, "a ab"), 1);
	assert_int_equal(p.n, 6);
	model_patterns_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(itemsets_by_brute_force, begin, end),
		cmocka_unit_test_setup_teardown(rules_by_hand, begin, end),
		cmocka_unit_test_setup_teardown(what_is_refused, begin, end),
		cmocka_unit_test_setup_teardown(sequences_as_published, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
