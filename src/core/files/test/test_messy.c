/* Real files that break importers: each is read or refused with a key, never a crash. */
#include <ftw.h>

#include "help.h"

struct expected {
	const char *file;
	const char *key;  /* refused with this, or NULL */
	int header_row;
	size_t columns;
	int64_t rows, problems;
};

static const struct expected table[] = {
	{"messy_tables/csvkit/bad.csv", NULL, 1, 3, 3, 1},
	{"messy_tables/csvkit/bad_skip_lines.csv", NULL, 4, 3, 3, 1},
	{"messy_tables/csvkit/dummy.csv", NULL, 1, 3, 1, 0},
	{"messy_tables/csvkit/dummy.csv.bz2", "file_kind_packed", 0, 0, 0, 0},
	{"messy_tables/csvkit/dummy.csv.gz", NULL, 1, 3, 1, 0},
	{"messy_tables/csvkit/dummy.tsv", NULL, 1, 3, 1, 0},
	{"messy_tables/csvkit/dummy.xls", NULL, 1, 3, 1, 0},
	{"messy_tables/csvkit/empty.csv", "file_empty", 0, 0, 0, 0},
	{"messy_tables/csvkit/null_byte.csv", NULL, 1, 3, 1, 0},
	{"messy_tables/csvkit/no_header_row2.csv", NULL, 0, 3, 1, 0},
	{"messy_tables/csvkit/test_utf16_little.csv", NULL, 1, 3, 2, 0},
	{"messy_tables/csvkit/test_utf8_bom.csv", NULL, 1, 3, 2, 0},
	{"messy_tables/csvkit/sheets.xlsx", NULL, 1, 8, 5, 0},
	{"messy_tables/csvkit/testdbf.dbf", "file_kind_binary", 0, 0, 0, 0},
	{"messy_tables/csvkit/testjson.json", NULL, 0, 7, 5, 0},
	{"messy_tables/csvkit/realdata/ne_1033_data.xlsx", NULL, 1, 14, 1036, 0},
	{"messy_tables/csvkit/realdata/census_2010/ilgeo2010_excerpt.csv", NULL, 1, 101, 1000, 0},
	{"messy_tables/messytables/211.csv.gz", NULL, 1, 96, 2132, 0},
	{"messy_tables/messytables/complex.html", "file_kind_html", 0, 0, 0, 0},
	{"messy_tables/messytables/encrypted_no_password.xls", "xlsx_damaged", 0, 0, 0, 0},
	{"messy_tables/messytables/html.html", "file_kind_html", 0, 0, 0, 0},
	{"messy_tables/messytables/large.ods", NULL, 1, 5, 23760, 0},
	{"messy_tables/messytables/simple.zip", "file_kind_zip", 0, 0, 0, 0},
	{"messy_tables/messytables/simple.ssv", NULL, 1, 3, 6, 0},
	{"messy_tables/messytables/simple.psv", NULL, 1, 6, 28, 0},
	{"messy_tables/messytables/skip_initials.csv", NULL, 1, 2, 2, 0},
	{"messy_tables/messytables/spanish_chars.csv", NULL, 1, 8, 115, 0},
	{"crm_imports/salesforce_dataloader/csvtext_BOM_UTF16BE.csv", NULL, 1, 3, 2, 0},
	{"crm_imports/salesforce_dataloader/csvtext_BOM_UTF16LE.csv", NULL, 1, 3, 2, 0},
	{"crm_imports/salesforce_dataloader/csvtext_BOM_UTF32BE.csv", NULL, 1, 3, 2, 0},
	{"crm_imports/magento/customer_composite.csv", NULL, 1, 38, 1, 0},
	{"crm_imports/shopify_products/apparel.csv", NULL, 1, 46, 22, 0},
	{"cdnow_sample/CDNOW_sample.txt", NULL, 0, 5, 6919, 0},
	{"online_retail/online_retail_2010-12_2011-05.csv.gz", NULL, 1, 8, 209029, 0},
	{"chinese_names/Chinese_Family_Name_1k.xlsx", NULL, -2, 0, 0, -1},
	{"vcard_ical/ez-vcard/io/text/John_Doe_IPHONE.vcf", NULL, 0, 49, 1, 0},
	{"vcard_ical/ez-vcard/io/text/outlook-2007.vcf", NULL, 0, 49, 1, 0},
	{"vcard_ical/ez-vcard/io/text/gmail-list.vcf", NULL, 0, 49, 3, 0},
	{"vcard_ical/ez-vcard/issue/issue114.vcf", NULL, 0, 49, 1, 0},
	{"vcard_ical/ez-vcard/io/text/gmail-single2.png", "file_kind_image", 0, 0, 0, 0},
	{"vcard_ical/libical/2446.ics", "file_kind_calendar", 0, 0, 0, 0},
};

