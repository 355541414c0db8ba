/* Imports: guesses, modes, errors, rights, dry run, undo, results. */
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/str.h"
#include "world.h"

static struct import_result import_text(struct world *world, const char *name, const char *content, const char *map)
{
	struct import_request request = {.path = write_file(world, name, content), .map_path = map != NULL ? write_file(world, "map.json", map) : NULL};
	return import(world, &request);
}

static void check_counts_in(struct world *world, const struct import_result *r, int64_t rows, int64_t created, int64_t updated, int64_t skipped, int64_t failed)
{
	if (r->failed != failed)
		print_error("first problem: %s\n", text(world, "SELECT field || ' ' || \"key\" || ' ' || coalesce(argument, '') FROM import_problem ORDER BY id DESC LIMIT 1"));
	if (r->rows != rows || r->created != created || r->updated != updated || r->skipped != skipped || r->failed != failed)
		test_fail("rows %lld created %lld updated %lld skipped %lld failed %lld", (long long)r->rows, (long long)r->created,
		          (long long)r->updated, (long long)r->skipped, (long long)r->failed);
}

static int run_as_text(struct world *world, int64_t run, const char *field, const char *expected)
{
	const char *found = text(world, arena_printf(&world->arena, "SELECT %s FROM import_run WHERE id = %lld", field, (long long)run));
	if (strcmp(found, expected) != 0)
		print_error("%s is %s\n", field, found);
	return strcmp(found, expected);
}

#define check_counts(...) check_counts_in(world, __VA_ARGS__)

/* --- guesses ------------------------------------------------------------------------ */

static void guessed(struct world *world)
{
	struct import_result r = import_text(world, "客户.csv",
		"客户姓名,手机号,电子邮箱,城市,性别,生日,备注,标签\n"
		"张伟,138 0013 8000,ZhangWei@Example.COM,杭州,男,1990/5/6,老客户,VIP、批发\n"
		"李娜,13900139000,,上海,女,1985年12月1日,\"两行\n备注\",VIP\n", NULL);
	check_counts(&r, 2, 2, 0, 0, 0);
	assert_string_equal(text(world, "SELECT phone FROM customer WHERE name = '张伟'"), "+8613800138000");
	assert_string_equal(text(world, "SELECT email FROM customer WHERE name = '张伟'"), "ZhangWei@example.com");
	assert_string_equal(text(world, "SELECT gender FROM customer WHERE name = '李娜'"), "female");
	assert_string_equal(text(world, "SELECT birthday FROM customer WHERE name = '张伟'"), "1990-05-06");
	assert_string_equal(text(world, "SELECT birthday FROM customer WHERE name = '李娜'"), "1985-12-01");
	assert_string_equal(text(world, "SELECT note FROM customer WHERE name = '李娜'"), "两行\n备注");
	assert_int_equal(number(world, "SELECT count(*) FROM tag"), 2);
	assert_int_equal(number(world, "SELECT count(*) FROM customer_tags"), 3);
	/* first and last name are one field; the state's label counts as its value */
	r = import_text(world, "people.csv", "First Name,Last Name,E-mail,Stage\nAda,Lovelace,ada@example.org,Loyal\nGrace,Hopper,grace@example.org,潜在\n", NULL);
	check_counts(&r, 2, 2, 0, 0, 0);
	assert_string_equal(text(world, "SELECT stage FROM customer WHERE name = 'Ada Lovelace'"), "loyal");
	assert_string_equal(text(world, "SELECT stage FROM customer WHERE name = 'Grace Hopper'"), "prospect");
	/* products, with prices as people write them */
	r = import_text(world, "products.csv", "商品名称,商品编码,售价,品牌\n茶壶,TP-1,\"¥1,299.00\",宜兴\n茶杯,TC-1,39.5,宜兴\n", NULL);
	check_counts(&r, 2, 2, 0, 0, 0);
	assert_int_equal(number(world, "SELECT price FROM product WHERE sku = 'TP-1'"), 129900);
	assert_int_equal(number(world, "SELECT price FROM product WHERE sku = 'TC-1'"), 3950);
	/* customers with addresses: two kinds of record from a row */
	r = import_text(world, "a.csv", "姓名,手机,省份,城市,详细地址,邮编\n王芳,13700137000,浙江,宁波,中山路1号,315000\n赵敏,13600136000,浙江,温州,,\n", NULL);
	check_counts(&r, 2, 2, 0, 0, 0);
	assert_int_equal(number(world, "SELECT count(*) FROM address"), 1);
	assert_string_equal(text(world, "SELECT a.street FROM address a JOIN customer c ON c.id = a.customer_id WHERE c.name = '王芳'"), "中山路1号");
}

