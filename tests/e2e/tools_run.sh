#!/bin/sh
# Check that tools/run does what README.md says: build, start, and print three
# curl lines that work when pasted.  Called by tools/test, not by make check,
# because it builds in the source tree.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
place=$(mktemp -d)
chmod 755 "$place"
count=0 failed=0
ok() {
	count=$((count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $count - $2"
	else
		failed=$((failed + 1))
		echo "not ok $count - $2"
	fi
}
port=$(python3 -c 'import socket
s = [socket.socket() for i in range(2)]
[x.bind(("127.0.0.1", 0)) for x in s]
print(*[x.getsockname()[1] for x in s])')

"$top/tools/run" --help >"$place/help"
grep -q -- --state-dir "$place/help"
ok $? "tools/run --help names its options"

"$top/tools/run" --port "${port% *}" --ldap-port "${port#* }" \
	--state-dir "$place/state" >"$place/log" 2>&1 </dev/null &
run=$!
tries=0
until grep -q 'Stop it with' "$place/log"; do
	tries=$((tries + 1))
	if [ $tries -gt 3000 ] || ! kill -0 $run 2>/dev/null; then
		sed 's/^/# /' "$place/log"
		break
	fi
	sleep 0.1
done
grep -q "Provost serves at http://127.0.0.1:${port% *}" "$place/log"
ok $? "it starts and says where"
[ "$(stat -c %a "$place/state/admin-password")" = 600 ]
ok $? "the password is where it says"
grep '^curl ' "$place/log" >"$place/lines"
[ "$(wc -l <"$place/lines")" = 3 ]
ok $? "it prints three lines to paste"
while read -r line; do
	answer=$(sh -c "$line -s -o /dev/null -w '%{http_code}'")
	[ "$answer" = 201 ]
	ok $? "pasted: ${line##*v1/}"
done <"$place/lines"
line=$(grep '/provost user list ' "$place/log")
sh -c "$line" </dev/null | grep -q '^john@example.org	'
ok $? "and one for the client"
kill $run
wait $run
ok $? "it ends in order"
[ -z "$(pgrep -f "$place/state")" ]
ok $? "and leaves nothing running"
rm -rf "$place"
echo "1..$count"
[ $failed = 0 ]
