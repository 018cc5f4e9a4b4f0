#!/bin/sh
# Check that every option is explained: in --help, in what --print-config
# writes, in docs/configuration.md and, with type, default, range and short
# name, in provost.conf(5).
cd "${top_srcdir:?}" || exit 1
if [ -n "${SANITIZED:-}" ]; then
	echo "1..0 # SKIP the build without sanitizers says the same"
	exit
fi
daemon=${top_builddir:?}/provostd
n=0
result() {
	n=$((n + 1))
	echo "${2:+not }ok $n - $1"
	[ -z "$2" ] || echo "# $2"
}
# Nothing is started: it only speaks.
help=$("$daemon" --help) && wrong='' || wrong="it failed"
result "provostd --help" "$wrong"
sample=$("$daemon" --print-config) && wrong='' || wrong="it failed"
result "provostd --print-config" "$wrong"

rows=$(tr '\n' ' ' <src/options.c | grep -o '{[FL]([a-z0-9_.]*), [^{}]*}' |
	sed 's/^{[FL](\([a-z0-9_.]*\)),.*/\1/')
[ -n "$rows" ] && wrong='' || wrong="there are none"
result "options in src/options.c" "$wrong"
# One line for each option of the manual page: [section] key, and all it says.
manual=$(awk '/^## \[/ { section = $2 }
	/^\*[a-z_0-9]*\* = / { gsub(/\*/, "", $1); text = section }
	/^$/ { if (text) print text; text = "" }
	text { sub(/^\t/, ""); text = text " " $0 }' docs/man/provost.conf.5.scd)
for name in $rows; do
	row=$(tr '\n' ' ' <src/options.c | grep -o "{[FL]($name), [^{}]*}")
	alias=$(echo "$row" | cut -d, -f5 | tr -d '" 	')
	flag=--$(echo "$name" | tr ._ --)
	[ "$alias" = NULL ] || flag=--$alias
	said=$(echo "$help" | grep -A1 -e "^  $flag VALUE" | sed -n '2s/^	//p')
	[ ${#said} -gt 8 ] && wrong='' || wrong="--help says nothing of $flag"
	result "$flag" "$wrong"
	section=${name%%[._]*} key=${name#*[._]}
	said=$(echo "$sample" | sed -n "/^\[$section\]/,/^\[/p" | grep -B1 "^$key =" | sed -n '1s/^; //p')
	[ ${#said} -gt 8 ] && wrong='' || wrong="--print-config says nothing of [$section] $key"
	result "[$section] $key" "$wrong"
	value=$(echo "$row" | cut -d, -f2 | tr -d '" 	') min=$(echo "$row" | cut -d, -f3 | tr -d ' 	')
	max=$(echo "$row" | cut -d, -f4 | tr -d ' 	') wrong=''
	said=$(echo "$manual" | grep -F "[$section] $key = ")
	case $said in
	'') wrong="there is no such option" ;;
	*"= _"[A-Z]*_" "[A-Za-z_]*" Default: "* | *"= *yes*|*no* "[A-Z]*" Default: "*) ;;
	*) wrong="it lacks type, meaning or default" ;;
	esac
	case $value,$(echo "$said" | tr -d ' ') in
	NULL,* | *,*"Default:*$value*"*) ;;
	*) wrong="its default is $value" ;;
	esac
	case $max,$said in
	0,* | *,*"From $min to $max."*) ;;
	*) wrong="it goes from $min to $max" ;;
	esac
	case $alias,$said in
	NULL,* | *,*"Short: *--$alias*."*) ;;
	*) wrong="its short name is --$alias" ;;
	esac
	result "provost.conf(5): [$section] $key" "$wrong"
	sed -n "/^### \`\[$section\]\`/,/^###/p" docs/configuration.md | grep -qF "| \`$key\` | \`$flag\` |" &&
		wrong='' || wrong="it is not in the table"
	result "docs/configuration.md: [$section] $key" "$wrong"
done
[ "$(echo "$rows" | wc -l)" -eq "$(echo "$manual" | wc -l)" ] && wrong='' ||
	wrong="src/options.c has $(echo "$rows" | wc -l), provost.conf(5) $(echo "$manual" | wc -l)"
result "as many as provost.conf(5) has" "$wrong"
[ "$(echo "$rows" | wc -l)" -eq "$(echo "$help" | grep -c ' VALUE$')" ] && wrong='' ||
	wrong="src/options.c has $(echo "$rows" | wc -l), --help $(echo "$help" | grep -c ' VALUE$')"
result "as many as --help has" "$wrong"

# The same of provost: a page for each command or family of them, with the
# options that --help has; those which most share are in provost(1).
provost=${top_builddir:?}/provost
options_of() { # the commands of a family, by their --help
	echo "$rows" | grep "^$1\( \|\$\)" | while read -r command; do
		# shellcheck disable=SC2086 # several words
		"$provost" $command --help </dev/null | grep -oE '^  --[a-z0-9-]+' | tr -d ' '
	done | LC_ALL=C sort -u
}
explained_in() {
	sed -n '/^# OPTIONS/,/^# [^O]/p' "docs/man/$1.1.scd" | grep '^\*--' | grep -oE -e '--[a-z0-9-]+' | LC_ALL=C sort -u
}
rows=$("$provost" --help | sed -n 's/^  \([a-z][a-z -]*[a-z]\)   *[A-Z].*/\1/p')
common=$(explained_in provost)
[ -n "$rows" ] && [ -n "$common" ] && wrong='' || wrong="there are none"
result "commands of provost --help" "$wrong"
for family in $(echo "$rows" | cut -d' ' -f1 | sort -u); do
	page=provost-$family
	[ -f "docs/man/$page.1.scd" ] && wrong='' || wrong="there is no page"
	result "$page(1)" "$wrong"
	[ -z "$wrong" ] || continue
	said=$(options_of "$family") manual=$(explained_in "$page") wrong=
	for name in $said; do
		echo "$manual
$common" | grep -qxe "$name" || wrong="$wrong $name is not explained"
	done
	for name in $manual; do
		echo "$said" | grep -qxe "$name" || wrong="$wrong $name is none of its options"
	done
	result "$page(1) has the options of --help" "$wrong"
	for verb in $(echo "$rows" | sed -n "s/^$family //p"); do
		grep -q "^\*provost\* \*$family\* \*$verb\*" "docs/man/$page.1.scd" && wrong='' || wrong="it is not in the synopsis"
		result "$page(1): $verb" "$wrong"
	done
	grep -q "^\*provost-$family\*(1)" docs/man/provost.1.scd && wrong='' || wrong="it is not among the commands"
	result "provost(1): $family" "$wrong"
done
echo "1..$n"
