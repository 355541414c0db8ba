/* How long the models take that have a bar: BG/NBD of the CDNOW sample and of a million customers, the scores of RFM of as many, rules
 * of the groceries, every frequent itemset of chess.
 *
 *   models_bench FOLDER      the folder of public data, with cdnow_sample, groceries and chess_fimi
 *
 * Prints the least, the middle and the greatest of the runs in milliseconds. Reading the files is not counted. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/timeutil.h"
#include "models/models.h"

enum { MILLION = 1000000, RUNS_MAX = 51, ITEMS_MAX = 1000, TEXT_MAX = 1 << 22 };

static double runs[RUNS_MAX];

static int by_number(const void *a, const void *b)
{
	double p = *(const double *)a, q = *(const double *)b;
	return (p > q) - (p < q);
}

static void report(const char *what, int n, const char *found)
{
	qsort(runs, (size_t)n, sizeof(runs[0]), by_number);
	(void)printf("%-48s %9.2f %9.2f %9.2f ms  %s\n", what, runs[0], runs[n / 2], runs[n - 1], found);
}

static char *read_text(const char *folder, const char *name)
{
	char path[1024], *text = malloc(TEXT_MAX);
	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	gzFile file = gzopen(path, "rb");
	int n = file != NULL && text != NULL ? gzread(file, text, TEXT_MAX - 1) : -1;
	if (n < 0)
		(void)fprintf(stderr, "cannot read %s\n", path);
	if (file != NULL)
		gzclose(file);
	if (n < 0) {
		free(text);
		return NULL;
	}
	text[n] = '\0';
	return text;
}

static bool fit(struct ctx *ctx, const char *what, const struct model_history *h, int n)
{
	struct model_fit result = {0};
	char found[128];
	for (int i = 0; i < n; i++) {
		struct arena_mark mark = arena_mark(ctx->arena);
		int64_t began = time_monotonic_us();
		if (model_bgnbd(ctx, h, &result) != OK)
			return false;
		runs[i] = (double)(time_monotonic_us() - began) / 1000;
		arena_rewind(ctx->arena, mark);
	}
	(void)snprintf(found, sizeof(found), "r %.4f alpha %.3f a %.4f b %.3f", result.value[0], result.value[1], result.value[2], result.value[3]);
	report(what, n, found);
	return true;
}

static bool measure_cdnow(struct ctx *ctx, const char *folder)
{
	static double x[3000], t_x[3000], age[3000];
	char *text = read_text(folder, "cdnow_sample/cdnow_customers_summary.csv");
	size_t n = 0;
	if (text == NULL)
		return false;
	for (char *line = strchr(text, '\n'); line != NULL && line[1] != '\0' && n < 3000; line = strchr(line + 1, '\n')) {
		char *at = strchr(line, ',');
		x[n] = strtod(at + 1, &at);
		t_x[n] = strtod(at + 1, &at);
		age[n++] = strtod(at + 1, &at);
	}
	free(text);
	return fit(ctx, "BG/NBD, CDNOW sample", &(struct model_history){x, t_x, age, NULL, n}, 51);
}

static uint64_t seed = 1;

static double chance(void)
{
	seed = seed * 6364136223846793005U + 1442695040888963407U;
	return ((double)(seed >> 11) + 0.5) / 9007199254740992.0;
}

/* A million customers of two years, in days: rates and chances to leave that differ. */
static bool measure_million(struct ctx *ctx)
{
	double *x = arena_array(ctx->arena, MILLION, sizeof(double)), *t_x = arena_array(ctx->arena, MILLION, sizeof(double)),
	       *age = arena_array(ctx->arena, MILLION, sizeof(double)), *money = arena_array(ctx->arena, MILLION, sizeof(double));
	uint8_t *score[3];
	for (int i = 0; i < 3; i++)
		score[i] = arena_alloc(ctx->arena, MILLION);
	if (ctx->arena->failed)
		return false;
	for (size_t i = 0; i < MILLION; i++) {
		double rate = -log(chance()) / 60, leaves = chance() * chance(), time = 0;
		age[i] = floor(chance() * 730) + 1;
		while (chance() > leaves && (time += floor(-log(chance()) / rate) + 1) <= age[i]) {
			x[i]++;
			t_x[i] = time;
			money[i] += floor(chance() * 10000) / 100;
		}
	}
	if (!fit(ctx, "BG/NBD, 1,000,000 customers", &(struct model_history){x, t_x, age, NULL, MILLION}, 5))
		return false;
	struct model_rfm data = {t_x, x, money, NULL, MILLION, 5, false};
	for (int nested = 0; nested < 2; nested++) {
		data.nested = nested != 0;
		for (int i = 0; i < 5; i++) {
			int64_t began = time_monotonic_us();
			if (model_rfm(ctx, &data, score[0], score[1], score[2]) != OK)
				return false;
			runs[i] = (double)(time_monotonic_us() - began) / 1000;
		}
		report(nested != 0 ? "RFM scores, 1,000,000 customers, nested" : "RFM scores, 1,000,000 customers", 5, "");
	}
	return true;
}

