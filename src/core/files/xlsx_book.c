/* In the helper process: the archive, the workbook's parts, styles and shared strings. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/files/xlsx.h"

void xlsx_refuse(struct xlsx_book *book, enum err code, const char *key, const char *arg)
{
	if (book->fault.key != NULL)
		return;
	book->fault.code = code;
	book->fault.key = key;
	(void)snprintf(book->fault.arg, sizeof(book->fault.arg), "%s", arg != NULL ? arg : "");
}

/* --- parts ------------------------------------------------------------- */

static void no_doctype(void *user, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
	(void)name;
	(void)external;
	(void)system;
	xmlParserCtxtPtr parser = user;
	xmlStopParser(parser);
}

static void quiet(void *user, const xmlError *error)
{
	(void)user;
	(void)error;
}

/* A parser's callbacks get the parser itself as user data, so that they can stop it; what
 * the part's reader needs hangs on it. */
static xmlParserCtxtPtr new_parser(const xmlSAXHandler *from, void *user)
{
	xmlSAXHandler sax = *from;
	sax.initialized = XML_SAX2_MAGIC;
	sax.internalSubset = no_doctype;
	xmlParserCtxtPtr parser = xmlCreatePushParserCtxt(&sax, NULL, NULL, 0, NULL);
	if (parser == NULL)
		return NULL;
	(void)xmlCtxtUseOptions(parser, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	parser->userData = parser;
	parser->_private = user;
	return parser;
}

static bool plausible(struct xlsx_book *book, const zip_stat_t *st)
{
	if (st->size > XLSX_PART_MAX)
		xlsx_refuse(book, ERR_LIMIT, "xlsx_too_large", st->name);
	else if (st->size > ((uint64_t)16 << 20) && st->size / (st->comp_size + 1) > XLSX_RATIO_MAX)
		xlsx_refuse(book, ERR_LIMIT, "xlsx_bomb", st->name);
	return !xlsx_wrong(book);
}

static void feed(struct xlsx_book *book, zip_file_t *file, const zip_stat_t *st, xmlParserCtxtPtr parser,
                 void (*progress)(struct xlsx_book *, uint64_t, uint64_t))
{
	char chunk[FILE_CHUNK];
	uint64_t done = 0;
	for (;;) {
		zip_int64_t n = zip_fread(file, chunk, sizeof(chunk));
		if (n < 0)
			xlsx_refuse(book, ERR_INVALID, "xlsx_damaged", st->name);
		done += n > 0 ? (uint64_t)n : 0;
		if (done > st->size) /* the archive lies about it */
			xlsx_refuse(book, ERR_LIMIT, "xlsx_bomb", st->name);
		if (xlsx_wrong(book))
			return;
		int bad = xmlParseChunk(parser, chunk, n > 0 ? (int)n : 0, n <= 0);
		if (xlsx_wrong(book))
			return;
		if (bad != 0) {
			xlsx_refuse(book, ERR_INVALID, "xlsx_damaged", st->name);
			return;
		}
		if (n == 0)
			return;
		if (progress != NULL)
			progress(book, done, st->size);
	}
}

bool xlsx_parse_part(struct xlsx_book *book, const char *path, const xmlSAXHandler *sax, void *user,
                     void (*progress)(struct xlsx_book *, uint64_t, uint64_t))
{
	zip_stat_t st;
	zip_int64_t at = zip_name_locate(book->zip, path, ZIP_FL_NOCASE);
	if (at < 0 || zip_stat_index(book->zip, (zip_uint64_t)at, 0, &st) != 0)
		return false;
	if ((st.valid & (ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE)) != (ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE) || !plausible(book, &st))
		return false;
	zip_file_t *file = zip_fopen_index(book->zip, (zip_uint64_t)at, 0);
	xmlParserCtxtPtr parser = new_parser(sax, user);
	if (file == NULL)
		xlsx_refuse(book, ERR_INVALID, "xlsx_locked", path);
	else if (parser == NULL)
		xlsx_refuse(book, ERR_LIMIT, "no_memory", NULL);
	else
		feed(book, file, &st, parser, progress);
	if (parser != NULL)
		xmlFreeParserCtxt(parser);
	if (file != NULL)
		(void)zip_fclose(file);
	return true;
}

bool xlsx_attribute(const xmlChar **attributes, int n, const char *name, char *out, size_t max)
{
	for (int i = 0; i < n; i++) {
		const xmlChar **a = attributes + (ptrdiff_t)i * 5; /* name, prefix, URI, value, end */
		if (strcmp((const char *)a[0], name) != 0)
			continue;
		size_t len = (size_t)(a[4] - a[3]);
		if (len >= max)
			len = max - 1;
		memcpy(out, a[3], len);
		out[len] = '\0';
		return true;
	}
	return false;
}

static struct xlsx_book *book_of(void *user)
{
	const xmlParserCtxt *parser = user;
	return parser->_private;
}

/* --- workbook.xml and its relationships -------------------------------- */

static void on_workbook(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int n_ns,
                        const xmlChar **ns, int n, int n_default, const xmlChar **attributes)
{
	(void)prefix, (void)uri, (void)n_ns, (void)ns, (void)n_default;
	struct xlsx_book *book = book_of(user);
	char text[512];
	if (strcmp((const char *)name, "workbookPr") == 0) {
		if (xlsx_attribute(attributes, n, "date1904", text, sizeof(text)))
			book->from_1904 = strcmp(text, "1") == 0 || strcmp(text, "true") == 0;
		return;
	}
	if (strcmp((const char *)name, "sheet") != 0)
		return;
	if (book->n_sheets == TABLE_SHEETS_MAX) {
		xlsx_refuse(book, ERR_LIMIT, "xlsx_too_many_sheets", NULL);
		return;
	}
	char rel[128] = "";
	if (!xlsx_attribute(attributes, n, "name", text, sizeof(text)))
		return;
	(void)xlsx_attribute(attributes, n, "id", rel, sizeof(rel));
	struct xlsx_sheet_ref *sheet = &book->sheets[book->n_sheets];
	char state[16] = "";
	(void)xlsx_attribute(attributes, n, "state", state, sizeof(state));
	sheet->hidden = strcasecmp(state, "hidden") == 0 || strcasecmp(state, "veryHidden") == 0;
	sheet->name = strdup(text);
	sheet->rel = strdup(rel);
	book->n_sheets++;
	if (sheet->name == NULL || sheet->rel == NULL)
		xlsx_refuse(book, ERR_LIMIT, "no_memory", NULL);
}

/* A relationship's target, relative to xl/ or absolute, as a name in the archive. */
static char *part_path(const char *target)
{
	if (target[0] == '/')
		return strdup(target + 1);
	char path[600];
	while (strncmp(target, "./", 2) == 0)
		target += 2;
	if (strncmp(target, "../", 3) == 0)
		return strdup(target + 3);
	(void)snprintf(path, sizeof(path), "xl/%s", target);
	return strdup(path);
}

static void set_path(char **to, const char *target)
{
	if (*to == NULL)
		*to = part_path(target);
}

static void on_relation(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int n_ns,
                        const xmlChar **ns, int n, int n_default, const xmlChar **attributes)
{
	(void)prefix, (void)uri, (void)n_ns, (void)ns, (void)n_default;
	struct xlsx_book *book = book_of(user);
	char id[128], type[256], target[512];
	if (strcmp((const char *)name, "Relationship") != 0 || !xlsx_attribute(attributes, n, "Id", id, sizeof(id)) ||
	    !xlsx_attribute(attributes, n, "Type", type, sizeof(type)) ||
	    !xlsx_attribute(attributes, n, "Target", target, sizeof(target)))
		return;
	const char *kind = strrchr(type, '/');
	if (kind == NULL)
		return;
	if (strcmp(kind, "/sharedStrings") == 0)
		set_path(&book->strings_path, target);
	else if (strcmp(kind, "/styles") == 0)
		set_path(&book->styles_path, target);
	else if (strcmp(kind, "/worksheet") == 0)
		for (size_t i = 0; i < book->n_sheets; i++)
			if (strcmp(book->sheets[i].rel, id) == 0)
				set_path(&book->sheets[i].path, target);
}

/* --- styles ------------------------------------------------------------ */

struct styles {
	struct xlsx_book *book;
	bool in_cell_formats;
};

/* The number format of that id, -1: plain numbers. Those that every program knows are added when they are met. */
static int16_t format_of(struct xlsx_book *book, int id)
{
	size_t max = sizeof(book->formats) / sizeof(book->formats[0]);
	for (size_t i = 0; i < book->n_formats; i++)
		if (book->formats[i].id == id)
			return book->formats[i].look == LOOK_PLAIN ? -1 : (int16_t)i;
	enum xlsx_look look = xlsx_builtin_date(id) ? LOOK_DATE : id == 9 || id == 10 ? LOOK_PERCENT : LOOK_PLAIN;
	if (look == LOOK_PLAIN || book->n_formats == max)
		return -1;
	book->formats[book->n_formats] = (struct xlsx_format){.id = id, .look = look};
	return (int16_t)book->n_formats++;
}

static void add_cell_format(struct xlsx_book *book, int number_format)
{
	if (book->n_looks >= 65536)
		return;
	if ((book->n_looks & (book->n_looks - 1)) == 0) {
		int16_t *more = realloc(book->looks, (book->n_looks == 0 ? 1 : book->n_looks * 2) * sizeof(*more));
		if (more == NULL) {
			xlsx_refuse(book, ERR_LIMIT, "no_memory", NULL);
			return;
		}
		book->looks = more;
	}
	book->looks[book->n_looks++] = format_of(book, number_format);
}

static int number_of(const char *text)
{
	long value = strtol(text, NULL, 10);
	return value < 0 || value > 1000000 ? 0 : (int)value;
}

static void on_style(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int n_ns,
                     const xmlChar **ns, int n, int n_default, const xmlChar **attributes)
{
	(void)prefix, (void)uri, (void)n_ns, (void)ns, (void)n_default;
	const xmlParserCtxt *parser = user;
	struct styles *styles = parser->_private;
	struct xlsx_book *book = styles->book;
	char id[32] = "0", code[256];
	if (strcmp((const char *)name, "cellXfs") == 0) {
		styles->in_cell_formats = true;
	} else if (strcmp((const char *)name, "numFmt") == 0) {
		size_t max = sizeof(book->formats) / sizeof(book->formats[0]);
		if (book->n_formats < max && xlsx_attribute(attributes, n, "numFmtId", id, sizeof(id)) &&
		    xlsx_attribute(attributes, n, "formatCode", code, sizeof(code))) {
			struct xlsx_format *format = &book->formats[book->n_formats++];
			(void)xlsx_format_parse(code, format);
			format->id = number_of(id);
		}
	} else if (styles->in_cell_formats && strcmp((const char *)name, "xf") == 0) {
		(void)xlsx_attribute(attributes, n, "numFmtId", id, sizeof(id));
		add_cell_format(book, number_of(id));
	}
}

static void on_style_end(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	(void)prefix, (void)uri;
	const xmlParserCtxt *parser = user;
	struct styles *styles = parser->_private;
	if (strcmp((const char *)name, "cellXfs") == 0)
		styles->in_cell_formats = false;
}

/* --- shared strings ---------------------------------------------------- */

struct strings {
	struct xlsx_book *book;
	int text_depth, phonetic_depth; /* within <t>, within <rPh> */
	size_t start;
};

static void on_string(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int n_ns,
                      const xmlChar **ns, int n, int n_default, const xmlChar **attributes)
{
	(void)prefix, (void)uri, (void)n_ns, (void)ns, (void)n, (void)n_default, (void)attributes;
	const xmlParserCtxt *parser = user;
	struct strings *s = parser->_private;
	if (strcmp((const char *)name, "si") == 0)
		s->start = s->book->strings.len;
	else if (strcmp((const char *)name, "t") == 0)
		s->text_depth++;
	else if (strcmp((const char *)name, "rPh") == 0)
		s->phonetic_depth++;
}

static void end_string(struct strings *s)
{
	struct xlsx_book *book = s->book;
	if (book->n_strings == XLSX_STRINGS_COUNT_MAX || buf_failed(&book->strings)) {
		xlsx_refuse(book, ERR_LIMIT, "xlsx_strings_too_large", NULL);
		return;
	}
	if (book->strings.len > s->start)
		buf_truncate(&book->strings,
		             s->start + xlsx_unescape(book->strings.data + s->start, book->strings.len - s->start));
	if (book->n_strings == book->cap_strings) {
		size_t cap = book->cap_strings == 0 ? 4096 : book->cap_strings * 2;
		size_t *more = realloc(book->string_ends, cap * sizeof(*more));
		if (more == NULL) {
			xlsx_refuse(book, ERR_LIMIT, "no_memory", NULL);
			return;
		}
		book->string_ends = more;
		book->cap_strings = cap;
	}
	book->string_ends[book->n_strings++] = book->strings.len;
}

static void on_string_end(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	(void)prefix, (void)uri;
	const xmlParserCtxt *parser = user;
	struct strings *s = parser->_private;
	if (strcmp((const char *)name, "si") == 0)
		end_string(s);
	else if (strcmp((const char *)name, "t") == 0)
		s->text_depth--;
	else if (strcmp((const char *)name, "rPh") == 0)
		s->phonetic_depth--;
}

static void on_string_text(void *user, const xmlChar *text, int len)
{
	const xmlParserCtxt *parser = user;
	struct strings *s = parser->_private;
	if (s->text_depth <= 0 || s->phonetic_depth > 0 || len <= 0)
		return;
	if (s->book->strings.len - s->start + (size_t)len > TABLE_CELL_MAX)
		xlsx_refuse(s->book, ERR_LIMIT, "cell_too_large", NULL);
	else
		buf_add(&s->book->strings, text, (size_t)len);
}

/* --- all together ------------------------------------------------------ */

static bool check_archive(struct xlsx_book *book)
{
	zip_int64_t n = zip_get_num_entries(book->zip, 0);
	if (n > XLSX_ENTRIES_MAX)
		xlsx_refuse(book, ERR_LIMIT, "xlsx_too_many_parts", NULL);
	else if (zip_name_locate(book->zip, "xl/workbook.bin", ZIP_FL_NOCASE) >= 0)
		xlsx_refuse(book, ERR_INVALID, "file_kind_xlsb", NULL);
	return !xlsx_wrong(book);
}

bool xlsx_open_book(struct xlsx_book *book)
{
	static const xmlSAXHandler workbook = {.startElementNs = on_workbook}, relations = {.startElementNs = on_relation};
	static const xmlSAXHandler style = {.startElementNs = on_style, .endElementNs = on_style_end};
	static const xmlSAXHandler string = {.startElementNs = on_string, .endElementNs = on_string_end,
	                                     .characters = on_string_text, .cdataBlock = on_string_text};
	xmlSetStructuredErrorFunc(NULL, (xmlStructuredErrorFunc)quiet);
	buf_init(&book->strings, XLSX_STRINGS_MAX);
	book->sheets = calloc(TABLE_SHEETS_MAX, sizeof(*book->sheets));
	if (book->sheets == NULL)
		xlsx_refuse(book, ERR_LIMIT, "no_memory", NULL);
	else if (check_archive(book) && !xlsx_parse_part(book, "xl/workbook.xml", &workbook, book, NULL))
		xlsx_refuse(book, ERR_INVALID, "file_kind_zip", NULL);
	if (xlsx_wrong(book))
		return false;
	(void)xlsx_parse_part(book, "xl/_rels/workbook.xml.rels", &relations, book, NULL);
	struct styles styles = {.book = book};
	struct strings strings = {.book = book};
	if (!xlsx_wrong(book))
		(void)xlsx_parse_part(book, book->styles_path != NULL ? book->styles_path : "xl/styles.xml", &style, &styles, NULL);
	if (!xlsx_wrong(book))
		(void)xlsx_parse_part(book, book->strings_path != NULL ? book->strings_path : "xl/sharedStrings.xml", &string,
		                      &strings, NULL);
	return !xlsx_wrong(book);
}

void xlsx_release_book(struct xlsx_book *book)
{
	for (size_t i = 0; i < book->n_sheets; i++) {
		free(book->sheets[i].name);
		free(book->sheets[i].rel);
		free(book->sheets[i].path);
	}
	free(book->sheets);
	free(book->strings_path);
	free(book->styles_path);
	free(book->looks);
	free(book->string_ends);
	buf_release(&book->strings);
	buf_release(&book->out);
	if (book->zip != NULL)
		zip_discard(book->zip);
}
