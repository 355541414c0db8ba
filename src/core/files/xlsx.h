/* Inside core/files: the workbook reader that runs in the helper process, and the
 * frames it sends to the parent over a pipe.
 *
 * A frame is one letter, four bytes of length (little-endian), and the payload:
 *   S  names of the sheets, each with NUL       U  number of the sheet that is read (4 bytes)
 *   R  row number (4), cells (4), and for each its kind (1), length (4) and text
 *   P  thousandths of the sheet done (4)        E  the end
 *   F  code (1), message key with NUL, argument with NUL */
#ifndef GUANXI_CORE_FILES_XLSX_H
#define GUANXI_CORE_FILES_XLSX_H

#include <libxml/parser.h>
#include <zip.h>

#include "core/files/table.h"

enum {
	XLSX_ROWS_MAX = 1048576,
	XLSX_ENTRIES_MAX = 10000,
	XLSX_RATIO_MAX = 300,                /* unpacked to packed bytes, for large parts */
	XLSX_STRINGS_COUNT_MAX = 16 << 20,
};
#define XLSX_PART_MAX ((uint64_t)4 << 30)       /* unpacked bytes of one part */
#define XLSX_STRINGS_MAX ((size_t)256 << 20)    /* bytes of all shared strings */
#define XLSX_MEMORY_MAX ((size_t)1200 << 20)
#define XLSX_OUT_MAX ((size_t)TABLE_ROW_MAX * 4)

/* Why the workbook cannot be read; key NULL: nothing wrong. */
struct xlsx_fault {
	enum err code;
	const char *key;
	char arg[64];
};

struct xlsx_sheet_ref {
	char *name;
	char *rel;  /* relationship id */
	char *path; /* part in the archive */
	bool hidden;
};

/* How a number shows in a cell. */
enum xlsx_look { LOOK_PLAIN, LOOK_DATE, LOOK_PERCENT, LOOK_CODE };
struct xlsx_format {
	int id;
	enum xlsx_look look;
	char code[96]; /* LOOK_CODE: its first section; LOOK_DATE: the zone that it shows beside every time ("+08:00"), or "" */
};

struct xlsx_book {
	zip_t *zip;
	struct xlsx_fault fault;
	bool from_1904;
	struct xlsx_sheet_ref *sheets;
	size_t n_sheets;
	char *strings_path, *styles_path;
	/* styles: for each cell format its number format, -1 a plain number */
	int16_t *looks;
	size_t n_looks;
	struct xlsx_format formats[1024];
	size_t n_formats;
	/* shared strings, one after another */
	struct buf strings;
	size_t *string_ends;
	size_t n_strings, cap_strings;
	/* out */
	int fd;
	struct buf out;
};

void xlsx_refuse(struct xlsx_book *book, enum err code, const char *key, const char *arg);
static inline bool xlsx_wrong(const struct xlsx_book *book) { return book->fault.key != NULL; }

/* Reads one part of the archive through SAX callbacks; stops when the book has a
 * fault. A missing part is false; `progress` may be NULL. */
bool xlsx_parse_part(struct xlsx_book *book, const char *path, const xmlSAXHandler *sax, void *user,
                     void (*progress)(struct xlsx_book *book, uint64_t done, uint64_t total));
/* Attribute of startElementNs by local name, copied into out; false if absent. */
bool xlsx_attribute(const xmlChar **attributes, int n, const char *name, char *out, size_t max);

bool xlsx_open_book(struct xlsx_book *book);  /* workbook, relationships, styles, shared strings */
/* Cells merged over rows: all of them have what stands in the first. */
struct xlsx_merge {
	uint32_t first, last; /* rows, from 1 */
	size_t column;
	char *text;
	size_t len;
	enum cell_kind kind;
};
enum { XLSX_MERGES_MAX = 100000 };
/* The merged cells of a sheet's part, by their first row; the caller frees the list. NULL: none. */
struct xlsx_merge *xlsx_find_merges(struct xlsx_book *book, const char *path, size_t *ret_n);
bool xlsx_read_sheet(struct xlsx_book *book, size_t sheet, bool *ret_any); /* sends its rows */
void xlsx_release_book(struct xlsx_book *book);

/* Whether a number format shows a date or time. */
bool xlsx_date_format(const char *code);
bool xlsx_builtin_date(int id);
/* A serial day number as text. */
size_t xlsx_date_text(double serial, bool from_1904, char out[32]);
/* What a format makes of numbers; false: nothing that matters. */
bool xlsx_format_parse(const char *code, struct xlsx_format *ret);
/* 77 by "00000" to "00077", 13800138000 by "000-0000-0000" to "138-0013-8000"; 0 if it is no whole number. */
size_t xlsx_code_text(double value, const char *code, char *out, size_t max);
/* "_x000D_" to what it stands for, in place. Returns the new length. */
size_t xlsx_unescape(char *text, size_t len);

void xlsx_frame(struct xlsx_book *book, char letter, const void *payload, size_t n);
void xlsx_send(struct xlsx_book *book); /* writes what waits */
void xlsx_put_u32(struct buf *buf, uint32_t value);

/* A number as a spreadsheet shows it: fifteen digits, without exponent where it can be. */
size_t xlsx_number_text(double value, char out[64]);
/* One row of cells; nothing if none is filled. */
void xlsx_send_row(struct xlsx_book *book, uint32_t number, const struct cell *cells, size_t n);
void xlsx_send_sheets(struct xlsx_book *book);
void xlsx_send_number(struct xlsx_book *book, char letter, uint32_t number);

/* Workbooks of before 2007 and OpenDocument sheets, by the same frames. */
bool xls_is_one(const void *map, size_t size);
void xls_prepare(void); /* before the cage closes */
void xls_run(struct xlsx_book *book, const char *path, const char *sheet);
bool ods_is_one(struct xlsx_book *book);
void ods_run(struct xlsx_book *book, const char *sheet);

/* All of it for an archive in memory; `book` has its fd and out. Also what the fuzzer calls. */
void xlsx_run(struct xlsx_book *book, void *map, size_t size, const char *sheet);
int xlsx_helper(const char *sheet);
extern const char xlsx_helper_name[]; /* argv[0] of the helper */

#endif
