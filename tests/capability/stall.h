/* The tables of the tests' own capability; its manifest names them. */
#ifndef GUANXI_TESTS_CAPABILITY_STALL_H
#define GUANXI_TESTS_CAPABILITY_STALL_H

#include "core/command/command.h"
#include "core/entity/entity.h"
#include "core/http/http.h"
#include "core/jobs/jobs.h"
#include "core/outbox/outbox.h"
#include "core/settings/settings.h"
#include "core/store/store.h"

extern const struct entity stall_entity, stall_visit_entity;
extern const struct cap_name stall_caps[];
extern const struct setting stall_settings[];
extern const struct reaction stall_reactions[];
extern const struct route stall_routes[];
extern const struct job_kind stall_job_kinds[];
extern const struct command stall_commands[];

extern const struct route stall_mail_routes[];
extern const struct outbox_rule stall_mail_rules[];

#endif
