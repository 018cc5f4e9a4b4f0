#!/bin/sh
# Check that clang-format would change nothing.  Versions differ: it has to be
# the one that .clang-format was written for.
cd "${top_srcdir:?}" || exit 1
if [ -n "${SANITIZED:-}" ]; then
	echo "1..0 # SKIP the build without sanitizers looks at the same files"
	exit
fi
tool=
for name in clang-format-14 clang-format; do
	if $name --version 2>/dev/null | grep -q 'version 14\.'; then
		tool=$name
		break
	fi
done
if [ -z "$tool" ]; then
	echo "1..0 # SKIP clang-format 14 is not there"
	exit
fi
n=0
for file in $(find src tests -name '*.[ch]' ! -path src/assets/data.c | LC_ALL=C sort); do
	n=$((n + 1))
	if out=$($tool --dry-run -Werror "$file" 2>&1); then
		echo "ok $n - $file"
	else
		echo "not ok $n - $file"
		echo "$out" | sed -n 's/: error:.*//p' | sed 's/^/# /' | head -3
	fi
done
echo "1..$n"
