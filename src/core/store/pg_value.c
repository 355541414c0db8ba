/* Reading columns: binary where we know the type, text otherwise. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/store/pg_internal.h"

/* Built-in types, by the numbers PostgreSQL's catalog fixes. */
static const struct {
	Oid type;
	enum pg_kind kind;
} kinds[] = {
	{20, PG_INT8},   {23, PG_INT4},   {21, PG_INT2},    {16, PG_BOOL},   {25, PG_TEXT},   {1043, PG_TEXT},
	{1042, PG_TEXT}, {19, PG_TEXT},   {18, PG_TEXT},    {705, PG_TEXT},  {114, PG_TEXT},  {3802, PG_JSONB},
	{17, PG_BYTES},  {700, PG_REAL4}, {701, PG_REAL8},  {1700, PG_NUMERIC}, {26, PG_OID}, {5069, PG_INT8},
	{2278, PG_VOID},
};

enum pg_kind pg_kind_of(Oid type)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (kinds[i].type == type)
			return kinds[i].kind;
	return PG_OTHER;
}

static const unsigned char *bytes_of(const struct stmt *stmt, int at, int *ret_n)
{
	const struct pg_stmt *pg = stmt->pg;
	*ret_n = 0;
	if (pg->at >= pg->n_results || at < 0 || at >= pg->n_columns)
		return NULL;
	const PGresult *res = pg->results[pg->at];
	if (pg->row >= PQntuples(res) || PQgetisnull(res, pg->row, at))
		return NULL;
	*ret_n = PQgetlength(res, pg->row, at);
	return (const unsigned char *)PQgetvalue(res, pg->row, at);
}

static int64_t big_endian(const unsigned char *p, int n)
{
	uint64_t value = n > 0 && (p[0] & 0x80) ? UINT64_MAX : 0;
	for (int i = 0; i < n; i++)
		value = value << 8 | p[i];
	return (int64_t)value;
}

static double real_of(const unsigned char *p, int n)
{
	if (n == 4) {
		uint32_t bits = (uint32_t)big_endian(p, 4);
		float f;
		memcpy(&f, &bits, sizeof f);
		return (double)f;
	}
	uint64_t bits = (uint64_t)big_endian(p, 8);
	double d;
	memcpy(&d, &bits, sizeof d);
	return d;
}

static int digit_group(const unsigned char *p, int count, int at)
{
	return at >= 0 && at < count ? (int)big_endian(p + 8 + 2 * at, 2) : 0;
}

/* The digits before and after the point; returns the length. */
static size_t numeric_digits(const unsigned char *p, int count, int weight, int scale, char *out, size_t cap)
{
	static const int powers[4] = {1000, 100, 10, 1};
	size_t len = 0;
	for (int i = 0; i <= weight; i++)
		len += (size_t)snprintf(out + len, cap - len, i == 0 ? "%d" : "%04d", digit_group(p, count, i));
	if (weight < 0)
		out[len++] = '0';
	if (scale > 0)
		out[len++] = '.';
	for (int i = 0; i < scale; i++)
		out[len++] = (char)('0' + digit_group(p, count, weight + 1 + i / 4) / powers[i % 4] % 10);
	out[len] = '\0';
	return len;
}

/* numeric: count of base-10000 digits, weight of the first, sign, decimals to show; then the digits. */
static char *numeric_text_new(const unsigned char *p, int n)
{
	if (n < 8)
		return NULL;
	int count = (int)big_endian(p, 2), weight = (int)big_endian(p + 2, 2), scale = (int)big_endian(p + 6, 2);
	unsigned sign = (unsigned)big_endian(p + 4, 2) & 0xffff;
	if (sign == 0xC000)
		return strdup("NaN");
	if (sign == 0xD000 || sign == 0xF000)
		return strdup(sign == 0xD000 ? "Infinity" : "-Infinity");
	if (count < 0 || n < 8 + 2 * count || scale < 0)
		return NULL;
	size_t cap = (size_t)(weight > 0 ? weight : 0) * 4 + (size_t)scale + 16;
	char *out = malloc(cap);
	if (!out)
		return NULL;
	size_t minus = sign == 0x4000;
	out[0] = '-';
	(void)numeric_digits(p, count, weight, scale, out + minus, cap - minus);
	return out;
}

/* The fewest digits that read back as the same number. */
static void show_real(double value, char *out, size_t size)
{
	for (int digits = 15; digits <= 17; digits++) {
		(void)snprintf(out, size, "%.*g", digits, value);
		if (strtod(out, NULL) == value)
			return;
	}
}

