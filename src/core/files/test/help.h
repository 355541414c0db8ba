/* What the tests of this folder share. */
#ifndef GUANXI_CORE_FILES_TEST_HELP_H
#define GUANXI_CORE_FILES_TEST_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail /* ours is base/err.h's */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "core/files/files.h"
#include "core/text/text.h"

/* cmocka's fail_msg would need its fail(). */
#define test_wrong(...) (print_error(__VA_ARGS__), print_error("\n"), assert_true(!"see above"))

static struct arena test_arena;
static struct ctx test_ctx;
static char test_dir[64];

static inline int test_begin(void **state)
{
	(void)state;
	arena_init(&test_arena, (size_t)64 << 20);
	ctx_init(&test_ctx, &test_arena, clock_system());
	memcpy(test_dir, "/tmp/guanxi-files-XXXXXX", 25);
	return mkdtemp(test_dir) == NULL || text_open(&test_ctx) != OK;
}

static inline int test_end(void **state)
{
	(void)state;
	char command[128];
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", test_dir);
	arena_release(&test_arena);
	text_close();
	return system(command) != 0;
}

static inline int test_each(void **state)
{
	(void)state;
	faults_clear(&test_ctx);
	arena_reset(&test_arena);
	return 0;
}

/* Writes bytes into a file of the test's folder, returns its path. */
static inline const char *test_file(const char *name, const void *data, size_t n)
{
	const char *path = arena_printf(&test_arena, "%s/%s", test_dir, name);
	FILE *file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, n, file), n);
	assert_int_equal(fclose(file), 0);
	return path;
}

static inline const char *test_text(const char *name, const char *text)
{
	return test_file(name, text, strlen(text));
}

static inline const char *first_fault(void)
{
	return test_ctx.faults.count > 0 ? test_ctx.faults.list[0].key : "";
}

/* Whole table as text: cells joined by '|', rows by '\n'. */
static inline const char *dump_rows(struct table *table)
{
	struct buf out;
	buf_init(&out, 16 << 20);
	for (;;) {
		struct table_row row;
		bool more = false;
		assert_int_equal(table_next(&test_ctx, table, &row, &more), OK);
		if (!more)
			break;
		buf_printf(&out, "%lld:", (long long)row.number);
		for (size_t i = 0; i < row.n; i++) {
			assert_int_equal(strlen(row.cells[i].text), row.cells[i].len);
			buf_printf(&out, "%s%s", i > 0 ? "|" : "", row.cells[i].text);
		}
		if (row.problem != NULL)
			buf_printf(&out, "!%s", row.problem);
		buf_putc(&out, '\n');
	}
	const char *text = arena_strdup(&test_arena, buf_text(&out));
	buf_release(&out);
	return text;
}

static inline struct table *open_with(const char *path, const struct table_options *options)
{
	struct table *table = NULL;
	enum err err = table_open_new(&test_ctx, path, options, &table);
	if (err != OK)
		print_message("%s: %s\n", path, first_fault());
	assert_int_equal(err, OK);
	return table;
}

static inline const char *columns_of(struct table *table)
{
	const struct table_info *info = table_info(table);
	struct buf out;
	buf_init(&out, 1 << 20);
	for (size_t i = 0; i < info->n_columns; i++)
		buf_printf(&out, "%s%s", i > 0 ? "|" : "", info->columns[i]);
	const char *text = arena_strdup(&test_arena, buf_text(&out));
	buf_release(&out);
	return text;
}

/* Opens, checks header and rows, closes. */
static inline void check_table(const char *path, const struct table_options *options, const char *columns, const char *rows)
{
	struct table *table = open_with(path, options);
	assert_string_equal(columns_of(table), columns);
	assert_string_equal(dump_rows(table), rows);
	table_free(table);
}

static const struct table_options detect = {.header_row = HEADER_DETECT};

static inline void check_refused(const char *path, const struct table_options *options, enum err code, const char *key)
{
	struct table *table = NULL;
	faults_clear(&test_ctx);
	enum err err = table_open_new(&test_ctx, path, options, &table);
	while (err == OK) {
		struct table_row row;
		bool more = false;
		err = table_next(&test_ctx, table, &row, &more);
		if (err == OK && !more)
			break;
	}
	table_free(table);
	assert_string_equal(first_fault(), key);
	assert_int_equal(err, code);
	faults_clear(&test_ctx);
}

/* A sink into a buffer. */
static inline enum err to_buf(struct ctx *ctx, void *arg, const void *data, size_t n)
{
	buf_add(arg, data, n);
	return buf_failed(arg) ? fail(ctx, ERR_LIMIT, "", "too_large") : OK;
}

static inline const char *shared_data(void)
{
	const char *dir = getenv("GUANXI_SHARED_DATA");
	if (dir == NULL)
		dir = "../shared/data";
	if (access(dir, R_OK) == 0)
		return dir;
	print_message("no public data sets in %s: skipped\n", dir);
	return NULL;
}

#endif
