#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "core/access/access_internal.h"

/* A role's rights are a JSON object:
 *
 *   {"customer": {"read": "team", "update": "own", "fields": {"phone": "masked"}},
 *    "*":        {"read": "own", "fields": {"*": "read"}}}
 *
 * "*" speaks for what an entity's own object leaves open, and for entities not
 * named; never for entities of administration, which must be named.  A field
 * without a word is writable where the role may create or change, else readable. */

static const char *const action_names[ACTION_COUNT] = {"read", "create", "update", "delete", "export", "import"};
static const char *const scope_names[] = {"none", "own", "team", "branch", "all"};
static const char *const right_names[] = {"hidden", "masked", "read", "write"};

const char *access_action_name(enum action action)
{
	return (unsigned)action < ACTION_COUNT ? action_names[action] : "";
}

const char *access_scope_name(enum scope scope)
{
	return (unsigned)scope <= SCOPE_ALL ? scope_names[scope] : "none";
}

const char *access_right_name(enum field_right right)
{
	return (unsigned)right <= RIGHT_WRITE ? right_names[right] : "hidden";
}

static int name_index(const char *const *names, size_t n, const char *name)
{
	for (size_t i = 0; name && i < n; i++)
		if (str_equal(names[i], name))
			return (int)i;
	return -1;
}

enum err access_rights_new(struct ctx *ctx, struct rights **ret)
{
	size_t n = registry_count(ctx->registry);
	struct rights *rights = arena_alloc(ctx->arena, sizeof(*rights));
	struct grant *grants = arena_array(ctx->arena, n + 1, sizeof(*grants));
	if (!rights || !grants)
		return access_no_memory(ctx);
	for (size_t i = 0; i < n; i++) {
		grants[i].fields = arena_alloc(ctx->arena, registry_at(ctx->registry, i)->n_fields);
		if (!grants[i].fields)
			return access_no_memory(ctx);
	}
	*rights = (struct rights){.registry = ctx->registry, .grants = grants, .n = n};
	*ret = rights;
	return OK;
}

/* --- reading ----------------------------------------------------------------- */

static void wrong(struct ctx *ctx, const char *a, const char *b, const char *c, const char *key, const char *arg)
{
	char path[256];
	snprintf(path, sizeof(path), "%s%s%s%s%s", a, b ? "." : "", b ? b : "", c ? "." : "", c ? c : "");
	fault_add(ctx, ERR_INVALID, path, key, arg);
}

/* Checks one entity's object; all that is wrong is reported together. */
static void check_entity(struct ctx *ctx, const struct entity_info *info, const char *name, json_t *value)
{
	const char *key;
	json_t *member;
	if (!json_is_object(value)) {
		wrong(ctx, "rights", name, NULL, "role_not_object", NULL);
		return;
	}
	json_object_foreach(value, key, member) {
		if (!str_equal(key, "fields")) {
			if (name_index(action_names, ACTION_COUNT, key) < 0)
				wrong(ctx, "rights", name, key, "role_unknown_action", key);
			else if (name_index(scope_names, SCOPE_ALL + 1, json_string_value(member)) < 0)
				wrong(ctx, "rights", name, key, "role_unknown_scope", json_string_value(member));
			continue;
		}
		const char *field;
		json_t *right;
		if (!json_is_object(member))
			wrong(ctx, "rights", name, key, "role_not_object", NULL);
		json_object_foreach(member, field, right) {
			if (!str_equal(field, "*") && (!info || entity_field(info, field) < 0))
				wrong(ctx, "rights", name, field, "role_unknown_field", field);
			else if (name_index(right_names, RIGHT_WRITE + 1, json_string_value(right)) < 0)
				wrong(ctx, "rights", name, field, "role_unknown_right", json_string_value(right));
		}
	}
}

static void check_rights(struct ctx *ctx, json_t *root)
{
	const char *name;
	json_t *value;
	json_object_foreach(root, name, value) {
		const struct entity_info *info = registry_find(ctx->registry, name);
		if (!str_equal(name, "*") && (!info || !str_equal(info->entity->name, name)))
			wrong(ctx, "rights", name, NULL, "role_unknown_entity", name);
		else
			check_entity(ctx, info, name, value);
	}
}

