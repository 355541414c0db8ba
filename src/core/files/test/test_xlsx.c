#include <zip.h>

#include "core/files/xlsx.h"
#include "help.h"

/* --- workbooks made by hand -------------------------------------------- */

struct part {
	const char *name, *text;
};

static const char *book_with(const char *file, const struct part *parts, size_t n)
{
	const char *path = arena_printf(&test_arena, "%s/%s", test_dir, file);
	int error = 0;
	zip_t *zip = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, &error);
	assert_non_null(zip);
	for (size_t i = 0; i < n; i++) {
		zip_source_t *source = zip_source_buffer(zip, parts[i].text, strlen(parts[i].text), 0);
		assert_non_null(source);
		assert_true(zip_file_add(zip, parts[i].name, source, ZIP_FL_ENC_UTF_8) >= 0);
	}
	assert_int_equal(zip_close(zip), 0);
	return path;
}

static const char workbook[] = "<workbook xmlns:r='r'><sheets><sheet name='Empty' r:id='r1'/><sheet name='Data' r:id='r2'/>"
                               "</sheets></workbook>";
static const char workbook_1904[] = "<workbook xmlns:r='r'><workbookPr date1904='1'/><sheets><sheet name='Empty' r:id='r1'/>"
                                    "<sheet name='Data' r:id='r2'/></sheets></workbook>";
static const char relations[] =
	"<Relationships><Relationship Id='r1' Type='x/worksheet' Target='worksheets/a.xml'/>"
	"<Relationship Id='r2' Type='x/worksheet' Target='/xl/worksheets/b.xml'/>"
	"<Relationship Id='r3' Type='x/sharedStrings' Target='sharedStrings.xml'/>"
	"<Relationship Id='r4' Type='x/styles' Target='styles.xml'/></Relationships>";
static const char styles[] = "<styleSheet><numFmts><numFmt numFmtId='164' formatCode='yyyy\"年\"m\"月\"'/>"
                             "<numFmt numFmtId='165' formatCode='#,##0.00\" days\"'/></numFmts><cellStyleXfs><xf numFmtId='14'/>"
                             "</cellStyleXfs><cellXfs><xf numFmtId='0'/><xf numFmtId='14'/><xf numFmtId='164'/><xf numFmtId='165'/>"
                             "</cellXfs></styleSheet>";
static const char strings[] = "<sst><si><t>name</t></si><si><r><t>when</t></r><r><t xml:space='preserve'> 日</t></r>"
                              "<rPh sb='0'><t>skip</t></rPh></si><si><t>a_x000D_b_x4E2D_&amp;</t></si></sst>";
static const char empty_sheet[] = "<worksheet><sheetData/></worksheet>";
static const char sheet[] =
	"<worksheet><sheetData><row r='2'><c r='A2' t='s'><v>0</v></c><c r='B2' t='s'><v>1</v></c><c r='C2' t='inlineStr'><is><t>inline"
	"</t></is></c><c r='D2' t='inlineStr'><is><t>n</t></is></c><c r='E2' t='inlineStr'><is><t>f</t></is></c></row>"
	"<row r='4'><c r='A4' t='s'><v>2</v></c><c r='B4' s='1'><v>43831</v></c><c r='C4' s='2'><v>43831.520833333336</v></c>"
	"<c r='D4'><v>13800138000</v></c><c r='E4' t='b'><v>1</v></c></row>"
	"<row><c><v>0.1</v></c><c t='e'><v>#DIV/0!</v></c><c r='D5' s='3'><v>1.1000000000000001</v></c><c t='str'><f>1&lt;2</f><v>cached</v>"
	"</c></row><row r='9'><c r='B9' s='1'><v>60</v></c><c r='C9' s='1'><v>0.25</v></c><c r='D9' s='1'><v>1</v></c></row>"
	"</sheetData></worksheet>";

static const struct part good[] = {
	{"xl/workbook.xml", workbook}, {"xl/_rels/workbook.xml.rels", relations}, {"xl/styles.xml", styles},
	{"xl/sharedStrings.xml", strings}, {"xl/worksheets/a.xml", empty_sheet}, {"xl/worksheets/b.xml", sheet},
};
enum { N_GOOD = sizeof(good) / sizeof(good[0]) };

