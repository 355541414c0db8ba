#include "core/outbox/outbox_server.h"

#include <string.h>

#include "base/str.h"

bool outbox_host_good(const char *host)
{
	size_t n = strlen(host);
	if (n > 2 && host[0] == '[')
		return host[n - 1] == ']' && strspn(host + 1, "0123456789abcdefABCDEF:.") == n - 2;
	return n > 0 && host[0] != '-' && host[0] != '.' && strspn(host, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-_") == n;
}

bool outbox_plain_word(const char *text)
{
	for (; text != NULL && *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return false;
	return true;
}

bool outbox_same_text(const struct record *old, const struct record *now, const char *field)
{
	const char *a = record_text(old, field), *b = record_text(now, field);
	return str_equal(a != NULL ? a : "", b != NULL ? b : "");
}

bool outbox_elsewhere(const struct record *old, const struct record *now)
{
	return !outbox_same_text(old, now, "host") || record_i64(old, "port") != record_i64(now, "port") || !outbox_same_text(old, now, "security") || !outbox_same_text(old, now, "username") ||
	       !outbox_same_text(old, now, "trusted_ca");
}
