// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Runs a fuzz target over files and folders of files, without libFuzzer: what
 * was once found stays an ordinary regression test, under any compiler and
 * under valgrind.  Each input lies in a heap block of exactly its size, so
 * that a read past its end shows.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned long inputs;

static int run_file(const char *path, size_t size)
{
	uint8_t *data = malloc(size ? size : 1);
	FILE *f = fopen(path, "rb");
	int rc = -1;

	if (f && data && fread(data, 1, size, f) == size) {
		(void)LLVMFuzzerTestOneInput(data, size);
		inputs++;
		rc = 0;
	} else {
		perror(path);
	}
	if (f)
		(void)fclose(f);
	free(data);
	return rc;
}

static int run_path(const char *path)
{
	struct dirent **names = NULL;
	struct stat st;
	int rc = 0;
	int n;

	if (stat(path, &st) != 0) {
		perror(path);
		return -1;
	}
	if (S_ISREG(st.st_mode))
		return run_file(path, (size_t)st.st_size);
	n = scandir(path, &names, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		char sub[4096];

		if (names[i]->d_name[0] != '.') {
			(void)snprintf(sub, sizeof(sub), "%s/%s", path,
				       names[i]->d_name);
			if (run_path(sub) != 0)
				rc = -1;
		}
		free(names[i]);
	}
	free(names);
	return rc;
}

int main(int argc, char **argv)
{
	int rc = 0;

	for (int i = 1; i < argc; i++) {
		if (run_path(argv[i]) != 0)
			rc = 1;
	}
	(void)fprintf(stderr, "%lu inputs\n", inputs);
	return inputs == 0 ? 1 : rc;
}