static void test_read(void **state)
{
	(void)state;
	const char *path = book_with("good.xlsx", good, N_GOOD);
	check_table(path, &detect, "name|when 日|inline|n|f",
	            "4:a\rb中&|2020-01-01|2020-01-01 12:30:00|13800138000|true\n5:0.1|||1.1|cached\n"
	            "9:|1900-03-01|06:00:00|1900-01-01\n");
	struct table *table = open_with(path, &detect);
	const struct table_info *info = table_info(table);
	assert_int_equal(info->n_sheets, 2);
	assert_string_equal(info->sheet, "Data");
	assert_int_equal(info->format, FILE_XLSX);
	struct table_row row;
	bool more = false;
	assert_int_equal(table_next(&test_ctx, table, &row, &more), OK);
	assert_int_equal(row.cells[1].kind, CELL_TIME);
	assert_int_equal(row.cells[3].kind, CELL_NUMBER);
	assert_int_equal(row.cells[4].kind, CELL_BOOL);
	table_free(table); /* in the middle: the helper must not stay */
	check_refused(path, &(struct table_options){.sheet = "Empty", .header_row = HEADER_DETECT}, ERR_INVALID, "file_empty");
	check_refused(path, &(struct table_options){.sheet = "Nope", .header_row = HEADER_DETECT}, ERR_INVALID, "xlsx_no_such_sheet");
}

static const char ods_content[] =
	"<office:document-content xmlns:office='o' xmlns:table='t' xmlns:text='x' xmlns:style='s' xmlns:calcext='c'><office:automatic-styles>"
	"<style:style style:name='ta1'><style:table-properties table:display='false'/></style:style></office:automatic-styles><office:body><office:spreadsheet>"
	"<table:table table:name='Old' table:style-name='ta1'><table:table-row><table:table-cell office:value-type='float' office:value='1'><text:p>1</text:p></table:table-cell></table:table-row></table:table>"
	"<table:table table:name='数据'><table:table-row><table:table-cell office:value-type='string'><text:p>组</text:p></table:table-cell><table:table-cell office:value-type='string'><text:p>code</text:p></table:table-cell>"
	"<table:table-cell office:value-type='string'><text:p>when</text:p></table:table-cell></table:table-row>"
	"<table:table-row table:number-rows-repeated='2'><table:table-cell table:number-columns-repeated='3'/></table:table-row>"
	"<table:table-row><table:table-cell table:number-rows-spanned='2' office:value-type='string'><office:annotation><text:p>a note</text:p></office:annotation><text:p>one<text:s text:c='2'/>a</text:p><text:p>b</text:p></table:table-cell>"
	"<table:table-cell office:value-type='float' office:value='77'><text:p>00077</text:p></table:table-cell><table:table-cell office:value-type='date' office:date-value='2024-06-03T10:15:00'><text:p>3 Jun</text:p></table:table-cell></table:table-row>"
	"<table:table-row table:number-rows-repeated='2'><table:covered-table-cell/><table:table-cell office:value-type='percentage' office:value='0.15'><text:p>15%</text:p></table:table-cell>"
	"<table:table-cell office:value-type='time' office:time-value='PT06H30M00S'><text:p>6:30</text:p></table:table-cell></table:table-row>"
	"<table:table-row><table:table-cell office:value-type='currency' office:value='1234.5'><text:p>¥1,234.50</text:p></table:table-cell><table:table-cell calcext:value-type='error' office:value-type='string'><text:p>#N/A</text:p></table:table-cell>"
	"<table:table-cell office:value-type='boolean' office:boolean-value='true'><text:p>TRUE</text:p></table:table-cell></table:table-row>"
	"<table:table-row table:number-rows-repeated='1048570'><table:table-cell table:number-columns-repeated='1024'/></table:table-row></table:table></office:spreadsheet></office:body></office:document-content>";

