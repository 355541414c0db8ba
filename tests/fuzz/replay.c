/* Stands in for libFuzzer: runs every file of the folders given through the target. */
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"

enum { INPUT_MAX = 16 << 20 };

static int run_file(const char *folder, const char *name)
{
	char path[4096];
	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *file = fopen(path, "rbe");
	uint8_t *data = malloc(INPUT_MAX);
	if (file == NULL || data == NULL) {
		(void)fprintf(stderr, "cannot read %s\n", path);
		free(data);
		return 1;
	}
	size_t n = fread(data, 1, INPUT_MAX, file);
	(void)fclose(file);
	(void)LLVMFuzzerTestOneInput(data, n);
	free(data);
	return 0;
}

int main(int argc, char **argv)
{
	int files = 0, bad = 0;
	for (int i = 1; i < argc; i++) {
		DIR *dir = opendir(argv[i]);
		if (dir == NULL) {
			(void)fprintf(stderr, "no corpus folder %s\n", argv[i]);
			return 1;
		}
		for (const struct dirent *e; (e = readdir(dir)) != NULL;)
			if (e->d_name[0] != '.') {
				bad += run_file(argv[i], e->d_name);
				files++;
			}
		closedir(dir);
	}
	bool good = bad == 0 && files > 0;
	(void)printf("1..1\n%s 1 - %d inputs\n", good ? "ok" : "not ok", files);
	return good ? 0 : 1;
}
