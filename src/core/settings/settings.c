/* Values in memory and in the store.
 *
 * Invariants: `list` holds firm's and branches' values, sorted by setting and scope, and is read and replaced under
 * `lock` alone; `stale` is raised by every commit that touches entity `setting` and taken back only by whoever then reads
 * the store anew, over a connection of its own, so that nothing uncommitted is ever kept. */
#include "core/settings/settings.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/events/events.h"
#include "core/settings/settings_internal.h"
#include "settings_sql.h"

struct entry {
	const struct setting *setting;
	int64_t branch_id; /* 0: the firm */
	int64_t number;
	char *text;
};

struct settings {
	struct settings_config config;
	struct store *store;
	pthread_rwlock_t lock;
	pthread_mutex_t reading;
	atomic_bool stale;
	struct entry *list;
	size_t n;
};

struct loading {
	struct entry *list;
	size_t n, cap;
};

static void list_free(struct entry *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(list[i].text);
	free(list);
}

static const struct setting *find_in(const struct setting *const *tables, const char *name)
{
	for (; tables && *tables; tables++)
		for (const struct setting *s = *tables; s->name; s++)
			if (str_equal(s->name, name))
				return s;
	return NULL;
}

const struct setting *setting_find(const struct ctx *ctx, const char *name)
{
	return find_in(settings_tables(ctx), name);
}

const struct setting *const *settings_tables(const struct ctx *ctx)
{
	return ctx->settings ? ctx->settings->config.tables : NULL;
}

const char *settings_label(struct ctx *ctx, const struct text2 *text)
{
	if (ctx->settings)
		return ctx->settings->config.label(ctx, text);
	return ctx->locale == LOCALE_EN || text->zh == NULL ? text->en : text->zh;
}

/* --- reading the store ---------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	if (x->setting != y->setting)
		return (uintptr_t)x->setting < (uintptr_t)y->setting ? -1 : 1;
	return (x->branch_id > y->branch_id) - (x->branch_id < y->branch_id);
}

static enum err add_row(struct ctx *ctx, const struct settings *settings, struct stmt *stmt, struct loading *loading)
{
	const struct setting *setting = find_in(settings->config.tables, stmt_text(stmt, 0));
	const char *value = stmt_text(stmt, 2);
	if (!setting || !value)
		return OK; /* of a folder that this program does not have */
	if (loading->n == loading->cap) {
		size_t cap = loading->cap ? 2 * loading->cap : 64;
		struct entry *more = realloc(loading->list, cap * sizeof(*more));
		if (!more)
			return fail(ctx, ERR_LIMIT, "", "memory");
		loading->list = more;
		loading->cap = cap;
	}
	char *text = strdup(value);
	if (!text)
		return fail(ctx, ERR_LIMIT, "", "memory");
	loading->list[loading->n++] = (struct entry){setting, stmt_i64(stmt, 1), setting_number(setting, text), text};
	return OK;
}

static enum err read_rows(struct ctx *ctx, struct db *db, const struct settings *settings, struct loading *loading)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, db, &sql_settings_shared, &stmt);
	if (err)
		return err;
	while (!(err = stmt_step(ctx, stmt, &row)) && row && !(err = add_row(ctx, settings, stmt, loading)))
		;
	stmt_done(stmt);
	return err;
}

static const char *firm_text(const struct loading *loading, enum firm_setting which)
{
	for (size_t i = 0; i < loading->n; i++)
		if (loading->list[i].setting == &firm_settings[which] && loading->list[i].branch_id == 0)
			return loading->list[i].text;
	return NULL;
}

/* What every record is read and written by. */
static enum err tell_registry(struct ctx *ctx, const struct loading *loading)
{
	const char *currency = firm_text(loading, FIRM_CURRENCY), *country = firm_text(loading, FIRM_COUNTRY);
	enum err err = currency ? registry_set_base_currency(ctx, ctx->registry, currency) : OK;
	return !err && country ? registry_set_phone_region(ctx, ctx->registry, country) : err;
}

static enum err reload(struct ctx *ctx, struct settings *settings)
{
	struct loading loading = {0};
	struct db *db;
	enum err err = db_open_new(ctx, settings->store, &db);
	if (err)
		return err;
	atomic_store(&settings->stale, false);
	err = read_rows(ctx, db, settings, &loading);
	db_free(db);
	if (!err)
		err = tell_registry(ctx, &loading);
	if (err) {
		atomic_store(&settings->stale, true);
		list_free(loading.list, loading.n);
		return err;
	}
	if (loading.n > 1)
		qsort(loading.list, loading.n, sizeof(*loading.list), compare);
	pthread_rwlock_wrlock(&settings->lock);
	struct entry *older = settings->list;
	size_t n = settings->n;
	settings->list = loading.list;
	settings->n = loading.n;
	pthread_rwlock_unlock(&settings->lock);
	list_free(older, n);
	return OK;
}

