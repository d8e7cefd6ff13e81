/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sizes that the kernel side's map for the tables can have: a larger policy than the loaded class needs the programs loaded anew. */
#ifndef BL_SIZE_CLASS_H
#define BL_SIZE_CLASS_H

#include <stdint.h>

/* Words of the smallest class that holds nwords; 0: none does. */
uint32_t bl_size_class(uint32_t nwords);

/* The same for a first load, which leaves a small policy room to grow. */
uint32_t bl_size_class_first(uint32_t nwords);

#endif
