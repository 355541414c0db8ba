/* The whole of the language's specification, what is refused, how values are escaped, what bounds hold. */
#include "base/test/check.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/template/template.h"

static struct arena arena;
static struct ctx ctx;

static int begin(void **state)
{
	(void)state;
	arena_init(&arena, 64 << 20);
	ctx_init(&ctx, &arena, clock_system());
	return 0;
}

static int end(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

/* --- the specification ------------------------------------------------- */

static const char *partial_of(void *arg, const char *name)
{
	return json_string_value(json_object_get(arg, name));
}

static enum err run_json(const json_t *data, const char *source, const struct template_options *options, struct template_run *run, struct buf *out)
{
	struct template *compiled;
	struct template_value value = {.kind = TEMPLATE_NONE};
	char *text = json_dumps(data, JSON_ENCODE_ANY);
	enum err err = data != NULL ? template_value_read(&ctx, text, strlen(text), &value) : OK;
	if (err == OK)
		err = template_compile(&ctx, source, strlen(source), options, &compiled);
	free(text);
	if (err != OK)
		return err;
	err = template_render(&ctx, compiled, &value, run, out);
	template_free(compiled);
	return err;
}

static size_t check_file(const char *name, size_t *ret_wrong)
{
	char path[512];
	json_error_t error;
	const char *folder = getenv("GUANXI_SHARED_DATA");
	(void)snprintf(path, sizeof(path), "%s/mustache_spec/%s.json", folder != NULL ? folder : "../shared/data", name);
	json_t *file = json_load_file(path, 0, &error);
	const json_t *tests = json_object_get(file, "tests");
	size_t n = json_array_size(tests);
	for (size_t i = 0; i < n; i++) {
		const json_t *one = json_array_get(tests, i);
		struct template_options options = {.context = TEMPLATE_HTML, .raw = true, .partial = partial_of, .arg = json_object_get(one, "partials")};
		struct template_run run = {0};
		struct buf out;
		buf_init(&out, 1 << 20);
		faults_clear(&ctx);
		enum err err = run_json(json_object_get(one, "data"), json_string_value(json_object_get(one, "template")), &options, &run, &out);
		if (err != OK || !str_equal(buf_text(&out), json_string_value(json_object_get(one, "expected")))) {
			print_error("%s, %s: %s\n", name, json_string_value(json_object_get(one, "name")), err == OK ? buf_text(&out) : ctx.faults.list[0].key);
			(*ret_wrong)++;
		}
		buf_release(&out);
	}
	json_decref(file);
	return n;
}

static void test_specification(void **state)
{
	(void)state;
	static const char *const files[] = {"comments", "delimiters", "interpolation", "inverted", "partials", "sections"};
	size_t n = 0, bad = 0;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		n += check_file(files[i], &bad);
	if (n == 0)
		skip();
	assert_int_equal(n, 136);
	assert_int_equal(bad, 0);
}

/* --- our own ----------------------------------------------------------- */

static const char *render(const char *source, enum template_context context, const char *json, struct template_run *run)
{
	static struct buf out;
	struct template_options options = {.context = context};
	json_error_t error;
	json_t *data = json_loads(json, JSON_DECODE_ANY, &error);
	buf_release(&out);
	buf_init(&out, 4096);
	faults_clear(&ctx);
	enum err err = run_json(data, source, &options, run, &out);
	json_decref(data);
	return err == OK ? buf_text(&out) : ctx.faults.list[0].key;
}

static void test_escaping(void **state)
{
	(void)state;
	static const struct {
		enum template_context context;
		const char *json, *out;
	} cases[] = {
		{TEMPLATE_PLAIN, "\"<a> & 'b'\"", "<a> & 'b'"},
		{TEMPLATE_HTML, "\"<a href=\\\"x\\\"> & 'b' `c` 王\"", "&lt;a href=&quot;x&quot;&gt; &amp; &#39;b&#39; &#96;c&#96; 王"},
		{TEMPLATE_URL, "\"a b&c=/?王-._~\"", "a%20b%26c%3D%2F%3F%E7%8E%8B-._~"},
		{TEMPLATE_HEADER, "\"王\\r\\nBcc: all\\tx\"", "王  Bcc: all x"},
		{TEMPLATE_JSON, "\"a\\\"b\\\\c\\n\\u0001</script>王\"", "a\\\"b\\\\c\\n\\u0001\\u003c/script\\u003e王"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct template_run run = {0};
		assert_string_equal(render("{{.}}", cases[i].context, cases[i].json, &run), cases[i].out);
	}
	/* a header's value never breaks its line, also where raw ones are allowed */
	struct template_options options = {.context = TEMPLATE_HEADER, .raw = true};
	struct template_value value = template_text("a\r\nb");
	struct template_run run = {0};
	struct template *compiled;
	struct buf out;
	buf_init(&out, 100);
	assert_int_equal(template_compile(&ctx, "{{{.}}}", 7, &options, &compiled), OK);
	assert_int_equal(template_render(&ctx, compiled, &value, &run, &out), OK);
	assert_string_equal(buf_text(&out), "a  b");
	template_free(compiled);
	buf_release(&out);
}

static void test_missing(void **state)
{
	(void)state;
	struct template_run run = {.mark = true};
	const char *source = "{{name}}, {{a.b}}|{{phone}}|{{email}}|{{vip}}{{#phone}} tel{{/phone}}";
	assert_string_equal(render(source, TEMPLATE_HTML, "{\"name\":\"王\",\"phone\":\"\",\"email\":null,\"vip\":false}", &run), "王, [a.b?]|[phone?]|[email?]|false");
	assert_int_equal(run.missing, 3);
	run.mark = false;
	assert_string_equal(render(source, TEMPLATE_HTML, "{\"name\":\"王\",\"phone\":\"1\"}", &run), "王, |1|| tel");
	assert_int_equal(run.missing, 3);
}

static void test_refused(void **state)
{
	(void)state;
	static const struct {
		const char *source, *field, *key;
	} cases[] = {
		{"a\nb {{c", "line 2", "template_open"},     {"{{{x}}", "line 1", "template_open"},         {"{{#a}}\n{{/b}}", "line 2", "template_close"},
		{"{{/a}}", "line 1", "template_close"},      {"\n\n{{#a}}", "line 3", "template_unclosed"}, {"{{#a}}{{#b}}{{/a}}{{/b}}", "line 1", "template_close"},
		{"{{}}", "line 1", "template_name"},         {"{{a..b}}", "line 1", "template_name"},       {"{{a.}}", "line 1", "template_name"},
		{"{{{a}}}", "line 1", "template_raw"},       {"{{&a}}", "line 1", "template_raw"},          {"{{=x=}}", "line 1", "template_delimiters"},
		{"{{>*a}}", "line 1", "template_name"},      {"{{= a b c =}}", "line 1", "template_delimiters"},
		{"{{a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a}}", "line 1", "template_name"}, {"\xff", "", "template_text"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct template_options options = {.context = TEMPLATE_HTML};
		struct template *compiled;
		faults_clear(&ctx);
		assert_int_equal(template_compile(&ctx, cases[i].source, strlen(cases[i].source), &options, &compiled), ERR_INVALID);
		assert_null(compiled);
		assert_string_equal(ctx.faults.list[0].key, cases[i].key);
		assert_string_equal(ctx.faults.list[0].field, cases[i].field);
	}
}

static const char *itself(void *arg, const char *name)
{
	(void)name;
	return arg;
}

static enum err bounded(const char *source, const char *partial, const char *json, int64_t loops, const char **ret_key)
{
	struct template_options options = {.context = TEMPLATE_PLAIN, .partial = partial != NULL ? itself : NULL, .arg = (void *)(uintptr_t)partial};
	struct template_run run = {.loops_max = loops};
	struct buf out;
	json_error_t error;
	json_t *data = json_loads(json, JSON_DECODE_ANY, &error);
	buf_init(&out, 4096);
	buf_puts(&out, "kept");
	faults_clear(&ctx);
	enum err err = run_json(data, source, &options, &run, &out);
	if (err != OK)
		assert_string_equal(out.failed ? "kept" : buf_text(&out), "kept");
	*ret_key = err != OK ? ctx.faults.list[0].key : "";
	buf_release(&out);
	json_decref(data);
	return err;
}

static void test_bounds(void **state)
{
	(void)state;
	const char *key;
	char deep[2000] = "";
	for (int i = 0; i < 70; i++)
		(void)strncat(deep, "{{#a}}", sizeof(deep) - strlen(deep) - 1);
	for (int i = 0; i < 70; i++)
		(void)strncat(deep, "{{/a}}", sizeof(deep) - strlen(deep) - 1);
	assert_int_equal(bounded(deep, NULL, "{}", 0, &key), ERR_LIMIT);
	assert_string_equal(key, "template_deep");
	/* a partial that calls itself without end, on one line and indented more each time */
	assert_int_equal(bounded("{{>p}}", "x{{>p}}", "{}", 0, &key), ERR_LIMIT);
	assert_string_equal(key, "template_deep");
	assert_int_equal(bounded("{{>p}}", "x\n          {{>p}}\n", "{}", 0, &key), ERR_LIMIT);
	/* rounds, and partials, all together */
	assert_int_equal(bounded("{{#a}}{{#a}}.{{/a}}{{/a}}", NULL, "{\"a\":[1,2,3,4,5,6,7,8,9,10]}", 50, &key), ERR_LIMIT);
	assert_string_equal(key, "template_loops");
	assert_int_equal(bounded("{{#a}}{{#a}}.{{/a}}{{/a}}", NULL, "{\"a\":[1,2,3,4,5,6,7,8,9,10]}", 0, &key), OK);
	/* as long as the buffer lets it be */
	assert_int_equal(bounded("{{#a}}{{#a}}{{#a}}0123456789{{/a}}{{/a}}{{/a}}", NULL, "{\"a\":[1,2,3,4,5,6,7,8,9,10]}", 0, &key), ERR_LIMIT);
	assert_string_equal(key, "template_long");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_specification), cmocka_unit_test(test_escaping), cmocka_unit_test(test_missing),
		cmocka_unit_test(test_refused),       cmocka_unit_test(test_bounds),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
