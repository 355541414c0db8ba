#include "core/manifest/manifest.h"

#include "base/arena.h"

struct sizes {
	size_t manifests, entities, routes;
};

static struct sizes sizes_of(const struct manifest *const *list)
{
	struct sizes sizes = {0};
	for (; *list != NULL; list++) {
		sizes.manifests++;
		for (const struct entity *const *e = (*list)->entities; e != NULL && *e != NULL; e++)
			sizes.entities++;
		for (const struct route *const *r = (*list)->routes; r != NULL && *r != NULL; r++)
			sizes.routes++;
	}
	return sizes;
}

/* Room for n pointers and the NULL that ends them: the arena's memory is zero. */
static void *room(struct arena *arena, size_t n)
{
	return arena_array(arena, n + 1, sizeof(void *));
}

/* Entities and tables of routes, of which a manifest may have several. */
static bool join_lists(struct arena *arena, const struct manifest *const *list, struct manifest_parts *parts)
{
	const struct sizes sizes = sizes_of(list);
	const struct entity **entity = room(arena, sizes.entities);
	const struct route **route = room(arena, sizes.routes);
	if (!entity || !route)
		return false;
	parts->entities = entity;
	parts->n_entities = sizes.entities;
	parts->routes = route;
	for (; *list != NULL; list++) {
		for (const struct entity *const *e = (*list)->entities; e != NULL && *e != NULL; e++)
			*entity++ = *e;
		for (const struct route *const *r = (*list)->routes; r != NULL && *r != NULL; r++)
			*route++ = *r;
	}
	return true;
}

bool manifest_join(struct arena *arena, const struct manifest *const *list, struct manifest_parts *ret)
{
	const size_t n = sizes_of(list).manifests;
	const struct reaction **reaction = room(arena, n);
	const struct job_kind **job = room(arena, n);
	const struct timer_kind **timer = room(arena, n);
	const struct schedule **schedule = room(arena, n);
	const struct service **service = room(arena, n);
	const struct setting **setting = room(arena, n);
	const struct command **command = room(arena, n);
	const struct role_default **role = room(arena, n);
	const struct role_right **right = room(arena, n);
	const struct cap_name **cap = room(arena, n);
	const struct outbox_rule **mail_rule = room(arena, n);
	const struct star_table **star = room(arena, n);
	if (arena->failed)
		return false;
	*ret = (struct manifest_parts){
		.reactions = reaction,
		.job_kinds = job,
		.timers = timer,
		.schedules = schedule,
		.services = service,
		.settings = setting,
		.commands = command,
		.roles = role,
		.rights = right,
		.caps = cap,
		.mail_rules = mail_rule,
		.stars = star,
	};
	/* a table that is missing is written over by the next one, or ends the list */
	for (const struct manifest *const *m = list; *m != NULL; m++) {
		*reaction = (*m)->reactions, reaction += *reaction != NULL;
		*job = (*m)->job_kinds, job += *job != NULL;
		*timer = (*m)->timers, timer += *timer != NULL;
		*schedule = (*m)->schedules, schedule += *schedule != NULL;
		*service = (*m)->services, service += *service != NULL;
		*setting = (*m)->settings, setting += *setting != NULL;
		*command = (*m)->commands, command += *command != NULL;
		*role = (*m)->roles, role += *role != NULL;
		*cap = (*m)->caps, cap += *cap != NULL;
		*mail_rule = (*m)->mail_rules, mail_rule += *mail_rule != NULL;
		*right = (*m)->rights, right += *right != NULL;
		*star = (*m)->stars, star += *star != NULL;
	}
	return join_lists(arena, list, ret);
}
