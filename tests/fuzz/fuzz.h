/* What the fuzz targets share. Each is one LLVMFuzzerTestOneInput; with clang it is
 * linked to libFuzzer, else to replay.c, which runs the corpus through it. */
#ifndef GUANXI_TESTS_FUZZ_H
#define GUANXI_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Reads the bytes as a table of the format to its end. */
#include "core/files/files.h"
void fuzz_table(const uint8_t *data, size_t size, enum file_format format);

#endif
