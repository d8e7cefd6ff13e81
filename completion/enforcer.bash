# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion of enforcer(8), to be read by the shell or put into /usr/share/bash-completion/completions as enforcer.
# tests/shell/run compares commands and options with `enforcer --help`.

_enforcer_options() { # of a command
	case $1 in
	load) echo --dry-run --accept-links --diff ;;
	try) echo --for --dry-run --accept-links ;;
	run) echo --dry-run --accept-links --json ;;
	status) echo --json ;;
	events) echo --json --follow ;;
	why) echo --json ;;
	top) echo --once --json ;;
	latency) echo --json ;;
	doctor) echo --json ;;
	esac
}

_enforcer() {
	local cur=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} word

	COMPREPLY=()
	if [ "$COMP_CWORD" -eq 1 ]; then
		while IFS= read -r word; do
			COMPREPLY+=("$word")
		done < <(compgen -W "load try confirm rollback reload run status metrics events why top latency doctor unload --help --version" -- "$cur")
	elif [[ $cur == -* ]]; then
		while IFS= read -r word; do
			COMPREPLY+=("$word")
		done < <(compgen -W "$(_enforcer_options "$command")" -- "$cur")
	elif [ "$command" = try ]; then
		while IFS= read -r word; do
			COMPREPLY+=("$word")
		done < <(compgen -d -- "$cur"; compgen -f -X '!*.bpi' -- "$cur"; compgen -f -X '!*.policy' -- "$cur")
	elif [ "$command" = why ]; then
		while IFS= read -r word; do
			COMPREPLY+=("$word")
		done < <(compgen -f -- "$cur"; systemctl list-units --plain --no-legend --type=service,scope "$cur*" 2>/dev/null | cut -d' ' -f1)
	elif [ "$command" = latency ]; then
		while IFS= read -r word; do
			COMPREPLY+=("$word")
		done < <(compgen -W "on off" -- "$cur")
	elif [ "$command" = load ] || [ "$command" = run ]; then
		while IFS= read -r word; do
			COMPREPLY+=("$word")
		done < <(compgen -d -- "$cur"; compgen -f -X '!*.bpi' -- "$cur")
	fi
}
complete -o filenames -F _enforcer enforcer
