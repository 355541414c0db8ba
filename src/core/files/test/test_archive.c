#include "base/test/check.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/files/archive.h"

struct fixture {
	struct arena arena;
	struct ctx ctx;
	char dir[64];
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	assert_non_null(f);
	arena_init(&f->arena, 64u << 20);
	ctx_init(&f->ctx, &f->arena, clock_system());
	snprintf(f->dir, sizeof(f->dir), "/tmp/guanxi-archive-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	*state = f;
	return 0;
}

static void remove_tree(struct fixture *f)
{
	static const char *const names[] = {"out/blobs/ab/c", "out/blobs/ab", "out/blobs", "out/database", "out", "a", "b", "x.zip", "y.zip"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[200];
		snprintf(path, sizeof(path), "%s/%s", f->dir, names[i]);
		if (unlink(path) != 0)
			rmdir(path);
	}
	rmdir(f->dir);
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	remove_tree(f);
	arena_release(&f->arena);
	free(f);
	return 0;
}

static char *at(struct fixture *f, const char *name)
{
	return arena_printf(&f->arena, "%s/%s", f->dir, name);
}

static void put(const char *path, const void *data, size_t n)
{
	FILE *out = fopen(path, "w");
	assert_non_null(out);
	assert_int_equal(fwrite(data, 1, n, out), n);
	assert_int_equal(fclose(out), 0);
}

static void make(struct fixture *f)
{
	char *big = malloc(1000000);
	assert_non_null(big);
	memset(big, 'q', 1000000);
	put(at(f, "a"), big, 1000000);
	free(big);
	put(at(f, "b"), "small", 5);
	struct archive_part parts[] = {{"database", at(f, "a"), false}, {"blobs/ab/c", at(f, "b"), true}};
	assert_int_equal(archive_write(&f->ctx, at(f, "x.zip"), parts, 2, NULL), OK);
}

static enum err extract(struct fixture *f, const char *path, const unsigned char *key, int64_t *ret_files)
{
	struct archive_wanted wanted = {.key = key};
	int dir = open(at(f, "out"), O_RDONLY | O_DIRECTORY);
	assert_true(dir >= 0);
	enum err err = archive_extract(&f->ctx, path, dir, &wanted, ret_files);
	close(dir);
	return err;
}

static void what_goes_in_comes_out(void **state)
{
	struct fixture *f = *state;
	int64_t files;
	struct stat st;
	make(f);
	assert_int_equal(mkdir(at(f, "out"), 0700), 0);
	assert_int_equal(extract(f, at(f, "x.zip"), NULL, &files), OK);
	assert_int_equal(files, 2);
	assert_int_equal(stat(at(f, "out/database"), &st), 0);
	assert_int_equal(st.st_size, 1000000);
	char text[6] = "";
	FILE *in = fopen(at(f, "out/blobs/ab/c"), "r");
	assert_non_null(in);
	assert_int_equal(fread(text, 1, 5, in), 5);
	fclose(in);
	assert_string_equal(text, "small");
}

static void nothing_is_overwritten(void **state)
{
	struct fixture *f = *state;
	make(f);
	struct archive_part part = {"database", at(f, "b"), false};
	assert_int_equal(archive_write(&f->ctx, at(f, "x.zip"), &part, 1, NULL), ERR_CONFLICT);
}

static void every_changed_byte_shows(void **state)
{
	struct fixture *f = *state;
	int64_t files;
	make(f);
	FILE *in = fopen(at(f, "x.zip"), "r");
	assert_non_null(in);
	static char all[100000];
	size_t n = fread(all, 1, sizeof(all), in);
	fclose(in);
	assert_in_range(n, 100, sizeof(all) - 1);
	/* the stored text "small" stands plain in the file */
	char *small = memmem(all, n, "small", 5);
	assert_non_null(small);
	*small = 'S';
	put(at(f, "y.zip"), all, n);
	assert_int_equal(mkdir(at(f, "out"), 0700), 0);
	assert_int_equal(extract(f, at(f, "y.zip"), NULL, &files), ERR_INVALID);
	assert_string_equal(f->ctx.faults.list[0].key, "backup_damaged");
}

static void broken_files_are_refused(void **state)
{
	struct fixture *f = *state;
	int64_t files;
	assert_int_equal(mkdir(at(f, "out"), 0700), 0);
	put(at(f, "y.zip"), "this is no archive", 18);
	assert_int_equal(extract(f, at(f, "y.zip"), NULL, &files), ERR_INVALID);
	faults_clear(&f->ctx);
	assert_int_equal(extract(f, at(f, "none.zip"), NULL, &files), ERR_NOT_FOUND);
}

static void names_that_lead_out_are_refused(void **state)
{
	struct fixture *f = *state;
	static const char *const bad[] = {"../x", "/x", "a/../../x", "a//b", "", "a\\b", "."};
	put(at(f, "b"), "small", 5);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct archive_part part = {bad[i], at(f, "b"), false};
		faults_clear(&f->ctx);
		assert_int_equal(archive_write(&f->ctx, at(f, "x.zip"), &part, 1, NULL), ERR_INVALID);
		assert_int_not_equal(access(at(f, "x.zip"), F_OK), 0);
	}
}

