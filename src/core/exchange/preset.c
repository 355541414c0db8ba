/* Built-in plans: the JSON files of presets/, compiled in. */
#include <string.h>

#include "base/str.h"
#include "core/exchange/import.h"

struct embedded_text {
	const char *name, *text;
};
extern const struct embedded_text preset_texts[];

const char *preset_name(size_t i)
{
	for (size_t k = 0; k <= i; k++)
		if (preset_texts[k].name == NULL)
			return NULL;
	return preset_texts[i].name;
}

const char *preset_text(const char *name)
{
	for (const struct embedded_text *p = preset_texts; name != NULL && p->name != NULL; p++)
		if (strcmp(p->name, name) == 0)
			return p->text;
	return NULL;
}

/* How many of the columns that the preset is known by the file has; 0 unless all. */
static size_t matches(const struct embedded_text *preset, const struct plan_columns *columns)
{
	json_t *json = json_loads(preset->text, 0, NULL);
	const json_t *names = json_object_get(json, "match"), *name;
	size_t i, found = 0;
	json_array_foreach(names, i, name) {
		if (plan_find_column(columns, json_string_value(name)) >= 0)
			found++;
	}
	bool all = found > 0 && found == json_array_size(names);
	json_decref(json);
	return all ? found : 0;
}

const char *preset_matching(const struct plan_columns *columns, const char *family)
{
	const char *best = NULL;
	size_t best_found = 0;
	for (const struct embedded_text *p = preset_texts; p->name != NULL; p++) {
		size_t n = family != NULL ? strlen(family) : 0;
		if (n > 0 && (strncmp(p->name, family, n) != 0 || p->name[n] != '-'))
			continue;
		size_t found = matches(p, columns);
		if (found > best_found) {
			best = p->name;
			best_found = found;
		}
	}
	return best;
}
