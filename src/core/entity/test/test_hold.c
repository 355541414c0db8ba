/* Registries that follow each other while others work: each holds one from beginning to end. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "help.h"

enum { READERS = 4, ROUNDS = 60, FIELDS = 8 };

static struct world world;
static _Atomic int made, gone;
static _Atomic bool over;

static int setup(void **state)
{
	(void)state;
	world_light(&world);
	atomic_store(&made, 0);
	atomic_store(&gone, 0);
	atomic_store(&over, false);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	world_light_close(&world);
	return 0;
}

/* The client with `more` fields behind its own; all of it in one block. */
struct grown {
	struct entity entity;
	char names[FIELDS][32];
	struct field fields[64 + FIELDS];
	const struct entity *list[64];
};

static void forget(void *keep)
{
	struct grown *grown = keep;
	memset(grown, 0xdd, sizeof(*grown)); /* who still looks there is found out */
	free(grown);
	atomic_fetch_add(&gone, 1);
}

static enum err follow(struct ctx *ctx, struct registry *registry, size_t more)
{
	struct grown *grown = calloc(1, sizeof(*grown));
	assert_non_null(grown);
	atomic_fetch_add(&made, 1);
	for (size_t i = 0; i < test_entities_n; i++) {
		grown->list[i] = test_entities[i];
		if (!str_equal(test_entities[i]->name, "client"))
			continue;
		grown->entity = *test_entities[i];
		size_t n = grown->entity.n_fields;
		memcpy(grown->fields, grown->entity.fields, n * sizeof(struct field));
		for (size_t f = 0; f < more; f++) {
			snprintf(grown->names[f], sizeof(grown->names[f]), "own_%zu", f);
			grown->fields[n + f] = (struct field){.name = grown->names[f], .type = FIELD_TEXT, .flags = F_CUSTOM, .label = {"Own", "自定义"}};
		}
		grown->entity.fields = grown->fields;
		grown->entity.n_fields = n + more;
		grown->list[i] = &grown->entity;
	}
	return registry_follow(ctx, registry, grown->list, test_entities_n, grown, forget);
}

static void newest_is_held(void **state)
{
	(void)state;
	struct registry *first = registry_hold(world.registry);
	assert_ptr_equal(first, world.registry);
	assert_int_equal(follow(&world.ctx, world.registry, 1), OK);
	struct registry *second = registry_hold(world.registry);
	assert_ptr_not_equal(second, first);
	assert_int_equal(entity_field(registry_find(first, "client"), "own_0"), -1);
	assert_true(entity_field(registry_find(second, "client"), "own_0") > 0);
	assert_int_equal(registry_number(second), 2);
	assert_int_equal(follow(&world.ctx, second, 2), OK);
	assert_int_equal(atomic_load(&gone), 0); /* the second is held */
	assert_int_equal(registry_oldest(first), 2);
	assert_true(entity_field(registry_find(second, "client"), "own_1") < 0);
	registry_release(second);
	assert_int_equal(atomic_load(&gone), 1);
	assert_int_equal(registry_oldest(first), 3);
	registry_release(first);
	registry_release(NULL);
	assert_ptr_equal(registry_first(first), world.registry);
}

/* A descriptor that is wrong leaves what there was, and keeps nothing. */
static void refused(void **state)
{
	(void)state;
	struct grown *grown = calloc(1, sizeof(*grown));
	assert_non_null(grown);
	atomic_fetch_add(&made, 1);
	grown->entity = (struct entity){.name = "Wrong"};
	grown->list[0] = &grown->entity;
	assert_int_equal(registry_follow(&world.ctx, world.registry, grown->list, 1, grown, forget), ERR_BUG);
	faults_clear(&world.ctx);
	assert_int_equal(atomic_load(&gone), 1);
	struct registry *held = registry_hold(world.registry);
	assert_ptr_equal(held, world.registry);
	registry_release(held);
}

