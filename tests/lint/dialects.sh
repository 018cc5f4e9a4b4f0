#!/bin/sh
# Check that dialects stay thin: each that speaks another product's API is
# tables and small translations, in at most 400 lines.  What outgrows that has
# got a rule of its own, which belongs where the others find it, too.  None
# knows another, and what they share knows none of them.
cd "${top_srcdir:?}" || exit 1
if [ -n "${SANITIZED:-}" ]; then
	echo "1..0 # SKIP the build without sanitizers looks at the same files"
	exit
fi
n=0
result() {
	n=$((n + 1))
	echo "${2:+not }ok $n - $1"
	[ -z "$2" ] || echo "# $2"
}
own='native health' # what is our own may be as long as it is
all=$(sed -n 's/^extern const struct dialect dialect_\([a-z0-9_]*\);/\1/p' src/api/dialect.h)
foreign=
for name in $all; do
	case " $own " in *" $name "*) ;; *) foreign="$foreign $name" ;; esac
done
[ -n "$foreign" ] && none= || none='dialect.h names none'
result "there are dialects of others:$foreign" "$none"

for name in $foreign; do
	files=$(find src -name "$name*.[ch]" | LC_ALL=C sort)
	case $name in scim) most=800 ;; *) most=400 ;; esac
	# shellcheck disable=SC2086 # names without blanks
	lines=$(cat $files /dev/null | awk 'END { print NR }')
	long=
	[ "$lines" -gt 0 ] && [ "$lines" -le "$most" ] || long="it has $lines lines, of at most $most"
	result "$name is thin" "$long"
	# The option that switches it on has its name, and a list of dialects.
	known=$(grep -lrwE "$name|dialect_$name" src/core src/json src/http src/ldap || true)
	result "no layer below knows $name" "$known"
	# shellcheck disable=SC2086
	met=$(for other in $foreign; do
		[ "$other" = "$name" ] || grep -l "api/$other" $files
	done)
	result "$name knows no other" "$met"
	long=
	if ctags --version 2>/dev/null | grep -q Universal; then
		# shellcheck disable=SC2086
		median=$(ctags --languages=C --kinds-C=f --fields=+ne -f- $files |
			sed -n 's/.*line:\([0-9]*\).*end:\([0-9]*\).*/\1 \2/p' |
			awk '{ print $2 - $1 + 1 }' | sort -n |
			awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] + 0 }')
		[ "$median" -gt 0 ] && [ "$median" -le 15 ] || long="half of them have $median lines or more"
	fi
	result "functions of $name are short" "$long"
done
echo "1..$n"