static bool is_integer(enum pg_kind kind)
{
	return kind == PG_INT2 || kind == PG_INT4 || kind == PG_INT8;
}

static bool is_real(enum pg_kind kind)
{
	return kind == PG_REAL4 || kind == PG_REAL8;
}

static const char *show(const struct stmt *stmt, int at, const unsigned char *p, int n)
{
	struct pg_shown *shown = &stmt->pg->shown[at];
	enum pg_kind kind = (enum pg_kind)stmt->pg->kinds[at];
	if (kind == PG_BOOL)
		return *p ? "1" : "0";
	if (kind == PG_JSONB) /* a version byte comes first */
		return (const char *)p + (n > 0);
	if (kind == PG_NUMERIC) {
		if (!shown->big)
			shown->big = numeric_text_new(p, n);
		return shown->big;
	}
	if (is_integer(kind))
		(void)snprintf(shown->small, sizeof shown->small, "%" PRId64, big_endian(p, n));
	else if (kind == PG_OID)
		(void)snprintf(shown->small, sizeof shown->small, "%" PRIu32, (uint32_t)big_endian(p, n));
	else if (is_real(kind))
		show_real(real_of(p, n), shown->small, sizeof shown->small);
	else
		return (const char *)p;
	return shown->small;
}

/* Text results: bool and bytea look otherwise than we want them. */
static const char *show_text(const struct stmt *stmt, int at, const unsigned char *p)
{
	const struct pg_stmt *pg = stmt->pg;
	struct pg_shown *shown = &pg->shown[at];
	if (pg->kinds[at] == PG_BOOL)
		return *p == 't' ? "1" : "0";
	if (pg->kinds[at] != PG_BYTES)
		return (const char *)p;
	if (!shown->big) {
		size_t n;
		unsigned char *raw = PQunescapeBytea(p, &n);
		shown->big = raw ? malloc(n + 1) : NULL;
		if (shown->big) {
			memcpy(shown->big, raw, n);
			shown->big[n] = '\0';
		}
		PQfreemem(raw);
	}
	return shown->big;
}

bool pg_is_null(const struct stmt *stmt, int at)
{
	int n;
	return bytes_of(stmt, at, &n) == NULL;
}

const char *pg_text(const struct stmt *stmt, int at)
{
	int n;
	const unsigned char *p = bytes_of(stmt, at, &n);
	if (!p)
		return NULL;
	return stmt->pg->binary ? show(stmt, at, p, n) : show_text(stmt, at, p);
}

int64_t pg_i64(const struct stmt *stmt, int at)
{
	int n;
	const unsigned char *p = bytes_of(stmt, at, &n);
	if (!p)
		return 0;
	enum pg_kind kind = stmt->pg->binary ? (enum pg_kind)stmt->pg->kinds[at] : PG_OTHER;
	if (is_integer(kind))
		return big_endian(p, n);
	if (is_real(kind)) {
		double d = real_of(p, n);
		return d >= -9.2e18 && d <= 9.2e18 ? (int64_t)d : 0;
	}
	const char *text = pg_text(stmt, at);
	return text ? strtoll(text, NULL, 10) : 0;
}

double pg_real(const struct stmt *stmt, int at)
{
	int n;
	const unsigned char *p = bytes_of(stmt, at, &n);
	if (!p)
		return 0;
	enum pg_kind kind = stmt->pg->binary ? (enum pg_kind)stmt->pg->kinds[at] : PG_OTHER;
	if (is_real(kind))
		return real_of(p, n);
	if (is_integer(kind))
		return (double)big_endian(p, n);
	const char *text = pg_text(stmt, at);
	return text ? strtod(text, NULL) : 0;
}

size_t pg_bytes(const struct stmt *stmt, int at)
{
	int n;
	const unsigned char *p = bytes_of(stmt, at, &n);
	if (!p)
		return 0;
	enum pg_kind kind = (enum pg_kind)stmt->pg->kinds[at];
	if (stmt->pg->binary && (kind == PG_TEXT || kind == PG_BYTES))
		return (size_t)n;
	if (!stmt->pg->binary && kind == PG_BYTES) {
		size_t raw;
		unsigned char *copy = PQunescapeBytea(p, &raw);
		PQfreemem(copy);
		return copy ? raw : 0;
	}
	const char *text = pg_text(stmt, at);
	return text ? strlen(text) : 0;
}

const void *pg_blob(const struct stmt *stmt, int at)
{
	return pg_text(stmt, at);
}
