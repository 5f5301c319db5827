# Completion of execrole in fish: see "execrole help completion".

function __execrole_complete
    # The words of the line, without the one at the cursor, which ends there. Names of files can be behind it.
    set -l before (commandline --tokenize --current-process --cut-at-cursor)
    set -l after (commandline --tokenize --current-process)
    set -l current (commandline --current-token --cut-at-cursor)
    set -l next (math (count $before) + 1)
    test -z (commandline --current-token | string collect)
    or set next (math $next + 1)
    set -l program (string replace --regex '^~' $HOME -- $before[1])
    set -l answer (command $program completion fish -- (count $before) $before "$current" $after[$next..-1] 2>/dev/null)
    or return
    set -l header (string split \t -- $answer[1])
    test (count $answer) -lt 2
    or printf '%s\n' $answer[2..-1]
    if test "$header[1]" = files
        set -l part (string sub --start (math (string length -- "$header[3]") + 1) -- "$current")
        for file in (__fish_complete_path "$part")
            printf '%s%s\n' "$header[3]" $file
        end
    end
end

complete --command execrole --no-files --keep-order --arguments '(__execrole_complete)'
