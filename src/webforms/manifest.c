/* The parts of src/webforms, and what built-in roles may do with them. */
#include "core/manifest/manifest.h"
#include "webforms/webforms_internal.h"

#define GROUP {"Web forms", "网页表单"}

const struct setting webforms_settings[WEBFORMS_SETTINGS + 1] = {
	[WEBFORMS_ADDRESS] = {.name = "webforms.address_minute", .type = SETTING_INT, .min = 1, .max = 10000, .fallback = "10", .group = GROUP,
		.label = {"Entries of one address in a minute", "同一地址每分钟提交上限"}, .help = {"For each form; from half of it on a question is asked.", "按表单计；超过一半时需回答简单问题。"}},
	[WEBFORMS_FORM] = {.name = "webforms.form_minute", .type = SETTING_INT, .min = 1, .max = 10000, .fallback = "120", .group = GROUP,
		.label = {"Entries of one form in a minute", "单个表单每分钟提交上限"}},
	[WEBFORMS_PRESSURE] = {.name = "webforms.pressure", .type = SETTING_INT, .min = 1, .max = 10000, .fallback = "30", .group = GROUP,
		.label = {"A question is asked from so many in a minute on", "每分钟超过此数时需回答简单问题"}},
	[WEBFORMS_SECONDS] = {.name = "webforms.seconds", .type = SETTING_INT, .min = 0, .max = 60, .fallback = "3", .group = GROUP,
		.label = {"Seconds a person takes at least", "填写表单的最短秒数"}, .help = {"What is sent sooner has to be sent again.", "更快提交的须再次确认。"}},
	[WEBFORMS_KEEP] = {.name = "webforms.keep_days", .type = SETTING_INT, .min = 30, .max = 3650, .fallback = "730", .group = GROUP,
		.label = {"Entries are kept for (days)", "提交记录保留天数"}, .help = {"What they became stays.", "由其生成的记录不受影响。"}},
};

static const struct entity *const entities[] = {&web_form_entity, &web_form_entry_entity, NULL};
static const struct route *const routes[] = {webforms_routes, webforms_door_routes, NULL};

static const struct role_right rights[] = {
	{"marketing", "web_form", "aaaaa-"}, {"marketing", "web_form_entry", "a---a-"}, {"manager", "web_form", "aaaaa-"}, {"manager", "web_form_entry", "a---a-"},
	{"service", "web_form", "a-----"},   {"service", "web_form_entry", "a-----"},   {"sales", "web_form", "a-----"},   {"sales", "web_form_entry", "a-----"},
	{"analyst", "web_form", "a-----"},   {"analyst", "web_form_entry", "a-----"},   {0},
};

#define DAY "CREATE TABLE web_form_day (form_id bigint NOT NULL, day text NOT NULL, what text NOT NULL, n bigint NOT NULL, PRIMARY KEY (form_id, day, what));" \
	" CREATE INDEX web_form_day_day ON web_form_day (day);"
#define DOOR " CREATE TABLE web_form_door (who text NOT NULL PRIMARY KEY, until bigint NOT NULL); CREATE INDEX web_form_door_until ON web_form_door (until);"
#define NONCE " CREATE TABLE web_form_nonce (nonce text NOT NULL PRIMARY KEY, form_id bigint NOT NULL, until bigint NOT NULL);" \
	" CREATE INDEX web_form_nonce_until ON web_form_nonce (until); CREATE INDEX web_form_nonce_form ON web_form_nonce (form_id)"

static const struct migration steps[] = {{1, "counts, limits and stamps of forms", DAY DOOR NONCE, DAY DOOR NONCE, NULL}};

extern const struct manifest webforms_manifest;
const struct manifest webforms_manifest = {
	.name = "webforms", .entities = entities, .routes = routes, .reactions = webforms_reactions, .settings = webforms_settings, .schedules = webforms_schedules,
	.rights = rights, .steps = steps, .n_steps = sizeof(steps) / sizeof(steps[0]),
};
