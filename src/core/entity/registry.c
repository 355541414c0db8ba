#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/str.h"
#include "core/entity/entity_internal.h"

/* Descriptors and statements of a few hundred entities; a bound, not a budget. */
enum { REGISTRY_MEMORY_MAX = 64 * 1024 * 1024, SETTINGS_MEMORY_MAX = 1024 * 1024 };

static const struct field system_fields[SF_COUNT] = {
	[SF_ID] = {.name = "id", .type = FIELD_LINK, .flags = F_READONLY, .label = {"ID", "编号"}},
	[SF_VERSION] = {.name = "version", .type = FIELD_INT, .flags = F_READONLY | F_REQUIRED, .label = {"Version", "版本"}},
	[SF_CREATED_AT] = {.name = "created_at", .type = FIELD_TIME, .flags = F_READONLY | F_REQUIRED,
	                   .label = {"Created at", "创建时间"}},
	[SF_CREATED_BY] = {.name = "created_by", .type = FIELD_LINK, .link = "user", .flags = F_READONLY,
	                   .label = {"Created by", "创建人"}},
	[SF_UPDATED_AT] = {.name = "updated_at", .type = FIELD_TIME, .flags = F_READONLY | F_REQUIRED,
	                   .label = {"Updated at", "更新时间"}},
	[SF_UPDATED_BY] = {.name = "updated_by", .type = FIELD_LINK, .link = "user", .flags = F_READONLY,
	                   .label = {"Updated by", "更新人"}},
};

/* --- names ---------------------------------------------------------------- */

static bool names_init(struct arena *arena, struct entity_names *names, size_t n)
{
	size_t slots = 8;
	while (slots < n * 2)
		slots *= 2;
	names->keys = arena_array(arena, slots, sizeof(*names->keys));
	names->values = arena_array(arena, slots, sizeof(*names->values));
	names->mask = slots - 1;
	return names->keys && names->values;
}

/* False if the name stands there already. */
static bool names_add(struct entity_names *names, const char *key, int value)
{
	size_t slot = str_hash(key, strlen(key)) & names->mask;
	while (names->keys[slot]) {
		if (str_equal(names->keys[slot], key))
			return false;
		slot = (slot + 1) & names->mask;
	}
	names->keys[slot] = key;
	names->values[slot] = value;
	return true;
}

static int names_find(const struct entity_names *names, const char *key)
{
	size_t slot = str_hash(key, strlen(key)) & names->mask;
	while (names->keys[slot]) {
		if (strcmp(names->keys[slot], key) == 0)
			return names->values[slot];
		slot = (slot + 1) & names->mask;
	}
	return -1;
}

/* --- building ------------------------------------------------------------- */

static enum err no_memory(struct ctx *ctx)
{
	return fail(ctx, ERR_LIMIT, "", "memory");
}

static enum err wrong(struct ctx *ctx, const char *entity, const char *field, const char *why)
{
	char path[160];
	snprintf(path, sizeof(path), "%s%s%s", entity, field ? "." : "", field ? field : "");
	return fail_arg(ctx, ERR_BUG, path, "descriptor", why);
}

static int optional_field(const struct entity_info *info, const char *name)
{
	return name ? entity_field(info, name) : -1;
}

static size_t count_aliases(const struct entity *entity)
{
	size_t n = 0;
	for (size_t i = 0; i < entity->n_fields; i++)
		for (const char *const *alias = entity->fields[i].aliases; alias && *alias; alias++)
			n++;
	return n;
}

/* What a field was called before gives way to what others are called now. */
static void name_aliases(struct entity_state *state)
{
	for (size_t i = SF_COUNT; i < state->info.n_fields; i++)
		for (const char *const *alias = state->info.fields[i]->aliases; alias && *alias; alias++)
			(void)names_add(&state->names, *alias, (int)i);
}