static enum err refresh(struct ctx *ctx, struct settings *settings)
{
	if (!atomic_load_explicit(&settings->stale, memory_order_acquire))
		return OK;
	pthread_mutex_lock(&settings->reading);
	enum err err = atomic_load(&settings->stale) ? reload(ctx, settings) : OK;
	pthread_mutex_unlock(&settings->reading);
	return err;
}

enum err settings_refresh(struct ctx *ctx)
{
	return ctx->settings ? refresh(ctx, ctx->settings) : OK;
}

static void on_commit(void *arg, const char *entity, int64_t record_id, enum change_action action)
{
	struct settings *settings = arg;
	(void)record_id;
	(void)action;
	if (str_equal(entity, setting_entity.name))
		atomic_store_explicit(&settings->stale, true, memory_order_release);
}

enum err settings_open_new(struct ctx *ctx, struct store *store, const struct settings_config *config, struct settings **ret)
{
	struct settings *settings = calloc(1, sizeof(*settings));
	if (!settings)
		return fail(ctx, ERR_LIMIT, "", "memory");
	settings->config = *config;
	settings->store = store;
	pthread_rwlock_init(&settings->lock, NULL);
	pthread_mutex_init(&settings->reading, NULL);
	atomic_init(&settings->stale, true);
	enum err err = refresh(ctx, settings);
	if (!err)
		err = events_on_commit(store, on_commit, settings);
	if (err)
		settings_free(settings);
	else
		*ret = settings;
	return err;
}

void settings_free(struct settings *settings)
{
	list_free(settings->list, settings->n);
	pthread_rwlock_destroy(&settings->lock);
	pthread_mutex_destroy(&settings->reading);
	free(settings);
}

/* --- asking ---------------------------------------------------------------------- */

/* Under the lock. */
static const struct entry *entry_at(const struct settings *settings, const struct setting *setting, int64_t branch_id)
{
	const struct entry key = {.setting = setting, .branch_id = branch_id};
	return settings->n ? bsearch(&key, settings->list, settings->n, sizeof(key), compare) : NULL;
}

static enum err shared_text(struct ctx *ctx, const struct setting *setting, int64_t branch_id, const char **ret)
{
	struct settings *settings = ctx->settings;
	*ret = setting_default(setting);
	if (!settings)
		return OK;
	enum err err = refresh(ctx, settings);
	if (err)
		return err;
	pthread_rwlock_rdlock(&settings->lock);
	const struct entry *entry = branch_id ? entry_at(settings, setting, branch_id) : NULL;
	if (!entry)
		entry = entry_at(settings, setting, 0);
	if (entry)
		*ret = arena_strdup(ctx->arena, entry->text);
	pthread_rwlock_unlock(&settings->lock);
	return *ret ? OK : fail(ctx, ERR_LIMIT, "", "memory");
}

enum err setting_text(struct ctx *ctx, const struct setting *setting, const char **ret)
{
	return shared_text(ctx, setting, 0, ret);
}

int64_t setting_int(struct ctx *ctx, const struct setting *setting)
{
	struct settings *settings = ctx->settings;
	int64_t number = setting_number(setting, setting_default(setting));
	if (!settings)
		return number;
	if (refresh(ctx, settings))
		faults_clear(ctx); /* what was known before holds until the store can be read */
	pthread_rwlock_rdlock(&settings->lock);
	const struct entry *entry = entry_at(settings, setting, 0);
	if (entry)
		number = entry->number;
	pthread_rwlock_unlock(&settings->lock);
	return number;
}

enum err setting_stored(struct ctx *ctx, const struct setting *setting, enum setting_scope scope, int64_t scope_id, const char **ret)
{
	struct stmt *stmt;
	bool row = false;
	*ret = NULL;
	enum err err = db_prepare(ctx, ctx->db, &sql_settings_one, &stmt);
	if (err)
		return err;
	stmt_bind_text(stmt, 1, setting->name);
	stmt_bind_text(stmt, 2, scope == SETTING_USER ? "user" : scope == SETTING_BRANCH ? "branch" : "firm");
	stmt_bind_i64(stmt, 3, scope_id);
	err = stmt_step(ctx, stmt, &row);
	if (!err && row) {
		const char *text = stmt_text(stmt, 1);
		*ret = arena_strdup(ctx->arena, text ? text : "");
		if (!*ret)
			err = fail(ctx, ERR_LIMIT, "", "memory");
	}
	stmt_done(stmt);
	return err;
}

enum err setting_text_for(struct ctx *ctx, const struct setting *setting, int64_t branch_id, int64_t user_id, const char **ret)
{
	*ret = NULL;
	if (user_id && (setting->scopes & SETTING_USER)) {
		enum err err = setting_stored(ctx, setting, SETTING_USER, user_id, ret);
		if (err || *ret)
			return err;
	}
	return shared_text(ctx, setting, setting->scopes & SETTING_BRANCH ? branch_id : 0, ret);
}
