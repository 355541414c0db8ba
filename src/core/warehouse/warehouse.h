/* The warehouse: copies of what is counted, column by column, in a database made for counting (DuckDB), in a file of its own in the
 * data folder.  It is made when it is first asked for, follows the change log from then on, and can be made anew at any time; where
 * DuckDB is not there, everything else works.
 *
 * A batch of the log is read again from the store, record by record, and put in the place of what was there, in one transaction with
 * the position in the log: so effects happen once, and a crash leaves it as it was.  Deleted and erased records leave it with
 * their entry.  Each node keeps a warehouse of its own.
 *
 * Columns: those of the entity's table under the same names, as far as they are copied (star.h; of dates and times `NAME:day` too,
 * days since 1970 in the firm's time zone), those of the carried record as `LINK.NAME`.  Table "date" has what is known of days. */
#ifndef GUANXI_CORE_WAREHOUSE_WAREHOUSE_H
#define GUANXI_CORE_WAREHOUSE_WAREHOUSE_H

#include "core/command/command.h"
#include "core/http/http.h"
#include "core/services/services.h"
#include "core/settings/settings.h"
#include "core/warehouse/duck.h"
#include "core/warehouse/star.h"

struct warehouse;

/* `tables`: each ended by entity NULL, the list by NULL; they outlive it. Nothing is opened yet. */
enum err warehouse_new(struct ctx *ctx, const char *data_dir, const struct star_table *const *tables, struct warehouse **ret) MUST_CHECK;
void warehouse_free(struct warehouse *w);
/* Supplied by the program (src/app). */
struct warehouse *app_warehouse(const struct app *app);

/* For one reader: a connection of its own, to tables that are there.  From the first call on the warehouse is kept.  Waits for a
 * first load for some seconds, then ERR_RETRY "warehouse_loading".  ERR_UPSTREAM "warehouse_off".  warehouse_leave follows. */
enum err warehouse_enter(struct ctx *ctx, struct warehouse *w, struct duck_conn **ret) MUST_CHECK;
void warehouse_leave(struct warehouse *w, struct duck_conn *conn);
/* A reader's statement said that the file is not good: it is made anew. */
void warehouse_suspect(struct warehouse *w);

/* The table of an entity; NULL: it is not copied. The i-th; NULL past the end. */
const struct star_table *warehouse_table(const struct warehouse *w, const char *entity);
const struct star_table *warehouse_table_at(const struct warehouse *w, size_t i);
/* Whether this field of the entity is copied. */
bool warehouse_copies(const struct star_table *table, const struct entity_info *info, int field);

struct warehouse_state {
	bool there, kept, loaded;
	const char *version, *why;  /* of DuckDB; why there is none */
	int64_t position, last;     /* in the change log; its end */
	int64_t behind_ms;          /* 0: nothing waits */
	int64_t loaded_at, rows, bytes;
};
enum err warehouse_look(struct ctx *ctx, struct warehouse *w, struct warehouse_state *ret) MUST_CHECK;

/* With a read connection in ctx->db: up to the log's end; anew from the store; whether it is what the store says. */
enum err warehouse_refresh(struct ctx *ctx, struct warehouse *w, int64_t *ret_entries) MUST_CHECK;
enum err warehouse_rebuild(struct ctx *ctx, struct warehouse *w) MUST_CHECK;
/* A name for what it holds: the same for the same rows, in whatever way they came in. `put` is called for each table. */
typedef void (*warehouse_hash_fn)(void *arg, const char *table, int64_t rows, const char *hash);
enum err warehouse_hash(struct ctx *ctx, struct warehouse *w, warehouse_hash_fn put, void *arg) MUST_CHECK;
/* *ret NULL: good; else the first table that is not what the store says. */
enum err warehouse_check(struct ctx *ctx, struct warehouse *w, const char **ret) MUST_CHECK;

extern const struct service warehouse_services[];
extern const struct setting warehouse_settings[];
extern const struct route warehouse_routes[];
extern const struct command warehouse_commands[];

#endif