static int scope_of(json_t *own, json_t *all, const char *action)
{
	int at = name_index(scope_names, SCOPE_ALL + 1, json_string_value(json_object_get(own, action)));
	if (at < 0)
		at = name_index(scope_names, SCOPE_ALL + 1, json_string_value(json_object_get(all, action)));
	return at < 0 ? SCOPE_NONE : at;
}

static int right_of(json_t *own, json_t *all, const char *field, int otherwise)
{
	json_t *fields = json_object_get(own, "fields");
	int at = name_index(right_names, RIGHT_WRITE + 1, json_string_value(json_object_get(fields, field)));
	if (at < 0)
		at = name_index(right_names, RIGHT_WRITE + 1, json_string_value(json_object_get(fields, "*")));
	if (at < 0)
		at = name_index(right_names, RIGHT_WRITE + 1,
		                json_string_value(json_object_get(json_object_get(all, "fields"), "*")));
	return at < 0 ? otherwise : at;
}

static void read_entity(const struct entity_info *info, json_t *root, struct grant *grant)
{
	unsigned closed = E_SYSTEM | E_INTERNAL;
	json_t *own = json_object_get(root, info->entity->name);
	json_t *all = info->entity->flags & closed ? NULL : json_object_get(root, "*");
	bool any = false;
	for (size_t a = 0; a < ACTION_COUNT; a++) {
		grant->scope[a] = (uint8_t)scope_of(own, all, action_names[a]);
		any = any || grant->scope[a] != SCOPE_NONE;
	}
	/* Fields of an entity a role says nothing of must not widen another role's. */
	if (!any)
		return;
	bool writes = grant->scope[ACTION_CREATE] || grant->scope[ACTION_UPDATE] || grant->scope[ACTION_IMPORT];
	for (size_t f = 0; f < info->n_fields; f++) {
		bool secret = info->fields[f]->flags & F_SECRET;
		grant->fields[f] = secret ? RIGHT_HIDDEN : (uint8_t)right_of(own, all, info->fields[f]->name, writes ? RIGHT_WRITE : RIGHT_READ);
	}
}

static json_t *load(struct ctx *ctx, const char *field, const char *text, bool list, bool strict)
{
	json_error_t error;
	json_t *root = json_loads(str_empty(text) ? (list ? "[]" : "{}") : text, JSON_REJECT_DUPLICATES, &error);
	if (root && (list ? json_is_array(root) : json_is_object(root)))
		return root;
	if (strict)
		fault_add(ctx, ERR_INVALID, field, list ? "role_not_list" : "role_not_object", NULL);
	json_decref(root);
	return NULL;
}

static void read_caps(struct ctx *ctx, json_t *list, bool strict, uint32_t *ret)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *name = json_string_value(json_array_get(list, i));
		uint32_t cap = registry_cap(ctx->registry, name);
		*ret |= cap;
		if (cap == CAP_ADMIN) /* whoever may change all settings may do what folders name, too */
			*ret |= registry_cap_named(ctx->registry);
		if (!cap && strict)
			wrong(ctx, "caps", name ? name : "", NULL, "role_unknown_cap", name);
	}
}

enum err access_rights_parse(struct ctx *ctx, const char *rights, const char *cap_list, bool strict, struct rights **ret)
{
	enum err err = access_rights_new(ctx, ret);
	if (err)
		return err;
	size_t before = ctx->faults.count;
	json_t *root = load(ctx, "rights", rights, false, strict);
	json_t *list = load(ctx, "caps", cap_list, true, strict);
	if (strict && root)
		check_rights(ctx, root);
	for (size_t i = 0; root && i < (*ret)->n; i++)
		read_entity(registry_at(ctx->registry, i), root, &(*ret)->grants[i]);
	read_caps(ctx, list, strict, &(*ret)->caps);
	json_decref(root);
	json_decref(list);
	return ctx->faults.count > before ? ERR_INVALID : OK;
}

/* --- putting together ----------------------------------------------------------- */

/* What colleagues may know of each other: names for owners and pickers. */
static const struct {
	const char *entity;
	const char *const *fields; /* NULL: all */
} directory[] = {
	{"user", (const char *const[]){"id", "version", "name", "email", "phone", "team_id", "branch_id", "region_id", "active", NULL}},
	{"team", NULL},
	{"branch", NULL},
	{"region", NULL},
	{"role", (const char *const[]){"id", "version", "key", "name", "name_zh", "note", NULL}},
};

