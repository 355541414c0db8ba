/* Services: what a folder does all the time beside requests, on a thread of its own. Each is one row of a table in its folder's
 * manifest; the program starts and stops them together and says how they are.
 *
 * `turn` is called again and again. It does what there is to do, and says how long nothing more will be (turn->wait_ms); a new entry
 * of the change log ends that wait. One that fails is called again later and later, up to a minute.
 *
 * Most must work once, however many nodes serve one database: those hold a lease (`alone`), kept anew while they work; a node that
 * is gone has lost it SERVICE_LEASE_MS later, and another takes over.
 *
 * What a service keeps between turns (`state`) points to nothing of the registry: the next turn may have another one. */
#ifndef GUANXI_CORE_SERVICES_SERVICES_H
#define GUANXI_CORE_SERVICES_SERVICES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"
#include "core/http/http.h"
#include "core/store/store.h"

enum { SERVICE_LEASE_MS = 8000, SERVICE_WAIT_MAX_MS = 60000 };

struct service_turn {
	int64_t wait_ms;             /* out: until it is called again, if nothing happens; 0: at once */
	const _Atomic bool *stopping; /* true: return soon, leave the rest for the next start */
	/* The rights of a user of this program as they are now: fills ctx->actor. ERR_DENIED once there is no such user any more. */
	enum err (*as_user)(void *arg, struct ctx *ctx, int64_t user_id);
	void *arg;
	void **state; /* the service's own between turns, NULL at first; `end` gets it */
};

struct service {
	const char *name; /* of all services: "webhooks" */
	bool alone;       /* once among the nodes */
	bool quiet;       /* new changes do not end its wait */
	/* With a read connection in ctx->db, as the system; writes go through store_write. */
	enum err (*turn)(struct ctx *ctx, struct service_turn *turn);
	/* As `turn`, once, before the program stops, where there is a state: what is under way outside is brought to its end, in a few
	 * seconds at most. NULL: nothing. */
	enum err (*leave)(struct ctx *ctx, struct service_turn *turn);
	void (*end)(void *state); /* frees what it kept; NULL: nothing */
};

struct services;
struct services_config {
	const struct service *const *tables; /* each ended by name NULL; the list by NULL */
	void (*prepare)(void *arg, struct ctx *ctx); /* for one turn: registry, settings and so on of a context */
	void (*done)(void *arg, struct ctx *ctx); /* after it, before the wait: what prepare held is given back; NULL: nothing */
	enum err (*as_user)(void *arg, struct ctx *ctx, int64_t user_id);
	void *arg;
};
/* Starts a thread for each. `config` is copied. */
enum err services_start_new(struct ctx *ctx, struct store *store, const struct services_config *config, struct services **ret) MUST_CHECK;
/* Waits for the turns that are running. */
void services_stop(struct services *services);

/* In a write job: after the commit the service of that name takes a turn, if this node does it; another node's looks in time by itself. */
enum err services_wake(struct ctx *ctx, const char *name) MUST_CHECK;

struct service_health {
	const char *name;
	bool here;        /* this node does it now */
	int64_t turns, failures; /* since the start; failures since the last good turn */
	int64_t last_ms;  /* the last good turn; 0: none */
	char error[64];   /* key of the last fault; "" none */
};
/* The i-th; false past the end. */
bool services_health(struct services *services, size_t i, struct service_health *ret);

/* Supplied by the program (src/app). NULL while it does not serve. */
struct services *app_services(const struct app *app);

/* GET /api/v1/services, for administrators. */
extern const struct route services_routes[];
extern const struct migration services_steps[];
enum { SERVICES_STEPS = 1 };

#endif
