/* JSON Lines, vCard, and names of files. */
#include "help.h"

static void test_jsonl(void **state)
{
	(void)state;
	check_table(test_text("a.jsonl", "{\"id\":1,\"name\":\"张伟\",\"vip\":true}\n{\"id\":2,\"city\":\"York\",\"x\":null}\n"), &detect,
	            "id|name|vip|city|x", "1:1|张伟|true\n2:2|||York|\n");
	/* nested members become columns, arrays stay JSON */
	check_table(test_text("a.jsonl", "{\"a\":{\"b\":{\"c\":1.5}},\"t\":[1,\"x\"],\"e\":{}}\n"), &detect, "a.b.c|t|e",
	            "1:1.5|[1,\"x\"]|{}\n");
	/* one bad line spoils only itself */
	check_table(test_text("a.jsonl", "{\"a\":1}\n{\"a\":\n[1]\n{\"a\":1,\"a\":2}\n{\"a\":5}\n"), &detect, "a",
	            "1:1\n2:!row_not_json\n3:!row_not_object\n4:!row_not_json\n5:5\n");
	/* an array of objects over several lines */
	check_table(test_text("a.json", "[\n {\"a\": \"x]\\\"}\",\n  \"b\": 2},\n {\"a\": \"z\"}\n]\n"), &detect, "a|b",
	            "1:x]\"}|2\n2:z|\n");
	check_refused(test_text("a.jsonl", "{\"a\":"), &detect, ERR_INVALID, "row_not_json");
}

static void test_jsonl_late_column(void **state)
{
	(void)state;
	struct buf text;
	buf_init(&text, 1 << 20);
	for (int i = 0; i < 500; i++)
		buf_printf(&text, "{\"a\":%d}\n", i);
	buf_puts(&text, "{\"a\":500,\"late\":\"x\"}\n");
	struct table *table = open_with(test_file("a.jsonl", text.data, text.len), &detect);
	assert_string_equal(columns_of(table), "a");
	const char *rows = dump_rows(table);
	assert_string_equal(columns_of(table), "a|late");
	assert_true(str_ends(rows, "500:499\n501:500|x\n"));
	table_free(table);
	buf_release(&text);
}

static const char *card_part(struct table *table, const struct table_row *row, const char *part)
{
	(void)table;
	for (size_t i = 0; vcard_columns[i] != NULL; i++)
		if (strcmp(vcard_columns[i], part) == 0)
			return row->cells[i].text;
	test_wrong("no part %s", part);
	return NULL;
}

static void next_card(struct table *table, struct table_row *row)
{
	bool more = false;
	assert_int_equal(table_next(&test_ctx, table, row, &more), OK);
	assert_true(more);
}

static void test_vcard_21(void **state)
{
	(void)state;
	struct table *table = open_with(test_text("a.vcf",
		"BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=GB2312;ENCODING=QUOTED-PRINTABLE:=D5=C5;=CE=B0\r\n"
		"NOTE;ENCODING=QUOTED-PRINTABLE:line one=0D=0A=\r\nline two\r\n"
		"TEL;HOME;VOICE:010 5550100\r\nTEL;CELL;PREF:+86 138 0013 8000\r\nTEL;WORK;FAX:99\r\n"
		"PHOTO;ENCODING=BASE64;JPEG:\r\n /9j/4AAQ\r\n SkZJRg==\r\n\r\nBDAY:19220310\r\n"
		"ADR;WORK;PREF:;Office 5;222 Broadway;New York;NY;99999;USA\r\n"
		"AGENT:\r\nBEGIN:VCARD\r\nVERSION:2.1\r\nN:Friday;Fred\r\nEND:VCARD\r\nEND:VCARD\r\n"), &detect);
	struct table_row row;
	next_card(table, &row);
	assert_string_equal(card_part(table, &row, "name"), "张伟");
	assert_string_equal(card_part(table, &row, "family_name"), "张");
	assert_string_equal(card_part(table, &row, "note"), "line one\r\nline two");
	assert_string_equal(card_part(table, &row, "phone"), "+86 138 0013 8000");
	assert_string_equal(card_part(table, &row, "phone_type"), "cell");
	assert_string_equal(card_part(table, &row, "phone_2"), "010 5550100");
	assert_string_equal(card_part(table, &row, "phone_2_type"), "home");
	assert_string_equal(card_part(table, &row, "fax"), "99");
	assert_string_equal(card_part(table, &row, "birthday"), "1922-03-10");
	assert_string_equal(card_part(table, &row, "street"), "222 Broadway, Office 5");
	assert_string_equal(card_part(table, &row, "country"), "USA");
	assert_string_equal(card_part(table, &row, "address_type"), "work");
	assert_null(row.problem);
	bool more = true;
	assert_int_equal(table_next(&test_ctx, table, &row, &more), OK);
	assert_false(more);
	table_free(table);
}

