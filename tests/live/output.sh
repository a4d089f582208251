#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What a trace is written to: a new file of the recorder's own, or what the user has named on
# purpose; never what somebody else has put in its place.
. tests/lib.sh
. tests/lib_flight.sh
need_live
make_pair

nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
chmod 711 "$TMP"
mkdir -m 1777 "$TMP/pub"
# nothing_beside NAME...: there are these files in the public directory, and no other one
nothing_beside() {
	equal "the files" "$(find "$TMP/pub" -type f -printf '%f\n' | sort)" "$(printf '%s\n' "$@")"
}

# ---- a block device, by another user's link and by its name
head -c 1048576 /dev/zero >"$TMP/disk"
echo "PARTITION TABLE" | dd of="$TMP/disk" conv=notrunc status=none
device=$(losetup -f --show "$TMP/disk" 2>/dev/null) && at_exit "losetup -d $device"
if [ -z "$device" ]; then
	device=$TMP/block
	mknod "$device" b 7 4095 || skip "no block device can be made"
fi
nobody ln -s "$device" "$TMP/pub/c.zst"
for force in "" --force; do
	# shellcheck disable=SC2086 # nothing or an option
	expect 1 "$record" -q -d 0.1 $force -o "$TMP/pub/c.zst"
	says "$TMP/err" "c.zst is a symbolic link"
	# shellcheck disable=SC2086
	expect 1 "$record" -q -d 0.1 $force -o "$device"
	says "$TMP/err" "$device is a block device"
done
sync
equal "what is on the device" "$(head -n 1 "$TMP/disk")" "PARTITION TABLE"

# ---- another user's fifo with a reader: by its name, by a link, with --force
nobody mkfifo -m 0622 "$TMP/pub/a.zst"
# ($! of a function is a shell around it: stopping that would leave the reader)
setpriv --reuid=65534 --regid=65534 --clear-groups \
	sh -c "exec cat $TMP/pub/a.zst >$TMP/pub/stolen" &
at_exit "kill -KILL $!"
nobody ln -s a.zst "$TMP/pub/d.zst"
for force in "" --force; do
	# shellcheck disable=SC2086
	expect 1 timeout 20 "$record" -q -d 0.1 $force -o "$TMP/pub/a.zst"
	says "$TMP/err" "a.zst belongs to another user"
	# shellcheck disable=SC2086
	expect 1 timeout 20 "$record" -q -d 0.1 $force -o "$TMP/pub/d.zst"
	says "$TMP/err" "d.zst is a symbolic link"
done
[ ! -s "$TMP/pub/stolen" ] || fail "another user has got a trace"
# one's own is fine there, and so is that of who alone can write to the directory
mkfifo "$TMP/pub/own"
mkdir -m 755 "$TMP/theirs"
mkfifo -m 600 "$TMP/theirs/fifo"
chown -R 65534:65534 "$TMP/theirs"
for fifo in "$TMP/pub/own" "$TMP/theirs/fifo"; do
	cat "$fifo" >"$TMP/got" &
	expect 0 timeout 20 "$record" -q -d 0.1 -o "$fifo"
	wait $!
	expect 0 "$analyze" verify "$TMP/got"
done
rm -r "$TMP/pub" "$TMP/got"

# ---- --force: a new file takes the place of the one that was there
mkdir -m 1777 "$TMP/pub"
nobody sh -c "umask 0; echo former >$TMP/pub/b.zst"
exec 5<"$TMP/pub/b.zst"
expect 0 "$record" -q -d 0.1 --force -o "$TMP/pub/b.zst"
equal "owner and mode" "$(stat -c '%u %a' "$TMP/pub/b.zst")" "0 600"
equal "what another user has open" "$(cat <&5)" former
exec 5<&-
expect 0 "$analyze" verify "$TMP/pub/b.zst"
nothing_beside b.zst
# ... which stays when nothing comes of it
before=$(md5sum <"$TMP/pub/b.zst")
expect 1 setpriv --bounding-set=-all --inh-caps=-all -- "$record" -d 0.1 --force -o "$TMP/pub/b.zst"
equal "the file that was there" "$(md5sum <"$TMP/pub/b.zst")" "$before"
printf '#!/no/interpreter\n' >"$TMP/no-interpreter"
chmod +x "$TMP/no-interpreter"
expect 127 "$record" -q --force -o "$TMP/pub/b.zst" -- "$TMP/no-interpreter"
equal "the file that was there" "$(md5sum <"$TMP/pub/b.zst")" "$before"
expect 127 "$record" -q --force -o "$TMP/pub/b.zst" -- no-such-program-at-all
says "$TMP/err" "no-such-program-at-all: No such file"
equal "the file that was there" "$(md5sum <"$TMP/pub/b.zst")" "$before"
# ... also where it cannot be tried, because somebody else traces it
if strace true 2>/dev/null; then
	expect 127 strace -f -o "$TMP/strace" "$record" -q --force -o "$TMP/pub/b.zst" -- no-such-program-at-all
	equal "the file that was there" "$(md5sum <"$TMP/pub/b.zst")" "$before"
