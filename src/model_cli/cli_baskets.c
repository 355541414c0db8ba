/* guanxi model rules, sequences: what goes together, and what comes next. */
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "model_cli/baskets.h"
#include "model_cli/model.h"

enum { SETS_MAX = 50000000, PATTERNS_MAX = 5000000 };

/* --support as a share, or --min-count; how many baskets that is. */
static enum err least_count(struct cli *cli, size_t n, int64_t *ret)
{
	double share, count;
	enum err err = sheet_option_number(cli, "support", 0.01, 0, 1, &share);
	if (err == OK)
		err = sheet_option_number(cli, "min-count", 0, 1, 2e9, &count);
	if (err != OK)
		return err;
	if (command_value(cli, "min-count") == NULL)
		count = ceil(share * (double)n - 1e-9);
	*ret = count < 1 ? 1 : (int64_t)count;
	return OK;
}

static void write_items(struct jsonw *w, const char *key, const struct model_itemsets *sets, int32_t set, const char *const *name, int32_t *room)
{
	jsonw_key(w, key);
	jsonw_array(w);
	size_t n = set >= 0 ? model_itemset_items(sets, (size_t)set, room) : 0;
	/* the most frequent first: so people name them */
	for (size_t i = n; i-- > 0;)
		jsonw_text(w, name[room[i]]);
	jsonw_end_array(w);
}

