# SPDX-License-Identifier: GPL-2.0-or-later
# A CI runner, the smallest there can be: a service that takes jobs (shell scripts) from a directory and executes them in a workspace. The
# good job clones a repository, fetches a file from the registry, builds with gcc and make, runs what it built. The bad job is an attack.
service=ci-runner policy=services/ci-runner.policy unit=ci-runner.service
ci=/srv/ci

prepare() {
	useradd -r -d $ci/home -s /usr/sbin/nologin ci
	install -d $ci /usr/local/lib/ci
	install -d -o ci -g ci $ci/home $ci/workspace $ci/done
	install -d $ci/jobs
	ip address add 10.0.0.5/32 dev lo
	cat >/usr/local/lib/ci/runner <<-'RUNNER'
		#!/bin/sh
		export HOME=/srv/ci/home PATH=/usr/local/bin:/usr/bin
		cd /srv/ci/workspace || exit
		while :; do
			for job in /srv/ci/jobs/*; do
				name=${job##*/}
				[ -f "$job" ] && [ ! -e "/srv/ci/done/$name" ] || continue
				rm -rf ./* .git
				sh "$job" >"/srv/ci/done/$name.log" 2>&1
				echo $? >"/srv/ci/done/$name.new"
				mv "/srv/ci/done/$name.new" "/srv/ci/done/$name"
			done
			sleep 0.3
		done
	RUNNER
	chmod 755 /usr/local/lib/ci/runner
	cat >/etc/systemd/system/ci-runner.service <<-'UNIT'
		[Service]
		User=ci
		PrivateTmp=yes
		ExecStart=/usr/local/lib/ci/runner
	UNIT
	systemctl daemon-reload
	mkdir -p registry $ci/home
	echo 'int main(void) { return answer() != 42; }' >registry/main.c
	(cd registry && exec python3 -m http.server --bind 10.0.0.5 80 >/dev/null 2>&1) &
	registry=$!
	(
		mkdir $ci/repository && cd $ci/repository && git init -q && git config user.email x@y && git config user.name x
		printf 'int answer(void) { return 42; }\n' >answer.c
		printf 'test: main.o answer.o\n\tgcc -o $@ $^\n%%.o: %%.c\n\tgcc -Wno-implicit-function-declaration -c $<\n' >Makefile
		git add . && git commit -q -m first
	)
	chown -R ci $ci/repository
}

job() { # NAME: on standard input; prints its output and status
	rm -f "$ci/done/$1"*
	cat >"$ci/jobs/$1"
	until_true test -e "$ci/done/$1"
	cat "$ci/done/$1.log"
	echo "status $(cat "$ci/done/$1")"
	rm -f "$ci/jobs/$1"
}

work() {
	job good <<-'JOB'
		set -e
		git clone -q /srv/ci/repository project
		cd project
		curl -sS -O http://10.0.0.5/main.c
		make -j2 2>&1 | sort
		./test && echo passed
		python3 -c 'import socket, tempfile
		s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(("127.0.0.1", 34567)); s.listen()
		c = socket.create_connection(("127.0.0.1", 34567)); c.send(b"x"); print(s.accept()[0].recv(1))
		print(len(tempfile.NamedTemporaryFile().name) > 0)'
		git log --oneline | wc -l
		tar cf out.tar test && tar tf out.tar
	JOB
	job fails <<<'make nothing'
}

attacks() {
	chmod 644 /etc/shadow
	chmod 777 /etc/cron.d /usr/local/bin
	mkdir -p /root/.ssh /root/.docker
	echo secret >/root/.docker/config.json
	chmod -R a+rX /root
	chmod 755 /root
	restart
	"$enforcer" events >/dev/null
	setpriv --reuid ci --regid ci --clear-groups sleep 1000 &
	local neighbour=$!
	like "$(job bad <<-JOB
		try() { if "\$@" >/dev/null 2>err; then echo "SUCCESS: \$*"; else grep -o 'Operation not permitted' err | head -n 1; fi; }
		try cat /etc/shadow
		try cat /root/.docker/config.json
		try cp /usr/bin/true /etc/cron.d/attack
		try cp /usr/bin/true /usr/local/bin/gcc
		try curl -sS --max-time 5 http://203.0.113.66/
		try curl -sS --max-time 5 http://169.254.169.254/
		try curl -sS --max-time 5 http://127.0.0.1:5432/
		try unshare -Ur true
		try python3 -c 'import socket; socket.socket(socket.AF_UNIX).connect("/run/dbus/system_bus_socket")'
		try python3 -c 'import os; os.kill($neighbour, 15)'
		try python3 -c 'import ctypes, os; c = ctypes.CDLL(None, use_errno=True); r = c.ptrace(16, $neighbour, None, None); e = ctypes.get_errno(); raise SystemExit(0 if r == 0 else os.strerror(e))'
		try python3 -c 'import os; f = os.memfd_create("x", 0); os.write(f, open("/usr/bin/true", "rb").read()); os.execve(f, ["x"], {})'
		echo done
	JOB
	)" '^done' "the bad job ran to its end"
	is "$(grep -c SUCCESS $ci/done/bad.log)" 0 "attacks: nothing succeeded"
	sed 's/^/# /' $ci/done/bad.log
	"$enforcer" events --json >attack.json
	reported read /etc/shadow "a job reads secrets" "reading /etc/shadow, which everybody could"
	reported read /root/.docker/config.json "a job reads secrets" "reading the registry's password"
	reported create /etc/cron.d/attack "a job writes outside its workspace" "a job for cron"
	reported create /usr/local/bin/gcc "a job writes outside its workspace" "replacing the compiler"
	reported connect "tcp 203.0.113.66:80" "a job connects out" "connecting out"
	reported connect "tcp 169.254.169.254:80" "credentials of the machine" "the metadata service"
	reported connect "tcp 127.0.0.1:5432" "a job connects out" "the machine's database"
	reported userns "" default "a user namespace"
	reported connect "unix /run/dbus" "a job connects out" "asking systemd by D-Bus"
	reported ptrace "" default "tracing a process of the same user"
	reported exec "" default "a program in a memory file"
	is "$(ls /etc/cron.d/attack /usr/local/bin/gcc 2>/dev/null)" "" "and no file is there"
	kill -9 $neighbour $registry
	systemctl stop ci-runner
	chmod 640 /etc/shadow
	chmod 755 /etc/cron.d /usr/local/bin
}

run() {
	prepare
	normal && attacks
}
