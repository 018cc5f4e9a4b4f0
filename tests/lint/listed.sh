#!/bin/sh
# Check that every test is run by make check, and shipped, as every document
# is: a file that Makefile.inc does not name is a test that nobody runs.
cd "${top_srcdir:?}" || exit 1
n=0
for file in $(find tests -type f \( -name '*.c' -o -name '*.h' -o -name '*.py' -o -name '*.sh' -o -name '*.txt' \) \
	! -path '*/corpus/*' ! -path '*/native/*' | LC_ALL=C sort); do
	n=$((n + 1))
	name=${file#tests/}
	case $name in
	unit/*.c) name=${name%.c} ;;
	esac
	if grep -q "%D%/$name\([ 	]\|\$\)" tests/Makefile.inc; then
		echo "ok $n - $file"
	else
		echo "not ok $n - $file"
		echo "# tests/Makefile.inc does not name it"
	fi
done
for file in $(find docs -type f \( -name '*.md' -o -name '*.yaml' -o -name '*.svg' -o -name '*.scd' \) | LC_ALL=C sort); do
	n=$((n + 1))
	name=${file#docs/}
	name=${name%.scd}
	if grep -q "%D%/$name\([ 	]\|\$\)" docs/Makefile.inc; then
		echo "ok $n - $file"
	else
		echo "not ok $n - $file"
		echo "# docs/Makefile.inc does not name it"
	fi
done
echo "1..$n"
