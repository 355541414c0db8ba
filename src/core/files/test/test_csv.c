#include "help.h"

static void test_plain(void **state)
{
	(void)state;
	check_table(test_text("a.csv", "id,name,age\n3,Liz,20\n4,Tim,21\n"), &detect, "id|name|age", "2:3|Liz|20\n3:4|Tim|21\n");
	check_table(test_text("a.csv", "\xef\xbb\xbfid,name\r\n3,张伟\r\n"), &detect, "id|name", "2:3|张伟\n");
	check_table(test_text("a.csv", "id\tname\r3\tLiz\r\r4\tTim"), &detect, "id|name", "2:3|Liz\n4:4|Tim\n");
	check_table(test_text("a.csv", "sep=;\r\nid;name\r\n3;Liz\r\n"), &detect, "id|name", "3:3|Liz\n");
	check_table(test_text("a.csv", "id|amount;x\n3|1,5\n4|2,5\n"), &detect, "id|amount;x", "2:3|1,5\n3:4|2,5\n");
}

static void test_quotes(void **state)
{
	(void)state;
	check_table(test_text("q.csv", "a,b\n\"x,\"\"y\"\"\",\"line 1\r\nline 2\"\n \"pad\" , plain \n"), &detect, "a|b",
	            "2:x,\"y\"|line 1\r\nline 2\n3:pad|plain\n");
	/* A quote within an unquoted cell is a character (a 6" plate). */
	check_table(test_text("q.csv", "a,b\nPLATE 6\",1\nx\"y\"z,2\n\"a\"b,3\n"), &detect, "a|b",
	            "2:PLATE 6\"|1\n3:x\"y\"z|2\n4:ab|3\n");
	/* Nobody closes it: that row is marked, the ones before stay good. */
	check_table(test_text("q.csv", "a,b\n1,2\n3,\"open\n5,6\n"), &detect, "a|b", "2:1|2\n3:3|open\n5,6\n!row_quote_open\n");
}

static void test_header(void **state)
{
	(void)state;
	check_table(test_text("h.csv", "Report of May\n\nname,phone,city\n张伟,13800138000,杭州\nLiz,5550100,York\n"), &detect,
	            "name|phone|city", "4:张伟|13800138000|杭州\n5:Liz|5550100|York\n");
	/* No header: numbers and dates from the first row on. */
	check_table(test_text("h.txt", " 00004 0001 19970101  2   29.33\r\n 00004 0001 19970118  2   29.73\r\n"), &detect, "||||",
	            "1:00004|0001|19970101|2|29.33\n2:00004|0001|19970118|2|29.73\n");
	struct table_options none = {.header_row = 0}, third = {.header_row = 3};
	check_table(test_text("h.csv", "d,e\n1,b\n"), &none, "|", "1:d|e\n2:1|b\n");
	check_table(test_text("h.csv", "x\n\na,a\n1,b\n"), &third, "a|a (2)", "4:1|b\n");
	check_refused(test_text("h.csv", "x\n\na,a\n1,b\n"), &(struct table_options){.header_row = 2}, ERR_INVALID,
	              "header_row_blank");
	check_table(test_text("h.csv", "name\nLiz\nTim\n"), &detect, "name", "2:Liz\n3:Tim\n");
}

static void test_shape(void **state)
{
	(void)state;
	/* Short and long rows come as they are; blank ones are left out, but counted. */
	check_table(test_text("s.csv", "a,b,c\n1\n,,\n\n1,2,3,4\n"), &detect, "a|b|c", "2:1\n5:1|2|3|4!row_too_wide\n");
	check_table(test_file("s.csv", "a,b\nx\0y,2\n", 10), &detect, "a|b", "2:xy|2\n");
}

