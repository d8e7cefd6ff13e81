# SPDX-License-Identifier: GPL-2.0-or-later
# A Python application under Debian's gunicorn: pages, a database in a file, uploads, ab, a reload; then somebody who has it execute
# Python of his own (the application offers that).
service=gunicorn policy=services/gunicorn.policy unit=webapp.service
webapp=http://127.0.0.1:8000

prepare() {
	useradd -r -d /var/lib/webapp -s /usr/sbin/nologin webapp
	install -d /srv/webapp
	install -d -o webapp -g webapp /var/lib/webapp
	install -m 644 /share/services/webapp.py /srv/webapp/app.py
	cat >/etc/systemd/system/webapp.service <<-'UNIT'
		[Service]
		Type=notify
		User=webapp
		WorkingDirectory=/srv/webapp
		RuntimeDirectory=webapp
		Environment=PYTHONDONTWRITEBYTECODE=1
		ExecStart=/usr/bin/gunicorn --workers 2 --bind 127.0.0.1:8000 --bind unix:/run/webapp/sock app:application
		ExecReload=/bin/kill -s HUP $MAINPID
		KillMode=mixed
	UNIT
	systemctl daemon-reload
}

work() {
	until_up curl -sf $webapp/
	curl -s $webapp/
	curl -s --unix-socket /run/webapp/sock http://app/
	curl -s $webapp/count/reset
	curl -s $webapp/count
	curl -s $webapp/count
	head -c 100000 /dev/zero | curl -s -T - $webapp/upload
	ab -q -n 100 -c 4 $webapp/ 2>&1 | awk '/^(Complete|Failed) requests|^Non-2xx/ { print }'
	kill -HUP "$(systemctl show -P MainPID webapp)" # the unit's ExecReload would be a program of the unit
	sleep 3
	curl -s $webapp/count
	curl -s -o /dev/null -w '%{http_code}\n' $webapp/fails
}

python() { # STATEMENTS: executed inside; a name of an errno, or ok
	curl -s --data-binary @- $webapp/exec <<<"$1"
}

attacks() {
	local neighbour
	chmod 644 /etc/shadow
	chmod 777 /etc/cron.d
	chown -R webapp /srv/webapp
	mkdir -p /run/systemd/system/webapp.service.d
	printf '[Service]\nAmbientCapabilities=CAP_SYS_MODULE\n' >/run/systemd/system/webapp.service.d/x.conf
	systemctl daemon-reload
	restart
	until_up curl -sf $webapp/
	setpriv --reuid webapp --regid webapp --clear-groups sleep 1000 &
	neighbour=$!
	"$enforcer" events >/dev/null
	is "$(python 'subprocess.run(["/usr/bin/dash", "-c", "id"])')" EPERM "attack: a shell"
	is "$(python 'subprocess.run(["/usr/bin/python3.11", "-c", "1"])')" EPERM "attack: another interpreter"
	is "$(python 'open("/etc/shadow").read()')" EPERM "attack: reading /etc/shadow, which everybody could"
	is "$(python 'open("/srv/webapp/app.py", "a")')" EPERM "attack: changing its code, which it owns"
	is "$(python 'open("/etc/cron.d/attack", "w")')" EPERM "attack: a job for cron"
	is "$(python 'socket.create_connection(("203.0.113.66", 4444), 1)')" EPERM "attack: connecting out"
	is "$(python 'socket.create_connection(("169.254.169.254", 80), 1)')" EPERM "attack: the metadata service"
	is "$(python 'open("/var/lib/webapp/x", "wb").write(open("/usr/bin/true", "rb").read())')" EPERM "attack: copying a program"
	is "$(python 'open("/var/lib/webapp/y", "wb").write(b"\x7fELF"); os.chmod("/var/lib/webapp/y", 0o755); os.execv("/var/lib/webapp/y", ["y"])')" EPERM "attack: a program that it wrote"
	is "$(python 'open("/var/lib/webapp/x", "w").write("#!/usr/bin/dash\n"); os.chmod("/var/lib/webapp/x", 0o755); os.execv("/var/lib/webapp/x", ["x"])')" EPERM "attack: a script that it wrote"
	is "$(python 'os.execv("/proc/self/fd/%d" % os.memfd_create("x"), ["x"])')" EPERM "attack: a memory file by its name in /proc"
	is "$(python 'f = os.memfd_create("x", 0); os.write(f, b"#!/usr/bin/dash\n"); os.execve(f, ["x"], {})')" EPERM "attack: a program in a memory file"
	is "$(python "c = ctypes.CDLL(None, use_errno=True); c.ptrace(16, $neighbour, None, None) == 0 or error(ctypes.get_errno())")" EPERM "attack: tracing a process of the same user"
	is "$(python "os.kill($neighbour, 15)")" EPERM "attack: a signal to it"
	is "$(python 'c = ctypes.CDLL(None, use_errno=True); c.syscall(313, os.open("/usr/lib/attack.ko", 0), b"", 0) == 0 or error(ctypes.get_errno())')" EPERM "attack: loading a module, with the capability to"
	is "$(python 'socket.socket(socket.AF_UNIX).connect("/run/dbus/system_bus_socket")')" EPERM "attack: asking systemd to do it, by D-Bus"
	"$enforcer" events --json >attack.json
	reported exec /usr/bin/dash "the application started a shell" "a shell"
	reported exec /usr/bin/python3.11 "the application executes a program" "another interpreter"
	reported read /etc/shadow credentials "reading /etc/shadow"
	reported append /srv/webapp/app.py "the application changes its code" "changing its code"
	reported connect "tcp 203.0.113.66:4444" "the application connects out" "connecting out"
	reported exec /var/lib/webapp/x "the application executes a program" "a script that it wrote"
	reported exec /var/lib/webapp/y "the application executes a program" "a program that it wrote"
	reported ptrace "" default "tracing"
	reported capability sys_module default "loading a module"
	kill -9 $neighbour
	systemctl stop webapp
	rm -r /run/systemd/system/webapp.service.d
	systemctl daemon-reload
	chmod 640 /etc/shadow
	chmod 755 /etc/cron.d
}

run() {
	prepare
	normal && attacks
}
