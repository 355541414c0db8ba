/* Which character separates the columns?  Each candidate is tried on the first
 * rows; the one that gives the same number of cells most often wins. */
#include <csv.h>
#include <string.h>

#include "core/files/table.h"

enum { SAMPLE_ROWS = 200, SAMPLE_BYTES = 64 * 1024 };

struct trial {
	size_t open; /* cells of the row being read */
	size_t rows;
	size_t counts[SAMPLE_ROWS];
	bool blanks;
};

static void trial_cell(void *data, size_t len, void *arg)
{
	(void)data;
	struct trial *t = arg;
	t->open += !t->blanks || len > 0;
}

static void trial_row(int end, void *arg)
{
	(void)end;
	struct trial *t = arg;
	if (t->open > 0 && t->rows < SAMPLE_ROWS)
		t->counts[t->rows++] = t->open;
	t->open = 0;
}

/* Share of the rows that have the commonest number of cells, in thousandths, and
 * a little for more columns; 0 if it does not split at all. */
static int trial_score(const struct trial *t)
{
	size_t best = 0, best_rows = 0;
	for (size_t i = 0; i < t->rows; i++) {
		size_t same = 0;
		for (size_t j = 0; j < t->rows; j++)
			same += t->counts[j] == t->counts[i];
		if (same > best_rows || (same == best_rows && t->counts[i] > best)) {
			best = t->counts[i];
			best_rows = same;
		}
	}
	if (best < 2)
		return 0;
	return (int)(best_rows * 1000 / t->rows) + (int)(best > 20 ? 20 : best) * 4;
}

static int try_delimiter(const char *text, size_t len, char delimiter)
{
	struct csv_parser parser;
	struct trial t = {.blanks = delimiter == ' '};
	if (csv_init(&parser, 0) != 0)
		return 0;
	csv_set_delim(&parser, (unsigned char)delimiter);
	csv_set_blk_size(&parser, 4096);
	csv_parse(&parser, text, len, trial_cell, trial_row, &t);
	csv_fini(&parser, trial_cell, trial_row, &t);
	csv_free(&parser);
	return trial_score(&t);
}

/* Blanks separate only where there is little else than numbers: prose has blanks too. */
static bool mostly_digits(const char *text, size_t len)
{
	size_t digits = 0, ink = 0;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		digits += c >= '0' && c <= '9';
		ink += c > ' ';
	}
	return digits * 10 >= ink * 7;
}

char csv_detect_delimiter(const char *text, size_t len)
{
	static const char candidates[] = ",\t;|";
	if (len > SAMPLE_BYTES)
		len = SAMPLE_BYTES;
	/* A cut row would count wrong; leave it out if there are others. */
	const char *last = len == SAMPLE_BYTES ? memrchr(text, '\n', len) : NULL;
	if (last != NULL)
		len = (size_t)(last - text) + 1;
	char best = ',';
	int best_score = 0;
	for (const char *c = candidates; *c != '\0'; c++) {
		int score = try_delimiter(text, len, *c);
		if (score > best_score) {
			best = *c;
			best_score = score;
		}
	}
	if (best_score < 900 && mostly_digits(text, len)) {
		int score = try_delimiter(text, len, ' ');
		if (score > best_score && score >= 900)
			best = ' ';
	}
	return best;
}
