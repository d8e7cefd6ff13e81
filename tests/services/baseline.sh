# SPDX-License-Identifier: GPL-2.0-or-later
# All of policies/baseline at once, on a server: what administrators, packages and the system itself do all day; then what they refuse,
# each tried by root without a login, as somebody is who has taken over a service of root's.
service=baseline policy='baseline/*.policy' unit=cron.service

# A login of root's: what follows has the number of who logged in.
person() { bash -c 'echo 0 >/proc/self/loginuid && exec "$@"' person "$@"; }

prepare() {
	systemctl -q enable --now rsyslog ssh 2>/dev/null
	ssh-keygen -q -t ed25519 -N '' -f /run/services/person
	mkdir -p -m 700 /root/.ssh
	cat /run/services/person.pub >/root/.ssh/authorized_keys
	useradd -m -s /bin/bash otto
	# a package with what packages have: a job, a unit, a set-id program, scripts
	mkdir -p package/{DEBIAN,etc/cron.d,lib/systemd/system,usr/lib/acme,etc/sudoers.d,etc/pam.d}
	printf 'Package: acme\nVersion: 1\nArchitecture: all\nMaintainer: x <x@y.z>\nDescription: x\n' >package/DEBIAN/control
	printf '/etc/cron.d/acme\n/etc/sudoers.d/acme\n' >package/DEBIAN/conffiles
	printf '#!/bin/sh\nset -e\nsystemctl daemon-reload\ndeb-systemd-helper enable acme.service >/dev/null\nchmod u+s /usr/lib/acme/true\nadduser --quiet --system --group acme\nldconfig\n' >package/DEBIAN/postinst
	printf '#!/bin/sh\ndeb-systemd-helper disable acme.service >/dev/null || true\n' >package/DEBIAN/prerm
	printf '#!/bin/sh\n[ "$1" != purge ] || deb-systemd-helper purge acme.service >/dev/null\n' >package/DEBIAN/postrm
	chmod 755 package/DEBIAN/{postinst,prerm,postrm}
	printf '* * * * * root true\n' >package/etc/cron.d/acme
	printf '# nothing\n' >package/etc/sudoers.d/acme
	chmod 440 package/etc/sudoers.d/acme
	printf '[Service]\nExecStart=/usr/lib/acme/true\n[Install]\nWantedBy=multi-user.target\n' >package/lib/systemd/system/acme.service
	cp /usr/bin/true package/usr/lib/acme/
	dpkg-deb --root-owner-group -b package acme.deb >/dev/null
	apt-get --version >/dev/null
}

ssh_root() {
	ssh -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o BatchMode=yes -o ConnectTimeout=120 -i /run/services/person root@127.0.0.1 "$@"
}

