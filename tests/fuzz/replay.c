/* replay.c - a main() for a harness: runs it over every file of the given folders, in TAP. So each
 * build, whatever its compiler and sanitizers, goes through the committed corpus. */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

static int replay_file(const char *folder, const char *name)
{
	char path[4096];
	long size = -1;

	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *file = fopen(path, "rb");
	if (file && fseek(file, 0, SEEK_END) == 0)
		size = ftell(file);
	uint8_t *bytes = size >= 0 ? malloc(size ? (size_t)size : 1) : NULL;
	int ok = bytes && fseek(file, 0, SEEK_SET) == 0 &&
		 fread(bytes, 1, (size_t)size, file) == (size_t)size;
	if (ok)
		(void)LLVMFuzzerTestOneInput(bytes, (size_t)size); /* always 0 */
	free(bytes);
	if (file)
		(void)fclose(file); /* was only read */
	return ok;
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

int main(int argc, char **argv)
{
	int number = 0, failed = 0;

	for (int i = 1; i < argc; i++) {
		struct dirent **entries;
		int n = scandir(argv[i], &entries, is_visible, alphasort);
		for (int k = 0; k < n; k++) {
			int ok = replay_file(argv[i], entries[k]->d_name);
			printf("%sok %d - %s\n", ok ? "" : "not ", ++number, entries[k]->d_name);
			failed += !ok;
			free(entries[k]);
		}
		if (n >= 0)
			free(entries);
	}
	printf("1..%d\n", number);
	return failed || !number;
}
