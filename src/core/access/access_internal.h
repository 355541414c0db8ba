/* What the files of this folder share. */
#ifndef GUANXI_CORE_ACCESS_ACCESS_INTERNAL_H
#define GUANXI_CORE_ACCESS_ACCESS_INTERNAL_H

#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/id.h"
#include "base/jsonw.h"
#include "base/map.h"
#include "core/access/access.h"
#include "core/warehouse/star.h"

enum {
	ACCESS_DIGEST = 32, /* bytes of every hash we keep */
	ACCESS_HEX = 2 * ACCESS_DIGEST + 1,
	ACCESS_SECRET = 32, /* random bytes of a session or token */
	ACCESS_PASSWORD_MIN = 8,
	ACCESS_PASSWORD_MAX = 1024, /* bytes; taken whole */
	ACCESS_PAGE_MAX = 8000,     /* bytes of how somebody arranged their page */
	ACCESS_ROLES_MAX = 64,      /* of one user or token */
	ACCESS_TOKENS_MAX = 100,    /* of one user */
	ACCESS_TEAM_DEPTH_MAX = 32,
	ACCESS_RECOVERY_CODES = 10,
	ACCESS_SHARDS = 16,
};

#define ACCESS_COOKIE "__Host-guanxi"
#define ACCESS_ADMINISTRATOR "administrator" /* key of the role that can never be without a bearer */

static const int64_t ACCESS_IDLE_MS = 12 * INT64_C(3600000);
static const int64_t ACCESS_ABSOLUTE_MS = 7 * INT64_C(86400000);
static const int64_t ACCESS_SEEN_EVERY_MS = 60000; /* more often it is not written down */

/* --- rights (access_rights.c) -------------------------------------------- */

/* All an actor may do, while it is being put together; in an arena. */
struct grant {
	uint8_t scope[ACTION_COUNT];
	uint8_t *fields; /* enum field_right, one a field */
};
struct rights {
	const struct registry *registry;
	struct grant *grants; /* one an entity */
	size_t n;
	uint32_t caps;
};

enum err access_rights_new(struct ctx *ctx, struct rights **ret) MUST_CHECK;
/* Reads a role's JSON.  Strict: whatever is unknown is a fault with its path;
 * otherwise it is passed over (a field may have gone since the role was written). */
enum err access_rights_parse(struct ctx *ctx, const char *rights, const char *caps, bool strict, struct rights **ret) MUST_CHECK;
/* What everybody who is signed in may do, and what capabilities bring with them. */
void access_rights_complete(struct rights *rights);
void access_rights_merge(struct rights *into, const struct rights *from);
void access_rights_narrow(struct rights *into, const struct rights *to);
/* Fills the gate's form of them, in ctx's arena. */
enum err access_rights_pack(struct ctx *ctx, const struct rights *rights, struct actor *actor) MUST_CHECK;
/* Whom the rights are for: scopes are relative to that. */
struct place {
	int64_t team_id, branch_id;
};
/* Whether the actor has all that `after` gives beyond `before` (NULL: beyond nothing). */
bool access_covers(const struct actor *actor, const struct rights *before, const struct place *before_at, const struct rights *after,
                   const struct place *after_at);
const char *access_action_name(enum action action);
const char *access_scope_name(enum scope scope);
const char *access_right_name(enum field_right right);
/* --- access_share.c: records shared with a person or a team --- */

