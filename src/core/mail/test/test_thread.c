/* Mails of public lists, joined by the ids they refer to: the same threads as in the table. */
#include "base/test/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/mail/mail.h"

enum { MAILS_MAX = 400, IDS_MAX = 8000, BYTES = 1 << 20 };

struct known {
	char *id;
	size_t set; /* the mail it belongs to, by union */
};

static struct known ids[IDS_MAX];
static size_t n_ids, parent[MAILS_MAX];

static size_t root_of(size_t at)
{
	while (parent[at] != at)
		at = parent[at];
	return at;
}

static void join(size_t mail, const char *corpus, const char *id)
{
	char whole[1200];
	(void)snprintf(whole, sizeof(whole), "%s %s", corpus, id);
	for (size_t i = 0; i < n_ids; i++) {
		if (str_equal(ids[i].id, whole)) {
			parent[root_of(mail)] = root_of(ids[i].set);
			return;
		}
	}
	assert_true(n_ids < IDS_MAX);
	ids[n_ids].id = strdup(whole);
	ids[n_ids++].set = mail;
}

static void read_one(size_t at, const char *folder, const char *corpus, const char *file, const char *message_id)
{
	static char bytes[BYTES];
	char path[1024];
	struct arena arena;
	struct ctx ctx;
	struct mail mail;
	(void)snprintf(path, sizeof(path), "%s/threading/%s/%s", folder, corpus, file);
	FILE *in = fopen(path, "rbe");
	assert_non_null(in);
	size_t n = fread(bytes, 1, sizeof(bytes), in);
	(void)fclose(in);
	arena_init(&arena, 64 << 20);
	ctx_init(&ctx, &arena, clock_system());
	assert_int_equal(mail_read(&ctx, bytes, n, &mail), OK);
	if (*message_id != '\0')
		assert_string_equal(mail.message_id, message_id);
	parent[at] = at;
	if (mail.message_id != NULL)
		join(at, corpus, mail.message_id);
	for (size_t i = 0; i < mail.n_references; i++)
		join(at, corpus, mail.references[i]);
	arena_release(&arena);
}

static void test_threads(void **state)
{
	(void)state;
	static char line[MAILS_MAX][1024];
	const char *shared = getenv("GUANXI_SHARED_DATA"), *folder = shared != NULL ? shared : "../shared/data";
	char path[1024], *thread[MAILS_MAX];
	size_t n = 0, threads = 0;
	(void)snprintf(path, sizeof(path), "%s/threading/threads.tsv", folder);
	FILE *table = fopen(path, "re");
	if (table == NULL)
		skip();
	while (n < MAILS_MAX && fgets(line[n], sizeof(line[n]), table) != NULL) {
		char *rest = line[n], *corpus = strsep(&rest, "\t"), *file = strsep(&rest, "\t\n");
		if (*corpus == '#')
			continue;
		thread[n] = strsep(&rest, "\t\n");
		const char *id = strsep(&rest, "\t\n");
		read_one(n++, folder, corpus, file, id);
	}
	(void)fclose(table);
	assert_int_equal(n, 130);
	for (size_t i = 0; i < n; i++) {
		threads += root_of(i) == i ? 1 : 0;
		for (size_t k = 0; k < i; k++)
			assert_int_equal(root_of(i) == root_of(k), str_equal(thread[i], thread[k]));
	}
	assert_int_equal(threads, 11);
	for (size_t i = 0; i < n_ids; i++)
		free(ids[i].id);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_threads)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
