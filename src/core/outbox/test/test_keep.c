/* Mails are kept once a key, and nothing gets into their headers that is no header. Both engines. */
#include "base/test/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "core/entity/entity.h"
#include "core/outbox/outbox_internal.h"
#include "core/services/services.h"
#include "core/settings/settings.h"

static struct house {
	struct arena arena;
	struct ctx ctx;
	char dir[64];
	struct store *store;
	struct db *db;
} h;

struct services *app_services(const struct app *app)
{
	(void)app;
	return NULL;
}

const struct outbox_rule *const *app_outbox_rules(const struct app *app)
{
	(void)app;
	return NULL;
}

static void open_house(const char *pg_url)
{
	static const struct migration_line line = {"outbox", outbox_steps, OUTBOX_STEPS};
	static const struct entity *const some[] = {&setting_entity, NULL};
	char name[32];
	memset(&h, 0, sizeof(h));
	arena_init(&h.arena, 256u << 20);
	ctx_init(&h.ctx, &h.arena, clock_system());
	snprintf(h.dir, sizeof(h.dir), "/tmp/guanxi-outbox-XXXXXX");
	assert_non_null(mkdtemp(h.dir));
	snprintf(name, sizeof(name), "o%s", h.dir + strlen(h.dir) - 6);
	for (char *p = name; *p != '\0'; p++)
		*p = *p >= 'A' && *p <= 'Z' ? (char)(*p + 32) : *p;
	struct store_config config = {.data_dir = h.dir, .pg_url = pg_url, .pg_schema = name, .clock = clock_system()};
	assert_int_equal(registry_new(&h.ctx, some, 1, 1, &h.ctx.registry), OK);
	assert_int_equal(store_open_new(&h.ctx, &config, &h.store), OK);
	h.ctx.store = h.store;
	assert_int_equal(store_migrate(&h.ctx, h.store, NULL, 0), OK);
	assert_int_equal(store_migrate_folder(&h.ctx, h.store, &line, false), OK);
	assert_int_equal(db_open_new(&h.ctx, h.store, &h.db), OK);
	h.ctx.db = h.db;
}

static int setup_lite(void **state)
{
	(void)state;
	open_house(NULL);
	return 0;
}

static int setup_pg(void **state)
{
	(void)state;
	open_house(getenv("GUANXI_TEST_PG"));
	return 0;
}

static int teardown(void **state)
{
	char path[128];
	(void)state;
	db_free(h.db);
	store_free(h.store);
	registry_free(h.ctx.registry);
	arena_release(&h.arena);
	static const char *const files[] = {"guanxi.db", "guanxi.db-wal", "guanxi.db-shm", "lock", "guanxi.lock"};
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", h.dir, files[i]);
		unlink(path);
	}
	rmdir(h.dir);
	return 0;
}

struct wish {
	struct outbox_mail mail;
	int64_t id;
};

static enum err do_keep(struct ctx *ctx, void *arg)
{
	struct wish *w = arg;
	return outbox_mail(ctx, &w->mail, &w->id);
}

static enum err keep(struct outbox_mail mail, int64_t *ret)
{
	struct wish w = {.mail = mail};
	enum err err = store_write(&h.ctx, h.store, do_keep, &w);
	h.ctx.db = h.db;
	*ret = w.id;
	faults_clear(&h.ctx);
	return err;
}

static const char *text(const char *sql)
{
	struct stmt *stmt;
	bool row = false;
	const char *value = "";
	assert_int_equal(db_prepare_text(&h.ctx, h.db, sql, &stmt), OK);
	assert_int_equal(stmt_step(&h.ctx, stmt, &row), OK);
	if (row && stmt_text(stmt, 0) != NULL)
		value = arena_strdup(&h.arena, stmt_text(stmt, 0));
	stmt_done(stmt);
	db_reset(h.db);
	return value;
}

static const struct outbox_mail good = {.to_address = "Li.Na@Example.COM", .to_name = "李娜", .subject = "你好", .text = "一二三", .key = "order/1", .purpose = OUTBOX_SERVICE};

static void kept_once_a_key(void **state)
{
	(void)state;
	int64_t first, second, third;
	struct outbox_mail other = good;
	assert_int_equal(keep(good, &first), OK);
	other.subject = "again";
	assert_int_equal(keep(other, &second), OK);
	assert_true(first == second && first != 0);
	assert_string_equal(text("SELECT subject FROM outbox_mail"), "你好");
	assert_string_equal(text("SELECT to_address FROM outbox_mail"), "Li.Na@example.com");
	assert_string_equal(text("SELECT domain FROM outbox_mail"), "example.com");
	other.key = NULL;
	assert_int_equal(keep(other, &second), OK);
	assert_int_equal(keep(other, &third), OK);
	assert_true(second != first && third != second);
	assert_string_equal(text("SELECT CAST(count(*) AS TEXT) FROM outbox_body"), "3");
	assert_string_equal(text("SELECT CAST(count(DISTINCT message_id) AS TEXT) FROM outbox_mail"), "3");
}