static void no_guess(struct world *world)
{
	struct import_result r;
	struct import_request request = {.path = write_file(world, "x.csv", "foo,bar\n1,2\n3,4\n")};
	assert_int_equal(import_file(&world->ctx, &request, &r), ERR_INVALID);
	assert_string_equal(world->ctx.faults.list[0].key, "import_no_guess");
	assert_int_equal(number(world, "SELECT count(*) FROM import_run"), 0);
	world_reset(world);
	request = (struct import_request){.path = write_file(world, "x.csv", "name\nA\n"), .preset = "nonsense"};
	assert_int_equal(import_file(&world->ctx, &request, &r), ERR_INVALID);
	assert_string_equal(world->ctx.faults.list[0].key, "preset_unknown");
}

/* --- modes ---------------------------------------------------------------------------- */

#define CUSTOMER_PLAN(mode) \
	"{\"records\":[{\"as\":\"customer\",\"entity\":\"customer\",\"mode\":\"" mode "\",\"key\":[\"number\"]," \
	"\"fields\":{\"number\":\"no\",\"name\":\"name\",\"city\":\"city\"}}]}"

static void modes(struct world *world)
{
	struct import_result r = import_text(world, "1.csv", "no,name,city\n1,A,X\n2,B,X\n1,A again,Y\n", CUSTOMER_PLAN("create"));
	check_counts(&r, 3, 2, 0, 1, 0);
	assert_string_equal(text(world, "SELECT name FROM customer WHERE number = '1'"), "A");
	assert_int_equal(number(world, "SELECT count(*) FROM import_problem WHERE outcome = 'duplicate' AND \"row\" = 4"), 1);
	r = import_text(world, "2.csv", "no,name,city\n1,A,Z\n2,B,X\n3,C,X\n", CUSTOMER_PLAN("upsert"));
	check_counts(&r, 3, 1, 1, 1, 0); /* 1 changed, 2 the same, 3 new */
	assert_string_equal(text(world, "SELECT city FROM customer WHERE number = '1'"), "Z");
	r = import_text(world, "3.csv", "no,name,city\n3,C,Q\n9,Nobody,Q\n,No number,Q\n", CUSTOMER_PLAN("update"));
	check_counts(&r, 3, 0, 1, 0, 2);
	assert_int_equal(number(world, "SELECT count(*) FROM import_problem WHERE \"key\" = 'key_not_found'"), 1);
	assert_int_equal(number(world, "SELECT count(*) FROM import_problem WHERE \"key\" = 'key_empty'"), 1);
	/* an empty cell leaves the field alone, unless the plan says that it clears it */
	r = import_text(world, "4.csv", "no,name,city\n3,C2,\n", CUSTOMER_PLAN("upsert"));
	check_counts(&r, 1, 0, 1, 0, 0);
	assert_string_equal(text(world, "SELECT city FROM customer WHERE number = '3'"), "Q");
	r = import_text(world, "5.csv", "no,name,city\n3,C3,\n",
		"{\"blank_clears\":true,\"records\":[{\"entity\":\"customer\",\"mode\":\"upsert\",\"key\":[\"number\"],"
		"\"fields\":{\"number\":\"no\",\"name\":\"name\",\"city\":\"city\"}}]}");
	check_counts(&r, 1, 0, 1, 0, 0);
	assert_string_equal(text(world, "SELECT city FROM customer WHERE number = '3'"), "");
	/* the same again: the file is known */
	r = import_text(world, "5 copy.csv", "no,name,city\n3,C3,\n",
		"{\"blank_clears\":true,\"records\":[{\"entity\":\"customer\",\"mode\":\"upsert\",\"key\":[\"number\"],"
		"\"fields\":{\"number\":\"no\",\"name\":\"name\",\"city\":\"city\"}}]}");
	check_counts(&r, 1, 0, 0, 1, 0);
}

/* --- errors ------------------------------------------------------------------------------ */

