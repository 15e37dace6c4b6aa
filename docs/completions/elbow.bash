# Bash completion for elbow: commands, options and their words come from the program's own --help.
_elbow() {
    local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]} words
    local IFS=$' \t\n'
    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ] || { [ "$COMP_CWORD" -eq 2 ] && [ "$command" = help ]; }; then
        words=$(elbow --help 2>/dev/null | sed -n 's/^  \([a-z]*\)  .*/\1/p')
        mapfile -t COMPREPLY < <(compgen -W "$words help --help --version" -- "$word")
        return
    fi
    if [[ $word == --* ]]; then
        words=$(elbow "$command" --help 2>/dev/null | sed -n 's/^  \(--[a-z-]*\).*/\1/p')
        mapfile -t COMPREPLY < <(compgen -W "$words --help" -- "$word")
        return
    fi
    if [ "$previous" = --device ] || [ "$previous" = --devices ]; then
        words=$(elbow devices 2>/dev/null | sed -n 's/^[* ] \(native\|[a-z]*:[0-9]*\) .*/\1/p')
        if [ "$previous" = --devices ] || [[ $command == @(train|sweep) ]]; then words="all $words"; fi
        [ "$previous" = --devices ] || words="auto $words"
        # Of a list what follows the last comma.
        mapfile -t COMPREPLY < <(compgen -P "${word%"${word##*,}"}" -W "$words" -- "${word##*,}")
        return
    fi
    if [ "$previous" = --preset ]; then
        words=$(elbow explain --preset list 2>/dev/null | sed -n '2,/^$/ s/^\([a-z0-9-]*\) .*/\1/p')
        mapfile -t COMPREPLY < <(compgen -W "list $words" -- "$word")
        return
    fi
    if [[ $previous == --* ]]; then
        words=$(elbow "$command" --help 2>/dev/null | sed -n "s/^  $previous \([a-z-]*|[a-z|-]*\).*/\1/p")
        mapfile -t COMPREPLY < <(compgen -W "${words//|/ }" -- "$word")
    fi
    if [ "${#COMPREPLY[@]}" -eq 0 ]; then
        words=$([[ $command == @(train|sweep|advise|compare) ]] && echo fashion-mnist mnist shapes)
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word"; compgen -f -- "$word")
        compopt -o filenames 2>/dev/null
    fi
}
complete -F _elbow elbow