static int32_t item_of(char names[][64], int32_t *n, const char *name, size_t len)
{
	for (int32_t i = 0; i < *n; i++) {
		if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0)
			return i;
	}
	memcpy(names[*n], name, len);
	names[*n][len] = '\0';
	return (*n)++;
}

/* Items between separators; a basket a line. */
static bool read_baskets(struct ctx *ctx, const char *folder, const char *name, char separator, struct model_baskets *ret)
{
	static char names[ITEMS_MAX][64];
	char *text = read_text(folder, name);
	int32_t *item = arena_array(ctx->arena, TEXT_MAX / 2, sizeof(*item)), n_items = 0;
	size_t *start = arena_array(ctx->arena, TEXT_MAX / 2, sizeof(*start)), n = 0, items = 0;
	for (char *at = text; at != NULL && item != NULL && start != NULL && *at != '\0';) {
		const char both[] = {separator, '\n', '\0'};
		size_t len = strcspn(at, both);
		if (len > 0 && len < 64 && n_items < ITEMS_MAX)
			item[items++] = item_of(names, &n_items, at, len);
		at += len;
		if (*at == '\n')
			start[++n] = items;
		at += *at != '\0';
	}
	free(text);
	*ret = (struct model_baskets){item, start, n, n_items};
	return n > 0;
}

static bool measure_rules(struct ctx *ctx, const char *folder)
{
	struct model_baskets baskets;
	struct model_itemsets sets;
	struct model_rule *rules;
	size_t n = 0;
	char found[64];
	if (!read_baskets(ctx, folder, "groceries/groceries.csv.gz", ',', &baskets))
		return false;
	for (int i = 0; i < 51; i++) {
		struct arena_mark mark = arena_mark(ctx->arena);
		int64_t began = time_monotonic_us();
		if (model_itemsets_new(ctx, &baskets, 10, 0, MILLION, &sets) != OK || model_rules(ctx, &sets, baskets.n, 0.8, 2, MODEL_ADJUST_HOLM, &rules, &n) != OK)
			return false;
		runs[i] = (double)(time_monotonic_us() - began) / 1000;
		model_itemsets_free(&sets);
		arena_rewind(ctx->arena, mark);
	}
	(void)snprintf(found, sizeof(found), "%zu rules", n);
	report("rules, groceries at 0.001/0.8", 51, found);
	if (!read_baskets(ctx, folder, "chess_fimi/chess.dat.gz", ' ', &baskets))
		return false;
	for (int i = 0; i < 51; i++) {
		int64_t began = time_monotonic_us();
		if (model_itemsets_new(ctx, &baskets, 1918, 0, MILLION, &sets) != OK)
			return false;
		runs[i] = (double)(time_monotonic_us() - began) / 1000;
		n = sets.n;
		model_itemsets_free(&sets);
	}
	(void)snprintf(found, sizeof(found), "%zu itemsets", n);
	report("every frequent itemset, chess at 1,918", 51, found);
	return true;
}

int main(int argc, char **argv)
{
	struct arena arena;
	struct ctx ctx;
	if (argc != 2) {
		(void)fprintf(stderr, "usage: models_bench FOLDER\n");
		return 2;
	}
	arena_init(&arena, (size_t)1 << 30);
	ctx_init(&ctx, &arena, clock_system());
	(void)printf("%-48s %9s %9s %9s\n", "", "least", "middle", "greatest");
	bool good = measure_cdnow(&ctx, argv[1]) && measure_million(&ctx) && measure_rules(&ctx, argv[1]);
	if (!good)
		(void)fprintf(stderr, "not measured: %s\n", ctx.faults.count > 0 ? ctx.faults.list[0].key : "a file is missing");
	arena_release(&arena);
	return good ? 0 : 1;
}
