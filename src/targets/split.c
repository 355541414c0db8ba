/* A target given on: to months or quarters, or to people; the parts come to the whole to the last digit. */
#include <stddef.h>

#include <jansson.h>

#include "base/id.h"
#include "base/str.h"
#include "base/timeutil.h"
#include "targets/targets_internal.h"

enum { PARTS_MAX = 500 };

struct split_body {
	const char *into;
	json_t *people;
};

static const struct spec split_specs[] = {
	{"into", SPEC_TEXT, offsetof(struct split_body, into), true, 20, "\"months\", \"quarters\" or \"people\""},
	{"people", SPEC_JSON, offsetof(struct split_body, people), false, 0, "Ids of the people, in equal shares"},
	{0},
};

/* The i-th of n equal parts: what the first i + 1 come to, less what the first i do. */
static int64_t part_of(int64_t goal, size_t i, size_t n)
{
	return (int64_t)((__int128)goal * (__int128)(i + 1) / (__int128)n - (__int128)goal * (__int128)i / (__int128)n);
}

static enum err put_part(struct ctx *ctx, const struct record *whole, const char *period, const char *day, int64_t person, int64_t goal)
{
	static const char *const same[] = {"owner_id", "team_id", "branch_id", "scope"};
	struct record *part;
	const char *copy = arena_strdup(ctx->arena, day);
	enum err err = copy != NULL ? record_new(ctx, whole->info, &part) : fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; err == OK && person == 0 && i < sizeof(same) / sizeof(same[0]); i++)
		err = record_set(ctx, part, same[i], *record_value(whole, same[i]));
	if (err == OK && person != 0)
		err = record_set(ctx, part, "scope", value_text("person"));
	if (err == OK && person != 0)
		err = record_set(ctx, part, "owner_id", value_int(person));
	const struct {
		const char *field;
		struct value value;
	} cells[] = {{"measure", *record_value(whole, "measure")}, {"period", value_text(period)}, {"starts_on", value_text(copy)}, {"goal", value_int(goal)},
	             {"parent_id", value_int(record_id(whole))}};
	for (size_t i = 0; err == OK && i < sizeof(cells) / sizeof(cells[0]); i++)
		err = record_set(ctx, part, cells[i].field, cells[i].value);
	return err == OK ? record_create(ctx, part, 0) : err;
}

static enum err into_spans(struct ctx *ctx, const struct record *whole, const char *period, size_t n)
{
	char day[RECEIVABLES_DAY_BYTES], from[RECEIVABLES_DAY_BYTES], until[RECEIVABLES_DAY_BYTES];
	enum err err = receivables_day_after(ctx, record_text(whole, "starts_on"), 0, day);
	for (size_t i = 0; err == OK && i < n; i++) {
		err = target_span(ctx, period, day, from, until);
		if (err == OK)
			err = put_part(ctx, whole, period, from, 0, part_of(record_i64(whole, "goal"), i, n));
		if (err == OK)
			err = receivables_day_after(ctx, until, 1, day);
	}
	return err;
}

static enum err into_people(struct ctx *ctx, const struct record *whole, const json_t *people)
{
	size_t n = json_array_size(people);
	enum err err = n > 0 && n <= PARTS_MAX ? OK : fail(ctx, ERR_INVALID, "people", "target_people");
	for (size_t i = 0; err == OK && i < n; i++) {
		int64_t id;
		if (!id_parse(json_string_value(json_array_get(people, i)), &id))
			err = fail(ctx, ERR_INVALID, "people", "target_people");
		else
			err = put_part(ctx, whole, record_text(whole, "period"), record_text(whole, "starts_on"), id, part_of(record_i64(whole, "goal"), i, n));
	}
	return err;
}

static enum err split(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	const struct entity_info *info = registry_find(ctx->registry, target_entity.name);
	struct split_body body = {0};
	struct record *whole;
	int64_t id;
	if (!id_parse(req->params[0], &id))
		return fail(ctx, ERR_NOT_FOUND, "", "not_found");
	enum err err = http_read_body(ctx, req, &body);
	if (err == OK)
		err = record_get(ctx, info, id, ACTION_UPDATE, &whole);
	if (err == OK && entity_field_right(ctx->actor, info, entity_field(info, "goal")) < RIGHT_READ)
		err = fail(ctx, ERR_FORBIDDEN, "", "forbidden");
	if (err != OK)
		return err;
	const char *period = record_text(whole, "period");
	bool year = str_equal(period, "year");
	if (str_equal(body.into, "people"))
		err = into_people(ctx, whole, body.people);
	else if (str_equal(body.into, "months") && !str_equal(period, "month"))
		err = into_spans(ctx, whole, "month", year ? 12 : 3);
	else if (str_equal(body.into, "quarters") && year)
		err = into_spans(ctx, whole, "quarter", 4);
	else
		err = fail(ctx, ERR_INVALID, "into", "target_split");
	if (err == OK)
		http_status(res, 204);
	return err;
}

const struct route targets_routes[] = {
	{.method = METHOD_POST, .pattern = "/api/v1/target/*/split", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = split, .specs = split_specs,
	 .doc = "Gives a target on in equal parts, which come to the whole"},
	{.method = METHOD_GET, .pattern = "/api/v1/targets/achieved", .lane = LANE_READ, .door = DOOR_SIGNED_IN, .handle = targets_achieved_get,
	 .doc = "Targets of the period (period=month, quarter or year; on=a day in it) with what was achieved, the furthest first"},
	{.pattern = NULL},
};
