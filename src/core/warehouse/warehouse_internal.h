/* What the files of the warehouse share. Not for others. */
#ifndef GUANXI_CORE_WAREHOUSE_INTERNAL_H
#define GUANXI_CORE_WAREHOUSE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/events/events.h"
#include "core/store/store.h"
#include "core/text/text.h"
#include "core/warehouse/warehouse.h"

enum { WAREHOUSE_COLUMNS_MAX = 150, WAREHOUSE_TABLES_MAX = 64, WAREHOUSE_NAME_MAX = 130, WAREHOUSE_FORMAT = 2 };

/* Days in the firm's time zone; one that is not there counts in UTC. */
struct warehouse_clock {
	struct text_zone *zone;
	const char *name, *country; /* whose public days are known */
	int week_start;
	int64_t from, until, offset_ms; /* the offset that holds between two moments */
};

/* A column of a table, and where it comes from in the statement that reads the store. */
struct warehouse_column {
	char name[WAREHOUSE_NAME_MAX];
	enum duck_type type;
	int from;     /* column of the statement */
	int day;      /* 0: as it is; 1: the local day of a moment; 2: the day number of a date; 3: the local hour of a moment */
};

struct warehouse_copy {
	const struct star_table *star;
	const struct entity_info *info;
	const struct entity_info *up; /* of what is carried */
	struct warehouse_column columns[WAREHOUSE_COLUMNS_MAX];
	size_t n;
	const char *select;           /* "SELECT … FROM … " */
	const char *signature;        /* changes with anything that makes the rows others */
};

struct warehouse_plan {
	struct warehouse_copy *copies[WAREHOUSE_TABLES_MAX];
	size_t n;
	struct warehouse_clock clock;
};

struct warehouse {
	char *dir, *path, *spill;
	const struct star_table *tables[WAREHOUSE_TABLES_MAX];
	size_t n_tables;
	pthread_mutex_t writing;  /* one thread changes the tables */
	pthread_rwlock_t opening; /* readers hold it for reading; who opens or closes the database for writing */
	struct duck *duck;        /* under `opening` */
	_Atomic bool kept, suspect, loaded;
	_Atomic int64_t position, loaded_at;
};

/* warehouse_plan.c: from the descriptors of ctx's registry; in ctx's arena. warehouse_plan_done closes the clock. */
enum err warehouse_plan_make(struct ctx *ctx, const struct warehouse *w, struct warehouse_plan **ret) MUST_CHECK;
void warehouse_plan_done(struct warehouse_plan *plan);
int64_t warehouse_local_ms(struct warehouse_clock *clock, int64_t utc_ms);
/* Whether a list with commas has the name. */
bool warehouse_named(const char *list, const char *name);

/* warehouse_copy.c: all rows of a table anew; those of some records, of one connection's transaction each. */
enum err warehouse_load_table(struct ctx *ctx, struct duck_conn *conn, struct warehouse_plan *plan, const struct warehouse_copy *copy) MUST_CHECK;
enum err warehouse_renew(struct ctx *ctx, struct duck_conn *conn, struct warehouse_plan *plan, const struct warehouse_copy *copy, const int64_t *ids,
                         size_t n, const int64_t *parents, size_t n_parents) MUST_CHECK;
/* "[1,2]", as JSON and DuckDB have it, or with braces as PostgreSQL does; in ctx's arena. */
enum err warehouse_ids(struct ctx *ctx, const int64_t *ids, size_t n, bool braces, const char **ret) MUST_CHECK;
/* warehouse_past.c: the histories of fields that tables follow, anew for all or for some records. */
enum err warehouse_past_load(struct ctx *ctx, struct duck_conn *conn, struct warehouse_plan *plan, const struct warehouse_copy *copy) MUST_CHECK;
enum err warehouse_past_renew(struct ctx *ctx, struct duck_conn *conn, struct warehouse_plan *plan, const struct warehouse_copy *copy, const int64_t *ids,
                              size_t n) MUST_CHECK;
/* warehouse_days.c: the table of days. */
enum err warehouse_load_days(struct ctx *ctx, struct duck_conn *conn, const struct warehouse_plan *plan) MUST_CHECK;

/* warehouse.c, while `writing` is held: a connection to a database that is open. */
enum err warehouse_connect(struct ctx *ctx, struct warehouse *w, struct duck_conn **ret) MUST_CHECK;
/* Everything into a database without tables, as of the store's view in ctx->db. */
enum err warehouse_load(struct ctx *ctx, struct duck_conn *conn, struct warehouse_plan *plan, int64_t position) MUST_CHECK;
/* While `writing` is held: what is waiting in the log, or all where nothing is there; within a view of the store. */
enum err warehouse_catch_up(struct ctx *ctx, struct warehouse *w, bool anew, int64_t *ret_entries) MUST_CHECK;
/* The file goes, and with it what it held. */
void warehouse_discard(struct warehouse *w);
/* What one connection's tables hold. */
enum err warehouse_hash_of(struct ctx *ctx, struct duck_conn *conn, const struct warehouse_plan *plan, warehouse_hash_fn put, void *arg) MUST_CHECK;

#endif
