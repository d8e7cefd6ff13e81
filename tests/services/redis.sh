# SPDX-License-Identifier: GPL-2.0-or-later
# Redis as Debian has it, with both kinds of persistence: redis-benchmark, saves, a rewrite, a restart that finds the data again.
service=redis policy=services/redis.policy unit=redis-server.service
redis_log=/var/log/redis/attack.log

prepare() {
	cp -p /etc/redis/redis.conf /run/services/redis.conf
	cat >>/etc/redis/redis.conf <<-'CONF'
		appendonly yes
		enable-protected-configs yes
		enable-module-command yes
	CONF
}

saved() { [ "$(redis-cli info persistence | tr -d '\r' | sed -n "s/^$1://p")" = 0 ]; }

work() {
	until_up redis-cli ping
	redis-cli flushall
	redis-cli set kept value
	redis-benchmark -q -n 1000 -c 8 -t set,get,lpush,hset 2>&1 | tr '\r' '\n' | sed -n 's/^\([A-Z]*\): .*requests per second.*/\1 done/p'
	redis-cli bgsave && until_true saved rdb_bgsave_in_progress
	redis-cli bgrewriteaof && until_true saved aof_rewrite_in_progress
	redis-cli info persistence | tr -d '\r' | grep -E '^(rdb_last_bgsave_status|aof_last_bgrewrite_status|aof_last_write_status)'
	redis-cli config get dir
	systemctl restart redis-server
	until_up redis-cli ping
	redis-cli get kept
	redis-cli llen mylist
	redis-cli eval 'return #redis.call("keys", "*") > 0' 0
	redis-cli save
}

attacks() {
	local there
	{
		attack_begin $redis_log /etc/redis/redis.conf /var/lib/redis
		cat <<-'DROP'
			ProtectSystem=no
			ProtectHome=no
			ProtectProc=default
			ProtectKernelModules=no
			PrivateUsers=no
			PrivateTmp=no
			NoExecPaths=
			ExecPaths=
			SystemCallFilter=
			MemoryDenyWriteExecute=no
			CapabilityBoundingSet=~
			AmbientCapabilities=CAP_SYS_MODULE
		DROP
	} | drop_in
	mkdir -p /root/.ssh
	chmod 755 /root
	chmod 777 /root/.ssh /var/spool/cron/crontabs
	cp /usr/lib/x86_64-linux-gnu/attack.so /var/lib/redis/evil.so
	chmod 755 /var/lib/redis/evil.so
	restart
	until_up redis-cli ping
	"$enforcer" events >/dev/null

	# by the commands that it has
	there=$(find /root/.ssh /var/spool/cron/crontabs -type f)
	redis-cli config set dir /root/.ssh dbfilename authorized_keys >/dev/null
	like "$(redis-cli save 2>&1)" ERR "attack: SAVE as /root/.ssh/authorized_keys"
	redis-cli config set dir /var/spool/cron/crontabs dbfilename root >/dev/null
	like "$(redis-cli save 2>&1)" ERR "attack: SAVE as root's crontab"
	like "$(redis-cli module load /var/lib/redis/evil.so 2>&1)" ERR "attack: MODULE LOAD"
	redis-cli config rewrite 2>&1 | grep -q ERR && ok "attack: CONFIG REWRITE" || not_ok "attack: CONFIG REWRITE"
	"$enforcer" events --json >attack.json
	reported create /root/.ssh/ "Redis changes SSH keys" "SAVE as authorized_keys"
	reported create /var/spool/cron/crontabs/ "Redis changes jobs" "SAVE as crontab"
	reported map /var/lib/redis/evil.so "Redis loads code" "MODULE LOAD"
	is "$(find /root/.ssh /var/spool/cron/crontabs -type f)" "$there" "and no file came of it"
	redis-cli config set dir /var/lib/redis dbfilename dump.rdb >/dev/null

	chown -R redis /etc/redis
	attack_run "$(systemctl show -P MainPID redis-server)" redis $redis_log
	"$enforcer" events --json >attack.json
	attacked_alike $redis_log Redis
	reported exec /usr/bin/dash "Redis started a shell" "a shell"
	reported read /etc/shadow credentials "reading /etc/shadow"
	attacked $redis_log config EPERM "writing its configuration"
	reported write /etc/redis/redis.conf "Redis changes the system" "writing its configuration"
	attacked $redis_log cron EPERM "a job for cron"
	attacked $redis_log drop EPERM "a program that it wrote among its data"
	reported exec /var/lib/redis/dropped default "a program that it wrote"
	attacked $redis_log module EPERM "loading a module, with the capability to"
	reported capability sys_module default "loading a module"
	like "$(redis-cli get kept)" value "it still serves"
	systemctl stop redis-server
	attack_end
	cp -p /run/services/redis.conf /etc/redis/redis.conf
	chmod 700 /root /root/.ssh
	chmod 1730 /var/spool/cron/crontabs
}

run() {
	prepare
	normal && attacks
}
