#include "assets/asset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *asset_text(const char *name)
{
	for (const struct asset *a = assets; a->name != NULL; a++) {
		if (strcmp(a->name, name) == 0)
			return a->text;
	}
	fprintf(stderr, "no asset %s\n", name);
	abort();
}
