/* A small world of entities, a store of either engine, and short ways to write to it. */
#ifndef GUANXI_CORE_ENTITY_TEST_HELP_H
#define GUANXI_CORE_ENTITY_TEST_HELP_H

#include "base/test/check.h"
#include "core/events/events.h"
#include "core/entity/entity.h"
#include "core/entity/field_type.h"
#include "core/store/store.h"
#include "core/text/text.h"

/* user, team, branch, label, product, client, alias, deal, deal_line, memo, silent, sealed, ticket */
extern const struct entity *const test_entities[];
extern const size_t test_entities_n;

/* cmocka's fail_msg needs its macro `fail`, which is our function's name. */
#define test_fail(...)                                                                                                             \
	do {                                                                                                                       \
		print_error(__VA_ARGS__);                                                                                          \
		print_error("\n");                                                                                                 \
		_fail(__FILE__, __LINE__);                                                                                         \
	} while (0)

/* What the hooks of client saw. */
struct hook_log {
	int before, after;
	char refuse[32]; /* the name that the hook refuses */
};
extern struct hook_log test_hooks;

struct world {
	char dir[64], schema[64];
	struct arena arena;
	struct ctx ctx;
	struct store *store;
	struct registry *registry;
	struct db *db;      /* for reading */
	int64_t now_ms;
	struct clock clock;
	struct actor actor; /* a user; set up by actor_as */
	struct entity_rights rights[16];
	uint8_t fields[16][64];
};

/* NULL pg_url: SQLite. */
void world_open(struct world *world, const char *pg_url);
void world_close(struct world *world);

/* Memory and a registry, without a store. */
void world_light(struct world *world);
void world_light_close(struct world *world);

/* The actor is a user with this scope for every action on every entity, all fields writable. */
void actor_as(struct world *world, enum scope scope, int64_t user, int64_t team, int64_t branch);
void actor_system(struct world *world);
void actor_field(struct world *world, const char *entity, const char *field, enum field_right right);
void actor_scope(struct world *world, const char *entity, enum action action, enum scope scope);

/* Each in a write job of its own. Faults of earlier calls are forgotten. */
enum err make(struct world *world, const char *entity, const char *json, unsigned flags, int64_t *ret_id);
enum err change(struct world *world, const char *entity, int64_t id, const char *json, int64_t version, unsigned flags);
enum err drop(struct world *world, const char *entity, int64_t id, int64_t version, unsigned flags);
enum err back(struct world *world, const char *entity, int64_t id);
enum err get(struct world *world, const char *entity, int64_t id, enum action action, struct record **ret);
/* As the system, must succeed. */
int64_t must_make(struct world *world, const char *entity, const char *json);
struct record *must_load(struct world *world, const char *entity, int64_t id);
/* The record's API form, as the system sees it. */
const char *json_of(struct world *world, const char *entity, int64_t id);

bool has_fault(const struct world *world, const char *field, const char *key);
void show_faults(const struct world *world);
#define assert_fault(world, field, key)                                                                                            \
	do {                                                                                                                       \
		if (!has_fault(world, field, key)) {                                                                               \
			show_faults(world);                                                                                        \
			test_fail("no fault %s %s", field, key);                                                                    \
		}                                                                                                                  \
	} while (0)

int64_t count_rows(struct world *world, const char *sql);
/* Newest entry about a record: action name and diff; "" when there is none. */
struct seen {
	char action[16];
	const char *diff;
	int entries;
	int64_t group;
};
struct seen history(struct world *world, const char *entity, int64_t id);
/* Whether search finds the record by the text, as the current actor. */
bool finds(struct world *world, const char *typed, int64_t id);

#endif
