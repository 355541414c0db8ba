/* The program: everything put together, once per process. */
#ifndef GUANXI_APP_APP_H
#define GUANXI_APP_APP_H

#include <stdio.h>

#include "base/ctx.h"
#include "core/access/access.h"
#include "core/approvals/approvals.h"
#include "core/custom/custom.h"
#include "core/manifest/manifest.h"
#include "core/entity/entity.h"
#include "core/events/events.h"
#include "core/files/blob.h"
#include "core/http/http.h"
#include "core/jobs/jobs.h"
#include "core/machine/machine.h"
#include "core/rest/rest.h"
#include "core/services/services.h"
#include "core/settings/settings.h"
#include "core/store/store.h"
#include "core/timers/timers.h"
#include "core/warehouse/warehouse.h"

#define GUANXI_VERSION "0.2.0"

/* What stands in <data>/guanxi.conf, a line "key = value" each. */
struct app_config {
	const char *data_dir;
	const char *pg_url;        /* NULL: SQLite */
	const char *pg_schema;
	const char *base_currency; /* ISO 4217 */
	const char *phone_region;  /* of numbers without a country code */
	const char *listen;        /* "127.0.0.1:8080" */
	const char *tls_cert, *tls_key;
	const char *trusted_proxies; /* addresses, with spaces between */
	const char *outgoing_allow;  /* addresses inside the house that may be called: "127.0.0.1 10.1.0.0/16" */
	unsigned node;             /* 0 to 1023, different on each node */
};

/* Reads the file; what is missing gets its default. ERR_INVALID names the line. */
enum err config_read(struct ctx *ctx, const char *data_dir, struct app_config *ret) MUST_CHECK;
enum err config_write(struct ctx *ctx, const struct app_config *config) MUST_CHECK;

struct app {
	struct app_config config;
	struct store *store;
	struct manifest_parts parts;
	struct registry *registry;
	struct access *access;
	struct settings *settings;
	struct custom *custom; /* what administrators added */
	struct approvals *approvals; /* who is asked of changes; not when it is only looked at */
	struct machine *machine;
	struct blob_store *blobs;
	struct warehouse *warehouse; /* not when it is only looked at */
	struct jobs *jobs; /* only while serving */
	struct timers *timers; /* only while serving */
	struct services *services; /* only while serving */
	struct rest *rest; /* only while serving */
	struct http *http; /* only while serving */
	struct serve_audit *audit; /* only while serving */
	int lock_fd; /* of the folder, on PostgreSQL; -1: none (SQLite's store has its own) */
	struct arena arena; /* what lives as long as the program */
};

/* Opens text, store and registry and brings the schema up to date. */
enum err app_open(struct ctx *ctx, const struct app_config *config, bool read_only, struct app *app) MUST_CHECK;
void app_close(struct app *app);
/* Fills a context of another thread: registry (the first), store, app. */
void app_prepare(void *app, struct ctx *ctx);
/* The newest registry, for one request or the like; and its end. */
void app_begin(void *app, struct ctx *ctx);
void app_end(void *app, struct ctx *ctx);
/* Both: app_end follows. */
void app_prepare_held(void *app, struct ctx *ctx);
/* The same for a job: with the rights of the user it runs for. */
enum err app_prepare_user(void *app, struct ctx *ctx, int64_t user_id) MUST_CHECK; /* with the rights of a user, as they are now */
enum err app_prepare_job(void *app, struct ctx *ctx, const struct actor *who) MUST_CHECK;

/* --- what the program is made of ---------------------------------------------- */

/* Ended by NULL; written by the build from modules.deps, so that a folder needs no other shared line. */
extern const struct manifest *const app_manifests[];

/* A name for what the descriptors of ctx's registry are: entities, fields, what is searched, in their order. */
enum { APP_LAYOUT_MAX = 32 };
enum err app_layout(struct ctx *ctx, char ret[APP_LAYOUT_MAX]) MUST_CHECK;

/* All schema steps. */
enum err app_migrate(struct ctx *ctx, struct app *app) MUST_CHECK;
int app_schema_version(void);
/* Puts the rows of a copy into a new schema (store_restore), as far as its steps had come. */
enum err app_restore_store(struct ctx *ctx, const struct app_config *config, const struct store_config *store, const char *path,
                           const char *columns) MUST_CHECK; /* those that administrators added (custom.h); NULL: none */

/* --- words -------------------------------------------------------------------- */

/* Message for a fault in the context's language; lives in ctx's arena or for ever. */
const char *app_message(const struct ctx *ctx, const struct fault *fault);
/* A descriptor's label in the context's language. */
const char *app_label(struct ctx *ctx, const struct text2 *text);
/* All faults of the context as lines, for the command line. */
void app_print_faults(const struct ctx *ctx, FILE *err);

/* --- the page ------------------------------------------------------------------- */

bool app_page(const char *path, struct http_page *ret);

#endif
