/* negotiate.c - see negotiate.h. */
#include "api/negotiate.h"

#include <string.h>
#include <strings.h>

static const char *skip_blank(const char *p)
{
	return p + strspn(p, " \t");
}

/* The length of the name at p: up to a parameter, the next item, or the end; blanks after it do not
 * count. */
static size_t name_length(const char *p)
{
	size_t n = strcspn(p, ";,");

	while (n && (p[n - 1] == ' ' || p[n - 1] == '\t'))
		n--;
	return n;
}

static bool name_is(const char *p, const char *wanted)
{
	return name_length(p) == strlen(wanted) && strncasecmp(p, wanted, strlen(wanted)) == 0;
}

/* Whether the parameters in [p, end) have a weight of zero: q=0, q=0.0 … */
static bool weight_is_zero(const char *p, const char *end)
{
	while (p < end) {
		p = skip_blank(p + 1);
		if (end - p >= 3 && (*p == 'q' || *p == 'Q') && p[1] == '=')
			return strspn(p + 2, "0.") == name_length(p + 2);
		p += strcspn(p, ";,");
	}
	return false;
}

bool negotiate_names(const char *list, const char *wanted)
{
	for (const char *p = list, *next; p; p = next) {
		const char *end = p + strcspn(p, ",");
		next = *end ? end + 1 : NULL;
		p = skip_blank(p);
		if (name_is(p, wanted))
			return !weight_is_zero(p + strcspn(p, ";,"), end);
	}
	return false;
}

bool negotiate_etag(const char *if_none_match, const char *etag)
{
	for (const char *p = if_none_match, *next; p; p = next) {
		const char *end = p + strcspn(p, ",");
		next = *end ? end + 1 : NULL;
		p = skip_blank(p);
		if (strncmp(p, "W/", 2) == 0)
			p += 2;
		if (name_is(p, "*") || name_is(p, etag))
			return true;
	}
	return false;
}

bool negotiate_type(const char *content_type, const char *wanted)
{
	return content_type && !strchr(content_type, ',') &&
	       name_is(skip_blank(content_type), wanted);
}
