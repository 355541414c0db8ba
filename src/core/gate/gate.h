/* The one gate: what an actor may do with an entity, its rows and its fields.
 *
 * Pure data and pure functions: core/access fills an actor from roles in the
 * database, core/entity asks.  Entities and fields are numbers here (their
 * position in the registry), so that a question costs an array access. */
#ifndef GUANXI_CORE_GATE_GATE_H
#define GUANXI_CORE_GATE_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum action { ACTION_READ, ACTION_CREATE, ACTION_UPDATE, ACTION_DELETE, ACTION_EXPORT, ACTION_IMPORT, ACTION_COUNT };

/* Wider is larger, so several roles merge by the maximum. */
enum scope { SCOPE_NONE, SCOPE_OWN, SCOPE_TEAM, SCOPE_BRANCH, SCOPE_ALL };

enum field_right { RIGHT_HIDDEN, RIGHT_MASKED, RIGHT_READ, RIGHT_WRITE };

enum actor_kind { ACTOR_USER, ACTOR_TOKEN, ACTOR_SYSTEM, ACTOR_IMPORT, ACTOR_PORTAL };

/* Rights that belong to no entity. */
enum capability {
	CAP_ADMIN = 1 << 0,      /* settings, fields, integrations */
	CAP_USERS = 1 << 1,      /* users, teams, branches, roles */
	CAP_AUDIT = 1 << 2,      /* read the audit trail */
	CAP_BULK = 1 << 3,       /* change or delete many rows at once */
	CAP_ASSIGN = 1 << 4,     /* change owner, team, branch of records */
	CAP_TOKENS = 1 << 5,     /* make API tokens for oneself */
};

struct entity_rights {
	uint8_t scope[ACTION_COUNT]; /* enum scope */
	const uint8_t *fields;       /* enum field_right per field; NULL: all RIGHT_WRITE */
	size_t n_fields;             /* how many of them there are; those beyond are hidden. 0: as many as anybody asks for */
};

/* A record that is shared with the actor, beyond what scopes take in: to read, or to change too. */
struct gate_share {
	int64_t id;
	int64_t until_ms; /* 0: for good */
	bool write;
};

struct actor {
	enum actor_kind kind;
	int64_t user_id;   /* 0 for the system */
	int64_t token_id;  /* 0 unless a token */
	int64_t session_id;
	bool narrowed;     /* a token that has less than its user */
	const char *name;  /* for the audit trail */
	const char *email;
	const char *ask; /* who can give a right: leads the team, else an administrator; NULL or "": nobody else */
	int64_t team_id, branch_id; /* 0: none */
	const int64_t *teams; /* own team and all below it */
	size_t n_teams;
	const struct gate_share *shares; /* by id */
	size_t n_shares;
	int64_t shares_until_ms; /* the first of them ends; 0: none does */
	uint32_t caps;     /* enum capability bits */
	const struct entity_rights *rights; /* by entity number */
	size_t n_rights;
	int64_t epoch;     /* of the access data this was made from, in this program's memory */
	int64_t stamp;     /* of the access data this was made from, in the database; 0: not known */
	int64_t expires_ms; /* when its session or token ends by itself; 0: never */
	uint64_t serial;   /* copies of one actor share it, no other has it; 0: not known */
};

/* The program itself: everything everywhere. */
const struct actor *gate_system(void);

/* Widest scope for the action; SCOPE_NONE for a NULL actor. */
enum scope gate_scope(const struct actor *actor, size_t entity, enum action action);
/* Read right of one field, before looking at the row. */
enum field_right gate_field(const struct actor *actor, size_t entity, size_t field);
/* A field of another entity, where only a field number is carried (a record's search
 * row also holds text of its children); gate_field takes it like any other. */
static inline size_t gate_foreign_field(size_t entity, size_t field)
{
	return (entity + 1) << 16 | field;
}
bool gate_cap(const struct actor *actor, enum capability cap);

/* Whether a row with these owners lies within the scope. 0 means nobody. */
struct row_owner {
	int64_t owner_id, team_id, branch_id;
	int64_t id; /* of the record that decides, for what is shared; 0: not known */
};
bool gate_row(const struct actor *actor, enum scope scope, const struct row_owner *row);
/* What a share lets do: read and export, to be changed too where it says so; never delete. */
bool gate_shares(const struct gate_share *share, enum action action, int64_t now_ms);
/* The same as gate_row, or shared with the actor for this action. Of an entity that the actor has a scope of: a share gives rows,
 * not rights. */
bool gate_reach(const struct actor *actor, enum scope scope, const struct row_owner *row, enum action action, int64_t now_ms);

#endif