work() {
	local file
	# people and passwords
	useradd -m anna && echo anna:secret | chpasswd && echo "a user"
	passwd -S anna | cut -d' ' -f1,2
	chage -M 90 anna && chage -l anna | grep -c 90
	usermod -aG adm anna && id -nG anna
	su -s /bin/sh anna -c 'id -un'
	sudo -n -u anna id -un
	runuser -u anna -- id -un
	person sh -c 'umask 337; printf "anna ALL=(ALL) NOPASSWD: ALL\n" >/etc/sudoers.d/anna' && visudo -c -q && sudo -n -u anna sudo -n id -un
	person rm /etc/sudoers.d/anna
	ssh_root 'id -un; cat /proc/self/loginuid; echo; echo "# x" >>/root/.ssh/authorized_keys'
	ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_test <<<y >/dev/null && rm /root/.ssh/id_test* && echo "a key"
	# packages
	dpkg -i acme.deb >/dev/null 2>&1 && dpkg-query -W -f '${db:Status-Status}\n' acme
	systemctl is-enabled acme
	stat -c %A /usr/lib/acme/true
	sed 's/^Version: 1/Version: 2/' -i package/DEBIAN/control && dpkg-deb --root-owner-group -b package acme2.deb >/dev/null && dpkg -i acme2.deb >/dev/null 2>&1 && dpkg-query -W acme
	dpkg -P acme >/dev/null 2>&1 && dpkg-query -W -f '${db:Status-Status}\n' acme 2>/dev/null
	userdel acme 2>/dev/null
	sed 's/^Version: 2/Version: 1/' -i package/DEBIAN/control
	ldconfig && echo "ldconfig"
	# jobs, units, logs
	(EDITOR='sh -c "sleep 1; echo \"0 0 * * * true\" >\$0"' crontab -e -u anna) >/dev/null 2>&1
	crontab -l -u anna | grep -v '^#'
	crontab -r -u anna
	person sh -c 'echo "0 0 * * * root true" >/etc/cron.d/mine && rm /etc/cron.d/mine' && echo "a job"
	person sh -c 'printf "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n" >/etc/systemd/system/mine.service'
	systemctl daemon-reload
	systemctl enable -q mine && systemctl start mine && systemctl disable -q mine && echo "a unit"
	person rm /etc/systemd/system/mine.service
	systemd-run -q --wait -p PrivateUsers=yes -p PrivateTmp=yes true && echo "a transient unit"
	systemctl set-property cron.service CPUWeight=90 && systemctl revert cron.service >/dev/null 2>&1 && echo "a property"
	logger hello && sleep 1 && grep -c hello /var/log/syslog >/dev/null && echo logged
	logrotate -f /etc/logrotate.conf 2>/dev/null && echo rotated
	journalctl -q --rotate && journalctl -q --vacuum-time=1s >/dev/null 2>&1 && echo vacuumed
	systemctl restart cron rsyslog ssh systemd-journald systemd-logind && echo restarted
	systemd-tmpfiles --create --clean >/dev/null 2>&1
	systemd-sysusers >/dev/null 2>&1
	for file in /etc/cron.daily/*; do "$file" >/dev/null 2>&1; done
	run-parts --test /etc/cron.daily | wc -l
	# looking around
	ps aux | grep -c '[c]ron'
	ss -ltnp | grep -c :22
	person strace -o /dev/null true && echo traced
	sysctl -q -w kernel.core_pattern=core && echo "a sysctl"
	userdel -r anna 2>/dev/null && echo "no user"
}

refuses() { # OP OBJECT TAG COMMAND: root without a login
	local out
	if out=$(setsid bash -c "$4" 2>&1); then
		not_ok "attack: $4" "it succeeded"
	else
		ok "attack: $4"
	fi
	"$enforcer" events --json >attack.json
	if [ -n "$(jq -c --arg op "$1" --arg object "$2" --arg tag "$3" 'select(.verdict == "deny" and .op == $op and (.object | startswith($object)) and .tag == $tag)' attack.json)" ]; then
		ok "reported: $1 $2, $3"
	else
		not_ok "reported: $1 $2, $3" "$out $(jq -c '{verdict, op, object, tag, rule}' attack.json | head -10)"
	fi
}

attacks() {
	local sleeper
	systemctl restart rsyslog cron ssh
	sleep 1
	"$enforcer" events >/dev/null
	refuses read /etc/shadow T1003.008 'cat /etc/shadow'
	refuses read /etc/shadow T1003.008 'cp /etc/shadow /tmp/x'
	refuses link /etc/shadow T1003.008 'ln /etc/shadow /etc/x'
	refuses read /etc/ssh/ssh_host_ed25519_key T1552.004 'cat /etc/ssh/ssh_host_ed25519_key'
	mkdir -p /root/.kube && echo x >/root/.kube/config
	refuses read /root/.kube/config T1552.001 'cat /root/.kube/config'
	refuses append /root/.ssh/authorized_keys T1098.004 'echo x >>/root/.ssh/authorized_keys'
	refuses delete /var/log/auth.log T1070.002 'rm /var/log/auth.log'
	refuses write /var/log/wtmp T1070.002 'truncate -s 0 /var/log/wtmp'
	refuses truncate /var/log/syslog T1070.002 'python3 -c "import os; os.truncate(\"/var/log/syslog\", 0)"'
	refuses rename /var/log/syslog T1070.002 'mv /var/log/syslog /var/log/x'
	refuses create /etc/cron.d/evil T1053.003 'echo x >/etc/cron.d/evil'
	refuses append /etc/crontab T1053.003 'echo x >>/etc/crontab'
	refuses create /etc/systemd/system/evil.service T1543.002 'echo x >/etc/systemd/system/evil.service'
	refuses create /etc/ld.so.preload T1574.006 'echo /tmp/x.so >/etc/ld.so.preload'
	refuses create /etc/sudoers.d/evil T1548.003 'echo x >/etc/sudoers.d/evil'
	refuses append /etc/pam.d/sshd T1556.003 'echo x >>/etc/pam.d/sshd'
	refuses module /usr/lib/attack.ko T1547.006 'insmod /usr/lib/attack.ko'
	refuses kexec '' T1601 'python3 -c "import ctypes, os; c = ctypes.CDLL(None, use_errno=True); raise SystemExit(c.syscall(246, 0, 0, 0, 0) != 0)"'
	refuses bpf '' T1014 'python3 -c "import ctypes; c = ctypes.CDLL(None, use_errno=True); raise SystemExit(c.syscall(321, 0, (ctypes.c_char * 64)(1, 0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0, 1), 64) < 0)"'
	refuses read /proc/kcore T1014 'head -c 1 /proc/kcore'
	refuses setid /usr/lib/attack.ko T1548.001 'chmod u+s /usr/lib/attack.ko'
	cp /usr/bin/true /tmp/evil
	cp /usr/bin/true /dev/shm/evil
	refuses exec /tmp/evil T1059 '/tmp/evil'
	refuses exec /dev/shm/evil T1059 '/dev/shm/evil'
	refuses exec '' T1620 'python3 -c "import os; f = os.memfd_create(\"x\", 0); os.write(f, open(\"/usr/bin/true\", \"rb\").read()); os.execve(f, [\"x\"], {})"'
	refuses connect 'tcp 203.0.113.7:3333' T1496 'python3 -c "import socket; socket.create_connection((\"203.0.113.7\", 3333), 1)"'
	refuses connect 'tcp 169.254.169.254:80' T1552.005 'curl -s --max-time 2 http://169.254.169.254/'
	sleep 1000 &
	sleeper=$!
	refuses ptrace '' T1055.008 "strace -o /dev/null -p $sleeper"
	refuses userns '' T1611 'setpriv --reuid otto --clear-groups unshare -U true'
	kill $sleeper
}

# The work takes minutes here, so it is done twice and not three times: what is enforced has to come to what the dry run came to.
run() {
	local dry hard
	prepare
	enforce --dry-run || return
	restart
	dry=$(work 2>work.errors | tee /share/baseline.work)
	is "$(refused)" "" "$(wc -l <<<"$dry") things that administrators do, in a dry run: nothing would have been refused"
	sed 's/^/#   /' <<<"$dry" work.errors
	enforce || return
	hard=$(work 2>/dev/null)
	is "$hard" "$dry" "the same enforced"
	is "$(refused)" "" "and nothing was refused"
	attacks
}