/* Fields by position and by name. */
static enum err build_fields(struct ctx *ctx, struct registry *registry, struct entity_state *state, const struct entity *entity)
{
	struct arena *arena = &registry->arena;
	size_t n = SF_COUNT + entity->n_fields;
	state->info.entity = entity;
	state->info.n_fields = n;
	state->info.fields = arena_array(arena, n, sizeof(*state->info.fields));
	state->links = arena_array(arena, n, sizeof(*state->links));
	state->currency = arena_array(arena, n, sizeof(*state->currency));
	state->sources = arena_array(arena, n, sizeof(*state->sources));
	state->form = arena_array(arena, n, sizeof(*state->form));
	state->is_currency = arena_array(arena, n, sizeof(*state->is_currency));
	state->column = arena_array(arena, n, sizeof(*state->column));
	state->log_keys = arena_array(arena, n, sizeof(*state->log_keys));
	state->many = arena_array(arena, n, sizeof(*state->many));
	state->searched = arena_array(arena, n, sizeof(*state->searched));
	state->moves = arena_array(arena, n, sizeof(*state->moves));
	state->numbered = arena_array(arena, n, sizeof(*state->numbered));
	if (!names_init(arena, &state->names, n + count_aliases(entity)) || arena->failed)
		return no_memory(ctx);
	int column = 0;
	for (size_t i = 0; i < n; i++) {
		const struct field *field = i < SF_COUNT ? &system_fields[i] : &entity->fields[i - SF_COUNT];
		state->info.fields[i] = field;
		state->currency[i] = -1;
		state->form[i] = -1;
		state->log_keys[i] = arena_printf(arena, "\"%s\":[", field->name);
		state->column[i] = field->type == FIELD_LINKS ? -1 : column++;
		if (field->type == FIELD_LINKS)
			state->many[state->n_many++] = (int)i;
		if (field->transitions)
			state->moves[state->n_moves++] = (int)i;
		if (field->sequence)
			state->numbered[state->n_numbered++] = (int)i;
		if (field->flags & F_SEARCH)
			state->searched[state->n_searched++] = (int)i;
		if (!state->log_keys[i])
			return no_memory(ctx);
		if (!names_add(&state->names, field->name, (int)i))
			return wrong(ctx, entity->name, field->name, "duplicate");
	}
	name_aliases(state);
	return OK;
}

/* What a field is made from stands in the record itself, in the one it belongs to, or in records of another kind. */
static struct entity_source source_of(const struct registry *registry, const struct entity_info *info, int field)
{
	const char *source = info->fields[field]->made_from, *dot = strchr(source, '.');
	char name[64];
	if (dot) {
		snprintf(name, sizeof(name), "%.*s", (int)(dot - source), source);
		const struct entity_info *other = registry_find(registry, name);
		return (struct entity_source){other, other ? entity_field(other, dot + 1) : -1};
	}
	int at = entity_field(info, source);
	if (at >= 0 && at != field)
		return (struct entity_source){info, at};
	return (struct entity_source){info->parent_info, info->parent_info ? entity_field(info->parent_info, source) : -1};
}

/* What the descriptor names: owners, parent, title, links, currencies. */
static enum err resolve(struct ctx *ctx, struct registry *registry, struct entity_state *state)
{
	const struct entity *entity = state->info.entity;
	struct entity_info *info = &state->info;
	info->owner = optional_field(info, entity->owner);
	info->team = optional_field(info, entity->team);
	info->branch = optional_field(info, entity->branch);
	info->parent = optional_field(info, entity->parent);
	info->title = optional_field(info, entity->title);
	info->cap = entity->cap != 0 ? entity->cap : entity->flags & E_SYSTEM ? CAP_USERS : 0;
	for (size_t i = 0; i < info->n_fields; i++) {
		const struct field *field = info->fields[i];
		if (field->link) {
			state->links[i] = registry_find(registry, field->link);
			if (!state->links[i] && i >= SF_COUNT)
				return wrong(ctx, entity->name, field->name, "unknown link");
		}
		if (field->form_of) {
			int at = entity_field(info, field->form_of);
			if (at < 0)
				return wrong(ctx, entity->name, field->name, "form of an unknown field");
			state->form[at] = (int)i;
		}
		if (field->currency_field) {
			int at = entity_field(info, field->currency_field);
			if (at < 0)
				return wrong(ctx, entity->name, field->name, "unknown currency field");
			state->currency[i] = at;
			state->is_currency[at] = true;
		}
	}
	if (info->parent >= 0)
		info->parent_info = state->links[info->parent];
	for (size_t i = 0; i < info->n_fields; i++)
		if (info->fields[i]->made_from)
			state->sources[i] = source_of(registry, info, (int)i);
	return OK;
}

static bool is_search_child(const struct entity_state *child, const struct entity_state *parent)
{
	return child->info.parent_info == &parent->info && child->n_searched > 0 && child->info.entity->search_rank == 0 &&
	       parent->info.entity->search_rank != 0;
}

