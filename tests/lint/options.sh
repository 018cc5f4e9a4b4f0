#!/bin/sh
# Check that every option is explained: in --help and in what --print-config
# writes.
cd "${top_srcdir:?}" || exit 1
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

rows=$(tr '\n' ' ' <src/conf.c | grep -o '{[FL]([a-z_.]*), [^{}]*}' |
	sed 's/^{[FL](\([a-z_.]*\)),.*/\1/')
[ -n "$rows" ] && wrong='' || wrong="there are none"
result "options in src/conf.c" "$wrong"
for name in $rows; do
	row=$(tr '\n' ' ' <src/conf.c | grep -o "{[FL]($name), [^{}]*}")
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
done
[ "$(echo "$rows" | wc -l)" -eq "$(echo "$help" | grep -c ' VALUE$')" ] && wrong='' ||
	wrong="src/conf.c has $(echo "$rows" | wc -l), --help $(echo "$help" | grep -c ' VALUE$')"
result "as many as --help has" "$wrong"
echo "1..$n"
