/* What comes in: looked at, made into records by an actor who may do no more than the form names, and kept with what became of it. */
#include <jansson.h>
#include <string.h>

#include "base/jsonw.h"
#include "base/str.h"
#include "core/notices/notices.h"
#include "duplicates/rule.h"
#include "webforms/webforms_internal.h"

const char *const form_utm_names[FORM_UTM] = {"utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content"};
static const char *const locale_codes[LOCALE_COUNT] = {[LOCALE_EN] = "en", [LOCALE_ZH_HANS] = "zh-Hans", [LOCALE_ZH_HANT] = "zh-Hant"};

enum { SURE = 900000 }; /* of a rule, in millionths */

struct making {
	struct form_answer *answer;
	const struct entity_info *target;
	int64_t customer, record; /* 0: none */
	bool known, unsure;       /* the customer was there before; or it is not sure who it is */
	const char *problem;      /* what kept the record from being made; NULL: nothing */
};

/* --- looking at it -------------------------------------------------------------------------- */

static void wrong(struct form_answer *a, size_t i, const char *key, const char *arg)
{
	if (a->problems[i].key == NULL) {
		a->problems[i] = (struct form_problem){key, arg};
		a->n_problems++;
	}
}

/* What the field itself has to say of it. */
static enum err look_at(struct ctx *ctx, struct form_answer *a, size_t i)
{
	const struct form_field *f = &a->spec->fields[i];
	const struct field *field = f->info->fields[f->at];
	const char *text = a->values[i];
	struct value value;
	bool ticked = field->type == FIELD_BOOL && str_equal(text, "true");
	if ((str_empty(text) || (field->type == FIELD_BOOL && !ticked)) && f->required) {
		wrong(a, i, "web_form_required", NULL);
		return OK;
	}
	if (str_empty(text))
		return OK;
	enum err err = field_parse(ctx, f->info, f->at, text, &value);
	if (err == OK) {
		record_check_bounds(ctx, f->info, f->at, &value);
		err = faults_code(ctx);
	}
	if (err != ERR_INVALID)
		return err;
	const struct fault *first = &ctx->faults.list[0];
	wrong(a, i, first->key, first->arg != NULL ? arena_strdup(ctx->arena, first->arg) : NULL);
	faults_clear(ctx);
	return OK;
}

static enum err look(struct ctx *ctx, struct form_answer *a)
{
	enum err err = OK;
	for (size_t i = 0; err == OK && i < a->spec->n; i++)
		err = a->spec->fields[i].hidden ? OK : look_at(ctx, a, i);
	for (size_t i = 0; i < a->spec->n_consents; i++) {
		a->consent_problem[i] = a->spec->consents[i].required && !a->agreed[i];
		a->n_problems += a->consent_problem[i];
	}
	return err;
}

/* --- who writes ------------------------------------------------------------------------------- */

static void allow(uint8_t **fields, const struct entity_info *info, const char *name)
{
	int at = info != NULL ? entity_field(info, name) : -1;
	if (at >= 0 && fields[info->number] != NULL)
		fields[info->number][at] = RIGHT_WRITE;
}

static bool let_create(struct ctx *ctx, struct entity_rights *all, uint8_t **fields, const struct entity_info *info)
{
	if (info == NULL || fields[info->number] != NULL)
		return info != NULL;
	uint8_t *list = arena_alloc(ctx->arena, info->n_fields);
	if (list == NULL)
		return false;
	memset(list, RIGHT_HIDDEN, info->n_fields);
	fields[info->number] = list;
	all[info->number].fields = list;
	all[info->number].n_fields = info->n_fields;
	all[info->number].scope[ACTION_CREATE] = SCOPE_ALL;
	return true;
}

static void let_link(struct ctx *ctx, struct entity_rights *all, const char *name)
{
	const struct entity_info *info = name != NULL ? registry_find(ctx->registry, name) : NULL;
	if (info != NULL)
		all[info->number].scope[ACTION_READ] = SCOPE_ALL;
}

