# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion of policyc(1), to be read by the shell or put into /usr/share/bash-completion/completions as policyc.
# tests/shell/run compares commands and options with `policyc --help`.

_policyc_options() { # of a command
	case $1 in
	check) echo --json --Werror --no-tests ;;
	build) echo --json --Werror --no-tests -o --output ;;
	test) echo --json --Werror ;;
	dump) echo --json ;;
	explain) echo --json --exe --user --cgroup --untrusted --batch ;;
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
		-o | --output | --exe | --user | --cgroup) i=$((i + 1)) ;;
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
		_policyc_lines < <(compgen -W "check build test dump explain fmt --version --help -h" -- "$cur")
		return
	fi
	case $command:$prev in
	build:-o | build:--output)
		_policyc_lines < <(_policyc_files "$cur" bpi)
		return
		;;
	explain:--exe | explain:--cgroup)
		_policyc_lines < <(compgen -f -- "$cur")
		return
		;;
	explain:--user)
		_policyc_lines < <(compgen -u -- "$cur")
		return
		;;
	esac
	if [[ $cur == -* ]]; then
		_policyc_lines < <(compgen -W "$(_policyc_options "$command")" -- "$cur")
		return
	fi
	case $command:$(_policyc_operands) in
	explain:0 | dump:0) _policyc_lines < <(_policyc_files "$cur" policy bpi) ;;
	explain:1) _policyc_lines < <(compgen -W "$_policyc_operations" -- "$cur") ;;
	explain:*) _policyc_lines < <(compgen -f -- "$cur") ;;
	check:* | build:* | test:* | fmt:*) _policyc_lines < <(_policyc_files "$cur" policy) ;;
	esac
}
complete -o filenames -F _policyc policyc
