#include <string.h>
#include <unicode/uidna.h>

#include "base/str.h"
#include "core/text/text_internal.h"

enum { LOCAL_MAX = 64, ADDRESS_MAX = 254, HOST_MAX = 253, SHOWN_MAX = 4 * HOST_MAX };

static bool is_atom_char(unsigned char c)
{
	return c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

/* "quoted" local parts: printable characters, '"' and '\' escaped. */
static bool quoted_ok(const char *local, size_t n)
{
	if (n < 3 || local[0] != '"' || local[n - 1] != '"')
		return false;
	for (size_t i = 1; i < n - 1; i++) {
		unsigned char c = (unsigned char)local[i];
		if (c < 0x20 || c == 0x7F || c == '"')
			return false;
		if (c == '\\' && ++i >= n - 1)
			return false;
	}
	return true;
}

/* Dot-atoms.  Dots at the end or in a row break the standard, but large providers
 * have given such addresses out, and mail arrives; a leading dot is refused. */
static bool local_ok(const char *local, size_t n)
{
	if (n == 0 || n > LOCAL_MAX)
		return false;
	if (local[0] == '"')
		return quoted_ok(local, n);
	if (local[0] == '.')
		return false;
	for (size_t i = 0; i < n; i++)
		if (local[i] != '.' && !is_atom_char((unsigned char)local[i]))
			return false;
	return true;
}

/* At least two labels of letters, digits and hyphens; the last has a letter first (no IP addresses). */
static bool host_ok(const char *host, size_t n)
{
	if (n == 0 || n > HOST_MAX)
		return false;
	size_t labels = 1, start = 0;
	for (size_t i = 0; i <= n; i++) {
		if (i < n && host[i] != '.') {
			char c = host[i];
			if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'))
				return false;
			continue;
		}
		size_t len = i - start;
		if (len == 0 || len > 63 || host[start] == '-' || host[i - 1] == '-')
			return false;
		if (i < n) {
			labels++;
			start = i + 1;
		}
	}
	return labels >= 2 && host[start] >= 'a' && n - start >= 2;
}

static bool host_ascii(const char *in, size_t n, char *out, size_t *ret_n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = (char)(in[i] >= 'A' && in[i] <= 'Z' ? in[i] | 0x20 : in[i]);
	*ret_n = n;
	return host_ok(out, n);
}

/* By UTS 46: what the name is to machines, to be looked at (out), and to people (shown); false if it is no host name. */
static bool host_idna(const char *in, size_t n, char out[HOST_MAX + 1], size_t *ret_n, char shown[SHOWN_MAX + 1], size_t *ret_shown)
{
	UErrorCode code = U_ZERO_ERROR;
	UIDNA *idna = uidna_openUTS46(UIDNA_NONTRANSITIONAL_TO_ASCII | UIDNA_CHECK_BIDI | UIDNA_CHECK_CONTEXTJ |
	                                      UIDNA_USE_STD3_RULES,
	                              &code);
	if (U_FAILURE(code))
		return false;
	UIDNAInfo info = UIDNA_INFO_INITIALIZER;
	int32_t len = uidna_nameToASCII_UTF8(idna, in, (int32_t)n, out, HOST_MAX + 1, &info, &code), n_shown = 0;
	bool ok = U_SUCCESS(code) && !info.errors && len >= 1 && len <= HOST_MAX;
	if (ok)
		n_shown = uidna_nameToUnicodeUTF8(idna, out, len, shown, SHOWN_MAX + 1, &info, &code);
	uidna_close(idna);
	if (!ok || U_FAILURE(code) || info.errors || n_shown < 1 || n_shown > SHOWN_MAX)
		return false;
	*ret_n = (size_t)len;
	*ret_shown = (size_t)n_shown;
	return host_ok(out, *ret_n);
}

/* Full-width letters and signs come from Chinese input methods; the ideographic full stop stands for a dot. */
static size_t narrow(const char *in, size_t n, char *out)
{
	size_t len = 0;
	for (size_t at = 0; at < n;) {
		uint32_t cp = text_next(in, n, &at);
		if (cp >= 0xFF01 && cp <= 0xFF5E)
			cp -= 0xFEE0;
		else if (cp == 0x3002 || cp == 0xFF61)
			cp = '.';
		len += utf8_encode(cp, out + len);
	}
	out[len] = 0;
	return len;
}

enum err email_normalise(struct ctx *ctx, const char *in, const char **ret, bool *ret_valid)
{
	const char *clean;
	size_t n;
	*ret_valid = false;
	enum err err = text_clean(ctx, in, strlen(in), false, &clean, &n);
	if (err)
		return err;
	*ret = clean;
	if (n > 7 && strncasecmp(clean, "mailto:", 7) == 0) {
		clean += 7;
		n -= 7;
	}
	/* n bytes hold; narrowing never lengthens. */
	char *address = arena_alloc(ctx->arena, n + SHOWN_MAX + 2);
	if (!address)
		return text_no_memory(ctx);
	n = narrow(clean, n, address);
	const char *at_sign = memrchr(address, '@', n);
	if (!at_sign)
		return OK;
	size_t n_local = (size_t)(at_sign - address), n_host = n - n_local - 1;
	char *host = address + n_local + 1;
	if (n_host == 0 || n_host > SHOWN_MAX || !local_ok(address, n_local))
		return OK;
	char ascii[SHOWN_MAX + 1], readable[SHOWN_MAX + 1], *shown = ascii;
	size_t n_ascii = 0, n_shown = 0;
	bool ok = text_is_ascii(host, n_host) && host_ascii(host, n_host, ascii, &n_ascii);
	if (!ok || memmem(ascii, n_ascii, "xn--", 4)) {
		ok = host_idna(host, n_host, ascii, &n_ascii, readable, &n_shown);
		shown = readable;
	} else {
		n_shown = n_ascii;
	}
	if (!ok || n_local + 1 + n_ascii > ADDRESS_MAX)
		return OK;
	memcpy(host, shown, n_shown);
	host[n_shown] = 0;
	*ret = address;
	*ret_valid = true;
	return OK;
}
