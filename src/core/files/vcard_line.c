#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/files/vcard.h"

/* The first ':' that does not stand in a quoted parameter value. */
static char *find_colon(char *line)
{
	bool quoted = false;
	for (char *p = line; *p != '\0'; p++) {
		if (*p == '"')
			quoted = !quoted;
		else if (*p == ':' && !quoted)
			return p;
	}
	return strchr(line, ':'); /* unbalanced quotes: the plain first one */
}

/* What does not fit whole is left out. */
static void add_types(struct vcard_line *line, const char *values)
{
	size_t used = strlen(line->types), n = strlen(values);
	if (n == 0 || n + 2 > sizeof(line->types) - used)
		return;
	for (const char *p = values; *p != '\0'; p++)
		if (*p != '"')
			line->types[used++] = (char)tolower((unsigned char)*p);
	line->types[used++] = ',';
	line->types[used] = '\0';
}

static void set_encoding(struct vcard_line *line, const char *value)
{
	if (strcasecmp(value, "QUOTED-PRINTABLE") == 0 || strcasecmp(value, "Q") == 0)
		line->encoding = 'q';
	else if (strcasecmp(value, "BASE64") == 0 || strcasecmp(value, "B") == 0)
		line->encoding = 'b';
}

static void take_param(struct vcard_line *line, char *param)
{
	char *value = strchr(param, '=');
	if (value == NULL) { /* version 2.1: TEL;WORK;VOICE and ;QUOTED-PRINTABLE */
		set_encoding(line, param);
		add_types(line, param);
		if (strcasecmp(param, "PREF") == 0)
			line->pref = 1;
		return;
	}
	*value++ = '\0';
	if (strcasecmp(param, "TYPE") == 0) {
		add_types(line, value);
		if (vcard_has_type(line, "pref"))
			line->pref = 1;
	} else if (strcasecmp(param, "PREF") == 0) {
		long pref = strtol(value + (*value == '"'), NULL, 10);
		line->pref = pref >= 1 && pref <= 100 ? (int)pref : 1;
	} else if (strcasecmp(param, "X-SERVICE-TYPE") == 0) {
		add_types(line, value);
	} else if (strcasecmp(param, "ENCODING") == 0) {
		set_encoding(line, value);
	} else if (strcasecmp(param, "CHARSET") == 0) {
		(void)snprintf(line->charset, sizeof(line->charset), "%s", value);
	}
}

static void take_params(struct vcard_line *line, char *params)
{
	bool quoted = false;
	char *start = params;
	for (char *p = params;; p++) {
		if (*p == '"')
			quoted = !quoted;
		if (*p != '\0' && (*p != ';' || quoted))
			continue;
		bool end = *p == '\0';
		*p = '\0';
		take_param(line, start);
		if (end)
			return;
		start = p + 1;
	}
}

bool vcard_parse_line(char *text, struct vcard_line *ret)
{
	*ret = (struct vcard_line){.types = ",", .pref = VCARD_NO_PREF};
	char *colon = find_colon(text);
	if (colon == NULL || colon == text)
		return false;
	*colon = '\0';
	ret->value = colon + 1;
	char *params = strchr(text, ';');
	if (params != NULL) {
		*params++ = '\0';
		take_params(ret, params);
	}
	char *group = strrchr(text, '.');
	ret->name = group != NULL ? group + 1 : text;
	for (char *p = ret->name; *p != '\0'; p++)
		*p = (char)toupper((unsigned char)*p);
	return ret->name[0] != '\0';
}

bool vcard_has_type(const struct vcard_line *line, const char *type)
{
	char word[24];
	(void)snprintf(word, sizeof(word), ",%s,", type);
	return strstr(line->types, word) != NULL;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

size_t vcard_decode_qp(char *text)
{
	char *to = text;
	for (const char *p = text; *p != '\0'; p++) {
		int high = *p == '=' ? hex(p[1]) : -1;
		int low = high >= 0 ? hex(p[2]) : -1;
		if (low < 0) {
			*to++ = *p;
			continue;
		}
		int byte = high * 16 + low;
		p += 2;
		if (byte != 0)
			*to++ = (char)byte;
	}
	*to = '\0';
	return (size_t)(to - text);
}

char *vcard_component(char **rest, char mark)
{
	char *start = *rest;
	if (start == NULL)
		return NULL;
	for (char *p = start; *p != '\0'; p++) {
		if (*p == '\\' && p[1] != '\0') {
			p++;
		} else if (*p == mark) {
			*p = '\0';
			*rest = p + 1;
			return start;
		}
	}
	*rest = NULL;
	return start;
}

void vcard_unescape(char *text)
{
	char *to = text;
	for (const char *p = text; *p != '\0'; p++) {
		if (*p != '\\' || p[1] == '\0') {
			*to++ = *p;
			continue;
		}
		p++;
		*to++ = *p == 'n' || *p == 'N' ? '\n' : *p;
	}
	*to = '\0';
}

static bool digits(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (text[i] < '0' || text[i] > '9')
			return false;
	return true;
}

const char *vcard_date(char *text, char room[VCARD_DATE_MAX])
{
	size_t len = strlen(text);
	if (len >= 8 && digits(text, 8)) {
		(void)snprintf(room, VCARD_DATE_MAX, "%.4s-%.2s-%.2s", text, text + 4, text + 6);
		return room;
	}
	if (len > 10 && digits(text, 4) && text[4] == '-' && digits(text + 5, 2) && text[7] == '-')
		text[10] = '\0';
	return text;
}