static void nothing_slips_into_headers(void **state)
{
	(void)state;
	static const char *const wrong[][2] = {
		{"Subject: x"}, {"Bcc: a@example.com"}, {"X-A: 1\r\nBcc: b@example.com"}, {"List-Id"}, {": x"}, {"X-: 1"}, {"X-A b: 1"}, {"X-A: \x01"}, {"X-A: \xff"}, {"From: a@b.c"},
	};
	static const char *const right[] = {"List-Unsubscribe: <https://example.com/u/1>", "List-Unsubscribe-Post: List-Unsubscribe=One-Click", "X-Campaign: 夏", NULL};
	int64_t id;
	struct outbox_mail mail = good;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		mail.headers = wrong[i];
		assert_int_equal(keep(mail, &id), ERR_INVALID);
	}
	mail.headers = right;
	assert_int_equal(keep(mail, &id), OK);
	assert_string_equal(text("SELECT headers FROM outbox_body"),
	                    "List-Unsubscribe: <https://example.com/u/1>\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\nX-Campaign: 夏\n");
}

static void what_is_no_mail_is_refused(void **state)
{
	(void)state;
	static const char *const nobody[] = {NULL, "", "li", "li@", "@example.com", "a b@example.com", "a@example.com, b@example.com", "a@example.com\r\nRCPT TO:<b@example.com>", "<a@example.com>"};
	int64_t id;
	struct outbox_mail mail = good;
	for (size_t i = 0; i < sizeof(nobody) / sizeof(nobody[0]); i++) {
		mail.to_address = nobody[i];
		assert_int_equal(keep(mail, &id), ERR_INVALID);
	}
	mail = good;
	mail.subject = "a\nBcc: b@example.com";
	assert_int_equal(keep(mail, &id), ERR_INVALID);
	mail.subject = NULL;
	assert_int_equal(keep(mail, &id), ERR_INVALID);
	mail = good;
	mail.to_name = "a\r\nb";
	assert_int_equal(keep(mail, &id), ERR_INVALID);
	mail = good;
	mail.text = "";
	assert_int_equal(keep(mail, &id), ERR_INVALID);
	mail.text = memset(arena_alloc(&h.arena, OUTBOX_TEXT_MAX + 2), 'a', OUTBOX_TEXT_MAX + 1);
	assert_int_equal(keep(mail, &id), ERR_LIMIT);
	assert_string_equal(text("SELECT CAST(count(*) AS TEXT) FROM outbox_mail"), "0");
}

static enum err do_cancel(struct ctx *ctx, void *arg)
{
	int64_t n = 0;
	bool was = false;
	(void)arg;
	enum err err = outbox_cancel(ctx, "order/1", "withdrawn", &was);
	assert_true(was);
	if (err == OK)
		err = outbox_cancel(ctx, "order/1", "withdrawn", &was);
	assert_false(was);
	if (err == OK)
		err = outbox_cancel_of(ctx, "campaign", 7, "stopped", &n);
	assert_true(n == 2);
	return err;
}

static void what_waits_can_be_called_off(void **state)
{
	(void)state;
	int64_t id;
	struct outbox_mail mail = good;
	assert_int_equal(keep(mail, &id), OK);
	mail.key = NULL;
	mail.entity = "campaign";
	mail.record_id = 7;
	assert_int_equal(keep(mail, &id), OK);
	assert_int_equal(keep(mail, &id), OK);
	mail.record_id = 8;
	assert_int_equal(keep(mail, &id), OK);
	assert_int_equal(store_write(&h.ctx, h.store, do_cancel, NULL), OK);
	h.ctx.db = h.db;
	assert_string_equal(text("SELECT CAST(count(*) AS TEXT) FROM outbox_mail WHERE state = 0"), "1");
}

#define EACH(test, up) cmocka_unit_test_setup_teardown(test, up, teardown)
#define ALL(up) \
	EACH(kept_once_a_key, up), EACH(nothing_slips_into_headers, up), EACH(what_is_no_mail_is_refused, up), EACH(what_waits_can_be_called_off, up)

int main(void)
{
	static const struct CMUnitTest lite[] = {ALL(setup_lite)}, pg[] = {ALL(setup_pg)};
	int failed = cmocka_run_group_tests_name("mails kept on SQLite", lite, NULL, NULL);
	if (getenv("GUANXI_TEST_PG"))
		failed += cmocka_run_group_tests_name("mails kept on PostgreSQL", pg, NULL, NULL);
	else
		print_message("# PostgreSQL is left out: GUANXI_TEST_PG is not set\n");
	return failed;
}
