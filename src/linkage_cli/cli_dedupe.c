/* guanxi dedupe: which rows of a file, or of two, mean the same. */
#include <stdlib.h>
#include <string.h>

#include "base/jsonw.h"
#include "base/str.h"
#include "core/command/command.h"
#include "core/text/text.h"
#include "linkage/linkage.h"
#include "linkage_cli/rows.h"

static const size_t json_max = (size_t)16 << 30, memory_max = (size_t)64 << 30;

struct dedupe {
	struct cli *cli;
	struct linkage_rows rows;
	struct linkage *found;
	double threshold;
};

static enum err read_threshold(struct dedupe *d)
{
	const char *text = command_value(d->cli, "threshold");
	char *end;
	d->threshold = 0.5;
	if (text == NULL)
		return OK;
	d->threshold = strtod(text, &end);
	if (*text == '\0' || *end != '\0' || !(d->threshold > 0 && d->threshold < 1))
		return fail_arg(d->cli->ctx, ERR_INVALID, "--threshold", "dedupe_threshold", text);
	return OK;
}

static enum err say_kind(struct dedupe *d, const char *name, const char *word)
{
	struct ctx *ctx = d->cli->ctx;
	enum linkage_kind kind = linkage_kind_named(word);
	size_t column;
	if (kind == LINKAGE_KIND_COUNT)
		return fail_arg(ctx, ERR_INVALID, "--columns", "dedupe_kind", word);
	enum err err = linkage_rows_find(&d->rows, ctx, name, &column);
	if (err == OK)
		d->rows.columns[column].kind = kind;
	return err;
}

/* "given name=name,dob=date": a name may hold "=", a kind does not. */
static enum err read_lists(struct dedupe *d)
{
	struct ctx *ctx = d->cli->ctx;
	const char *lists[2] = {command_value(d->cli, "columns"), command_value(d->cli, "ignore")};
	enum err err = OK;
	for (int i = 0; err == OK && i < 2; i++) {
		char *list = lists[i] != NULL ? arena_strdup(ctx->arena, lists[i]) : NULL, *rest = NULL;
		for (char *part = list != NULL ? strtok_r(list, ",", &rest) : NULL; err == OK && part != NULL; part = strtok_r(NULL, ",", &rest)) {
			char *equals = strrchr(part, '=');
			if (i == 1) {
				err = say_kind(d, part, "ignore");
			} else if (equals == NULL) {
				err = fail_arg(ctx, ERR_INVALID, "--columns", "dedupe_kind_form", part);
			} else {
				*equals = '\0';
				err = say_kind(d, part, equals + 1);
			}
		}
	}
	return err;
}

static enum err find(struct dedupe *d)
{
	struct linkage_input input = {
		.columns = d->rows.columns, .n_columns = d->rows.n_columns, .n_rows = d->rows.n_rows, .n_first = d->rows.n_first, .threshold = d->threshold,
	};
	if (d->rows.n_rows < 2)
		return fail(d->cli->ctx, ERR_INVALID, "", "linkage_no_rows");
	if (command_value(d->cli, "with") != NULL && d->rows.n_first == d->rows.n_rows)
		return fail(d->cli->ctx, ERR_INVALID, "--with", "linkage_no_rows");
	return linkage_new(d->cli->ctx, &input, &d->found);
}

/* --- what is said --------------------------------------------------------- */

