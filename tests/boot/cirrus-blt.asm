; SPDX-License-Identifier: GPL-2.0-or-later
; A disk that sets a mode of 640x480 by the VGA BIOS and draws what the BitBLT engine of a Cirrus Logic GD5446 can: fills,
; data of the processor, all raster operations, patterns, expanded monochrome data, overlapping copies, key colours, and
; the pointer. nasm -D BYTES=1, 2 or 3 (of a pixel) chooses the mode. The numbers are those of the chip's Technical
; Reference Manual, chapter 5. What QEMU does otherwise than that says is left out, since its picture is what this one is
; compared with: the operations 90h and DAh, which it exchanges; the line that a pattern begins with; clipped patterns of
; 24 bits; and dword granularity. The unit tests have them.
%ifndef BYTES
%define BYTES 1
%endif
%if BYTES == 1
%define MODE 0x101
%elif BYTES == 2
%define MODE 0x111
%else
%define MODE 0x112
%endif
%define PITCH (640 * BYTES)
%define DEPTH ((BYTES - 1) << 4)
%define HIDDEN 0x180000
%define AT(x, y) ((y) * PITCH + (x) * BYTES)
%define PATTERN_PITCH ((BYTES == 3) ? 32 : 8 * BYTES)

bits 16
org 0x7c00
  cli
  xor ax, ax
  mov ds, ax
  mov ss, ax
  mov sp, 0x7c00
  sti
  mov ax, 0
  mov es, ax
  mov bx, 0x7e00
  mov ax, 0x0200 + SECTORS
  mov cx, 2
  mov dh, 0
  int 0x13
  mov ax, 0x4f02
  mov bx, MODE
  int 0x10
  mov ax, 0xa000
  mov es, ax
  mov si, script
next:
  lodsw
  mov dx, 0x3ce
  cmp al, 0xff
  je done
  cmp al, 0xfe
  je feed
  cmp al, 0xfd
  je ports
  out dx, ax
  jmp next
; 0xfd: a byte for port 300h + the second byte.
ports:
  mov dl, ah
  mov dh, 3
  lodsb
  out dx, al
  jmp next
; 0xfe: so many dwords of noise for the engine, by the window.
feed:
  lodsw
  mov cx, ax
  mov ebx, 12345
.more:
  imul ebx, ebx, 1664525
  add ebx, 1013904223
  mov eax, ebx
  ror eax, 11
  mov [es:0], eax
  loop .more
  jmp next
done:
  mov al, 'd'
  out 0xe9, al
  hlt
  jmp done
times 510 - ($ - $$) db 0
dw 0xaa55

%macro TWO 2
  db %1, (%2) & 0xff, (%1) + 1, ((%2) >> 8) & 0xff
%endmacro
%macro COLORS 2 ; foreground, background
  db 0x01, (%1) & 0xff, 0x11, ((%1) >> 8) & 0xff, 0x13, ((%1) >> 16) & 0xff, 0x15, ((%1) >> 24) & 0xff
  db 0x00, (%2) & 0xff, 0x10, ((%2) >> 8) & 0xff, 0x12, ((%2) >> 16) & 0xff, 0x14, ((%2) >> 24) & 0xff
%endmacro
%macro BLT 10 ; bytes, lines, destination, its pitch, source, its pitch, mode, rop, extensions, clip
  db 0x31, 0x80 ; autostart only makes the extensions writeable
  db 0x33, %9
  db 0x31, 0x00
  TWO 0x20, (%1) - 1
  TWO 0x22, (%2) - 1
  TWO 0x24, %4
  TWO 0x26, %6
  db 0x28, (%3) & 0xff, 0x29, ((%3) >> 8) & 0xff, 0x2a, ((%3) >> 16) & 0x3f
  db 0x2c, (%5) & 0xff, 0x2d, ((%5) >> 8) & 0xff, 0x2e, ((%5) >> 16) & 0x3f
  db 0x2f, %10, 0x30, (%7) | DEPTH, 0x32, %8
  db 0x31, 0x02
%endmacro
%macro FEED 1
  db 0xfe, 0
  dw %1
%endmacro
%macro PORT 2
  db 0xfd, %1, %2
%endmacro

script:
  ; The background, and a box of noise.
  COLORS 0x00503010, 0
  BLT PITCH, 480, 0, PITCH, 0, 512, 0xc0, 0x0d, 4, 0
  BLT 64 * BYTES, 32, AT(8, 8), PITCH, 0, 512, 0x04, 0x0d, 0, 0
  FEED 64 * BYTES * 32 / 4
  ; All raster operations of it and the background.
%macro ROP 2
  BLT 64 * BYTES, 32, AT(8 + 76 * ((%1) % 8), 48 + 40 * ((%1) / 8)), PITCH, AT(8, 8), PITCH, 0, %2, 0, 0
