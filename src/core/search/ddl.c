#include "core/search/search.h"

/* SQLite.  `doc` is the entity's number in its upper bits and a count below, so
 * that the newest records of one entity are one range from its end, and posting
 * lists hold small differences.  The full-text table keeps nothing but terms to
 * document numbers; search_doc has the source.  search_wait: documents whose
 * terms are not yet, or no longer rightly, in the full-text table, with the
 * source and scope that are (NULL: none); see put.c. */
const char *const search_ddl_sqlite =
	"CREATE TABLE search_doc (doc INTEGER PRIMARY KEY, record_id INTEGER NOT NULL UNIQUE, rank INTEGER NOT NULL, "
	"owner_id INTEGER NOT NULL, team_id INTEGER NOT NULL, branch_id INTEGER NOT NULL, source TEXT NOT NULL);\n"
	"CREATE TABLE search_wait (doc INTEGER PRIMARY KEY, owner_id INTEGER, team_id INTEGER, branch_id INTEGER, source TEXT);\n"
	"CREATE TABLE search_layout (layout TEXT NOT NULL);\n"
	"CREATE VIRTUAL TABLE search_fts USING fts5 (terms, content='', columnsize=0, detail=none, "
	"tokenize=\"ascii tokenchars '<%=#$@!.-_+'\");\n"
	"CREATE VIRTUAL TABLE search_term USING fts5vocab ('search_fts', 'instance');\n"
	/* Few segments matter more than cheap merges: every search opens each of them. */
	"INSERT INTO search_fts (search_fts, rank) VALUES ('automerge', 4);\n"
	"INSERT INTO search_fts (search_fts, rank) VALUES ('usermerge', 2);\n"
	"INSERT INTO search_fts (search_fts, rank) VALUES ('crisismerge', 16);\n";

/* PostgreSQL.  Every search reads the list of rows not yet merged into GIN: it is kept short. */
const char *const search_ddl_postgres =
	"CREATE TABLE search_doc (record_id bigint PRIMARY KEY, entity integer NOT NULL, rank integer NOT NULL, "
	"owner_id bigint NOT NULL, team_id bigint NOT NULL, branch_id bigint NOT NULL, source text NOT NULL, "
	"terms tsvector NOT NULL);\n"
	"CREATE INDEX search_doc_entity ON search_doc (entity, record_id);\n"
	"CREATE INDEX search_doc_terms ON search_doc USING gin (terms) WITH (gin_pending_list_limit = 256);\n"
	"CREATE TABLE search_layout (layout text NOT NULL);\n";