static void set_all(const struct entity_info *info, struct grant *grant)
{
	memset(grant->scope, SCOPE_ALL, sizeof(grant->scope));
	for (size_t f = 0; f < info->n_fields; f++)
		grant->fields[f] = info->fields[f]->flags & F_SECRET ? RIGHT_HIDDEN : RIGHT_WRITE;
}

static void set_directory(struct rights *rights, size_t at)
{
	const struct entity_info *info = registry_find(rights->registry, directory[at].entity);
	if (!info)
		return;
	struct grant *grant = &rights->grants[info->number];
	grant->scope[ACTION_READ] = SCOPE_ALL;
	for (size_t f = 0; !directory[at].fields && f < info->n_fields; f++)
		if (grant->fields[f] < RIGHT_READ && !(info->fields[f]->flags & F_SECRET))
			grant->fields[f] = RIGHT_READ;
	for (size_t i = 0; directory[at].fields && directory[at].fields[i]; i++) {
		int f = entity_field(info, directory[at].fields[i]);
		if (f >= 0 && grant->fields[f] < RIGHT_READ)
			grant->fields[f] = RIGHT_READ;
	}
}

/* Lists that everybody shares (products, tags, shops) have no owner to be asked for: who reads any of such a list reads it. */
static void share_lists(struct rights *rights)
{
	for (size_t e = 0; e < rights->n; e++) {
		const struct entity_info *info = registry_at(rights->registry, e);
		bool owned = info->owner >= 0 || info->team >= 0 || info->branch >= 0 || info->parent >= 0;
		if (owned || (info->entity->flags & (E_SYSTEM | E_INTERNAL | E_PRIVATE)))
			continue;
		uint8_t *scope = rights->grants[e].scope;
		if (scope[ACTION_READ] > SCOPE_NONE)
			scope[ACTION_READ] = SCOPE_ALL;
		if (scope[ACTION_EXPORT] > SCOPE_NONE)
			scope[ACTION_EXPORT] = SCOPE_ALL;
	}
}

/* Whoever may bring in a file may see what became of it. */
static void show_own_imports(struct rights *rights)
{
	static const char *const names[] = {"import_run", "import_problem"};
	bool imports = false;
	for (size_t i = 0; i < rights->n; i++)
		imports |= rights->grants[i].scope[ACTION_IMPORT] != SCOPE_NONE;
	for (size_t i = 0; imports && i < sizeof(names) / sizeof(names[0]); i++) {
		const struct entity_info *info = registry_find(rights->registry, names[i]);
		struct grant *grant = info ? &rights->grants[info->number] : NULL;
		if (!grant || grant->scope[ACTION_READ] != SCOPE_NONE)
			continue;
		grant->scope[ACTION_READ] = SCOPE_OWN;
		memset(grant->fields, RIGHT_READ, info->n_fields);
	}
}

void access_rights_complete(struct rights *rights)
{
	show_own_imports(rights);
	static const char *const administered[] = {"user", "team", "branch", "region", "role", "token", "calendar", "calendar_day"};
	for (size_t i = 0; i < sizeof(directory) / sizeof(directory[0]); i++)
		set_directory(rights, i);
	share_lists(rights);
	for (size_t i = 0; i < rights->n; i++) {
		const struct entity_info *info = registry_at(rights->registry, i);
		if (rights->caps & info->entity->cap)
			set_all(info, &rights->grants[i]);
	}
	if (!(rights->caps & CAP_USERS))
		return;
	for (size_t i = 0; i < sizeof(administered) / sizeof(administered[0]); i++) {
		const struct entity_info *info = registry_find(rights->registry, administered[i]);
		if (info)
			set_all(info, &rights->grants[info->number]);
	}
}

void access_rights_merge(struct rights *into, const struct rights *from)
{
	into->caps |= from->caps;
	for (size_t e = 0; e < into->n; e++) {
		struct grant *a = &into->grants[e];
		const struct grant *b = &from->grants[e];
		for (size_t i = 0; i < ACTION_COUNT; i++)
			if (b->scope[i] > a->scope[i])
				a->scope[i] = b->scope[i];
		for (size_t f = 0; f < registry_at(into->registry, e)->n_fields; f++)
			if (b->fields[f] > a->fields[f])
				a->fields[f] = b->fields[f];
	}
}

