# SPDX-License-Identifier: GPL-2.0-or-later
# Whole programs, sourced by in-guest. What is started by `confined` is confined with all its children; what loads a server is not.
# Everything that they open is copied to a tmpfs first: an open on the host's file system waits for the host, and the guest's clock leaps.

tools=/tmp/bench/tools

copy_program() { # NAME FILE
	cp -L "$2" "$tools/$1"
	ldd "$2" | awk '$3 ~ /^\// { print $3 }' | xargs -r cp -L -u -t "$tools/lib"
}

copy_tools() {
	local p loader
	mkdir -p $tools/lib $tools/include
	for p in find nginx redis-server redis-benchmark wrk as; do copy_program $p "$(command -v $p)"; done
	copy_program sh "$(readlink -f /bin/sh)"
	copy_program cc1 "$(gcc -print-prog-name=cc1)"
	cp -LR /usr/include/*.h /usr/include/{sys,linux,asm-generic,arpa,netinet} /usr/include/"$(gcc -print-multiarch)"/. $tools/include/ 2>/dev/null || true
	cp -R "$(gcc -print-file-name=include)" $tools/gcc-include
	loader=$(readlink -f /lib64/ld-linux-x86-64.so.2)
	cp "$loader" $tools/loader && mount --bind $tools/loader "$loader"
}

programs_prepare() {
	local d f
	mkdir -p $dir/made $dir/www $dir/src
	copy_tools
	for d in $(seq 200); do
		mkdir -p "$dir/tree/dir$d"
		(cd "$dir/tree/dir$d" && touch $(seq -f 'file%g' 100))
	done
	cp "$top"/lib/*.[ch] "$top"/include/*.h $dir/src/
	head -c 1000 /dev/zero | tr '\0' x >$dir/www/page
	cat >$dir/src/nginx.conf <<-CONF
		user root;
		worker_processes 1;
		pid $dir/made/nginx.pid;
		error_log /dev/null crit;
		events { worker_connections 64; }
		http {
			access_log off;
			client_body_temp_path $dir/made/body;
			proxy_temp_path $dir/made/proxy;
			fastcgi_temp_path $dir/made/fastcgi;
			uwsgi_temp_path $dir/made/uwsgi;
			scgi_temp_path $dir/made/scgi;
			server { listen 127.0.0.1:8080; root $dir/www; }
		}
	CONF
	cat >$dir/src/compile <<-'SH'
		t=/tmp/bench/tools o=/tmp/bench/made
		for f in /tmp/bench/src/*.c; do
			$t/cc1 -quiet -O1 -D_GNU_SOURCE -nostdinc -isystem $t/gcc-include -isystem $t/include -I/tmp/bench/src -o $o/a.s $f || exit 1
			$t/as -o $o/a.o $o/a.s || exit 1
		done
	SH
	export LD_LIBRARY_PATH=$tools/lib
	$tools/sh $dir/src/compile || die "compile"
	unset LD_LIBRARY_PATH
}

# Instructions for one request: the guest's processor is never idle, and its second has a thousand million instructions.
per_request() {
	$tools/wrk -t1 -c4 -d1s http://127.0.0.1:8080/page >wrk.out || die "wrk"
	! grep -q 'Non-2xx\|Socket errors' wrk.out || die "$(cat wrk.out)"
	awk '/^Requests\/sec/ { printf "%.0f\n", 1e9 / $2 }' wrk.out
}

gone() { # PIDFILE
	local pid
	pid=$(cat "$1") && kill "$pid"
	while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
}

programs() { # MODE PROGRAM
	local p=$dir/bin/$2
	export LD_LIBRARY_PATH=$tools/lib
	printf '%s\tfind, 20,000 files\t%s\n' "$1" "$("$p" time 3 $tools/find $dir/tree -size +1)"
	printf '%s\tcompile of lib/\t%s\n' "$1" "$("$p" time 2 $tools/sh $dir/src/compile)"
	"$p" time 1 $tools/nginx -c $dir/src/nginx.conf >server.out || die "nginx"
	per_request >result # once for what is read only at first
	printf '%s\tnginx, one request\t%s\n' "$1" "$(per_request)"
	gone $dir/made/nginx.pid
	"$p" time 1 $tools/redis-server --port 6380 --bind 127.0.0.1 --daemonize yes --save '' --dir $dir/made --pidfile $dir/made/redis.pid >server.out || die "redis"
	until [ -s $dir/made/redis.pid ]; do sleep 0.1; done
	sleep 1
	printf '%s\tredis, 20,000 commands\t%s\n' "$1" "$($dir/bin/other time 2 $tools/redis-benchmark -h 127.0.0.1 -p 6380 -n 10000 -t set,get -q)"
	gone $dir/made/redis.pid
	unset LD_LIBRARY_PATH
}