static void test_vcard_34(void **state)
{
	(void)state;
	struct table *table = open_with(test_text("a.vcf",
		"BEGIN:VCARD\nVERSION:3.0\nN:Doe;John;Richter\\, James;Mr.;Sr.\nitem1.EMAIL;type=INTERNET:a@x.org\n"
		"EMAIL;type=pref:b@x.org\nORG:IBM;Accounting\nNOTE:THIS IS FOLDED \n IN TWO\\nLINES\nEND:VCARD\n"
		"BEGIN:VCARD\nVERSION:4.0\nFN:Simon\nTEL;VALUE=uri;PREF=1;TYPE=\"voice,home\":tel:+1-418-656-9254\n"
		"ADR;LABEL=\"a:b;c\":;;123 Main St;Quebec;QC;G1V;Canada\nBDAY;VALUE=DATE:1963-09-21T00:00:00Z\n"
		"BEGIN:VCARD\nVERSION:4.0\nFN:Next\nEND:VCARD\n"), &detect);
	struct table_row row;
	next_card(table, &row);
	assert_string_equal(card_part(table, &row, "name"), "Mr. John Richter, James Doe Sr.");
	assert_string_equal(card_part(table, &row, "email"), "b@x.org");
	assert_string_equal(card_part(table, &row, "email_2"), "a@x.org");
	assert_string_equal(card_part(table, &row, "department"), "Accounting");
	assert_string_equal(card_part(table, &row, "note"), "THIS IS FOLDED IN TWO\nLINES");
	next_card(table, &row);
	assert_string_equal(row.problem, "card_not_ended");
	assert_string_equal(card_part(table, &row, "phone"), "+1-418-656-9254");
	assert_string_equal(card_part(table, &row, "phone_type"), "home");
	assert_string_equal(card_part(table, &row, "city"), "Quebec");
	assert_string_equal(card_part(table, &row, "birthday"), "1963-09-21");
	next_card(table, &row);
	assert_int_equal(row.number, 3);
	assert_string_equal(card_part(table, &row, "name"), "Next");
	assert_null(row.problem);
	table_free(table);
}