/* Who points here, and whose text belongs into the search row. */
static enum err resolve_refs(struct ctx *ctx, struct registry *registry, struct entity_state *state)
{
	size_t n = 0;
	for (int pass = 0; pass < 2; pass++) {
		n = 0;
		state->n_search_children = 0;
		for (size_t e = 0; e < registry->n; e++) {
			const struct entity_state *from = &registry->list[e];
			for (size_t i = SF_COUNT; i < from->info.n_fields; i++) {
				if (from->links[i] != &state->info)
					continue;
				if (pass)
					state->refs[n] = (struct entity_ref){&from->info, (int)i};
				n++;
			}
			if (is_search_child(from, state)) {
				if (pass)
					state->search_children[state->n_search_children] = from;
				state->n_search_children++;
			}
		}
		if (!pass) {
			state->refs = arena_array(&registry->arena, n + 1, sizeof(*state->refs));
			state->search_children =
				arena_array(&registry->arena, state->n_search_children + 1, sizeof(const struct entity_state *));
			if (registry->arena.failed)
				return no_memory(ctx);
		}
	}
	state->n_refs = n;
	return OK;
}

/* Fields that may refer to a record of any kind. */
static enum err find_anys(struct ctx *ctx, struct registry *registry)
{
	for (int pass = 0; pass < 2; pass++) {
		registry->n_anys = 0;
		for (size_t e = 0; e < registry->n; e++) {
			const struct entity_info *info = &registry->list[e].info;
			for (size_t i = SF_COUNT; i < info->n_fields; i++)
				if (info->fields[i]->flags & F_ANY) {
					if (pass)
						registry->anys[registry->n_anys] = (struct entity_ref){info, (int)i};
					registry->n_anys++;
				}
		}
		if (!pass)
			registry->anys = arena_array(&registry->arena, registry->n_anys + 1, sizeof(*registry->anys));
		if (!registry->anys)
			return no_memory(ctx);
	}
	return OK;
}

/* What needs the others resolved. */
static enum err finish_entity(struct ctx *ctx, struct registry *registry, struct entity_state *state)
{
	enum err err = resolve_refs(ctx, registry, state);
	if (!err)
		err = registry_make_sql(ctx, registry, state);
	return !err && !registry_find_leads(&registry->arena, state) ? no_memory(ctx) : err;
}

static enum err build(struct ctx *ctx, struct registry *registry, const struct entity *const *list, size_t n)
{
	registry->list = arena_array(&registry->arena, n + 1, sizeof(*registry->list));
	if (!registry->list || !names_init(&registry->arena, &registry->names, 2 * n))
		return no_memory(ctx);
	registry->n = n;
	for (size_t i = 0; i < n; i++) {
		struct entity_state *state = &registry->list[i];
		state->registry = registry;
		state->info.number = i;
		enum err err = build_fields(ctx, registry, state, list[i]);
		if (err)
			return err;
		if (!names_add(&registry->names, list[i]->name, (int)i))
			return wrong(ctx, list[i]->name, NULL, "duplicate");
		if (!str_equal(list[i]->plural, list[i]->name) && !names_add(&registry->names, list[i]->plural, (int)i))
			return wrong(ctx, list[i]->plural, NULL, "duplicate");
	}
	for (size_t i = 0; i < n; i++) {
		enum err err = resolve(ctx, registry, &registry->list[i]);
		if (err)
			return err;
	}
	for (size_t i = 0; i < n; i++) {
		enum err err = finish_entity(ctx, registry, &registry->list[i]);
		if (err)
			return err;
	}
	enum err found = find_anys(ctx, registry);
	if (found)
		return found;
	/* The checks parse default values, for which the context must have the registry. */
	struct registry *before = ctx->registry;
	ctx->registry = registry;
	enum err err = OK;
	for (size_t i = 0; i < n && !err; i++)
		err = registry_check_info(ctx, registry, &registry->list[i]);
	ctx->registry = before;
	return err;
}

enum err registry_make(struct ctx *ctx, struct registry_root *root, const struct entity *const *list, size_t n, struct registry **ret)
{
	*ret = NULL;
	enum err err = registry_check_list(ctx, list, n);
	if (err)
		return err;
	struct registry *registry = calloc(1, sizeof(*registry));
	if (!registry)
		return no_memory(ctx);
	arena_init(&registry->arena, REGISTRY_MEMORY_MAX);
	registry->root = root;
	registry_caps_begin(registry, root->first);
	err = build(ctx, registry, list, n);
	if (!err && root->reactions)
		err = registry_react(ctx, registry, root->reactions);
	if (err) {
		registry_dispose(registry);
		return err;
	}
	*ret = registry;
	return OK;
}

void registry_dispose(struct registry *registry)
{
	if (registry->drop)
		registry->drop(registry->keep);
	arena_release(&registry->arena);
	free(registry);
}

static void root_free(struct registry_root *root)
{
	pthread_mutex_destroy(&root->setting);
	pthread_mutex_destroy(&root->following);
	arena_release(&root->arena);
	free(root);
}

