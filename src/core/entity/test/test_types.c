/* Every field type: good input, bad input, and what comes out again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "help.h"

static struct world world;

static int setup(void **state)
{
	(void)state;
	world_light(&world);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	world_light_close(&world);
	return 0;
}

static const struct entity_info *client(void)
{
	return registry_find(world.registry, "client");
}

static int at(const char *field)
{
	int position = entity_field(client(), field);
	assert_true(position >= 0);
	return position;
}

static const char *text_of(int field, const struct value *value)
{
	struct buf buf;
	buf_init(&buf, 1 << 20);
	field_write_text(world.registry, client()->fields[field], value, NULL, &buf);
	const char *text = arena_strdup(&world.arena, buf_text(&buf));
	buf_release(&buf);
	return text;
}

static const char *json_text(int field, const struct value *value)
{
	struct buf buf;
	struct jsonw w;
	buf_init(&buf, 1 << 20);
	jsonw_init(&w, &buf);
	field_write_json(world.registry, client()->fields[field], value, NULL, &w);
	const char *text = arena_strdup(&world.arena, buf_text(&buf));
	buf_release(&buf);
	return text;
}

/* Text in, text and JSON out. NULL text: refused with the key. */
struct text_case {
	const char *field, *in, *text, *json;
};

static const struct text_case text_cases[] = {
	{"name", "Li Lei", "Li Lei", "\"Li Lei\""},
	{"name", "  Li   Lei ", "Li Lei", "\"Li Lei\""},
	{"name", "李\xe9\x9b\xb7", "李雷", "\"李雷\""},
	{"name", "line\nbreak", "line break", "\"line break\""},
	{"name", "", "", "null"},
	{"name", "   ", "", "null"},
	{"name", "bad \xff byte", NULL, "bad_utf8"},
	{"name", "\xc0\xaf overlong", NULL, "bad_utf8"},
	{"name", "\xed\xa0\x80 surrogate", NULL, "bad_utf8"},
	{"name", "12345678901234567890123456789012345678901", NULL, "too_long"},
	{"name", "1234567890123456789012345678901234567890", "1234567890123456789012345678901234567890",
	 "\"1234567890123456789012345678901234567890\""},
	{"name", "李李李李李李李李李李李李李李李李李李李李李李李李李李李李李李李李李李李李李李李李李", NULL, "too_long"},
	{"note", "a\nb", "a\nb", "\"a\\nb\""},
	{"age", "42", "42", "42"},
	{"age", "-9223372036854775808", "-9223372036854775808", "-9223372036854775808"},
	{"age", "9223372036854775808", NULL, "not_integer"},
	{"age", "1.0", NULL, "not_integer"},
	{"age", " 1", NULL, "not_integer"},
	{"age", "1e3", NULL, "not_integer"},
	{"age", "0x10", NULL, "not_integer"},
	{"weight", "1.5", "1.500", "\"1.500\""},
	{"weight", "-0", "0.000", "\"0.000\""},
	{"weight", "-0.001", "-0.001", "\"-0.001\""},
	{"weight", "1.2345", NULL, "too_many_decimals"},
	{"weight", "1.2340", "1.234", "\"1.234\""},
	{"weight", "9223372036854775.808", NULL, "not_decimal"},
	{"weight", "9223372036854775.807", "9223372036854775.807", "\"9223372036854775.807\""},
	{"weight", "1e3", NULL, "not_decimal"},
	{"weight", "NaN", NULL, "not_decimal"},
	{"score", "0.25", "0.25", "0.25"},
	{"score", "1e3", "1000", "1000"},
	{"score", "1e999", NULL, "not_number"},
	{"score", "nan", NULL, "not_number"},
	{"score", "inf", NULL, "not_number"},
	{"score", "-0", "0", "0"},
	{"score", "0x1p3", NULL, "not_number"},
	{"score", "1.5 ", NULL, "not_number"},
	{"score", "--1", NULL, "not_number"},
	{"credit", "12.5", "12.50", "\"12.50\""},
	{"credit", "12.505", NULL, "too_many_decimals"},
	{"credit", "1,000.00", NULL, "not_money"},
	{"credit", "92233720368547758.08", NULL, "not_money"},
	{"active", "yes", "true", "true"},
	{"active", "FALSE", "false", "false"},
	{"active", "0", "false", "false"},
	{"active", "是", "true", "true"},
	{"active", "2", NULL, "not_bool"},
	{"active", "maybe", NULL, "not_bool"},
	{"born", "2024-02-29", "2024-02-29", "\"2024-02-29\""},
	{"born", "2023-02-29", NULL, "not_date"},
	{"born", "2023-2-9", NULL, "not_date"},
	{"born", "2023-01-01T00:00:00Z", NULL, "not_date"},
	{"seen_at", "2026-11-22T03:04:05.678Z", "2026-11-22T03:04:05.678Z", "\"2026-11-22T03:04:05.678Z\""},
	{"seen_at", "2026-11-22T11:04:05+08:00", "2026-11-22T03:04:05Z", "\"2026-11-22T03:04:05Z\""},
	{"seen_at", "2026-13-22T11:04:05Z", NULL, "not_time"},
	{"seen_at", "1234567890", NULL, "not_time"},
	{"kind", "company", "company", "\"company\""},
	{"kind", "Company", NULL, "not_an_option"},
	{"kind", "alien", NULL, "not_an_option"},
	{"owner_id", "123", "123", "\"123\""},
	{"owner_id", "0", NULL, "not_an_id"},
	{"owner_id", "-1", NULL, "not_an_id"},
	{"owner_id", "9223372036854775808", NULL, "not_an_id"},
	{"owner_id", "1 OR 1=1", NULL, "not_an_id"},
	{"labels", "3,1, 2,3", "1,2,3", "[\"1\",\"2\",\"3\"]"},
	{"labels", "1,x", NULL, "not_an_id"},
	{"labels", "1,,2", NULL, "not_an_id"},
	{"labels", "1,99999999999999999999999999", NULL, "not_an_id"},
	{"email", "Li.Lei@Example.COM", "Li.Lei@example.com", "\"Li.Lei@example.com\""},
	{"email", "li@example.com", "li@example.com", "\"li@example.com\""},
	{"email", "nobody", NULL, "not_email"},
	{"email", "a@b\r\nBcc: x@y.z", NULL, "not_email"},
	{"phone", "138 0013 8000", "+8613800138000", "\"+8613800138000\""},
	{"phone", "+8613800138000", "+8613800138000", "\"+8613800138000\""},
	{"phone", "call me", NULL, "not_phone"},
	{"site", "https://example.com/a?b#c", "https://example.com/a?b#c", "\"https://example.com/a?b#c\""},
	{"site", "javascript:alert(1)", NULL, "not_url"},
	{"site", "example.com", NULL, "not_url"},
	{"site", "http://", NULL, "not_url"},
	{"site", "https://user:pw@example.com/", NULL, "not_url"},
	{"site", "https://example.com/a b", NULL, "not_url"},
	{"country", "CN", "CN", "\"CN\""},
	{"country", "CHN", NULL, "too_long"},
	{"country", "中", NULL, "not_code"},
	{"currency", "JPY", "JPY", "\"JPY\""},
	{"currency", "jpy", "JPY", "\"JPY\""},
	{"currency", "RMB", "CNY", "\"CNY\""},
	{"currency", "XYZ", NULL, "not_currency"},
	{"extra", "{\"a\": [1, 2]}", "{\"a\":[1,2]}", "{\"a\":[1,2]}"},
	{"extra", "{\"a\":1,\"a\":2}", NULL, "not_json"},
	{"extra", "{oops", NULL, "not_json"},
};

