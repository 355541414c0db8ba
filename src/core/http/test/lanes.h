/* What the tests of lanes share: lanes.c. */
#ifndef GUANXI_CORE_HTTP_TEST_LANES_H
#define GUANXI_CORE_HTTP_TEST_LANES_H

#include <semaphore.h>
#include <stdatomic.h>
#include <time.h>

#include "core/http/http.h"
#include "core/store/test/world.h"
#include "http_client.h"

extern struct http *server;
extern bool present; /* the engine of this test */
extern struct world world;
extern int port;
extern sem_t gate, entered;
extern _Atomic int runs, asked, finished;
extern int heavy_threads;     /* of the next start_server */
extern uint64_t disk_reserve; /* of it, too */

void start_server(void);
void stop_server(int64_t wait_ms);
int set_up(void **state);
int tear_down(void **state);
/* Skips the test where its engine is missing. */
bool absent(void);
void expect(const char *method, const char *target, const char *fields, const char *body, int status, const char *answer);
void ask_only(int fd, const char *method, const char *target);
/* Reads an answer that has `part`, closes; its status. */
int read_status(int fd, const char *part);

#define BOTH(fn)                                                  \
	{#fn " on SQLite", fn, set_up, tear_down, &world_sqlite},     \
	{#fn " on PostgreSQL", fn, set_up, tear_down, &world_postgres}

#endif