/* Lines folded within a character; encodings named by the line; what goes first by PREF. */
static void test_vcard_bytes(void **state)
{
	(void)state;
	struct table_row row;
	struct table *t = open_with(test_text("a.vcf", "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:\xe5\xbc\r\n \xa0\xe4\r\n \xbc\x9f\r\n"
		"NOTE:\xe6\x9d\xad\xe5\xb7\r\n\t\x9e\r\nEND:VCARD\r\n"
		"BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=GBK:\xc0\xee;\xc4\xc8\r\nADR;HOME;CHARSET=GBK;ENCODING=QUOTED-PRINTABLE:;;=D6=D0=C9=BD=\r\n=C2=B7;=BA=BC=D6=DD;=D5=E3=BD=AD;310000;=D6=D0=B9=FA\r\nEND:VCARD\r\n"
		"BEGIN:VCARD\r\nVERSION:4.0\r\nN:\xea\xb9\x80;\xeb\xaf\xbc\xec\xa4\x80;;;\r\nFN:\xeb\xaf\xbc\xec\xa4\x80 \xea\xb9\x80\r\n"
		"TEL;PREF=50:1\r\nTEL:2\r\nTEL;PREF=10:3\r\nTEL:4\r\nTEL;TYPE=pref:5\r\nEMAIL:c@x.org\r\nEMAIL;PREF=2:b@x.org\r\nEMAIL;PREF=1:a@x.org\r\n"
		"ADR;PREF=2;TYPE=work:;;Work 1;Leeds;;LS1;UK\r\nADR;PREF=1;TYPE=home:;;Home 2;York;;YO1;UK\r\n"
		"IMPP:qq:12345\r\nX-WECHAT:wang_fang\r\nEND:VCARD\r\n"
		"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Bolt AG\r\nORG:Bolt AG\r\nEND:VCARD\r\n"), &detect);
	next_card(t, &row);
	assert_string_equal(card_part(t, &row, "name"), "张伟");
	assert_string_equal(card_part(t, &row, "note"), "杭州");
	next_card(t, &row);
	assert_string_equal(card_part(t, &row, "name"), "李娜");
	assert_string_equal(card_part(t, &row, "street"), "中山路");
	assert_string_equal(card_part(t, &row, "city"), "杭州");
	assert_string_equal(card_part(t, &row, "country"), "中国");
	next_card(t, &row);
	assert_string_equal(card_part(t, &row, "name"), "김민준");
	assert_string_equal(card_part(t, &row, "phone"), "5");
	assert_string_equal(card_part(t, &row, "phone_2"), "3");
	assert_string_equal(card_part(t, &row, "phone_3"), "1");
	assert_string_equal(card_part(t, &row, "phone_4"), "2");
	assert_string_equal(card_part(t, &row, "phone_5"), "4");
	assert_string_equal(card_part(t, &row, "email"), "a@x.org");
	assert_string_equal(card_part(t, &row, "email_3"), "c@x.org");
	assert_string_equal(card_part(t, &row, "street"), "Home 2");
	assert_string_equal(card_part(t, &row, "address_type"), "home");
	assert_string_equal(card_part(t, &row, "city_2"), "Leeds");
	assert_string_equal(card_part(t, &row, "postal_code_2"), "LS1");
	assert_string_equal(card_part(t, &row, "qq"), "12345");
	assert_string_equal(card_part(t, &row, "wechat"), "wang_fang");
	next_card(t, &row);
	assert_string_equal(card_part(t, &row, "kind"), "org");
	table_free(t);
}

static void test_vcard_out(void **state)
{
	(void)state;
	static const struct table_column columns[] = {
		{"kind", NULL, CELL_TEXT},  {"name", NULL, CELL_TEXT}, {"phone", NULL, CELL_TEXT}, {"email", NULL, CELL_TEXT},
		{"note", NULL, CELL_TEXT},  {"city", NULL, CELL_TEXT}, {"unknown", NULL, CELL_TEXT},
	};
	static const char note[] = "一行很长的备注，用来看看折行会不会把一个汉字切成两半；再来一点文字，\n第二行\\end, done";
	struct buf out;
	buf_init(&out, 1 << 16);
	struct table_out *writer = NULL;
	assert_int_equal(table_out_new(&test_ctx, &(struct table_out_options){.format = FILE_VCARD}, columns, 7, to_buf, &out,
	                               &writer), OK);
	struct cell cells[7] = {{"company", 7, CELL_TEXT}, {"Müller; Söhne", 15, CELL_TEXT}, {"+8613800138000", 14, CELL_TEXT},
	                        {"", 0, CELL_EMPTY},       {note, sizeof(note) - 1, CELL_TEXT}, {"杭州", 6, CELL_TEXT},
	                        {"x", 1, CELL_TEXT}};
	assert_int_equal(table_write(&test_ctx, writer, cells), OK);
	assert_int_equal(table_finish(&test_ctx, writer, NULL), OK);
	table_out_free(writer);
	assert_true(utf8_valid(out.data, out.len));
	for (const char *line = out.data; *line != '\0';) {
		size_t n = strcspn(line, "\r");
		assert_true(n <= 75);
		assert_true(utf8_valid(line, n));
		line += n + 2;
	}
	struct table *table = open_with(test_file("o.vcf", out.data, out.len), &detect);
	struct table_row row;
	next_card(table, &row);
	assert_string_equal(card_part(table, &row, "kind"), "org");
	assert_string_equal(card_part(table, &row, "name"), "Müller; Söhne");
	assert_string_equal(card_part(table, &row, "phone"), "+8613800138000");
	assert_string_equal(card_part(table, &row, "note"), note);
	assert_string_equal(card_part(table, &row, "city"), "杭州");
	table_free(table);
	buf_release(&out);
}