static void from_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(text_cases) / sizeof(text_cases[0]); i++) {
		const struct text_case *c = &text_cases[i];
		struct value value;
		faults_clear(&world.ctx);
		enum err err = field_parse(&world.ctx, client(), at(c->field), c->in, &value);
		if (!c->text) {
			if (err != ERR_INVALID || !has_fault(&world, c->field, c->json))
				test_fail("%s <- '%s': error %d, fault %s, expected %s", c->field, c->in, err,
				         world.ctx.faults.count ? world.ctx.faults.list[0].key : "-", c->json);
			continue;
		}
		if (err)
			test_fail("%s <- '%s': refused with %s", c->field, c->in, world.ctx.faults.list[0].key);
		const char *text = text_of(at(c->field), &value), *json = json_text(at(c->field), &value);
		if (!str_equal(text, c->text) || !str_equal(json, c->json))
			test_fail("%s <- '%s': text '%s' json %s", c->field, c->in, text, json);
	}
}

/* JSON in, JSON out. out NULL: refused with the key. */
struct json_case {
	const char *field, *in, *out, *key;
};

static void from_json(void **state)
{
	(void)state;
	static const struct json_case cases[] = {
		{"name", "\"Han\"", "\"Han\"", NULL},
		{"name", "\"\"", "null", NULL},
		{"name", "12", NULL, "not_text"},
		{"name", "true", NULL, "not_text"},
		{"name", "{\"$ne\":1}", NULL, "not_text"},
		{"name", "[\"a\"]", NULL, "not_text"},
		{"name", "\"a\\u0000b\"", NULL, "bad_utf8"},
		{"age", "7", "7", NULL},
		{"age", "\"7\"", "7", NULL},
		{"age", "7.5", NULL, "not_integer"},
		{"age", "true", NULL, "not_integer"},
		{"age", "[7]", NULL, "not_integer"},
		{"weight", "1.5", "\"1.500\"", NULL},
		{"weight", "\"1.5\"", "\"1.500\"", NULL},
		{"weight", "0.1", "\"0.100\"", NULL},
		{"weight", "1e300", NULL, "not_decimal"},
		{"weight", "{}", NULL, "not_decimal"},
		{"score", "-0.0", "0", NULL},
		{"score", "3", "3", NULL},
		{"score", "\"NaN\"", NULL, "not_number"},
		{"score", "[]", NULL, "not_number"},
		{"credit", "99.99", "\"99.99\"", NULL},
		{"credit", "5", "\"5.00\"", NULL},
		{"credit", "1e100", NULL, "not_money"},
		{"credit", "false", NULL, "not_money"},
		{"spent", "\"x\"", NULL, "not_money"},
		{"active", "true", "true", NULL},
		{"active", "\"no\"", "false", NULL},
		{"active", "1", NULL, "not_bool"},
		{"active", "{}", NULL, "not_bool"},
		{"born", "\"2000-01-31\"", "\"2000-01-31\"", NULL},
		{"born", "20000131", NULL, "not_text"},
		{"seen_at", "1700000000000", NULL, "not_time"},
		{"kind", "\"person\"", "\"person\"", NULL},
		{"kind", "0", NULL, "not_text"},
		{"owner_id", "\"77\"", "\"77\"", NULL},
		{"owner_id", "77", "\"77\"", NULL},
		{"owner_id", "0", NULL, "not_an_id"},
		{"owner_id", "7.0", NULL, "not_an_id"},
		{"owner_id", "{\"id\":\"7\"}", NULL, "not_an_id"},
		{"labels", "[\"2\",1,{\"id\":\"3\",\"name\":\"x\"}]", "[\"1\",\"2\",\"3\"]", NULL},
		{"labels", "[]", "[]", NULL},
		{"labels", "null", "[]", NULL},
		{"labels", "\"1\"", NULL, "not_a_list"},
		{"labels", "[null]", NULL, "not_an_id"},
		{"labels", "[-5]", NULL, "not_an_id"},
		{"extra", "{\"b\":{\"c\":null}}", "{\"b\":{\"c\":null}}", NULL},
		{"extra", "[1,\"x\"]", "[1,\"x\"]", NULL},
		{"extra", "\"plain\"", "\"plain\"", NULL},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct json_case *c = &cases[i];
		struct value value;
		json_error_t error;
		json_t *json = json_loads(c->in, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
		assert_non_null(json);
		faults_clear(&world.ctx);
		enum err err = field_ops(client()->fields[at(c->field)]->type)->parse_json(&world.ctx, client(), at(c->field), json, &value);
		json_decref(json);
		if (!c->out) {
			if (err != ERR_INVALID || !has_fault(&world, c->field, c->key))
				test_fail("%s <- %s: error %d, fault %s, expected %s", c->field, c->in, err,
				         world.ctx.faults.count ? world.ctx.faults.list[0].key : "-", c->key);
			continue;
		}
		if (err || !str_equal(json_text(at(c->field), &value), c->out))
			test_fail("%s <- %s: error %d json %s", c->field, c->in, err, err ? "-" : json_text(at(c->field), &value));
	}
}

static void hostile_sizes(void **state)
{
	(void)state;
	struct value value;
	size_t n = 5 << 20;
	char *big = malloc(n + 1);
	assert_non_null(big);
	memset(big, 'x', n);
	big[n] = '\0';
	static const char *const fields[] = {"name", "note", "email", "phone", "site", "country", "extra", "kind", "born"};
	size_t used = world.arena.used;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		faults_clear(&world.ctx);
		assert_int_equal(field_parse(&world.ctx, client(), at(fields[i]), big, &value), ERR_INVALID);
	}
	assert_true(world.arena.used - used < 1 << 20); /* refused before it is worked on */
	/* nesting that the writer could not give back */
	char deep[201];
	memset(deep, '[', 100);
	memset(deep + 100, ']', 100);
	deep[200] = '\0';
	faults_clear(&world.ctx);
	assert_int_equal(field_parse(&world.ctx, client(), at("extra"), deep, &value), ERR_INVALID);
	assert_fault(&world, "extra", "too_deep");
	/* white space is not content */
	memset(big, ' ', 300);
	memcpy(big + 100, "ok", 2);
	big[300] = '\0';
	faults_clear(&world.ctx);
	assert_int_equal(field_parse(&world.ctx, client(), at("name"), big, &value), OK);
	assert_string_equal(value.t.p, "ok");
	free(big);
	/* no more links than a record can hold */
	struct buf list;
	buf_init(&list, 1 << 20);
	for (int i = 1; i <= 1001; i++)
		buf_printf(&list, "%s%d", i > 1 ? "," : "", i);
	assert_int_equal(field_parse(&world.ctx, client(), at("labels"), buf_text(&list), &value), ERR_INVALID);
	assert_fault(&world, "labels", "too_many");
	buf_release(&list);
}

