; SPDX-License-Identifier: GPL-2.0-or-later
; What the boot test "install" installs. From the CD-ROM, on a machine without ACPI, it writes three sectors to the disk
; and restarts. From the disk (assembled with -DDISK), on a machine with ACPI, it looks for the CD-ROM and restarts, and
; from then on it is the installed system.
        bits 16
        org 0x7c00

        xor ax, ax
        mov ds, ax
        mov es, ax
        mov ss, ax
        mov sp, 0x7c00
        sti
        cld

%ifndef DISK
        mov si, from_cd
        call print
        call find_rsdp
        mov si, acpi_there
        jz stop
        mov ax, 0x0303          ; write three sectors
        mov bx, 0x7c00 + 512
        mov cx, 1               ; cylinder 0, sector 1
        mov dx, 0x80
        int 0x13
        mov si, no_disk
        jc stop
        mov si, copied
        call print
        jmp restart

from_cd    db "setup: started from the CD", 13, 10, 0
acpi_there db "setup: FAILED, there is ACPI", 13, 10, 0
no_disk    db "setup: FAILED, the disk cannot be written", 13, 10, 0
copied     db "setup: copied without ACPI", 13, 10, 0
%else
kNotes  equ 0x8000              ; how often it has started, from the second sector
kSector equ 0x9000
        mov ax, 0x0201
        mov bx, kNotes
        mov cx, 2
        mov dx, 0x80
        int 0x13
        inc byte [kNotes]
        mov ax, 0x0301
        mov cx, 2
        mov dx, 0x80
        int 0x13
        mov si, installed
        cmp byte [kNotes], 1
        ja stop
        call find_rsdp
        mov si, no_acpi
        jnz stop
        mov ah, 0x42            ; extended read
        mov dl, 0xe0            ; the first CD-ROM drive of SeaBIOS
        mov si, packet
        int 0x13
        mov si, no_cd
        jc stop
        cmp word [kSector + 1], "CD"
        jne stop
        mov si, both
        call print
        jmp restart

packet    db 16, 0
          dw 1, kSector, 0
          dq 16                 ; the primary volume descriptor
installed db "setup: the installed system runs", 13, 10, 0
no_acpi   db "setup: FAILED, there is no ACPI", 13, 10, 0
no_cd     db "setup: FAILED, there is no CD", 13, 10, 0
both      db "setup: ACPI and the CD are there", 13, 10, 0
%endif

stop:   call print
.wait:  hlt
        jmp .wait

; Five seconds later.
restart:
        mov ax, [0x46c]         ; the BIOS counts 18.2 ticks a second there
.wait:  hlt
        mov bx, [0x46c]
        sub bx, ax
        cmp bx, 91
        jb .wait
        mov dx, 0xcf9
        mov al, 2
        out dx, al
        mov al, 6
        out dx, al
        jmp stop.wait

; ZF: the F segment has an RSDP.
find_rsdp:
        mov ax, 0xf000
.next:  mov es, ax
        xor di, di
        mov si, signature
        mov cx, 8
        repe cmpsb
        je .done
        inc ax
        jnz .next
        inc ax
.done:  push byte 0
        pop es
        ret
signature db "RSD PTR "

print:  lodsb
        test al, al
        jz .done
        mov ah, 0x0e
        mov bx, 7
        int 0x10
        jmp print
.done:  ret

%ifndef DISK
        times 512 - ($ - $$) db 0
%else
        times 446 - ($ - $$) db 0
        db 0x80, 0, 0, 0, 7, 0, 0, 0 ; an active partition of NTFS's type
        dd 2, 1
        times 510 - ($ - $$) db 0
        dw 0xaa55
        times 512 db 0
volume: db 0xeb, 0xfe, 0x90, "NTFS    "
        times 0x48 - ($ - volume) db 0
        dd 0x1c2d3e4f
        times 510 - ($ - volume) db 0
        dw 0xaa55
%endif
