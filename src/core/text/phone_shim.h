/* libphonenumber for C.  Nothing is thrown across; false means it failed. */
#ifndef GUANXI_CORE_TEXT_PHONE_SHIM_H
#define GUANXI_CORE_TEXT_PHONE_SHIM_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { PHONE_SHIM_MAX = 80 };

/* E.164, with ";ext=" where there is an extension, if `in` can be a number as
 * dialled in `region` ("" : only numbers with "+"). */
bool phone_shim_parse(const char *in, const char *region, char out[PHONE_SHIM_MAX], bool *ret_possible);
/* As people of `region` write it. False if `e164` is no number. */
bool phone_shim_display(const char *e164, const char *region, char out[PHONE_SHIM_MAX]);

#ifdef __cplusplus
}
#endif

#endif
