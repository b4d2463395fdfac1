/* spec_names.c - pointers and names. See spec_read.h. */
#include "api/spec_read.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

void pointer_key(char ret_pointer[static POINTER_BYTES], const char *parent, const char *key)
{
	int n = snprintf(ret_pointer, POINTER_BYTES, "%s/", parent);
	size_t used = n < 0 ? 0 : (size_t)n;

	for (; *key && used + 2 < POINTER_BYTES; key++) {
		if (*key == '~' || *key == '/') {
			ret_pointer[used++] = '~';
			ret_pointer[used++] = *key == '~' ? '0' : '1';
		} else {
			ret_pointer[used++] = *key;
		}
	}
	if (used < POINTER_BYTES)
		ret_pointer[used] = '\0';
}

void pointer_index(char ret_pointer[static POINTER_BYTES], const char *parent, int index)
{
	(void)snprintf(ret_pointer, POINTER_BYTES, "%s/%d", parent, index);
}

void names_add(struct names *n, const char *name)
{
	if (n->count < NAMES_MAX)
		n->name[n->count++] = name;
}

void names_add_params(struct names *n, const struct param *params)
{
	for (const struct param *p = params; p && p->name; p++)
		names_add(n, p->name);
}

enum { DISTANCE_WORD_MAX = 64, DISTANCE_MAX = 2 };

/* Levenshtein's distance, capitals and small letters being the same. Both are shorter than
 * DISTANCE_WORD_MAX. */
static int edit_distance(const char *a, const char *b)
{
	int row[DISTANCE_WORD_MAX];
	int width = (int)strlen(b);

	for (int j = 0; j <= width; j++)
		row[j] = j;
	for (int i = 1; a[i - 1]; i++) {
		int diagonal = row[0];
		row[0] = i;
		for (int j = 1; j <= width; j++) {
			int change = diagonal + (tolower((unsigned char)a[i - 1]) !=
							tolower((unsigned char)b[j - 1]));
			int insert = row[j - 1] + 1, remove = row[j] + 1;
			diagonal = row[j];
			row[j] = change < insert ? change : insert;
			if (remove < row[j])
				row[j] = remove;
		}
	}
	return row[width];
}

/* The name that was meant: close, and more like it than unlike. NULL: none. */
static const char *nearest_name(const struct names *n, const char *seen)
{
	const char *nearest = NULL;
	int least = DISTANCE_MAX + 1;

	if (strlen(seen) >= DISTANCE_WORD_MAX)
		return NULL;
	for (int i = 0; i < n->count; i++) {
		if (strlen(n->name[i]) >= DISTANCE_WORD_MAX)
			continue;
		int distance = edit_distance(seen, n->name[i]);
		if (distance < least && 2 * distance <= (int)strlen(seen)) {
			least = distance;
			nearest = n->name[i];
		}
	}
	return nearest;
}

bool names_refuse(const struct names *n, const char *what, const char *seen, const char *pointer,
	struct problems *problems)
{
	char known[360] = "", meant[96] = "";
	size_t used = 0;

	if (problems->count == PROBLEMS_MAX)
		return false; /* nobody would read it, and a nearest name is dear to find */
	const char *nearest = seen ? nearest_name(n, seen) : NULL;
	for (int i = 0; i < n->count && used < sizeof known; i++) {
		int more = snprintf(
			known + used, sizeof known - used, "%s\"%s\"", i ? ", " : "", n->name[i]);
		used += more < 0 ? 0 : (size_t)more;
	}
	if (used >= sizeof known)
		(void)snprintf(known + sizeof known - 4, 4, "...");
	if (!seen)
		return problem_at(problems, pointer, "%s is missing; known: %s", what, known);
	if (nearest)
		(void)snprintf(meant, sizeof meant, " did you mean \"%s\"?", nearest);
	return problem_at(
		problems, pointer, "unknown %s \"%.40s\";%s known: %s", what, seen, meant, known);
}