static void masks(void **state)
{
	(void)state;
	static const struct {
		const char *field, *in, *leak;
	} cases[] = {{"name", "Wang Xiaoming", "Xiaoming"}, {"phone", "+8613800138000", "0013"}, {"email", "lilei@example.com", "lilei"},
	             {"age", "42", "42"}, {"credit", "100.00", "100"}, {"born", "1990-01-02", "1990"}, {"extra", "{\"a\":1}", "a"},
	             {"kind", "company", "company"}, {"labels", "1,2", "1"}, {"note", "secret things", "secret"},
	             {"site", "https://example.com", "example"}, {"active", "true", "true"}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct value value, masked;
		int field = at(cases[i].field);
		faults_clear(&world.ctx);
		assert_int_equal(field_parse(&world.ctx, client(), field, cases[i].in, &value), OK);
		assert_int_equal(field_mask(&world.ctx, client()->fields[field], &value, &masked), OK);
		assert_int_equal(masked.kind, VALUE_TEXT);
		assert_null(strstr(masked.t.p, cases[i].leak));
		json_error_t error;
		json_t *json = json_loads(json_text(field, &masked), JSON_DECODE_ANY, &error);
		assert_non_null(json); /* masked values are JSON too */
		json_decref(json);
		assert_true(strlen(text_of(field, &masked)) > 0);
		struct value none = value_null();
		assert_int_equal(field_mask(&world.ctx, client()->fields[field], &none, &masked), OK);
		assert_int_equal(masked.kind, VALUE_NULL);
	}
}

