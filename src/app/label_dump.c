/* Build tool: prints every Chinese label of the descriptors, one a line, for the
 * table of their Traditional forms. */
#include <stdio.h>

#include "app/app.h"

static void put(const struct text2 *text)
{
	if (text->zh != NULL)
		puts(text->zh);
}

static void put_field(const struct field *field)
{
	put(&field->label);
	put(&field->help);
	for (const struct option *o = field->options; o != NULL && o->value != NULL; o++)
		put(&o->label);
	for (const struct transition *t = field->transitions; t != NULL && t->name != NULL; t++)
		put(&t->label);
}

/* The fields that every entity has stand in the registry only. */
static bool put_system_fields(const struct manifest_parts *parts)
{
	struct arena arena;
	struct ctx ctx;
	struct registry *registry;
	arena_init(&arena, 64u << 20);
	ctx_init(&ctx, &arena, clock_system());
	bool good = registry_new(&ctx, parts->entities, parts->n_entities, 0, &registry) == OK;
	for (int i = 0; good && i < SF_COUNT; i++)
		put_field(registry_at(registry, 0)->fields[i]);
	if (good)
		registry_free(registry);
	arena_release(&arena);
	return good;
}

int main(void)
{
	struct arena arena;
	struct manifest_parts parts;
	arena_init(&arena, 1u << 20);
	if (!manifest_join(&arena, app_manifests, &parts) || !put_system_fields(&parts))
		return 1;
	for (size_t t = 0; parts.settings[t] != NULL; t++) {
		for (const struct setting *s = parts.settings[t]; s->name != NULL; s++) {
			put(&s->group);
			put(&s->label);
			put(&s->help);
			for (const struct option *o = s->options; o != NULL && o->value != NULL; o++)
				put(&o->label);
		}
	}
	for (size_t t = 0; parts.caps[t] != NULL; t++)
		for (const struct cap_name *cap = parts.caps[t]; cap->name != NULL; cap++)
			put(&cap->label);
	for (size_t t = 0; parts.roles[t] != NULL; t++) {
		for (const struct role_default *role = parts.roles[t]; role->key != NULL; role++) {
			put(&role->name);
			put(&role->note);
		}
	}
	for (size_t i = 0; i < parts.n_entities; i++) {
		const struct entity *e = parts.entities[i];
		put(&e->label);
		put(&e->label_many);
		for (const struct field_group *g = e->groups; g != NULL && g->key != NULL; g++)
			put(&g->label);
		for (size_t f = 0; f < e->n_fields; f++)
			put_field(&e->fields[f]);
	}
	arena_release(&arena);
	return 0;
}
