/* Lists of calls and letters: what those who call and write are given, and that they were given it. Both ask the gate again. */
#include <string.h>

#include "base/id.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "base/timeutil.h"
#include "campaigns/campaigns_internal.h"
#include "campaigns_sql.h"
#include "core/events/events.h"
#include "core/files/files.h"

enum { SLICE = 500, PATIENCE_DAYS = 3, ONE_DAY_MS = 86400000, CELLS_MAX = 12, PLACE = 7, DEADLINE_MS = 2 * 3600 * 1000 };

struct hand_row {
	int64_t id, customer_id;
	bool ready; /* not handed over yet */
	const char *name, *variant, *place[PLACE];
};

struct hand {
	const struct record *campaign;
	enum consent_channel channel;
	struct hand_row *rows;
	size_t n;
	int64_t after; /* the customer before the next slice */
	int64_t handed, skipped, later;
};

static enum err get_list(struct ctx *ctx, const struct http_request *req, enum action action, struct record **campaign, struct hand *ret)
{
	int64_t id;
	if (!id_parse(req->params[0], &id))
		return fail_arg(ctx, ERR_NOT_FOUND, "", "not_found", "campaign");
	enum err err = record_get(ctx, registry_find(ctx->registry, "campaign"), id, action, campaign);
	if (err)
		return err;
	*ret = (struct hand){.campaign = *campaign, .rows = arena_array(ctx->arena, SLICE, sizeof(*ret->rows))};
	if (ret->rows == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	bool known = consent_channel_find(record_text(*campaign, "channel"), &ret->channel);
	return known && ret->channel != CONSENT_EMAIL ? OK : fail(ctx, ERR_CONFLICT, "channel", "campaign_no_list");
}

static const char *kept(struct ctx *ctx, struct stmt *stmt, int at)
{
	const char *text = stmt_text(stmt, at);
	return text != NULL ? arena_strdup(ctx->arena, text) : "";
}

/* The next of them, in the order of customers. */
static enum err read_slice(struct ctx *ctx, struct hand *h)
{
	struct stmt *stmt;
	bool row = true;
	h->n = 0;
	enum err err = db_prepare(ctx, ctx->db, &sql_campaign_ready, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, record_id(h->campaign));
	stmt_bind_i64(stmt, 2, h->after);
	stmt_bind_i64(stmt, 3, SLICE);
	while (h->n < SLICE && !(err = stmt_step(ctx, stmt, &row)) && row) {
		struct hand_row *r = &h->rows[h->n++];
		*r = (struct hand_row){.id = stmt_i64(stmt, 0), .customer_id = stmt_i64(stmt, 1), .ready = stmt_i64(stmt, 2) != 0, .name = kept(ctx, stmt, 3),
		                       .variant = kept(ctx, stmt, 4)};
		for (int i = 0; i < PLACE; i++)
			r->place[i] = kept(ctx, stmt, 5 + i);
	}
	stmt_done(stmt);
	if (!err && h->n > 0)
		h->after = h->rows[h->n - 1].customer_id;
	return !err && ctx->arena->failed ? fail(ctx, ERR_LIMIT, "", "memory") : err;
}

static enum err ask(struct ctx *ctx, struct consent_run *run, const struct hand *h, const struct hand_row *r, struct consent_question *q, struct consent_answer *a)
{
	const char *cause = arena_printf(ctx->arena, "campaign_recipient/%lld", (long long)r->id);
	*q = (struct consent_question){.customer_id = r->customer_id, .channel = h->channel, .purpose = "marketing", .cause = cause};
	*a = (struct consent_answer){0};
	return cause != NULL ? consent_ask(ctx, run, q, a) : fail(ctx, ERR_LIMIT, "", "memory");
}

/* What is known of the people of the slice, or of those that were not handed over yet, locked. */
static enum err know(struct ctx *ctx, struct consent_run *run, const struct hand *h, bool handing)
{
	const struct consent_question as = {.channel = h->channel, .purpose = "marketing", .lock = handing};
	int64_t ids[SLICE];
	size_t n = 0;
	for (size_t i = 0; i < h->n; i++) {
		if (h->rows[i].ready || !handing)
			ids[n++] = h->rows[i].customer_id;
	}
	return consent_ahead(ctx, run, &as, ids, n);
}

/* Whoever calls minds the hours of the night: the list says them. */
static bool may_be_listed(const struct consent_answer *a)
{
	return a->verdict == CONSENT_YES || (a->verdict == CONSENT_LATER && a->reason == CONSENT_QUIET);
}

/* --- handed over --------------------------------------------------------------------------------- */

static enum err put_state(struct ctx *ctx, int64_t id, const char *state, const char *reason, int64_t due_at)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_campaign_hand_over, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, id);
	stmt_bind_i64(stmt, 2, ctx_now(ctx));
	stmt_bind_text(stmt, 3, state);
	stmt_bind_text(stmt, 4, reason);
	stmt_bind_i64(stmt, 5, due_at);
	if (str_equal(state, "sent"))
		stmt_bind_i64(stmt, 6, ctx_now(ctx));
	else
		stmt_bind_null(stmt, 6);
	err = stmt_run_later(ctx, stmt);
	stmt_done(stmt);
	return err;
}

