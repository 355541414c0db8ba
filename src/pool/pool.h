/* The public pool (公海): customers nobody follows fall into a pool by rules, and whoever may takes them from there, so many a day and
 * so many in all.  Life-cycle stages follow the same facts by rules of their own.
 *
 * A customer in a pool belongs to nobody and to no team, so whoever works with their own or their team's does not reach it: they see its
 * card (pool_entry), which holds only what the pool shows. */
#ifndef GUANXI_POOL_POOL_H
#define GUANXI_POOL_POOL_H

#include "core/entity/entity.h"
#include "core/http/http.h"
#include "core/services/services.h"

extern const struct entity pool_entity, pool_rule_entity, pool_exempt_entity, pool_entry_entity, pool_move_entity, pool_look_entity,
	pool_warning_entity, stage_rule_entity, stage_move_entity;
extern const struct reaction pool_reactions[];
/* Claim, give back, assign, look, limits, what would fall.  Stand before rest_routes. */
extern const struct route pool_routes[];
/* What stages would become, and who was lost.  Stand before rest_routes. */
extern const struct route lifecycle_routes[];
/* One thread that follows the change log and the clock. */
extern const struct service pool_services[];

/* In a write job: a customer that somebody has goes to the first pool that takes it; nothing happens where none does. */
enum err pool_give_back(struct ctx *ctx, int64_t customer, const char *reason) MUST_CHECK;
/* In a write job: every customer is looked at anew by the rules. */
enum err pool_look_at_all(struct ctx *ctx) MUST_CHECK;

#endif
