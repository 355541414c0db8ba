/* Finds DuckDB's library, and looks whether it is the one this program was made for. */
#include "core/warehouse/duck_load.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "core/warehouse/duck.h"

enum { PLACE_MAX = 4096, VECTOR = 2048 };

/* The header's structs pass through the library by value or by address: their sizes are part of its interface. */
_Static_assert(sizeof(duckdb_result) == 48 && sizeof(duckdb_string_t) == 16 && sizeof(duckdb_hugeint) == 16, "duckdb.h is another one");
_Static_assert(sizeof(idx_t) == 8 && DUCKDB_TYPE_BIGINT == 5 && DUCKDB_TYPE_VARCHAR == 17, "duckdb.h is another one");

#define CALL(member, symbol) {symbol, offsetof(struct duck_calls, member)}
static const struct {
	const char *symbol;
	size_t offset;
} symbols[] = {
	CALL(library_version, "duckdb_library_version"), CALL(vector_size, "duckdb_vector_size"), CALL(create_config, "duckdb_create_config"),
	CALL(set_config, "duckdb_set_config"), CALL(destroy_config, "duckdb_destroy_config"), CALL(open_ext, "duckdb_open_ext"),
	CALL(close, "duckdb_close"), CALL(free, "duckdb_free"), CALL(connect, "duckdb_connect"), CALL(disconnect, "duckdb_disconnect"),
	CALL(query, "duckdb_query"), CALL(prepare, "duckdb_prepare"), CALL(prepare_error, "duckdb_prepare_error"),
	CALL(destroy_prepare, "duckdb_destroy_prepare"), CALL(nparams, "duckdb_nparams"), CALL(bind_int64, "duckdb_bind_int64"),
	CALL(bind_double, "duckdb_bind_double"), CALL(bind_varchar_length, "duckdb_bind_varchar_length"), CALL(bind_null, "duckdb_bind_null"),
	CALL(pending_prepared, "duckdb_pending_prepared"), CALL(pending_execute_task, "duckdb_pending_execute_task"),
	CALL(pending_error, "duckdb_pending_error"), CALL(execute_pending, "duckdb_execute_pending"), CALL(destroy_pending, "duckdb_destroy_pending"),
	CALL(destroy_result, "duckdb_destroy_result"), CALL(result_error, "duckdb_result_error"), CALL(result_error_type, "duckdb_result_error_type"),
	CALL(column_count, "duckdb_column_count"), CALL(column_type, "duckdb_column_type"), CALL(fetch_chunk, "duckdb_fetch_chunk"),
	CALL(create_data_chunk, "duckdb_create_data_chunk"), CALL(destroy_data_chunk, "duckdb_destroy_data_chunk"),
	CALL(data_chunk_reset, "duckdb_data_chunk_reset"), CALL(data_chunk_get_size, "duckdb_data_chunk_get_size"),
	CALL(data_chunk_set_size, "duckdb_data_chunk_set_size"), CALL(data_chunk_get_vector, "duckdb_data_chunk_get_vector"),
	CALL(vector_get_data, "duckdb_vector_get_data"), CALL(vector_get_validity, "duckdb_vector_get_validity"),
	CALL(vector_ensure_validity_writable, "duckdb_vector_ensure_validity_writable"),
	CALL(vector_assign_string_element_len, "duckdb_vector_assign_string_element_len"),
	CALL(create_logical_type, "duckdb_create_logical_type"), CALL(destroy_logical_type, "duckdb_destroy_logical_type"),
	CALL(appender_create, "duckdb_appender_create"), CALL(append_data_chunk, "duckdb_append_data_chunk"),
	CALL(appender_error, "duckdb_appender_error"), CALL(appender_destroy, "duckdb_appender_destroy"),
};

_Static_assert(sizeof(symbols) / sizeof(symbols[0]) * sizeof(void *) == sizeof(struct duck_calls), "each call has its symbol");

/* One library a program, found once. */
static struct {
	pthread_once_t once;
	bool there;
	struct duck_calls calls;
	char version[32], why[PLACE_MAX + 200];
} lib = {.once = PTHREAD_ONCE_INIT};

static void *open_beside(const char *relative)
{
	char place[PLACE_MAX];
	ssize_t n = readlink("/proc/self/exe", place, sizeof(place) - 1);
	while (n > 0 && place[n - 1] != '/')
		n--;
	if (n <= 0 || (size_t)n + strlen(relative) >= sizeof(place))
		return NULL;
	memcpy(place + n, relative, strlen(relative) + 1);
	return dlopen(place, RTLD_NOW | RTLD_LOCAL);
}

