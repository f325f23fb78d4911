// SPDX-License-Identifier: GPL-2.0-or-later
// A processor in a saved state, whatever engine runs it.
#pragma once

#include "vcpu/state.hpp"

namespace windsor::x86 {

template <typename Archive> void describe(Archive& archive, Attributes& attributes)
{
    archive.field("type", attributes.type);
    archive.field("s", attributes.s);
    archive.field("dpl", attributes.dpl);
    archive.field("p", attributes.p);
    archive.field("avl", attributes.avl);
    archive.field("l", attributes.l);
    archive.field("db", attributes.db);
    archive.field("g", attributes.g);
}

template <typename Archive> void describe(Archive& archive, Segment& segment)
{
    archive.field("selector", segment.selector);
    archive.field("base", segment.base);
    archive.field("limit", segment.limit);
    archive.field("attributes", segment.attributes);
    archive.field("unusable", segment.unusable);
}

template <typename Archive> void describe(Archive& archive, DescriptorTable& table)
{
    archive.field("base", table.base);
    archive.field("limit", table.limit);
}

template <typename Archive> void describe(Archive& archive, FxArea& fx)
{
    archive.field("fcw", fx.fcw);
    archive.field("fsw", fx.fsw);
    archive.field("ftw", fx.ftw);
    archive.field("reserved", fx.reserved);
    archive.field("fop", fx.fop);
    archive.field("fip", fx.fip);
    archive.field("fdp", fx.fdp);
    archive.field("mxcsr", fx.mxcsr);
    archive.field("mxcsr_mask", fx.mxcsr_mask);
    archive.field("st", fx.st);
    archive.field("xmm", fx.xmm);
    archive.field("unused", fx.unused);
}

} // namespace windsor::x86

namespace windsor::vcpu {

template <typename Archive> void describe(Archive& archive, Mtrrs& mtrrs)
{
    archive.field("default_type", mtrrs.default_type);
    archive.field("fixed", mtrrs.fixed);
    archive.field("variable", mtrrs.variable);
}

template <typename Archive> void describe(Archive& archive, MachineCheckBanks& banks)
{
    archive.field("control", banks.control);
    archive.field("address", banks.address);
    archive.field("misc", banks.misc);
}

template <typename Archive> void describe(Archive& archive, CpuState& cpu)
{
    archive.field("gpr", cpu.gpr);
    archive.field("rip", cpu.rip);
    archive.field("rflags", cpu.rflags);
    archive.field("segments", cpu.segments);
    archive.field("ldtr", cpu.ldtr);
    archive.field("tr", cpu.tr);
    archive.field("gdtr", cpu.gdtr);
    archive.field("idtr", cpu.idtr);
    archive.field("cr0", cpu.cr0);
    archive.field("cr2", cpu.cr2);
    archive.field("cr3", cpu.cr3);
    archive.field("cr4", cpu.cr4);
    archive.field("xcr0", cpu.xcr0);
    archive.field("dr", cpu.dr);
    archive.field("dr6", cpu.dr6);
    archive.field("dr7", cpu.dr7);
    archive.field("pdptes", cpu.pdptes);
    archive.field("efer", cpu.efer);
    archive.field("star", cpu.star);
    archive.field("lstar", cpu.lstar);
    archive.field("cstar", cpu.cstar);
    archive.field("fmask", cpu.fmask);
    archive.field("kernel_gs_base", cpu.kernel_gs_base);
    archive.field("sysenter_cs", cpu.sysenter_cs);
    archive.field("sysenter_esp", cpu.sysenter_esp);
    archive.field("sysenter_eip", cpu.sysenter_eip);
    archive.field("pat", cpu.pat);
    archive.field("misc_enable", cpu.misc_enable);
    archive.field("tsc_aux", cpu.tsc_aux);
    archive.field("tsc_offset", cpu.tsc_offset);
    archive.field("tsc_adjust", cpu.tsc_adjust);
    archive.field("mcg_status", cpu.mcg_status);
    archive.field("mtrrs", cpu.mtrrs);
    archive.field("fx", cpu.fx);
    archive.field("ymm_high", cpu.ymm_high);
    archive.field("fcs", cpu.fcs);
    archive.field("fds", cpu.fds);
    archive.field("sti_shadow", cpu.sti_shadow);
    archive.field("mov_ss_shadow", cpu.mov_ss_shadow);
    archive.field("nmi_blocked", cpu.nmi_blocked);
    archive.choice("activity", cpu.activity, Activity::Shutdown);
    archive.optional("machine_checks", cpu.machine_checks);
}

} // namespace windsor::vcpu
