/* empty.c - the table of a build without the dashboard. */
#include "web/assets.h"

const struct web_asset web_assets[] = { { 0 } };
const size_t web_asset_count = 0;
