/* Brackets, progressive and whole, and their caps. */
#include "commission/commission_work.h"

enum { PERCENT_DIVISOR = 1000000, UNIT_DIVISOR = 10000000 }; /* 10^4 of the rate and 100 of a percent; or 10^3 of the units */

bool commission_scale(int64_t value, int64_t factor, int64_t divisor, int64_t *ret)
{
	__int128 product = (__int128)value * factor, half = divisor / 2;
	__int128 result = product >= 0 ? (product + half) / divisor : -((-product + half) / divisor);
	*ret = (int64_t)result;
	return result >= INT64_MIN / 2 && result <= INT64_MAX / 2;
}

bool commission_result(bool per_unit, int64_t rate, int64_t credited, int64_t units, int64_t *ret)
{
	return per_unit ? commission_scale(units, rate, UNIT_DIVISOR, ret) : commission_scale(credited, rate, PERCENT_DIVISOR, ret);
}

struct work {
	const struct commission_terms *terms;
	commission_emit emit;
	void *arg;
	int64_t position; /* measured so far */
	int64_t of_item;  /* results of this item so far, not capped */
	int64_t given;    /* and capped */
	struct commission_sum *sum;
};

static int64_t clamp(int64_t value, int64_t cap)
{
	if (cap == COMMISSION_NONE)
		return value;
	return value > cap ? cap : value < -cap ? -cap : value;
}

static bool put(struct work *w, struct commission_part *part)
{
	const struct commission_terms *t = w->terms;
	int64_t result;
	if (!commission_result(t->per_unit, t->brackets[part->bracket].rate, part->credited, part->units, &result) ||
	    __builtin_add_overflow(w->of_item, result, &w->of_item))
		return false;
	/* the cap is of the item, whose parts fill it in their order */
	int64_t so_far = clamp(w->of_item, t->cap_line);
	part->result = so_far - w->given;
	part->capped = part->result != result;
	w->given = so_far;
	return !__builtin_add_overflow(w->sum->parts, part->result, &w->sum->parts) && w->emit(w->arg, part);
}

static size_t bracket_at(const struct commission_terms *t, int64_t position)
{
	size_t i = 0;
	while (i + 1 < t->n && position >= t->brackets[i].to)
		i++;
	return i;
}

/* Up: each part in the bracket it comes to lie in. Down: out of the bracket it lay in. */
static bool walk(struct work *w, size_t item, int64_t measure)
{
	const struct commission_terms *t = w->terms;
	int64_t left = measure < 0 ? -measure : measure;
	while (left > 0) {
		size_t b = bracket_at(t, measure > 0 ? w->position : w->position - 1);
		int64_t room = left;
		if (measure > 0 && t->brackets[b].to != COMMISSION_OPEN)
			room = t->brackets[b].to - w->position;
		else if (measure < 0 && b > 0)
			room = w->position - t->brackets[b].from;
		int64_t take = room < left ? room : left, step = measure > 0 ? take : -take;
		struct commission_part part = {.item = item, .bracket = b, .credited = t->by_units ? 0 : step, .units = t->by_units ? step : 0};
		if (__builtin_add_overflow(w->position, step, &w->position) || !put(w, &part))
			return false;
		left -= take;
	}
	return true;
}

static bool measured(const struct commission_terms *terms, const struct commission_item *items, size_t n, int64_t *ret)
{
	*ret = 0;
	for (size_t i = 0; i < n; i++) {
		int64_t m = terms->by_units ? items[i].units : items[i].credited;
		if (m < -(INT64_MAX / 4) || m > INT64_MAX / 4 || __builtin_add_overflow(*ret, m, ret) || *ret > INT64_MAX / 2 || *ret < -(INT64_MAX / 2))
			return false;
	}
	return true;
}

bool commission_work(const struct commission_terms *terms, const struct commission_item *items, size_t n, commission_emit emit, void *arg,
                     struct commission_sum *ret)
{
	struct work w = {.terms = terms, .emit = emit, .arg = arg, .sum = ret};
	*ret = (struct commission_sum){0};
	if (terms->n == 0 || !measured(terms, items, n, &ret->measured))
		return false;
	size_t reached = bracket_at(terms, ret->measured);
	for (size_t i = 0; i < n; i++) {
		w.of_item = w.given = 0;
		struct commission_part part = {.item = i, .bracket = reached, .credited = items[i].credited, .units = items[i].units};
		bool fits = terms->whole ? put(&w, &part) : walk(&w, i, terms->by_units ? items[i].units : items[i].credited);
		if (!fits)
			return false;
	}
	if (terms->cap_all != COMMISSION_NONE && ret->parts > terms->cap_all)
		ret->cap = terms->cap_all - ret->parts;
	if (terms->floor != COMMISSION_NONE && ret->parts + ret->cap < terms->floor)
		ret->floor = terms->floor - ret->parts - ret->cap;
	return true;
}
