#!/bin/sh
# Write text files as C string literals: embed.sh SRCDIR FILE... >data.c
# A file that is not here is looked for in SRCDIR.
set -e
srcdir=$1
shift
echo '#include "assets/asset.h"'
echo
echo '#include <stddef.h>'
echo
echo 'const struct asset assets[] = {'
for name; do
	file=$name
	[ -f "$file" ] || file=$srcdir/$name
	printf '{"%s",\n' "${name#src/cli/}"
	sed 's/\\/\\\\/g; s/"/\\"/g; s/?/\\?/g; s/	/\\t/g; s/.*/"&\\n"/' "$file"
	echo '},'
done
echo '{NULL, NULL}};'
