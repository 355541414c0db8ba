/* The real entities on a store of either engine, for imports and exports. */
#ifndef GUANXI_TESTS_IMPORT_WORLD_H
#define GUANXI_TESTS_IMPORT_WORLD_H

#include "base/test/check.h"
#include "core/exchange/exchange.h"
#include "core/exchange/import.h"
#include "core/store/store.h"

struct app {
	struct blob_store *blobs;
};

struct world {
	char dir[64], schema[64];
	struct arena arena;
	struct ctx ctx;
	struct store *store;
	struct registry *registry;
	struct db *db;
	struct app app;
	struct actor actor;
	struct entity_rights rights[64];
	uint8_t fields[64][96];
	bool kept; /* the folder is somebody else's */
};

#define test_fail(...)                                                                                                             \
	do {                                                                                                                       \
		print_error(__VA_ARGS__);                                                                                          \
		print_error("\n");                                                                                                 \
		_fail(__FILE__, __LINE__);                                                                                         \
	} while (0)

/* NULL pg_url: SQLite.  `dir` NULL: a new folder, removed at the end; else that one is opened again. */
void world_open(struct world *world, const char *pg_url, const char *dir, const char *schema);
void world_close(struct world *world);
/* Clears the request's memory. */
void world_reset(struct world *world);

/* A user with this scope for everything, all fields writable. */
void actor_as(struct world *world, enum scope scope, int64_t user);
void actor_system(struct world *world);
void actor_scope(struct world *world, const char *entity, enum action action, enum scope scope);
void actor_field(struct world *world, const char *entity, const char *field, enum field_right right);

/* Imports and must succeed. */
struct import_result import(struct world *world, const struct import_request *request);
/* A file in the world's folder. */
const char *write_file(struct world *world, const char *name, const char *text);
int64_t number(struct world *world, const char *sql);
const char *text(struct world *world, const char *sql);
void show_faults(const struct world *world);
const char *shared_data(struct world *world, const char *file); /* NULL: not there */

/* The engines to test on: SQLite, and PostgreSQL when GUANXI_TEST_PG is set. */
size_t engines(const char *ret[2]);
/* Runs the test on each, in a world of its own. */
void on_each_engine(void (*test)(struct world *world));

#endif