/* Good and bad rows mixed: each bad one is kept with its reason, the good ones go in. */
static void mixed(struct world *world)
{
	struct buf file;
	buf_init(&file, 4 << 20);
	buf_puts(&file, "no,name,email,founded\n");
	for (int i = 1; i <= 3000; i++) {
		if (i % 100 == 7)
			buf_printf(&file, "%d,N%d,not an address,\n", i, i);
		else if (i % 100 == 8)
			buf_printf(&file, "%d,,x%d@example.org,\n", i, i);
		else if (i % 100 == 9)
			buf_printf(&file, "%d,N%d,,31/31/1999\n", i, i);
		else
			buf_printf(&file, "%d,N%d,x%d@example.org,1999-12-31\n", i, i, i);
	}
	struct import_result r = import_text(world, "mixed.csv", buf_text(&file),
		"{\"records\":[{\"entity\":\"customer\",\"mode\":\"create\",\"key\":[\"number\"],"
		"\"fields\":{\"number\":\"no\",\"name\":\"name\",\"email\":\"email\",\"founded_on\":\"founded\"}}]}");
	buf_release(&file);
	check_counts(&r, 3000, 2910, 0, 0, 90);
	assert_int_equal(number(world, "SELECT count(*) FROM customer"), 2910);
	assert_int_equal(number(world, "SELECT count(*) FROM import_problem"), 90);
	assert_int_equal(number(world, "SELECT count(*) FROM import_problem WHERE field = 'email' AND \"column\" = 3"), 30);
	assert_int_equal(number(world, "SELECT count(*) FROM import_problem WHERE field = 'name' AND \"key\" = 'required'"), 30);
	assert_int_equal(number(world, "SELECT count(*) FROM import_problem WHERE field = 'founded_on'"), 30);
	assert_int_equal(number(world, "SELECT \"row\" FROM import_problem ORDER BY \"row\" LIMIT 1"), 8);
}

/* The same file again after what was wrong is put right: only what failed is tried. */
static void failed_again(struct world *world)
{
	static const char plan[] = "{\"records\":[{\"entity\":\"product\",\"mode\":\"create\",\"fields\":{\"sku\":\"sku\",\"name\":\"name\",\"category_id\":\"category\"}}]}";
	static const char file[] = "sku,name,category\nA,Tea,Drinks\nB,Pot,Ware\nC,Cup,Ware\nD,Water,Drinks\n";
	(void)import_text(world, "c.csv", "name\nDrinks\n", "{\"records\":[{\"entity\":\"category\",\"fields\":{\"name\":\"name\"}}]}");
	struct import_result r = import_text(world, "p.csv", file, plan);
	check_counts(&r, 4, 2, 0, 0, 2);
	r = import_text(world, "p.csv", file, plan);
	check_counts(&r, 4, 0, 0, 2, 2);
	(void)import_text(world, "c2.csv", "name\nWare\n", "{\"records\":[{\"entity\":\"category\",\"fields\":{\"name\":\"name\"}}]}");
	r = import_text(world, "p.csv", file, plan);
	check_counts(&r, 4, 2, 0, 2, 0);
	r = import_text(world, "p.csv", file, plan);
	check_counts(&r, 4, 0, 0, 4, 0);
	assert_int_equal(number(world, "SELECT count(*) FROM product"), 4);
}

