#include "app/app.h"

#include <stdio.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "app/check.h"
#include "base/log.h"
#include "base/str.h"
#include "core/exchange/exchange.h"
#include "core/outbox/outbox.h"
#include "core/search/search.h"
#include "core/sequence/sequence.h"
#include "core/text/text.h"
#include "workspace/workspace.h"

enum { APP_ARENA = 16 * 1024 * 1024 };

struct services *app_services(const struct app *app)
{
	return app->services;
}

const struct outbox_rule *const *app_outbox_rules(const struct app *app)
{
	return app->parts.mail_rules;
}

struct rest *app_rest(const struct app *app)
{
	return app->rest;
}

struct warehouse *app_warehouse(const struct app *app)
{
	return app->warehouse;
}

struct access *app_access(const struct app *app)
{
	return app->access;
}

struct custom *app_custom(const struct app *app)
{
	return app->custom;
}

struct blob_store *app_blobs(const struct app *app)
{
	return app->blobs;
}

void app_prepare(void *arg, struct ctx *ctx)
{
	struct app *app = arg;
	ctx->store = app->store;
	if (ctx->registry == NULL) /* what a job holds is its for all of it */
		ctx->registry = app->registry;
	ctx->app = app;
	ctx->settings = app->settings;
	ctx->machine = app->machine;
}

void app_begin(void *arg, struct ctx *ctx)
{
	const struct app *app = arg;
	ctx->registry = registry_hold(app->registry);
}

void app_end(void *arg, struct ctx *ctx)
{
	struct app *app = arg;
	registry_release(ctx->registry);
	ctx->registry = app->registry;
}

void app_prepare_held(void *arg, struct ctx *ctx)
{
	app_prepare(arg, ctx);
	app_begin(arg, ctx);
}

enum err app_prepare_job(void *arg, struct ctx *ctx, const struct actor *who)
{
	struct app *app = arg;
	app_prepare(app, ctx);
	ctx->actor = NULL;
	return access_refresh(ctx, app->access, who, &ctx->actor);
}

enum err app_prepare_user(void *arg, struct ctx *ctx, int64_t user_id)
{
	const struct actor who = {.kind = ACTOR_USER, .user_id = user_id};
	return app_prepare_job(arg, ctx, &who);
}

struct layout {
	char text[APP_LAYOUT_MAX];
	bool emptied;
};

enum err app_layout(struct ctx *ctx, char ret[APP_LAYOUT_MAX])
{
	struct buf names;
	buf_init(&names, 1u << 20);
	/* what administrators add stands behind all that, and its search rows are kept when it changes */
	const struct registry *first = registry_first(ctx->registry);
	for (size_t i = 0; i < registry_count(first); i++) {
		const struct entity_info *info = registry_at(first, i);
		buf_printf(&names, "%s:", info->entity->name);
		for (size_t f = 0; f < info->n_fields; f++)
			buf_printf(&names, "%s%s,", info->fields[f]->name, info->fields[f]->flags & F_SEARCH ? "*" : "");
	}
	snprintf(ret, APP_LAYOUT_MAX, "%016llx", (unsigned long long)str_hash(buf_text(&names), names.len));
	enum err err = buf_failed(&names) ? fail(ctx, ERR_LIMIT, "", "memory") : OK;
	buf_release(&names);
	return err;
}

static enum err layout_step(struct ctx *ctx, void *arg)
{
	struct layout *layout = arg;
	return search_check_layout(ctx, layout->text, &layout->emptied);
}

static enum err layout_done_step(struct ctx *ctx, void *arg)
{
	const struct layout *layout = arg;
	return search_layout_done(ctx, layout->text);
}

/* The search index holds numbers of entities and fields, and the text of those that are searched: it is made anew
 * when the program's descriptors have changed since it was made. */
