/* Learns the model of src/feeling from rated reviews:
 *
 *   build/src/feeling/feeling_train REVIEWS.csv src/feeling/words.tsv > src/feeling/model.tsv
 *
 * REVIEWS.csv has a heading and the columns label (1 good, 0 bad) and review. A fifth of the reviews, chosen by a hash of the
 * text, is held out and never learnt from; how well they are told apart goes to standard error. Logistic regression by
 * AdaGrad (Duchi, Hazan, Singer 2011); weights are drawn towards those of words.tsv, all others towards 0. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/text/text.h"
#include "feeling/feeling_features.h"

enum { SLOTS = 1 << 21, DOC_MAX = 3000, LINE = 1 << 16, HELD_OUT = 5, EPOCHS = 14, KEPT_DEFAULT = 16000, LEAST = 3 };

struct slot {
	char *text;
	bool negated, word, kept;
	uint32_t hash;
	int count;
	double weight, prior, grad;
};

struct doc {
	bool good, held;
	int n;
	int *at; /* slots */
};

static struct slot *slots;
static struct doc *docs;
static int n_docs;
static double bias, bias_grad, lambda = 0.00005, rate = 0.25, weight_good = 1.0;

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "feeling_train: %s\n", what);
	exit(1);
}

static int find(const char *text, size_t n, bool negated, bool make)
{
	uint32_t hash = feeling_hash(text, n, negated);
	for (uint32_t at = hash & (SLOTS - 1);; at = (at + 1) & (SLOTS - 1)) {
		struct slot *s = &slots[at];
		if (s->text == NULL) {
			if (!make)
				return -1;
			s->text = strndup(text, n);
			s->negated = negated;
			s->hash = hash;
			s->kept = true;
			return (int)at;
		}
		if (s->hash == hash && s->negated == negated && strlen(s->text) == n && memcmp(s->text, text, n) == 0)
			return (int)at;
	}
}

static bool known(const char *text, size_t n, void *arg)
{
	(void)arg;
	int at = find(text, n, false, false);
	return at >= 0 && slots[at].word;
}

static void collect(const struct feature *f, void *arg)
{
	struct doc *d = arg;
	int at = find(f->text, f->n, f->negated, true);
	for (int i = 0; i < d->n; i++) {
		if (d->at[i] == at)
			return;
	}
	if (d->n < DOC_MAX)
		d->at[d->n++] = at;
}

/* Words of feeling, and the same denied: half as strong, the other way round. */
static void read_words(const char *name)
{
	char line[LINE];
	FILE *file = fopen(name, "r");
	if (file == NULL)
		die("cannot read the words");
	while (fgets(line, sizeof(line), file) != NULL) {
		char *tab = strchr(line, '\t');
		if (line[0] == '#' || tab == NULL)
			continue;
		double weight = strtod(tab + 1, NULL);
		int at = find(line, (size_t)(tab - line), false, true), not_at = find(line, (size_t)(tab - line), true, true);
		slots[at].word = slots[not_at].word = true;
		slots[at].weight = slots[at].prior = weight;
		slots[not_at].weight = slots[not_at].prior = weight > 0 ? -weight : -weight / 2;
	}
	fclose(file);
}

static void add_doc(struct ctx *ctx, bool good, const char *text, size_t n)
{
	int at[DOC_MAX];
	struct doc d = {.good = good, .held = str_hash(text, n) % HELD_OUT == 0, .at = at};
	const char *folded;
	size_t folded_n;
	if (text_fold(ctx, text, n, &folded, &folded_n) != OK)
		die("cannot fold a text");
	feeling_features(folded, folded_n, known, collect, &d);
	d.at = malloc((size_t)d.n * sizeof(int) + 1);
	if (d.at == NULL)
		die("no memory");
	memcpy(d.at, at, (size_t)d.n * sizeof(int));
	for (int i = 0; i < d.n && !d.held; i++)
		slots[d.at[i]].count++;
	docs[n_docs++] = d;
	arena_reset(ctx->arena);
}

static void read_reviews(struct ctx *ctx, const char *name)
{
	char *line = malloc(LINE);
	FILE *file = fopen(name, "r");
	if (file == NULL || line == NULL || fgets(line, LINE, file) == NULL)
		die("cannot read the reviews");
	while (fgets(line, LINE, file) != NULL && n_docs < 200000) {
		size_t n = strcspn(line, "\r\n");
		char *text = line + 2;
		if (n < 3 || line[1] != ',')
			continue;
		add_doc(ctx, line[0] == '1', text, n - 2);
	}
	fclose(file);
	free(line);
}

static void shares(const struct doc *d, double *ret_gram, double *ret_word)
{
	int grams = 0, words = 0;
	for (int i = 0; i < d->n; i++) {
		grams += slots[d->at[i]].kept && !slots[d->at[i]].word;
		words += slots[d->at[i]].kept && slots[d->at[i]].word;
	}
	*ret_gram = grams > 0 ? 1 / sqrt(grams) : 0;
	*ret_word = words > 0 ? 1 / sqrt(words) : 0;
}

static double logit(const struct doc *d)
{
	double gram, word, sum = bias;
	shares(d, &gram, &word);
	for (int i = 0; i < d->n; i++) {
		const struct slot *s = &slots[d->at[i]];
		if (s->kept)
			sum += s->weight * (s->word ? word : gram);
	}
	return sum;
}

