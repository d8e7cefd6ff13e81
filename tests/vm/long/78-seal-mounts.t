# The seal: what ends a mount without unmounting it by its name. Every technique works without it, and none with it.
. "$BAILIFF_TOP/tests/vm/seal.sh"
begin
pid=
victim() { # a process, with a directory in proc that goes with it
	sleep 1000 &
	pid=$!
}
gone() {
	kill $pid && ! wait $pid && ! [ -d /proc/$pid ]
}
private_sys() { # mount_setattr(2), which no hook sees
	python3 -c '
import ctypes, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
attr = struct.pack("QQQQ", 0, 0, 1 << 18, 0)
sys.exit(0 if libc.syscall(442, -100, sys.argv[1].encode(), 0, attr, 32) == 0 else 1)' "$1"
}
nested() { # twenty mounts on one another
	local i d=/mnt/new
	for i in $(seq 20); do mount -t tmpfs t $d && mkdir $d/x && d=$d/x || return; done
	mount --make-rprivate /mnt/new
	echo $d
}
private() { # COMMAND: in a mount namespace of its own
	unshare -m --propagation private sh -c "$1"
}
mount_old() { # DIR DIR: mount(2) with MS_MOVE
	python3 -c '
import ctypes, sys
sys.exit(0 if ctypes.CDLL(None).mount(sys.argv[1].encode(), sys.argv[2].encode(), None, 8192, None) == 0 else 1)' "$1" "$2"
}
move_new() { # DIR DIR: move_mount(2)
	python3 -c '
import ctypes, sys
sys.exit(0 if ctypes.CDLL(None).syscall(429, -100, sys.argv[1].encode(), -100, sys.argv[2].encode(), 0) == 0 else 1)' "$1" "$2"
}
cat >techniques <<'LIST'
a recursive bind of what it is mounted on, unmounted | umounted sh -c 'mount --rbind /sys /mnt/new && umount -l /mnt/new' | umount -l /mnt/new; pins_again
the same below a private mount | umounted sh -c 'mount -t tmpfs t /mnt/new && mount --make-private /mnt/new && mkdir /mnt/new/x && mount --rbind /sys /mnt/new/x && umount -l /mnt/new' | umount -l /mnt/new; pins_again
remove its mount point from a namespace where nothing is mounted there | umounted private 'umount -l /sys && rm -r /sys' | mkdir -p /sys; pins_again
rename over its mount point | umounted private 'umount -l /sys && mkdir -p /other && mv -T /other /sys' | mkdir -p /sys; pins_again
moved below twenty mounts, of which the first is unmounted | d=$(nested) && private_sys /sys && mount_old /sys/fs/bpf $d && umounted umount -l /mnt/new | umount -l /mnt/new; pins_again
moved on a directory of proc that goes | victim; private_sys /sys && mount_old /sys/fs/bpf /proc/$pid && umounted gone | pins_again
the same with move_mount(2) | victim; private_sys /sys && move_new /sys/fs/bpf /proc/$pid && umounted gone | pins_again
what it is mounted on, moved there | victim; private_sys / && move_new /sys /proc/$pid && umounted gone | pins_again
LIST
unsealed
seal
sealed mount
mkdir /mnt/other
fails 32 'permission|not permitted|must be superuser' "sealed: a recursive bind of the root, unmounted" sh -c 'mount --rbind / /mnt/other && umount -l /mnt/other'
runs "it can be unmounted when it passes nothing on" sh -c 'mount --make-rslave /mnt/other && umount -l /mnt/other'
fails 1 'not permitted' "sealed: another root for all" python3 -c '
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
libc.mount(b"t", b"/mnt/other", b"tmpfs", 0, None)
libc.mount(None, b"/mnt/other", None, 1 << 18, None)
os.mkdir("/mnt/other/old")
if libc.syscall(155, b"/mnt/other", b"/mnt/other/old") < 0: raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))'
runs "mounts in a namespace of one's own move" unshare -m sh -c 'mount -t tmpfs t /mnt/new && mkdir /mnt/new/a /mnt/new/b && mount -t tmpfs t /mnt/new/a && mount --move /mnt/new/a /mnt/new/b'
enforced "to the end"
done_testing
