/* Which addresses may be called. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/str.h"
#include "core/machine/machine_internal.h"

/* Not public, by the registries of special-purpose addresses (RFC 6890, 8190), with what providers answer on for themselves
 * (169.254/16, 100.64/10, fd00::/8) and every way to write an IPv4 address inside an IPv6 one. */
static const char *const special[] = {
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
	"192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24",
	"203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	"::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16",
	"fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
};
enum { SPECIAL = sizeof(special) / sizeof(special[0]), V4_BITS = 96, RANGE_TEXT = 64 };

static void map_v4(const void *four, uint8_t ret[MACHINE_ADDRESS])
{
	memset(ret, 0, 10);
	ret[10] = ret[11] = 0xff;
	memcpy(ret + 12, four, 4);
}

/* "10.0.0.0/8", "[fd00::]/8", "127.0.0.1" */
static bool range_parse(const char *text, size_t n, struct machine_range *ret)
{
	char copy[RANGE_TEXT];
	uint8_t four[4];
	int64_t bits = -1;
	if (n == 0 || n >= sizeof(copy))
		return false;
	memcpy(copy, text, n);
	copy[n] = '\0';
	char *slash = strchr(copy, '/'), *address = copy;
	if (slash != NULL) {
		*slash++ = '\0';
		if (!str_to_i64(slash, &bits) || bits < 0)
			return false;
	}
	if (*address == '[') {
		size_t len = strlen(++address);
		if (len == 0 || address[len - 1] != ']')
			return false;
		address[len - 1] = '\0';
	}
	if (inet_pton(AF_INET, address, four) == 1) {
		map_v4(four, ret->base);
		ret->bits = V4_BITS + (int)(bits < 0 ? 32 : bits);
		return bits <= 32;
	}
	ret->bits = bits < 0 ? 128 : (int)bits;
	return inet_pton(AF_INET6, address, ret->base) == 1 && bits <= 128;
}

static bool within(const uint8_t address[MACHINE_ADDRESS], const struct machine_range *range)
{
	int whole = range->bits / 8, rest = range->bits % 8;
	if (memcmp(address, range->base, (size_t)whole) != 0)
		return false;
	uint8_t mask = (uint8_t)(0xff00 >> rest);
	return rest == 0 || ((address[whole] ^ range->base[whole]) & mask) == 0;
}

static bool bytes_of(const struct sockaddr *address, uint8_t ret[MACHINE_ADDRESS])
{
	if (address->sa_family == AF_INET) {
		map_v4(&((const struct sockaddr_in *)(const void *)address)->sin_addr, ret);
		return true;
	}
	if (address->sa_family != AF_INET6)
		return false;
	memcpy(ret, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, MACHINE_ADDRESS);
	return true;
}

enum err machine_read_allowed(struct ctx *ctx, const char *list, struct machine *machine)
{
	static const char between[] = " ,\t";
	for (const char *at = list != NULL ? list : ""; *(at += strspn(at, between)) != '\0';) {
		size_t n = strcspn(at, between);
		if (machine->n_allow == MACHINE_ALLOW_MAX || !range_parse(at, n, &machine->allow[machine->n_allow]))
			return fail_arg(ctx, ERR_INVALID, "outgoing_allow", "machine_allow", arena_strndup(ctx->arena, at, n));
		machine->n_allow++;
		at += n;
	}
	return OK;
}

bool machine_allows(const struct machine *machine, const struct sockaddr *address)
{
	uint8_t bytes[MACHINE_ADDRESS];
	bool known = bytes_of(address, bytes), found = false;
	for (size_t i = 0; known && i < machine->n_allow && !found; i++)
		found = within(bytes, &machine->allow[i]);
	return found;
}

bool machine_lists_any(const struct machine *machine)
{
	return machine->n_allow > 0;
}

bool machine_may_call(const struct machine *machine, const struct sockaddr *address)
{
	uint8_t bytes[MACHINE_ADDRESS];
	if (machine_allows(machine, address))
		return true;
	bool open = bytes_of(address, bytes);
	for (size_t i = 0; open && i < SPECIAL; i++) {
		struct machine_range range;
		open = range_parse(special[i], strlen(special[i]), &range) && !within(bytes, &range);
	}
	return open;
}