static enum err keep_search(struct ctx *ctx, struct app *app)
{
	struct layout layout = {.emptied = false};
	struct buf report;
	enum err err = app_layout(ctx, layout.text);
	if (err == OK)
		err = store_write(ctx, app->store, layout_step, &layout);
	if (err != OK || !layout.emptied)
		return err;
	buf_init(&report, 1u << 16);
	err = check_rebuild_search(ctx, app, &report);
	buf_release(&report);
	/* only now: a rebuild that was cut short is begun anew at the next start */
	return err == OK ? store_write(ctx, app->store, layout_done_step, &layout) : err;
}

static enum err mend_index(struct ctx *ctx, void *arg)
{
	return entity_index_mend(ctx, arg);
}

/* What an import set aside and did not live to make again. */
static enum err keep_indexes(struct ctx *ctx, struct app *app)
{
	bool made = true;
	enum err err = OK;
	for (int n = 0; err == OK && made; n++) {
		if (n == 1)
			log_event(LOG_WARN, "indexes were missing: making them", NULL);
		err = store_write(ctx, app->store, mend_index, &made);
	}
	return err;
}

/* What is made of the records and may have to be made anew. */
static enum err keep_made(struct ctx *ctx, struct app *app)
{
	enum err err = keep_indexes(ctx, app);
	return err == OK ? keep_search(ctx, app) : err;
}

/* Two programs on one folder would give out the same ids, and take each other's commands. */
static enum err lock_folder(struct ctx *ctx, struct app *app)
{
	const char *path = arena_printf(ctx->arena, "%s/guanxi.lock", app->config.data_dir);
	app->lock_fd = path != NULL ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
	if (app->lock_fd < 0)
		return fail_arg(ctx, ERR_UPSTREAM, "data", "cannot_open", path);
	if (flock(app->lock_fd, LOCK_EX | LOCK_NB) == 0)
		return OK;
	return fail_arg(ctx, ERR_CONFLICT, "data", errno == EWOULDBLOCK ? "folder_in_use" : "cannot_open", app->config.data_dir);
}

static enum err adopt(struct ctx *ctx, void *arg)
{
	const struct app *app = arg;
	const struct actor *before = ctx->actor;
	ctx->actor = gate_system();
	enum err err = setting_set(ctx, firm_settings[FIRM_CURRENCY].name, SETTING_FIRM, 0, app->config.base_currency);
	if (err == OK)
		err = setting_set(ctx, firm_settings[FIRM_COUNTRY].name, SETTING_FIRM, 0, app->config.phone_region);
	ctx->actor = before;
	return err;
}

/* What the configuration file says of currency and country holds until the firm's settings say it. */
static enum err open_settings(struct ctx *ctx, bool read_only, struct app *app)
{
	const struct settings_config config = {.tables = app->parts.settings, .label = app_label};
	const char *currency;
	enum err err = settings_open_new(ctx, app->store, &config, &app->settings);
	if (err != OK)
		return err;
	ctx->settings = app->settings;
	err = setting_text(ctx, &firm_settings[FIRM_CURRENCY], &currency);
	return err == OK && !read_only && str_empty(currency) ? store_write(ctx, app->store, adopt, app) : err;
}

static enum err open_machine(struct ctx *ctx, struct app *app)
{
	uint8_t key[MACHINE_KEY];
	access_machine_key(app->access, key);
	enum err err = machine_open_new(ctx, &(struct machine_config){.key = key, .allow = app->config.outgoing_allow}, &app->machine);
	ctx->machine = app->machine;
	return err;
}

static enum err open_registry(struct ctx *ctx, struct app *app)
{
	const struct registry_settings settings = {.base_currency = app->config.base_currency, .phone_region = app->config.phone_region};
	enum err err = registry_new(ctx, app->parts.entities, app->parts.n_entities, app->config.node, &app->registry);
	if (err == OK)
		err = registry_caps(ctx, app->registry, app->parts.caps);
	if (err == OK)
		err = registry_react(ctx, app->registry, app->parts.reactions);
	if (err == OK)
		sequence_open(app->registry);
	return err == OK ? registry_set(ctx, app->registry, &settings) : err;
}