void access_rights_narrow(struct rights *into, const struct rights *to)
{
	into->caps &= to->caps;
	for (size_t e = 0; e < into->n; e++) {
		struct grant *a = &into->grants[e];
		const struct grant *b = &to->grants[e];
		for (size_t i = 0; i < ACTION_COUNT; i++)
			if (b->scope[i] < a->scope[i])
				a->scope[i] = b->scope[i];
		for (size_t f = 0; f < registry_at(into->registry, e)->n_fields; f++)
			if (b->fields[f] < a->fields[f])
				a->fields[f] = b->fields[f];
	}
}

enum err access_rights_pack(struct ctx *ctx, const struct rights *rights, struct actor *actor)
{
	struct entity_rights *out = arena_array(ctx->arena, rights->n + 1, sizeof(*out));
	if (!out)
		return access_no_memory(ctx);
	for (size_t e = 0; e < rights->n; e++) {
		size_t n = registry_at(rights->registry, e)->n_fields;
		bool all_write = true;
		memcpy(out[e].scope, rights->grants[e].scope, sizeof(out[e].scope));
		for (size_t f = 0; f < n; f++)
			all_write = all_write && rights->grants[e].fields[f] == RIGHT_WRITE;
		out[e].fields = all_write ? NULL : rights->grants[e].fields;
		out[e].n_fields = all_write ? 0 : n;
	}
	actor->rights = out;
	actor->n_rights = rights->n;
	actor->caps = rights->caps;
	return OK;
}

/* --- comparing --------------------------------------------------------------------- */

static bool in_teams(const struct actor *actor, int64_t team_id)
{
	struct row_owner row = {.team_id = team_id};
	return gate_row(actor, SCOPE_TEAM, &row);
}

/* Whether what the actor reaches with `mine` includes what somebody at `place` reaches with `wanted`. */
static bool scope_covers(const struct actor *actor, enum scope mine, enum scope wanted, const struct place *place)
{
	if (wanted == SCOPE_NONE || mine == SCOPE_ALL)
		return true;
	if (mine < wanted)
		return false;
	if (wanted == SCOPE_OWN || wanted == SCOPE_ALL)
		return true;
	bool team_ok = place->team_id == 0 || in_teams(actor, place->team_id);
	bool branch_ok = place->branch_id == 0 || place->branch_id == actor->branch_id;
	return team_ok && (wanted == SCOPE_TEAM || branch_ok);
}

static bool same_reach(enum scope scope, const struct place *a, const struct place *b)
{
	if (scope < SCOPE_TEAM || scope == SCOPE_ALL)
		return true;
	return a->team_id == b->team_id && (scope == SCOPE_TEAM || a->branch_id == b->branch_id);
}

static bool covers_entity(const struct actor *actor, size_t e, size_t n_fields, const struct grant *before, const struct place *before_at,
                          const struct grant *after, const struct place *after_at)
{
	for (size_t i = 0; i < ACTION_COUNT; i++) {
		enum scope wanted = (enum scope)after->scope[i];
		bool had = before && before->scope[i] >= wanted && same_reach(wanted, before_at, after_at);
		if (!had && !scope_covers(actor, gate_scope(actor, e, (enum action)i), wanted, after_at))
			return false;
	}
	for (size_t f = 0; f < n_fields; f++) {
		bool had = before && before->fields[f] >= after->fields[f];
		if (!had && after->fields[f] > (uint8_t)gate_field(actor, e, f))
			return false;
	}
	return true;
}

bool access_covers(const struct actor *actor, const struct rights *before, const struct place *before_at, const struct rights *after,
                   const struct place *after_at)
{
	if (!actor)
		return false;
	if (actor->kind == ACTOR_SYSTEM)
		return true;
	uint32_t gained = after->caps & ~(before ? before->caps : 0);
	if (gained & ~actor->caps)
		return false;
	for (size_t e = 0; e < after->n; e++) {
		size_t n = registry_at(after->registry, e)->n_fields;
		if (!covers_entity(actor, e, n, before ? &before->grants[e] : NULL, before_at, &after->grants[e], after_at))
			return false;
	}
	return true;
}
