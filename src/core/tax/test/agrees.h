/* For tests of what answers with numbers in text: whether an answer says what was expected. */
#ifndef GUANXI_CORE_TAX_TEST_AGREES_H
#define GUANXI_CORE_TAX_TEST_AGREES_H

#include <jansson.h>
#include <stdbool.h>

#include "core/tax/fraction.h"

/* Numbers may be written in more ways than one. `more`: the answer may say more than was expected. */
static inline bool agrees(json_t *want, json_t *is, bool more)
{
	const char *key;
	json_t *value;
	struct fraction a, b;
	if (json_is_object(want)) {
		json_object_foreach(want, key, value) {
			if (!agrees(value, json_object_get(is, key), more))
				return false;
		}
		return json_is_object(is) && json_object_size(want) > 0 && (more || json_object_size(want) == json_object_size(is));
	}
	if (json_is_array(want)) {
		for (size_t i = 0; i < json_array_size(want); i++) {
			if (!agrees(json_array_get(want, i), json_array_get(is, i), more))
				return false;
		}
		return json_is_array(is) && json_array_size(want) == json_array_size(is);
	}
	if (json_is_string(want) && fraction_read(json_string_value(want), &a))
		return json_is_string(is) && fraction_read(json_string_value(is), &b) && fraction_compare(a, b) == 0;
	return is != NULL && json_equal(want, is) != 0;
}

/* A line of an answer, and how it was come by. */
static inline bool agrees_with_steps(json_t *expected, json_t *line, bool more)
{
	return agrees(expected, json_object_get(line, "answer"), more) && json_array_size(json_object_get(line, "steps")) > 0;
}

#endif
