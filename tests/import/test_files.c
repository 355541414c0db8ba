/* Every file of the public samples, as a person would drop it: what comes of it stands in every_file.tsv.
 * All go into one store, one after the other; at the end all is taken back, and nothing may be left. */
#include <ftw.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "world.h"

enum { FILES_MAX = 400, LINE_MAX = 512 };

static const char *const folders[] = {"crm_imports", "messy_tables", "vcard_ical"};

struct walk {
	char *paths[FILES_MAX];
	size_t n;
};

static struct walk found;

static int visit(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	if (type == FTW_F && found.n < FILES_MAX)
		found.paths[found.n++] = strdup(path);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void walk_all(struct world *world, size_t prefix_of[1])
{
	const char *root = shared_data(world, "");
	found.n = 0;
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		assert_int_equal(nftw(arena_printf(&world->arena, "%s%s", root, folders[i]), visit, 8, FTW_PHYS), 0);
	qsort(found.paths, found.n, sizeof(found.paths[0]), by_name);
	prefix_of[0] = strlen(root);
}

/* "path<tab>rows created updated skipped failed" or "path<tab>key". */
static const char *outcome(struct world *world, const char *path, const char *name, int64_t *ret_run)
{
	struct import_result r;
	struct import_request request = {.path = path};
	*ret_run = 0;
	faults_clear(&world->ctx);
	enum err err = import_file(&world->ctx, &request, &r);
	if (err == OK) {
		*ret_run = r.run_id;
		return arena_printf(&world->arena, "%s\t%lld %lld %lld %lld %lld", name, (long long)r.rows, (long long)r.created, (long long)r.updated,
		                    (long long)r.skipped, (long long)r.failed);
	}
	/* the input is to blame, and the key says for what */
	if ((err != ERR_INVALID && err != ERR_LIMIT) || world->ctx.faults.count == 0)
		return arena_printf(&world->arena, "%s\terror %d", name, (int)err);
	return arena_printf(&world->arena, "%s\t%s", name, world->ctx.faults.list[0].key);
}

static bool next_expected(FILE *table, char line[LINE_MAX])
{
	while (fgets(line, LINE_MAX, table) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] != '\0' && line[0] != '#')
			return true;
	}
	line[0] = '\0';
	return false;
}

static void every_file(struct world *world, FILE *table)
{
	static int64_t runs[FILES_MAX];
	char expected[LINE_MAX];
	size_t prefix, n = 0;
	int wrong = 0;
	walk_all(world, &prefix);
	assert_true(found.n > 100);
	for (size_t i = 0; i < found.n; i++) {
		const char *came = outcome(world, found.paths[i], found.paths[i] + prefix, &runs[n]);
		n += runs[n] != 0;
		(void)next_expected(table, expected);
		if (strcmp(came, expected) != 0) {
			print_error("%s\n   expected %s\n", came, expected);
			wrong++;
		}
		free(found.paths[i]);
		world_reset(world);
	}
	assert_false(next_expected(table, expected));
	assert_int_equal(wrong, 0);
	assert_true(number(world, "SELECT count(*) FROM customer") > 300);
	assert_int_equal(number(world, "SELECT count(*) FROM import_problem WHERE coalesce(\"key\", '') = ''"), 0);
	while (n > 0) {
		assert_int_equal(import_undo(&world->ctx, runs[--n], NULL), OK);
		world_reset(world);
	}
	static const char *const tables[] = {"customer", "address", "identifier", "\"order\"", "order_line", "product", "tag", "category", "customer_tags"};
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		assert_int_equal(number(world, arena_printf(&world->arena, "SELECT count(*) FROM %s", tables[i])), 0);
}

static bool there; /* the tables */

static void files_on(struct world *world)
{
	FILE *table = fopen(EVERY_FILE, "re");
	assert_non_null(table);
	there = shared_data(world, "crm_imports/odoo/res.partner.csv") != NULL;
	if (there)
		every_file(world, table);
	(void)fclose(table);
}

static void test_files(void **state)
{
	(void)state;
	on_each_engine(files_on);
	if (!there)
		skip();
}

int main(int argc, char **argv)
{
	int status = 0;
	if (file_helper(argc, argv, &status))
		return status;
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_files)};
	return cmocka_run_group_tests_name("import/files", tests, NULL, NULL);
}
