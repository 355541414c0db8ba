/* cmocka with what it needs before it, and without its macro `fail`, which is our function's name. */
#ifndef GUANXI_BASE_TEST_CHECK_H
#define GUANXI_BASE_TEST_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#undef fail

#endif