static enum err hand_one(struct ctx *ctx, struct consent_run *run, struct hand *h, const struct hand_row *r)
{
	struct consent_question q;
	struct consent_answer a;
	int64_t ends = record_i64(h->campaign, "ends_at"), latest = ctx_now(ctx) + (int64_t)PATIENCE_DAYS * ONE_DAY_MS;
	enum err err = ask(ctx, run, h, r, &q, &a);
	if (err)
		return err;
	if (may_be_listed(&a)) {
		h->handed++;
		err = contact_note(ctx, &q);
		return err ? err : put_state(ctx, r->id, "sent", NULL, ctx_now(ctx));
	}
	if (a.verdict == CONSENT_NO || a.until_ms > (ends != 0 && ends < latest ? ends : latest)) {
		h->skipped++;
		return put_state(ctx, r->id, "skipped", consent_reason_names[a.reason], ctx_now(ctx));
	}
	h->later++;
	return put_state(ctx, r->id, "ready", consent_reason_names[a.reason], a.until_ms);
}

static enum err hand_slice(struct ctx *ctx, void *arg)
{
	struct hand *h = arg;
	struct consent_run *run = NULL;
	const struct hand before = *h; /* the job may run again */
	int64_t running;
	enum err err = campaign_number(ctx, &sql_campaign_still_running, (const int64_t[]){record_id(h->campaign)}, 1, &running);
	h->n = 0;
	if (err || running == 0)
		return err;
	err = read_slice(ctx, h);
	if (!err)
		err = consent_run_begin(ctx, &run);
	if (!err)
		err = know(ctx, run, h, true);
	for (size_t i = 0; !err && i < h->n; i++)
		err = h->rows[i].ready ? hand_one(ctx, run, h, &h->rows[i]) : OK;
	if (run != NULL)
		consent_run_end(run);
	if (!err)
		err = services_wake(ctx, "campaigns");
	if (err)
		*h = before;
	return err;
}

/* In slices, so that a long list holds up nobody else's work; broken off, it goes on where it was. */
static enum err hand_all(struct ctx *ctx, struct hand *h)
{
	struct db *db = ctx->db;
	enum err err = OK;
	do {
		struct arena_mark mark = arena_mark(ctx->arena);
		err = store_write(ctx, ctx->store, hand_slice, h);
		ctx->db = db;
		if (!err)
			arena_rewind(ctx->arena, mark);
	} while (!err && h->n == SLICE);
	return err;
}