static void schemas(void **state)
{
	(void)state;
	for (size_t i = 0; i < client()->n_fields; i++) {
		struct buf buf;
		struct jsonw w;
		json_error_t error;
		buf_init(&buf, 1 << 16);
		jsonw_init(&w, &buf);
		field_ops(client()->fields[i]->type)->schema(client()->fields[i], &w);
		json_t *schema = json_loads(buf_text(&buf), 0, &error);
		assert_true(json_is_object(schema));
		json_decref(schema);
		buf_release(&buf);
	}
	for (int type = 0; type < FIELD_TYPE_COUNT; type++) {
		const struct field_type_ops *ops = field_ops((enum field_type)type);
		assert_non_null(ops->name);
		assert_true(ops->parse && ops->parse_json && ops->check && ops->write_json && ops->write_text && ops->schema && ops->mask);
		assert_true((type == FIELD_LINKS) == (ops->column[0] == NULL) && (ops->column[0] == NULL) == (ops->column[1] == NULL));
		for (int other = 0; other < type; other++)
			assert_string_not_equal(ops->name, field_type_name((enum field_type)other));
	}
}

static void money_follows_currency(void **state)
{
	(void)state;
	struct record *record;
	assert_int_equal(record_new(&world.ctx, client(), &record), OK);
	assert_string_equal(record_currency(&world.ctx, record, at("spent")), "CNY");
	assert_int_equal(record_set(&world.ctx, record, "currency", value_text("JPY")), OK);
	assert_int_equal(record_set(&world.ctx, record, "spent", value_int(1200)), OK);
	assert_string_equal(record_currency(&world.ctx, record, at("spent")), "JPY");
	assert_string_equal(record_currency(&world.ctx, record, at("credit")), "CNY");
	struct buf buf;
	struct jsonw w;
	buf_init(&buf, 1 << 16);
	jsonw_init(&w, &buf);
	record_write_json(&world.ctx, record, &w);
	assert_string_equal(buf_text(&buf), "{\"currency\":\"JPY\",\"spent\":\"1200\"}");
	buf_release(&buf);
	const struct registry_settings yen = {.base_currency = "JPY", .phone_region = "US"};
	assert_int_equal(registry_set(&world.ctx, world.registry, &yen), OK);
	struct value value;
	assert_int_equal(field_parse(&world.ctx, client(), at("credit"), "12.5", &value), ERR_INVALID);
	assert_int_equal(field_parse(&world.ctx, client(), at("credit"), "12", &value), OK);
	assert_int_equal(value.i, 12);
	assert_int_equal(field_parse(&world.ctx, client(), at("phone"), "(212) 555-0123", &value), OK);
	assert_string_equal(value.t.p, "+12125550123");
	const struct registry_settings bad = {.base_currency = "yuan"};
	assert_int_equal(registry_set(&world.ctx, world.registry, &bad), ERR_INVALID);
	const struct registry_settings usual = {NULL, NULL};
	assert_int_equal(registry_set(&world.ctx, world.registry, &usual), OK);
}

