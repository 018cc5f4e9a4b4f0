#!/bin/sh
# Check that nothing stands in the code that has no place there.
cd "${top_srcdir:?}" || exit 1
n=0
result() {
	n=$((n + 1))
	if [ -z "$2" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		echo "$2" | sed 's/^/# /'
	fi
}
code() {
	find src tests -name '*.[ch]' ! -path src/assets/data.c -exec grep -nE "$@" {} +
}

# Unbounded, not for threads, without a word for errors, or with a shell.
for f in strcpy strcat sprintf vsprintf strncpy strncat strtok gets gmtime \
	localtime asctime ctime atoi atol atoll system popen alloca rand \
	srand tmpnam mktemp bzero; do
	result "no $f()" "$(code "(^|[^_[:alnum:]])$f *\\(")"
done
result "no goto" "$(code '(^|[^_[:alnum:]])goto [a-z]')"
result "no #if 0" "$(code '^# *if 0')"
result "filters are built in src/ldap/filter.c alone" \
	"$(code '"\(([&|!]|%s=|[A-Za-z]+=["%*])' | grep -v -e '^src/ldap/filter.c:' -e '^tests/')"
result "names are built in src/ldap/dn.c alone" \
	"$(code '"[a-zA-Z]+=%s,|%s=%s,' | grep -v -e '^src/ldap/dn.c:' -e '^tests/')"
# What takes the shorter the sooner it differs tells a secret bit by bit (R44 of tests/e2e/attacks.py). Not of anybody's: a prefix or the name of a scheme,
# a new password and the words of its owner, the list of stolen ones.
result "R44: secrets are compared by digest_equal() alone" \
	"$(find src -name '*.c' -exec grep -nE '(^|[^[:alnum:]_])(mem|str|strn|strcase|strncase|b)cmp *\(([^;()]*[^[:alnum:]_"])?(secret|password|digest|hash|hmac|mac|signature|token|clear|hashed)[^[:alnum:]_]|text_equal *\(([^;()]*[^[:alnum:]_"])?(secret|password|digest|hash|hmac|mac|signature|clear)[^[:alnum:]_]' {} + |
		grep -vE 'prefix|^src/passwd/(policy|breached)\.c:')"
# In two parts, or this file would be found.
words='TO''DO|FIX''ME|XX''X'
result "nothing is left for later" \
	"$(find src tests docs schema ldif -type f ! -name '*.pyc' -exec grep -InE "(^|[^[:alnum:]])($words)([^[:alnum:]]|\$)" {} +)"
result "no blank at the end of a line" \
	"$(find src tests schema ldif -type f \( -name '*.[ch]' -o -name '*.sh' -o -name '*.py' -o -name '*.inc' -o -name '*.schema' \) -exec grep -nE '[ 	]$' {} +)"
echo "1..$n"