/* It acts with its owner's rights, as its start does. */
static enum err hand_over(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct record *campaign;
	struct hand h;
	struct jsonw w;
	enum err err = get_list(ctx, req, ACTION_UPDATE, &campaign, &h);
	if (err)
		return err;
	err = campaign_check_owner(ctx, campaign);
	if (!err)
		err = campaign_check_state(ctx, campaign, "running");
	db_reset(ctx->db);
	if (!err)
		err = hand_all(ctx, &h);
	if (err)
		return err;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_int(&w, "handed_over", h.handed);
	jsonw_kv_int(&w, "skipped", h.skipped);
	jsonw_kv_int(&w, "later", h.later);
	jsonw_end_object(&w);
	return OK;
}

/* --- the list as a file --------------------------------------------------------------------------- */

struct sheet {
	struct hand *h;
	struct table_out *out;
	struct table_column heads[CELLS_MAX];
	struct cell cells[CELLS_MAX];
	size_t n;
	enum scope scope;
};

static enum err send(struct ctx *ctx, void *arg, const void *data, size_t n)
{
	return http_write(ctx, arg, data, n);
}

static const char *const phone_fields[] = {
	"customer.name", "customer.phone", "customer.language", "campaign_recipient.variant_id", "campaign_recipient.due_at", "campaign_recipient.reason", NULL,
};
static const char *const post_fields[] = {
	"customer.name", "address.receiver", "address.country", "address.province", "address.city", "address.district", "address.street", "address.postcode",
	"campaign_recipient.variant_id", "campaign_recipient.due_at", "campaign_recipient.reason", NULL,
};

/* Whoever may not read one of them, or take customers out, gets no list. */
static enum err make_heads(struct ctx *ctx, struct sheet *s)
{
	const char *const *fields = s->h->channel == CONSENT_POST ? post_fields : phone_fields;
	for (; *fields != NULL; fields++) {
		const char *dot = strchr(*fields, '.'), *name = arena_strndup(ctx->arena, *fields, (size_t)(dot - *fields));
		const struct entity_info *info = name != NULL ? registry_find(ctx->registry, name) : NULL;
		int at = info != NULL ? entity_field(info, dot + 1) : -1;
		if (at < 0)
			return fail(ctx, ERR_BUG, "", "campaign");
		bool may = entity_scope(ctx->actor, info, ACTION_READ) != SCOPE_NONE && entity_field_right(ctx->actor, info, at) >= RIGHT_READ;
		if (!may)
			return fail_arg(ctx, ERR_FORBIDDEN, dot + 1, "forbidden", name);
		s->heads[s->n++] = (struct table_column){dot + 1, entity_label(ctx, &info->fields[at]->label), CELL_TEXT};
	}
	return OK;
}

static const char *reason_words(struct ctx *ctx, const char *reason)
{
	const struct entity_info *info = registry_find(ctx->registry, "campaign_recipient");
	const struct option *o = info->fields[entity_field(info, "reason")]->options;
	while (o->value != NULL && !str_equal(o->value, reason))
		o++;
	return o->value != NULL ? entity_label(ctx, &o->label) : reason;
}

static void put(struct sheet *s, size_t *n, const char *text)
{
	const char *is = text != NULL ? text : "";
	s->cells[(*n)++] = (struct cell){is, strlen(is), *is != '\0' ? CELL_TEXT : CELL_EMPTY};
}

static enum err write_row(struct ctx *ctx, struct sheet *s, const struct hand_row *r, const struct consent_answer *a)
{
	char until[TIME_TEXT_MAX] = "";
	size_t n = 0;
	bool waits = a->verdict == CONSENT_LATER;
	if (waits)
		(void)time_format(a->until_ms, until);
	put(s, &n, r->name);
	if (s->h->channel == CONSENT_POST) {
		for (int i = 0; i < PLACE; i++)
			put(s, &n, r->place[i]);
	} else {
		put(s, &n, a->phone);
		put(s, &n, a->language);
	}
	put(s, &n, r->variant);
	put(s, &n, until);
	put(s, &n, waits ? reason_words(ctx, consent_reason_names[a->reason]) : "");
	return table_write(ctx, s->out, s->cells);
}

