#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "core/access/access_internal.h"

/* A cookie that says, under the server's key, who has signed in in this browser before:
 * "<random>.<user>[-<user>…].<mac>", the newest first.  It opens nothing.  Wrong passwords
 * from there are counted apart from those of strangers, so that these cannot keep the owner
 * of an account out (access_throttle.c). */

enum { DEVICE_RANDOM = 16, DEVICE_USERS = 6, DEVICE_DAYS = 180 };

struct device {
	char id[2 * DEVICE_RANDOM + 1];
	int64_t users[DEVICE_USERS];
	size_t n;
};

static const char *signed_part(struct ctx *ctx, const struct device *device)
{
	char text[2 * DEVICE_RANDOM + 2 + DEVICE_USERS * ID_TEXT_MAX];
	int n = snprintf(text, sizeof(text), "%s.", device->id);
	for (size_t i = 0; i < device->n; i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "%s%lld", i ? "-" : "", (long long)device->users[i]);
	return arena_strdup(ctx->arena, text);
}

static bool read_users(const char *text, size_t n, struct device *ret)
{
	while (n > 0) {
		char digits[ID_TEXT_MAX];
		size_t part = 0;
		while (part < n && text[part] != '-')
			part++;
		if (part == 0 || part >= sizeof(digits) || ret->n == DEVICE_USERS)
			return false;
		memcpy(digits, text, part);
		digits[part] = '\0';
		if (!id_parse(digits, &ret->users[ret->n++]))
			return false;
		part += part < n;
		text += part;
		n -= part;
	}
	return ret->n > 0;
}

static bool read_device(const struct access *access, const struct http_request *req, struct device *ret)
{
	const char *text = http_cookie(req, ACCESS_DEVICE_COOKIE);
	uint8_t mac[ACCESS_DIGEST];
	char hex[ACCESS_HEX];
	*ret = (struct device){.n = 0};
	size_t n = text ? strnlen(text, 400) : 0;
	if (n < 2 * DEVICE_RANDOM + 3 + ACCESS_HEX - 1 || n == 400 || text[2 * DEVICE_RANDOM] != '.' || text[n - ACCESS_HEX] != '.')
		return false;
	size_t body = n - ACCESS_HEX;
	access_mac(access, "device", text, body, mac);
	access_hex(mac, sizeof(mac), hex);
	if (!bytes_equal_ct(hex, text + body + 1, ACCESS_HEX - 1))
		return false;
	memcpy(ret->id, text, 2 * DEVICE_RANDOM);
	return read_users(text + 2 * DEVICE_RANDOM + 1, body - 2 * DEVICE_RANDOM - 1, ret);
}

const char *access_device_of(struct ctx *ctx, const struct access *access, const struct http_request *req, int64_t user_id)
{
	struct device device;
	if (user_id == 0 || !read_device(access, req, &device))
		return NULL;
	for (size_t i = 0; i < device.n; i++)
		if (device.users[i] == user_id)
			return arena_strdup(ctx->arena, device.id);
	return NULL;
}

/* In front of the others; the oldest falls out. */
static void put_first(struct device *device, int64_t user_id)
{
	size_t at = 0;
	while (at < device->n && device->users[at] != user_id)
		at++;
	if (at == device->n && device->n < DEVICE_USERS)
		device->n++;
	if (at == DEVICE_USERS)
		at--;
	memmove(device->users + 1, device->users, at * sizeof(device->users[0]));
	device->users[0] = user_id;
}

enum err access_device_remember(struct ctx *ctx, const struct access *access, const struct http_request *req, struct http_response *res, int64_t user_id)
{
	struct device device;
	uint8_t bytes[DEVICE_RANDOM], mac[ACCESS_DIGEST];
	char hex[ACCESS_HEX];
	if (!read_device(access, req, &device)) {
		device = (struct device){.n = 0};
		ctx_random(ctx, bytes, sizeof(bytes));
		access_hex(bytes, sizeof(bytes), device.id);
	}
	put_first(&device, user_id);
	const char *body = signed_part(ctx, &device);
	if (!body)
		return access_no_memory(ctx);
	access_mac(access, "device", body, strlen(body), mac);
	access_hex(mac, sizeof(mac), hex);
	const char *text = arena_printf(ctx->arena, ACCESS_DEVICE_COOKIE "=%s.%s; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=%d", body, hex,
	                                DEVICE_DAYS * 86400);
	if (!text)
		return access_no_memory(ctx);
	http_set_header(res, "Set-Cookie", text);
	return OK;
}
