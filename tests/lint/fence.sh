#!/bin/sh
# Check that whoever gives the store another operation has thought of API keys
# that are for some domains alone: it has its row in src/core/fence.c, or its
# name among those that need none.
cd "${top_srcdir:?}" || exit 1
n=0
for op in $(sed -n '/^struct store_ops/,/^};/s/.*(\*\([a-z_]*\))(.*/\1/p' src/core/store.h); do
	n=$((n + 1))
	if grep -qE "s->fence\.$op = |^ \*.*[ :]$op( |\$)" src/core/fence.c; then
		echo "ok $n - $op"
	else
		echo "not ok $n - $op"
		echo "# src/core/fence.c does not know it"
	fi
done
echo "1..$n"
[ "$n" -gt 0 ]
