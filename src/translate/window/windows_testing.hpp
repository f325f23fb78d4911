// SPDX-License-Identifier: GPL-2.0-or-later
// These tests run 32-bit programs in user mode whose address spaces have windows, and a small kernel that changes their
// page tables. All must end as on the interpreter.
#pragma once

#include "translate/test_machine.hpp"

#include <array>
#include <functional>
#include <string>

namespace windsor::translate::testing {

namespace x = asmjit::x86;
namespace pte = x86::pte;
using conformance::kGdt;
using conformance::kMmio;
using x86::Seg;

constexpr std::uint64_t kKernel = 0x28000; // INT 80h leads here
constexpr std::uint64_t kKernelStack = 0x90000;
constexpr std::uint64_t kTss = 0x3000;
constexpr std::uint64_t kOtherTables = 0x18000; // these page tables make a second address space
constexpr std::uint64_t kPages = 0x200000;      // the linear address of pages that tests map as they like
constexpr std::uint64_t kFrames = 0x300000;     // the physical address of what these are usually mapped to at first
constexpr std::uint64_t kMmioPage = 0x3f0000;   // the linear address of a page that belongs to a device

using Writer = std::function<void(x::Assembler&)>;

class WindowMachine : public Machine {
public:
    explicit WindowMachine(const Windows::Options& windows)
        : Machine{[=](const vcpu::EngineParts& parts) {
              return Translator::create(parts, verified({.code_bytes = kUsualCode, .windows = windows})).value();
          }}
    {
    }
    std::uint64_t counter(std::string_view name) const
    {
        for (const vcpu::Counter& counter : engine->counters()) {
            if (counter.name == name) {
                return counter.value;
            }
        }
        ADD_FAILURE() << "no counter " << name;
        return 0;
    }
};

// This says how 32-bit programs find their pages.
enum class Paging : std::uint8_t { TwoLevel, Pae, Long };

inline std::string name_of(const ::testing::TestParamInfo<Paging>& paging)
{
    return paging.param == Paging::TwoLevel ? "TwoLevel" : paging.param == Paging::Pae ? "Pae" : "Long";
}

class TranslatorWindows : public ::testing::TestWithParam<Paging> {
protected:
    static bool wide() { return GetParam() != Paging::TwoLevel; }
    // Returns the address of the entry of a linear page below 4 MiB in the page tables at `tables`.
    static std::uint64_t pte_at(std::uint64_t linear, std::uint64_t tables = kTables)
    {
        return tables + 0x3000 + (linear >> 12) * (wide() ? 8 : 4);
    }
    static void put_entry(Machine& m, std::uint64_t at, std::uint64_t value)
    {
        wide() ? m.put<std::uint64_t>(at, value) : m.put<std::uint32_t>(at, static_cast<std::uint32_t>(value));
    }
    // Writes page tables: at `tables` are the PML4, the PDPT and the directory, a page each, and then the page tables
    // of the first 4 MiB.
    static void make_tables(Machine& m, std::uint64_t tables)
    {
        m.put<std::uint64_t>(tables, (tables + 0x1000) | 7);
        m.put<std::uint64_t>(tables + 0x1000, (tables + 0x2000) | (GetParam() == Paging::Pae ? 1 : 7));
        put_entry(m, tables + 0x2000, (tables + 0x3000) | 7);
        if (wide()) {
            put_entry(m, tables + 0x2008, (tables + 0x4000) | 7);
        }
        for (std::uint64_t page = 0; page < 1024; ++page) {
            put_entry(m, pte_at(page << 12, tables), page << 12 | 7);
        }
        put_entry(m, pte_at(kMmioPage, tables), kMmio | 7);
    }
    static std::uint64_t cr3_of(std::uint64_t tables)
    {
        return tables + (GetParam() == Paging::Long ? 0 : GetParam() == Paging::Pae ? 0x1000 : 0x2000);
    }
    static void put_gate(Machine& m, unsigned vector, std::uint64_t handler)
    {
        if (GetParam() == Paging::Long) {
            m.put<std::uint64_t>(kIdt + 16 * vector,
                                 (handler & 0xffff) | 0x80000 | (handler >> 16) << 48 | 0xee0000000000);
            m.put<std::uint64_t>(kIdt + 16 * vector + 8, 0);
        } else {
            m.put<std::uint64_t>(kIdt + 8 * vector,
                                 (handler & 0xffff) | 0x80000 | (handler >> 16) << 48 | 0xee0000000000);
        }
    }
    // Returns a state in user mode at kCode with flat segments. INT 80h leads to the kernel, and every other vector to
    // a handler that halts.
    static vcpu::CpuState user(Machine& m)
    {
        vcpu::CpuState state = GetParam() == Paging::Long ? m.flat64() : m.flat32();
        make_tables(m, kTables);
        make_tables(m, kOtherTables);
        m.put<std::uint64_t>(kGdt + 24, 0x00cffb000000ffff);
        m.put<std::uint64_t>(kGdt + 32, 0x00cff3000000ffff);
        for (unsigned vector = 0; vector < 256; ++vector) {
            put_gate(m, vector, kHandlers + 4 * vector);
        }
        put_gate(m, 0x80, kKernel);
        GetParam() == Paging::Long ? m.put<std::uint64_t>(kTss + 4, kKernelStack)
                                   : m.put<std::uint64_t>(kTss + 4, kKernelStack | 16ull << 32);
        state.tr = {.selector = 0x28, .base = kTss, .limit = 0x67, .attributes = x86::Attributes::from_word(0x8b)};
        for (const Seg seg : {Seg::Ds, Seg::Es, Seg::Ss, Seg::Fs, Seg::Gs}) {
            state.segment(seg) = {
                .selector = 0x23, .base = 0, .limit = 0xffffffff, .attributes = x86::Attributes::from_word(0xc0f3)};
        }
        state.segment(Seg::Cs) = {
            .selector = 0x1b, .base = 0, .limit = 0xffffffff, .attributes = x86::Attributes::from_word(0xc0fb)};
        state.cr3 = cr3_of(kTables);
        state.cr0 |= x86::cr0::kPg | x86::cr0::kWp;
        state.cr4 |= (wide() ? x86::cr4::kPae : 0) | x86::cr4::kOsfxsr;
        if (GetParam() == Paging::Pae) {
            state.pdptes = {m.get<std::uint64_t>(kTables + 0x1000), 0, 0, 0};
        }
        state.fx.fcw = 0x37f;
        state.rflags |= x86::rflags::kIf;
        return state;
    }
    // Writes a kernel that does its work and returns. It may use RDI and RSI.
    static void assemble_kernel(Machine& m, const Writer& work)
    {
        const bool long_mode = GetParam() == Paging::Long;
        m.assemble(kKernel, long_mode, [&](x::Assembler& a) {
            a.push(a.zdi());
            a.push(a.zsi());
            work(a);
            a.pop(a.zsi());
            a.pop(a.zdi());
            long_mode ? a.iretq() : a.iretd();
        });
    }
    static void put_entry(x::Assembler& a, std::uint64_t at, std::uint64_t value)
    {
        a.mov(x::dword_ptr(at), static_cast<std::uint32_t>(value));
    }
    static void reload(x::Assembler& a)
    {
        a.mov(a.zdi(), x::cr3);
        a.mov(x::cr3, a.zdi());
    }
    static void invalidate(x::Assembler& a, std::uint64_t linear)
    {
        a.mov(x::edi, linear);
        a.invlpg(x::byte_ptr(a.zdi()));
    }

    // Runs a program on both engines. The kernel may be nothing.
    void run(const Writer& program, const Writer& kernel = {},
             const std::function<void(Machine&, vcpu::CpuState&)>& prepare = {})
    {
        expect_same(interpreter, windows, [&](Machine& m) {
            vcpu::CpuState state = user(m);
            if (kernel) {
                assemble_kernel(m, kernel);
            }
            m.assemble(kCode, false, [&](x::Assembler& a) {
                program(a);
                a.int_(0x81);
            });
            if (prepare) {
                prepare(m, state);
            }
            return state;
        });
    }
    void expect_done() { EXPECT_EQ(interpreter.vector(), 0x81u) << "the program has not come to its end"; }

    static constexpr Windows::Options kEager{.warm = 0, .tick = 0};
    emulate::testing::TestMachine interpreter;
    WindowMachine windows{kEager};
};

} // namespace windsor::translate::testing
