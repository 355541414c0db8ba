/* What can be said of a URL before it is called. */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/str.h"
#include "core/machine/machine.h"
#include "core/outward/outward.h"

/* Copies a part of the URL into ctx's arena; NULL where it has none. */
static const char *part(struct ctx *ctx, CURLU *url, CURLUPart what, unsigned flags)
{
	char *text = NULL;
	const char *ret = curl_url_get(url, what, &text, flags) == CURLUE_OK ? arena_strdup(ctx->arena, text) : NULL;
	curl_free(text);
	return ret;
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);
	return n >= m && strcasecmp(text + n - m, end) == 0;
}

/* Names that never leave the house, whatever a resolver says of them. */
static bool inside_name(const char *host)
{
	static const char *const ends[] = {".localhost", ".local", ".internal", ".intranet", ".lan", ".home.arpa", ".in-addr.arpa", ".ip6.arpa"};
	bool inside = strcasecmp(host, "localhost") == 0 || strchr(host, '.') == NULL;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]) && !inside; i++)
		inside = ends_with(host, ends[i]);
	return inside;
}

/* The host as an address, if it is written as one; the library has brought 0x7f.1, 2130706433 and the like to their usual form. */
static bool literal(const char *host, struct sockaddr_storage *ret)
{
	struct sockaddr_in *four = (struct sockaddr_in *)(void *)ret;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)(void *)ret;
	char bare[INET6_ADDRSTRLEN + 2];
	size_t n = strlen(host);
	memset(ret, 0, sizeof(*ret));
	if (inet_pton(AF_INET, host, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		return true;
	}
	if (host[0] != '[' || n < 3 || n > sizeof(bare) || host[n - 1] != ']')
		return false;
	memcpy(bare, host + 1, n - 2);
	bare[n - 2] = '\0';
	six->sin6_family = AF_INET6;
	return inet_pton(AF_INET6, bare, &six->sin6_addr) == 1;
}

/* An address: one that may be called; *ret whether the machine's list names it. */
static enum err check_numeric(struct ctx *ctx, const char *field, const char *host, const struct sockaddr *address, bool *ret)
{
	*ret = ctx->machine != NULL && machine_allows(ctx->machine, address);
	bool may = ctx->machine != NULL && machine_may_call(ctx->machine, address);
	return may ? OK : fail_arg(ctx, ERR_INVALID, field, "outward_inside", host);
}

static enum err check_place(struct ctx *ctx, const char *field, CURLU *url, bool plain)
{
	struct sockaddr_storage address;
	const char *host = part(ctx, url, CURLUPART_HOST, 0), *port = part(ctx, url, CURLUPART_PORT, CURLU_DEFAULT_PORT);
	bool listed = false;
	if (str_empty(host) || str_empty(port))
		return fail(ctx, ERR_INVALID, field, "outward_url");
	bool numeric = literal(host, &address);
	if (!numeric && (host[0] == '[' || inside_name(host))) {
		/* a name inside may stand for a listed address: that is asked when it is called */
		bool might = host[0] != '[' && ctx->machine != NULL && machine_lists_any(ctx->machine);
		return might ? OK : fail_arg(ctx, ERR_INVALID, field, "outward_inside", host);
	}
	enum err err = numeric ? check_numeric(ctx, field, host, (const struct sockaddr *)(const void *)&address, &listed) : OK;
	if (err != OK || listed)
		return err;
	if (plain)
		return fail(ctx, ERR_INVALID, field, "outward_plain");
	return str_equal(port, "443") || str_equal(port, "8443") ? OK : fail_arg(ctx, ERR_INVALID, field, "outward_port", port);
}

static bool printable(const char *text)
{
	while (*text != '\0' && (unsigned char)*text > ' ' && *text != '\\' && *text != 127)
		text++;
	return *text == '\0';
}

static enum err check_parts(struct ctx *ctx, const char *field, CURLU *url)
{
	const char *scheme = part(ctx, url, CURLUPART_SCHEME, 0);
	if (!str_equal(scheme, "https") && !str_equal(scheme, "http"))
		return fail_arg(ctx, ERR_INVALID, field, "outward_scheme", scheme);
	if (part(ctx, url, CURLUPART_USER, 0) != NULL || part(ctx, url, CURLUPART_PASSWORD, 0) != NULL)
		return fail(ctx, ERR_INVALID, field, "outward_user");
	return check_place(ctx, field, url, str_equal(scheme, "http"));
}

enum err outward_check_url(struct ctx *ctx, const char *field, const char *text)
{
	CURLU *url = str_empty(text) || strlen(text) > OUTWARD_URL_MAX || !printable(text) ? NULL : curl_url();
	if (url == NULL)
		return fail(ctx, ERR_INVALID, field, "outward_url");
	bool good = curl_url_set(url, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK;
	enum err err = good ? check_parts(ctx, field, url) : fail(ctx, ERR_INVALID, field, "outward_url");
	curl_url_cleanup(url);
	return err;
}
