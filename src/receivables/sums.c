/* What was paid, written off, allocated and refunded, summed from the rows at the end of the write job that changes them. */
#include "base/decimal.h"
#include "base/str.h"
#include "core/tax/fraction.h"
#include "receivables/receivables_internal.h"
#include "receivables_sql.h"

enum { RATE_SCALE = 6 };

enum err receivable_open(struct ctx *ctx, const struct record *receivable, int64_t without, int64_t *ret)
{
	int64_t used[2];
	enum err err = receivables_ask(ctx, &sql_receivable_used, record_id(receivable), without, used);
	*ret = record_i64(receivable, "amount") - used[0] - used[1];
	return err;
}

enum err receipt_free(struct ctx *ctx, const struct record *receipt, int64_t without, int64_t *ret)
{
	int64_t used[2];
	enum err err = receivables_ask(ctx, &sql_receipt_used, record_id(receipt), without, used);
	*ret = record_i64(receipt, "amount") - used[0] - used[1];
	return err;
}

enum err receipt_settles(struct ctx *ctx, const struct record *receipt, const struct record *receivable, int64_t amount, int64_t *ret)
{
	const char *from = record_text(receipt, "currency"), *to = record_text(receivable, "currency");
	int64_t a = record_i64(receipt, "fx_rate"), b = record_i64(receivable, "fx_rate");
	*ret = amount;
	if (str_equal(from, to))
		return OK;
	if (a <= 0 || b <= 0)
		return fail_arg(ctx, ERR_INVALID, "settles", "receivable_rate", a <= 0 ? from : to);
	struct fraction value = fraction_mul(fraction_scaled(amount, currency_scale(from)), fraction_scaled(a, RATE_SCALE));
	value = fraction_div(value, fraction_scaled(b, RATE_SCALE));
	return fraction_to_scaled(value, currency_scale(to), ret) ? OK : fail(ctx, ERR_INVALID, "settles", "number_too_large");
}

struct kept {
	const struct entity *entity;
	const struct sql *sql;
	const char *fields[2];
};

static const struct kept of_receivable = {&receivable_entity, &sql_receivable_used, {"paid", "written_off"}};
static const struct kept of_receipt = {&receipt_entity, &sql_receipt_used, {"allocated", "refunded"}};

static enum err sum_again(struct ctx *ctx, const struct kept *kept, int64_t id)
{
	const struct entity_info *info = registry_find(ctx->registry, kept->entity->name);
	struct record *record, *patch;
	int64_t used[2];
	enum err err = record_load(ctx, info, id, &record);
	if (err == ERR_NOT_FOUND) { /* deleted with what it was used for */
		faults_clear(ctx);
		return OK;
	}
	if (err == OK)
		err = receivables_ask(ctx, kept->sql, id, 0, used);
	if (err != OK || (used[0] == record_i64(record, kept->fields[0]) && used[1] == record_i64(record, kept->fields[1])))
		return err;
	err = record_new(ctx, info, &patch);
	for (int i = 0; err == OK && i < 2; i++)
		err = record_set(ctx, patch, kept->fields[i], value_int(used[i]));
	return err == OK ? record_update(ctx, id, patch, 0, W_TRUSTED | W_NO_SEARCH, NULL) : err;
}

static enum err receivable_again(struct ctx *ctx, void *arg)
{
	return sum_again(ctx, &of_receivable, (int64_t)(intptr_t)arg);
}

static enum err receipt_again(struct ctx *ctx, void *arg)
{
	return sum_again(ctx, &of_receipt, (int64_t)(intptr_t)arg);
}

enum err receivable_sums_later(struct ctx *ctx, int64_t id)
{
	/* the id itself is the argument, so that the store sees the same one twice as the same work */
	return id != 0 ? db_before_commit(ctx, receivable_again, (void *)(intptr_t)id) : OK;
}

enum err receipt_sums_later(struct ctx *ctx, int64_t id)
{
	return id != 0 ? db_before_commit(ctx, receipt_again, (void *)(intptr_t)id) : OK;
}