enum err registry_new(struct ctx *ctx, const struct entity *const *list, size_t n, unsigned node, struct registry **ret)
{
	*ret = NULL;
	if (node > ID_NODE_MAX)
		return fail(ctx, ERR_INVALID, "node", "out_of_range");
	struct registry_root *root = calloc(1, sizeof(*root));
	if (!root)
		return no_memory(ctx);
	arena_init(&root->arena, SETTINGS_MEMORY_MAX);
	id_source_init(&root->ids, node);
	atomic_init(&root->base_currency, "CNY");
	atomic_init(&root->phone_region, "CN");
	pthread_mutex_init(&root->setting, NULL);
	pthread_mutex_init(&root->following, NULL);
	struct registry *first;
	enum err err = registry_make(ctx, root, list, n, &first);
	if (err) {
		root_free(root);
		return err;
	}
	registry_hold_first(root, first);
	*ret = first;
	return OK;
}

void registry_free(struct registry *registry)
{
	if (!registry)
		return;
	struct registry_root *root = registry->root;
	registry_hold_end(root);
	root_free(root);
}

/* --- settings ------------------------------------------------------------- */

/* The texts stay for as long as the registries, as somebody may still hold an older one. */
static enum err set_text(struct ctx *ctx, struct registry_root *root, _Atomic(const char *) *slot, const char *text)
{
	pthread_mutex_lock(&root->setting);
	const char *copy = arena_strdup(&root->arena, text);
	if (copy)
		atomic_store_explicit(slot, copy, memory_order_release);
	pthread_mutex_unlock(&root->setting);
	return copy ? OK : no_memory(ctx);
}

enum err registry_set_base_currency(struct ctx *ctx, struct registry *registry, const char *currency)
{
	if (currency_scale(currency) < 0)
		return fail(ctx, ERR_INVALID, "base_currency", "currency_invalid");
	return str_equal(currency, registry_base_currency(registry)) ? OK : set_text(ctx, registry->root, &registry->root->base_currency, currency);
}

enum err registry_set_phone_region(struct ctx *ctx, struct registry *registry, const char *region)
{
	if (strlen(region) != 2)
		return fail(ctx, ERR_INVALID, "phone_region", "region_invalid");
	return str_equal(region, registry_phone_region(registry)) ? OK : set_text(ctx, registry->root, &registry->root->phone_region, region);
}

enum err registry_set(struct ctx *ctx, struct registry *registry, const struct registry_settings *settings)
{
	enum err err = registry_set_base_currency(ctx, registry, settings->base_currency ? settings->base_currency : "CNY");
	return err ? err : registry_set_phone_region(ctx, registry, settings->phone_region ? settings->phone_region : "CN");
}

const char *registry_base_currency(const struct registry *registry)
{
	return registry ? atomic_load_explicit(&registry->root->base_currency, memory_order_acquire) : "CNY";
}

const char *registry_phone_region(const struct registry *registry)
{
	return registry ? atomic_load_explicit(&registry->root->phone_region, memory_order_acquire) : "CN";
}

static enum err holds_money(struct ctx *ctx, const struct entity_info *info, const struct field *field, bool *ret)
{
	struct stmt *stmt;
	const char *text = arena_printf(ctx->arena, "SELECT 1 FROM \"%s\" WHERE \"%s\" <> 0 LIMIT 1", info->entity->name, field_column(field));
	enum err err = text ? db_prepare_text(ctx, ctx->db, text, &stmt) : no_memory(ctx);
	if (err)
		return err;
	err = stmt_step(ctx, stmt, ret);
	stmt_done(stmt);
	return err;
}

enum err registry_holds_money(struct ctx *ctx, bool *ret)
{
	enum err err = OK;
	*ret = false;
	for (size_t e = 0; e < registry_count(ctx->registry) && !err && !*ret; e++) {
		const struct entity_info *info = registry_at(ctx->registry, e);
		for (size_t f = 0; f < info->n_fields && !err && !*ret; f++)
			if (info->fields[f]->type == FIELD_MONEY && !(info->fields[f]->flags & F_READONLY))
				err = holds_money(ctx, info, info->fields[f], ret);
	}
	return err;
}

/* --- asking --------------------------------------------------------------- */

size_t registry_count(const struct registry *registry)
{
	return registry->n;
}

const struct entity_info *registry_at(const struct registry *registry, size_t number)
{
	return number < registry->n ? &registry->list[number].info : NULL;
}

const struct entity_info *registry_find(const struct registry *registry, const char *name)
{
	int at = name ? names_find(&registry->names, name) : -1;
	return at < 0 ? NULL : &registry->list[at].info;
}

