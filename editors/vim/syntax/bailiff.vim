" SPDX-License-Identifier: GPL-2.0-or-later
" Bailiff policies, policy(5). tests/editors/run compares the lists of words with the compiler's.
if exists("b:current_syntax")
	finish
endif
syntax case match
" Names and patterns are whole words: the `read` of /run/read is no operation.
syntax iskeyword @,48-57,192-255,_,.,+,-,@-@,/,*,?,$,:,\\

" reserved words
syntax keyword bailiffStatement include set profile subject mode default inherit descriptors test assert as expect never
syntax keyword bailiffVerdict allow deny kill log
syntax keyword bailiffCondition if unless and except
syntax keyword bailiffAttribute message tag severity errno quiet enter leave
syntax keyword bailiffPart to port on from fstype source target type protocol

" operations and groups of them
syntax keyword bailiffOperation read write append truncate create delete rename link attr mknod setid
syntax keyword bailiffOperation exec map
syntax keyword bailiffOperation socket connect bind accept
syntax keyword bailiffOperation capability ptrace signal mount umount pivot module bpf perf kexec userns setuid setgid
syntax keyword bailiffOperation file modify network system

" terms, without those that are operations too
syntax keyword bailiffTerm exe script user group login cgroup unit container ancestor any none owner same descendant namespace

" values
syntax keyword bailiffValue enforce audit no low medium high critical unset host untrusted
syntax keyword bailiffValue tcp udp unix other memfd deleted anonymous

syntax match bailiffSet "\$[A-Za-z_][A-Za-z0-9_-]*" nextgroup=bailiffSetRest
syntax match bailiffSetRest contained "/\%([^[:space:];,{}\"\\]\|\\.\|{[^[:space:]]*}\)*"
syntax match bailiffPath "\%(^\|[[:space:],]\)\@1<=[/@]\%([^[:space:];,{}\"\\]\|\\.\|{[^[:space:]]*}\)*"
syntax match bailiffNumber "\%(^\|[[:space:],]\)\@1<=[0-9]\%([0-9a-fA-F.:/-]*\)"
syntax region bailiffText start=+"+ skip=+\\.+ end=+"+ oneline
syntax keyword bailiffTodo contained TODO FIXME XXX
syntax match bailiffComment "\%(^\|\s\)\@1<=#.*$" contains=bailiffTodo,@Spell
syntax match bailiffAllow "\%(^\|\s\)\@1<=#\s*policyc:\s.*$"

highlight default link bailiffStatement Statement
highlight default link bailiffVerdict Keyword
highlight default link bailiffCondition Conditional
highlight default link bailiffAttribute PreProc
highlight default link bailiffPart Label
highlight default link bailiffOperation Function
highlight default link bailiffTerm Type
highlight default link bailiffValue Constant
highlight default link bailiffSet Identifier
highlight default link bailiffSetRest String
highlight default link bailiffPath String
highlight default link bailiffNumber Number
highlight default link bailiffText String
highlight default link bailiffTodo Todo
highlight default link bailiffComment Comment
highlight default link bailiffAllow SpecialComment

let b:current_syntax = "bailiff"
