# SPDX-License-Identifier: GPL-2.0-or-later
# PostgreSQL as Debian has it: pgbench, a restart, a vacuum, a dump, a crash that is recovered from.
service=postgresql policy=services/postgresql.policy unit=postgresql@15-main.service
pg_log=/var/log/postgresql/attack.log
pg_data=/var/lib/postgresql/15/main

as_postgres() { runuser -u postgres -- "$@"; }
sql() { as_postgres psql -X -A -t -q -c "$1" "${2:-bench}" 2>&1; }

prepare() {
	restart
	until_up sql "select 1" postgres
	sql "create database bench" postgres
	cd /tmp || exit
}

work() {
	until_up sql "select 1" postgres
	as_postgres pgbench -i -q -s 1 bench >/dev/null 2>&1 && echo initialised
	as_postgres pgbench -n -c 4 -j 1 -t 20 bench 2>/dev/null | sed -n 's/^number of transactions actually processed: //p'
	systemctl restart "$unit"
	until_up sql "select 1" postgres
	as_postgres pgbench -n -S -c 2 -t 20 bench 2>/dev/null | sed -n 's/^number of transactions actually processed: //p'
	sql "vacuum full analyze pgbench_accounts" && echo vacuumed
	sql "vacuum analyze"
	sql "select count(*) from pgbench_accounts"
	sql "select count(*) from pgbench_history"
	sql "create index on pgbench_accounts (abalance)"
	sql "set work_mem = '64kB'; select count(*) from (select filler from pgbench_accounts order by filler, aid desc offset 10) s"
	sql "set force_parallel_mode = on; select sum(aid) from pgbench_accounts"
	sql "create temp table t as select generate_series(1, 1000) g; select sum(g) from t"
	sql "do \$\$ begin perform 1; end \$\$"
	sql "checkpoint"
	sql "select pg_switch_wal() is not null"
	sql "alter system set work_mem = '5MB'" && sql "select pg_reload_conf()"
	as_postgres pg_dump bench | grep -c '^COPY'
	PGPASSWORD=x as_postgres psql -X -h 127.0.0.1 -c 'select 1' bench 2>&1 | grep -o 'password authentication failed'
	kill -9 "$(sql "select pg_backend_pid()" >/dev/null; pgrep -o -u postgres -f 'walwriter')"
	until_up sql "select 1" postgres
	sql "select count(*) from pgbench_accounts"
}

attacks() {
	chmod 777 /etc/cron.d
	chmod 644 /etc/shadow
	chown -R postgres /etc/postgresql
	cat >>/etc/postgresql/15/main/environment <<-ENV
		LD_PRELOAD = '/usr/lib/x86_64-linux-gnu/attack.so'
		ATTACK_LOG = '$pg_log'
		ATTACK_CONFIG = '/etc/postgresql/15/main/pg_hba.conf'
		ATTACK_DIR = '$pg_data'
	ENV
	restart
	until_up sql "select 1" postgres
	"$enforcer" events >/dev/null

	# by the SQL that a superuser has
	like "$(sql "copy (select 1) to program 'id'")" 'ERROR' "attack: COPY TO PROGRAM"
	like "$(sql "copy (select 1) to '/etc/cron.d/attack'")" 'Operation not permitted' "attack: COPY TO a job of cron"
	like "$(sql "select pg_read_file('/etc/shadow')")" 'Operation not permitted' "attack: pg_read_file of /etc/shadow"
	sql "select lo_import('/usr/lib/x86_64-linux-gnu/attack.so', 4711)" >/dev/null
	sql "select lo_export(4711, '$pg_data/evil.so')" >/dev/null
	[ -s $pg_data/evil.so ] && ok "attack: a library is written among its data" || not_ok "a library is written"
	like "$(sql "load '$pg_data/evil.so'")" 'failed to map segment' "attack: LOAD of it"
	"$enforcer" events --json >attack.json
	reported exec /usr/bin/dash "PostgreSQL started a shell" "COPY TO PROGRAM"
	reported create /etc/cron.d/attack "PostgreSQL changes the system" "COPY TO a job of cron"
	reported read /etc/shadow credentials "pg_read_file"
	reported map $pg_data/evil.so "PostgreSQL loads code" "LOAD"

	attack_run "$(pgrep -o -u postgres -f 'background writer')" postgres $pg_log
	"$enforcer" events --json >attack.json
	attacked_alike $pg_log PostgreSQL
	attacked $pg_log config EPERM "writing pg_hba.conf, which it owns"
	reported write /etc/postgresql/15/main/pg_hba.conf "PostgreSQL changes the system" "writing pg_hba.conf"
	attacked $pg_log cron EPERM "a job for cron"
	attacked $pg_log drop EPERM "a program that it wrote among its data"
	reported exec $pg_data/dropped default "a program that it wrote"
	attacked $pg_log module EPERM "loading a module"
	is "$(sql "select count(*) from pgbench_accounts")" 100000 "it still serves"
	systemctl stop "$unit"
	sed -i '/ATTACK\|LD_PRELOAD/d' /etc/postgresql/15/main/environment
	chmod 755 /etc/cron.d
	chmod 640 /etc/shadow
}

run() {
	prepare
	normal && attacks
}
