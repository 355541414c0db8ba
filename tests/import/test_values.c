/* What values of other programs' files become: each file in a store of its own would cost much, so each has names of its own. */
#include <string.h>

#include "base/str.h"
#include "world.h"

static struct import_result import_text(struct world *world, const char *name, const char *content, const char *map)
{
	struct import_request request = {.path = write_file(world, name, content), .map_path = map != NULL ? write_file(world, "map.json", map) : NULL};
	return import(world, &request);
}

static void warned(const struct import_result *r, const char *code)
{
	char quoted[80];
	(void)snprintf(quoted, sizeof(quoted), "\"code\":\"%s\"", code);
	if (r->warnings == NULL || strstr(r->warnings, quoted) == NULL)
		test_fail("%s is not said: %s\n", code, r->warnings != NULL ? r->warnings : "-");
}

/* Rows of the customers of this file, one a line. */
static const char *people(struct world *world, const char *columns, const char *city)
{
	return text(world, arena_printf(&world->arena, "SELECT coalesce(%s, '') FROM customer WHERE city = '%s' ORDER BY id LIMIT 1", columns, city));
}

static int64_t count_in(struct world *world, const char *city)
{
	return number(world, arena_printf(&world->arena, "SELECT count(*) FROM customer WHERE city = '%s'", city));
}

static void nobody_is_merged(struct world *world)
{
	struct import_result r = import_text(world, "a.csv", "姓名,手机号,城市\n甲,0,A\n乙,0,A\n丙,1.51E+10,A\n丁,1.51E+10,A\n戊,无,A\n己,00000000000,A\n庚,11111111111,A\n辛,11111111111,A\n", NULL);
	assert_int_equal(r.created, 8);
	assert_int_equal(count_in(world, "A"), 8);
	assert_int_equal(number(world, "SELECT count(*) FROM customer WHERE phone = '1.51E+10'"), 2);
	warned(&r, "import_phones_damaged");
	warned(&r, "import_nothing_left");
	r = import_text(world, "b.csv", "姓名,城市\n张伟,B\n张伟,B\n", NULL);
	assert_int_equal(r.created, 2);
	warned(&r, "import_namesakes");
	r = import_text(world, "c.csv", "姓名,电话,城市\n甲,0571-88887777,C\n乙,0571-88887777,C\n乙,(0571)88887777,C\n", NULL);
	assert_int_equal(r.created, 2);
	assert_int_equal(count_in(world, "C"), 2);
	warned(&r, "import_shared");
	warned(&r, "import_repeated");
	r = import_text(world, "d.csv", "name,email,city\nAnn,info@d.example,D\nBob,info@d.example,D\n", NULL);
	assert_int_equal(r.created, 2);
	warned(&r, "import_shared");
	/* an address of one person is a key: the name may change */
	r = import_text(world, "e.csv", "name,email,city\nEve,eve@e.example,E\n", NULL);
	r = import_text(world, "e2.csv", "name,email,city\nEve Smith,eve@e.example,E\n", NULL);
	assert_int_equal(r.updated, 1);
	assert_int_equal(count_in(world, "E"), 1);
	r = import_text(world, "f.csv", "编号,姓名,城市\nN1,甲,F\nN1,乙,F\n", NULL);
	warned(&r, "import_merged");
	/* only asked: nothing is written */
	struct import_request only = {.path = write_file(world, "g.csv", "姓名,城市\n张伟,G\n张伟,G\n"), .check = true};
	r = import(world, &only);
	assert_int_equal(r.rows, 2);
	warned(&r, "import_namesakes");
	assert_int_equal(count_in(world, "G"), 0);
}

static void columns_decide(struct world *world)
{
	struct buf file;
	buf_init(&file, 1 << 20);
	buf_puts(&file, "name,birthday,city\n");
	for (int i = 0; i < 400; i++)
		buf_printf(&file, "N%d,03/04/1985,H\n", i);
	buf_puts(&file, "Last,25/12/1985,H\n");
	struct import_result r = import_text(world, "h.csv", buf_text(&file), NULL);
	buf_release(&file);
	assert_int_equal(r.failed, 0);
	assert_string_equal(text(world, "SELECT min(birthday) FROM customer WHERE city = 'H'"), "1985-04-03");
	r = import_text(world, "i.csv", "name,birthday,city\nA,03/04/1985,I\n", NULL);
	warned(&r, "import_dates_guessed");
	r = import_text(world, "j.csv", "name,birthday,city\nA,03.04.1985,J\n", NULL);
	assert_string_equal(people(world, "birthday", "J"), "1985-04-03");
	r = import_text(world, "k.csv", "订单号,商品名称,数量,单价\nK1,茶,\"0,500\",\"1.500,00\"\nK1,杯,\"1,250\",\"2,00\"\n",
		"{\"records\":[{\"as\":\"order\",\"entity\":\"order\",\"mode\":\"keep\",\"key\":[\"number\"],\"fields\":{\"number\":\"订单号\"}},"
		"{\"entity\":\"order_line\",\"fields\":{\"order_id\":{\"record\":\"order\"},\"name\":\"商品名称\",\"quantity\":\"数量\",\"unit_price\":\"单价\"}}]}");
	assert_int_equal(r.failed, 0);
	assert_int_equal(number(world, "SELECT quantity FROM order_line WHERE name = '杯'"), 1250);
	assert_int_equal(number(world, "SELECT quantity FROM order_line WHERE name = '茶'"), 500);
	assert_int_equal(number(world, "SELECT unit_price FROM order_line WHERE name = '茶'"), 15000000);
}

