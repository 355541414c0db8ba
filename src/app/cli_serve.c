/* guanxi serve: everything in one process until a signal. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "app/check.h"
#include "app/cli.h"
#include "app/control.h"
#include "app/serve.h"
#include "base/log.h"
#include "base/str.h"
#include "core/bulk/bulk.h"
#include "duplicates/duplicates.h"

enum { STOP_WAIT_MS = 15000 };

static bool split_listen(struct ctx *ctx, const char *listen, const char **ret_address, int *ret_port)
{
	const char *colon = strrchr(listen, ':');
	int64_t port;
	if (colon == NULL || !str_to_i64(colon + 1, &port) || port < 0 || port > 65535)
		return false;
	*ret_address = arena_strndup(ctx->arena, listen, (size_t)(colon - listen));
	*ret_port = (int)port;
	return *ret_address != NULL && **ret_address != '\0';
}

static const char *const *split_words(struct ctx *ctx, const char *text)
{
	enum { MAX = 32 };
	const char **list = arena_array(ctx->arena, MAX + 1, sizeof(*list));
	size_t n = 0;
	while (list != NULL && text != NULL && n < MAX) {
		text += strspn(text, " ,");
		size_t len = strcspn(text, " ,");
		if (len == 0)
			break;
		list[n++] = arena_strndup(ctx->arena, text, len);
		text += len;
	}
	return list;
}

/* The program's own, those of capabilities, and at last those that take any entity's name. Lives as long as the program. */
static const struct route *const *all_routes(struct app *app)
{
	size_t n = 0;
	while (app->parts.routes[n] != NULL)
		n++;
	const struct route **list = arena_array(&app->arena, n + 3, sizeof(*list));
	if (list == NULL)
		return NULL;
	list[0] = app_own_routes;
	memcpy(&list[1], app->parts.routes, n * sizeof(*list));
	list[n + 1] = rest_routes;
	return list;
}

