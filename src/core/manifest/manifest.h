/* What a folder gives to the program, in one manifest. A folder with a `manifest.c` is part of the program: it defines
 * `struct manifest <folder>_manifest`, and modules.deps, which lists the folders, is the only shared line it needs. */
#ifndef GUANXI_CORE_MANIFEST_MANIFEST_H
#define GUANXI_CORE_MANIFEST_MANIFEST_H

#include "core/entity/entity.h"

/* Only pointed at here, so that the folders which define them have manifests too. */
struct command;
struct job_kind;
struct migration;
struct outbox_rule;
struct route;
struct schedule;
struct service;
struct setting;
struct star_table;
struct timer_kind;

/* What a built-in role may do with one entity: scopes of read, create, update, delete, export, import, in this order:
 * a all, b branch, t team, o own, - none. Entities that a role says nothing of get its "*". */
struct role_right {
	const char *role, *entity, *scopes; /* "sales", "product", "a-----" */
};

/* A role a firm begins with. */
struct role_default {
	const char *key;
	struct text2 name, note;
	const char *caps; /* JSON list */
};

/* All lists may be NULL. */
struct manifest {
	const char *name;                           /* its schema steps are counted under it: never changed */
	const struct entity *const *entities;       /* ended by NULL */
	const struct route *const *routes;          /* tables, each ended by path NULL; the list by NULL */
	const struct reaction *reactions;           /* to records of other folders; ended by entity NULL */
	const struct job_kind *job_kinds;           /* ended by kind NULL */
	const struct timer_kind *timers;            /* ended by kind NULL */
	const struct schedule *schedules;           /* ended by name NULL */
	const struct service *services;             /* ended by name NULL */
	const struct setting *settings;             /* ended by name NULL */
	const struct command *commands;             /* ended by name NULL */
	const struct cap_name *caps;                /* capabilities it names; ended by name NULL */
	const struct outbox_rule *mail_rules;       /* what it says of outgoing mails (core/outbox); ended by name NULL */
	const struct role_default *roles;           /* ended by key NULL */
	const struct role_right *rights;            /* ended by role NULL; of roles that it or another brings */
	const struct star_table *stars;             /* what the warehouse copies and counts; ended by entity NULL */
	const struct migration *steps;              /* counted from 1; what merely adds fields and entities needs none */
	size_t n_steps;
};

/* The parts of several manifests, kind by kind, in their order. Each list is ended by NULL. */
struct manifest_parts {
	const struct entity *const *entities;
	size_t n_entities;
	const struct route *const *routes;
	const struct reaction *const *reactions;
	const struct job_kind *const *job_kinds;
	const struct timer_kind *const *timers;
	const struct schedule *const *schedules;
	const struct service *const *services;
	const struct setting *const *settings;
	const struct command *const *commands;
	const struct cap_name *const *caps;
	const struct outbox_rule *const *mail_rules;
	const struct role_default *const *roles;
	const struct role_right *const *rights;
	const struct star_table *const *stars;
};

/* `list` is ended by NULL. The lists live in the arena, what they point to in the manifests. False: no memory. */
bool manifest_join(struct arena *arena, const struct manifest *const *list, struct manifest_parts *ret) MUST_CHECK;

#endif
