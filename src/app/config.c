#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/app.h"
#include "base/decimal.h"
#include "base/id.h"
#include "base/str.h"

struct conf_key {
	const char *key;
	size_t offset;
};

static const struct conf_key settings[] = {
	{"pg_url", offsetof(struct app_config, pg_url)},
	{"pg_schema", offsetof(struct app_config, pg_schema)},
	{"base_currency", offsetof(struct app_config, base_currency)},
	{"phone_region", offsetof(struct app_config, phone_region)},
	{"listen", offsetof(struct app_config, listen)},
	{"tls_cert", offsetof(struct app_config, tls_cert)},
	{"tls_key", offsetof(struct app_config, tls_key)},
	{"trusted_proxies", offsetof(struct app_config, trusted_proxies)},
	{"outgoing_allow", offsetof(struct app_config, outgoing_allow)},
};
enum { SETTINGS = sizeof(settings) / sizeof(settings[0]), CONF_MAX = 64 * 1024 };

static const char **slot(struct app_config *config, size_t i)
{
	return (const char **)(void *)((char *)config + settings[i].offset);
}

static enum err read_line(struct ctx *ctx, const char *line, size_t len, struct app_config *config)
{
	size_t n;
	line = str_trim(line, len, &n);
	if (n == 0 || *line == '#')
		return OK;
	const char *equals = memchr(line, '=', n);
	if (equals == NULL)
		return fail_arg(ctx, ERR_INVALID, "guanxi.conf", "conf_line", arena_strndup(ctx->arena, line, n));
	size_t key_len, value_len;
	const char *key_start = str_trim(line, (size_t)(equals - line), &key_len);
	const char *key = arena_strndup(ctx->arena, key_start, key_len);
	const char *value_start = str_trim(equals + 1, n - (size_t)(equals + 1 - line), &value_len);
	const char *value = arena_strndup(ctx->arena, value_start, value_len);
	if (key == NULL || value == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; i < SETTINGS; i++) {
		if (str_equal(key, settings[i].key)) {
			*slot(config, i) = *value != '\0' ? value : NULL;
			return OK;
		}
	}
	uint64_t node;
	if (!str_equal(key, "node"))
		return fail_arg(ctx, ERR_INVALID, "guanxi.conf", "conf_key", key);
	if (!str_to_u64(value, &node) || node > ID_NODE_MAX)
		return fail_arg(ctx, ERR_INVALID, "guanxi.conf", "conf_value", key);
	config->node = (unsigned)node;
	return OK;
}

static enum err read_all(struct ctx *ctx, const char *path, char **ret)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? fail_arg(ctx, ERR_NOT_FOUND, "", "no_data_dir", path)
		                       : fail_arg(ctx, ERR_INVALID, "", "cannot_open", path);
	char *text = arena_alloc(ctx->arena, CONF_MAX);
	ssize_t n = text != NULL ? read(fd, text, CONF_MAX - 1) : -1;
	close(fd);
	if (n < 0 || n == CONF_MAX - 1)
		return fail_arg(ctx, ERR_INVALID, "", "cannot_open", path);
	*ret = text;
	return OK;
}

enum err config_read(struct ctx *ctx, const char *data_dir, struct app_config *ret)
{
	char *text = NULL;
	*ret = (struct app_config){.data_dir = data_dir, .base_currency = "CNY", .phone_region = "CN", .listen = "127.0.0.1:8080"};
	const char *path = arena_printf(ctx->arena, "%s/guanxi.conf", data_dir);
	if (path == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	enum err err = read_all(ctx, path, &text);
	while (err == OK && *text != '\0') {
		size_t len = strcspn(text, "\n");
		err = read_line(ctx, text, len, ret);
		text += len + (text[len] == '\n' ? 1 : 0);
	}
	if (err == OK && currency_scale(ret->base_currency) < 0)
		err = fail_arg(ctx, ERR_INVALID, "guanxi.conf", "conf_value", "base_currency");
	return err;
}

static enum err write_all(struct ctx *ctx, const char *path, const struct buf *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail_arg(ctx, ERR_CONFLICT, "", errno == EEXIST ? "already_there" : "cannot_open", path);
	bool good = write(fd, buf_text(text), text->len) == (ssize_t)text->len && fsync(fd) == 0;
	good = close(fd) == 0 && good;
	return good ? OK : fail_arg(ctx, ERR_LIMIT, "", "cannot_write", path);
}

enum err config_write(struct ctx *ctx, const struct app_config *config)
{
	struct buf text;
	struct app_config copy = *config;
	const char *path = arena_printf(ctx->arena, "%s/guanxi.conf", config->data_dir);
	if (path == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	buf_init(&text, CONF_MAX);
	buf_puts(&text, "# Settings of this Guanxi data folder. See docs/operation.md.\n");
	for (size_t i = 0; i < SETTINGS; i++) {
		const char *value = *slot(&copy, i);
		if (value != NULL)
			buf_printf(&text, "%s = %s\n", settings[i].key, value);
	}
	buf_printf(&text, "node = %u\n", config->node);
	enum err err = buf_failed(&text) ? fail(ctx, ERR_LIMIT, "", "memory") : write_all(ctx, path, &text);
	buf_release(&text);
	return err;
}
