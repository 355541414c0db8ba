/* Which character separates the columns?  Each candidate is tried on the first
 * rows; the one that gives the same number of cells most often wins. */
#include <string.h>

#include "core/files/csv_parse.h"
#include "core/files/table.h"

enum { SAMPLE_ROWS = 200, SAMPLE_BYTES = 64 * 1024 };

/* Share of the rows that have the commonest number of cells, in thousandths, and
 * a little for more columns; 0 if it does not split at all. */
static int trial_score(const struct csv_row *rows, size_t n)
{
	size_t best = 0, best_rows = 0;
	for (size_t i = 0; i < n; i++) {
		size_t same = 0;
		for (size_t j = 0; j < n; j++)
			same += rows[j].n == rows[i].n;
		if (same > best_rows || (same == best_rows && rows[i].n > best)) {
			best = rows[i].n;
			best_rows = same;
		}
	}
	if (best < 2)
		return 0;
	return (int)(best_rows * 1000 / n) + (int)(best > 20 ? 20 : best) * 4;
}

static int try_delimiter(const char *text, size_t len, char delimiter)
{
	struct csv_parse parse;
	int score = 0;
	if (csv_parse_init(&parse, delimiter, 1)) {
		csv_parse_feed(&parse, text, len);
		csv_parse_end(&parse);
		score = trial_score(parse.rows, parse.n_rows < SAMPLE_ROWS ? parse.n_rows : SAMPLE_ROWS);
	}
	csv_parse_release(&parse);
	return score;
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