static void write_pairs(struct jsonw *w, const struct dedupe *d, size_t *ret_n, uint64_t *ret_left_out)
{
	const struct linkage_pair *pairs = linkage_pairs(d->found, ret_n, ret_left_out);
	size_t second = d->rows.n_first < d->rows.n_rows ? d->rows.n_first : 0;
	jsonw_key(w, "pairs");
	jsonw_array(w);
	for (size_t i = 0; i < *ret_n; i++) {
		jsonw_object(w);
		jsonw_kv_int(w, "a", (int64_t)pairs[i].a + 1);
		jsonw_kv_int(w, "b", (int64_t)(pairs[i].b - second) + 1);
		jsonw_key(w, "probability");
		jsonw_real(w, (double)(int64_t)(pairs[i].probability * 1e6 + 0.5) / 1e6);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
}

struct chain {
	uint32_t *head, *next;
};

static enum err chain_rows(const struct dedupe *d, const uint32_t *cluster, size_t n_clusters, struct chain *ret)
{
	struct arena *arena = d->cli->ctx->arena;
	ret->head = arena_array(arena, n_clusters + 1, sizeof(*ret->head));
	ret->next = arena_array(arena, d->rows.n_rows + 1, sizeof(*ret->next));
	if (ret->head == NULL || ret->next == NULL)
		return fail(d->cli->ctx, ERR_LIMIT, "", "memory");
	/* rows from 1; 0 ends a chain */
	for (size_t row = d->rows.n_rows; row > 0; row--) {
		ret->next[row] = ret->head[cluster[row - 1]];
		ret->head[cluster[row - 1]] = (uint32_t)row;
	}
	return OK;
}

static void write_members(struct jsonw *w, const struct chain *chain, uint32_t row, uint32_t from, uint32_t to)
{
	jsonw_array(w);
	for (; row != 0; row = chain->next[row]) {
		if (row > from && row <= to)
			jsonw_int(w, (int64_t)row - from);
	}
	jsonw_end_array(w);
}

static enum err write_clusters(struct jsonw *w, const struct dedupe *d, size_t *ret_n)
{
	struct chain chain;
	size_t n;
	const uint32_t *cluster = linkage_clusters(d->found, &n);
	uint32_t rows = (uint32_t)d->rows.n_rows, first = (uint32_t)d->rows.n_first;
	enum err err = chain_rows(d, cluster, n, &chain);
	if (err != OK)
		return err;
	*ret_n = 0;
	jsonw_key(w, "clusters");
	jsonw_array(w);
	for (size_t i = 0; i < n; i++) {
		if (chain.head[i] == 0 || chain.next[chain.head[i]] == 0)
			continue;
		++*ret_n;
		if (first == rows) {
			write_members(w, &chain, chain.head[i], 0, rows);
			continue;
		}
		jsonw_object(w);
		jsonw_key(w, "a");
		write_members(w, &chain, chain.head[i], 0, first);
		jsonw_key(w, "b");
		write_members(w, &chain, chain.head[i], first, rows);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
	return OK;
}

static void write_columns(struct jsonw *w, const struct dedupe *d)
{
	const struct linkage_use *uses = linkage_uses(d->found);
	jsonw_key(w, "columns");
	jsonw_array(w);
	for (size_t i = 0; i < d->rows.n_columns; i++) {
		jsonw_object(w);
		jsonw_kv_text(w, "name", d->rows.columns[i].name);
		jsonw_kv_text(w, "kind", uses[i].why != NULL ? "ignore" : linkage_kind_name(uses[i].kind));
		if (uses[i].why != NULL)
			jsonw_kv_text(w, "why", uses[i].why);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
}

static enum err write_found(struct jsonw *w, const struct dedupe *d, bool json)
{
	size_t n_pairs, n_clusters, ignored;
	uint64_t left_out;
	enum err err = OK;
	jsonw_object(w);
	if (json) {
		write_pairs(w, d, &n_pairs, &left_out);
		err = write_clusters(w, d, &n_clusters);
	} else {
		linkage_pairs(d->found, &n_pairs, &left_out);
		linkage_clusters(d->found, &ignored);
	}
	jsonw_kv_int(w, "rows", (int64_t)d->rows.n_rows);
	jsonw_kv_int(w, "broken_rows", d->rows.broken);
	jsonw_kv_int(w, "compared", (int64_t)linkage_compared(d->found));
	jsonw_kv_int(w, "pairs_left_out", (int64_t)left_out);
	if (d->rows.n_first < d->rows.n_rows)
		jsonw_kv_bool(w, "one_to_one", linkage_one_to_one(d->found));
	write_columns(w, d);
	jsonw_end_object(w);
	return err;
}

/* --- lines to read ---------------------------------------------------------- */

enum { SHOWN_PAIRS = 20 };

static void print_row(FILE *out, const struct linkage_rows *rows, const struct linkage_use *uses, const char *label, size_t row, size_t number)
{
	fprintf(out, "  %s %zu:", label, number);
	for (size_t i = 0; i < rows->n_columns; i++) {
		int32_t code = rows->columns[i].code[row];
		if (uses[i].why == NULL && code != LINKAGE_MISSING)
			fprintf(out, " %.60s |", rows->columns[i].texts[code]);
	}
	fputc('\n', out);
}

static void print_found(const struct dedupe *d)
{
	FILE *out = d->cli->out;
	const struct linkage_use *uses = linkage_uses(d->found);
	size_t n, n_clusters, second = d->rows.n_first < d->rows.n_rows ? d->rows.n_first : 0;
	uint64_t left_out;
	const struct linkage_pair *pairs = linkage_pairs(d->found, &n, &left_out);
	linkage_clusters(d->found, &n_clusters);
	for (size_t i = 0; i < d->rows.n_columns; i++)
		fprintf(out, "%s: %s%s%s%s\n", d->rows.columns[i].name, uses[i].why != NULL ? "ignored" : linkage_kind_name(uses[i].kind), uses[i].why != NULL ? " (" : "",
		        uses[i].why != NULL ? uses[i].why : "", uses[i].why != NULL ? ")" : "");
	fprintf(out, "%zu rows, %zu pairs, %zu after joining (--json lists all)\n", d->rows.n_rows, n + (size_t)left_out, n_clusters);
	for (size_t i = 0; i < n && i < SHOWN_PAIRS; i++) {
		fprintf(out, "%.4f\n", pairs[i].probability);
		print_row(out, &d->rows, uses, "row", pairs[i].a, pairs[i].a + 1);
		print_row(out, &d->rows, uses, second > 0 ? "with" : "row", pairs[i].b, pairs[i].b - second + 1);
	}
}

static enum err work(struct dedupe *d, struct jsonw *w)
{
	bool json = command_value(d->cli, "json") != NULL;
	enum err err = text_open(d->cli->ctx);
	if (err == OK)
		err = read_threshold(d);
	if (err == OK)
		err = linkage_rows_read(d->cli, &d->rows);
	if (err == OK)
		err = read_lists(d);
	if (err == OK)
		err = find(d);
	if (err == OK)
		err = write_found(w, d, json);
	if (err == OK && !json)
		print_found(d);
	return err;
}

static int dedupe(struct cli *cli)
{
	struct dedupe d = {.cli = cli};
	struct buf buf;
	struct jsonw w;
	int status = 1;
	if (cli->ctx->arena->cap < memory_max)
		cli->ctx->arena->cap = memory_max;
	buf_init(&buf, json_max);
	jsonw_init(&w, &buf);
	enum err err = work(&d, &w);
	if (err == OK && buf_failed(&buf))
		err = fail(cli->ctx, ERR_LIMIT, "", "memory");
	if (err != OK)
		status = command_failed(cli);
	else if (command_value(cli, "json") == NULL)
		status = ferror(cli->out) ? 1 : 0;
	else
		status = fwrite(buf_text(&buf), 1, buf.len, cli->out) == buf.len && fputc('\n', cli->out) != EOF ? 0 : 1;
	buf_release(&buf);
	linkage_free(d.found);
	linkage_rows_free(&d.rows);
	return status;
}

static const struct command_option options[] = {
	{"input", "FILE", true, "CSV, TSV, XLSX, XLS, ODS or JSON Lines, also gzipped"},
	{"with", "FILE", false, "a second file: pairs are then of one row of each"},
	{"columns", "NAME=KIND,…", false, "kinds of columns (as usual guessed): name, company, phone, email, date, address, text, number, code, category"},
	{"ignore", "COL,…", false, "columns that are no evidence"},
	{"threshold", "P", false, "least probability of a pair (as usual .5)"},
	{"json", NULL, false, "prints JSON, not lines to read"},
	{"delimiter", "SIGN", false, "what separates cells (as usual: found out; \\t is a tab)"},
	{"encoding", "NAME", false, "of the text, such as GB18030 (as usual: found out)"},
	{"sheet", "NAME", false, "sheet of a workbook (as usual: the first that is not empty)"},
	{"no-heading", NULL, false, "the first row is data; columns are then named by number, from 1"},
	{NULL, NULL, false, NULL},
};

const struct command linkage_cli_commands[] = {
	{"dedupe", NEEDS_FILES, options, NULL, "Which rows of a file, or of two, mean the same: probabilistic record linkage (Fellegi, Sunter 1969).", dedupe,
	 "guanxi dedupe --input people.csv --columns born=date --ignore note --json"},
	{.name = NULL},
};
