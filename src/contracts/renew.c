/* How a contract goes on: reminders of its notice day, the one that follows it, and what happens by itself at its end. */
#include <stdio.h>
#include <string.h>

#include "base/id.h"
#include "base/log.h"
#include "base/str.h"
#include "contracts/contracts_internal.h"
#include "contracts_sql.h"

static const char kind_name[] = "contract.notice";
enum { MORNING = 9, NIGHT = 20 /* minutes past midnight */, PATIENCE_MS = 5000 };

static const struct text2 words = {"Contract ends soon: renew it or give notice", "合同即将到期，请续签或通知"};

/* --- the reminder -------------------------------------------------------------------------- */

static bool waits(const struct record *r)
{
	return r != NULL && str_equal(record_text(r, "state"), "active") && record_text(r, "notice_on") != NULL;
}

enum err contract_remind(struct ctx *ctx, const struct record *old, const struct record *now)
{
	const char *key = arena_printf(ctx->arena, "%lld", (long long)record_id(now != NULL ? now : old));
	int64_t at = 0;
	if (waits(old) == waits(now) && (!waits(now) || contract_same(old, now, "notice_on")))
		return OK;
	if (key == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	if (!waits(now))
		return timer_clear(ctx, kind_name, key);
	enum err err = receivables_moment(ctx, record_text(now, "notice_on"), MORNING, &at);
	char tomorrow[RECEIVABLES_DAY_BYTES];
	if (err == OK && at <= ctx_now(ctx)) /* what comes in late, perhaps with a thousand others, is told next morning */
		err = receivables_today(ctx, 1, tomorrow);
	if (err == OK && at <= ctx_now(ctx))
		err = receivables_moment(ctx, tomorrow, MORNING, &at);
	return err == OK ? timer_set(ctx, kind_name, key, at, "") : err;
}

static enum err add_task(struct ctx *ctx, const struct record *r)
{
	struct record *task;
	const char *subject = arena_printf(ctx->arena, "%s: %s (%s)", entity_label(ctx, &words), record_text(r, "title"), record_text(r, "ends_on"));
	const char *about = arena_printf(ctx->arena, "contract/%lld", (long long)record_id(r));
	if (subject == NULL || about == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	enum err err = record_new(ctx, registry_find(ctx->registry, "interaction"), &task);
	const struct {
		const char *field;
		struct value value;
	} cells[] = {
		{"customer_id", *record_value(r, "customer_id")}, {"kind", value_text("task")}, {"state", value_text("open")}, {"due_at", value_int(ctx_now(ctx))},
		{"subject", value_text(subject)}, {"about", value_text(about)}, {"owner_id", *record_value(r, "owner_id")},
	};
	for (size_t i = 0; err == OK && i < sizeof(cells) / sizeof(cells[0]); i++)
		err = record_set(ctx, task, cells[i].field, cells[i].value);
	return err == OK ? record_create(ctx, task, W_TRUSTED) : err;
}

static enum err fire(struct ctx *ctx, const struct timer *timer)
{
	struct record *r;
	int64_t id;
	if (!id_parse(timer->key, &id))
		return fail(ctx, ERR_BUG, "timer", "not_found");
	enum err err = record_load(ctx, registry_find(ctx->registry, contract_entity.name), id, &r);
	if (err == ERR_NOT_FOUND) {
		faults_clear(ctx);
		return OK;
	}
	return err == OK && waits(r) ? add_task(ctx, r) : err;
}

const struct timer_kind contracts_timers[] = {{kind_name, fire}, {0}};

/* --- the one that follows ------------------------------------------------------------------ */

static enum err copy(struct ctx *ctx, const struct record *from, struct record *to, const char *const *fields, size_t n)
{
	enum err err = OK;
	for (size_t i = 0; err == OK && i < n; i++) {
		if (record_value(from, fields[i])->kind != VALUE_NULL)
			err = record_set(ctx, to, fields[i], *record_value(from, fields[i]));
	}
	return err;
}

static enum err set_day(struct ctx *ctx, struct record *r, const char *field, const char *day)
{
	const char *text = arena_strdup(ctx->arena, day);
	return text != NULL ? record_set(ctx, r, field, value_text(text)) : fail(ctx, ERR_LIMIT, "", "memory");
}

/* What a firm added itself goes on too, the more as it may be asked for. */
static enum err copy_own(struct ctx *ctx, const struct record *from, struct record *to)
{
	enum err err = OK;
	for (size_t i = 0; err == OK && i < from->info->n_fields; i++) {
		const struct field *field = from->info->fields[i];
		if ((field->flags & F_CUSTOM) && !(field->flags & (F_READONLY | F_RETIRED | F_UNIQUE)) && from->values[i].kind != VALUE_NULL)
			err = record_set(ctx, to, field->name, from->values[i]);
	}
	return err;
}

static enum err make_next(struct ctx *ctx, const struct record *contract, bool in_force, unsigned flags, struct record **ret)
{
	static const char *const same[] = {"title", "customer_id", "kind", "renewal", "renewal_months", "notice_days", "currency", "value", "owner_id", "team_id", "branch_id", "note"};
	char starts[RECEIVABLES_DAY_BYTES], after[RECEIVABLES_DAY_BYTES], ends[RECEIVABLES_DAY_BYTES];
	enum err err = receivables_day_after(ctx, record_text(contract, "ends_on"), 1, starts);
	if (err == OK)
		err = contract_months_after(ctx, starts, record_i64(contract, "renewal_months"), after);
	if (err == OK && after[0] == '\0')
		err = fail(ctx, ERR_INVALID, "", "day_range");
	if (err == OK)
		err = receivables_day_after(ctx, after, -1, ends);
	if (err == OK)
		err = record_new(ctx, contract->info, ret);
	if (err == OK)
		err = copy(ctx, contract, *ret, same, sizeof(same) / sizeof(same[0]));
	if (err == OK)
		err = copy_own(ctx, contract, *ret);
	if (err == OK)
		err = set_day(ctx, *ret, "starts_on", starts);
	if (err == OK)
		err = set_day(ctx, *ret, "ends_on", ends);
	if (err == OK)
		err = record_set(ctx, *ret, "previous_id", value_int(record_id(contract)));
	if (err == OK)
		err = record_set(ctx, *ret, "state", value_text(in_force ? "active" : "draft"));
	return err == OK ? record_create(ctx, *ret, flags | W_KEPT) : err;
}

/* The first time that lies after the contract's end; "" none. */
static enum err goes_on(struct ctx *ctx, const struct record *line, const char *ends, char ret[RECEIVABLES_DAY_BYTES])
{
	const char *until = record_text(line, "until_on");
	enum err err = OK;
	ret[0] = '\0';
	if (str_equal(record_text(line, "every"), "once") || (until != NULL && strcmp(until, ends) <= 0))
		return OK;
	for (int64_t n = 0; err == OK && (n == 0 || (ret[0] != '\0' && strcmp(ret, ends) <= 0)); n++)
		err = contract_line_day(ctx, line, NULL, n, ret);
	return err;
}

/* A line goes on where it stopped. */
static enum err copy_line(struct ctx *ctx, const struct record *contract, int64_t id, int64_t next, unsigned flags)
{
	static const char *const same[] = {"title", "amount", "every"};
	struct record *line, *to;
	char day[RECEIVABLES_DAY_BYTES] = "";
	enum err err = record_load(ctx, registry_find(ctx->registry, contract_line_entity.name), id, &line);
	if (err == OK)
		err = goes_on(ctx, line, record_text(contract, "ends_on"), day);
	if (err != OK || day[0] == '\0')
		return err;
	err = record_new(ctx, line->info, &to);
	if (err == OK)
		err = copy(ctx, line, to, same, sizeof(same) / sizeof(same[0]));
	if (err == OK)
		err = record_set(ctx, to, "contract_id", value_int(next));
	if (err == OK)
		err = set_day(ctx, to, "first_on", day);
	return err == OK ? record_create(ctx, to, flags) : err;
}

static enum err copy_party(struct ctx *ctx, int64_t id, int64_t next, unsigned flags)
{
	static const char *const same[] = {"role", "name", "customer_id", "signatory"};
	struct record *party, *to;
	enum err err = record_load(ctx, registry_find(ctx->registry, contract_party_entity.name), id, &party);
	if (err == OK)
		err = record_new(ctx, party->info, &to);
	if (err == OK)
		err = copy(ctx, party, to, same, sizeof(same) / sizeof(same[0]));
	if (err == OK)
		err = record_set(ctx, to, "contract_id", value_int(next));
	return err == OK ? record_create(ctx, to, flags) : err;
}

static enum err copy_children(struct ctx *ctx, const struct record *contract, int64_t next, unsigned flags)
{
	int64_t *ids;
	size_t n;
	enum err err = contract_ids(ctx, &sql_contract_lines, record_id(contract), NULL, &ids, &n);
	for (size_t i = 0; err == OK && i < n; i++)
		err = copy_line(ctx, contract, ids[i], next, flags);
	if (err == OK)
		err = contract_ids(ctx, &sql_contract_parties, record_id(contract), NULL, &ids, &n);
	for (size_t i = 0; err == OK && i < n; i++)
		err = copy_party(ctx, ids[i], next, flags);
	return err;
}

enum err contract_renew(struct ctx *ctx, const struct record *contract, bool in_force, unsigned flags, int64_t *ret)
{
	const char *state = record_text(contract, "state");
	struct record *next, *patch;
	if (record_i64(contract, "next_id") != 0)
		return fail(ctx, ERR_CONFLICT, "", "contract_renewed");
	if (record_text(contract, "ends_on") == NULL)
		return fail(ctx, ERR_CONFLICT, "ends_on", "contract_endless");
	/* renewed: the one that followed was deleted */
	if (!str_equal(state, "active") && !str_equal(state, "ended") && !str_equal(state, "renewed"))
		return fail(ctx, ERR_CONFLICT, "state", "contract_not_in_force");
	enum err err = make_next(ctx, contract, in_force, flags, &next);
	if (err == OK)
		err = copy_children(ctx, contract, record_id(next), flags);
	if (err == OK)
		err = record_new(ctx, contract->info, &patch);
	if (err == OK)
		err = record_set(ctx, patch, "next_id", value_int(record_id(next)));
	if (err == OK)
		err = record_set(ctx, patch, "state", value_text("renewed"));
	if (err == OK)
		err = record_update(ctx, record_id(contract), patch, 0, W_TRUSTED, NULL);
	*ret = err == OK ? record_id(next) : 0;
	return err;
}

/* --- each night ------------------------------------------------------------------------------- */

static enum err end_one(struct ctx *ctx, int64_t id)
{
	const struct entity_info *info = registry_find(ctx->registry, contract_entity.name);
	struct record *contract, *patch;
	int64_t next;
	enum err err = record_load(ctx, info, id, &contract);
	if (err == OK && str_equal(record_text(contract, "renewal"), "auto"))
		return contract_renew(ctx, contract, true, W_TRUSTED, &next);
	if (err == OK)
		err = record_new(ctx, info, &patch);
	if (err == OK)
		err = record_set(ctx, patch, "state", value_text("ended"));
	return err == OK ? record_update(ctx, id, patch, 0, W_TRUSTED, NULL) : err;
}

static enum err plan_one(struct ctx *ctx, int64_t id)
{
	char until[RECEIVABLES_DAY_BYTES];
	struct record *contract;
	int64_t made;
	enum err err = receivables_today(ctx, setting_int(ctx, &contracts_settings[CONTRACTS_AHEAD]), until);
	if (err == OK)
		err = record_load(ctx, registry_find(ctx->registry, contract_entity.name), id, &contract);
	return err == OK ? contract_plan(ctx, contract, until, &made) : err;
}

/* What is wrong with one contract is its own trouble: it stays as it is, and the others go on. */
static enum err alone(struct ctx *ctx, int64_t id, enum err (*fn)(struct ctx *ctx, int64_t id))
{
	enum err err = db_savepoint(ctx);
	if (err != OK)
		return err;
	err = fn(ctx, id);
	if (err == OK) /* what was sent ahead may fail only now */
		err = db_release(ctx);
	if (err == OK || err == ERR_RETRY)
		return err;
	const struct fault *fault = ctx->faults.count > 0 ? &ctx->faults.list[0] : NULL;
	char text[ID_TEXT_MAX];
	(void)snprintf(text, sizeof(text), "%lld", (long long)id);
	log_event(LOG_ERROR, "a contract stays as it is", "contract", text, "why", fault != NULL ? fault->key : "?", "field",
		fault != NULL && fault->field != NULL ? fault->field : "", NULL);
	db_rollback_to(ctx);
	faults_clear(ctx);
	return OK;
}

/* Page by page; what is not done within some seconds waits for the next night, so that nobody who writes waits longer. */
static enum err each(struct ctx *ctx, const struct sql *sql, const char *day, enum err (*fn)(struct ctx *ctx, int64_t id))
{
	int64_t *ids, after = -1, until = ctx_now(ctx) + PATIENCE_MS;
	size_t n;
	enum err err;
	do {
		err = contract_ids(ctx, sql, after, day, &ids, &n);
		for (size_t i = 0; err == OK && i < n && ctx_now(ctx) < until; i++) {
			after = ids[i];
			err = alone(ctx, after, fn);
		}
	} while (err == OK && n == CONTRACTS_IDS_MAX && ctx_now(ctx) < until);
	return err;
}

static enum err nightly(struct ctx *ctx)
{
	char today[RECEIVABLES_DAY_BYTES], until[RECEIVABLES_DAY_BYTES];
	enum err err = receivables_today(ctx, 0, today);
	if (err == OK)
		err = each(ctx, &sql_contracts_over, today, end_one);
	if (err == OK)
		err = receivables_today(ctx, setting_int(ctx, &contracts_settings[CONTRACTS_AHEAD]), until);
	return err == OK ? each(ctx, &sql_contracts_to_plan, until, plan_one) : err;
}

const struct schedule contracts_schedules[] = {{.name = "contracts.nightly", .minute = NIGHT, .run = nightly}, {0}};