/* A row is all or nothing: an order whose line is wrong leaves no order. */
static void whole_rows(struct world *world)
{
	static const char plan[] =
		"{\"records\":[{\"as\":\"customer\",\"entity\":\"customer\",\"mode\":\"keep\",\"key\":[\"number\"],\"fields\":{\"number\":\"customer\",\"name\":\"customer\"}},"
		"{\"as\":\"order\",\"entity\":\"order\",\"mode\":\"keep\",\"key\":[\"number\"],\"fields\":{\"number\":\"order\",\"customer_id\":{\"record\":\"customer\"},\"currency\":{\"value\":\"GBP\"}}},"
		"{\"entity\":\"order_line\",\"mode\":\"create\",\"fields\":{\"order_id\":{\"record\":\"order\"},\"name\":\"item\",\"quantity\":\"qty\",\"unit_price\":\"price\"}}]}";
	struct import_result r = import_text(world, "o.csv", "order,customer,item,qty,price\nO1,C1,tea,1,2.50\nO2,C2,tea,many,2.50\nO1,C1,pot,2,10\nO3,C2,cup,1,3\n"
	                                                     "O4,C4,gold,999999999999,999999999\nO5,C1,cup,1,4\n", plan);
	check_counts(&r, 6, 4, 0, 0, 2);
	assert_int_equal(number(world, "SELECT count(*) FROM \"order\""), 3);
	assert_int_equal(number(world, "SELECT count(*) FROM customer"), 2);
	assert_int_equal(number(world, "SELECT total FROM \"order\" WHERE number = 'O1'"), 2250);
	assert_int_equal(number(world, "SELECT orders_count FROM customer WHERE number = 'C1'"), 2);
	assert_int_equal(number(world, "SELECT orders_total FROM customer WHERE number = 'C1'"), 2650);
	/* another export with the same orders and one more: lines are not added twice */
	world_reset(world);
	static const char again[] =
		"{\"records\":[{\"as\":\"order\",\"entity\":\"order\",\"mode\":\"keep\",\"key\":[\"number\"],\"fields\":{\"number\":\"order\",\"currency\":{\"value\":\"GBP\"}}},"
		"{\"entity\":\"order_line\",\"mode\":\"create\",\"only_new\":\"order\",\"fields\":{\"order_id\":{\"record\":\"order\"},\"position\":{\"counter\":\"order\"},\"name\":\"item\",\"quantity\":\"qty\",\"unit_price\":\"price\"}}]}";
	r = import_text(world, "o2.csv", "order,item,qty,price\nO1,tea,1,2.50\nO9,tea,1,2.50\nO9,pot,1,1\n", again);
	check_counts(&r, 3, 2, 0, 1, 0);
	assert_int_equal(number(world, "SELECT count(*) FROM order_line"), 6);
	assert_int_equal(number(world, "SELECT max(l.position) FROM order_line l JOIN \"order\" o ON o.id = l.order_id WHERE o.number = 'O9'"), 2);
}

/* What only fails at the end of the write job, where sums are made, fails its own row alone. */
static void at_commit(struct world *world)
{
	struct import_result r = import_text(world, "o.csv", "order,qty,price\nO1,1,1\nO2,900000,900000000\nO2,900000,900000000\nO3,1,1\n",
		"{\"records\":[{\"as\":\"order\",\"entity\":\"order\",\"mode\":\"keep\",\"key\":[\"number\"],\"fields\":{\"number\":\"order\",\"currency\":{\"value\":\"KWD\"},\"fx_rate\":{\"value\":\"100000\"}}},"
		"{\"entity\":\"order_line\",\"mode\":\"create\",\"fields\":{\"order_id\":{\"record\":\"order\"},\"quantity\":\"qty\",\"unit_price\":\"price\"}}]}");
	assert_int_equal(r.rows, 4);
	assert_int_equal(r.created + r.failed, 4);
	assert_true(r.failed >= 1 && r.created >= 2);
	assert_int_equal(number(world, "SELECT count(*) FROM order_line"), r.created);
	assert_int_equal(number(world, "SELECT count(*) FROM \"order\" WHERE number IN ('O1', 'O3') AND lines_count = 1"), 2);
	assert_int_equal(number(world, "SELECT count(*) FROM import_problem WHERE outcome = 'failed'"), r.failed);
}