/* An actor who may make what the form makes, with the fields it names and those that the program sets itself; nothing else. */
static enum err make_actor(struct ctx *ctx, const struct form_answer *a, const struct actor **ret)
{
	static const char *const own[] = {"owner_id", "team_id", "branch_id", "source", "channel", "subject", "contact", "customer_id", "language"};
	size_t n = registry_count(ctx->registry);
	struct entity_rights *all = arena_array(ctx->arena, n, sizeof(*all));
	uint8_t **fields = arena_array(ctx->arena, n, sizeof(*fields));
	struct actor *actor = arena_alloc(ctx->arena, sizeof(*actor));
	const struct entity_info *target = registry_find(ctx->registry, record_text(a->form, "entity")), *customer = registry_find(ctx->registry, "customer");
	if (all == NULL || fields == NULL || actor == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	memset(all, 0, n * sizeof(*all));
	memset(fields, 0, n * sizeof(*fields));
	bool good = let_create(ctx, all, fields, target) && let_create(ctx, all, fields, customer);
	for (size_t i = 0; good && i < a->spec->n; i++) {
		const struct form_field *f = &a->spec->fields[i];
		good = let_create(ctx, all, fields, f->info);
		if (good)
			fields[f->info->number][f->at] = RIGHT_WRITE;
		let_link(ctx, all, f->info->fields[f->at]->link);
	}
	for (size_t i = 0; good && i < sizeof(own) / sizeof(own[0]); i++) {
		allow(fields, target, own[i]);
		allow(fields, customer, own[i]);
	}
	if (!good)
		return fail(ctx, ERR_LIMIT, "", "memory");
	let_link(ctx, all, "user");
	let_link(ctx, all, "team");
	let_link(ctx, all, "branch");
	let_link(ctx, all, "customer");
	*actor = (struct actor){.kind = ACTOR_PORTAL, .name = arena_printf(ctx->arena, "web form %lld", (long long)record_id(a->form)), .rights = all, .n_rights = n};
	*ret = actor;
	return OK;
}

/* --- the records ------------------------------------------------------------------------------ */

static const char *value_of(const struct form_answer *a, size_t i)
{
	return a->spec->fields[i].hidden ? a->spec->fields[i].value : a->values[i];
}

static enum err fill(struct ctx *ctx, const struct form_answer *a, enum form_part part, struct record *r)
{
	enum err err = OK;
	for (size_t i = 0; err == OK && i < a->spec->n; i++) {
		const char *text = value_of(a, i);
		if (a->spec->fields[i].part == part && a->spec->fields[i].info == r->info && !str_empty(text))
			err = record_set_text(ctx, r, a->spec->fields[i].at, text);
	}
	return err;
}

static enum err set_if(struct ctx *ctx, struct record *r, const char *field, const char *text)
{
	bool is = str_empty(text) || entity_field(r->info, field) < 0 || !str_empty(record_text(r, field));
	return is ? OK : record_set(ctx, r, field, value_text(text));
}

/* To whom the form says, with their team and branch; the team that the form says comes before. */
static enum err give(struct ctx *ctx, const struct form_answer *a, struct record *r)
{
	static const char *const places[] = {"team_id", "branch_id"};
	int64_t owner = record_i64(a->form, "gives_to_id"), team = record_i64(a->form, "gives_team_id");
	struct record *user;
	enum err err = OK;
	if (owner != 0) {
		err = record_load(ctx, registry_find(ctx->registry, "user"), owner, &user);
		if (err == OK)
			err = record_set(ctx, r, "owner_id", value_int(owner));
		for (size_t i = 0; err == OK && i < 2; i++)
			err = record_value(user, places[i])->kind == VALUE_INT ? record_set(ctx, r, places[i], *record_value(user, places[i])) : OK;
	}
	return err == OK && team != 0 ? record_set(ctx, r, "team_id", value_int(team)) : err;
}

/* One value of who they are, as far as rules compare it; *ret_any: it tells people apart. */
static enum err take_part(struct ctx *ctx, struct record *r, const char *name, const char *text, bool *ret_any)
{
	static const char *const taken[] = {"name", "phone", "email", "city", "birthday", "employer", "kind", "country"};
	enum { TELL = 3 }; /* the first of them tell people apart */
	for (size_t k = 0; k < sizeof(taken) / sizeof(taken[0]); k++) {
		if (!str_equal(name, taken[k]))
			continue;
		*ret_any = *ret_any || k < TELL;
		return record_set_text(ctx, r, entity_field(r->info, name), text);
	}
	return OK;
}

enum err form_person(struct ctx *ctx, const struct form_answer *a, struct record **ret)
{
	const char *company = NULL;
	struct record *r;
	bool any = false;
	enum err err = record_new(ctx, registry_find(ctx->registry, "customer"), &r);
	for (size_t i = 0; err == OK && i < a->spec->n; i++) {
		const struct form_field *f = &a->spec->fields[i];
		const char *name = f->info->fields[f->at]->name, *text = value_of(a, i);
		bool of_case = str_equal(f->info->entity->name, "case");
		if (str_empty(text) || f->part == PART_MESSAGE || of_case)
			continue;
		err = take_part(ctx, r, name, text, &any);
		if (str_equal(name, "company"))
			company = text;
	}
	if (err == OK)
		err = set_if(ctx, r, "employer", company);
	*ret = any ? r : NULL;
	return err;
}

static enum err find_customer(struct ctx *ctx, struct making *m)
{
	struct rule_match *list = arena_array(ctx->arena, RULE_MATCHES_MAX, sizeof(*list));
	struct record *person = NULL;
	size_t n = 0, sure = 0;
	enum err err = list != NULL ? form_person(ctx, m->answer, &person) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err == OK && person != NULL)
		err = rule_find(ctx, person, false, list, &n);
	for (size_t i = 0; err == OK && i < n; i++)
		sure += list[i].chance >= SURE || list[i].refuses;
	m->known = err == OK && sure == 1 && (list[0].chance >= SURE || list[0].refuses);
	m->unsure = err == OK && n > 0 && !m->known;
	m->customer = m->known ? list[0].id : 0;
	return err;
}