static void learn_one(const struct doc *d)
{
	double gram, word, p = 1 / (1 + exp(-logit(d))), error = (p - d->good) * (d->good ? weight_good : 1);
	shares(d, &gram, &word);
	for (int i = 0; i < d->n; i++) {
		struct slot *s = &slots[d->at[i]];
		if (!s->kept)
			continue;
		double g = error * (s->word ? word : gram) + lambda * (s->weight - s->prior) * (s->word ? 4 : 1);
		s->grad += g * g;
		s->weight -= rate * g / (sqrt(s->grad) + 1e-6);
	}
	bias_grad += error * error;
	bias -= rate * error / (sqrt(bias_grad) + 1e-6);
}

static void learn(void)
{
	unsigned long long seed = 42;
	int *order = malloc((size_t)n_docs * sizeof(int));
	if (order == NULL)
		die("no memory");
	for (int i = 0; i < n_docs; i++)
		order[i] = i;
	for (int i = 0; i < SLOTS; i++)
		slots[i].grad = 0, slots[i].weight = slots[i].prior;
	bias = bias_grad = 0;
	for (int epoch = 0; epoch < EPOCHS; epoch++) {
		for (int i = n_docs - 1; i > 0; i--) {
			seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
			int j = (int)((seed >> 33) % (unsigned)(i + 1)), t = order[i];
			order[i] = order[j];
			order[j] = t;
		}
		for (int i = 0; i < n_docs; i++) {
			if (!docs[order[i]].held)
				learn_one(&docs[order[i]]);
		}
	}
	free(order);
}

static void judge(const char *what)
{
	int right[2] = {0}, all[2] = {0}, learnt = 0, n_learnt = 0;
	for (int i = 0; i < n_docs; i++) {
		bool good = logit(&docs[i]) > 0;
		if (docs[i].held) {
			all[docs[i].good]++;
			right[docs[i].good] += good == docs[i].good;
		} else {
			n_learnt++;
			learnt += good == docs[i].good;
		}
	}
	fprintf(stderr, "%s: held out %d, right %.4f (good %.4f, bad %.4f); learnt from %d, right %.4f\n", what, all[0] + all[1],
	        (double)(right[0] + right[1]) / (all[0] + all[1]), (double)right[1] / all[1], (double)right[0] / all[0], n_learnt, (double)learnt / n_learnt);
}

static int heavier(const void *a, const void *b)
{
	double x = fabs(slots[*(const int *)a].weight) * sqrt(slots[*(const int *)a].count), y = fabs(slots[*(const int *)b].weight) * sqrt(slots[*(const int *)b].count);
	return (x < y) - (x > y);
}

/* Seldom seen ones go, then the lightest, until `kept` are left; words of ours all stay. */
static void prune(int kept)
{
	int *list = malloc(SLOTS * sizeof(int)), n = 0;
	if (list == NULL)
		die("no memory");
	for (int i = 0; i < SLOTS; i++) {
		if (slots[i].text == NULL || slots[i].word)
			continue;
		slots[i].kept = slots[i].count >= LEAST;
		if (slots[i].kept)
			list[n++] = i;
	}
	qsort(list, (size_t)n, sizeof(int), heavier);
	for (int i = kept; i < n; i++)
		slots[list[i]].kept = false;
	free(list);
}

static int by_text(const void *a, const void *b)
{
	const struct slot *x = &slots[*(const int *)a], *y = &slots[*(const int *)b];
	int order = strcmp(x->text, y->text);
	return order != 0 ? order : x->negated - y->negated;
}

static void write_model(void)
{
	int *list = malloc(SLOTS * sizeof(int)), n = 0;
	if (list == NULL)
		die("no memory");
	for (int i = 0; i < SLOTS; i++) {
		if (slots[i].text != NULL && slots[i].kept)
			list[n++] = i;
	}
	qsort(list, (size_t)n, sizeof(int), by_text);
	printf("# Made by feeling_train; see docs/feeling.md. Feature, weight in thousandths, w: word of ours, n: denied\n\t%ld\tb\n", lround(bias * 1000));
	for (int i = 0; i < n; i++) {
		const struct slot *s = &slots[list[i]];
		printf("%s\t%ld\t%s%s\n", s->text, lround(s->weight * 1000), s->word ? "w" : "", s->negated ? "n" : "");
	}
	fprintf(stderr, "%d features\n", n);
	free(list);
}

int main(int argc, char **argv)
{
	struct arena arena;
	struct ctx ctx;
	if (argc < 3)
		die("REVIEWS.csv WORDS.tsv [features] [lambda] [weight of good ones]");
	arena_init(&arena, 64 << 20);
	ctx_init(&ctx, &arena, clock_system());
	slots = calloc(SLOTS, sizeof(*slots));
	docs = calloc(200000, sizeof(*docs));
	if (slots == NULL || docs == NULL || text_open(&ctx) != OK)
		die("no memory");
	if (argc > 4)
		lambda = strtod(argv[4], NULL);
	if (argc > 5)
		weight_good = strtod(argv[5], NULL);
	read_words(argv[2]);
	read_reviews(&ctx, argv[1]);
	for (int i = 0; i < SLOTS; i++)
		slots[i].kept = slots[i].text != NULL && (slots[i].word || slots[i].count >= LEAST);
	learn();
	judge("all features");
	prune(argc > 3 ? (int)strtol(argv[3], NULL, 10) : KEPT_DEFAULT);
	learn();
	judge("kept features");
	write_model();
	return 0;
}
