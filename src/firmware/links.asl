// SPDX-License-Identifier: GPL-2.0-or-later
Device (LNKA)
{
    Name (_HID, EisaId ("PNP0C0F"))
    Name (_UID, 1)
    Name (_PRS, ResourceTemplate ()
    {
        IRQ (Level, ActiveLow, Shared) {5, 10, 11}
    })
    Name (BUF, ResourceTemplate ()
    {
        IRQ (Level, ActiveLow, Shared) {0}
    })
    Method (_STA, 0, NotSerialized)
    {
        If (And (\_SB.PCI0.ISA.PRQA, 0x80))
        {
            Return (0x09)
        }
        Return (0x0B)
    }
    Method (_DIS, 0, NotSerialized)
    {
        Or (\_SB.PCI0.ISA.PRQA, 0x80, \_SB.PCI0.ISA.PRQA)
    }
    Method (_CRS, 0, NotSerialized)
    {
        CreateWordField (BUF, 0x01, IRQW)
        Store (Zero, IRQW)
        If (LNot (And (\_SB.PCI0.ISA.PRQA, 0x80)))
        {
            Store (ShiftLeft (One, And (\_SB.PCI0.ISA.PRQA, 0x0F)), IRQW)
        }
        Return (BUF)
    }
    Method (_SRS, 1, NotSerialized)
    {
        CreateWordField (Arg0, 0x01, IRQW)
        FindSetRightBit (IRQW, Local0)
        If (Local0)
        {
            Subtract (Local0, One, Local0)
            Store (Local0, \_SB.PCI0.ISA.PRQA)
        }
    }
}
Device (LNKB)
{
    Name (_HID, EisaId ("PNP0C0F"))
    Name (_UID, 2)
    Name (_PRS, ResourceTemplate ()
    {
        IRQ (Level, ActiveLow, Shared) {5, 10, 11}
    })
    Name (BUF, ResourceTemplate ()
    {
        IRQ (Level, ActiveLow, Shared) {0}
    })
    Method (_STA, 0, NotSerialized)
    {
        If (And (\_SB.PCI0.ISA.PRQB, 0x80))
        {
            Return (0x09)
        }
        Return (0x0B)
    }
    Method (_DIS, 0, NotSerialized)
    {
        Or (\_SB.PCI0.ISA.PRQB, 0x80, \_SB.PCI0.ISA.PRQB)
    }
    Method (_CRS, 0, NotSerialized)
    {
        CreateWordField (BUF, 0x01, IRQW)
        Store (Zero, IRQW)
        If (LNot (And (\_SB.PCI0.ISA.PRQB, 0x80)))
        {
            Store (ShiftLeft (One, And (\_SB.PCI0.ISA.PRQB, 0x0F)), IRQW)
        }
        Return (BUF)
    }
    Method (_SRS, 1, NotSerialized)
    {
        CreateWordField (Arg0, 0x01, IRQW)
        FindSetRightBit (IRQW, Local0)
        If (Local0)
        {
            Subtract (Local0, One, Local0)
            Store (Local0, \_SB.PCI0.ISA.PRQB)
        }
    }
}
Device (LNKC)
{
    Name (_HID, EisaId ("PNP0C0F"))
    Name (_UID, 3)
    Name (_PRS, ResourceTemplate ()
    {
        IRQ (Level, ActiveLow, Shared) {5, 10, 11}
    })
    Name (BUF, ResourceTemplate ()
    {
        IRQ (Level, ActiveLow, Shared) {0}
    })
    Method (_STA, 0, NotSerialized)
    {
        If (And (\_SB.PCI0.ISA.PRQC, 0x80))
        {
            Return (0x09)
        }
        Return (0x0B)
    }
    Method (_DIS, 0, NotSerialized)
    {
        Or (\_SB.PCI0.ISA.PRQC, 0x80, \_SB.PCI0.ISA.PRQC)
    }
    Method (_CRS, 0, NotSerialized)
    {
        CreateWordField (BUF, 0x01, IRQW)
        Store (Zero, IRQW)
        If (LNot (And (\_SB.PCI0.ISA.PRQC, 0x80)))
        {
            Store (ShiftLeft (One, And (\_SB.PCI0.ISA.PRQC, 0x0F)), IRQW)
        }
        Return (BUF)
    }
    Method (_SRS, 1, NotSerialized)
    {
        CreateWordField (Arg0, 0x01, IRQW)
        FindSetRightBit (IRQW, Local0)
        If (Local0)
        {
            Subtract (Local0, One, Local0)
            Store (Local0, \_SB.PCI0.ISA.PRQC)
        }
    }
}
Device (LNKD)
{
    Name (_HID, EisaId ("PNP0C0F"))
    Name (_UID, 4)
    Name (_PRS, ResourceTemplate ()
    {
        IRQ (Level, ActiveLow, Shared) {5, 10, 11}
    })
    Name (BUF, ResourceTemplate ()
    {
        IRQ (Level, ActiveLow, Shared) {0}
    })
    Method (_STA, 0, NotSerialized)
    {
        If (And (\_SB.PCI0.ISA.PRQD, 0x80))
        {
            Return (0x09)
        }
        Return (0x0B)
    }
    Method (_DIS, 0, NotSerialized)
    {
        Or (\_SB.PCI0.ISA.PRQD, 0x80, \_SB.PCI0.ISA.PRQD)
    }
    Method (_CRS, 0, NotSerialized)
    {
        CreateWordField (BUF, 0x01, IRQW)
        Store (Zero, IRQW)
        If (LNot (And (\_SB.PCI0.ISA.PRQD, 0x80)))
        {
            Store (ShiftLeft (One, And (\_SB.PCI0.ISA.PRQD, 0x0F)), IRQW)
        }
        Return (BUF)
    }
    Method (_SRS, 1, NotSerialized)
    {
        CreateWordField (Arg0, 0x01, IRQW)
        FindSetRightBit (IRQW, Local0)
        If (Local0)
        {
            Subtract (Local0, One, Local0)
            Store (Local0, \_SB.PCI0.ISA.PRQD)
        }
    }
}