static void test_ods(void **state)
{
	(void)state;
	const struct part parts[] = {{"mimetype", "application/vnd.oasis.opendocument.spreadsheet"}, {"content.xml", ods_content}};
	const char *path = book_with("a.ods", parts, 2);
	check_table(path, &detect, "组|code|when", "4:one  a\nb|00077|2024-06-03 10:15:00\n5:one  a\nb|15%|06:30:00\n6:|15%|06:30:00\n7:1234.5||true\n");
	struct table *table = open_with(path, &detect);
	assert_int_equal(table_info(table)->n_sheets, 2);
	assert_string_equal(table_info(table)->sheet, "数据");
	table_free(table);
	check_refused(path, &(struct table_options){.sheet = "Nope", .header_row = HEADER_DETECT}, ERR_INVALID, "xlsx_no_such_sheet");
	/* what lies about itself */
	static const char bomb[] = "<a><table name='x'><table-row number-rows-repeated='1048576'><table-cell value-type='string' number-columns-repeated='99999'><p>x</p></table-cell></table-row></table></a>";
	const struct part bombs[] = {{"content.xml", bomb}};
	check_refused(book_with("b.ods", bombs, 1), &detect, ERR_LIMIT, "too_many_columns");
	static const char doctype[] = "<!DOCTYPE a [<!ENTITY b 'c'>]><a><table name='x'><table-row><table-cell value-type='string'><p>&b;</p></table-cell></table-row></table></a>";
	const struct part entities[] = {{"content.xml", doctype}};
	check_refused(book_with("c.ods", entities, 1), &detect, ERR_INVALID, "xlsx_damaged");
	/* the mark of an old workbook and nothing behind it */
	static const char old[] = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and nothing that such a workbook has";
	check_refused(test_file("d.xls", old, sizeof(old)), &detect, ERR_INVALID, "xlsx_damaged");
}

static const char shown_book[] = "<workbook xmlns:r='r'><sheets><sheet name='Old' r:id='r1' state='hidden'/><sheet name='Older' r:id='r1' state='veryHidden'/>"
                                 "<sheet name='Data' r:id='r2'/></sheets></workbook>";
static const char shown_styles[] = "<styleSheet><numFmts><numFmt numFmtId='170' formatCode='00000'/><numFmt numFmtId='171' formatCode='000\\-0000\\-0000'/>"
                                   "<numFmt numFmtId='172' formatCode='&quot;UPC-&quot;0'/><numFmt numFmtId='173' formatCode='&quot;RMB &quot;0'/>"
                                   "<numFmt numFmtId='174' formatCode='0.0%'/><numFmt numFmtId='175' formatCode='yyyy-mm-dd hh:mm &quot;+08:00&quot;'/>"
                                   "<numFmt numFmtId='176' formatCode='0&quot; kg&quot;'/></numFmts>"
                                   "<cellXfs><xf numFmtId='0'/><xf numFmtId='170'/><xf numFmtId='171'/><xf numFmtId='172'/><xf numFmtId='173'/><xf numFmtId='9'/><xf numFmtId='174'/>"
                                   "<xf numFmtId='175'/><xf numFmtId='176'/></cellXfs></styleSheet>";
static const char hidden_sheet[] = "<worksheet><sheetData><row r='1'><c r='A1'><v>1</v></c></row></sheetData></worksheet>";
static const char shown_sheet[] =
	"<worksheet><sheetData><row r='1'><c r='A1' t='inlineStr'><is><t>group</t></is></c><c r='B1' t='inlineStr'><is><t>code</t></is></c><c r='C1' t='inlineStr'><is><t>more</t></is></c></row>"
	"<row r='2'><c r='A2' t='inlineStr'><is><t>one &lt;mergeCell ref=&quot;C2:C9&quot;&gt;</t></is></c><c r='B2' s='1'><v>77</v></c><c r='C2' s='2'><v>13800138000</v></c></row>"
	"<row r='3'><c r='B3' s='1'><v>1234567</v></c><c r='C3' s='3'><v>42</v></c></row>"
	"<row r='4'><c r='B4' s='4'><v>42</v></c><c r='C4' s='5'><v>0.15</v></c></row>"
	"<row r='5'><c r='A5' t='e'><v>#N/A</v></c><c r='B5' s='7'><v>43831.520833333336</v></c><c r='C5' s='6'><v>0.125</v></c></row>"
	"<row r='6'><c r='A6' t='inlineStr'><is><t>two</t></is></c><c r='B6' s='8'><v>5</v></c><c r='C6' s='1'><v>7.5</v></c></row>"
	"</sheetData><mergeCells count='2'><mergeCell ref='A2:A4'/><mergeCell ref='A6:B9'/></mergeCells></worksheet>";