static void test_jsonl_out(void **state)
{
	(void)state;
	static const struct table_column columns[] = {{"id", "Number", CELL_NUMBER}, {"name", NULL, CELL_TEXT}, {"vip", NULL, CELL_BOOL}};
	struct buf out;
	buf_init(&out, 1 << 16);
	struct table_out *writer = NULL;
	assert_int_equal(table_out_new(&test_ctx, &(struct table_out_options){.format = FILE_JSONL}, columns, 3, to_buf, &out,
	                               &writer), OK);
	struct cell cells[3] = {{"12345678901234567", 17, CELL_NUMBER}, {"=1\n\"", 4, CELL_TEXT}, {"true", 4, CELL_BOOL}};
	assert_int_equal(table_write(&test_ctx, writer, cells), OK);
	cells[1] = cells[2] = (struct cell){"", 0, CELL_EMPTY};
	assert_int_equal(table_write(&test_ctx, writer, cells), OK);
	assert_int_equal(table_finish(&test_ctx, writer, NULL), OK);
	assert_string_equal(out.data, "{\"id\":\"12345678901234567\",\"name\":\"=1\\n\\\"\",\"vip\":true}\n"
	                              "{\"id\":\"12345678901234567\",\"name\":null,\"vip\":null}\n");
	table_out_free(writer);
	buf_release(&out);
}

static void test_names(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{"report.pdf", "report.pdf"},       {"../../etc/passwd", "passwd"},   {"..\\..\\boot.ini", "boot.ini"},
		{"C:\\temp\\x.doc", "x.doc"},       {"张伟的合同.docx", "张伟的合同.docx"}, {"", "file"},
		{"..", "file"},                     {".htaccess", "htaccess"},        {"con", "file"},
		{"NUL.txt", "file"},                {"com1.log", "file"},             {"common.log", "common.log"},
		{"a\r\nSet-Cookie: x", "x"},        {"a\"b;c%d.txt", "abcd.txt"},     {"-rf", "rf"},
		{"x.txt. ", "x.txt"},               {"a\xe2\x80\xae" "gpj.exe", "agpj.exe"}, {"\xff\xfe", "file"},
		{NULL, "file"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *name = NULL;
		assert_int_equal(file_safe_name(&test_ctx, cases[i][0], "file", &name), OK);
		assert_string_equal(name, cases[i][1]);
	}
	char longest[1200];
	for (size_t i = 0; i + 3 < sizeof(longest); i += 3)
		memcpy(longest + i, "好", 4);
	memcpy(longest + 900, ".tar", 5);
	const char *name = NULL;
	assert_int_equal(file_safe_name(&test_ctx, longest, "file", &name), OK);
	assert_true(strlen(name) <= 150 && utf8_valid(name, strlen(name)) && str_ends(name, ".tar"));
	assert_int_equal(file_disposition(&test_ctx, "合同 1.pdf", &name), OK);
	assert_string_equal(name, "attachment; filename=\"__ 1.pdf\"; filename*=UTF-8''%E5%90%88%E5%90%8C%201.pdf");
	assert_string_equal(file_inert_type("image/png"), "image/png");
	assert_string_equal(file_inert_type("image/svg+xml"), "application/octet-stream");
	assert_string_equal(file_inert_type("text/html"), "application/octet-stream");
	assert_string_equal(file_inert_type(NULL), "application/octet-stream");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_jsonl, test_each),     cmocka_unit_test_setup(test_jsonl_late_column, test_each),
		cmocka_unit_test_setup(test_vcard_21, test_each),  cmocka_unit_test_setup(test_vcard_34, test_each),
		cmocka_unit_test_setup(test_vcard_bytes, test_each),
		cmocka_unit_test_setup(test_vcard_out, test_each), cmocka_unit_test_setup(test_jsonl_out, test_each),
		cmocka_unit_test_setup(test_names, test_each),
	};
	return cmocka_run_group_tests_name("files/formats", tests, test_begin, test_end);
}
