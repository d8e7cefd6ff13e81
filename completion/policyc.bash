# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion of policyc(1), to be read by the shell or put into /usr/share/bash-completion/completions as policyc.
# tests/shell/run compares commands and options with `policyc --help`.

_policyc_options() { # of a command
	case $1 in
	check) echo --json --Werror --no-tests --here --root -I ;;
	build) echo --json --Werror --no-tests --here --root -I -o --output ;;
	test) echo --json --Werror -I ;;
	dump | diff | report) echo --json -I ;;
	explain) echo --json --exe --script --user --login --groups --capabilities --cgroup --unit --container --untrusted --owner \
		--deleted --fstype --canonical --peer --descendant --to --directory --batch -I ;;
	fmt) echo --json --check ;;
	esac
}

_policyc_operations="read write append truncate create delete rename link attr mknod setid exec map socket connect bind accept
	capability ptrace signal mount umount pivot module bpf perf kexec userns setuid setgid"

_policyc_files() { # CURRENT SUFFIX...: files that end so, and directories
	local suffix cur=$1

	compgen -d -- "$cur"
	shift
	for suffix; do
		compgen -f -X "!*.$suffix" -- "$cur"
	done
}

_policyc_lines() { # lines on standard input to COMPREPLY
	local line

	COMPREPLY=()
	while IFS= read -r line; do
		COMPREPLY+=("$line")
	done
}

# How many words before the current one are neither the command nor options nor values of options.
_policyc_operands() {
	local i n=0

	for ((i = 2; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-I | -o | --output | --root | --exe | --script | --user | --login | --groups | --capabilities | --cgroup | --unit | \
			--container | --fstype | --peer) i=$((i + 1)) ;;
		-?*) ;;
		*) n=$((n + 1)) ;;
		esac
	done
	echo $n
}

_policyc() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]}

	COMPREPLY=()
	if [ "$COMP_CWORD" -eq 1 ]; then
		_policyc_lines < <(compgen -W "check build test dump explain diff report fmt --version --help -h" -- "$cur")
		return
	fi
	case $command:$prev in
	fmt:*) ;;
	*:-I | *:--root)
		_policyc_lines < <(compgen -d -- "$cur")
		return
		;;
	build:-o | build:--output)
		_policyc_lines < <(_policyc_files "$cur" bpi)
		return
		;;
	explain:--exe | explain:--script | explain:--cgroup | explain:--peer)
		_policyc_lines < <(compgen -f -- "$cur")
		return
		;;
	explain:--user | explain:--login)
		_policyc_lines < <(compgen -u -- "$cur")
		return
		;;
	explain:--groups)
		_policyc_lines < <(compgen -g -- "$cur")
		return
		;;
	explain:--capabilities | explain:--unit | explain:--container | explain:--fstype) return ;;
	esac
	if [[ $cur == -* ]]; then
		_policyc_lines < <(compgen -W "$(_policyc_options "$command")" -- "$cur")
		return
	fi
	case $command:$(_policyc_operands) in
	explain:0 | dump:0 | report:0 | diff:[01]) _policyc_lines < <(_policyc_files "$cur" policy bpi) ;;
	explain:1) _policyc_lines < <(compgen -W "$_policyc_operations" -- "$cur") ;;
	explain:*) _policyc_lines < <(compgen -f -- "$cur") ;;
	check:* | build:* | test:* | fmt:*) _policyc_lines < <(_policyc_files "$cur" policy) ;;
	esac
}
complete -o filenames -F _policyc policyc