static void values_are_taken(struct world *world)
{
	struct import_result r = import_text(world, "l.csv", "number,name,phone,country,city\nL1,A,(202) 555-0123,US,L\nL2,B,0912-345-678,TW,L\n", NULL);
	assert_string_equal(text(world, "SELECT phone FROM customer WHERE number = 'L1'"), "+12025550123");
	assert_string_equal(text(world, "SELECT phone FROM customer WHERE number = 'L2'"), "+886912345678");
	r = import_text(world, "m.csv", "编号,姓名*,生日,邮箱\nM1,甲,--0506,Li <li@m.example>\nM2,乙,0/0/00,N/A\nM3,丙,1604-05-06,\"a@m.example; b@m.example\"\nM4,丁,1985-04,无\n编号,姓名*,生日,邮箱\n", NULL);
	assert_int_equal(r.created, 4);
	assert_int_equal(r.failed, 0);
	assert_int_equal(number(world, "SELECT birth_month * 100 + birth_day FROM customer WHERE number = 'M1'"), 506);
	assert_int_equal(number(world, "SELECT birth_month * 100 + birth_day FROM customer WHERE number = 'M3'"), 506);
	assert_int_equal(number(world, "SELECT birth_month FROM customer WHERE number = 'M4'"), 4);
	assert_int_equal(number(world, "SELECT count(*) FROM customer WHERE number = 'M2' AND birthday IS NULL AND birth_month IS NULL AND email IS NULL"), 1);
	assert_string_equal(text(world, "SELECT email FROM customer WHERE number = 'M3'"), "a@m.example");
	static const char *const said[] = {"import_birthdays_left", "import_birthdays_month", "import_second_value", "import_nothing_left", "import_heading_again"};
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++)
		warned(&r, said[i]);
	r = import_text(world, "n.csv", "订单号,下单时间,金额,币种\nO1,\"Jul 15, 2026 10:15:00 AM CET\",12.50 kr.,SEK\nO2,2026-07-15 10:15 CST,1,GBP\nO3,2026-07-15,5,XYZ\nO4,2026-07-15,3.5万,RMB\n", NULL);
	assert_int_equal(r.created, 2);
	assert_int_equal(number(world, "SELECT placed_at / 1000 FROM \"order\" WHERE number = 'O1'"), 1784106900);
	assert_int_equal(number(world, "SELECT total FROM \"order\" WHERE number = 'O1'"), 1250);
	assert_int_equal(number(world, "SELECT count(*) FROM \"order\" WHERE number IN ('O1', 'O4') AND total_base IS NULL"), 2);
	assert_int_equal(number(world, "SELECT count(*) FROM \"order\" WHERE number = 'O4' AND currency = 'CNY' AND total = 3500000"), 1);
	assert_int_equal(number(world, "SELECT count(*) FROM import_problem WHERE \"key\" IN ('zone_ambiguous', 'not_currency')"), 2);
	warned(&r, "import_no_rate");
	r = import_text(world, "p.csv", "number,placed_at\nP1,2026-07-15 10:15\nP2,2026-01-15 10:15\n",
		"{\"time_zone\":\"Europe/Paris\",\"records\":[{\"entity\":\"order\",\"fields\":{\"number\":\"number\",\"placed_at\":\"placed_at\"}}]}");
	assert_int_equal(number(world, "SELECT placed_at / 1000 FROM \"order\" WHERE number = 'P1'"), 1784103300);
	assert_int_equal(number(world, "SELECT placed_at / 1000 FROM \"order\" WHERE number = 'P2'"), 1768468500);
}

static void wrong_plan(struct world *world, const char *plan, const char *key)
{
	struct import_result r;
	struct import_request request = {.path = write_file(world, "q.csv", "name\nA\n"), .map_path = write_file(world, "map.json", plan)};
	faults_clear(&world->ctx);
	assert_int_not_equal(import_file(&world->ctx, &request, &r), OK);
	assert_string_equal(world->ctx.faults.list[0].key, key);
	faults_clear(&world->ctx);
}

static void unknown_members(struct world *world)
{
#define PLAN(more) "{" more "\"records\":[{\"entity\":\"customer\",\"fields\":{\"name\":\"name\"}}]}"
	wrong_plan(world, PLAN("\"utc_ofset\":\"+08:00\","), "plan_member");
	wrong_plan(world, PLAN("\"file\":{\"utc_offset\":\"+08:00\"},"), "plan_member");
	wrong_plan(world, PLAN("\"utc_offset\":480,"), "plan_offset");
	wrong_plan(world, PLAN("\"time_zone\":\"Asia/Atlantis\","), "plan_zone");
	wrong_plan(world, PLAN("\"country\":\"Atlantis\","), "plan_country");
	wrong_plan(world, PLAN("\"date_order\":\"DYM\","), "plan_date");
}

static void on(void (*test)(struct world *world))
{
	on_each_engine(test);
}

static void test_nobody_is_merged(void **state)
{
	(void)state;
	on(nobody_is_merged);
}

static void test_columns_decide(void **state)
{
	(void)state;
	on(columns_decide);
}

static void test_values_are_taken(void **state)
{
	(void)state;
	on(values_are_taken);
}

static void test_unknown_members(void **state)
{
	(void)state;
	on(unknown_members);
}

int main(int argc, char **argv)
{
	int status = 0;
	if (file_helper(argc, argv, &status))
		return status;
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_nobody_is_merged), cmocka_unit_test(test_columns_decide), cmocka_unit_test(test_values_are_taken),
	                                   cmocka_unit_test(test_unknown_members)};
	return cmocka_run_group_tests_name("import/values", tests, NULL, NULL);
}
