/* Forms that anybody may fill in: made by staff, answered without an account, without cookie and without script.
 *
 * A form is an entity; what comes in makes a lead, a customer or a case, and is kept as an entry with what became of it. */
#ifndef GUANXI_WEBFORMS_WEBFORMS_H
#define GUANXI_WEBFORMS_WEBFORMS_H

#include "core/entity/entity.h"
#include "core/http/http.h"
#include "core/settings/settings.h"
#include "core/timers/timers.h"

extern const struct entity web_form_entity, web_form_entry_entity;
/* For staff, with rights, and the public door (/f/…). Stand before rest_routes. */
extern const struct route webforms_routes[], webforms_door_routes[];
extern const struct reaction webforms_reactions[];
extern const struct schedule webforms_schedules[];

enum webforms_setting { WEBFORMS_ADDRESS, WEBFORMS_FORM, WEBFORMS_PRESSURE, WEBFORMS_SECONDS, WEBFORMS_KEEP, WEBFORMS_SETTINGS };
extern const struct setting webforms_settings[WEBFORMS_SETTINGS + 1];

#endif
