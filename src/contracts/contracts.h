/* Contracts: who agreed to what, for how long and how much; what changed of it, what is due by it, and how it goes on. */
#ifndef GUANXI_CONTRACTS_CONTRACTS_H
#define GUANXI_CONTRACTS_CONTRACTS_H

#include "core/entity/entity.h"
#include "core/http/http.h"
#include "core/settings/settings.h"
#include "core/timers/timers.h"

extern const struct entity contract_entity, contract_party_entity, contract_line_entity, contract_version_entity;
extern const struct route contracts_routes[];
extern const struct setting contracts_settings[];
extern const struct timer_kind contracts_timers[];
extern const struct schedule contracts_schedules[];

#endif