static enum err make_customer(struct ctx *ctx, struct making *m, enum form_part part)
{
	struct record *r;
	enum err err = record_new(ctx, registry_find(ctx->registry, "customer"), &r);
	if (err == OK)
		err = fill(ctx, m->answer, part, r);
	if (err == OK && part == PART_CUSTOMER && str_empty(record_text(r, "name")))
		return OK; /* nobody said who they are */
	if (err == OK)
		err = give(ctx, m->answer, r);
	if (err == OK)
		err = set_if(ctx, r, "language", locale_codes[ctx->locale]);
	if (err == OK)
		err = record_create(ctx, r, 0);
	m->customer = err == OK ? record_id(r) : 0;
	return err;
}

static enum err make_lead(struct ctx *ctx, struct making *m)
{
	struct record *r;
	enum err err = record_new(ctx, m->target, &r);
	if (err == OK)
		err = fill(ctx, m->answer, PART_RECORD, r);
	if (err == OK)
		err = give(ctx, m->answer, r);
	if (err == OK)
		err = set_if(ctx, r, "source", "web");
	if (err == OK)
		err = record_create(ctx, r, 0);
	m->record = err == OK ? record_id(r) : 0;
	return err;
}

/* What was said stands in the case as its first message, from the customer. */
static enum err put_message(struct ctx *ctx, struct making *m)
{
	const struct actor *before = ctx->actor;
	const char *text = NULL;
	struct record *r;
	for (size_t i = 0; i < m->answer->spec->n; i++)
		if (m->answer->spec->fields[i].part == PART_MESSAGE)
			text = value_of(m->answer, i);
	if (str_empty(text))
		return OK;
	enum err err = record_new(ctx, registry_find(ctx->registry, "case_message"), &r);
	if (err == OK)
		err = record_set(ctx, r, "case_id", value_int(m->record));
	if (err == OK)
		err = record_set(ctx, r, "kind", value_text("in"));
	if (err == OK)
		err = record_set(ctx, r, "channel", value_text("form"));
	if (err == OK)
		err = record_set(ctx, r, "body", value_text(text));
	if (err == OK) {
		ctx->actor = gate_system();
		err = record_create(ctx, r, W_TRUSTED);
		ctx->actor = before;
	}
	return err;
}

static const char *reached_at(const struct form_answer *a)
{
	for (size_t i = 0; i < a->spec->n; i++) {
		const char *name = a->spec->fields[i].name;
		if ((str_equal(name, "customer.phone") || str_equal(name, "customer.email")) && !str_empty(value_of(a, i)))
			return value_of(a, i);
	}
	return NULL;
}