static enum err write_slice(struct ctx *ctx, struct sheet *s)
{
	struct consent_run *run = NULL;
	enum err err = read_slice(ctx, s->h);
	if (!err)
		err = consent_run_begin(ctx, &run);
	if (!err)
		err = know(ctx, run, s->h, false);
	for (size_t i = 0; !err && i < s->h->n; i++) {
		const struct hand_row *r = &s->h->rows[i];
		struct consent_question q;
		struct consent_answer a;
		err = ask(ctx, run, s->h, r, &q, &a);
		struct row_owner owner = {a.owner_id, a.team_id, a.branch_id, r->customer_id};
		if (!err && may_be_listed(&a) && gate_reach(ctx->actor, s->scope, &owner, ACTION_EXPORT, ctx_now(ctx)))
			err = write_row(ctx, s, r, &a);
	}
	if (run != NULL)
		consent_run_end(run);
	return err;
}

/* Who took what, before it leaves. */
static enum err note_export(struct ctx *ctx, void *arg)
{
	const struct hand *h = arg;
	const char *diff = arena_printf(ctx->arena, "{\"campaign\":\"%lld\"}", (long long)record_id(h->campaign));
	return diff != NULL ? change_append(ctx, "customer", 0, CHANGE_EXPORT, diff) : fail(ctx, ERR_LIMIT, "", "memory");
}

static enum err write_all(struct ctx *ctx, struct http_response *res, struct sheet *s)
{
	const struct table_out_options options = {.format = FILE_CSV, .bom = true};
	enum err err = table_out_new(ctx, &options, s->heads, s->n, send, res, &s->out);
	do {
		struct arena_mark mark = arena_mark(ctx->arena);
		err = err ? err : write_slice(ctx, s);
		if (!err)
			arena_rewind(ctx->arena, mark);
	} while (!err && s->h->n == SLICE);
	if (!err)
		err = table_finish(ctx, s->out, NULL);
	table_out_free(s->out);
	return err;
}

static enum err list_file(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	const struct entity_info *customer = registry_find(ctx->registry, "customer");
	struct record *campaign;
	struct hand h;
	struct sheet s = {.h = &h, .scope = entity_scope(ctx->actor, customer, ACTION_EXPORT)};
	struct db *db = ctx->db;
	const char *disposition = NULL;
	enum err err = get_list(ctx, req, ACTION_READ, &campaign, &h);
	if (err)
		return err;
	if (s.scope == SCOPE_NONE)
		err = fail_arg(ctx, ERR_FORBIDDEN, "", "forbidden", "customer");
	if (!err)
		err = make_heads(ctx, &s);
	if (!err)
		err = campaign_check_state(ctx, campaign, "running paused finished");
	if (!err)
		err = file_disposition(ctx, "campaign.csv", &disposition);
	db_reset(ctx->db);
	if (!err)
		err = store_write(ctx, ctx->store, note_export, &h);
	ctx->db = db;
	if (err)
		return err;
	http_content_type(res, "text/csv; charset=utf-8");
	http_set_header(res, "Content-Disposition", disposition);
	http_set_header(res, "Cache-Control", "no-store");
	ctx->deadline_ms = ctx_now(ctx) + DEADLINE_MS;
	err = http_stream_begin(ctx, res);
	return err ? err : write_all(ctx, res, &s);
}

const struct route campaign_hand_routes[] = {
	{.method = METHOD_POST, .pattern = "/api/v1/campaigns/*/hand_over", .lane = LANE_HEAVY, .door = DOOR_SIGNED_IN, .handle = hand_over,
	 .doc = "The list of calls or letters was handed over: who may still be contacted counts as contacted, the others get their reason."},
	{.method = METHOD_GET, .pattern = "/api/v1/campaigns/*/list", .lane = LANE_HEAVY, .work = WORK_EXPORT, .door = DOOR_SIGNED_IN, .handle = list_file,
	 .doc = "The list of calls or letters as CSV: who may be contacted now, with number or address; of those in their quiet hours, until when."},
	{.pattern = NULL},
};
