/* Candidates for texts: rows that share the rarest words, best first (an inverted index, as for TF-IDF search). */
#include <math.h>
#include <pthread.h>
#include <string.h>

#include "linkage/internal.h"

enum { BEST_ACROSS = 20, BEST_WITHIN = 6, BEST_ALONE = 30, LARGE_ROWS = 200000, BEST_LARGE = 6 };

struct index {
	struct linkage *l;
	size_t n_fields, field[LINKAGE_FIELDS_MAX];
	uint32_t base[LINKAGE_FIELDS_MAX]; /* first number of the field's words */
	size_t n_words;
	uint32_t *start; /* by word: its rows, in `posting` */
	uint32_t *posting;
	uint32_t most;   /* words of more rows are not looked up */
};

struct found {
	uint32_t row;
	float score;
};

struct seeker {
	struct index *index;
	size_t part;
	float *score;
	struct buf touched, pairs;
	enum err err;
};

static bool takes_part(const struct linkage *l, const struct field *f)
{
	if (f->twin)
		return false;
	if (f->kind == LINKAGE_TEXT || (f->kind == LINKAGE_ADDRESS && l->rows.n <= LARGE_ROWS))
		return true;
	return (f->kind == LINKAGE_NAME || f->kind == LINKAGE_COMPANY) && f->average_tokens >= 1.4 && l->rows.n <= LARGE_ROWS;
}

static const uint32_t *tokens_of(const struct field *f, uint32_t row, size_t *ret_n)
{
	uint32_t code = f->code[row];
	*ret_n = code == NO_CODE ? 0 : f->values[code].n_tokens;
	return code == NO_CODE ? NULL : (const uint32_t *)(const void *)f->tokens.data + f->values[code].tokens_at;
}

static void each_posting(struct index *x, uint32_t *at, bool put)
{
	for (uint32_t row = 0; row < x->l->rows.n; row++) {
		for (size_t k = 0; k < x->n_fields; k++) {
			size_t n;
			const uint32_t *token = tokens_of(&x->l->fields[x->field[k]], row, &n);
			for (size_t i = 0; i < n; i++) {
				uint32_t word = x->base[k] + token[i];
				if (put)
					x->posting[at[word]] = row;
				at[word]++;
			}
		}
	}
}

/* The commonest word that is still looked up: as the work allows. */
static void choose_most(struct index *x)
{
	double work[12] = {0}, allowed = 2e8 + 150.0 * (double)x->l->rows.n;
	for (size_t w = 0; w < x->n_words; w++) {
		double df = x->start[w + 1] - x->start[w];
		for (int k = 0; k < 12; k++)
			work[k] += df <= 4 << k ? df * df : 0;
	}
	x->most = 4;
	for (int k = 0; k < 12 && work[k] <= allowed; k++)
		x->most = 4U << k;
}

static enum err make_index(struct index *x)
{
	size_t total = 0;
	uint32_t *at = calloc(x->n_words + 1, sizeof(*at));
	x->start = calloc(x->n_words + 1, sizeof(*x->start));
	if (at == NULL || x->start == NULL) {
		free(at);
		return linkage_no_memory(x->l);
	}
	each_posting(x, at, false);
	for (size_t w = 0; w < x->n_words; w++) {
		x->start[w] = (uint32_t)total;
		total += at[w];
	}
	x->start[x->n_words] = (uint32_t)total;
	x->posting = malloc((total + 1) * sizeof(*x->posting));
	memcpy(at, x->start, (x->n_words + 1) * sizeof(*at));
	if (x->posting != NULL)
		each_posting(x, at, true);
	free(at);
	choose_most(x);
	return x->posting != NULL ? OK : linkage_no_memory(x->l);
}

static void add_scores(struct seeker *s, uint32_t row)
{
	struct index *x = s->index;
	for (size_t k = 0; k < x->n_fields; k++) {
		const struct field *f = &x->l->fields[x->field[k]];
		size_t n;
		const uint32_t *token = tokens_of(f, row, &n);
		for (size_t i = 0; i < n; i++) {
			uint32_t word = x->base[k] + token[i], from = x->start[word], to = x->start[word + 1];
			if (to - from < 2 || to - from > x->most)
				continue;
			float weight = f->idf[token[i]] * f->idf[token[i]];
			for (uint32_t p = from; p < to; p++) {
				uint32_t other = x->posting[p];
				if (other == row)
					continue;
				if (s->score[other] == 0)
					buf_add(&s->touched, &other, sizeof(other));
				s->score[other] += weight / f->values[f->code[other]].norm;
			}
		}
	}
}

