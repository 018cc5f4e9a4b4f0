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
files=$(find src tests -name '*.[ch]' ! -path src/assets/data.c | LC_ALL=C sort)
# All at once: to start it takes longer than to look at a file.
# shellcheck disable=SC2086 # several words
out=$($tool --dry-run -Werror $files 2>&1) || status=$?
# What is wrong is told by file; where it failed otherwise nothing was looked at.
wrong=$(echo "$out" | sed -n 's/: error:.*//p')
if [ "${status:-0}" != 0 ] && [ -z "$wrong" ]; then
	echo "$out" | sed 's/^/# /'
	echo "Bail out! $tool failed"
	exit 1
fi
for file in $files; do
	n=$((n + 1))
	here=$(echo "$wrong" | grep -F "$file:")
	[ -z "$here" ] || printf 'not '
	echo "ok $n - $file"
	[ -z "$here" ] || echo "$here" | sed 's/^/# /' | head -3
done
echo "1..$n"
