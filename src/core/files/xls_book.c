/* In the helper process: a workbook of before 2007, through libfreexl.
 *
 * The library opens files by name only. In the cage every opening gives descriptor 0, which is the
 * workbook: the filter answers 0 in place of the kernel (xlsx_helper.c), so that there is no file to be had but this one.
 * What iconv needs for the code pages of old workbooks is loaded before the cage closes. */
#include <freexl.h>
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "core/files/xlsx.h"

bool xls_is_one(const void *map, size_t size)
{
	return size >= 8 && memcmp(map, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8) == 0;
}

void xls_prepare(void)
{
	static const char *const pages[] = {"ASCII", "UTF-16LE", "CP437", "CP850", "CP852", "CP866", "CP874", "CP932", "CP936", "CP949", "CP950",
	                                    "CP1250", "CP1251", "CP1252", "CP1253", "CP1254", "CP1255", "CP1256", "CP1257", "CP1258", "MacRoman"};
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
		(void)iconv_open("UTF-8", pages[i]); /* stays open: its tables are then at hand */
}

static struct cell text_cell(const char *text, enum cell_kind kind)
{
	size_t n = text != NULL ? strlen(text) : 0;
	bool good = n > 0 && n <= TABLE_CELL_MAX && utf8_valid(text, n);
	return good ? (struct cell){text, n, kind} : (struct cell){"", 0, CELL_EMPTY};
}

/* One cell; what has to be made lies in `room`. */
static struct cell cell_of(const FreeXL_CellValue *value, char room[64])
{
	switch (value->type) {
	case FREEXL_CELL_INT:
		(void)snprintf(room, 64, "%d", value->value.int_value);
		return text_cell(room, CELL_NUMBER);
	case FREEXL_CELL_DOUBLE:
		(void)xlsx_number_text(value->value.double_value, room);
		return text_cell(room, CELL_NUMBER);
	case FREEXL_CELL_TEXT:
	case FREEXL_CELL_SST_TEXT:
		return text_cell(value->value.text_value, CELL_TEXT);
	case FREEXL_CELL_DATE:
	case FREEXL_CELL_DATETIME:
	case FREEXL_CELL_TIME: {
		struct cell cell = text_cell(value->value.text_value, CELL_TIME);
		if (cell.len == 19 && strcmp(cell.text + 10, " 00:00:00") == 0) /* a day */
			cell = text_cell(memcpy(memset(room, 0, 64), cell.text, 10), CELL_TIME);
		return cell;
	}
	default:
		return (struct cell){"", 0, CELL_EMPTY};
	}
}

static bool send_row(struct xlsx_book *book, const void *xls, unsigned row, unsigned columns, struct cell *cells, char (*rooms)[64])
{
	size_t width = 0;
	for (unsigned c = 0; c < columns; c++) {
		FreeXL_CellValue value;
		cells[c] = (struct cell){"", 0, CELL_EMPTY};
		if (freexl_get_cell_value(xls, row, (unsigned short)c, &value) == FREEXL_OK)
			cells[c] = cell_of(&value, rooms[c]);
		if (cells[c].kind == CELL_TEXT && table_error_word(cells[c].text, cells[c].len))
			cells[c] = (struct cell){"", 0, CELL_EMPTY};
		if (cells[c].len > 0)
			width = c + 1;
	}
	xlsx_send_row(book, row + 1, cells, width);
	return width > 0;
}

static bool read_sheet(struct xlsx_book *book, const void *xls, unsigned short sheet)
{
	unsigned rows = 0;
	unsigned short columns = 0;
	bool any = false;
	if (freexl_select_active_worksheet(xls, sheet) != FREEXL_OK || freexl_worksheet_dimensions(xls, &rows, &columns) != FREEXL_OK) {
		xlsx_refuse(book, ERR_INVALID, "xlsx_damaged", "sheet");
		return false;
	}
	if (columns > TABLE_COLUMNS_MAX)
		columns = TABLE_COLUMNS_MAX;
	struct cell *cells = calloc((size_t)columns + 1, sizeof(*cells));
	char(*rooms)[64] = calloc((size_t)columns + 1, sizeof(*rooms));
	if (cells == NULL || rooms == NULL)
		xlsx_refuse(book, ERR_LIMIT, "no_memory", NULL);
	for (unsigned row = 0; row < rows && row < XLSX_ROWS_MAX && !xlsx_wrong(book); row++)
		any |= send_row(book, xls, row, columns, cells, rooms);
	free(cells);
	free(rooms);
	return any;
}

static bool take_names(struct xlsx_book *book, const void *xls, unsigned count)
{
	book->sheets = calloc(TABLE_SHEETS_MAX, sizeof(*book->sheets));
	if (book->sheets == NULL || count > TABLE_SHEETS_MAX) {
		xlsx_refuse(book, ERR_LIMIT, book->sheets == NULL ? "no_memory" : "xlsx_too_many_sheets", NULL);
		return false;
	}
	for (unsigned i = 0; i < count; i++) {
		const char *name = NULL;
		bool named = freexl_get_worksheet_name(xls, (unsigned short)i, &name) == FREEXL_OK && name != NULL && utf8_valid(name, strlen(name));
		book->sheets[i].name = strdup(named ? name : "?");
		if (book->sheets[i].name == NULL) {
			xlsx_refuse(book, ERR_LIMIT, "no_memory", NULL);
			return false;
		}
		book->n_sheets++;
	}
	return true;
}

static void read_book(struct xlsx_book *book, const void *xls, const char *wanted)
{
	unsigned count = 0, locked = 0;
	if (freexl_get_info(xls, FREEXL_BIFF_PASSWORD, &locked) == FREEXL_OK && locked == FREEXL_BIFF_OBFUSCATED) {
		xlsx_refuse(book, ERR_INVALID, "xlsx_locked", NULL);
		return;
	}
	if (freexl_get_info(xls, FREEXL_BIFF_SHEET_COUNT, &count) != FREEXL_OK || !take_names(book, xls, count))
		return xlsx_refuse(book, ERR_INVALID, "xlsx_damaged", "sheets");
	bool found = false;
	xlsx_send_sheets(book);
	for (unsigned i = 0; i < count && !xlsx_wrong(book); i++) {
		if (wanted[0] != '\0' && strcmp(wanted, book->sheets[i].name) != 0)
			continue;
		found = true;
		xlsx_send_number(book, 'U', i);
		if (read_sheet(book, xls, (unsigned short)i))
			return;
	}
	if (!found)
		xlsx_refuse(book, ERR_INVALID, "xlsx_no_such_sheet", wanted);
}

void xls_run(struct xlsx_book *book, const char *path, const char *sheet)
{
	const void *xls = NULL;
	int bad = freexl_open(path, &xls);
	if (bad == FREEXL_OK)
		read_book(book, xls, sheet);
	else
		xlsx_refuse(book, bad == FREEXL_INSUFFICIENT_MEMORY ? ERR_LIMIT : ERR_INVALID, bad == FREEXL_INSUFFICIENT_MEMORY ? "xlsx_too_large" : "xlsx_damaged", "xls");
	if (xls != NULL)
		(void)freexl_close(xls);
}