static enum err start_http(struct ctx *ctx, struct cli *cli, struct app *app)
{
	const struct route *const *routes = all_routes(app);
	const char *listen = command_value(cli, "listen") != NULL ? command_value(cli, "listen") : app->config.listen;
	const char *cert = command_value(cli, "tls-cert"), *key = command_value(cli, "tls-key");
	struct http_config http = {
		.tls_cert = cert != NULL ? command_path(cli, cert) : app->config.tls_cert,
		.tls_key = key != NULL ? command_path(cli, key) : app->config.tls_key,
		.trusted_proxies = split_words(ctx, app->config.trusted_proxies),
		.authenticate = serve_authenticate,
		.csrf_ok = serve_csrf_ok,
		.hold = access_hold,
		.drop = access_drop,
		.changes = serve_changes,
		.still = access_still,
		.idem_find = access_idem_find,
		.idem_save = access_idem_save,
		.refused = serve_refused,
		.message = app_message,
		.page = app_page,
		.prepare = app_prepare,
		.begin = app_begin,
		.end = app_end,
		.arg = app,
	};
	if (routes == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	if (!split_listen(ctx, listen, &http.address, &http.port))
		return fail_arg(ctx, ERR_INVALID, "listen", "listen_form", listen);
	return http_start_new(ctx, app->store, &http, routes, &app->http);
}

static enum err zone_of_firm(struct ctx *ctx, const char **ret)
{
	return setting_text(ctx, &firm_settings[FIRM_TIME_ZONE], ret);
}

static enum err start_timers(struct ctx *ctx, struct app *app)
{
	const struct timers_config config = {
		.kinds = app->parts.timers,
		.schedules = app->parts.schedules,
		.prepare = app_prepare_held,
		.done = app_end,
		.zone = zone_of_firm,
		.arg = app,
	};
	return timers_start_new(ctx, app->store, &config, &app->timers);
}

static enum err start_services(struct ctx *ctx, struct app *app)
{
	const struct services_config config = {
		.tables = app->parts.services, .prepare = app_prepare_held, .done = app_end, .as_user = app_prepare_user, .arg = app,
	};
	return services_start_new(ctx, app->store, &config, &app->services);
}

static enum err start(struct ctx *ctx, struct cli *cli, struct app *app, struct control **ret_control)
{
	struct rest_config rest = {
		.version = GUANXI_VERSION,
		.base_currency = app->config.base_currency,
		.label = app_label,
		.message = app_message,
		.refresh = serve_refresh,
		.route_at = serve_route_at,
		.seen = serve_seen,
		.many = bulk_many,
		.made = duplicates_made,
		.arg = app,
	};
	enum err err = serve_audit_new(ctx, &app->audit);
	if (err == OK)
		err = rest_open_new(ctx, app->store, app->registry, &rest, &app->rest);
	if (err == OK)
		err = jobs_start_new(ctx, app->store, app->parts.job_kinds, 2, app_prepare_job, app, &app->jobs);
	if (err == OK)
		err = start_timers(ctx, app);
	if (err == OK)
		err = start_services(ctx, app);
	if (err == OK)
		err = start_http(ctx, cli, app);
	if (err == OK)
		err = control_start_new(ctx, app, ret_control);
	return err;
}

/* In the order of use: who calls stops before what is called.  Requests use everything
 * below them until the last handler has returned; http_stop ends the live streams itself
 * and gives each back to rest. */
static void stop(struct app *app, struct control *control)
{
	control_stop(control);
	http_stop(app->http, STOP_WAIT_MS);
	timers_stop(app->timers);
	jobs_stop(app->jobs);
	services_stop(app->services); /* what timers and jobs write may wake them */
	if (app->rest != NULL)
		rest_free(app->rest);
	serve_audit_free(app->audit);
	app->http = NULL;
	app->jobs = NULL;
	app->timers = NULL;
	app->services = NULL;
	app->rest = NULL;
	app->audit = NULL;
}

/* Until a signal comes; meanwhile what was written is merged into the search index. */
static int wait_for_signal(struct ctx *ctx, struct app *app, const sigset_t *signals)
{
	enum { UPKEEP_MS = 30000, WHOLE_EVERY = 24 * 3600 * 1000 / UPKEEP_MS }; /* removed records leave the index's pages within a day of running */
	int rounds = WHOLE_EVERY / 2;
	int fd = signalfd(-1, signals, SFD_CLOEXEC), ready;
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	if (fd < 0)
		return -1;
	while ((ready = poll(&wait, 1, UPKEEP_MS)) <= 0) {
		if (ready < 0 && errno != EINTR)
			break;
		struct arena_mark mark = arena_mark(ctx->arena);
		if (ready == 0 && check_merge_search(ctx, app, ++rounds % WHOLE_EVERY == 0) != OK) {
			log_event(LOG_WARN, "the search index could not be merged", NULL);
			faults_clear(ctx);
		}
		arena_rewind(ctx->arena, mark);
	}
	close(fd);
	return ready < 0 ? -1 : 0;
}

static int serve(struct cli *cli)
{
	struct control *control = NULL;
	sigset_t signals;
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	/* blocked before any thread starts, so that only the signalfd takes them */
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	struct app_config config;
	struct app app;
	if (config_read(cli->ctx, cli->data_dir, &config) != OK || app_open(cli->ctx, &config, false, &app) != OK)
		return command_failed(cli);
	cli->ctx->actor = gate_system();
	app_end(&app, cli->ctx); /* requests hold their own */
	int status = 0;
	if (start(cli->ctx, cli, &app, &control) != OK) {
		status = command_failed(cli);
	} else {
		const char *address;
		int port;
		if (!split_listen(cli->ctx, command_value(cli, "listen") != NULL ? command_value(cli, "listen") : config.listen, &address, &port))
			address = "";
		fprintf(cli->out, "Guanxi %s serves on %s://%s:%d\n", GUANXI_VERSION,
		        command_value(cli, "tls-cert") != NULL || config.tls_cert != NULL ? "https" : "http", address, http_port(app.http));
		fflush(cli->out);
		if (wait_for_signal(cli->ctx, &app, &signals) != 0)
			status = 1;
		log_event(LOG_INFO, "stopping", NULL);
	}
	stop(&app, control);
	app_close(&app);
	return status;
}

static const struct command_option serve_options[] = {
	{"listen", "ADDRESS:PORT", false, "where to listen (default: guanxi.conf, 127.0.0.1:8080)"},
	{"tls-cert", "FILE", false, "certificate chain in PEM"},
	{"tls-key", "FILE", false, "its private key in PEM"},
	{NULL, NULL, false, NULL},
};

const struct command cli_serve_commands[] = {
	{"serve", NEEDS_CONFIG, serve_options, NULL, "Serves the page and the API until SIGTERM or Ctrl-C.", serve},
	{.name = NULL},
};