/* What the sheet shows: zeros that pad, phones with their lines, percentages, zones; nothing of hidden sheets; merged cells in every row. */
static void test_shown(void **state)
{
	(void)state;
	const struct part parts[] = {{"xl/workbook.xml", shown_book}, {"xl/_rels/workbook.xml.rels", relations}, {"xl/styles.xml", shown_styles},
	                             {"xl/worksheets/a.xml", hidden_sheet}, {"xl/worksheets/b.xml", shown_sheet}};
	const char *path = book_with("shown.xlsx", parts, 5);
	check_table(path, &detect, "group|code|more",
	            "2:one <mergeCell ref=\"C2:C9\">|00077|138-0013-8000\n3:one <mergeCell ref=\"C2:C9\">|1234567|UPC-42\n4:one <mergeCell ref=\"C2:C9\">|42|15%\n"
	            "5:|2020-01-01 12:30:00+08:00|12.5%\n6:two|5|7.5\n");
	struct table *table = open_with(path, &(struct table_options){.sheet = "Old", .header_row = 0});
	assert_string_equal(table_info(table)->sheet, "Old");
	table_free(table);
}

static void test_1904(void **state)
{
	(void)state;
	struct part parts[N_GOOD];
	memcpy(parts, good, sizeof(good));
	parts[0].text = workbook_1904;
	struct table *table = open_with(book_with("1904.xlsx", parts, N_GOOD), &detect);
	assert_true(str_starts(dump_rows(table), "4:a\rb中&|2024-01-02|2024-01-02 12:30:00|"));
	table_free(table);
}

static void test_formats(void **state)
{
	(void)state;
	static const char *const dates[] = {"yyyy-mm-dd", "d/m/yy h:mm", "[$-804]yyyy年m月d日", "mmm", "h:mm AM/PM", "[Red]ss"};
	static const char *const numbers[] = {"General", "0.00", "#,##0 \"days\"", "0.00E+00", "[Red]-0", "@", "[h]:mm", "\\d0", "_d0"};
	for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++)
		assert_true(xlsx_date_format(dates[i]));
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		assert_false(xlsx_date_format(numbers[i]));
}

/* --- hostile ones ------------------------------------------------------ */

static void refuse_sheet(const char *text, enum err code, const char *key)
{
	struct part parts[N_GOOD];
	memcpy(parts, good, sizeof(good));
	parts[5].text = text;
	check_refused(book_with("bad.xlsx", parts, N_GOOD), &detect, code, key);
}

static void refuse_strings(const char *text, enum err code, const char *key)
{
	struct part parts[N_GOOD];
	memcpy(parts, good, sizeof(good));
	parts[3].text = text;
	check_refused(book_with("bad.xlsx", parts, N_GOOD), &detect, code, key);
}

static void test_entities(void **state)
{
	(void)state;
	refuse_strings("<!DOCTYPE sst [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><sst><si><t>&x;</t></si></sst>", ERR_INVALID,
	               "xlsx_damaged");
	refuse_strings("<!DOCTYPE sst [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'><!ENTITY c '&b;&b;&b;&b;&b;'>]>"
	               "<sst><si><t>&c;&c;&c;</t></si></sst>", ERR_INVALID, "xlsx_damaged");
	refuse_sheet("<worksheet><sheetData><row><c><v>1</v></c></row>", ERR_INVALID, "xlsx_damaged");
	refuse_sheet("<worksheet><sheetData><row r='1'><c r='A1' t='s'><v>99</v></c></row></sheetData></worksheet>", ERR_INVALID,
	             "xlsx_damaged");
	refuse_sheet("<worksheet><sheetData><row r='1'><c r='XFD1'><v>1</v></c></row></sheetData></worksheet>", ERR_LIMIT,
	             "too_many_columns");
}

static void test_bombs(void **state)
{
	(void)state;
	/* 40 MB of blanks pack to almost nothing. */
	size_t size = (size_t)40 << 20;
	char *bomb = malloc(size + 1);
	assert_non_null(bomb);
	memset(bomb, ' ', size);
	bomb[size] = '\0';
	memcpy(bomb, "<sst>", 5);
	refuse_strings(bomb, ERR_LIMIT, "xlsx_bomb");
	refuse_sheet(bomb, ERR_LIMIT, "xlsx_bomb");
	free(bomb);
	/* one cell of 2 MB */
	size = (size_t)2 << 20;
	struct buf text;
	buf_init(&text, size + 200);
	buf_puts(&text, "<worksheet><sheetData><row><c t='str'><v>");
	for (unsigned i = 0; text.len < size; i++)
		buf_printf(&text, "%x,", i * 2654435761u);
	buf_puts(&text, "</v></c></row></sheetData></worksheet>");
	refuse_sheet(text.data, ERR_LIMIT, "cell_too_large");
	buf_release(&text);
	static struct part many[XLSX_ENTRIES_MAX + 10];
	for (size_t i = 0; i < sizeof(many) / sizeof(many[0]); i++)
		many[i] = (struct part){arena_printf(&test_arena, "p%zu", i), "x"};
	check_refused(book_with("many.xlsx", many, sizeof(many) / sizeof(many[0])), &detect, ERR_LIMIT, "xlsx_too_many_parts");
}

