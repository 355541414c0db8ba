/* What calls and letters have in common. Not for others. */
#ifndef GUANXI_CORE_OUTWARD_CURL_H
#define GUANXI_CORE_OUTWARD_CURL_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

bool outward_curl_ready(void);
int64_t outward_now_ms(void);
/* The port of an address. */
int outward_port_of(const struct sockaddr *address);
/* The key of what went wrong below HTTP and SMTP. */
const char *outward_error_of(CURLcode code);

#endif