static void test_guards(void **state)
{
	(void)state;
	static const char *const formulas[] = {
		"=1+1", "=cmd|' /C calc'!A0", "+SUM(A1)", "-2+3+cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "\rx", "＝1+1", "＋1+A1",
		"－A1", "＠x", "\"=1+1", "\n=1+1", "' =1+1", " =1", "\xc2\xa0=1", "'=already", "''=twice", "+86abc", "--1=",
	};
	static const char *const harmless[] = {"",     "-12.50", "+86 138-0013-8000", "+8613800138000", "-1,234.5", "-",
	                                       "a=b",  "'tis",   "it's",              "1+1",            "(+1) 555", "O'Neil",
	                                       "'-5", "'",      "张伟=x",            "+44 (0)20 7946 0018"};
	for (size_t i = 0; i < sizeof(formulas) / sizeof(formulas[0]); i++)
		if (!table_guarded(formulas[i], strlen(formulas[i])))
			test_wrong("not guarded: %s", formulas[i]);
	for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
		if (table_guarded(harmless[i], strlen(harmless[i])))
			test_wrong("guarded: %s", harmless[i]);
	/* Each survives writing and reading. */
	struct buf out;
	buf_init(&out, 1 << 20);
	struct table_column column[2] = {{"a", "A", CELL_TEXT}, {"b", "B", CELL_TEXT}};
	struct table_out_options options = {.format = FILE_CSV, .bom = true};
	struct table_out *writer = NULL;
	assert_int_equal(table_out_new(&test_ctx, &options, column, 2, to_buf, &out, &writer), OK);
	size_t n = sizeof(formulas) / sizeof(formulas[0]), m = sizeof(harmless) / sizeof(harmless[0]);
	for (size_t i = 0; i < n + m; i++) {
		const char *text = i < n ? formulas[i] : harmless[i - n];
		struct cell cells[2] = {{text, strlen(text), CELL_TEXT}, {"end", 3, CELL_TEXT}};
		assert_int_equal(table_write(&test_ctx, writer, cells), OK);
	}
	assert_int_equal(table_finish(&test_ctx, writer, NULL), OK);
	table_out_free(writer);
	struct table_options raw = {.header_row = 1, .keep_guards = true};
	struct table *guarded = open_with(test_file("g.csv", out.data, out.len), &raw);
	for (size_t i = 0; i < n; i++) {
		struct table_row row;
		bool more = false;
		assert_int_equal(table_next(&test_ctx, guarded, &row, &more), OK);
		assert_int_equal(row.cells[0].text[0], '\'');
	}
	table_free(guarded);
	struct table *table = open_with(test_file("g.csv", out.data, out.len), &(struct table_options){.header_row = 1});
	for (size_t i = 0; i < n + m; i++) {
		struct table_row row;
		bool more = false;
		assert_int_equal(table_next(&test_ctx, table, &row, &more), OK);
		assert_true(more);
		assert_string_equal(row.cells[0].text, i < n ? formulas[i] : harmless[i - n]);
	}
	table_free(table);
	buf_release(&out);
}

/* Any text at all comes back as it was. */
static void test_round_trip(void **state)
{
	(void)state;
	static const char alphabet[] = "\"',;=+-@ \t\r\nab1|";
	unsigned seed = 7;
	struct buf out;
	buf_init(&out, 4 << 20);
	struct table_column column[2] = {{"a", NULL, CELL_TEXT}, {"b", NULL, CELL_TEXT}};
	struct table_out *writer = NULL;
	assert_int_equal(table_out_new(&test_ctx, &(struct table_out_options){.format = FILE_CSV, .delimiter = ';'}, column, 2,
	                               to_buf, &out, &writer), OK);
	enum { ROWS = 20000, LEN = 6 };
	char (*texts)[LEN + 1] = calloc(ROWS, LEN + 1);
	for (size_t i = 0; i < ROWS; i++) {
		size_t len = (size_t)(rand_r(&seed) % LEN);
		for (size_t j = 0; j < len; j++)
			texts[i][j] = alphabet[(size_t)rand_r(&seed) % (sizeof(alphabet) - 1)];
		struct cell cells[2] = {{texts[i], len, len > 0 ? CELL_TEXT : CELL_EMPTY}, {"x", 1, CELL_TEXT}};
		assert_int_equal(table_write(&test_ctx, writer, cells), OK);
	}
	assert_int_equal(table_finish(&test_ctx, writer, NULL), OK);
	table_out_free(writer);
	struct table_options options = {.header_row = 1, .delimiter = ';'};
	struct table *table = open_with(test_file("r.csv", out.data, out.len), &options);
	for (size_t i = 0; i < ROWS; i++) {
		struct table_row row;
		bool more = false;
		assert_int_equal(table_next(&test_ctx, table, &row, &more), OK);
		assert_true(more && row.problem == NULL);
		assert_int_equal(row.n, 2);
		assert_string_equal(row.cells[0].text, texts[i]);
	}
	table_free(table);
	free(texts);
	buf_release(&out);
}

