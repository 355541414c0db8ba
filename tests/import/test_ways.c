/* One list of people in every way a file may be written; and whose and when it was, if that is to be kept. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/text/text.h"
#include "world.h"

/* --- encodings, line ends, delimiters ----------------------------------------------------- */

/* '|' stands for the delimiter, '\n' for the line's end. */
static const char simplified[] = "客户姓名|手机号|电子邮箱|城市|备注\n张伟|13800138000|zw@example.org|杭州|\"老客户，\"\"两\"\"次\"\n"
                                 "李娜|13900139000|ln@example.org|上海|喜欢绿茶\n王芳|13700137000|wf@example.org|宁波|\n";
static const char traditional[] = "客戶姓名|手機號|電子郵箱|城市|備註\n張偉|13800138000|zw@example.org|臺北|\"老客戶，\"\"兩\"\"次\"\n"
                                  "李娜|13900139000|ln@example.org|高雄|喜歡綠茶\n王芳|13700137000|wf@example.org|臺中|\n";

static const struct way {
	const char *text, *encoding, *mark; /* the byte order mark, "" none */
	size_t mark_n;
} ways[] = {
	{simplified, "UTF-8", "", 0},           {simplified, "UTF-8", "\xEF\xBB\xBF", 3}, {simplified, "GB18030", "", 0},
	{simplified, "UTF-16LE", "\xFF\xFE", 2}, {simplified, "UTF-16BE", "\xFE\xFF", 2},  {simplified, "GB18030", "\x84\x31\x95\x33", 4},
	{traditional, "UTF-8", "", 0},          {traditional, "Big5", "", 0},             {traditional, "UTF-16LE", "\xFF\xFE", 2},
	{traditional, "GB18030", "", 0},
};

static const char *const ends[] = {"\n", "\r\n", "\r"};
static const char delimiters[] = {',', '\t', ';', '|'};

static const char *write_way(struct world *world, const struct way *way, const char *end, char delimiter)
{
	struct buf text, bytes;
	int64_t lost = 0;
	buf_init(&text, 1 << 16);
	buf_init(&bytes, 1 << 16);
	for (const char *p = way->text; *p != '\0'; p++) {
		if (*p == '\n')
			buf_puts(&text, end);
		else
			buf_putc(&text, *p == '|' ? delimiter : *p);
	}
	buf_add(&bytes, way->mark, way->mark_n);
	assert_int_equal(text_encode(&world->ctx, way->encoding, buf_text(&text), text.len, &bytes, &lost), OK);
	assert_int_equal(lost, 0);
	const char *path = arena_printf(&world->arena, "%s/people.csv", world->dir);
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes.data, 1, bytes.len, file), bytes.len);
	assert_int_equal(fclose(file), 0);
	buf_release(&text);
	buf_release(&bytes);
	return path;
}

static void check_people(struct world *world, const struct way *way, const char *label)
{
	bool hant = way->text == traditional;
	const struct {
		const char *sql, *expected;
	} facts[] = {
		{"SELECT name FROM customer WHERE phone = '+8613800138000'", hant ? "張偉" : "张伟"},
		{"SELECT note FROM customer WHERE phone = '+8613800138000'", hant ? "老客戶，\"兩\"次" : "老客户，\"两\"次"},
		{"SELECT city FROM customer WHERE email = 'wf@example.org'", hant ? "臺中" : "宁波"},
		{"SELECT note FROM customer WHERE phone = '+8613900139000'", hant ? "喜歡綠茶" : "喜欢绿茶"},
	};
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
		if (strcmp(text(world, facts[i].sql), facts[i].expected) != 0)
			test_fail("%s: \"%s\", expected \"%s\"", label, text(world, facts[i].sql), facts[i].expected);
}

