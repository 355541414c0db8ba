#include "core/gate/gate.h"

const struct actor *gate_system(void)
{
	static const struct actor system = {.kind = ACTOR_SYSTEM, .name = "system", .caps = UINT32_MAX};
	return &system;
}

/* Rights of anybody but the system; NULL when there are none for the entity. */
static const struct entity_rights *rights_of(const struct actor *actor, size_t entity)
{
	if (!actor || !actor->rights || entity >= actor->n_rights)
		return NULL;
	return &actor->rights[entity];
}

enum scope gate_scope(const struct actor *actor, size_t entity, enum action action)
{
	if ((unsigned)action >= ACTION_COUNT)
		return SCOPE_NONE;
	if (actor && actor->kind == ACTOR_SYSTEM)
		return SCOPE_ALL;
	const struct entity_rights *rights = rights_of(actor, entity);
	if (!rights || rights->scope[action] > SCOPE_ALL)
		return SCOPE_NONE;
	return (enum scope)rights->scope[action];
}

enum field_right gate_field(const struct actor *actor, size_t entity, size_t field)
{
	if (actor && actor->kind == ACTOR_SYSTEM)
		return RIGHT_WRITE;
	if (field >> 16) { /* gate_foreign_field */
		entity = (field >> 16) - 1;
		field &= 0xffff;
	}
	const struct entity_rights *rights = rights_of(actor, entity);
	if (!rights)
		return RIGHT_HIDDEN;
	if (!rights->fields)
		return RIGHT_WRITE;
	if (rights->n_fields && field >= rights->n_fields)
		return RIGHT_HIDDEN;
	uint8_t right = rights->fields[field];
	return right > RIGHT_WRITE ? RIGHT_HIDDEN : (enum field_right)right;
}

bool gate_cap(const struct actor *actor, enum capability cap)
{
	if (!actor)
		return false;
	if (actor->kind == ACTOR_SYSTEM)
		return true;
	return cap != 0 && (actor->caps & (uint32_t)cap) == (uint32_t)cap;
}

static bool owns(const struct actor *actor, const struct row_owner *row)
{
	return row->owner_id != 0 && row->owner_id == actor->user_id;
}

static bool in_teams(const struct actor *actor, int64_t team_id)
{
	if (team_id == 0)
		return false;
	if (team_id == actor->team_id)
		return true;
	for (size_t i = 0; i < actor->n_teams; i++)
		if (actor->teams[i] == team_id)
			return true;
	return false;
}

bool gate_row(const struct actor *actor, enum scope scope, const struct row_owner *row)
{
	if (!actor)
		return false;
	switch (scope) {
	case SCOPE_ALL:
		return true;
	case SCOPE_BRANCH:
		if (row->branch_id != 0 && row->branch_id == actor->branch_id)
			return true;
		return owns(actor, row) || in_teams(actor, row->team_id);
	case SCOPE_TEAM:
		return owns(actor, row) || in_teams(actor, row->team_id);
	case SCOPE_OWN:
		return owns(actor, row);
	case SCOPE_NONE:
		return false;
	}
	return false;
}