static void write_itemsets(struct jsonw *w, const struct model_itemsets *sets, const struct baskets *b, int min_items, int32_t *room)
{
	jsonw_key(w, "itemsets");
	jsonw_array(w);
	for (size_t i = 0; i < sets->n; i++) {
		if (sets->size[i] < min_items)
			continue;
		jsonw_object(w);
		write_items(w, "items", sets, (int32_t)i, b->name, room);
		jsonw_kv_int(w, "count", sets->count[i]);
		model_cli_number(w, "support", (double)sets->count[i] / (double)b->data.n);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
}

static void write_rules(struct jsonw *w, const struct model_itemsets *sets, const struct baskets *b, const struct model_rule *rules, size_t n, int32_t *room)
{
	jsonw_key(w, "rules");
	jsonw_array(w);
	for (size_t i = 0; i < n; i++) {
		const struct model_rule *r = &rules[i];
		jsonw_object(w);
		write_items(w, "antecedent", sets, r->antecedent, b->name, room);
		jsonw_key(w, "consequent");
		jsonw_array(w);
		jsonw_text(w, b->name[r->consequent]);
		jsonw_end_array(w);
		jsonw_kv_int(w, "count", sets->count[r->set]);
		model_cli_number(w, "support", r->support);
		model_cli_number(w, "confidence", r->confidence);
		model_cli_number(w, "lift", r->lift);
		model_cli_number(w, "leverage", r->leverage);
		model_cli_number(w, "conviction", r->conviction);
		model_cli_number(w, "p", r->p);
		model_cli_number(w, "p_adjusted", r->p_adjusted);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
}

static enum err adjustment(struct cli *cli, enum model_adjust *ret)
{
	static const char *const words[] = {"none", "bonferroni", "holm", "bh"};
	const char *said = command_value(cli, "adjust");
	*ret = MODEL_ADJUST_HOLM;
	for (int i = 0; said != NULL && i < 4; i++) {
		if (str_equal(said, words[i])) {
			*ret = (enum model_adjust)i;
			return OK;
		}
	}
	return said == NULL ? OK : fail_arg(cli->ctx, ERR_INVALID, "--adjust", "model_adjust", said);
}

struct asked {
	int64_t min_count;
	double confidence, min_items, max_items;
	enum model_adjust adjust;
	bool itemsets, rules;
};

static enum err read_asked(struct cli *cli, size_t n, struct asked *ret)
{
	enum err err = least_count(cli, n, &ret->min_count);
	ret->itemsets = command_value(cli, "itemsets") != NULL;
	ret->rules = !ret->itemsets || command_value(cli, "confidence") != NULL;
	if (err == OK)
		err = sheet_option_number(cli, "confidence", 0.5, 0, 1, &ret->confidence);
	if (err == OK)
		err = sheet_option_number(cli, "min-items", 0, 1, 1000, &ret->min_items);
	if (err == OK)
		err = sheet_option_number(cli, "max-items", 0, 1, 1000, &ret->max_items);
	return err == OK ? adjustment(cli, &ret->adjust) : err;
}

static enum err write_found(struct cli *cli, struct jsonw *w, const struct baskets *b, const struct asked *asked, const struct model_itemsets *sets)
{
	struct model_rule *rules = NULL;
	size_t n_rules = 0;
	int32_t *room = arena_array(cli->ctx->arena, (size_t)b->data.n_items + 1, sizeof(*room));
	enum err err = room != NULL ? OK : fail(cli->ctx, ERR_LIMIT, "", "memory");
	/* a rule says something of two items at least, unless one is asked for */
	int least = asked->min_items > 0 ? (int)asked->min_items : 2;
	if (err == OK && asked->rules)
		err = model_rules(cli->ctx, sets, b->data.n, asked->confidence, least, asked->adjust, &rules, &n_rules);
	if (err != OK)
		return err;
	jsonw_kv_text(w, "model", "rules");
	jsonw_kv_int(w, "baskets", (int64_t)b->data.n);
	jsonw_kv_int(w, "lines_blank", (int64_t)b->blank);
	jsonw_kv_int(w, "items", b->data.n_items);
	jsonw_kv_int(w, "items_in_baskets", (int64_t)b->data.start[b->data.n]);
	jsonw_kv_int(w, "min_count", asked->min_count);
	jsonw_kv_int(w, "itemset_count", (int64_t)sets->n);
	jsonw_kv_int(w, "rule_count", (int64_t)n_rules);
	if (asked->itemsets)
		write_itemsets(w, sets, b, asked->min_items > 0 ? (int)asked->min_items : 1, room);
	write_rules(w, sets, b, rules, n_rules, room);
	return OK;
}

static enum err rules(struct cli *cli, struct jsonw *w)
{
	struct baskets b;
	struct asked asked;
	struct model_itemsets sets = {0};
	enum err err = baskets_read(cli, &b);
	if (err == OK)
		err = read_asked(cli, b.data.n, &asked);
	if (err == OK)
		err = model_itemsets_new(cli->ctx, &b.data, asked.min_count, (int)asked.max_items, SETS_MAX, &sets);
	if (err == OK)
		err = write_found(cli, w, &b, &asked, &sets);
	model_itemsets_free(&sets);
	baskets_close(&b);
	return err;
}

int model_cli_run_rules(struct cli *cli)
{
	return model_cli_run(cli, rules);
}

/* --- sequences --------------------------------------------------------------- */

static void write_pattern(struct jsonw *w, const struct model_patterns *p, size_t at, const char *const *name, size_t *path)
{
	size_t n = (size_t)p->size[at], place = at;
	for (size_t i = n; i-- > 0; place = (size_t)p->parent[place])
		path[i] = place;
	jsonw_object(w);
	jsonw_key(w, "elements");
	jsonw_array(w);
	for (size_t i = 0; i < n; i++) {
		if (p->next[path[i]] != 0) {
			if (i > 0)
				jsonw_end_array(w);
			jsonw_array(w);
		}
		jsonw_text(w, name[p->item[path[i]]]);
	}
	jsonw_end_array(w);
	jsonw_end_array(w);
	jsonw_kv_int(w, "count", p->count[at]);
	/* of those who did all but the last, how many went on to it */
	if (n > 1 && p->next[at] != 0)
		model_cli_number(w, "confidence", (double)p->count[at] / p->count[p->parent[at]]);
	jsonw_end_object(w);
}

static enum err write_patterns(struct cli *cli, struct jsonw *w, const struct baskets_sequences *s, const struct model_patterns *p, int64_t min_count)
{
	size_t longest = 1;
	for (size_t i = 0; i < p->n; i++)
		longest = (size_t)p->size[i] > longest ? (size_t)p->size[i] : longest;
	size_t *path = arena_array(cli->ctx->arena, longest, sizeof(*path));
	if (path == NULL)
		return fail(cli->ctx, ERR_LIMIT, "", "memory");
	jsonw_kv_text(w, "model", "sequences");
	jsonw_kv_int(w, "customers", (int64_t)s->data.n);
	jsonw_kv_int(w, "rows", (int64_t)s->rows);
	jsonw_kv_int(w, "rows_left_out", (int64_t)s->left_out);
	jsonw_kv_int(w, "min_count", min_count);
	jsonw_kv_int(w, "sequence_count", (int64_t)p->n);
	jsonw_key(w, "sequences");
	jsonw_array(w);
	for (size_t i = 0; i < p->n; i++)
		write_pattern(w, p, i, s->name, path);
	jsonw_end_array(w);
	return OK;
}

static enum err sequences(struct cli *cli, struct jsonw *w)
{
	struct baskets_sequences s;
	struct model_patterns p = {0};
	int64_t min_count;
	double max_items;
	enum err err = baskets_read_sequences(cli, &s);
	if (err == OK)
		err = least_count(cli, s.data.n, &min_count);
	if (err == OK)
		err = sheet_option_number(cli, "max-items", 0, 1, 1000, &max_items);
	if (err == OK)
		err = model_patterns_new(cli->ctx, &s.data, min_count, (int)max_items, PATTERNS_MAX, &p);
	if (err == OK)
		err = write_patterns(cli, w, &s, &p, min_count);
	model_patterns_free(&p);
	return err;
}

int model_cli_run_sequences(struct cli *cli)
{
	return model_cli_run(cli, sequences);
}

const struct command_option model_cli_rules_options[] = {
	MODEL_INPUT_OPTIONS,
	{"separator", "SIGN", false, "between the items of a line (as usual: tab, ; | or comma, else blanks)"},
	{"skip", "N", false, "leaves out the first N lines"},
	{"transaction", "COLUMN", false, "the file has a row for each item instead: the column of the basket"},
	{"item", "COLUMN", false, "and the column of the item"},
	{"support", "SHARE", false, "least share of baskets (as usual .01)"},
	{"min-count", "N", false, "least number of baskets, in place of --support"},
	{"confidence", "SHARE", false, "least confidence of a rule (as usual .5)"},
	{"min-items", "N", false, "least items of a rule or set (as usual 2 for rules, 1 for sets)"},
	{"max-items", "N", false, "most items of a rule or set (as usual any)"},
	{"adjust", "WORD", false, "correction of p for many rules: none, bonferroni, holm (as usual), bh"},
	{"itemsets", NULL, false, "lists the frequent sets; rules too only with --confidence"},
	{NULL, NULL, false, NULL},
};

const struct command_option model_cli_sequences_options[] = {
	MODEL_INPUT_OPTIONS,
	{"customer", "COLUMN", true, "whose sequence: a heading, or the number of the column"},
	{"date", "COLUMN", true, "when; items of one day belong together"},
	{"item", "COLUMN", true, "what"},
	{"date-order", "WORD", false, "dmy, mdy or ymd, if the file does not tell"},
	{"support", "SHARE", false, "least share of customers (as usual .01)"},
	{"min-count", "N", false, "least number of customers, in place of --support"},
	{"max-items", "N", false, "most items of a sequence (as usual any)"},
	{NULL, NULL, false, NULL},
};
