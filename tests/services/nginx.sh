# SPDX-License-Identifier: GPL-2.0-or-later
# nginx as Debian has it: static files, a proxied upstream, uploads to the upstream that go through a temporary file, a log that is
# reopened, a reload; ab as the client.
service=nginx policy=services/nginx.policy unit=nginx.service
nginx_log=/var/log/nginx/attack.log

prepare() {
	mkdir -p /var/www/html/dir
	head -c 200000 /dev/zero | tr '\0' x >/var/www/html/big.txt
	echo hello >/var/www/html/dir/index.html
	cat >/etc/nginx/sites-enabled/default <<-'SITE'
		server {
			listen 80 default_server;
			listen [::]:80 default_server;
			root /var/www/html;
			location / { try_files $uri $uri/ =404; }
			location /app/ { proxy_pass http://127.0.0.1:8000/; client_max_body_size 10m; client_body_buffer_size 1k; }
			location /gone/ { proxy_pass http://127.0.0.1:8009/; }
		}
	SITE
	rm -f /var/www/html/index.nginx-debian.html
	python3 /share/services/upstream.py 8000 >/run/services/upstream.log 2>&1 &
	upstream=$!
	until_up curl -sf http://127.0.0.1:8000/
}

get() { # URL: status, size
	curl -s -o /dev/null -w '%{http_code} %{size_download}\n' "$@"
}

bench() { # REQUESTS URL
	ab -q -n "$1" -c 4 "$2" 2>&1 | awk '/^(Complete|Failed) requests|^Non-2xx/ { print }'
}

work() {
	local url=http://127.0.0.1
	until_up get $url/dir/index.html
	get $url/dir/
	get $url/big.txt
	get "http://[::1]/big.txt"
	get $url/missing
	get $url/../../etc/shadow
	get $url/app/
	curl -s -T /var/www/html/big.txt $url/app/upload
	get $url/gone/
	bench 100 $url/dir/index.html
	bench 20 $url/big.txt
	bench 20 $url/app/
	mv /var/log/nginx/access.log /var/log/nginx/access.log.1
	/usr/sbin/nginx -s reopen && until_true test -s /var/log/nginx/access.log.1
	systemctl reload nginx && sleep 1
	get $url/dir/
	/usr/sbin/nginx -t 2>&1 | grep -c successful
	grep -c 'GET /dir/ ' /var/log/nginx/access.log
	rm -f /var/log/nginx/access.log*
}

attacks() {
	local worker
	attack_begin $nginx_log /etc/nginx/nginx.conf /var/lib/nginx/body | drop_in
	chown -R www-data /etc/nginx /var/lib/nginx/body
	restart
	enforcer events >/dev/null
	worker=$(pgrep -n -u www-data nginx)
	attack_run "$worker" www-data $nginx_log
	"$enforcer" events --json >attack.json
	attacked_alike $nginx_log nginx
	reported exec /usr/bin/dash "nginx started a shell" "a shell"
	reported read /etc/shadow credentials "reading /etc/shadow"
	attacked $nginx_log config EPERM "writing its configuration, which it owns"
	reported write /etc/nginx/nginx.conf "nginx changes its sites" "writing its configuration"
	attacked $nginx_log cron EPERM "a job for cron, in a directory that everybody can write"
	reported create /etc/cron.d/attack default "a job for cron"
	attacked $nginx_log drop EPERM "a program that it wrote where it may write"
	reported exec /var/lib/nginx/body/dropped default "a program that it wrote"
	attacked $nginx_log kill EPERM "a signal to a process of the same user"
	attack_run "$(systemctl show -P MainPID nginx)" root $nginx_log
	"$enforcer" events --json >attack.json
	attacked $nginx_log module EPERM "root's part of it loads a module"
	reported capability sys_module default "the capability to load modules"
	attacked $nginx_log shadow EPERM "root's part of it reads /etc/shadow"
	get http://127.0.0.1/dir/ | sed 's/^/# after the attacks: /'
	systemctl stop nginx
	attack_end
	chown -R root /etc/nginx
	kill $upstream
}

run() {
	prepare
	normal && attacks
}