/* What administrators added; a database that is only looked at may be from before there was any of that. */
static enum err open_custom(struct ctx *ctx, bool read_only, struct app *app)
{
	int version = 1;
	enum err err = read_only ? store_folder_version(ctx, app->store, "custom", &version) : OK;
	if (err != OK || version < 1)
		return err;
	err = custom_open_new(ctx, app->store, app->registry, app->parts.entities, app->parts.n_entities, &app->custom);
	if (err == OK)
		ctx->registry = registry_hold(app->registry);
	return err;
}

/* What is not the program's but the firm's. */
static enum err open_own(struct ctx *ctx, bool read_only, struct app *app)
{
	enum err err = read_only ? OK : warehouse_new(ctx, app->config.data_dir, app->parts.stars, &app->warehouse);
	if (err == OK)
		err = open_custom(ctx, read_only, app);
	if (err == OK && !read_only)
		err = approvals_open_new(ctx, app->store, app->registry, &app->approvals);
	return err == OK && !read_only ? keep_made(ctx, app) : err;
}

static enum err open_services(struct ctx *ctx, bool read_only, struct app *app)
{
	struct store_config store_config = {
		.data_dir = app->config.data_dir,
		.pg_url = app->config.pg_url,
		.pg_schema = app->config.pg_schema,
		.clock = ctx->clock,
		.read_only = read_only,
	};
	enum err err = text_open(ctx);
	if (err == OK && app->config.pg_url != NULL && !read_only)
		err = lock_folder(ctx, app);
	if (err == OK)
		err = open_registry(ctx, app);
	if (err == OK)
		err = store_open_new(ctx, &store_config, &app->store);
	if (err != OK)
		return err;
	app_prepare(app, ctx);
	err = blob_store_new(ctx, app->config.data_dir, &app->blobs);
	if (err == OK && !read_only) {
		err = app_migrate(ctx, app);
		if (err == OK)
			err = events_start(ctx, app->store);
	}
	if (err == OK)
		err = open_settings(ctx, read_only, app);
	if (err == OK)
		err = access_open_new(ctx, app->store, app->registry, &app->access);
	if (err == OK)
		err = open_machine(ctx, app);
	return err == OK ? open_own(ctx, read_only, app) : err;
}

enum err app_open(struct ctx *ctx, const struct app_config *config, bool read_only, struct app *app)
{
	memset(app, 0, sizeof(*app));
	app->lock_fd = -1;
	arena_init(&app->arena, APP_ARENA);
	app->config = *config;
	/* what lives as long as the program must not lie in a command's arena */
	struct arena *outer = ctx->arena;
	ctx->arena = &app->arena;
	const char **texts[] = {&app->config.data_dir, &app->config.pg_url, &app->config.pg_schema, &app->config.base_currency,
	                        &app->config.phone_region, &app->config.listen, &app->config.tls_cert, &app->config.tls_key,
	                        &app->config.trusted_proxies, &app->config.outgoing_allow};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (*texts[i] != NULL)
			*texts[i] = arena_strdup(&app->arena, *texts[i]);
	}
	bool room = manifest_join(&app->arena, app_manifests, &app->parts) && !app->arena.failed;
	enum err err = !room ? fail(ctx, ERR_LIMIT, "", "memory") : open_services(ctx, read_only, app);
	ctx->arena = outer;
	if (err != OK) {
		faults_keep(ctx); /* they are told after the program's arena is gone */
		app_close(app);
	}
	return err;
}

void app_close(struct app *app)
{
	machine_free(app->machine);
	warehouse_free(app->warehouse);
	if (app->access != NULL)
		access_free(app->access);
	if (app->store != NULL) {
		events_stop(app->store);
		store_free(app->store);
	}
	if (app->settings != NULL)
		settings_free(app->settings);
	if (app->blobs != NULL)
		blob_store_free(app->blobs);
	custom_free(app->custom);
	approvals_free(app->approvals);
	if (app->registry != NULL)
		registry_free(app->registry);
	text_close();
	if (app->lock_fd >= 0)
		close(app->lock_fd);
	arena_release(&app->arena);
	memset(app, 0, sizeof(*app));
	app->lock_fd = -1;
}
