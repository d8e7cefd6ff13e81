# SPDX-License-Identifier: GPL-2.0-or-later
# sshd as Debian has it: logins by key with and without a terminal, a password that is wrong, scp and sftp, a forwarded port; then somebody in
# the process that listens, as root.
service=sshd policy=services/sshd.policy unit=ssh.service
ssh_options=(-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o ConnectTimeout=120 -i /run/services/key)
ssh_log=/run/sshd-attack.log

prepare() {
	local n
	ssh-keygen -q -t ed25519 -N '' -f key
	for n in anna root; do
		[ $n = root ] || useradd -m -s /bin/bash $n
		install -d -o $n -g $n -m 700 "$(getent passwd $n | cut -d: -f6)/.ssh"
		install -o $n -g $n -m 600 key.pub "$(getent passwd $n | cut -d: -f6)/.ssh/authorized_keys"
	done
	echo anna:secret | chpasswd
	systemctl -q enable --now rsyslog 2>/dev/null
	python3 -c 'import http.server as h
class H(h.BaseHTTPRequestHandler):
	def do_GET(self):
		self.send_response(200); self.end_headers(); self.wfile.write(b"forwarded\n")
	def log_message(self, *a): pass
h.HTTPServer(("127.0.0.1", 8100), H).serve_forever()' &
	web=$!
}

remote() { ssh -o BatchMode=yes "${ssh_options[@]}" anna@127.0.0.1 "$@"; }
login_fails() { # PASSWORD: ssh asks a program for it
	printf '#!/bin/sh\necho %s\n' "$1" >ask
	chmod 755 ask
	SSH_ASKPASS=$PWD/ask SSH_ASKPASS_REQUIRE=force setsid ssh "${ssh_options[@]}" -o PubkeyAuthentication=no \
		-o NumberOfPasswordPrompts=1 anna@127.0.0.1 true 2>&1 | grep -o 'Permission denied'
}

work() {
	until_up remote true
	remote 'id -un; cat /proc/self/loginuid; echo'
	ssh "${ssh_options[@]}" root@127.0.0.1 'id -u'
	remote -tt 'tty | cut -c1-8; echo $TERM' </dev/null | tr -d '\r'
	head -c 300000 /dev/zero >upload
	scp -q "${ssh_options[@]}" upload anna@127.0.0.1:uploaded && remote 'wc -c <uploaded; rm uploaded'
	printf 'put upload two\nls two\nrm two\n' | sftp -q "${ssh_options[@]}" anna@127.0.0.1 2>&1 | grep -v '^sftp>\|Uploading'
	login_fails wrong
	login_fails secret && echo "which was the right one"
	ssh "${ssh_options[@]}" -N -L 8200:127.0.0.1:8100 anna@127.0.0.1 &
	until_true curl -sf http://127.0.0.1:8200/
	curl -s http://127.0.0.1:8200/
	kill $!
	ssh "${ssh_options[@]}" nobody-here@127.0.0.1 true 2>&1 | grep -o 'Permission denied'
	remote 'python3 -c "print(6 * 7)"'
	systemctl reload ssh && sleep 1
	remote 'echo reloaded'
}

attacks() {
	local n
	attack_begin $ssh_log /etc/ssh/sshd_config /run/sshd | drop_in
	# results go where sshd's records of logins go, because it may write nowhere else
	sed -i "s#ATTACK_LOG=$ssh_log#ATTACK_LOG=/var/log/faillog#" /etc/systemd/system/ssh.service.d/attack.conf
	systemctl daemon-reload
	restart
	"$enforcer" events >/dev/null
	attack_run "$(systemctl show -P MainPID ssh)" nobody /var/log/faillog
	"$enforcer" events --json >attack.json
	for n in "shell a shell, as root, before anybody has logged in" "config writing sshd_config" "cron a job for cron" "connect connecting out" \
		"metadata the metadata service" "drop a program that it wrote" "memfd a program in a memory file" "ptrace tracing" \
		"module loading a module, as root"; do
		attacked /var/log/faillog "${n%% *}" EPERM "${n#* }"
	done
	reported exec /usr/bin/dash "sshd executes something before anybody has logged in" "a shell"
	reported write /etc/ssh/sshd_config "sshd changes who may log in" "writing sshd_config"
	reported connect "tcp 203.0.113.66:4444" "sshd connects out" "connecting out"
	reported capability sys_ptrace default "tracing"
	reported capability sys_module default "loading a module"
	rm -f /var/log/faillog
	is "$(remote 'echo in')" in "it still lets people in"
	systemctl stop ssh
	attack_end
	kill $web
}

run() {
	prepare
	normal && attacks
}