%endmacro
  ROP 0, 0x00
  ROP 2, 0x50
  ROP 3, 0xd0
  ROP 4, 0x09
  ROP 5, 0x0b
  ROP 6, 0x59
  ROP 8, 0x05
  ROP 9, 0x95
  ROP 10, 0x06
  ROP 11, 0xd6
  ROP 12, 0x0d
  ROP 13, 0xad
  ROP 14, 0x6d
  ROP 15, 0x0e
  ; A pattern out of sight, and fills with it.
  BLT PATTERN_PITCH * 8, 1, HIDDEN, 512, 0, 512, 0x04, 0x0d, 0, 0
  FEED PATTERN_PITCH * 8 / 4
  BLT 100 * BYTES, 40, AT(8, 140), PITCH, HIDDEN, 512, 0x40, 0x0d, 0, 0
  BLT 100 * BYTES, 40, AT(120, 140), PITCH, HIDDEN, 512, 0x40, 0x59, 0, (BYTES == 3) ? 0 : 3
  COLORS 0x00e0c0f0, 0x0010a020
  BLT 99 * BYTES, 40, AT(232, 140), PITCH, HIDDEN, 512, 0xc8, 0x0d, 0, 0
  BLT 99 * BYTES, 40, AT(344, 140), PITCH, HIDDEN, 512, 0xc8, 0x6d, 2, 0
%if BYTES != 3
  BLT 99 * BYTES, 40, AT(456, 140), PITCH, HIDDEN, 512, 0xc0, 0x0d, 0, 5
%endif
  ; Monochrome data of the processor, and from out of sight.
  BLT 100 * BYTES, 40, AT(8, 190), PITCH, 0, 512, 0x8c, 0x0d, 0, 0
  FEED 13 * 40 / 4
  BLT 100 * BYTES, 40, AT(120, 190), PITCH, 0, 512, 0x8c, 0x59, 0, 3
  FEED 13 * 40 / 4
%if BYTES != 3
  BLT 100 * BYTES, 40, AT(232, 190), PITCH, 0, 512, 0x84, 0x0d, 0, 0
  FEED 13 * 40 / 4
%endif
  BLT 8 * 64, 1, HIDDEN + 0x1000, 512, 0, 512, 0x04, 0x0d, 0, 0
  FEED 128
  BLT 100 * BYTES, 30, AT(344, 190), PITCH, HIDDEN + 0x1000, 512, 0x88, 0x0d, 0, 0
  ; Copies that overlap, both ways.
  BLT 64 * BYTES, 32, AT(8, 240), PITCH, AT(8, 8), PITCH, 0, 0x0d, 0, 0
  BLT 64 * BYTES, 32, AT(20, 245), PITCH, AT(8, 240), PITCH, 0, 0x0d, 0, 0
  BLT 64 * BYTES, 32, AT(120, 240), PITCH, AT(8, 8), PITCH, 0, 0x0d, 0, 0
  BLT 64 * BYTES, 32, AT(140, 245) + 64 * BYTES - 1 + 31 * PITCH, PITCH, AT(120, 240) + 64 * BYTES - 1 + 31 * PITCH, PITCH, 1, 0x0d, 0, 0
%if BYTES != 3
  ; All but a key colour: the patterns have the foreground's.
  db 0x34, 0xf0, 0x35, (BYTES == 2) ? 0xc0 : 0xf0
  BLT 99 * BYTES, 40, AT(232, 240), PITCH, AT(456, 140), PITCH, 0x08, 0x0d, 0, 0
%endif
  ; The pointer's pattern in the last 16 KiB, its colours and its place.
  BLT 1024, 1, 0x3fc000, 1024, 0, 1024, 0x04, 0x0d, 0, 0
  FEED 256
  PORT 0xc4, 0x12
  PORT 0xc5, 0x02
  PORT 0xc8, 0x00
  PORT 0xc9, 0x3f
  PORT 0xc9, 0x10
  PORT 0xc9, 0x00
  PORT 0xc8, 0x0f
  PORT 0xc9, 0x00
  PORT 0xc9, 0x3f
  PORT 0xc9, 0x20
  PORT 0xc4, 0x13
  PORT 0xc5, 0x00
  PORT 0xc4, 0x10 + (5 << 5)
  PORT 0xc5, 500 / 8
  PORT 0xc4, 0x11 + (3 << 5)
  PORT 0xc5, 300 / 8
  PORT 0xc4, 0x12
  PORT 0xc5, 0x05
  db 0xff, 0xff
SECTORS equ ($ - $$ + 511) / 512 - 1
times (SECTORS + 1) * 512 - ($ - $$) db 0
times 1024 * 1024 - ($ - $$) db 0