extern const struct entity share_entity;
extern const struct spec access_spec_share[];
/* What is shared with the actor, or with their team or one above it, and has not ended. */
enum err access_shares_load(struct ctx *ctx, struct actor *actor) MUST_CHECK;
enum err access_http_shares(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;
enum err access_http_share(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;
enum err access_http_unshare(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;

/* "en" or "zh" of a pair, for answers of this folder. */
const char *access_label(const struct ctx *ctx, const struct text2 *text);

/* --- users and roles as the database says (access_actor.c) ---------------- */

struct access_role {
	int64_t id;
	const char *key, *name, *name_zh;
	const char *rights, *caps;
};
struct access_user {
	int64_t id, team_id, branch_id;
	const char *name, *email, *locale;
	bool active, must_change;
};
/* ERR_NOT_FOUND if there is none. */
enum err access_user_load(struct ctx *ctx, int64_t user_id, struct access_user *ret) MUST_CHECK;
enum err access_user_roles(struct ctx *ctx, int64_t user_id, struct access_role **ret, size_t *ret_n) MUST_CHECK;
enum err access_token_roles(struct ctx *ctx, int64_t token_id, struct access_role **ret, size_t *ret_n) MUST_CHECK;
enum err access_roles_by_id(struct ctx *ctx, const int64_t *ids, size_t n, struct access_role **ret, size_t *ret_n) MUST_CHECK;
/* Merged, not yet completed. */
enum err access_roles_merge(struct ctx *ctx, const struct access_role *roles, size_t n, struct rights **ret) MUST_CHECK;
const char *access_role_label(struct ctx *ctx, const struct access_role *role);
/* Rights of a user as the database says, completed. */
enum err access_user_rights(struct ctx *ctx, int64_t user_id, struct rights **ret) MUST_CHECK;
struct access_token_facts {
	int64_t id;
	bool narrowed;
};
/* The actor of an active user, in ctx's arena; `token` NULL: the user in person.
 * ERR_DENIED if the user is gone or disabled. */
enum err access_actor_build(struct ctx *ctx, int64_t user_id, const struct access_token_facts *token, struct actor **ret,
                            const char **ret_locale) MUST_CHECK;

/* --- cache (access_cache.c) ------------------------------------------------ */

/* What a request's credential stands for; immutable, shared by counting. */
struct pin {
	atomic_int refs;
	size_t size;
	int64_t user_id;
	uint64_t registry; /* number of the one whose entities and fields its rights are of */
	enum locale locale;
	bool has_locale;
	struct actor *actor; /* all it points to lies in this block */
};
struct credential {
	uint8_t digest[ACCESS_DIGEST];
	bool is_token;
	int64_t id; /* of the session or token */
	int64_t user_id;
	int64_t expires_ms; /* 0: never */
	int64_t seen_ms;    /* last request */
	int64_t noted_ms;   /* the "last seen" that has been queued for the database */
	struct pin *pin;
};
struct shard {
	pthread_mutex_t lock;
	struct map map; /* digest to credential */
	size_t live;
};
struct access_cache {
	struct shard shards[ACCESS_SHARDS];
	_Atomic int64_t generation; /* grows with every invalidation */
	_Atomic uint64_t serials;   /* of actors */
};
void access_cache_init(struct access_cache *cache, const struct clock *clock);
void access_cache_release(struct access_cache *cache);
/* A copy of an actor that outlives requests; NULL without memory. */
struct pin *access_pin_new(struct access_cache *cache, const struct actor *actor, const struct registry *registry) MUST_CHECK;
void access_pin_drop(struct pin *pin);
struct cache_hit {
	enum { CACHE_ABSENT, CACHE_EXPIRED, CACHE_HIT } state;
	bool note_seen; /* it is time to write "last seen" */
	int64_t id, user_id;
	enum locale locale;
	bool has_locale;
	struct actor *actor; /* in ctx's arena */
};
enum err access_cache_get(struct ctx *ctx, struct access_cache *cache, const uint8_t digest[ACCESS_DIGEST], struct cache_hit *ret) MUST_CHECK;
/* Keeps it unless something was invalidated since `generation` was read. */
void access_cache_put(struct access_cache *cache, int64_t generation, const struct credential *credential, const struct actor *actor,
                      const struct registry *registry, const char *locale);
void access_cache_drop_user(struct access_cache *cache, int64_t user_id);
void access_cache_drop_credential(struct access_cache *cache, bool is_token, int64_t id);
void access_cache_drop_all(struct access_cache *cache);
/* Only forgets it: the next request asks the database again. Nothing has changed for others. */
void access_cache_forget(struct access_cache *cache, bool is_token, int64_t id);

/* --- the service ----------------------------------------------------------- */

struct access_worker; /* access_worker.c */
struct access {
	struct store *store;
	struct registry *registry;
	const struct clock *clock;
	uint8_t key[32];
	struct access_cache cache;
	pthread_mutex_t hash_lock; /* Argon2id takes 64 MiB: two at a time */
	pthread_cond_t hash_free;
	int hash_running;
	pthread_mutex_t proof_lock; /* what the last proof of the audit trail found */
	int64_t proof_seq, proof_entries;
	char proof_head[65];
	struct access_worker *worker;
	struct relay *relay; /* access.c */
};

/* --- asked again (access_again.c) ------------------------------------------- */

/* The number that every change of access raises, as it stands now; read it before what it is to stamp. */
enum err access_stamp(struct ctx *ctx, int64_t *ret) MUST_CHECK;
/* For store_set_guard; `arg` is the service. */
enum err access_guard_write(struct ctx *ctx, void *arg);

/* --- small things (access_util.c) ------------------------------------------- */

void access_hash(const void *data, size_t n, uint8_t out[ACCESS_DIGEST]);
/* Keyed with the server's secret; `purpose` keeps uses apart. */
void access_mac(const struct access *access, const char *purpose, const void *data, size_t n, uint8_t out[ACCESS_DIGEST]);
void access_hex(const uint8_t *data, size_t n, char *out);
/* Base64url of n random bytes, in ctx's arena; NULL without memory. */
const char *access_random_text(struct ctx *ctx, size_t n);
/* Encrypted with the server's key; text in ctx's arena. */
enum err access_seal(struct ctx *ctx, const struct access *access, const void *data, size_t n, const char **ret) MUST_CHECK;
enum err access_unseal(struct ctx *ctx, const struct access *access, const char *text, void *out, size_t n) MUST_CHECK;
enum err access_key_load(struct ctx *ctx, const char *data_dir, uint8_t ret[32]) MUST_CHECK;
enum err access_no_memory(struct ctx *ctx);
/* Text in ctx's arena; NULL stays NULL; sets the arena's `failed` when it is full. */
const char *access_keep(struct ctx *ctx, const char *text);
/* The one form of an account's e-mail address, however it is typed: signing in, inviting and uniqueness compare it. */
enum err access_email(struct ctx *ctx, const char *typed, const char **ret) MUST_CHECK;
const char *access_lower(struct ctx *ctx, const char *text);
/* {"event":[null,"sign_in"],"address":[null,"::1"], …} from pairs of const char *, ended by NULL. */
const char *access_event_diff(struct ctx *ctx, const char *event, ...) __attribute__((sentinel));
/* Appends an entry about a user; in a write job. */
enum err access_log_user(struct ctx *ctx, int64_t user_id, enum change_action action, const char *diff) MUST_CHECK;
/* Rights, sessions or tokens have changed: tells write jobs that come after, and other nodes; in a write job. */
enum err access_epoch_bump(struct ctx *ctx) MUST_CHECK;
enum err access_param_id(struct ctx *ctx, const struct http_request *req, size_t at, int64_t *ret) MUST_CHECK;

/* --- passwords (access_password.c) ------------------------------------------ */

/* Faults with field `field` when the password is too short, too long, common or made of the person's own data. */
enum err access_password_check(struct ctx *ctx, const char *field, const char *password, const char *name, const char *email) MUST_CHECK;
bool access_password_common(const char *password);
extern const char *const access_common_words[]; /* ended by NULL */
/* `access` NULL: without waiting for a free place (command line). */
enum err access_password_hash(struct ctx *ctx, struct access *access, const char *password, const char **ret) MUST_CHECK;
/* NULL hash: the same work, never right. */
bool access_password_verify(const char *hash, const char *password);
void access_hash_enter(struct access *access);
void access_hash_leave(struct access *access);

/* --- invitations (access_invite.c) ------------------------------------------ */

struct invite_made {
	int64_t user_id, expires_ms;
	const char *token; /* what the link holds; kept as a hash */
};
struct invite {
	int64_t user_id, expires_ms; /* 0: there is none that is still good */
	const char *name, *email, *locale;
};
/* A link for a user who has no password; the one before ends. In a write job. */
enum err access_invite_make(struct ctx *ctx, int64_t user_id, int64_t days, struct invite_made *ret) MUST_CHECK;
enum err access_invite_find(struct ctx *ctx, const char *token, struct invite *ret) MUST_CHECK;
/* Once: ERR_NOT_FOUND "invite_invalid" for who comes second. In a write job. */
enum err access_invite_use(struct ctx *ctx, int64_t user_id, const char *token) MUST_CHECK;
/* In a write job; ret_n may be NULL. */
enum err access_invite_end(struct ctx *ctx, int64_t user_id, int64_t *ret_n) MUST_CHECK;

/* --- sessions (access_session.c) -------------------------------------------- */

struct session_made {
	int64_t id, expires_ms;
	char secret[48]; /* what the cookie holds */
};
enum err access_session_create(struct ctx *ctx, int64_t user_id, const char *address, const char *agent, struct session_made *ret) MUST_CHECK;
/* All of a user's but `except` (0: all); in a write job; they are dead once it is committed. */
enum err access_sessions_end(struct ctx *ctx, int64_t user_id, int64_t except, int64_t *ret_n) MUST_CHECK;
/* One of a user's; ERR_NOT_FOUND if there is none. */
enum err access_session_end(struct ctx *ctx, int64_t user_id, int64_t session_id) MUST_CHECK;
void access_csrf_make(struct ctx *ctx, const struct access *access, const char *secret, char out[97]);
enum err access_session_cookie(struct ctx *ctx, struct http_response *res, const char *secret) MUST_CHECK;
/* {"user":{…},"csrf":…,"expires_at":…} */
enum err access_session_json(struct ctx *ctx, struct http_response *res, const struct access_user *user, const char *csrf, int64_t expires_ms) MUST_CHECK;

/* "en", "zh_hans", "zh_hant" as stored; false for anything else. */
bool access_locale_parse(const char *text, enum locale *ret);
/* A body's list of role ids, in the context's arena. */
enum err access_read_roles(struct ctx *ctx, const json_t *list, int64_t **ret_ids, size_t *ret_n) MUST_CHECK;
/* A tag as browsers write it, to what is stored. */
const char *access_stored_locale(const char *tag);
/* The language tag of a stored locale: "zh-Hans". */
const char *access_locale_tag(const char *value);
/* A token that is not in memory: looked up, checked, kept. Leaves hit->state ABSENT when it is no good. */
enum err access_token_load(struct ctx *ctx, struct access *access, const struct http_request *req, const char *token,
                           const uint8_t digest[ACCESS_DIGEST], struct cache_hit *hit) MUST_CHECK;

/* --- throttling (access_throttle.c) ------------------------------------------- */

/* Under what a try is counted, and how. */
enum throttle_kind { THROTTLE_WIDE, THROTTLE_PAIR, THROTTLE_STRICT, THROTTLE_DEVICE, THROTTLE_PERSON, THROTTLE_ADDRESS };
enum { THROTTLE_KEYS_MAX = 3 };
struct throttle_key {
	enum throttle_kind kind;
	const char *key;
};
struct throttle {
	struct throttle_key list[THROTTLE_KEYS_MAX];
	size_t n;
	const char *remote;
	bool closes; /* set by take: while this try is not known to be right, nobody has another under one of these keys */
};
/* Signing in; `device`: NULL, or that of a browser in which this user has signed in before (access_device.c). */
enum err access_throttle_sign_in(struct ctx *ctx, const char *account, const char *address, int64_t user_id, const char *device,
                                 struct throttle *ret) MUST_CHECK;
/* Codes of somebody who knows the password. */
enum err access_throttle_code(struct ctx *ctx, int64_t user_id, const char *address, struct throttle *ret) MUST_CHECK;
/* Confirming by password or code while signed in. */
enum err access_throttle_person(struct ctx *ctx, int64_t user_id, const char *address, struct throttle *ret) MUST_CHECK;
/* Wrong tokens. */
enum err access_throttle_address(struct ctx *ctx, const char *address, struct throttle *ret) MUST_CHECK;
/* OK, or ERR_LIMIT with key "rate" and the seconds to wait. Reads only: what rests on it takes as well. */
enum err access_throttle_check(struct ctx *ctx, const struct throttle *keys) MUST_CHECK;
/* In a write job, before what is tried is looked at: the same answer, and the try is counted. */
enum err access_throttle_take(struct ctx *ctx, struct throttle *keys) MUST_CHECK;
/* In a write job: it was no failure. */
enum err access_throttle_give_back(struct ctx *ctx, const struct throttle *keys) MUST_CHECK;
/* In a write job: it was right, and what failed before is forgotten, but for the address's. */
enum err access_throttle_done(struct ctx *ctx, const struct throttle *keys) MUST_CHECK;
/* In a write job: forgets all that is counted against an account. */
enum err access_throttle_unlock(struct ctx *ctx, int64_t user_id, const char *account) MUST_CHECK;

/* --- browsers that are known (access_device.c) ----------------------------------- */

#define ACCESS_DEVICE_COOKIE "__Host-guanxi-device"
/* The device of a request's cookie if this user has signed in there before, in ctx's arena; else NULL. */
const char *access_device_of(struct ctx *ctx, const struct access *access, const struct http_request *req, int64_t user_id);
/* Remembers that this user has signed in there. It opens nothing: it only counts apart (access_throttle.c). */
enum err access_device_remember(struct ctx *ctx, const struct access *access, const struct http_request *req, struct http_response *res,
                                int64_t user_id) MUST_CHECK;

/* --- second factor (access_totp.c) --------------------------------------------- */

enum { TOTP_SECRET = 20, TOTP_STEP_S = 30 };
/* RFC 6238 with SHA-1. */
uint32_t access_totp_code(const uint8_t *secret, size_t n, uint64_t step, int digits);
/* The step for which `code` is right within one step of now, 0 if none. */
uint64_t access_totp_match(const uint8_t *secret, size_t n, const char *code, int64_t now_ms);
void access_base32(const uint8_t *data, size_t n, char *out);
struct totp {
	uint8_t secret[TOTP_SECRET];
	bool exists, confirmed;
	int64_t last_step;
};
enum err access_totp_load(struct ctx *ctx, const struct access *access, int64_t user_id, struct totp *ret) MUST_CHECK;
/* Uses up a code or recovery code, in a write job; *ret_ok false if it is wrong or was used. */
enum err access_totp_use(struct ctx *ctx, const struct access *access, int64_t user_id, const char *code, bool *ret_ok) MUST_CHECK;
enum err access_totp_begin(struct ctx *ctx, const struct access *access, int64_t user_id, const uint8_t secret[TOTP_SECRET]) MUST_CHECK;
/* Marks it confirmed and makes new recovery codes. */
enum err access_totp_confirm(struct ctx *ctx, int64_t user_id, const char *codes[ACCESS_RECOVERY_CODES]) MUST_CHECK;
enum err access_totp_remove(struct ctx *ctx, int64_t user_id) MUST_CHECK;

/* --- tokens (access_token.c) ------------------------------------------------------ */

struct token_wish {
	int64_t user_id;
	const char *name;
	const int64_t *roles; /* narrower roles */
	size_t n_roles;
	bool narrowed;
	int64_t expires_ms; /* 0: never */
};
enum err access_token_make(struct ctx *ctx, const struct token_wish *wish, int64_t *ret_id, const char **ret_token) MUST_CHECK;
/* "gx_<id>_<secret>"; false if it has not that form. */
bool access_token_parse(const char *text, int64_t *ret_id, const char **ret_secret);
enum err access_token_revoke(struct ctx *ctx, int64_t user_id, int64_t token_id) MUST_CHECK;

/* --- the worker (access_worker.c) ---------------------------------------------------- */

enum err access_worker_start(struct ctx *ctx, struct access *access) MUST_CHECK;
void access_worker_stop(struct access *access);
void access_worker_seen(struct access *access, bool is_token, int64_t id, int64_t user_id, int64_t at_ms);
/* Counts a wrong token against its address, and notes it. */
void access_worker_bad_token(struct ctx *ctx, struct access *access, const char *address);

/* --- guards (access_guard.c) ------------------------------------------------------------ */

/* ERR_FORBIDDEN "user_wider" when the user may do more than the actor. */
enum err access_guard_user(struct ctx *ctx, int64_t user_id) MUST_CHECK;
/* What keeps the actor from changing a user, or the rights of a role: ERR_FORBIDDEN with its fault. */
enum err access_bars_user(struct ctx *ctx, const struct record *user) MUST_CHECK;
enum err access_bars_role(struct ctx *ctx, const struct record *role) MUST_CHECK;
/* Revokes all of a user's; in a write job. */
enum err access_tokens_end(struct ctx *ctx, int64_t user_id) MUST_CHECK;
enum err access_before_user(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *new_);
enum err access_after_user(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *new_);
enum err access_before_role(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *new_);
enum err access_before_branch(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *new_);
enum err access_before_team(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *new_);
enum err access_before_region(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *new_);
enum err access_after_any(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *new_);

/* --- shared by handlers (access_account_http.c, access_factor_http.c) ------------------------ */

/* Only for somebody who signed in in person, not for a token. */
enum err access_person_only(struct ctx *ctx) MUST_CHECK;
/* The browser, for the list of sessions; NULL if it does not say. */
const char *access_agent(struct ctx *ctx, const struct http_request *req);
/* Ends an answer that nobody may keep. */
enum err access_answer(struct ctx *ctx, struct http_response *res) MUST_CHECK;
/* Guarded against guessing; ERR_INVALID "password_wrong". HEAVY lane. *ret_hash: what it was checked against. */
enum err access_confirm_password(struct ctx *ctx, const char *field, const char *password, const char *address, const char **ret_hash) MUST_CHECK;
/* In the write that rests on a confirmed password: it is still that one, else ERR_INVALID "password_wrong". */
enum err access_same_hash(struct ctx *ctx, const char *field, const char *hash) MUST_CHECK;
enum err access_password_store(struct ctx *ctx, int64_t user_id, const char *hash, bool must_change) MUST_CHECK;
enum err access_totp_disable(struct ctx *ctx, int64_t user_id) MUST_CHECK;

/* --- handlers ------------------------------------------------------------------------------ */

enum err access_http_sign_in(struct ctx *ctx, const struct http_request *req, struct http_response *res);
enum err access_http_session(struct ctx *ctx, const struct http_request *req, struct http_response *res);
enum err access_http_sign_out(struct ctx *ctx, const struct http_request *req, struct http_response *res);
enum err access_http_account(struct ctx *ctx, const struct http_request *req, struct http_response *res);
enum err access_http_account_patch(struct ctx *ctx, const struct http_request *req, struct http_response *res);
enum err access_http_account_password(struct ctx *ctx, const struct http_request *req, struct http_response *res);
enum err access_http_sessions(struct ctx *ctx, const struct http_request *req, struct http_response *res);
enum err access_http_sessions_end(struct ctx *ctx, const struct http_request *req, struct http_response *res);
enum err access_http_session_end(struct ctx *ctx, const struct http_request *req, struct http_response *res);
enum err access_http_totp_begin(struct ctx *ctx, const struct http_request *req, struct http_response *res);
enum err access_http_totp_confirm(struct ctx *ctx, const struct http_request *req, struct http_response *res);
enum err access_http_totp_remove(struct ctx *ctx, const struct http_request *req, struct http_response *res);
enum err access_http_tokens(struct ctx *ctx, const struct http_request *req, struct http_response *res);
enum err access_http_token_create(struct ctx *ctx, const struct http_request *req, struct http_response *res);
enum err access_http_token_delete(struct ctx *ctx, const struct http_request *req, struct http_response *res);
enum err access_http_account_rights(struct ctx *ctx, const struct http_request *req, struct http_response *res);
enum err access_http_user_rights(struct ctx *ctx, const struct http_request *req, struct http_response *res);
enum err access_http_user_password(struct ctx *ctx, const struct http_request *req, struct http_response *res);
enum err access_http_user_disable(struct ctx *ctx, const struct http_request *req, struct http_response *res);
enum err access_http_user_enable(struct ctx *ctx, const struct http_request *req, struct http_response *res);
enum err access_http_user_sessions_end(struct ctx *ctx, const struct http_request *req, struct http_response *res);
enum err access_http_user_totp_remove(struct ctx *ctx, const struct http_request *req, struct http_response *res);
enum err access_http_user_unlock(struct ctx *ctx, const struct http_request *req, struct http_response *res);
enum err access_http_invite(struct ctx *ctx, const struct http_request *req, struct http_response *res);
enum err access_http_invitations(struct ctx *ctx, const struct http_request *req, struct http_response *res);
enum err access_http_invite_again(struct ctx *ctx, const struct http_request *req, struct http_response *res);
enum err access_http_invite_end(struct ctx *ctx, const struct http_request *req, struct http_response *res);
enum err access_http_invite_look(struct ctx *ctx, const struct http_request *req, struct http_response *res);
enum err access_http_invite_accept(struct ctx *ctx, const struct http_request *req, struct http_response *res);
enum err access_http_token_revoke(struct ctx *ctx, const struct http_request *req, struct http_response *res);
enum err access_http_audit(struct ctx *ctx, const struct http_request *req, struct http_response *res);
enum err access_http_audit_proof(struct ctx *ctx, const struct http_request *req, struct http_response *res);

/* Bodies read by specs; the tables stand beside the handlers. */
extern const struct spec access_spec_sign_in[], access_spec_account[], access_spec_password[], access_spec_code[],
	access_spec_totp_remove[], access_spec_token[], access_spec_reset[], access_spec_invite[], access_spec_invite_again[],
	access_spec_invite_look[], access_spec_invite_accept[];

/* What the warehouse copies and counts of it. */
extern const struct star_table access_stars[];

#endif
