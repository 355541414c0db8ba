/* What the PostgreSQL files share. */
#ifndef GUANXI_CORE_STORE_PG_INTERNAL_H
#define GUANXI_CORE_STORE_PG_INTERNAL_H

#include <libpq-fe.h>

#include "core/store/internal.h"

enum { COPIES_MAX = 16 };

/* Rows of one insert that wait to be written together. */
struct pg_copy {
	char *text; /* COPY … FROM STDIN; owned */
	struct buf rows;
};

struct pg_conn {
	PGconn *conn;
	struct store *store;
	bool writer;
	unsigned generation;  /* grows with every connection: older prepared statements are gone */
	unsigned next_name;
	int64_t timeout_ms;   /* statement_timeout the server has now */
	struct stmt *streaming; /* its rows are still on their way */
	int queued;           /* commands sent whose answers were not read yet (pipeline mode) */
	bool piped;           /* the stream comes at the end of a pipeline */
	bool bulk;            /* between db_bulk_begin and db_bulk_end */
	struct pg_copy copies[COPIES_MAX]; /* rows of inserts that wait, in the order of each one's first row since then */
	size_t n_copies, copied; /* of them in use; bytes that wait in them */
	struct buf dead;      /* "DEALLOCATE …;" of dropped statements, sent with the next prepare */
	bool again;           /* since the job began, something failed that a repeat may cure */
	bool lost;            /* the connection broke; until it is made anew */
	pthread_mutex_t lock; /* over `cancel`, which other threads use */
	PGcancel *cancel;
};

/* How a column's bytes are to be read. */
enum pg_kind { PG_TEXT, PG_INT2, PG_INT4, PG_INT8, PG_BOOL, PG_REAL4, PG_REAL8, PG_BYTES, PG_JSONB, PG_NUMERIC, PG_OID, PG_VOID, PG_OTHER };

/* A value made readable as text; lives until the next row. */
struct pg_shown {
	char small[40];
	char *big;
};

struct pg_stmt {
	char *text;           /* with $1 … */
	char *copy;           /* a plain insert as COPY … FROM STDIN, or NULL */
	char name[24];
	unsigned generation;  /* of the connection it is prepared on */
	struct pg_conn *owner;
	int n_params, n_columns;
	Oid *types;           /* of parameters */
	const char **values;  /* parameters, as libpq wants them */
	int *lengths, *formats;
	char (*numbers)[32];  /* where bound numbers are written */
	char **copies;        /* texts that needed a copy */
	uint8_t *kinds;       /* enum pg_kind of columns */
	bool binary;          /* results come in binary */
	bool query;           /* SELECT without LIMIT: may be long, rows are streamed */
	bool wants_cursor;    /* stmt_stream */
	unsigned cursor;      /* number of the open one, or 0 */
	bool sent;            /* since it was prepared or reset */
	enum err broken;      /* rows were lost on the way */
	/* the rows at hand */
	PGresult **results;
	size_t n_results, cap_results, at;
	int row;              /* in results[at] */
	int64_t changed;
	struct pg_shown *shown;
};

/* pg_conn.c */
enum err pg_session(struct ctx *ctx, struct pg_conn *pg) MUST_CHECK;
/* Connects anew; ERR_RETRY "connection_lost" when that fails. */
enum err pg_reconnect(struct ctx *ctx, struct pg_conn *pg) MUST_CHECK;
enum err pg_make_schema(struct ctx *ctx, struct pg_conn *pg) MUST_CHECK;
bool pg_is_lost(const struct pg_conn *pg);
/* What the result, or the connection when it is NULL, complains of. */
enum err pg_fail(struct ctx *ctx, struct pg_conn *pg, const PGresult *res) MUST_CHECK;
enum err pg_run(struct ctx *ctx, struct pg_conn *pg, const char *text) MUST_CHECK;
enum err pg_apply_budget(struct ctx *ctx, struct db *db) MUST_CHECK;

/* pg_stmt.c */
/* Rows that are still coming for another statement are taken in, so that the connection is free. */
enum err pg_make_free(struct ctx *ctx, struct pg_conn *pg) MUST_CHECK;

/* Sends a command without waiting; its answer is read with the next one's. */
enum err pg_queue_text(struct ctx *ctx, struct pg_conn *pg, const char *text) MUST_CHECK;
/* Reads all answers that are due; gives the last command's result (to be cleared) when all went well. */
enum err pg_finish_queue(struct ctx *ctx, struct pg_conn *pg, PGresult **ret_last) MUST_CHECK;

void pg_abandon(struct pg_conn *pg);

/* pg_copy.c */
/* For an insert of nothing but its parameters in order: COPY … FROM STDIN (malloc'd); else NULL. */
char *pg_copy_text_new(const char *insert, int n_params);
/* Whether its rows can wait: there is room for one more statement, or this one has some already. */
bool pg_copy_takes(struct pg_conn *pg, const struct pg_stmt *stmt);
/* The statement's bound values as one more row that waits. */
enum err pg_copy_put(struct ctx *ctx, struct pg_conn *pg, const struct pg_stmt *stmt) MUST_CHECK;
/* Writes all rows that wait; the connection is free. */
enum err pg_copy_flush(struct ctx *ctx, struct pg_conn *pg) MUST_CHECK;
/* Forgets them, and their memory. */
void pg_copy_drop(struct pg_conn *pg);

/* pg_value.c */
enum pg_kind pg_kind_of(Oid type);

/* --- what both pg_stmt.c and pg_copy.c know of types --- */

enum { OID_BYTEA = 17, OID_INT8 = 20, OID_TEXT = 25, OID_FLOAT8 = 701, OID_VARCHAR = 1043 };

#endif
