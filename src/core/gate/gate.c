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

bool gate_shares(const struct gate_share *share, enum action action, int64_t now_ms)
{
	if (share->until_ms != 0 && now_ms >= share->until_ms)
		return false;
	if (action == ACTION_READ || action == ACTION_EXPORT)
		return true;
	return share->write && action != ACTION_DELETE;
}

bool gate_reach(const struct actor *actor, enum scope scope, const struct row_owner *row, enum action action, int64_t now_ms)
{
	if (gate_row(actor, scope, row))
		return true;
	if (!actor || scope == SCOPE_NONE || row->id == 0)
		return false;
	size_t low = 0, high = actor->n_shares;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (actor->shares[middle].id < row->id)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < actor->n_shares && actor->shares[low].id == row->id; low++)
		if (gate_shares(&actor->shares[low], action, now_ms))
			return true;
	return false;
}