fi
# ... or when it cannot be replaced, which a file that something is mounted on cannot
: >"$TMP/empty"
mount --bind "$TMP/empty" "$TMP/pub/b.zst" || fail "cannot mount"
at_exit "umount $TMP/pub/b.zst"
expect 125 "$record" --force -o "$TMP/pub/b.zst" -- touch "$TMP/was-run"
says "$TMP/err" "b.zst cannot be replaced"
[ ! -e "$TMP/was-run" ] || fail "a command was run that is not recorded"
umount "$TMP/pub/b.zst"
equal "the file that was there" "$(md5sum <"$TMP/pub/b.zst")" "$before"
nothing_beside b.zst
# ... of several files, too
nobody sh -c "umask 0; echo former >$TMP/pub/r-000001.zst"
exec 5<"$TMP/pub/r-000001.zst"
expect 127 "$record" -q --rotate-time 1 --force -o "$TMP/pub/r.zst" -- no-such-program-at-all
equal "the file that was there" "$(cat "$TMP/pub/r-000001.zst")" former
expect 0 "$record" -q -d 0.1 --rotate-time 1 --force -o "$TMP/pub/r.zst"
equal "owner and mode" "$(stat -c '%u %a' "$TMP/pub/r-000001.zst")" "0 600"
equal "what another user has open" "$(cat <&5)" former
exec 5<&-
nothing_beside b.zst r-000001.zst

# ---- what is kept in memory does not wait for another user's fifo, nor is it lost for it
begin --force --flight 4m -o "$TMP/pub/f.zst"
nobody mkfifo -m 622 "$TMP/pub/f.zst"
flood 10 >"$TMP/sent" || fail "the flood"
kill -USR2 $recorder
until_true 10 written f-000002.zst
says "$TMP/record.err" "f.zst exists, and cannot be replaced"
stop_record
is_whole "$TMP/pub/f-000002.zst" "$TMP/pub/f-000003.zst"
equal "events of the flood" "$(query "$TMP/pub/f-000002.zst" \
	"SELECT count(*) FROM net_event WHERE is_send AND interface = 'nsl' AND comm = 'traffic'")" 10

# ---- descriptors that the recorder is given
whole() { # whole WHAT FILE
	expect 0 "$analyze" verify "$2"
	rm "$2"
}
for name in /dev/stdout /dev/fd/1 /proc/self/fd/1; do
	"$record" -q -d 0.1 -o $name >"$TMP/got" || fail "$name, a file"
	whole "$name, a file" "$TMP/got"
	"$record" -q -d 0.1 -o $name | cat >"$TMP/got" || fail "$name, a pipe"
	whole "$name, a pipe" "$TMP/got"
	"$record" -q -o $name -- echo printed >"$TMP/got" 2>"$TMP/err" || fail "$name, a command"
	equal "what the command printed" "$(cat "$TMP/err")" printed
	whole "$name, a command" "$TMP/got"
done
for name in /dev/fd/7 /proc/self/fd/7; do
	"$record" -q -o $name -- echo printed 7>"$TMP/got" >"$TMP/out" || fail "$name"
	equal "what the command printed" "$(cat "$TMP/out")" printed
	whole "$name" "$TMP/got"
	expect 1 "$record" -q -d 0.1 -o $name 7</dev/null
	says "$TMP/err" "$name: Bad file descriptor"
done
for number in 3 4 5 6 7 8; do # its own are not meant
	expect 1 "$record" -q -d 0.1 -o /dev/fd/$number
	says "$TMP/err" "/dev/fd/$number: Bad file descriptor"
done
"$record" -q -d 0.1 -o - >&- 2>"$TMP/err" && fail "recorded to a closed descriptor"
says "$TMP/err" "standard output is closed"
expect 0 "$record" -q -d 0.1 -o /dev/null
[ -c /dev/null ] || fail "/dev/null is gone"
