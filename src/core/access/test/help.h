/* A store of either engine with this folder's entities and two of business, the
 * service, a server, and a browser of a few lines. */
#ifndef GUANXI_CORE_ACCESS_TEST_HELP_H
#define GUANXI_CORE_ACCESS_TEST_HELP_H

#include "base/test/check.h"
#include "core/access/access_internal.h"

/* cmocka's own goes through a macro `fail`, which is our function's name */
#undef fail_msg
#define fail_msg(...)                        \
	do {                                 \
		print_error(__VA_ARGS__);    \
		print_error("\n");           \
		_fail(__FILE__, __LINE__);   \
	} while (0)

struct app {
	struct access *access;
	struct registry *registry;
};

struct world {
	char dir[64], schema[64];
	struct arena arena;
	struct ctx ctx;
	struct store *store;
	struct registry *registry;
	struct db *db;
	struct clock clock;
	_Atomic int64_t ahead_ms; /* how far the clock is set forward */
	struct app app;
	struct http *http;
	int64_t admin, administrator; /* user, role */
};

extern const struct role_default *const test_roles[];
extern const struct role_right *const test_rights[];

#define ADMIN_EMAIL "boss@example.com"
#define GOOD_PASSWORD "wisteria-lantern-42"

/* NULL pg_url: SQLite. */
void world_open(struct world *world, const char *pg_url);
void world_close(struct world *world);
/* A second node on the first one's schema; PostgreSQL. */
void world_join(struct world *world, const struct world *first, const char *pg_url);
void world_leave(struct world *world);
/* Starts the server. */
void world_serve(struct world *world);
void world_forward(struct world *world, int64_t ms);

/* Each in a write job, as the system unless `actor` is given; faults of earlier calls are forgotten. */
enum err try_create(struct world *world, const struct actor *actor, const char *entity, const char *json, int64_t *ret_id);
enum err try_update(struct world *world, const struct actor *actor, const char *entity, int64_t id, const char *json);
enum err try_delete(struct world *world, const struct actor *actor, const char *entity, int64_t id);
int64_t must_create(struct world *world, const char *entity, const char *json);
void must_update(struct world *world, const char *entity, int64_t id, const char *json);
/* With GOOD_PASSWORD; roles: "[\"1\",…]" or NULL. */
int64_t make_user(struct world *world, const char *name, const char *email, const char *roles);
int64_t make_role(struct world *world, const char *name, const char *rights, const char *caps);
int64_t role_by_key(struct world *world, const char *key);
const char *id_list(struct world *world, int64_t a);
const struct actor *actor_of(struct world *world, int64_t user_id);
int64_t number(struct world *world, const char *sql);
bool has_fault(const struct world *world, const char *field, const char *key);
void show_faults(const struct world *world);
#define assert_fault(world, field, key)                             \
	do {                                                        \
		if (!has_fault(world, field, key)) {                \
			show_faults(world);                         \
			fail_msg("no fault %s %s", field, key);     \
		}                                                   \
	} while (0)
#define assert_ok(world, call)                                      \
	do {                                                        \
		enum err err_ = (call);                             \
		if (err_) {                                         \
			show_faults(world);                         \
			fail_msg("%s: error %d", #call, (int)err_); \
		}                                                   \
	} while (0)

/* --- the browser ------------------------------------------------------------ */

struct browser {
	struct world *world;
	int fd;
	char cookie[128], csrf[128];
	char bearer[160];   /* set: used instead of the cookie */
	char extra[512];    /* further header lines, each with \r\n, for the next request */
	int status;
	char head[4096];
	char body[1 << 20];
	json_t *json;       /* of the last answer; NULL if it is none */
};

struct browser *browser_new(struct world *world);
void browser_free(struct browser *browser);
/* One request on the kept connection; the status. body NULL: none. */
int ask(struct browser *browser, const char *method, const char *path, const char *body);
/* Value of an answer's header, in a static buffer; "" if absent. */
const char *header(const struct browser *browser, const char *name);
const char *text_of(const struct browser *browser, const char *member);
/* First fault key of a problem document. */
const char *fault_of(const struct browser *browser);
/* Signs in and keeps cookie and CSRF token; the status. */
int sign_in(struct browser *browser, const char *email, const char *password, const char *code);

/* --- short ways ---------------------------------------------------------------- */

extern const char *test_pg_url; /* of the engine under test; NULL: SQLite */
/* For cmocka: a world with a server in *state. */
int setup_served(void **state);
int teardown_world(void **state);

#define assert_status(browser, expected)                                                                                            \
	do {                                                                                                                        \
		if ((browser)->status != (expected))                                                                                \
			fail_msg("%s:%d: status %d, not %d: %s", __FILE__, __LINE__, (browser)->status, expected, (browser)->body); \
	} while (0)

#define asks(browser, method, path, body, expected)      \
	do {                                             \
		ask(browser, method, path, body);        \
		assert_status(browser, expected);        \
	} while (0)

/* "/api/v1/user/ * /rights" with the id in the place of the star (no spaces). */
const char *path_of(struct world *world, const char *pattern, int64_t id);
int64_t make_customer(struct world *world, const char *name, int64_t owner);
/* With GOOD_PASSWORD. */
struct browser *signed_in(struct world *world, const char *email);
/* Waits until PostgreSQL's entries are numbered. */
void sealed(struct world *world);
/* Refusals in the log, what waits to be written included. */
int64_t denied_entries(struct world *world);

#endif
