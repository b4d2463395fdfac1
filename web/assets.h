/* assets.h - the dashboard's files as they are sent: compressed once, when the program is built.
 *
 * The table is made by web/build.mjs (empty with -Dweb=disabled). It is const, any thread may read
 * it, and its bytes live for good. Names under /assets/ carry a digest of their content, so they
 * may be kept for ever; "/" is the page that names them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct web_asset {
	const char *path; /* "/" or "/assets/<name>-<digest>.<ext>" */
	const char *content_type;
	const unsigned char *gzip; /* the body, for Content-Encoding: gzip */
	size_t gzip_size;          /* bytes */
	const char *etag;          /* strong, its quotes included */
	bool immutable;            /* the path changes whenever the content does */
};

extern const struct web_asset web_assets[];
extern const size_t web_asset_count;
