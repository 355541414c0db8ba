/* Exports: every format, rights, the audit trail, and that a round trip loses nothing. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/str.h"
#include "world.h"

static enum err to_buf(struct ctx *ctx, void *arg, const void *data, size_t n)
{
	buf_add(arg, data, n);
	return buf_failed(arg) ? fail(ctx, ERR_LIMIT, "", "too_large") : OK;
}

static int64_t export_to(struct world *world, struct buf *out, const char *entity, const char *query, enum file_format format, bool names)
{
	struct export_request request = {.info = registry_find(world->registry, entity), .query = query, .format = format, .names = names,
	                                 .encoding = "utf-8", .sink = to_buf, .arg = out};
	int64_t rows = 0;
	buf_reset(out);
	world->ctx.db = world->db;
	enum err err = export_table(&world->ctx, &request, &rows);
	if (err != OK) {
		show_faults(world);
		test_fail("export %s: %d", entity, err);
	}
	return rows;
}

static void add_people(struct world *world)
{
	static const char people[] =
		"{\"number\":\"1\",\"name\":\"张伟\",\"phone\":\"+8613800138000\",\"city\":\"杭州\",\"stage\":\"loyal\",\"birthday\":\"1990-05-06\",\"gender\":\"male\","
		"\"note\":\"两行\\n\\\"备注\\\", 逗号\",\"tags\":[\"VIP\",\"批发\"],\"credit_limit\":\"12345.60\",\"website\":\"https://example.org/a?b=c\"}\n"
		"{\"number\":\"2\",\"name\":\"=cmd|' /C calc'!A0\",\"email\":\"Grace@example.org\",\"stage\":\"prospect\",\"kind\":\"company\",\"note\":\"'already guarded\"}\n"
		"{\"number\":\"3\",\"name\":\"-12\",\"phone\":\"+44 20 7946 0018\",\"employer\":\"+SUM(1)\",\"children\":3,\"stage\":\"lost\",\"interests\":\" @spaced \"}\n";
	struct import_result r = import(world, &(struct import_request){.path = write_file(world, "people.jsonl", people)});
	assert_int_equal(r.created, 3);
	assert_int_equal(r.failed, 0);
}

/* --- formats -------------------------------------------------------------------------- */

static void formats(struct world *world)
{
	struct buf out;
	buf_init(&out, 8 << 20);
	add_people(world);
	assert_int_equal(export_to(world, &out, "customer", "select=number,name,stage,tags,credit_limit&order=number", FILE_CSV, false), 3);
	assert_string_equal(buf_text(&out),
		"Customer no.,Name,Stage,Tags,Credit limit\r\n"
		"1,张伟,Loyal,\"VIP, 批发\",12345.60\r\n2,'=cmd|' /C calc'!A0,Prospect,,\r\n3,-12,Lost,,\r\n");
	assert_int_equal(export_to(world, &out, "customer", "select=number%2Cstage&order=number.desc&limit=1&city=is.null", FILE_CSV, true), 1);
	assert_string_equal(buf_text(&out), "number,stage\r\n3,lost\r\n");
	assert_int_equal(export_to(world, &out, "customer", "select=number,name,gender&number=eq.1", FILE_JSONL, false), 1);
	assert_string_equal(buf_text(&out), "{\"number\":\"1\",\"name\":\"张伟\",\"gender\":\"male\"}\n");
	assert_int_equal(export_to(world, &out, "customer", "number=eq.1", FILE_VCARD, false), 1);
	assert_non_null(strstr(buf_text(&out), "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:张伟\r\n"));
	assert_non_null(strstr(buf_text(&out), "TEL:+8613800138000\r\n"));
	assert_non_null(strstr(buf_text(&out), "BDAY:1990-05-06\r\n"));
	assert_int_equal(export_to(world, &out, "customer", "order=number", FILE_XLSX, false), 3);
	assert_memory_equal(out.data, "PK\003\004", 4);
	/* a linked record by its name */
	struct import_result r = import(world, &(struct import_request){.path = write_file(world, "o.csv", "订单号,客户,金额\nO1,张伟,12.50\n"),
		.map_path = write_file(world, "m.json", "{\"records\":[{\"entity\":\"order\",\"fields\":{\"number\":\"订单号\",\"customer_id\":\"客户\",\"total\":\"金额\",\"currency\":{\"value\":\"GBP\"}}}]}")});
	assert_int_equal(r.created, 1);
	assert_int_equal(export_to(world, &out, "order", "select=number,customer_id,total,placed_at&order=number&placed_at=gt.2020-01-01", FILE_CSV, false), 1);
	assert_true(str_starts(buf_text(&out), "Order no.,Customer,Total,Placed\r\nO1,张伟,12.50,20"));
	buf_release(&out);
}

static void encodings(struct world *world)
{
	struct buf out;
	int64_t rows;
	buf_init(&out, 8 << 20);
	add_people(world);
	struct export_request request = {.info = registry_find(world->registry, "customer"), .query = "select=name&number=eq.1", .format = FILE_CSV,
	                                 .sink = to_buf, .arg = &out, .names = true};
	assert_int_equal(export_table(&world->ctx, &request, &rows), OK);
	assert_string_equal(buf_text(&out), "\xef\xbb\xbfname\r\n张伟\r\n"); /* with its mark, for Excel */
	request.encoding = "gb18030";
	buf_reset(&out);
	assert_int_equal(export_table(&world->ctx, &request, &rows), OK);
	assert_string_equal(buf_text(&out), "name\r\n\xd5\xc5\xce\xb0\r\n");
	request.encoding = "no-such-encoding";
	assert_int_not_equal(export_table(&world->ctx, &request, &rows), OK);
	buf_release(&out);
}

