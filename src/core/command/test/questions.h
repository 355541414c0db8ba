/* For tests of commands that answer questions on plain files: the cases of others, and what is refused. */
#ifndef GUANXI_CORE_COMMAND_TEST_QUESTIONS_H
#define GUANXI_CORE_COMMAND_TEST_QUESTIONS_H

#include "base/test/check.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/ctx.h"

typedef enum err ask_function(struct ctx *ctx, const char *json, size_t n, struct buf *out);

struct refused {
	const char *json, *field, *key;
	size_t left; /* bytes of what was answered before it, which stays */
};

static struct arena arena;
static struct ctx ctx;

static inline int begin(void **state)
{
	(void)state;
	arena_init(&arena, 256 << 20);
	ctx_init(&ctx, &arena, clock_system());
	return 0;
}

static inline int end(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

/* A file of the shared data. */
static inline const char *shared(const char *name)
{
	static char path[512];
	const char *folder = getenv("GUANXI_SHARED_DATA");
	(void)snprintf(path, sizeof(path), "%s/%s", folder != NULL ? folder : "../shared/data", name);
	return path;
}

/* Each case of the file, of which there are at least so many, is answered by a line that is as its "expected". */
static inline void check_cases(const char *file, size_t least, ask_function *ask, bool (*right)(json_t *expected, json_t *line))
{
	json_error_t error;
	json_t *cases = json_load_file(shared(file), 0, &error);
	size_t wrong = 0;
	if (cases == NULL)
		skip();
	assert_true(json_array_size(cases) >= least);
	for (size_t i = 0; i < json_array_size(cases); i++) {
		const json_t *one = json_array_get(cases, i);
		char *text = json_dumps(one, 0);
		struct buf out;
		buf_init(&out, 1 << 20);
		faults_clear(&ctx);
		enum err err = ask(&ctx, text, strlen(text), &out);
		json_t *line = json_loads(buf_text(&out), JSON_DECODE_ANY, &error);
		if (err != OK || !right(json_object_get(one, "expected"), line)) {
			print_error("%s answers %s\n", text, err == OK ? buf_text(&out) : ctx.faults.list[0].key);
			wrong++;
		}
		json_decref(line);
		buf_release(&out);
		free(text);
	}
	json_decref(cases);
	assert_int_equal(wrong, 0);
}

static inline void check_refused(ask_function *ask, const struct refused *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct buf out;
		buf_init(&out, 1 << 20);
		faults_clear(&ctx);
		enum err err = ask(&ctx, list[i].json, strlen(list[i].json), &out);
		const struct fault *fault = &ctx.faults.list[0];
		if (err == OK || strcmp(fault->field, list[i].field) != 0 || strcmp(fault->key, list[i].key) != 0)
			print_error("%s: %s %s\n", list[i].json, err != OK ? fault->field : "answered", err != OK ? fault->key : buf_text(&out));
		assert_int_not_equal(err, OK);
		assert_string_equal(fault->field, list[i].field);
		assert_string_equal(fault->key, list[i].key);
		assert_int_equal(out.len, list[i].left);
		buf_release(&out);
	}
}

#endif
