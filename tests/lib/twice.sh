#!/bin/sh
# twice COMMAND...: run a test; where FAILED_ONCE names a file, and it fails, run
# it again, and let that count.  On a machine with too much to do a test of many
# servers may fail for want of time.  What failed at first stays in the output,
# and its name in that file: each is a bug of a test, or of something worse.
if [ -z "${FAILED_ONCE:-}" ]; then
	exec "$@"
fi
LONGEST=600 # seconds; none takes a quarter of that
output=$(mktemp) || exit 99
trap 'rm -f "$output"' EXIT
trap 'exit 99' HUP INT TERM

if timeout "$LONGEST" "$@" >"$output" 2>&1; then
	cat "$output"
	exit 0
fi
for name; do :; done
{
	echo "$name"
	grep -A 3 -E '^(not ok|Bail out)|Error' "$output" | sed 's/^/	/' | head -n 40
} >>"$FAILED_ONCE"
sed 's/^/# at first: /' "$output"
timeout "$LONGEST" "$@"