static const char *repeat(const char *name, const char *head, const char *piece, size_t times, const char *tail)
{
	const char *path = arena_printf(&test_arena, "%s/%s", test_dir, name);
	FILE *file = fopen(path, "wb");
	assert_non_null(file);
	assert_true(fputs(head, file) >= 0);
	for (size_t i = 0; i < times; i++)
		assert_true(fputs(piece, file) >= 0);
	assert_true(fputs(tail, file) >= 0);
	assert_int_equal(fclose(file), 0);
	return path;
}

static void test_limits(void **state)
{
	(void)state;
	check_refused(test_text("e.csv", ""), &detect, ERR_INVALID, "file_empty");
	check_refused(test_text("e.csv", "\n\n  \r\n"), &detect, ERR_INVALID, "file_empty");
	/* 100,000 columns; a line of 8 MB in one cell, in many cells; an open quote over 8 MB */
	check_refused(repeat("l.csv", "a", ",a", 100000, "\n1,2\n"), &detect, ERR_INVALID, "too_many_columns");
	check_refused(repeat("l.csv", "a,b\n1,", "0123456789abcdef", 1 << 19, "\n"), &detect, ERR_LIMIT, "cell_too_large");
	char *wide = malloc(20001);
	memset(wide, 'x', 20000);
	wide[0] = ',';
	wide[20000] = '\0';
	check_refused(repeat("l.csv", "a,b\n1", wide, 400, "\n"), &detect, ERR_LIMIT, "row_too_large");
	free(wide);
	check_refused(repeat("l.csv", "a,b\n1,\"", "0123456789abcde\n", 1 << 19, "\n"), &detect, ERR_LIMIT, "cell_too_large");
	/* One row too wide among good ones is only that row's problem. */
	struct table *table = open_with(repeat("l.csv", "a,b\n1,2\n", "9,", 3000, "\n3,4\n"), &detect);
	struct table_row row;
	bool more = false;
	assert_int_equal(table_next(&test_ctx, table, &row, &more), OK);
	assert_null(row.problem);
	assert_int_equal(table_next(&test_ctx, table, &row, &more), OK);
	assert_string_equal(row.problem, "too_many_columns");
	assert_int_equal(table_next(&test_ctx, table, &row, &more), OK);
	assert_null(row.problem);
	assert_string_equal(row.cells[1].text, "4");
	table_free(table);
}

static void test_kinds(void **state)
{
	(void)state;
	check_refused(test_text("k", "%PDF-1.4 x"), &detect, ERR_INVALID, "file_kind_pdf");
	check_refused(test_text("k", "<!DOCTYPE html><table><tr><td>1"), &detect, ERR_INVALID, "file_kind_html");
	check_refused(test_text("k", "<?xml version='1.0'?><a/>"), &detect, ERR_INVALID, "file_kind_xml");
	check_refused(test_text("k", "BZh91AY&SY"), &detect, ERR_INVALID, "file_kind_packed");
	check_refused(test_text("k", "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"), &detect, ERR_INVALID, "file_kind_calendar");
	check_refused(test_file("k", "\x03\x5f\x07\x1a\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01", 19), &detect, ERR_INVALID, "file_kind_binary");
	check_refused("/nonexistent/file.csv", &detect, ERR_NOT_FOUND, "file_unreadable");
	check_refused("/", &detect, ERR_INVALID, "file_not_regular");
	check_refused(test_text("k", "a\n"), &(struct table_options){.format = FILE_XLSX}, ERR_INVALID, "file_kind_not_xlsx");
}