static void wrong_plans(struct world *world)
{
	static const char *const cases[][2] = {
		{"{", "plan_not_json"},
		{"[]", "plan_not_json"},
		{"{\"records\":[]}", "plan_records"},
		{"{\"records\":[{\"entity\":\"nonsense\",\"fields\":{\"a\":\"name\"}}]}", "plan_entity"},
		{"{\"records\":[{\"entity\":\"import_run\",\"fields\":{\"name\":\"name\"}}]}", "plan_entity"},
		{"{\"records\":[{\"entity\":\"customer\",\"fields\":{\"nonsense\":\"name\"}}]}", "unknown_field"},
		{"{\"records\":[{\"entity\":\"customer\",\"fields\":{\"name\":\"no such column\"}}]}", "plan_no_column"},
		{"{\"records\":[{\"entity\":\"customer\",\"fields\":{\"orders_total\":\"name\"}}]}", "plan_readonly"},
		{"{\"records\":[{\"entity\":\"customer\",\"mode\":\"upsert\",\"fields\":{\"name\":\"name\"}}]}", "plan_key_needed"},
		{"{\"records\":[{\"entity\":\"customer\",\"mode\":\"upsert\",\"key\":[\"email\"],\"fields\":{\"name\":\"name\"}}]}", "plan_key_unmapped"},
		{"{\"records\":[{\"entity\":\"customer\",\"fields\":{\"name\":{\"colum\":\"name\"}}}]}", "plan_value"},
		{"{\"records\":[{\"entity\":\"order\",\"fields\":{\"customer_id\":{\"record\":\"x\"}}}]}", "plan_no_record"},
		{"{\"records\":[{\"entity\":\"customer\",\"fields\":{\"name\":{\"template\":\"{name\"}}}]}", "plan_template"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct import_result r;
		struct import_request request = {.path = write_file(world, "x.csv", "name,x\nA,1\n"), .map_path = write_file(world, "map.json", cases[i][0])};
		enum err err = import_file(&world->ctx, &request, &r);
		if (err == OK || world->ctx.faults.count == 0 || strcmp(world->ctx.faults.list[0].key, cases[i][1]) != 0) {
			show_faults(world);
			test_fail("%s: %d", cases[i][0], err);
		}
		world_reset(world);
	}
	assert_int_equal(number(world, "SELECT count(*) FROM customer"), 0);
}

/* --- rights -------------------------------------------------------------------------------- */

static void rights(struct world *world)
{
	struct import_result r;
	struct import_request request = {.path = write_file(world, "c.csv", "no,name,city\n1,A,X\n"), .map_path = write_file(world, "map.json", CUSTOMER_PLAN("upsert"))};
	actor_as(world, SCOPE_ALL, 0);
	actor_scope(world, "customer", ACTION_IMPORT, SCOPE_NONE);
	assert_int_equal(import_file(&world->ctx, &request, &r), ERR_FORBIDDEN);
	assert_string_equal(world->ctx.faults.list[0].key, "import_forbidden");
	assert_int_equal(number(world, "SELECT count(*) FROM customer"), 0);
	world_reset(world);
	/* a field that may not be written: every row says so */
	actor_as(world, SCOPE_ALL, 0);
	actor_field(world, "customer", "city", RIGHT_READ);
	request = (struct import_request){.path = write_file(world, "c.csv", "no,name,city\n1,A,X\n2,B,\n"), .map_path = write_file(world, "map.json", CUSTOMER_PLAN("upsert"))};
	r = import(world, &request);
	check_counts(&r, 2, 1, 0, 0, 1);
	assert_int_equal(number(world, "SELECT count(*) FROM import_problem WHERE \"key\" = 'field_forbidden'"), 1);
	world_reset(world);
	/* a hidden one does not exist */
	actor_field(world, "customer", "city", RIGHT_HIDDEN);
	request = (struct import_request){.path = write_file(world, "c.csv", "no,name,city\n3,A,X\n"), .map_path = write_file(world, "map.json", CUSTOMER_PLAN("upsert"))};
	assert_int_equal(import_file(&world->ctx, &request, &r), ERR_INVALID);
	assert_string_equal(world->ctx.faults.list[0].key, "unknown_field");
	world_reset(world);
	/* records of others are out of reach for an update by key */
	actor_system(world);
	r = import_text(world, "s.csv", "no,name,city\n7,Of the system,X\n", CUSTOMER_PLAN("create"));
	actor_as(world, SCOPE_OWN, 0);
	r = import_text(world, "o.csv", "no,name,city\n7,Taken over,Y\n", CUSTOMER_PLAN("upsert"));
	check_counts(&r, 1, 0, 0, 0, 1);
	assert_string_equal(text(world, "SELECT name FROM customer WHERE number = '7'"), "Of the system");
	/* the change log says that a file brought it (sealed when no older transaction is open, other tests' too) */
	static const char brought[] = "SELECT count(*) FROM change WHERE entity = 'customer' AND actor_kind = 3";
	int64_t expected = number(world, "SELECT count(*) FROM customer WHERE number <> '7'");
	for (int i = 0; i < 400 && number(world, brought) < expected; i++)
		(void)poll(NULL, 0, 25);
	assert_int_equal(number(world, brought), expected);
}

/* --- other formats -------------------------------------------------------------------------- */

static void formats(struct world *world)
{
	struct import_result r = import_text(world, "p.jsonl",
		"{\"name\":\"Ada\",\"email\":\"ada@example.org\",\"tags\":\"a, b\"}\n{\"name\":\"Bob\",\"email\":\"bob@example.org\"}\nnonsense\n", NULL);
	check_counts(&r, 3, 2, 0, 0, 1);
	assert_int_equal(number(world, "SELECT count(*) FROM import_problem WHERE \"key\" = 'row_not_json'"), 1);
	r = import_text(world, "c.vcf",
		"BEGIN:VCARD\r\nVERSION:3.0\r\nN:张;伟\r\nTEL;TYPE=CELL:+86 138 0013 8000\r\nEMAIL:zw@example.org\r\nADR:;;中山路1号;杭州;浙江;310000;China\r\nBDAY:19900506\r\nEND:VCARD\r\n", NULL);
	check_counts(&r, 1, 1, 0, 0, 0);
	assert_string_equal(text(world, "SELECT phone FROM customer WHERE name = '张伟'"), "+8613800138000");
	assert_string_equal(text(world, "SELECT country FROM customer WHERE name = '张伟'"), "CN");
	assert_string_equal(text(world, "SELECT birthday FROM customer WHERE name = '张伟'"), "1990-05-06");
	/* names in GB18030, Windows line ends */
	r = import_text(world, "gb.csv", "\xd0\xd5\xc3\xfb,\xca\xd6\xbb\xfa\r\n\xcd\xf5\xd0\xa1\xc3\xf7,13911112222\r\n\xc0\xee\xcb\xc4,13911113333\r\n", NULL);
	check_counts(&r, 2, 2, 0, 0, 0);
	assert_int_equal(number(world, "SELECT count(*) FROM customer WHERE name = '王小明'"), 1);
}

/* --- dry run, result, undo --------------------------------------------------------------------- */

static enum err plan_in_job(struct ctx *ctx, void *arg)
{
	struct import_new *new_ = arg;
	int64_t id;
	enum err err = import_run_create(ctx, new_, &id);
	new_->blob.size = id;
	return err;
}

static void dry_run(struct world *world)
{
	static const char plan[] = CUSTOMER_PLAN("upsert");
	struct import_new new_ = {.name = "d.csv", .plan = plan};
	struct import_run run;
	struct buf out;
	static const char file[] = "no,name,city\n1,A,X\n1,A,Y\n2,,X\n3,C,X\n";
	assert_int_equal(blob_put(&world->ctx, world->app.blobs, file, sizeof(file) - 1, &new_.blob), OK);
	assert_int_equal(store_write(&world->ctx, world->store, plan_in_job, &new_), OK);
	world->ctx.db = world->db;
	assert_int_equal(import_run_load(&world->ctx, new_.blob.size, &run), OK);
	buf_init(&out, 1 << 20);
	int64_t before = number(world, "SELECT count(*) FROM change");
	assert_int_equal(import_check(&world->ctx, &run, &out), OK);
	json_t *json = json_loads(buf_text(&out), 0, NULL);
	assert_int_equal(json_integer_value(json_object_get(json, "checked")), 4);
	assert_int_equal(json_integer_value(json_object_get(json, "created")), 2);
	assert_int_equal(json_integer_value(json_object_get(json, "updated")), 1);
	assert_int_equal(json_integer_value(json_object_get(json, "failed")), 1);
	const json_t *row = json_array_get(json_object_get(json, "rows"), 2), *error = json_array_get(json_object_get(row, "errors"), 0);
	assert_string_equal(json_string_value(json_object_get(row, "action")), "fail");
	assert_int_equal(json_integer_value(json_object_get(row, "row")), 4);
	assert_string_equal(json_string_value(json_object_get(error, "field")), "name");
	assert_int_equal(json_integer_value(json_object_get(error, "column")), 1);
	json_decref(json);
	buf_release(&out);
	assert_int_equal(number(world, "SELECT count(*) FROM customer"), 0);
	if (store_engine(world->store) == ENGINE_SQLITE) /* on PostgreSQL the sealer moves entries of before */
		assert_int_equal(number(world, "SELECT count(*) FROM change"), before);
	assert_int_equal(run_as_text(world, run.id, "state", "queued"), 0);
}

static enum err to_buf(struct ctx *ctx, void *arg, const void *data, size_t n)
{
	buf_add(arg, data, n);
	return buf_failed(arg) ? fail(ctx, ERR_LIMIT, "", "too_large") : OK;
}

static void result_file(struct world *world)
{
	struct import_result r = import_text(world, "r.csv", "no,name,city\n1,A,X\n2,,=1+1\n1,B,Y\n", CUSTOMER_PLAN("create"));
	struct import_run run;
	struct buf out;
	check_counts(&r, 3, 1, 0, 1, 1);
	assert_int_equal(import_run_load(&world->ctx, r.run_id, &run), OK);
	buf_init(&out, 1 << 20);
	assert_int_equal(import_result(&world->ctx, &run, &(struct table_out_options){.format = FILE_CSV}, to_buf, &out), OK);
	char expected[256];
	(void)snprintf(expected, sizeof(expected), "Row,Outcome,Field,Why,no,name,city\r\n3,failed,customer.name,required,2,,'=1+1\r\n"
	               "4,duplicate,customer.number,duplicate,1,B,Y\r\n");
	assert_string_equal(buf_text(&out), expected);
	buf_release(&out);
}

static void undo(struct world *world)
{
	struct import_result first = import_text(world, "1.csv", "no,name,city\n1,A,X\n2,B,X\n3,C,X\n", CUSTOMER_PLAN("create"));
	struct import_result second = import_text(world, "2.csv", "no,name,city\n1,A2,Y\n2,B2,Y\n4,D,X\n", CUSTOMER_PLAN("upsert"));
	check_counts(&second, 3, 1, 2, 0, 0);
	/* somebody else touches 2 in the meantime */
	(void)import_text(world, "3.csv", "no,name,city\n2,B3,Z\n", CUSTOMER_PLAN("update"));
	assert_int_equal(import_undo(&world->ctx, second.run_id, NULL), OK);
	assert_string_equal(text(world, "SELECT name FROM customer WHERE number = '1'"), "A");
	assert_string_equal(text(world, "SELECT city FROM customer WHERE number = '1'"), "X");
	assert_string_equal(text(world, "SELECT name FROM customer WHERE number = '2'"), "B3");
	assert_int_equal(number(world, "SELECT count(*) FROM customer WHERE number = '4'"), 0);
	assert_int_equal(run_as_text(world, second.run_id, "state", "undone"), 0);
	const char *said = text(world, arena_printf(world->ctx.arena, "SELECT records FROM import_run WHERE id = %lld", (long long)second.run_id));
	assert_non_null(strstr(said, "{\"undone\":{\"deleted\":1,\"restored\":1,\"kept\":1,\"reasons\":[{\"key\":\"undo_touched\","));
	/* again is nothing, and the first can be taken back except what others changed */
	assert_int_equal(import_undo(&world->ctx, second.run_id, NULL), OK);
	assert_int_equal(import_undo(&world->ctx, first.run_id, NULL), OK);
	assert_int_equal(number(world, "SELECT count(*) FROM customer"), 1); /* 2 was touched since; 1 only by what was undone */
	assert_string_equal(text(world, "SELECT name FROM customer"), "B3");
	/* what was undone may be imported again */
	struct import_result again = import_text(world, "2.csv", "no,name,city\n1,A2,Y\n2,B2,Y\n4,D,X\n", CUSTOMER_PLAN("upsert"));
	check_counts(&again, 3, 2, 1, 0, 0);
	/* and undone once more */
	assert_int_equal(import_undo(&world->ctx, again.run_id, NULL), OK);
	assert_int_equal(number(world, "SELECT count(*) FROM customer"), 1);
}

struct held {
	struct world *world;
	int64_t run;
	pthread_t thread;
	enum err err;
};

static void *undo_held(void *arg)
{
	struct held *h = arg;
	struct ctx ctx;
	struct arena arena;
	arena_init(&arena, 64 << 20);
	ctx_init(&ctx, &arena, clock_system());
	ctx.store = h->world->store;
	ctx.registry = h->world->registry;
	ctx.app = &h->world->app;
	ctx.actor = gate_system();
	h->err = db_open_new(&ctx, ctx.store, &ctx.db);
	if (h->err == OK)
		h->err = import_undo(&ctx, h->run, NULL);
	db_free(ctx.db);
	arena_release(&arena);
	return NULL;
}

/* On PostgreSQL the log may not be complete yet, because an older transaction is open somewhere: undoing waits for it. */
static void undo_waits(struct world *world)
{
	struct held h = {.world = world};
	struct ctx *ctx = &world->ctx;
	if (store_engine(world->store) == ENGINE_SQLITE)
		return;
	assert_int_equal(db_exec(ctx, world->db, "BEGIN; SELECT pg_current_xact_id()"), OK);
	struct db *mine = world->db;
	assert_int_equal(db_open_new(ctx, world->store, &world->db), OK);
	ctx->db = world->db;
	h.run = import_text(world, "w.csv", "no,name,city\nW1,A,X\nW2,B,X\n", CUSTOMER_PLAN("create")).run_id;
	assert_int_equal(number(world, "SELECT count(*) FROM customer WHERE number LIKE 'W%'"), 2);
	assert_int_equal(pthread_create(&h.thread, NULL, undo_held, &h), 0);
	(void)poll(NULL, 0, 700);
	assert_int_equal(number(world, "SELECT count(*) FROM customer WHERE number LIKE 'W%'"), 2);
	assert_int_equal(db_exec(ctx, mine, "COMMIT"), OK);
	assert_int_equal(pthread_join(h.thread, NULL), 0);
	assert_int_equal(h.err, OK);
	assert_int_equal(number(world, "SELECT count(*) FROM customer WHERE number LIKE 'W%'"), 0);
	db_free(mine);
}

static void undo_orders(struct world *world)
{
	static const char plan[] =
		"{\"records\":[{\"as\":\"customer\",\"entity\":\"customer\",\"mode\":\"keep\",\"key\":[\"number\"],\"fields\":{\"number\":\"customer\",\"name\":\"customer\"}},"
		"{\"as\":\"order\",\"entity\":\"order\",\"mode\":\"keep\",\"key\":[\"number\"],\"fields\":{\"number\":\"order\",\"customer_id\":{\"record\":\"customer\"},\"currency\":{\"value\":\"GBP\"}}},"
		"{\"entity\":\"order_line\",\"mode\":\"create\",\"fields\":{\"order_id\":{\"record\":\"order\"},\"name\":\"item\",\"quantity\":\"qty\",\"unit_price\":\"price\"}}]}";
	struct import_result a = import_text(world, "a.csv", "order,customer,item,qty,price\nO1,C1,tea,1,2.50\nO2,C1,pot,1,10\n", plan);
	struct import_result b = import_text(world, "b.csv", "order,customer,item,qty,price\nO3,C1,tea,1,5\nO4,C2,pot,1,10\n", plan);
	assert_int_equal(number(world, "SELECT orders_total FROM customer WHERE number = 'C1'"), 1750);
	assert_int_equal(import_undo(&world->ctx, b.run_id, NULL), OK);
	assert_int_equal(number(world, "SELECT count(*) FROM \"order\""), 2);
	assert_int_equal(number(world, "SELECT count(*) FROM order_line"), 2);
	assert_int_equal(number(world, "SELECT count(*) FROM customer"), 1);
	assert_int_equal(number(world, "SELECT orders_total FROM customer WHERE number = 'C1'"), 1250);
	assert_int_equal(number(world, "SELECT orders_count FROM customer WHERE number = 'C1'"), 2);
	assert_int_equal(import_undo(&world->ctx, a.run_id, NULL), OK);
	assert_int_equal(number(world, "SELECT (SELECT count(*) FROM \"order\") + (SELECT count(*) FROM order_line) + (SELECT count(*) FROM customer)"), 0);
}

/* --- cmocka ------------------------------------------------------------------------------------- */

#define CASE(name) \
	static void test_##name(void **state) \
	{ \
		(void)state; \
		on_each_engine(name); \
	}
CASE(guessed)
CASE(no_guess)
CASE(modes)
CASE(mixed)
CASE(failed_again)
CASE(whole_rows)
CASE(at_commit)
CASE(wrong_plans)
CASE(rights)
CASE(formats)
CASE(dry_run)
CASE(result_file)
CASE(undo)
CASE(undo_waits)
CASE(undo_orders)

int main(int argc, char **argv)
{
	int status = 0;
	if (file_helper(argc, argv, &status))
		return status;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_guessed), cmocka_unit_test(test_no_guess),   cmocka_unit_test(test_modes),
		cmocka_unit_test(test_mixed),   cmocka_unit_test(test_failed_again), cmocka_unit_test(test_whole_rows), cmocka_unit_test(test_at_commit),
		cmocka_unit_test(test_wrong_plans), cmocka_unit_test(test_rights), cmocka_unit_test(test_formats),
		cmocka_unit_test(test_dry_run), cmocka_unit_test(test_result_file), cmocka_unit_test(test_undo),
		cmocka_unit_test(test_undo_waits), cmocka_unit_test(test_undo_orders),
	};
	return cmocka_run_group_tests_name("import/import", tests, NULL, NULL);
}
