/* Phones of a row, once its country is known; identifiers that are phones or addresses. */
#include "base/str.h"
#include "core/entity/field_type.h"
#include "core/exchange/convert.h"
#include "core/exchange/import.h"

enum err import_take_bad(struct ctx *ctx, const struct plan *plan, size_t record, size_t field, struct ready_row *row)
{
	bool leave = plan->records[record].fields[field].leave_bad;
	for (size_t i = 0; leave && i < ctx->faults.count; i++)
		if (!import_leave_value(ctx->arena, plan, record, field, &ctx->faults.list[i], row))
			return fail(ctx, ERR_LIMIT, "", "memory");
	if (leave)
		faults_clear(ctx);
	else
		import_take_faults(ctx, plan, record, row);
	return OK;
}

static const char *country_of(struct ctx *ctx, const struct plan_record *r, const struct ready_record *ready)
{
	for (size_t i = 0; ready->active && i < r->n_fields; i++) {
		const struct value *v = &ready->values[i];
		if (v->kind == VALUE_TEXT && v->t.n == 2 && str_equal(r->info->fields[r->fields[i].at]->name, "country"))
			return convert_case(ctx, v->t.p, true);
	}
	return NULL;
}

/* The record's own country, else another one of the row, else the plan's, else the firm's. */
static const char *region_of(struct ctx *ctx, const struct plan *plan, const struct ready_row *row, size_t at)
{
	const char *country = country_of(ctx, &plan->records[at], &row->records[at]);
	for (size_t i = 0; country == NULL && i < plan->n_records; i++)
		country = country_of(ctx, &plan->records[i], &row->records[i]);
	if (country == NULL)
		country = plan->country;
	return country != NULL ? country : registry_phone_region(ctx->registry);
}

static enum err prepare_phone(struct ctx *ctx, const struct plan *plan, size_t at, size_t field, struct ready_row *row)
{
	const struct plan_record *r = &plan->records[at];
	const struct plan_field *f = &r->fields[field];
	struct value *v = &row->records[at].values[field];
	struct contact contact;
	enum err err = convert_phone(ctx, v->t.p, region_of(ctx, plan, row, at), &contact);
	if (err != OK)
		return err;
	const char *text = f->value.part > 1 ? contact.rest : contact.text;
	*v = value_null();
	if (str_empty(text))
		return OK;
	if (!contact.valid || f->value.part > 1)
		return field_parse(ctx, r->info, f->at, text, v);
	*v = value_text(text);
	return OK;
}

/* What the record itself says its text is: "phone", "email"; NULL: nothing. */
static const char *kind_of(const struct plan_record *r, const struct ready_record *ready, size_t field)
{
	const char *name = r->info->fields[r->fields[field].at]->kind_field;
	for (size_t i = 0; name != NULL && i < r->n_fields; i++)
		if (str_equal(r->info->fields[r->fields[i].at]->name, name) && ready->values[i].kind == VALUE_TEXT)
			return ready->values[i].t.p;
	return NULL;
}

/* An identifier that is a phone or an address, as such a field would have it; several in one cell stay together. A word for
 * nothing is no identifier: what is only kept is then left out. */
static enum err prepare_kind(struct ctx *ctx, const struct plan *plan, size_t at, size_t field, struct ready_row *row)
{
	const struct plan_record *r = &plan->records[at];
	struct ready_record *ready = &row->records[at];
	struct value *v = &ready->values[field];
	const char *kind = kind_of(r, ready, field);
	struct contact contact = {.text = ""};
	bool phone = str_equal(kind, "phone");
	if (!phone && !str_equal(kind, "email"))
		return OK;
	enum err err = phone ? convert_phone(ctx, v->t.p, region_of(ctx, plan, row, at), &contact) : convert_email(ctx, v->t.p, &contact);
	if (err != OK)
		return err;
	if (contact.text[0] == '\0' && contact.nothing && r->mode == PLAN_KEEP)
		ready->active = false;
	else if (contact.valid && contact.rest == NULL)
		*v = value_text(contact.text);
	return OK;
}

enum err prepare_phones(struct ctx *ctx, const struct plan *plan, size_t at, struct ready_row *row)
{
	const struct plan_record *r = &plan->records[at];
	for (size_t i = 0; r->phones && row->records[at].active && i < r->n_fields; i++) {
		const struct field *field = r->info->fields[r->fields[i].at];
		bool kinds = field->kind_field != NULL;
		if ((field->type != FIELD_PHONE && !kinds) || row->records[at].values[i].kind != VALUE_TEXT || r->fields[i].value.source == PLAN_CONSTANT)
			continue;
		enum err err = kinds ? prepare_kind(ctx, plan, at, i, row) : prepare_phone(ctx, plan, at, i, row);
		if (err != OK && !import_row_error(err))
			return err;
		if (err != OK || ctx->faults.count > 0)
			err = import_take_bad(ctx, plan, at, i, row);
		if (err != OK)
			return err;
	}
	return OK;
}
