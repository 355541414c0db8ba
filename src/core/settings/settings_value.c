/* What each type of setting takes, and the one form it is kept in. */
#include <ctype.h>
#include <string.h>

#include "base/decimal.h"
#include "base/str.h"
#include "core/settings/settings_internal.h"
#include "core/text/text.h"

const char *setting_default(const struct setting *setting)
{
	return setting->fallback ? setting->fallback : "";
}

static int64_t option_position(const struct setting *setting, const char *text, size_t n)
{
	for (int64_t i = 0; setting->options && setting->options[i].value; i++)
		if (strlen(setting->options[i].value) == n && strncmp(setting->options[i].value, text, n) == 0)
			return i;
	return -1;
}

int64_t setting_number(const struct setting *setting, const char *text)
{
	int64_t number = 0;
	if (setting->type == SETTING_BOOL)
		return str_equal(text, "true");
	if (setting->type == SETTING_CHOICE)
		return option_position(setting, text, strlen(text));
	return str_to_i64(text, &number) ? number : 0;
}

static enum err check_text(struct ctx *ctx, const struct setting *setting, const char *text, const char **ret)
{
	size_t n, most = setting->max > 0 ? (size_t)setting->max : 200;
	enum err err = text_clean(ctx, text, strlen(text), most > 200, ret, &n);
	if (err)
		return err;
	if (utf8_length(*ret, n) > most)
		return fail_arg(ctx, ERR_INVALID, setting->name, "too_long", arena_printf(ctx->arena, "%zu", most));
	return OK;
}

static enum err check_int(struct ctx *ctx, const struct setting *setting, const char *text, const char **ret)
{
	int64_t number;
	if (!str_to_i64(text, &number))
		return fail(ctx, ERR_INVALID, setting->name, "not_integer");
	if (number < setting->min || number > setting->max)
		return fail_arg(ctx, ERR_INVALID, setting->name, "setting_range",
		                arena_printf(ctx->arena, "%lld – %lld", (long long)setting->min, (long long)setting->max));
	*ret = arena_printf(ctx->arena, "%lld", (long long)number);
	return *ret ? OK : fail(ctx, ERR_LIMIT, "", "memory");
}

static enum err check_choices(struct ctx *ctx, const struct setting *setting, const char *text, const char **ret)
{
	bool chosen[64] = {false};
	struct buf out;
	const char *at = text;
	while (true) {
		size_t n, len = strcspn(at, ",");
		const char *one = str_trim(at, len, &n);
		int64_t i = option_position(setting, one, n);
		if (i < 0 || i >= 64)
			return fail(ctx, ERR_INVALID, setting->name, "setting_option");
		chosen[i] = true;
		if (at[len] == '\0')
			break;
		at += len + 1;
	}
	buf_init(&out, 4096);
	for (size_t i = 0; i < 64 && setting->options[i].value; i++)
		if (chosen[i])
			buf_printf(&out, "%s%s", out.len ? "," : "", setting->options[i].value);
	*ret = buf_failed(&out) ? NULL : arena_strdup(ctx->arena, buf_text(&out));
	buf_release(&out);
	return *ret ? OK : fail(ctx, ERR_LIMIT, "", "memory");
}

static enum err check_email(struct ctx *ctx, const struct setting *setting, const char *text, const char **ret)
{
	bool valid;
	enum err err = email_normalise(ctx, text, ret, &valid);
	if (!err && !valid)
		err = fail(ctx, ERR_INVALID, setting->name, "not_email");
	return err;
}

static enum err check_country(struct ctx *ctx, const struct setting *setting, const char *text, const char **ret)
{
	if (strlen(text) != 2 || !isalpha((unsigned char)text[0]) || !isalpha((unsigned char)text[1]))
		return fail(ctx, ERR_INVALID, setting->name, "region_invalid");
	const char code[3] = {(char)toupper((unsigned char)text[0]), (char)toupper((unsigned char)text[1]), '\0'};
	*ret = arena_strdup(ctx->arena, code);
	return *ret ? OK : fail(ctx, ERR_LIMIT, "", "memory");
}

static enum err refuse_unless(struct ctx *ctx, bool good, const struct setting *setting, const char *key)
{
	return good ? OK : fail(ctx, ERR_INVALID, setting->name, key);
}

static bool is_web_address(const char *text)
{
	return (str_starts(text, "https://") || str_starts(text, "http://")) && strpbrk(text, " \t\r\n\"<>") == NULL &&
	       strlen(text) > strlen("https://");
}

static enum err check_bool(struct ctx *ctx, const struct setting *setting, const char *text, const char **ret)
{
	(void)ret;
	return refuse_unless(ctx, str_equal(text, "true") || str_equal(text, "false"), setting, "not_bool");
}

static enum err check_choice(struct ctx *ctx, const struct setting *setting, const char *text, const char **ret)
{
	(void)ret;
	return refuse_unless(ctx, option_position(setting, text, strlen(text)) >= 0, setting, "setting_option");
}

static enum err check_zone(struct ctx *ctx, const struct setting *setting, const char *text, const char **ret)
{
	(void)ret;
	return refuse_unless(ctx, text_zone_known(text), setting, "setting_zone");
}

static enum err check_currency(struct ctx *ctx, const struct setting *setting, const char *text, const char **ret)
{
	(void)ret;
	return refuse_unless(ctx, currency_scale(text) >= 0, setting, "not_currency");
}

static enum err check_url(struct ctx *ctx, const struct setting *setting, const char *text, const char **ret)
{
	enum err err = check_text(ctx, setting, text, ret);
	return err ? err : refuse_unless(ctx, is_web_address(*ret), setting, "not_url");
}

typedef enum err (*check_fn)(struct ctx *ctx, const struct setting *setting, const char *text, const char **ret);

static const check_fn checks[] = {
	[SETTING_TEXT] = check_text,       [SETTING_INT] = check_int,           [SETTING_BOOL] = check_bool,     [SETTING_CHOICE] = check_choice,
	[SETTING_CHOICES] = check_choices, [SETTING_ZONE] = check_zone,         [SETTING_CURRENCY] = check_currency, [SETTING_COUNTRY] = check_country,
	[SETTING_EMAIL] = check_email,     [SETTING_PHONE] = check_text, /* the firm's own, as it wants it written */
	[SETTING_URL] = check_url,
};

enum err setting_check(struct ctx *ctx, const struct setting *setting, const char *text, const char **ret)
{
	if (!utf8_valid(text, strlen(text)) || utf8_length(text, strlen(text)) > SETTING_VALUE_MAX)
		return fail(ctx, ERR_INVALID, setting->name, "setting_text");
	*ret = text;
	return checks[setting->type](ctx, setting, text, ret);
}
