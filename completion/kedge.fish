# SPDX-License-Identifier: MIT
# fish completion of kedge. What it offers is read from `kedge help` and `kedge help VERB`
# when it is loaded, so it cannot fall behind the program.

function __kedge_verbs
    command kedge help 2>/dev/null | string replace -rf '^  ([a-z]+) +(.*)' '$1\t$2'
end

function __kedge_schemes
    command kedge help $argv[1] 2>/dev/null |
        string match -ra '[a-z]+(?:[+-][a-z]+)*://(?:/PATH)?' |
        string replace PATH '' | sort -u
end

function __kedge_needs_verb
    test (count (commandline -opc)) -eq 1
end

function __kedge_verb_is
    set -l words (commandline -opc)
    test (count $words) -ge 2; and test $words[2] = $argv[1]
end

# One option of a verb: its line without the margin, and its help.
function __kedge_option
    set -l verb $argv[1]
    set -l words (string split ' ' -- (string replace -a , '' -- $argv[2]))
    set -l spec -c kedge -n "__kedge_verb_is $verb" -d "$argv[3]"
    set -l value
    for word in $words
        switch $word
            case '--*[=*'
                set -a spec -l (string replace -r '^--(.*)\[=.*' '$1' -- $word)
            case '--*'
                set -a spec -l (string sub -s 3 -- $word)
            case '-*'
                set -a spec -s (string sub -s 2 -- $word)
            case '*'
                set value $word
        end
    end
    switch "$value"
        case ''
        case 'FILE*' 'DIR*'
            set -a spec -r -F
        case '*|*'
            set -a spec -x -a (string join ' ' (string match -r '^[a-z].*' (string split '|' -- $value)))
        case '*'
            set -a spec -x
    end
    complete $spec
end

# All of a verb's, from the lines of its help.
function __kedge_options
    set -l option
    set -l help
    for line in $argv[2..] ''
        set -l new (string match -r '^ {2,6}(-.*?)(?:  +(.*))?$' -- $line)
        set -l more (string match -r '^ {8,}(\S.*)$' -- $line)
        if set -q new[1]; or not set -q more[1]
            test -z "$option"; or __kedge_option $argv[1] $option "$help"
            set option $new[2]
            set help $new[3]
        else if test -n "$option"
            set help (string trim -- "$help $more[2]")
        end
    end
end

complete -c kedge -f
complete -c kedge -n __kedge_needs_verb -a '(__kedge_verbs)'
complete -c kedge -n __kedge_needs_verb -l help -l version
complete -c kedge -n '__kedge_verb_is help' -a '(__kedge_verbs)'
for verb in (__kedge_verbs | string replace -r '\t.*' '')
    set -l text (command kedge help $verb 2>/dev/null)
    __kedge_options $verb $text
    test $verb = help; or complete -c kedge -n "__kedge_verb_is $verb" -a "(__kedge_schemes $verb)"
    string match -q '* FILE*' -- $text[1]; and complete -c kedge -n "__kedge_verb_is $verb" -F
end
