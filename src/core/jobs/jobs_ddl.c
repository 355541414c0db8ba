#include "core/jobs/jobs.h"

/* Alike on both engines: the types below mean the same to each. */
#define DDL                                                                                                             \
	"CREATE TABLE job ("                                                                                                 \
	" id BIGINT PRIMARY KEY, kind TEXT NOT NULL, payload TEXT NOT NULL, actor_id BIGINT NOT NULL,"                       \
	" state TEXT NOT NULL, attempt BIGINT NOT NULL, fence BIGINT NOT NULL, cancel BIGINT NOT NULL,"                      \
	" run_at BIGINT NOT NULL, lease_until BIGINT NOT NULL, created_at BIGINT NOT NULL, started_at BIGINT,"               \
	" finished_at BIGINT, done BIGINT NOT NULL, total BIGINT NOT NULL, note TEXT, error TEXT);"                          \
	"CREATE INDEX job_due ON job (state, run_at);"

const char *const jobs_ddl_sqlite = DDL;
const char *const jobs_ddl_postgres = DDL;

/* Which program runs a job, and until when each is taken to be alive. */
const struct migration jobs_steps[] = {
	{1, "runners of jobs",
	 "ALTER TABLE job ADD COLUMN runner BIGINT; CREATE TABLE job_runner (id BIGINT NOT NULL PRIMARY KEY, until BIGINT NOT NULL) WITHOUT ROWID",
	 "ALTER TABLE job ADD COLUMN runner bigint; CREATE TABLE job_runner (id bigint NOT NULL PRIMARY KEY, until bigint NOT NULL)", NULL},
};

/* Null in jobs that were queued before there was such a thing. */
const char *const jobs_ddl_actor = "ALTER TABLE job ADD COLUMN actor_kind BIGINT;"
                                   "ALTER TABLE job ADD COLUMN token_id BIGINT;"
                                   "ALTER TABLE job ADD COLUMN session_id BIGINT;";
