#!/bin/sh
# Check that whoever gives the store another operation has thought of API keys
# that are for some domains alone: it has its row in src/core/fence.c, or its
# name among those that need none, behind the colons of its opening comment.
cd "${top_srcdir:?}" || exit 1
n=0
unfenced=$(sed -e '/These need no fence/d' -e '/^ \* *[A-Z].*:/s/.*://' -e 's/^ \*//' -e '/\*\//q' src/core/fence.c | grep -v '^#' | tr '\n' ' ')
for op in $(sed -n '/^struct store_ops/,/^};/s/.*(\*\([a-z_]*\))(.*/\1/p' src/core/store.h); do
	n=$((n + 1))
	if grep -q "s->fence\.$op = " src/core/fence.c || [ "${unfenced#* "$op" }" != "$unfenced" ]; then
		echo "ok $n - $op"
	else
		echo "not ok $n - $op"
		echo "# src/core/fence.c does not know it"
	fi
done
echo "1..$n"
[ "$n" -gt 0 ]
