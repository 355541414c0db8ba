/* Who is it, and what may they do: users, teams, branches, roles, sessions, tokens.
 * Fills the gate's actors from the database and keeps them until what they were
 * made from changes. */
#ifndef GUANXI_CORE_ACCESS_ACCESS_H
#define GUANXI_CORE_ACCESS_ACCESS_H

#include "base/buf.h"
#include "base/ctx.h"
#include "core/manifest/manifest.h"
#include "core/entity/entity.h"
#include "core/events/events.h"
#include "core/gate/gate.h"
#include "core/http/http.h"

/* Entities of this folder, for the registry: user, team, branch, region, role, token. */
extern const struct entity user_entity, team_entity, branch_entity, region_entity, role_entity, token_entity;
/* Tables without descriptors: session, login attempts, TOTP use, idempotency keys. */
extern const char *const access_ddl_sqlite;
extern const char *const access_ddl_postgres;

/* Of invitations; the same on both engines. */
extern const char *const access_ddl_invite;

struct access;
enum err access_open_new(struct ctx *ctx, struct store *store, struct registry *registry, struct access **ret) MUST_CHECK;
/* Before store_free. */
void access_free(struct access *access);
/* The key that other secrets are sealed with (core/machine), made from the one in the data folder: 32 bytes. */
void access_machine_key(const struct access *access, uint8_t ret[32]);
/* Supplied by the program (src/app): the service of a context's app. */
struct access *app_access(const struct app *app);

/* For http_config: session cookie or bearer token to actor; from memory when nothing changed. */
enum err access_authenticate(struct ctx *ctx, struct access *access, const struct http_request *req, bool *ret_needs_csrf) MUST_CHECK;
bool access_csrf_ok(struct ctx *ctx, struct access *access, const struct http_request *req);
enum err access_idem_find(struct ctx *ctx, const struct http_request *req, const char *key, bool *ret_hit, int *ret_status, const char **ret_body) MUST_CHECK;
enum err access_idem_save(struct ctx *ctx, const struct http_request *req, const char *key, int status, const char *body, size_t n) MUST_CHECK;

/* The actor of a user as the database says now, in ctx's arena. */
enum err access_actor(struct ctx *ctx, struct access *access, int64_t user_id, const struct actor **ret) MUST_CHECK;
/* Who it was, asked again: the rights of an actor made earlier as the database says now, in ctx's arena; ctx->db may be
 * a read connection or that of a write job.  Of `old` only kind, user_id, token_id and session_id are read, so that
 * whatever outlives a request (a job, a stream) keeps these four and asks with them: a token's narrowing comes from the
 * database.  ERR_DENIED "not_signed_in" once the user is gone or disabled, the session has ended (signed out, removed,
 * idle, too old), the token is gone or past its time.
 * Every write job asks by itself what ctx->actor may now (access_again.c): nobody has to call this before store_write. */
enum err access_refresh(struct ctx *ctx, struct access *access, const struct actor *old, const struct actor **ret) MUST_CHECK;
/* Whether `now` may all that `then` could: false when anything was taken away since, by role, team, branch or
 * narrowing.  For what reads for long and cannot ask row by row. Both of the same user and registry. */
bool access_keeps(const struct registry *registry, const struct actor *then, const struct actor *now);

/* For http_config: what open bodies and long answers are watched by. */
void *access_hold(struct ctx *ctx);
void access_drop(void *held);
int64_t access_changes(const struct access *access);
enum err access_still(struct ctx *ctx, const void *held) MUST_CHECK;

/* Keeps an entry for the audit trail from outside a write job (a refused request, a
 * look at sensitive values): queued, written soon after, never blocks.  `diff` is
 * JSON as in struct change. */
void access_note(struct ctx *ctx, struct access *access, const char *entity, int64_t record_id, enum change_action action,
                 const char *diff);
/* Everything noted so far (entries, "last seen") is written when this returns. Not on a network thread. */
enum err access_flush(struct ctx *ctx, struct access *access) MUST_CHECK;

/* CLI and first start; in a write job. */
/* The roles a firm begins with, and what they may. Lists of tables, ended by NULL, as manifest_join makes them; roles that
 * are there are left alone. */
/* In a schema step that has made these entities' tables (names, ended by NULL): the roles that came with the program get what their
 * folders say of them; what a role already says of one stays. */
enum err access_grow_roles(struct ctx *ctx, const char *const *entities, const struct role_right *const *rights) MUST_CHECK;
enum err access_init_roles(struct ctx *ctx, const struct role_default *const *roles, const struct role_right *const *rights) MUST_CHECK;
/* A schema step: one of access_default_roles that came later, unless there is one of its name. */
enum err access_add_role(struct ctx *ctx, const char *key, const struct role_right *const *rights) MUST_CHECK;
enum err access_create_admin(struct ctx *ctx, const char *email, const char *name, const char *password, int64_t *ret_id) MUST_CHECK;
enum err access_create_token(struct ctx *ctx, const char *user_email, const char *name, const char **ret_token) MUST_CHECK;
/* A password a person can type, 20 characters. */
enum err access_random_password(struct ctx *ctx, const char **ret) MUST_CHECK;

/* session, account (password, TOTP, tokens), users, effective rights, audit */
extern const struct route access_routes[];

/* administrator, manager, sales, service, marketing, analyst, read only, auditor; and what they may where no folder says else */
extern const struct role_default access_default_roles[];
extern const struct role_right access_default_rights[];

#endif
