/* Inside core/files: CSV text to cells.
 *
 * Our own and not libcsv, which was tried first: after a quoted cell with text
 * behind the closing quote ("a"b,) libcsv takes everything up to some later quote
 * into that cell, so one bad cell silently swallows the good rows after it; it
 * copies byte by byte (0.5 us a row of eight cells, this takes a third), and has
 * no limits.  Here such a cell is read as spreadsheets read it, and ends at its
 * delimiter. */
#ifndef GUANXI_CORE_FILES_CSV_PARSE_H
#define GUANXI_CORE_FILES_CSV_PARSE_H

#include "core/files/files.h"

struct csv_cell {
	size_t at, len; /* in `text`; a NUL follows */
};

struct csv_row {
	size_t first, n; /* cells */
	int64_t number;
	const char *problem;
};

enum csv_place { CSV_CELL_START, CSV_PLAIN, CSV_QUOTED, CSV_QUOTE_SEEN };

/* Rows of the text fed so far.  The last one may be incomplete: csv_drop_rows
 * keeps it.  A row over a limit sets `limit`, after which nothing more is taken. */
struct csv_parse {
	char delimiter;
	bool blanks; /* the delimiter is ' ': runs of blanks separate */
	bool stop[256]; /* bytes that end a run of plain text */
	enum csv_place place;
	struct buf text;
	struct csv_cell *cells;
	size_t n_cells, cap_cells;
	struct csv_row *rows;
	size_t n_rows, cap_rows;
	size_t row_cell, row_text; /* where the incomplete row begins */
	size_t wide;               /* cells it has, even those not kept */
	size_t cell_text;          /* where the incomplete cell begins */
	size_t pad;                /* blanks after a closing quote */
	bool after_cr, touched;    /* the row has at least one character */
	int64_t number;            /* of the incomplete row */
	const char *limit;         /* key of the limit that was passed */
	bool no_memory;
};

bool csv_parse_init(struct csv_parse *p, char delimiter, int64_t first_number) MUST_CHECK;
void csv_parse_release(struct csv_parse *p);
void csv_parse_feed(struct csv_parse *p, const char *text, size_t len);
/* The end of the file ends the last row; an open quote is that row's problem. */
void csv_parse_end(struct csv_parse *p);
/* Forgets the complete rows. */
void csv_drop_rows(struct csv_parse *p);

#endif