int entity_field(const struct entity_info *info, const char *name)
{
	return name ? names_find(&entity_state(info)->names, name) : -1;
}

const struct entity_info *entity_link(const struct entity_info *info, int field)
{
	if (field < 0 || (size_t)field >= info->n_fields)
		return NULL;
	return entity_state(info)->links[field];
}

bool entity_any(const struct registry *registry, const char *text, const struct entity_info **ret_info, int64_t *ret_id)
{
	char name[64];
	size_t n = text ? strcspn(text, "/") : 0;
	if (n == 0 || n >= sizeof(name) || text[n] != '/')
		return false;
	memcpy(name, text, n);
	name[n] = '\0';
	*ret_info = registry_find(registry, name);
	if (!*ret_info || ((*ret_info)->entity->flags & (E_SYSTEM | E_INTERNAL)) || !str_equal((*ret_info)->entity->name, name))
		return false;
	return id_parse(text + n + 1, ret_id);
}

const struct entity_ref *entity_anys(const struct registry *registry, size_t *ret_n)
{
	*ret_n = registry->n_anys;
	return registry->anys;
}

const struct entity_ref *entity_refs(const struct entity_info *info, size_t *ret_n)
{
	*ret_n = entity_state(info)->n_refs;
	return entity_state(info)->refs;
}

int entity_key(const struct entity_info *info)
{
	for (int at = SF_COUNT; at < (int)info->n_fields; at++) {
		const struct field *field = info->fields[at];
		bool text = field->type == FIELD_TEXT || field->type == FIELD_CODE || field->type == FIELD_EMAIL;
		if (text && (field->flags & F_UNIQUE) && !(field->flags & F_SECRET))
			return at == info->title ? -1 : at;
	}
	return -1;
}

int entity_currency(const struct entity_info *info, int field)
{
	if (field < 0 || (size_t)field >= info->n_fields)
		return -1;
	return entity_state(info)->currency[field];
}

int64_t registry_next_id(struct ctx *ctx)
{
	return id_next(&ctx->registry->root->ids, ctx_now(ctx));
}

/* --- rights --------------------------------------------------------------- */

/* What the roles say, or the entity itself. */
static enum scope said_scope(const struct actor *actor, const struct entity_info *info, enum action action)
{
	if ((info->entity->flags & E_PRIVATE) && action == ACTION_READ && actor && actor->kind == ACTOR_USER)
		return gate_cap(actor, CAP_ADMIN) ? SCOPE_ALL : SCOPE_OWN;
	return gate_scope(actor, info->number, action);
}

enum scope entity_scope(const struct actor *actor, const struct entity_info *info, enum action action)
{
	bool writes = action == ACTION_CREATE || action == ACTION_UPDATE || action == ACTION_DELETE || action == ACTION_IMPORT;
	if (writes && info->cap && !gate_cap(actor, (enum capability)info->cap))
		return SCOPE_NONE;
	if (writes && (info->entity->flags & E_NO_API_WRITE) && !(actor && actor->kind == ACTOR_SYSTEM))
		return SCOPE_NONE;
	enum scope scope = said_scope(actor, info, action);
	for (const struct entity_info *up = info->parent_info; up && scope > SCOPE_NONE; up = up->parent_info) {
		enum scope above = said_scope(actor, up, ACTION_READ);
		if (above < scope)
			scope = above;
	}
	return scope;
}

static bool sees_source(const struct actor *actor, const struct entity_source *source)
{
	return source->field >= 0 && gate_field(actor, source->holder->number, (size_t)source->field) >= RIGHT_READ;
}

enum field_right entity_field_right(const struct actor *actor, const struct entity_info *info, int field)
{
	if (actor && actor->kind == ACTOR_SYSTEM)
		return RIGHT_WRITE;
	unsigned flags = info->fields[field]->flags;
	if (flags & (F_SECRET | F_RETIRED))
		return RIGHT_HIDDEN;
	if ((info->entity->flags & E_PRIVATE) && actor && actor->kind == ACTOR_USER)
		return RIGHT_READ; /* of all kinds of people; nobody writes there by hand */
	enum field_right right = gate_field(actor, info->number, (size_t)field);
	if (info->fields[field]->made_from && !sees_source(actor, &entity_state(info)->sources[field]))
		return RIGHT_HIDDEN;
	if ((field == SF_ID || field == SF_VERSION) && actor)
		return RIGHT_READ;
	if ((flags & F_READONLY) && right == RIGHT_WRITE)
		return RIGHT_READ;
	return right;
}
