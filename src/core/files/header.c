/* Which row of a table heads it?  Lists made by people begin with titles, notes
 * and blank rows; lists made by programs may have no header at all. */
#include <string.h>

#include "base/str.h"
#include "core/files/table.h"

static size_t filled(const struct table_row *row)
{
	size_t n = 0;
	for (size_t i = 0; i < row->n; i++)
		n += row->cells[i].len > 0;
	return n;
}

/* The commonest count of cells; the larger one when two are as common. */
static size_t usual_width(const struct table_row *rows, size_t n)
{
	size_t best = 0, best_count = 0;
	for (size_t i = 0; i < n; i++) {
		size_t width = filled(&rows[i]), count = 0;
		for (size_t j = 0; j < n; j++)
			count += filled(&rows[j]) == width;
		if (count > best_count || (count == best_count && width > best)) {
			best = width;
			best_count = count;
		}
	}
	return best;
}

/* A mail address heads no column. */
static bool address_like(const struct cell *cell)
{
	const char *at = memchr(cell->text, '@', cell->len);
	return at != NULL && at > cell->text && strchr(at, '.') != NULL && strchr(cell->text, ' ') == NULL;
}

/* What stands in data and hardly in a header: numbers, dates, amounts, addresses. */
static bool data_like(const struct cell *cell)
{
	if (cell->kind != CELL_TEXT)
		return cell->kind != CELL_EMPTY;
	size_t digits = 0, marks = 0, others = 0;
	for (size_t i = 0; i < cell->len; i++) {
		char c = cell->text[i];
		if (c >= '0' && c <= '9')
			digits++;
		else if (strchr(" .,:/-+()$%", c) != NULL)
			marks++;
		else
			others++;
	}
	if (digits > 0 && others == 0)
		return true;
	return cell->len > 120 || str_starts(cell->text, "http://") || str_starts(cell->text, "https://");
}

static bool same_text(const struct cell *a, const struct cell *b)
{
	return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

static size_t repeats(const struct table_row *row)
{
	size_t n = 0, limit = row->n < 200 ? row->n : 200;
	for (size_t i = 1; i < limit; i++)
		for (size_t j = 0; j < i; j++)
			if (row->cells[i].len > 0 && same_text(&row->cells[i], &row->cells[j])) {
				n++;
				break;
			}
	return n;
}

static bool header_like(const struct table_row *row, size_t width)
{
	size_t cells = filled(row), data = 0;
	if (cells == 0 || cells * 10 < width * 6 || row->problem != NULL)
		return false;
	for (size_t i = 0; i < row->n; i++) {
		if (address_like(&row->cells[i]))
			return false;
		data += data_like(&row->cells[i]);
	}
	return data * 3 <= cells && repeats(row) * 3 <= cells;
}

int64_t table_detect_header(const struct table_row *rows, size_t n)
{
	size_t width = usual_width(rows, n);
	for (size_t i = 0; i < n && i < 20; i++) {
		size_t cells = filled(&rows[i]);
		bool title = cells * 10 < width * 6;
		if (title)
			continue;
		/* The first row as wide as the table: it heads it, or nothing does. */
		return header_like(&rows[i], width) ? rows[i].number : 0;
	}
	/* Every row is narrow: a list of one column. */
	return n > 0 && header_like(&rows[0], filled(&rows[0])) ? rows[0].number : 0;
}