/* --- rights and traces ------------------------------------------------------------------ */

static void rights(struct world *world)
{
	struct buf out;
	int64_t rows = -1;
	buf_init(&out, 8 << 20);
	add_people(world);
	actor_as(world, SCOPE_ALL, 0);
	actor_scope(world, "customer", ACTION_EXPORT, SCOPE_NONE);
	struct export_request request = {.info = registry_find(world->registry, "customer"), .query = "", .format = FILE_CSV, .sink = to_buf, .arg = &out};
	assert_int_equal(export_table(&world->ctx, &request, &rows), ERR_FORBIDDEN);
	assert_int_equal(out.len, 0);
	world_reset(world);
	/* somebody who may export only what is theirs gets nothing of others */
	actor_as(world, SCOPE_ALL, 999);
	actor_scope(world, "customer", ACTION_EXPORT, SCOPE_OWN);
	assert_int_equal(export_to(world, &out, "customer", "", FILE_CSV, true), 0);
	/* hidden fields are not there, masked ones are masked, in every format */
	actor_as(world, SCOPE_ALL, 999);
	actor_field(world, "customer", "phone", RIGHT_MASKED);
	actor_field(world, "customer", "note", RIGHT_HIDDEN);
	static const enum file_format formats_of[] = {FILE_CSV, FILE_JSONL, FILE_VCARD};
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(export_to(world, &out, "customer", "", formats_of[i], true), 3);
		assert_null(strstr(buf_text(&out), "13800138000"));
		assert_null(strstr(buf_text(&out), "备注"));
		assert_non_null(strstr(buf_text(&out), "张伟"));
	}
	/* each export stands in the log before its first row, and with its count after the last */
	actor_system(world);
	if (store_engine(world->store) == ENGINE_SQLITE) {
		assert_int_equal(number(world, "SELECT count(*) FROM change WHERE entity = 'customer' AND action = 5"), 8);
		assert_int_equal(number(world, "SELECT count(*) FROM change WHERE action = 5 AND diff LIKE '%\"rows\":3%'"), 3);
	}
	buf_release(&out);
}

/* --- round trip ---------------------------------------------------------------------------- */

static const char *all_customers(struct world *world)
{
	struct stmt *stmt;
	struct buf out;
	bool row = false;
	buf_init(&out, 8 << 20);
	assert_int_equal(db_prepare_text(&world->ctx, world->db,
		"SELECT number, name, phone, email, city, stage, kind, birthday, gender, note, credit_limit, website, employer, children, interests, sort_name, "
		"(SELECT count(*) FROM customer_tags t WHERE t.record_id = c.id) FROM customer c ORDER BY number", &stmt), OK);
	while (stmt_step(&world->ctx, stmt, &row) == OK && row)
		for (int i = 0; i < stmt_columns(stmt); i++)
			buf_printf(&out, "%s%c", stmt_is_null(stmt, i) ? "-" : i == 10 || i == 13 || i == 16 ? "" : stmt_text(stmt, i), i + 1 < stmt_columns(stmt) ? '|' : '\n');
	stmt_done(stmt);
	const char *text = arena_strdup(&world->arena, buf_text(&out));
	buf_release(&out);
	return text;
}

static void round_trip_as(enum file_format format, enum locale locale)
{
	struct world *from = calloc(1, sizeof(*from)), *to = calloc(1, sizeof(*to));
	struct buf out;
	buf_init(&out, 8 << 20);
	world_open(from, NULL, NULL, NULL);
	world_open(to, NULL, NULL, NULL);
	add_people(from);
	from->ctx.locale = locale;
	(void)export_to(from, &out, "customer", "", format, false);
	const char *path = arena_printf(&to->arena, "%s/copy%s", to->dir, file_format_suffix(format));
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(fwrite(out.data, 1, out.len, file), out.len);
	assert_int_equal(fclose(file), 0);
	struct import_result r = import(to, &(struct import_request){.path = path, .entity = "customer"});
	assert_int_equal(r.created, 3);
	assert_int_equal(r.failed, 0);
	assert_string_equal(all_customers(to), all_customers(from));
	assert_int_equal(number(to, "SELECT credit_limit FROM customer WHERE number = '1'"), 1234560);
	world_close(to);
	world_close(from);
	buf_release(&out);
	free(from);
	free(to);
}

static void test_round_trip(void **state)
{
	(void)state;
	round_trip_as(FILE_CSV, LOCALE_EN);
	round_trip_as(FILE_CSV, LOCALE_ZH_HANS);
	round_trip_as(FILE_XLSX, LOCALE_ZH_HANS);
	round_trip_as(FILE_JSONL, LOCALE_EN);
}

static void test_formats(void **state)
{
	(void)state;
	on_each_engine(formats);
}

static void test_encodings(void **state)
{
	(void)state;
	on_each_engine(encodings);
}

static void test_rights(void **state)
{
	(void)state;
	on_each_engine(rights);
}

int main(int argc, char **argv)
{
	int status = 0;
	if (file_helper(argc, argv, &status))
		return status;
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_formats), cmocka_unit_test(test_encodings), cmocka_unit_test(test_rights),
	                                   cmocka_unit_test(test_round_trip)};
	return cmocka_run_group_tests_name("import/export", tests, NULL, NULL);
}