struct outcome {
	enum err err;
	int64_t rows, problems;
	int header_row;
	size_t columns;
};

static struct outcome read_all(const char *path)
{
	struct outcome o = {.err = OK};
	struct table *t = NULL;
	arena_reset(&test_arena);
	faults_clear(&test_ctx);
	o.err = table_open_new(&test_ctx, path, &detect, &t);
	while (o.err == OK) {
		struct table_row row;
		bool more = false;
		o.err = table_next(&test_ctx, t, &row, &more);
		if (o.err != OK || !more)
			break;
		o.rows++;
		o.problems += row.problem != NULL;
		for (size_t i = 0; i < row.n; i++)
			if (!utf8_valid(row.cells[i].text, row.cells[i].len))
				test_wrong("%s row %lld: not UTF-8", path, (long long)row.number);
	}
	if (t != NULL) {
		o.header_row = table_info(t)->header_row;
		o.columns = table_info(t)->n_columns;
	}
	table_free(t);
	return o;
}

/* A workbook of before 2007 holds what the same one of today does, but for truth values, which the library does not give. */
static void test_old_workbooks(void **state)
{
	(void)state;
	const char *data = shared_data();
	if (data == NULL)
		skip();
	struct table *t = open_with(arena_printf(&test_arena, "%s/messy_tables/csvkit/test.xls", data), &detect);
	assert_int_equal(table_info(t)->format, FILE_XLS);
	assert_string_equal(dump_rows(t), "2:Chicago Reader|1971-01-01|40||1|1971-01-01 04:14:00\n"
	                                  "3:Chicago Sun-Times|1948-01-01|63||1.27|1948-01-01 14:57:13||Extra data beyond headers will be trimmed\n"
	                                  "4:Chicago Tribune|1920-01-01|164||41800000.01|1920-01-01\n5:This row has blanks\n6:Unicode! Σ\n");
	table_free(t);
	t = open_with(arena_printf(&test_arena, "%s/messy_tables/csvkit/sheets.xls", data), &detect);
	assert_int_equal(table_info(t)->n_sheets, 3);
	table_free(t);
}

static void test_expected(void **state)
{
	(void)state;
	const char *data = shared_data();
	if (data == NULL)
		skip();
	int wrong = 0;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct expected *e = &table[i];
		char path[1024];
		(void)snprintf(path, sizeof(path), "%s/%s", data, e->file);
		struct outcome o = read_all(path);
		bool good = e->key != NULL ? o.err != OK && strcmp(first_fault(), e->key) == 0
		                           : o.err == OK && (e->columns == 0 || o.columns == e->columns) &&
		                                 (e->problems < 0 || (o.rows == e->rows && o.problems == e->problems)) &&
		                                 (e->header_row < -1 || o.header_row == e->header_row);
		if (!good)
			print_message("%s: err %d %s, header %d, %zu columns, %lld rows, %lld problems\n", e->file, o.err, first_fault(),
			              o.header_row, o.columns, (long long)o.rows, (long long)o.problems);
		wrong += !good;
	}
	assert_int_equal(wrong, 0);
}

static size_t n_read, n_refused;

static int visit(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	if (type != FTW_F)
		return 0;
	struct outcome o = read_all(path);
	if (o.err == OK) {
		n_read++;
	} else {
		n_refused++;
		/* Clear words: the input is to blame, and the key says for what. */
		if ((o.err != ERR_INVALID && o.err != ERR_LIMIT) || test_ctx.faults.count == 0)
			test_wrong("%s: err %d %s", path, o.err, first_fault());
	}
	return 0;
}

static void test_all(void **state)
{
	(void)state;
	static const char *const folders[] = {"messy_tables", "crm_imports", "vcard_ical", "chinese_reviews_waimai10k",
	                                      "chinese_names", "febrl", "abt_buy", "telco_churn", "edi"};
	const char *data = shared_data();
	if (data == NULL)
		skip();
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		char path[1024];
		(void)snprintf(path, sizeof(path), "%s/%s", data, folders[i]);
		assert_int_equal(nftw(path, visit, 8, FTW_PHYS), 0);
	}
	print_message("%zu files read, %zu refused\n", n_read, n_refused);
	assert_true(n_read > 100 && n_refused > 20);
}

int main(int argc, char **argv)
{
	int status = 0;
	if (file_helper(argc, argv, &status))
		return status;
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_expected), cmocka_unit_test(test_old_workbooks), cmocka_unit_test(test_all)};
	return cmocka_run_group_tests_name("files/messy", tests, test_begin, test_end);
}