/* The best of one sort, by selection: the heap is small. */
static void keep_best(struct found *best, size_t *n, size_t room, struct found one)
{
	size_t at;
	if (*n == room && one.score <= best[room - 1].score)
		return;
	at = *n < room ? (*n)++ : room - 1;
	for (; at > 0 && best[at - 1].score < one.score; at--)
		best[at] = best[at - 1];
	best[at] = one;
}

static void seek(struct seeker *s, uint32_t row)
{
	const struct linkage *l = s->index->l;
	struct found best[2][BEST_ALONE];
	size_t n[2] = {0, 0}, room[2] = {l->two ? BEST_ACROSS : BEST_ALONE, BEST_WITHIN};
	if (l->rows.n > LARGE_ROWS)
		room[0] = room[1] = BEST_LARGE;
	buf_reset(&s->touched);
	add_scores(s, row);
	const uint32_t *touched = (const uint32_t *)(const void *)s->touched.data;
	for (size_t i = 0; i < s->touched.len / sizeof(uint32_t); i++) {
		uint32_t other = touched[i];
		int within = l->two && (l->rows.side[row] | l->rows.side[other]) != 3;
		keep_best(best[within], &n[within], room[within], (struct found){other, s->score[other]});
		s->score[other] = 0;
	}
	for (int k = 0; k < 2; k++) {
		for (size_t i = 0; i < n[k]; i++) {
			uint64_t a = row < best[k][i].row ? row : best[k][i].row, b = row < best[k][i].row ? best[k][i].row : row;
			uint64_t pair = a << 32 | b;
			buf_add(&s->pairs, &pair, sizeof(pair));
		}
	}
}

static void *run_seeker(void *arg)
{
	struct seeker *s = arg;
	struct linkage *l = s->index->l;
	s->score = calloc(l->rows.n + 1, sizeof(*s->score));
	s->err = s->score != NULL ? OK : ERR_LIMIT;
	for (size_t row = s->part; s->err == OK && row < l->rows.n; row += l->threads)
		seek(s, (uint32_t)row);
	free(s->score);
	return NULL;
}

static int by_pair(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

static enum err collect(struct linkage *l, struct seeker *seekers, struct passes *passes)
{
	size_t n = 0, kept = 0;
	for (size_t i = 0; i < l->threads; i++) {
		if (seekers[i].err != OK || buf_failed(&seekers[i].pairs) || buf_failed(&seekers[i].touched))
			return linkage_no_memory(l);
		n += seekers[i].pairs.len / sizeof(uint64_t);
	}
	uint64_t *list = malloc((n + 1) * sizeof(*list));
	if (list == NULL)
		return linkage_no_memory(l);
	n = 0;
	for (size_t i = 0; i < l->threads; i++) {
		if (seekers[i].pairs.len > 0)
			memcpy(list + n, seekers[i].pairs.data, seekers[i].pairs.len);
		n += seekers[i].pairs.len / sizeof(uint64_t);
	}
	qsort(list, n, sizeof(*list), by_pair);
	for (size_t i = 0; i < n; i++) {
		if (kept == 0 || list[kept - 1] != list[i])
			list[kept++] = list[i];
	}
	passes->listed = list;
	passes->n_listed = kept;
	return OK;
}

static enum err seek_all(struct index *x, struct passes *passes)
{
	struct seeker seekers[THREADS_MAX] = {{0}};
	struct linkage *l = x->l;
	pthread_t thread[THREADS_MAX];
	bool started[THREADS_MAX] = {false};
	for (size_t i = 0; i < l->threads; i++) {
		seekers[i].index = x;
		seekers[i].part = i;
		buf_init(&seekers[i].touched, (size_t)4 << 30);
		buf_init(&seekers[i].pairs, (size_t)16 << 30);
		started[i] = i > 0 && pthread_create(&thread[i], NULL, run_seeker, &seekers[i]) == 0;
	}
	run_seeker(&seekers[0]);
	for (size_t i = 1; i < l->threads; i++) {
		if (started[i])
			pthread_join(thread[i], NULL);
		else
			run_seeker(&seekers[i]);
	}
	enum err err = collect(l, seekers, passes);
	for (size_t i = 0; i < l->threads; i++) {
		buf_release(&seekers[i].touched);
		buf_release(&seekers[i].pairs);
	}
	return err;
}

enum err words_find(struct linkage *l, struct passes *passes)
{
	struct index x = {.l = l};
	if (passes->all)
		return OK;
	for (size_t j = 0; j < l->n_fields; j++) {
		if (!takes_part(l, &l->fields[j]))
			continue;
		x.base[x.n_fields] = (uint32_t)x.n_words;
		x.field[x.n_fields++] = j;
		x.n_words += l->fields[j].vocabulary.n;
	}
	if (x.n_words == 0)
		return OK;
	enum err err = make_index(&x);
	if (err == OK)
		err = seek_all(&x, passes);
	free(x.start);
	free(x.posting);
	return err;
}
