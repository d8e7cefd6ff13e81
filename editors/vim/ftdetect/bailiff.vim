" SPDX-License-Identifier: GPL-2.0-or-later
" Bailiff policies, policy(5). Copy or link editors/vim/* to ~/.vim, or to /usr/share/vim/addons.
autocmd BufRead,BufNewFile *.policy setfiletype bailiff
