/* The functions of DuckDB's library that we call. Not for others. */
#ifndef GUANXI_CORE_WAREHOUSE_DUCK_LOAD_H
#define GUANXI_CORE_WAREHOUSE_DUCK_LOAD_H

#include <stdbool.h>

/* The header comes with the library (make deps); duck_none.c does without both. */
#if __has_include(<duckdb.h>)
#include <duckdb.h>

struct duck_calls {
	__typeof__(duckdb_library_version) *library_version;
	__typeof__(duckdb_vector_size) *vector_size;
	__typeof__(duckdb_create_config) *create_config;
	__typeof__(duckdb_set_config) *set_config;
	__typeof__(duckdb_destroy_config) *destroy_config;
	__typeof__(duckdb_open_ext) *open_ext;
	__typeof__(duckdb_close) *close;
	__typeof__(duckdb_free) *free;
	__typeof__(duckdb_connect) *connect;
	__typeof__(duckdb_disconnect) *disconnect;
	__typeof__(duckdb_query) *query;
	__typeof__(duckdb_prepare) *prepare;
	__typeof__(duckdb_prepare_error) *prepare_error;
	__typeof__(duckdb_destroy_prepare) *destroy_prepare;
	__typeof__(duckdb_nparams) *nparams;
	__typeof__(duckdb_bind_int64) *bind_int64;
	__typeof__(duckdb_bind_double) *bind_double;
	__typeof__(duckdb_bind_varchar_length) *bind_varchar_length;
	__typeof__(duckdb_bind_null) *bind_null;
	__typeof__(duckdb_pending_prepared) *pending_prepared;
	__typeof__(duckdb_pending_execute_task) *pending_execute_task;
	__typeof__(duckdb_pending_error) *pending_error;
	__typeof__(duckdb_execute_pending) *execute_pending;
	__typeof__(duckdb_destroy_pending) *destroy_pending;
	__typeof__(duckdb_destroy_result) *destroy_result;
	__typeof__(duckdb_result_error) *result_error;
	__typeof__(duckdb_result_error_type) *result_error_type;
	__typeof__(duckdb_column_count) *column_count;
	__typeof__(duckdb_column_type) *column_type;
	__typeof__(duckdb_fetch_chunk) *fetch_chunk;
	__typeof__(duckdb_create_data_chunk) *create_data_chunk;
	__typeof__(duckdb_destroy_data_chunk) *destroy_data_chunk;
	__typeof__(duckdb_data_chunk_reset) *data_chunk_reset;
	__typeof__(duckdb_data_chunk_get_size) *data_chunk_get_size;
	__typeof__(duckdb_data_chunk_set_size) *data_chunk_set_size;
	__typeof__(duckdb_data_chunk_get_vector) *data_chunk_get_vector;
	__typeof__(duckdb_vector_get_data) *vector_get_data;
	__typeof__(duckdb_vector_get_validity) *vector_get_validity;
	__typeof__(duckdb_vector_ensure_validity_writable) *vector_ensure_validity_writable;
	__typeof__(duckdb_vector_assign_string_element_len) *vector_assign_string_element_len;
	__typeof__(duckdb_create_logical_type) *create_logical_type;
	__typeof__(duckdb_destroy_logical_type) *destroy_logical_type;
	__typeof__(duckdb_appender_create) *appender_create;
	__typeof__(duckdb_append_data_chunk) *append_data_chunk;
	__typeof__(duckdb_appender_error) *appender_error;
	__typeof__(duckdb_appender_destroy) *appender_destroy;
};

/* NULL: there is no library that fits. */
const struct duck_calls *duck_calls(void);
#endif

#endif
