// SPDX-License-Identifier: GPL-2.0-or-later
// The machine as ACPI describes it: ACPI specification 2.0, chapters 5, 6 and 7.
DefinitionBlock ("dsdt.aml", "DSDT", 1, "WNDSOR", "WINDSOR ", 1)
{
    // 8259s (0) or I/O APIC (1), as the operating system says.
    Name (PICM, Zero)
    Method (_PIC, 1, NotSerialized)
    {
        Store (Arg0, PICM)
    }

    // SLP_TYP of S5 for the PIIX4: zero.
    Name (_S5, Package () { 0x00, 0x00, 0x00, 0x00 })

    Scope (\_PR)
    {
        Processor (CPU0, 0x00, 0x00000000, 0x00) {}
    }

    Scope (\_SB)
    {
        Device (PCI0)
        {
            Name (_HID, EisaId ("PNP0A03"))
            Name (_UID, Zero)
            Name (_CRS, ResourceTemplate ()
            {
                WordBusNumber (ResourceProducer, MinFixed, MaxFixed, PosDecode, 0, 0, 0xFF, 0, 0x100)
                IO (Decode16, 0x0CF8, 0x0CF8, 0x01, 0x08)
                WordIO (ResourceProducer, MinFixed, MaxFixed, PosDecode, EntireRange, 0, 0, 0x0CF7, 0, 0x0CF8)
                WordIO (ResourceProducer, MinFixed, MaxFixed, PosDecode, EntireRange, 0, 0x0D00, 0xFFFF, 0, 0xF300)
                DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, Cacheable, ReadWrite,
                             0, 0x000A0000, 0x000BFFFF, 0, 0x00020000)
                DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, NonCacheable, ReadWrite,
                             0, 0xC0000000, 0xFEBFFFFF, 0, 0x3EC00000)
            })

            // Interrupt pins by link devices, and by I/O APIC inputs.
            Include ("prt_links.asl")
            Include ("prt_gsis.asl")
            Method (_PRT, 0, NotSerialized)
            {
                If (PICM)
                {
                    Return (PRTG)
                }
                Return (PRTL)
            }

            Device (ISA)
            {
                Name (_ADR, 0x00010000)
                OperationRegion (PIRQ, PCI_Config, 0x60, 0x04)
                Field (PIRQ, ByteAcc, NoLock, Preserve)
                {
                    PRQA, 8,
                    PRQB, 8,
                    PRQC, 8,
                    PRQD, 8
                }

                Device (RTC)
                {
                    Name (_HID, EisaId ("PNP0B00"))
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x0070, 0x0070, 0x01, 0x04)
                        IRQNoFlags () {8}
                    })
                }
                Device (PIT)
                {
                    Name (_HID, EisaId ("PNP0100"))
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x0040, 0x0040, 0x01, 0x04)
                        IRQNoFlags () {0}
                    })
                }
                Device (PIC)
                {
                    Name (_HID, EisaId ("PNP0000"))
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x0020, 0x0020, 0x01, 0x02)
                        IO (Decode16, 0x00A0, 0x00A0, 0x01, 0x02)
                        IO (Decode16, 0x04D0, 0x04D0, 0x01, 0x02)
                        IRQNoFlags () {2}
                    })
                }
                Device (DMAC)
                {
                    Name (_HID, EisaId ("PNP0200"))
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x0000, 0x0000, 0x01, 0x10)
                        IO (Decode16, 0x0081, 0x0081, 0x01, 0x0F)
                        IO (Decode16, 0x00C0, 0x00C0, 0x01, 0x20)
                        DMA (Compatibility, NotBusMaster, Transfer8_16) {4}
                    })
                }
                Device (SPKR)
                {
                    Name (_HID, EisaId ("PNP0800"))
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x0061, 0x0061, 0x01, 0x01)
                    })
                }
                Device (FPU)
                {
                    Name (_HID, EisaId ("PNP0C04"))
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x00F0, 0x00F0, 0x01, 0x10)
                        IRQNoFlags () {13}
                    })
                }
                Device (KBD)
                {
                    Name (_HID, EisaId ("PNP0303"))
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x0060, 0x0060, 0x01, 0x01)
                        IO (Decode16, 0x0064, 0x0064, 0x01, 0x01)
                        IRQNoFlags () {1}
                    })
                }
                Device (MOU)
                {
                    Name (_HID, EisaId ("PNP0F13"))
                    Name (_CRS, ResourceTemplate ()
                    {
                        IRQNoFlags () {12}
                    })
                }
                Device (FDC0)
                {
                    Name (_HID, EisaId ("PNP0700"))
                    // The main status register. A machine without floppy drives has none.
                    OperationRegion (FDCR, SystemIO, 0x03F4, 0x01)
                    Field (FDCR, ByteAcc, NoLock, Preserve) { FMSR, 8 }
                    Method (_STA, 0, NotSerialized)
                    {
                        If (LEqual (FMSR, 0xFF))
                        {
                            Return (Zero)
                        }
                        Return (0x0F)
                    }
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x03F0, 0x03F0, 0x01, 0x06)
                        IO (Decode16, 0x03F7, 0x03F7, 0x01, 0x01)
                        IRQNoFlags () {6}
                        DMA (Compatibility, NotBusMaster, Transfer8) {2}
                    })
                }
                // Of a port that the machine lacks, the modem control register, whose upper bits are never set, reads as
                // all ones.
                Device (COM1)
                {
                    Name (_HID, EisaId ("PNP0501"))
                    Name (_UID, One)
                    OperationRegion (MCRR, SystemIO, 0x03FC, 0x01)
                    Field (MCRR, ByteAcc, NoLock, Preserve) { MCTL, 8 }
                    Method (_STA, 0, NotSerialized)
                    {
                        If (LEqual (MCTL, 0xFF))
                        {
                            Return (Zero)
                        }
                        Return (0x0F)
                    }
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x03F8, 0x03F8, 0x08, 0x08)
                        IRQNoFlags () {4}
                    })
                }
                Device (COM2)
                {
                    Name (_HID, EisaId ("PNP0501"))
                    Name (_UID, 0x02)
                    OperationRegion (MCRR, SystemIO, 0x02FC, 0x01)
                    Field (MCRR, ByteAcc, NoLock, Preserve) { MCTL, 8 }
                    Method (_STA, 0, NotSerialized)
                    {
                        If (LEqual (MCTL, 0xFF))
                        {
                            Return (Zero)
                        }
                        Return (0x0F)
                    }
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x02F8, 0x02F8, 0x08, 0x08)
                        IRQNoFlags () {3}
                    })
                }
                Device (COM3)
                {
                    Name (_HID, EisaId ("PNP0501"))
                    Name (_UID, 0x03)
                    OperationRegion (MCRR, SystemIO, 0x03EC, 0x01)
                    Field (MCRR, ByteAcc, NoLock, Preserve) { MCTL, 8 }
                    Method (_STA, 0, NotSerialized)
                    {
                        If (LEqual (MCTL, 0xFF))
                        {
                            Return (Zero)
                        }
                        Return (0x0F)
                    }
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x03E8, 0x03E8, 0x08, 0x08)
                        IRQNoFlags () {4}
                    })
                }
                Device (COM4)
                {
                    Name (_HID, EisaId ("PNP0501"))
                    Name (_UID, 0x04)
                    OperationRegion (MCRR, SystemIO, 0x02EC, 0x01)
                    Field (MCRR, ByteAcc, NoLock, Preserve) { MCTL, 8 }
                    Method (_STA, 0, NotSerialized)
                    {
                        If (LEqual (MCTL, 0xFF))
                        {
                            Return (Zero)
                        }
                        Return (0x0F)
                    }
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x02E8, 0x02E8, 0x08, 0x08)
                        IRQNoFlags () {3}
                    })
                }
            }
        }

        // One PIRQ link: its route lies in the ISA bridge's PIRQRC registers.
        Include ("links.asl")
    }
}