/* Where it was built, where it is installed, or the system's. Another file can be named, or none. */
static void *open_library(void)
{
	static const char *const places[] = {"../../deps/duckdb/libduckdb.so", "deps/duckdb/libduckdb.so", "../../../deps/duckdb/libduckdb.so",
	                                     "libduckdb.so", "../lib/guanxi/libduckdb.so"};
	const char *named = getenv("GUANXI_DUCKDB");
	if (named != NULL)
		return dlopen(named, RTLD_NOW | RTLD_LOCAL);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		void *found = open_beside(places[i]);
		if (found != NULL)
			return found;
	}
	return dlopen("libduckdb.so", RTLD_NOW | RTLD_LOCAL);
}

static bool find_symbols(void *library)
{
	for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
		void *found = dlsym(library, symbols[i].symbol);
		if (found == NULL) {
			snprintf(lib.why, sizeof(lib.why), "%s is missing in it", symbols[i].symbol);
			return false;
		}
		memcpy((char *)&lib.calls + symbols[i].offset, &found, sizeof(found));
	}
	return true;
}

/* A result that comes back as it should: the structs mean to the library what they mean to us. */
static bool answers(const struct duck_calls *c)
{
	static const char longer[] = "what is longer than twelve bytes stands elsewhere";
	duckdb_database db = NULL;
	duckdb_connection conn = NULL;
	duckdb_result result;
	bool good = false;
	memset(&result, 0, sizeof(result));
	if (c->open_ext(NULL, &db, NULL, NULL) == DuckDBSuccess && c->connect(db, &conn) == DuckDBSuccess &&
	    c->query(conn, "SELECT 4611686018427387904, 'what is longer than twelve bytes stands elsewhere', NULL::BIGINT, 0.25::DOUBLE", &result) == DuckDBSuccess) {
		duckdb_data_chunk chunk = c->column_count(&result) == 4 ? c->fetch_chunk(result) : NULL;
		if (chunk != NULL && c->data_chunk_get_size(chunk) == 1) {
			const int64_t *n = c->vector_get_data(c->data_chunk_get_vector(chunk, 0));
			const duckdb_string_t *s = c->vector_get_data(c->data_chunk_get_vector(chunk, 1));
			const uint64_t *valid = c->vector_get_validity(c->data_chunk_get_vector(chunk, 2));
			const double *r = c->vector_get_data(c->data_chunk_get_vector(chunk, 3));
			good = *n == INT64_C(4611686018427387904) && s->value.pointer.length == sizeof(longer) - 1 &&
			       memcmp(s->value.pointer.ptr, longer, sizeof(longer) - 1) == 0 && valid != NULL && (*valid & 1) == 0 && *r == 0.25;
		}
		if (chunk != NULL)
			c->destroy_data_chunk(&chunk);
		c->destroy_result(&result);
	}
	if (conn != NULL)
		c->disconnect(&conn);
	if (db != NULL)
		c->close(&db);
	return good;
}

static void load(void)
{
	void *library = open_library();
	if (library == NULL) {
		const char *said = dlerror();
		snprintf(lib.why, sizeof(lib.why), "libduckdb.so: %s", said != NULL ? said : "not found");
		return;
	}
	if (!find_symbols(library))
		return;
	const char *version = lib.calls.library_version();
	snprintf(lib.version, sizeof(lib.version), "%s", version[0] == 'v' ? version + 1 : version);
	/* what is exported before 1.4 lacks calls; another major is another interface */
	if (!str_starts(lib.version, "1.") || strtol(lib.version + 2, NULL, 10) < 4)
		snprintf(lib.why, sizeof(lib.why), "DuckDB %s is none of 1.4 to 1.x", lib.version);
	else if (lib.calls.vector_size() != VECTOR || !answers(&lib.calls))
		snprintf(lib.why, sizeof(lib.why), "DuckDB %s answers otherwise than its header says", lib.version);
	else
		lib.there = true;
}

static void load_once(void)
{
	load();
	if (lib.there)
		log_event(LOG_INFO, "DuckDB is there", "version", lib.version, NULL);
	else
		log_event(LOG_WARN, "the warehouse is off: there is no DuckDB that fits", "why", lib.why, NULL);
}

const struct duck_calls *duck_calls(void)
{
	pthread_once(&lib.once, load_once);
	return lib.there ? &lib.calls : NULL;
}

bool duck_there(void)
{
	return duck_calls() != NULL;
}

const char *duck_version(void)
{
	return duck_there() ? lib.version : "";
}

const char *duck_why(void)
{
	return duck_there() ? "" : lib.why;
}
