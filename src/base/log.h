/* One line per event on standard error, as logfmt: time, level, message, key=value pairs.
 * Values are quoted and control characters escaped, so input cannot forge lines.
 * Never log secrets, bodies or personal data. */
#ifndef GUANXI_BASE_LOG_H
#define GUANXI_BASE_LOG_H

#include "base/err.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

void log_set_level(enum log_level level);
/* Pairs of const char * key and value, ended by NULL:
 * log_event(LOG_WARN, "mail refused", "request", id, "host", host, NULL) */
void log_event(enum log_level level, const char *message, ...) __attribute__((sentinel));

#endif