static void a_signature_proves_whose_it_is(void **state)
{
	struct fixture *f = *state;
	int64_t files;
	unsigned char key[ARCHIVE_PUBLIC], secret[ARCHIVE_SECRET], other[ARCHIVE_PUBLIC], unused[ARCHIVE_SECRET];
	assert_true(sodium_init() >= 0);
	crypto_sign_keypair(key, secret);
	crypto_sign_keypair(other, unused);
	put(at(f, "a"), "data", 4);
	struct archive_part part = {"database", at(f, "a"), true};
	assert_int_equal(archive_write(&f->ctx, at(f, "x.zip"), &part, 1, secret), OK);
	assert_int_equal(archive_write(&f->ctx, at(f, "y.zip"), &part, 1, NULL), OK);
	assert_int_equal(mkdir(at(f, "out"), 0700), 0);
	assert_int_equal(extract(f, at(f, "x.zip"), other, &files), ERR_DENIED);
	assert_string_equal(f->ctx.faults.list[0].key, "backup_key");
	faults_clear(&f->ctx);
	assert_int_equal(extract(f, at(f, "y.zip"), key, &files), ERR_DENIED);
	assert_string_equal(f->ctx.faults.list[0].key, "backup_unsigned");
	faults_clear(&f->ctx);
	assert_int_not_equal(access(at(f, "out/database"), F_OK), 0); /* nothing was taken out */
	assert_int_equal(extract(f, at(f, "x.zip"), key, &files), OK);
	assert_int_equal(files, 1);
}

static void no_link_is_followed(void **state)
{
	struct fixture *f = *state;
	int64_t files;
	make(f);
	assert_int_equal(mkdir(at(f, "out"), 0700), 0);
	assert_int_equal(symlink(at(f, "a"), at(f, "out/database")), 0);
	assert_int_not_equal(extract(f, at(f, "x.zip"), NULL, &files), OK);
	assert_int_equal(unlink(at(f, "out/database")), 0);
	assert_int_equal(symlink(f->dir, at(f, "out/blobs")), 0);
	faults_clear(&f->ctx);
	assert_int_not_equal(extract(f, at(f, "x.zip"), NULL, &files), OK);
	assert_int_not_equal(access(at(f, "ab"), F_OK), 0);
	/* nor is a link where the backup is to be */
	struct archive_part part = {"database", at(f, "b"), false};
	assert_int_equal(symlink(at(f, "none"), at(f, "y.zip")), 0);
	faults_clear(&f->ctx);
	assert_int_equal(archive_write(&f->ctx, at(f, "y.zip"), &part, 1, NULL), ERR_CONFLICT);
	assert_int_not_equal(access(at(f, "none"), F_OK), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_goes_in_comes_out, setup, teardown),
		cmocka_unit_test_setup_teardown(a_signature_proves_whose_it_is, setup, teardown),
		cmocka_unit_test_setup_teardown(no_link_is_followed, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_is_overwritten, setup, teardown),
		cmocka_unit_test_setup_teardown(every_changed_byte_shows, setup, teardown),
		cmocka_unit_test_setup_teardown(broken_files_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(names_that_lead_out_are_refused, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