/* Nothing of an older registry is left in a name that a newer one gives to something else. */
static void aliases(void **state)
{
	(void)state;
	static const char *const before[] = {"nickname", NULL};
	static const char *const taken[] = {"name", NULL};
	struct grown *grown = calloc(1, sizeof(*grown));
	assert_non_null(grown);
	atomic_fetch_add(&made, 1);
	for (size_t i = 0; i < test_entities_n; i++)
		grown->list[i] = test_entities[i];
	for (size_t i = 0; i < test_entities_n; i++)
		if (str_equal(test_entities[i]->name, "client")) {
			grown->entity = *test_entities[i];
			size_t n = grown->entity.n_fields;
			memcpy(grown->fields, grown->entity.fields, n * sizeof(struct field));
			grown->fields[n] = (struct field){.name = "called", .column = "nickname__1", .type = FIELD_TEXT, .flags = F_CUSTOM,
			                                  .label = {"Called", "称呼"}, .aliases = before};
			grown->fields[n + 1] = (struct field){.name = "second", .type = FIELD_TEXT, .flags = F_CUSTOM, .label = {"Second", "第二"},
			                                      .aliases = taken};
			grown->entity.fields = grown->fields;
			grown->entity.n_fields = n + 2;
			grown->list[i] = &grown->entity;
		}
	assert_int_equal(registry_follow(&world.ctx, world.registry, grown->list, test_entities_n, grown, forget), OK);
	struct registry *held = registry_hold(world.registry);
	const struct entity_info *client = registry_find(held, "client");
	assert_int_equal(entity_field(client, "nickname"), entity_field(client, "called"));
	assert_string_equal(client->fields[entity_field(client, "name")]->name, "name");
	registry_release(held);
}

struct reader {
	pthread_t thread;
	int64_t rounds;
	bool wrong;
};

/* What is held agrees with itself, however long it is looked at. */
static void *read_on(void *arg)
{
	struct reader *reader = arg;
	while (!atomic_load(&over)) {
		struct registry *held = registry_hold(world.registry);
		const struct entity_info *client = registry_find(held, "client");
		uint64_t number = registry_number(held);
		for (size_t i = 0; i < client->n_fields; i++)
			reader->wrong |= entity_field(client, client->fields[i]->name) != (int)i;
		reader->wrong |= registry_number(held) != number || registry_find(held, "clients") != client;
		registry_release(held);
		reader->rounds++;
	}
	return NULL;
}

static void many_at_once(void **state)
{
	(void)state;
	struct reader readers[READERS] = {0};
	for (int i = 0; i < READERS; i++)
		assert_int_equal(pthread_create(&readers[i].thread, NULL, read_on, &readers[i]), 0);
	for (int i = 0; i < ROUNDS; i++)
		assert_int_equal(follow(&world.ctx, world.registry, 1 + (size_t)i % FIELDS), OK);
	atomic_store(&over, true);
	for (int i = 0; i < READERS; i++) {
		pthread_join(readers[i].thread, NULL);
		assert_false(readers[i].wrong);
		assert_true(readers[i].rounds > 0);
	}
	assert_int_equal(atomic_load(&gone), atomic_load(&made) - 1); /* all but the newest */
}

/* More old ones than there are slots are refused, and taken again when one is given back. */
static void too_many(void **state)
{
	(void)state;
	enum { MANY = 300 };
	struct registry *held[MANY];
	int n = 0;
	enum err err = OK;
	while (n < MANY && (err = follow(&world.ctx, world.registry, 1)) == OK)
		held[n++] = registry_hold(world.registry);
	assert_int_equal(err, ERR_RETRY);
	faults_clear(&world.ctx);
	registry_release(held[0]);
	assert_int_equal(follow(&world.ctx, world.registry, 1), OK);
	for (int i = 1; i < n; i++)
		registry_release(held[i]);
	assert_int_equal(atomic_load(&gone), atomic_load(&made) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(newest_is_held, setup, teardown),
		cmocka_unit_test_setup_teardown(refused, setup, teardown),
		cmocka_unit_test_setup_teardown(aliases, setup, teardown),
		cmocka_unit_test_setup_teardown(many_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(too_many, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