static void test_not_books(void **state)
{
	(void)state;
	static const struct part word[] = {{"word/document.xml", "<w/>"}};
	static const struct part ods[] = {{"mimetype", "application/vnd.oasis.opendocument.spreadsheet"}, {"content.xml", "<a/>"}};
	check_refused(book_with("w.xlsx", word, 1), &detect, ERR_INVALID, "file_kind_zip");
	(void)ods;
	/* cut in the middle */
	const char *path = book_with("good.xlsx", good, N_GOOD);
	assert_int_equal(truncate(path, 700), 0);
	check_refused(path, &detect, ERR_INVALID, "xlsx_damaged");
	check_refused(test_text("x.xlsx", "PK\003\004 and then nothing"), &detect, ERR_INVALID, "xlsx_damaged");
}

/* --- written by us, read by us ------------------------------------------ */

static void test_round_trip(void **state)
{
	(void)state;
	static const struct table_column columns[] = {
		{"name", "名称", CELL_TEXT}, {"n", "N", CELL_NUMBER}, {"at", "At", CELL_TIME}, {"ok", "OK", CELL_BOOL}};
	struct buf out;
	buf_init(&out, 16 << 20);
	struct table_out *writer = NULL;
	struct table_out_options options = {.format = FILE_XLSX, .sheet = "客户/清单", .temp_dir = test_dir};
	assert_int_equal(table_out_new(&test_ctx, &options, columns, 4, to_buf, &out, &writer), OK);
	struct cell first[4] = {{"=1+1", 4, CELL_TEXT}, {"-12.5", 5, CELL_NUMBER}, {"2026-11-22 03:04:05", 19, CELL_TIME},
	                        {"true", 4, CELL_BOOL}};
	struct cell second[4] = {{"+8613800138000", 14, CELL_TEXT}, {"12345678901234567890", 20, CELL_NUMBER},
	                         {"1999-12-31", 10, CELL_TIME}, {"false", 5, CELL_BOOL}};
	assert_int_equal(table_write(&test_ctx, writer, first), OK);
	assert_int_equal(table_write(&test_ctx, writer, second), OK);
	for (int i = 0; i < 5000; i++)
		assert_int_equal(table_write(&test_ctx, writer, first), OK);
	assert_int_equal(table_finish(&test_ctx, writer, NULL), OK);
	table_out_free(writer);
	struct table *table = open_with(test_file("out.xlsx", out.data, out.len), &detect);
	assert_string_equal(columns_of(table), "名称|N|At|OK");
	assert_string_equal(table_info(table)->sheet, "客户清单");
	const char *rows = dump_rows(table);
	assert_true(str_starts(rows, "2:=1+1|-12.5|2026-11-22 03:04:05|true\n"
	                             "3:+8613800138000|12345678901234567890|1999-12-31|false\n4:=1+1|"));
	assert_true(str_ends(rows, "5003:=1+1|-12.5|2026-11-22 03:04:05|true\n"));
	table_free(table);
	buf_release(&out);
	/* given up half-way: no file stays */
	assert_int_equal(table_out_new(&test_ctx, &options, columns, 4, to_buf, &out, &writer), OK);
	assert_int_equal(table_write(&test_ctx, writer, first), OK);
	table_out_free(writer);
	assert_int_not_equal(system(arena_printf(&test_arena, "ls %s/export-* >/dev/null 2>&1", test_dir)), 0);
}

int main(int argc, char **argv)
{
	int status = 0;
	if (file_helper(argc, argv, &status))
		return status;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_read, test_each), cmocka_unit_test_setup(test_shown, test_each), cmocka_unit_test_setup(test_ods, test_each),     cmocka_unit_test_setup(test_1904, test_each),
		cmocka_unit_test_setup(test_formats, test_each),  cmocka_unit_test_setup(test_entities, test_each),
		cmocka_unit_test_setup(test_bombs, test_each),    cmocka_unit_test_setup(test_not_books, test_each),
		cmocka_unit_test_setup(test_round_trip, test_each),
	};
	return cmocka_run_group_tests_name("files/xlsx", tests, test_begin, test_end);
}
