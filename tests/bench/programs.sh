# SPDX-License-Identifier: GPL-2.0-or-later
# Whole programs, sourced by in-guest. What is started by `confined` is confined with all its children; what loads a server is not.

programs_prepare() {
	local d f
	mkdir -p $dir/work $dir/www $dir/src
	for d in $(seq 200); do
		mkdir -p "$dir/tree/dir$d"
		(cd "$dir/tree/dir$d" && touch $(seq -f 'file%g' 100))
	done
	cp "$top"/lib/*.[ch] "$top"/include/*.h $dir/src/
	head -c 1000 /dev/zero | tr '\0' x >$dir/www/page
	cat >$dir/src/nginx.conf <<-CONF
		user root;
		worker_processes 1;
		pid $dir/work/nginx.pid;
		error_log /dev/null crit;
		events { worker_connections 64; }
		http {
			access_log off;
			client_body_temp_path $dir/work/body;
			proxy_temp_path $dir/work/proxy;
			fastcgi_temp_path $dir/work/fastcgi;
			uwsgi_temp_path $dir/work/uwsgi;
			scgi_temp_path $dir/work/scgi;
			server { listen 127.0.0.1:8080; root $dir/www; }
		}
	CONF
	cat >$dir/src/compile <<-'SH'
		for f in /tmp/bench/src/*.c; do
			gcc -O1 -D_GNU_SOURCE -I/tmp/bench/src -c -o /tmp/bench/work/${f##*/}.o $f || exit 1
		done
	SH
	export TMPDIR=$dir/work
	for f in 1 2; do # reads everything that comes from the host
		sh $dir/src/compile
		find $dir/tree -size +1 >/dev/null
	done
}

# Instructions of one of the commands that `wrk` sends: the guest's processor is never idle, and its second has a thousand million instructions.
per_request() {
	wrk -t1 -c4 -d2s http://127.0.0.1:8080/page >wrk.out || die "wrk"
	! grep -q 'Non-2xx\|Socket errors' wrk.out || die "$(cat wrk.out)"
	awk '/^Requests\/sec/ { printf "%.0f\n", 1e9 / $2 }' wrk.out
}

programs() { # MODE PROGRAM
	local p=$dir/bin/$2
	printf '%s\tfind, 20,000 files\t%s\n' "$1" "$("$p" time 3 find $dir/tree -size +1)"
	printf '%s\tcompile of lib/\t%s\n' "$1" "$("$p" time 2 sh $dir/src/compile)"
	"$p" time 1 nginx -c $dir/src/nginx.conf >server.out || die "nginx"
	per_request >result # once for what is read only at first
	printf '%s\tnginx, one request\t%s\n' "$1" "$(per_request)"
	kill "$(cat $dir/work/nginx.pid)"
	"$p" time 1 redis-server --port 6380 --bind 127.0.0.1 --daemonize yes --save '' --dir $dir/work --pidfile $dir/work/redis.pid >server.out || die "redis"
	until redis-cli -p 6380 ping >/dev/null 2>&1; do sleep 0.1; done
	printf '%s\tredis, 20,000 commands\t%s\n' "$1" "$($dir/bin/other time 2 redis-benchmark -p 6380 -n 10000 -t set,get -q)"
	redis-cli -p 6380 shutdown nosave >/dev/null 2>&1 || true
	while pgrep -x 'nginx|redis-server' >/dev/null; do sleep 0.1; done
}
