/* Tables in files: CSV, TSV, XLSX, JSON Lines and vCard, read and written through
 * one interface, a row at a time, in flat memory.  Also safe names for downloads.
 * The only folder that uses libzip, libxml2, libxlsxwriter, libfreexl and libmagic.
 *
 * What comes in is hostile.  Text is valid UTF-8 without NUL when it leaves this
 * folder; sizes are limited; XLSX is taken apart in a helper process with
 * resource limits and a system call filter, so main() has to start with
 *
 *	if (file_helper(argc, argv, &status))
 *		return status;
 */
#ifndef GUANXI_CORE_FILES_FILES_H
#define GUANXI_CORE_FILES_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/ctx.h"

/* FILE_XLS and FILE_ODS are only read. */
enum file_format { FILE_DETECT, FILE_CSV, FILE_XLSX, FILE_JSONL, FILE_VCARD, FILE_XLS, FILE_ODS, FILE_FORMAT_COUNT };

enum {
	TABLE_COLUMNS_MAX = 2000,
	TABLE_CELL_MAX = 1 << 20,  /* bytes of one cell */
	TABLE_ROW_MAX = 4 << 20,   /* bytes of one row */
	TABLE_SHEETS_MAX = 256,
};

/* "csv", "xlsx", "jsonl", "vcard", "xls", "ods", and "tsv" for FILE_CSV; FILE_DETECT if unknown. */
enum file_format file_format_named(const char *name);
const char *file_format_name(enum file_format format);
/* "text/csv" … and ".csv" … */
const char *file_format_type(enum file_format format);
const char *file_format_suffix(enum file_format format);

/* Whether exports can be made in it. */
bool file_format_writes(enum file_format format);

/* Runs as the helper process if the arguments ask for it. */
bool file_helper(int argc, char **argv, int *ret_status);

/* --- cells ------------------------------------------------------------- */

/* What the file itself knows of a cell; CSV knows only text. */
enum cell_kind {
	CELL_EMPTY,
	CELL_TEXT,
	CELL_NUMBER, /* plain notation, a point as decimal mark */
	CELL_TIME,   /* "2026-11-22", "2026-11-22 03:04:05" or "03:04:05" */
	CELL_BOOL,   /* "true" or "false" */
	CELL_ERROR,  /* a spreadsheet's own error, "#DIV/0!" */
	CELL_KIND_COUNT
};

struct cell {
	const char *text; /* NUL-terminated; "" if empty, never NULL */
	size_t len;
	enum cell_kind kind;
};

/* --- reading ----------------------------------------------------------- */

struct table_options {
	enum file_format format;
	const char *encoding; /* NULL: detect */
	char delimiter;       /* 0: detect */
	int header_row;       /* HEADER_DETECT, 0: the file has none, else the row it stands in */
	const char *sheet;    /* NULL: the first that is not empty */
	bool keep_guards;     /* leave the apostrophes that table_guard adds */
};
enum { HEADER_DETECT = -1 };

struct table_info {
	enum file_format format;
	const char *encoding;
	char delimiter;
	int header_row; /* 0: none */
	const char *sheet;
	const char *const *sheets; /* XLSX */
	size_t n_sheets;
	const char *const *columns; /* cleaned header texts; "" where the header has none */
	size_t n_columns;
	int64_t bytes_total;
	int64_t bytes_done;
	int64_t decode_errors; /* characters replaced by U+FFFD so far */
};

struct table_row {
	const struct cell *cells; /* valid until the next call */
	size_t n;                 /* may differ from n_columns: what the file has */
	int64_t number;           /* row in the file, from 1, header and title rows counted */
	const char *problem;      /* key of what is wrong with the row ("row_quote_open" …), or NULL */
};

/* Opens, finds out what it is, and reads its head.  gzip is opened on the way.
 * Errors, all with field "file": ERR_INVALID "file_empty", "file_kind_pdf",
 * "file_kind_html" … for what we cannot read, ERR_LIMIT for what is too large.
 * A table is one thread's; it holds its own memory and may outlive ctx. */
struct table;
enum err table_open_new(struct ctx *ctx, const char *path, const struct table_options *options, struct table **ret) MUST_CHECK;
void table_free(struct table *table);
/* Borrowed; for JSON Lines `columns` grows as new members appear. */
const struct table_info *table_info(struct table *table);
/* The next data row.  *ret_more false: the end.  Wrong rows come with `problem`;
 * an error means that nothing more can be read. Blank rows are left out. */
enum err table_next(struct ctx *ctx, struct table *table, struct table_row *ret, bool *ret_more) MUST_CHECK;

/* --- writing ----------------------------------------------------------- */

struct table_out_options {
	enum file_format format;
	const char *encoding; /* NULL: UTF-8 */
	bool bom;             /* CSV: start with a byte order mark (UTF-8 and UTF-16) */
	char delimiter;       /* CSV: 0 is ',' */
	const char *sheet;    /* XLSX: name of the first sheet */
	const char *temp_dir; /* XLSX: for working files; NULL: /tmp */
	bool vcard3;          /* vCard 3.0, not 4.0 */
};

/* A column: `name` heads it in JSON Lines (and says the part in vCard, see
 * vcard_columns), `label` in CSV and XLSX. */
struct table_column {
	const char *name;
	const char *label;
	enum cell_kind kind; /* what its cells mostly are, for XLSX widths and formats */
};

typedef enum err (*table_sink)(struct ctx *ctx, void *arg, const void *data, size_t n);

struct table_out;
/* The columns' texts must stay valid. */
enum err table_out_new(struct ctx *ctx, const struct table_out_options *options, const struct table_column *columns,
                       size_t n_columns, table_sink sink, void *arg, struct table_out **ret) MUST_CHECK;
/* One row of n_columns cells. CSV cells that a spreadsheet would run as a formula are guarded. */
enum err table_write(struct ctx *ctx, struct table_out *out, const struct cell *cells) MUST_CHECK;
/* Writes what is left.  *ret_lost (may be NULL): characters the encoding could not hold. */
enum err table_finish(struct ctx *ctx, struct table_out *out, int64_t *ret_lost) MUST_CHECK;
void table_out_free(struct table_out *out);

/* Cells that begin with = + - @ (also full-width), tab or CR, be it after
 * apostrophes, quotes, spaces or newlines, are run as formulas by spreadsheets.
 * The writer puts one apostrophe before them, and before what the reader would take
 * for a wrapper or an error of a spreadsheet; the reader takes it away again, so
 * the round trip is exact.  Plain numbers and phone numbers ("-12.50", "+86 138-0013-8000")
 * are harmless and stay as they are. */
bool table_guarded(const char *text, size_t len); /* does this text need, or (after its apostrophe) carry, the guard */

/* Parts of a vCard, in the reader's column order; ended by NULL. */
extern const char *const vcard_columns[];

/* --- names and kinds of files ------------------------------------------ */

/* A file name safe to offer and to write: last path part, no control characters,
 * no characters that file systems or headers trip over, no reserved or hidden
 * names, at most 150 bytes, its suffix kept.  `fallback` if nothing is left. */
enum err file_safe_name(struct ctx *ctx, const char *name, const char *fallback, const char **ret) MUST_CHECK;
/* Value of a Content-Disposition header that makes the browser save it. */
enum err file_disposition(struct ctx *ctx, const char *name, const char **ret) MUST_CHECK;
/* What may be told to a browser as Content-Type: the type itself if it is inert
 * (raster images, PDF, plain text …), "application/octet-stream" for all else. */
const char *file_inert_type(const char *type);

#endif