static enum err make_case(struct ctx *ctx, struct making *m)
{
	struct record *r;
	const char *title = form_text(ctx, m->answer->form, "title");
	enum err err = m->customer == 0 && !m->unsure ? make_customer(ctx, m, PART_CUSTOMER) : OK;
	if (err == OK)
		err = record_new(ctx, m->target, &r);
	if (err == OK)
		err = fill(ctx, m->answer, PART_RECORD, r);
	if (err == OK)
		err = give(ctx, m->answer, r);
	if (err == OK)
		err = set_if(ctx, r, "subject", title != NULL ? title : record_text(m->answer->form, "name"));
	if (err == OK)
		err = set_if(ctx, r, "channel", "form");
	if (err == OK)
		err = set_if(ctx, r, "contact", reached_at(m->answer));
	if (err == OK && m->customer != 0)
		err = record_set(ctx, r, "customer_id", value_int(m->customer));
	if (err == OK)
		err = record_create(ctx, r, 0);
	m->record = err == OK ? record_id(r) : 0;
	return err == OK ? put_message(ctx, m) : err;
}

static enum err make(struct ctx *ctx, struct making *m)
{
	if (str_equal(m->target->entity->name, "lead"))
		return make_lead(ctx, m);
	if (str_equal(m->target->entity->name, "case"))
		return make_case(ctx, m);
	if (m->known || m->unsure) /* a stranger changes nothing of who is there */
		m->record = m->customer;
	else
		return make_customer(ctx, m, PART_RECORD);
	return OK;
}

/* --- the entry ---------------------------------------------------------------------------------- */

static const char *agreed_text(struct ctx *ctx, const struct form_answer *a)
{
	const char *text = "";
	for (size_t i = 0; text != NULL && i < a->spec->n_consents; i++)
		if (a->agreed[i])
			text = arena_printf(ctx->arena, "%s%s%s", text, text[0] != '\0' ? ", " : "", a->spec->consents[i].version);
	return text;
}

static const char *sent_json(struct ctx *ctx, const struct form_answer *a)
{
	struct buf out;
	struct jsonw w;
	buf_init(&out, FORM_BODY_MAX * 2);
	jsonw_init(&w, &out);
	jsonw_object(&w);
	jsonw_key(&w, "values");
	jsonw_object(&w);
	for (size_t i = 0; i < a->spec->n; i++)
		if (!str_empty(value_of(a, i)))
			jsonw_kv_text(&w, a->spec->fields[i].name, value_of(a, i));
	jsonw_end_object(&w);
	jsonw_key(&w, "consents");
	jsonw_array(&w);
	for (size_t i = 0; i < a->spec->n_consents; i++) {
		if (!a->agreed[i])
			continue;
		jsonw_object(&w);
		jsonw_kv_text(&w, "channel", a->spec->consents[i].channel);
		jsonw_kv_text(&w, "purpose", a->spec->consents[i].purpose);
		jsonw_kv_text(&w, "text", a->spec->consents[i].version);
		jsonw_kv_bool(&w, "confirm", a->spec->consents[i].confirm);
		jsonw_end_object(&w);
	}
	jsonw_end_array(&w);
	jsonw_kv_text(&w, "from", a->remote);
	jsonw_end_object(&w);
	const char *text = buf_failed(&out) ? NULL : arena_strdup(ctx->arena, buf_text(&out));
	buf_release(&out);
	return text;
}

static enum err set_texts(struct ctx *ctx, struct record *r, const struct form_answer *a)
{
	enum err err = set_if(ctx, r, "page", a->page);
	for (size_t i = 0; err == OK && i < FORM_UTM; i++)
		err = set_if(ctx, r, form_utm_names[i], a->utm[i]);
	return err;
}

static enum err set_all(struct ctx *ctx, struct record *r, const struct making *m, bool waits)
{
	const bool customer = str_equal(m->target->entity->name, "customer");
	int64_t record = m->record != 0 ? m->record : customer ? m->customer : 0;
	const char *of = record != 0 ? arena_printf(ctx->arena, "%s/%lld", m->target->entity->name, (long long)record) : NULL;
	const struct {
		const char *field;
		struct value value;
	} values[] = {
		{"form_id", value_int(record_id(m->answer->form))}, {"at", value_int(ctx_now(ctx))}, {"state", value_text(waits ? "waiting" : "done")},
		{"reason", value_text(!waits ? NULL : m->problem != NULL ? "problem" : "unsure")}, {"problem", value_text(m->problem)}, {"record", value_text(of)},
		{"customer_id", m->customer != 0 ? value_int(m->customer) : value_null()}, {"language", value_text(locale_codes[ctx->locale])},
	};
	enum err err = OK;
	for (size_t i = 0; err == OK && i < sizeof(values) / sizeof(values[0]); i++)
		err = record_set(ctx, r, values[i].field, values[i].value);
	return err;
}

