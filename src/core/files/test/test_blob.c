#include <dirent.h>
#include <sys/stat.h>

#include "core/files/blob.h"
#include "help.h"

static struct blob_store *store;

static int begin(void **state)
{
	if (test_begin(state) != 0)
		return 1;
	return blob_store_new(&test_ctx, test_dir, &store) != OK;
}

static int end(void **state)
{
	blob_store_free(store);
	return test_end(state);
}

static const char abc_hash[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

static size_t files_in(const char *folder)
{
	const char *path = arena_printf(&test_arena, "%s/blobs/%s", test_dir, folder);
	DIR *dir = opendir(path);
	size_t n = 0;
	if (dir == NULL)
		return 0;
	for (const struct dirent *e; (e = readdir(dir)) != NULL;)
		n += e->d_name[0] != '.';
	closedir(dir);
	return n;
}

static void test_put(void **state)
{
	(void)state;
	struct blob_info info, again;
	assert_int_equal(blob_put(&test_ctx, store, "abc", 3, &info), OK);
	assert_string_equal(info.hash, abc_hash);
	assert_int_equal(info.size, 3);
	assert_string_equal(info.type, "text/plain");
	assert_int_equal(blob_put(&test_ctx, store, "abc", 3, &again), OK);
	assert_string_equal(again.hash, abc_hash);
	assert_int_equal(files_in("ba"), 1);
	assert_int_equal(files_in("new"), 0);
	const char *path = NULL;
	int64_t size = 0;
	assert_int_equal(blob_path(&test_ctx, store, abc_hash, &path, &size), OK);
	assert_int_equal(size, 3);
	assert_true(strstr(path, "/blobs/ba/7816bf8f") != NULL);
	assert_int_equal(blob_verify(&test_ctx, store, abc_hash), OK);
	assert_int_equal(blob_put(&test_ctx, store, "", 0, &info), OK);
	assert_int_equal(info.size, 0);
}

static void test_stream(void **state)
{
	(void)state;
	struct blob_in *in = NULL;
	struct blob_info info, whole;
	char *data = calloc(1, 1 << 20);
	memcpy(data, "\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16);
	assert_int_equal(blob_begin_new(&test_ctx, store, 1 << 20, &in), OK);
	for (size_t at = 0; at < 1 << 20; at += 4096)
		assert_int_equal(blob_write(&test_ctx, in, data + at, 4096), OK);
	assert_int_equal(blob_finish(&test_ctx, in, &info), OK);
	assert_string_equal(info.type, "image/png");
	assert_int_equal(blob_put_file(&test_ctx, store, test_file("big", data, 1 << 20), 1 << 20, &whole), OK);
	assert_string_equal(info.hash, whole.hash);
	free(data);
	/* one byte too many */
	assert_int_equal(blob_begin_new(&test_ctx, store, 4, &in), OK);
	assert_int_equal(blob_write(&test_ctx, in, "abcd", 4), OK);
	assert_int_equal(blob_write(&test_ctx, in, "e", 1), ERR_LIMIT);
	assert_string_equal(first_fault(), "file_too_large");
	blob_abort(in);
	assert_int_equal(files_in("new"), 0);
	assert_int_equal(blob_put_file(&test_ctx, store, "/dev/zero", 10, &info), ERR_INVALID);
}

static enum err count(struct ctx *ctx, void *arg, const char *hash, int64_t size)
{
	(void)ctx;
	assert_true(blob_hash_valid(hash) && size >= 0);
	++*(size_t *)arg;
	return OK;
}

static void test_damage(void **state)
{
	(void)state;
	struct blob_info info;
	const char *path = NULL;
	assert_int_equal(blob_put(&test_ctx, store, "precious", 8, &info), OK);
	assert_int_equal(blob_path(&test_ctx, store, info.hash, &path, NULL), OK);
	size_t before = 0, after = 0;
	assert_int_equal(blob_walk(&test_ctx, store, count, &before), OK);
	FILE *file = fopen(path, "r+b");
	assert_non_null(file);
	assert_true(fputc('P', file) != EOF);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(blob_verify(&test_ctx, store, info.hash), ERR_CONFLICT);
	assert_string_equal(first_fault(), "blob_damaged");
	/* Putting it again heals it. */
	assert_int_equal(blob_put(&test_ctx, store, "precious", 8, &info), OK);
	faults_clear(&test_ctx);
	assert_int_equal(blob_verify(&test_ctx, store, info.hash), OK);
	assert_int_equal(blob_remove(&test_ctx, store, info.hash), OK);
	assert_int_equal(blob_walk(&test_ctx, store, count, &after), OK);
	assert_int_equal(after, before - 1);
	assert_int_equal(blob_verify(&test_ctx, store, info.hash), ERR_NOT_FOUND);
}

static void test_hashes(void **state)
{
	(void)state;
	static const char *const bad[] = {NULL, "", "abc", "../../../../../../../../../../../../../../../../../../../../../../etc",
	                                  "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *path = NULL;
		assert_false(blob_hash_valid(bad[i]));
		assert_int_equal(blob_path(&test_ctx, store, bad[i], &path, NULL), ERR_NOT_FOUND);
	}
}

static void test_leftovers(void **state)
{
	(void)state;
	const char *left = arena_printf(&test_arena, "%s/blobs/new/left", test_dir);
	FILE *file = fopen(left, "wb");
	assert_non_null(file);
	assert_int_equal(fclose(file), 0);
	struct blob_store *second = NULL;
	assert_int_equal(blob_store_new(&test_ctx, test_dir, &second), OK);
	blob_store_free(second);
	assert_int_equal(access(left, F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_put, test_each),    cmocka_unit_test_setup(test_stream, test_each),
		cmocka_unit_test_setup(test_damage, test_each), cmocka_unit_test_setup(test_hashes, test_each),
		cmocka_unit_test_setup(test_leftovers, test_each),
	};
	return cmocka_run_group_tests_name("files/blob", tests, begin, end);
}