static void every_way(struct world *world)
{
	/* the reading is the same on both engines */
	if (store_engine(world->store) != ENGINE_SQLITE)
		return;
	for (size_t w = 0; w < sizeof(ways) / sizeof(ways[0]); w++)
		for (size_t e = 0; e < sizeof(ends) / sizeof(ends[0]); e++)
			for (size_t d = 0; d < sizeof(delimiters); d++) {
				const struct way *way = &ways[w];
				const char *label = arena_printf(&world->arena, "%s%s, line end %zu, delimiter %zu", way->encoding, way->mark_n > 0 ? " with mark" : "", e, d);
				struct import_result r;
				struct import_request request = {.path = write_way(world, way, ends[e], delimiters[d])};
				enum err err = import_file(&world->ctx, &request, &r);
				if (err != OK || r.created != 3 || r.failed != 0)
					test_fail("%s: error %d, %lld of %lld created", label, (int)err, (long long)r.created, (long long)r.rows);
				check_people(world, way, label);
				assert_int_equal(import_undo(&world->ctx, r.run_id, NULL), OK);
				world_reset(world);
			}
}

/* --- creator and dates ---------------------------------------------------------------------- */

#define OLD_PLAN(keep) \
	"{\"keep_dates\":" keep ",\"records\":[{\"entity\":\"customer\",\"mode\":\"upsert\",\"key\":[\"number\"]," \
	"\"fields\":{\"number\":\"no\",\"name\":\"name\"" OLD_FIELDS "}}]}"

static void creator_and_dates(struct world *world)
{
	static const char users[] = "name,email\nAnn Founder,ann@example.org\n";
	static const char rows[] = "no,name,since,by\n1,Old,2011-02-03T04:05:06Z,Ann Founder\n2,Older,2009-12-31,ann@example.org\n3,New,,\n";
#define OLD_FIELDS ",\"created_at\":\"since\",\"created_by\":\"by\""
	static const char kept[] = OLD_PLAN("true"), refused[] = OLD_PLAN("false");
	struct import_result r = import(world, &(struct import_request){.path = write_file(world, "users.csv", users), .entity = "user"});
	assert_int_equal(r.created, 1);
	struct import_request request = {.path = write_file(world, "old.csv", rows), .map_path = write_file(world, "map.json", refused)};
	assert_int_equal(import_file(&world->ctx, &request, &r), ERR_INVALID); /* unless it is wanted, the program keeps these */
	assert_string_equal(world->ctx.faults.list[0].key, "plan_readonly");
	world_reset(world);
	request = (struct import_request){.path = write_file(world, "old.csv", rows), .map_path = write_file(world, "map.json", kept)};
	r = import(world, &request);
	assert_int_equal(r.created, 3);
	assert_int_equal(number(world, "SELECT created_at FROM customer WHERE number = '1'"), 1296705906000);
	assert_int_equal(number(world, "SELECT created_at FROM customer WHERE number = '2'"), 1262217600000 - 8 * 3600000); /* a day of the firm's */
	assert_int_equal(number(world, "SELECT count(*) FROM customer c JOIN \"user\" u ON u.id = c.created_by WHERE u.email = 'ann@example.org'"), 2);
	assert_true(number(world, "SELECT created_at FROM customer WHERE number = '3'") > 1700000000000);
	/* a change later changes neither */
	r = import(world, &(struct import_request){.path = write_file(world, "again.csv", "no,name,since,by\n1,Renamed,2024-01-01,\n"), .map_path = write_file(world, "map.json", kept)});
	assert_int_equal(r.updated, 1);
	assert_string_equal(text(world, "SELECT name FROM customer WHERE number = '1'"), "Renamed");
	assert_int_equal(number(world, "SELECT created_at FROM customer WHERE number = '1'"), 1296705906000);
}

static void test_every_way(void **state)
{
	(void)state;
	on_each_engine(every_way);
}

static void test_creator_and_dates(void **state)
{
	(void)state;
	on_each_engine(creator_and_dates);
}

int main(int argc, char **argv)
{
	int status = 0;
	if (file_helper(argc, argv, &status))
		return status;
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_way), cmocka_unit_test(test_creator_and_dates)};
	return cmocka_run_group_tests_name("import/ways", tests, NULL, NULL);
}