static void values_compare(void **state)
{
	(void)state;
	struct value none = value_null(), one = value_int(1), text = value_text("a"), empty = value_text("");
	const int64_t ids[] = {1, 2};
	struct value list = {.kind = VALUE_LIST, .l = {ids, 2}}, shorter = {.kind = VALUE_LIST, .l = {ids, 1}}, nil = {.kind = VALUE_LIST};
	assert_true(value_equal(&none, &none) && value_equal(&one, &one) && value_equal(&text, &text) && value_equal(&list, &list));
	assert_true(value_equal(&nil, &nil) && value_equal(&empty, &empty));
	assert_false(value_equal(&none, &one) || value_equal(&text, &empty) || value_equal(&list, &shorter) || value_equal(&nil, &shorter));
	assert_int_equal(value_text(NULL).kind, VALUE_NULL);
	struct value half = value_real(0.5), other = value_real(0.25);
	assert_true(value_equal(&half, &half));
	assert_false(value_equal(&half, &other));
}

static void search_kinds(void **state)
{
	(void)state;
	const struct entity_info *info = client();
	assert_int_equal(field_text_kind(info->fields[at("name")], "李雷"), TEXT_NAME);
	assert_int_equal(field_text_kind(info->fields[at("phone")], "+8613800138000"), TEXT_NUMBER);
	assert_int_equal(field_text_kind(info->fields[at("email")], "a@b.cn"), TEXT_EMAIL);
	assert_int_equal(field_text_kind(info->fields[at("note")], "13800138000"), TEXT_WORDS);
	const struct entity_info *alias = registry_find(world.registry, "alias");
	const struct field *value = alias->fields[entity_field(alias, "value")];
	assert_int_equal(field_text_kind(value, "13800138000"), TEXT_NUMBER);
	assert_int_equal(field_text_kind(value, "a@b.cn"), TEXT_EMAIL);
	assert_int_equal(field_text_kind(value, "Old Wang"), TEXT_WORDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(from_text),      cmocka_unit_test(from_json), cmocka_unit_test(hostile_sizes),
		cmocka_unit_test(masks),          cmocka_unit_test(schemas),   cmocka_unit_test(money_follows_currency),
		cmocka_unit_test(values_compare), cmocka_unit_test(search_kinds),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
