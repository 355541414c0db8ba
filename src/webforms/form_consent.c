/* What was agreed to in a form goes into the ledger of consents: at once where there is a customer, else when the lead becomes one. */
#include <jansson.h>
#include <string.h>

#include "base/str.h"
#include "consent/consent.h"
#include "webforms/webforms_internal.h"
#include "webforms_sql.h"

struct noting {
	const struct record *entry, *form;
	int64_t customer;
	bool known;
	const char *from;
};

/* They said no before, on their own: a form that anybody may fill in with their name does not undo that. */
static enum err said_no(struct ctx *ctx, const struct noting *n, const char *channel, const char *purpose, bool *ret)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_form_said_no, &stmt);
	*ret = false;
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, n->customer);
	stmt_bind_text(stmt, 2, purpose);
	stmt_bind_text(stmt, 3, channel);
	err = stmt_step(ctx, stmt, ret);
	stmt_done(stmt);
	return err;
}

static enum err note(struct ctx *ctx, const struct noting *n, const json_t *one)
{
	const char *channel = json_string_value(json_object_get(one, "channel")), *purpose = json_string_value(json_object_get(one, "purpose"));
	const char *text = json_string_value(json_object_get(one, "text"));
	bool by_mail = str_equal(channel, "email") && (n->known || json_is_true(json_object_get(one, "confirm"))), no = false;
	if (channel == NULL || purpose == NULL || text == NULL)
		return OK;
	struct consent_entry entry = {
		.customer_id = n->customer, .channel = arena_strdup(ctx->arena, channel), .purpose = arena_strdup(ctx->arena, purpose), .state = "given",
		.source = arena_printf(ctx->arena, "web form: %.150s", record_text(n->form, "name")), .text_version = arena_strdup(ctx->arena, text), .at_ms = record_i64(n->entry, "at"),
		.evidence = arena_printf(ctx->arena, "web form %lld, entry %lld; text %s in %s; page %.300s; from %s", (long long)record_id(n->form), (long long)record_id(n->entry), text,
		                         record_text(n->entry, "language"), record_text(n->entry, "page") != NULL ? record_text(n->entry, "page") : "-", n->from)};
	if (ctx->arena->failed)
		return fail(ctx, ERR_LIMIT, "", "memory");
	if (by_mail)
		return consent_ask_by_mail(ctx, &entry);
	enum err err = n->known ? said_no(ctx, n, channel, purpose, &no) : OK;
	if (no)
		entry.state = "asked";
	return err == OK ? consent_add(ctx, &entry, NULL) : err;
}

enum err form_consents_note(struct ctx *ctx, const struct record *entry, const struct record *form, int64_t customer_id, bool known)
{
	const struct actor *before = ctx->actor;
	const char *text = record_text(entry, "sent");
	json_error_t wrong;
	json_t *sent = text != NULL ? json_loads(text, 0, &wrong) : NULL, *list = json_object_get(sent, "consents");
	const char *from = json_string_value(json_object_get(sent, "from"));
	struct noting n = {.entry = entry, .form = form, .customer = customer_id, .known = known, .from = from != NULL ? from : "?"};
	enum err err = OK;
	ctx->actor = gate_system();
	for (size_t i = 0; err == OK && i < json_array_size(list); i++)
		err = note(ctx, &n, json_array_get(list, i));
	ctx->actor = before;
	json_decref(sent);
	return err;
}

/* --- leads --------------------------------------------------------------------------------- */

static enum err note_entry(struct ctx *ctx, int64_t entry_id, int64_t form_id, int64_t person, bool known)
{
	struct record *entry, *form, *patch;
	enum err err = record_load(ctx, registry_find(ctx->registry, "web_form_entry"), entry_id, &entry);
	if (err == OK)
		err = record_load(ctx, registry_find(ctx->registry, "web_form"), form_id, &form);
	if (err == OK)
		err = record_new(ctx, entry->info, &patch);
	if (err == OK)
		err = record_set(ctx, patch, "customer_id", value_int(person));
	if (err == OK)
		err = record_update(ctx, entry_id, patch, 0, W_TRUSTED, NULL);
	return err == OK ? form_consents_note(ctx, entry, form, person, known) : err;
}

/* A lead that came by a form has become a customer. */
static enum err lead_after(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *now)
{
	enum { MOST = 20 };
	int64_t ids[MOST], forms[MOST], contact, person;
	struct stmt *stmt;
	size_t n = 0;
	bool row = true;
	(void)entity;
	if (old == NULL || now == NULL || record_i64(old, "customer_id") != 0 || record_i64(now, "customer_id") == 0)
		return OK;
	const char *made = record_text(now, "made"), *of = arena_printf(ctx->arena, "lead/%lld", (long long)record_id(now));
	enum err err = of != NULL ? db_prepare(ctx, ctx->db, &sql_form_entries_of_lead, &stmt) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err != OK)
		return err;
	stmt_bind_text(stmt, 1, of);
	while (n < MOST && (err = stmt_step(ctx, stmt, &row)) == OK && row) {
		ids[n] = stmt_i64(stmt, 0);
		forms[n++] = stmt_i64(stmt, 1);
	}
	stmt_done(stmt);
	contact = record_i64(now, "contact_id");
	person = contact != 0 ? contact : record_i64(now, "customer_id");
	bool known = made == NULL || strstr(made, contact != 0 ? "contact" : "customer") == NULL;
	for (size_t i = 0; err == OK && i < n; i++)
		err = note_entry(ctx, ids[i], forms[i], person, known);
	return err;
}

static const char *const writes[] = {"consent", "web_form_entry", NULL};
const struct reaction webforms_reactions[] = {{.entity = "lead", .after = lead_after, .writes = writes}, {0}};