static void test_encodings(void **state)
{
	(void)state;
	static const char utf16le[] = "\xff\xfe" "n\0a\0m\0e\0,\0x\0\n\0\x20\x5f\x1f\x4f,\0" "1\0\n\0";
	static const char utf16be[] = "\xfe\xff\0n\0a\0m\0e\0,\0x\0\n\x5f\x20\x4f\x1f\0,\0" "1\0\n";
	static const char gb[] = "\xd0\xd5\xc3\xfb,\xb3\xc7\xca\xd0\r\n\xd5\xc5\xce\xb0,\xba\xbc\xd6\xdd\r\n"
	                         "\xc0\xee\xc4\xc8,\xc9\xcf\xba\xa3\r\n\xcd\xf5\xb7\xbc,\xb1\xb1\xbe\xa9\r\n";
	check_table(test_file("u.csv", utf16le, sizeof(utf16le) - 1), &detect, "name|x", "2:张伟|1\n");
	check_table(test_file("u.csv", utf16be, sizeof(utf16be) - 1), &detect, "name|x", "2:张伟|1\n");
	check_table(test_file("u.csv", gb, sizeof(gb) - 1), &detect, "姓名|城市", "2:张伟|杭州\n3:李娜|上海\n4:王芳|北京\n");
	struct table_options big5 = {.encoding = "Big5", .header_row = HEADER_DETECT};
	check_table(test_file("u.csv", "name\n\xb1\x69\xb0\xb6\n", 10), &big5, "name", "2:張偉\n");
	/* Bytes that mean nothing are replaced and counted, not lost in silence. */
	struct table *table = open_with(test_file("u.csv", "name,x\nA\xff\xfe,1\n", 14),
	                                &(struct table_options){.encoding = "UTF-8", .header_row = HEADER_DETECT});
	assert_string_equal(dump_rows(table), "2:A\xef\xbf\xbd\xef\xbf\xbd|1\n");
	assert_true(table_info(table)->decode_errors >= 1);
	table_free(table);
	/* Out in GB18030 and in again. */
	struct buf out;
	buf_init(&out, 1 << 16);
	struct table_column column = {"name", "姓名", CELL_TEXT};
	struct table_out *writer = NULL;
	struct table_out_options options = {.format = FILE_CSV, .encoding = "GB18030"};
	assert_int_equal(table_out_new(&test_ctx, &options, &column, 1, to_buf, &out, &writer), OK);
	assert_int_equal(table_write(&test_ctx, writer, &(struct cell){"王小明", 9, CELL_TEXT}), OK);
	int64_t lost = -1;
	assert_int_equal(table_finish(&test_ctx, writer, &lost), OK);
	assert_int_equal(lost, 0);
	table_out_free(writer);
	assert_memory_equal(out.data, "\xd0\xd5\xc3\xfb\r\n\xcd\xf5\xd0\xa1\xc3\xf7\r\n", out.len);
	buf_release(&out);
}

/* Cells beyond the heading: one row's are its problem, those of most rows are columns without a name. */
static void test_wide(void **state)
{
	(void)state;
	struct table *t = open_with(test_text("w.csv", "name,city\nA,X\nB,Y,Z\nC,W,\nD,V\n"), &detect);
	static const char *const problems[] = {NULL, "row_too_wide", NULL, NULL};
	for (size_t i = 0; i < 4; i++) {
		struct table_row row;
		bool more = false;
		assert_int_equal(table_next(&test_ctx, t, &row, &more), OK);
		assert_true(more);
		assert_true(str_equal(row.problem, problems[i]));
	}
	assert_int_equal(table_info(t)->n_columns, 2);
	table_free(t);
	check_table(test_text("v.csv", "name,city\nA,X,1\nB,Y,2\nC,W,3\n"), &detect, "name|city|", "2:A|X|1\n3:B|Y|2\n4:C|W|3\n");
}

/* What keeps a number text is not part of it; a spreadsheet's error is none; our own guard keeps both as they were. */
static void test_wrappers(void **state)
{
	(void)state;
	check_table(test_text("x.csv", "a,b,c\n=\"00123\",'0077,#N/A\n\"=\"\"1,5\"\"\",''7,#REF!\n'=\"00123\",''0077,'#N/A\n't Hooft,'x,#1\n"), &detect, "a|b|c",
	            "2:00123|0077|\n3:1,5|'7|\n4:=\"00123\"|'0077|#N/A\n5:'t Hooft|'x|#1\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_plain, test_each), cmocka_unit_test_setup(test_wide, test_each), cmocka_unit_test_setup(test_wrappers, test_each),   cmocka_unit_test_setup(test_quotes, test_each),
		cmocka_unit_test_setup(test_header, test_each),  cmocka_unit_test_setup(test_shape, test_each),
		cmocka_unit_test_setup(test_guards, test_each),  cmocka_unit_test_setup(test_round_trip, test_each),
		cmocka_unit_test_setup(test_limits, test_each),  cmocka_unit_test_setup(test_kinds, test_each),
		cmocka_unit_test_setup(test_encodings, test_each),
	};
	return cmocka_run_group_tests_name("files/csv", tests, test_begin, test_end);
}
