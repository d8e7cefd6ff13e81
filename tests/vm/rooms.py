#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Takes and frees all rooms in which questions are asked: tests/vm/rooms.py PIN. Each line of its input is a byte that they are filled with, 0: free;
# each is answered by a line. While they are taken no program can be started.
import ctypes
import struct
import sys

SYS_BPF, MAP_UPDATE_ELEM, OBJ_GET, OBJ_GET_INFO_BY_FD = 321, 2, 7, 15
libc = ctypes.CDLL(None, use_errno=True)


def bpf(command, attr):
    attr = ctypes.create_string_buffer(attr, 128)
    result = libc.syscall(SYS_BPF, command, attr, 128)
    if result < 0:
        raise OSError(ctypes.get_errno(), f"bpf({command})")
    return result


path = ctypes.create_string_buffer(sys.argv[1].encode())
fd = bpf(OBJ_GET, struct.pack("QI", ctypes.addressof(path), 0))
info = ctypes.create_string_buffer(88)
bpf(OBJ_GET_INFO_BY_FD, struct.pack("IIQ", fd, len(info), ctypes.addressof(info)))
_, _, _, value_size, entries = struct.unpack_from("5I", info)
for line in sys.stdin:
    value = ctypes.create_string_buffer(bytes([int(line)]) * value_size, value_size)
    for i in range(entries):
        key = ctypes.c_uint32(i)
        bpf(MAP_UPDATE_ELEM, struct.pack("IxxxxQQQ", fd, ctypes.addressof(key), ctypes.addressof(value), 0))
    print(entries, flush=True)
