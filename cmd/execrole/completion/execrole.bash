# shellcheck shell=bash
# Completion of execrole in bash: see "execrole help completion".

_execrole() {
	local line=${COMP_LINE:0:COMP_POINT} words=() i piece last=-1
	# bash cuts words at = and : too, and execrole does not: of its words, only blanks are between. The last one ends at the
	# cursor.
	for ((i = 0; i <= COMP_CWORD; i++)); do
		piece=${COMP_WORDS[i]}
		if ((i == 0)) || [[ $line == [[:blank:]]* ]]; then
			line=${line#"${line%%[![:blank:]]*}"}
			last=$((last + 1))
			words[last]=
		fi
		((i < COMP_CWORD)) || piece=$line
		words[last]+=$piece
		line=${line#"$piece"}
	done

	local current=${words[last]} answer kind end before word cut=
	answer=$(command "${1/#\~/$HOME}" completion bash -- "$last" "${words[@]}" "${COMP_WORDS[@]:COMP_CWORD+1}" 2>/dev/null) || return
	COMPREPLY=()
	{
		IFS=$'\t' read -r kind end before
		while IFS=$'\t' read -r word _; do
			COMPREPLY+=("$(printf %q "$word")")
		done
	} <<<"$answer"
	[[ $COMP_WORDBREAKS != *=* ]] || cut='='
	[[ $COMP_WORDBREAKS != *:* ]] || cut+=':'

	# compopt is missing in bash 3, which macOS has.
	if [[ $kind == none ]]; then
		compopt +o default 2>/dev/null
	elif [[ ${#COMPREPLY[@]} -gt 0 || ( -n $before && $cut != *=* ) ]]; then
		compopt -o filenames 2>/dev/null
		while IFS= read -r word; do
			COMPREPLY+=("$before$word")
		done < <(compgen -f -- "${current#"$before"}")
	fi # Otherwise bash completes names of files by itself.
	[[ $end == closed ]] || compopt -o nospace 2>/dev/null

	# Where bash cuts words, it replaces what is behind the last cut.
	if [[ -n $cut && $current == *["$cut"]* ]]; then
		before=${current%"${current##*["$cut"]}"}
		for i in "${!COMPREPLY[@]}"; do
			COMPREPLY[i]=${COMPREPLY[i]#"$before"}
		done
	fi
}

complete -o default -F _execrole execrole