static enum err keep(struct ctx *ctx, const struct making *m, struct record **ret)
{
	const char *agreed = agreed_text(ctx, m->answer), *sent = sent_json(ctx, m->answer);
	bool waits = m->problem != NULL || (m->unsure && !str_equal(m->target->entity->name, "lead"));
	if (agreed == NULL || sent == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	enum err err = record_new(ctx, registry_find(ctx->registry, "web_form_entry"), ret);
	if (err == OK)
		err = set_all(ctx, *ret, m, waits);
	if (err == OK)
		err = set_if(ctx, *ret, "agreed", agreed);
	if (err == OK)
		err = set_texts(ctx, *ret, m->answer);
	if (err == OK)
		err = record_set(ctx, *ret, "sent", value_text(sent));
	return err == OK ? record_create(ctx, *ret, W_TRUSTED) : err;
}

static enum err tell(struct ctx *ctx, const struct making *m, const struct record *entry)
{
	struct notice notice = {.user_id = record_i64(m->answer->form, "tells_id"), .kind = NOTICE_RULE, .text = record_text(m->answer->form, "name"),
	                        .entity = m->record != 0 ? m->target->entity->name : "web_form_entry", .record_id = m->record != 0 ? m->record : record_id(entry)};
	return notice.user_id != 0 ? notices_put(ctx, &notice) : OK;
}

/* Faults of fields that the visitor sees go back to them; *ret false: there are others, which are none of their business. */
static bool go_back(struct ctx *ctx, struct form_answer *a)
{
	bool all = ctx->faults.count > 0;
	for (size_t k = 0; k < ctx->faults.count; k++) {
		const struct fault *fault = &ctx->faults.list[k];
		bool found = false;
		for (size_t i = 0; i < a->spec->n && ctx->faults.code == ERR_INVALID && !str_equal(fault->key, "unique"); i++) {
			const struct form_field *f = &a->spec->fields[i];
			if (f->hidden || !str_equal(f->info->fields[f->at]->name, fault->field))
				continue;
			wrong(a, i, arena_strdup(ctx->arena, fault->key), fault->arg != NULL ? arena_strdup(ctx->arena, fault->arg) : NULL);
			found = true;
		}
		all = all && found;
	}
	return all;
}

static void note_problem(struct ctx *ctx, struct making *m)
{
	const struct fault *first = &ctx->faults.list[0];
	const char *said = app_message(ctx, first);
	m->problem = arena_printf(ctx->arena, "%s%s%.400s", first->field, str_empty(first->field) ? "" : ": ", said != NULL ? said : first->key);
	m->record = m->customer = 0;
	m->known = m->unsure = false;
}

static bool can_be_told(enum err err)
{
	return err == ERR_INVALID || err == ERR_CONFLICT || err == ERR_FORBIDDEN || err == ERR_NOT_FOUND;
}

/* The records; where they cannot be made, why. Whatever was written of them is undone then. */
static enum err try_make(struct ctx *ctx, struct making *m, const struct form_stamp *stamp, bool *ret_repeated)
{
	bool first = true;
	enum err err = db_savepoint(ctx);
	if (err != OK)
		return err;
	err = form_nonce(ctx, stamp, &first);
	*ret_repeated = err == OK && !first;
	if (err == OK && first)
		err = find_customer(ctx, m);
	if (err == OK && first) {
		err = make_actor(ctx, m->answer, &ctx->actor);
		if (err == OK)
			err = make(ctx, m);
		ctx->actor = gate_system();
	}
	if (err == OK)
		return db_release(ctx);
	db_rollback_to(ctx);
	if (!can_be_told(err))
		return err;
	if (!go_back(ctx, m->answer)) {
		memset(m->answer->problems, 0, sizeof(m->answer->problems));
		m->answer->n_problems = 0;
		note_problem(ctx, m);
	}
	faults_clear(ctx);
	return OK;
}

enum err form_take(struct ctx *ctx, struct form_answer *a)
{
	struct making m = {.answer = a, .target = registry_find(ctx->registry, record_text(a->form, "entity"))};
	struct form_stamp stamp;
	struct record *entry = NULL;
	bool good, repeated = false, first;
	enum err err = look(ctx, a);
	if (err != OK || a->n_problems > 0)
		return err;
	ctx->actor = gate_system();
	err = form_stamp_read(ctx, a->stamp, record_id(a->form), &stamp, &good);
	if (err == OK)
		err = m.target != NULL && good ? try_make(ctx, &m, &stamp, &repeated) : fail(ctx, ERR_INVALID, "", "web_form_gone");
	if (err != OK || a->n_problems > 0)
		return err;
	if (repeated)
		return form_count(ctx, record_id(a->form), "repeated");
	if (m.problem != NULL)
		err = form_nonce(ctx, &stamp, &first);
	if (err == OK)
		err = keep(ctx, &m, &entry);
	if (err == OK && m.customer != 0)
		err = form_consents_note(ctx, entry, a->form, m.customer, m.known);
	if (err == OK)
		err = tell(ctx, &m, entry);
	return err == OK ? form_count(ctx, record_id(a->form), "sent") : err;
}

/* --- by staff -------------------------------------------------------------------------------------- */

static enum err settle(struct ctx *ctx, const struct record *entry, const struct making *m, bool aside)
{
	const struct actor *before = ctx->actor;
	struct record *patch;
	const char *of = m->record != 0 ? arena_printf(ctx->arena, "%s/%lld", m->target->entity->name, (long long)m->record) : NULL;
	enum err err = record_new(ctx, entry->info, &patch);
	if (err == OK)
		err = record_set(ctx, patch, "state", value_text(aside ? "aside" : "done"));
	if (err == OK && m->customer != 0)
		err = record_set(ctx, patch, "customer_id", value_int(m->customer));
	if (err == OK && of != NULL)
		err = record_set(ctx, patch, "record", value_text(of));
	if (err == OK)
		err = record_set(ctx, patch, "decided_at", value_int(ctx_now(ctx)));
	if (err == OK && before->user_id != 0)
		err = record_set(ctx, patch, "decided_by_id", value_int(before->user_id));
	return err == OK ? record_update(ctx, record_id(entry), patch, record_i64(entry, "version"), W_TRUSTED, NULL) : err;
}

/* The case that was made already gets its customer. */
static enum err set_customer(struct ctx *ctx, const struct making *m, int64_t case_id)
{
	struct record *patch;
	enum err err = record_new(ctx, m->target, &patch);
	if (err == OK)
		err = record_set(ctx, patch, "customer_id", value_int(m->customer));
	return err == OK ? record_update(ctx, case_id, patch, 0, 0, NULL) : err;
}

static int64_t made_before(const struct ctx *ctx, const struct record *entry)
{
	const struct entity_info *info;
	int64_t id = 0;
	const char *of = record_text(entry, "record");
	return of != NULL && entity_any(ctx->registry, of, &info, &id) ? id : 0;
}

/* What was kept back: the record, or the customer of the one that is there. */
static enum err make_up(struct ctx *ctx, struct making *m, int64_t made)
{
	if (made == 0)
		return make(ctx, m);
	m->record = made;
	enum err err = m->customer == 0 ? make_customer(ctx, m, PART_CUSTOMER) : OK;
	return err == OK && m->customer != 0 ? set_customer(ctx, m, made) : err;
}

enum err form_decide(struct ctx *ctx, const struct record *entry, int64_t customer_id, bool fresh)
{
	struct form_answer *a = arena_alloc(ctx->arena, sizeof(*a));
	struct record *there;
	struct making m = {.customer = customer_id, .known = customer_id != 0};
	enum err err = a != NULL ? form_answer_kept(ctx, entry, a) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err != OK)
		return err;
	m.answer = a;
	m.target = registry_find(ctx->registry, record_text(a->form, "entity"));
	if (!fresh && customer_id == 0)
		return settle(ctx, entry, &m, true);
	if (customer_id != 0)
		err = record_get(ctx, registry_find(ctx->registry, "customer"), customer_id, ACTION_READ, &there);
	if (err == OK)
		err = make_up(ctx, &m, made_before(ctx, entry));
	if (err == OK && m.record == 0)
		m.record = m.customer;
	if (err == OK)
		err = settle(ctx, entry, &m, false);
	return err == OK && m.customer != 0 ? form_consents_note(ctx, entry, a->form, m.customer, m.known) : err;
}
