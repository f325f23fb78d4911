// SPDX-License-Identifier: GPL-2.0-or-later
#include "translate/emit/stubs.hpp"

namespace windsor::translate {

namespace {

// The System V ABI says that functions preserve these registers. They are pushed in this order.
constexpr auto kSaved = std::to_array<Reg>({Reg::Rbp, Reg::Rbx, Reg::R12, Reg::R13, Reg::R14, Reg::R15});

class Writer {
public:
    Writer(Assembler assembler, const Frame& frame, const emulate::Cpu& cpu, Reach reach)
        : a_{assembler}, frame_{frame}, cpu_{cpu}, reach_{reach}
    {
    }

    std::uint8_t* write(Stubs& stubs)
    {
        const std::uint8_t* enter = a_.address();
        write_enter();
        stubs.leave = a_.address();
        write_leave();
        stubs.cross = a_.address();
        a_.store(cell(&cpu_.s.rip), kTemp0);
        stubs.help = a_.address();
        write_help();
        stubs.give_up = a_.address();
        write_give_up();
        stubs.enter = reinterpret_cast<decltype(stubs.enter)>(reinterpret_cast<std::uintptr_t>(enter));
        a_.align();
        return a_.position();
    }

private:
    Mem cell(const void* at) const
    {
        const auto distance = static_cast<const std::uint8_t*>(at) - reinterpret_cast<const std::uint8_t*>(&frame_);
        return {.base = kFrame, .displacement = static_cast<std::int32_t>(distance)};
    }
    template <typename Visit> void each_register(Visit visit)
    {
        for (unsigned guest = 0; guest < x86::kGprCount; ++guest) {
            if (!in_memory(guest)) {
                visit(host_register(guest), cell(&cpu_.s.gpr[guest]));
            }
        }
    }
    void store_registers()
    {
        each_register([&](Reg reg, const Mem& at) {
            if (reg != kWindow || reach_ == Reach::Lookups) {
                a_.store(at, reg);
            }
        });
    }
    void load_registers()
    {
        each_register([&](Reg reg, const Mem& at) { a_.load(reg, reg == kWindow ? cell(&frame_.window) : at); });
    }
    void push(Reg reg)
    {
        a_.rex(Width::Dword, 0, 0, number(reg));
        a_.byte(0x50 | (number(reg) & 7));
    }
    void pop(Reg reg)
    {
        a_.rex(Width::Dword, 0, 0, number(reg));
        a_.byte(0x58 | (number(reg) & 7));
    }
    // Writes MOVUPS of all XMM registers. The opcode 0F 10 loads, and 0F 11 stores.
    void move_xmm(unsigned opcode)
    {
        for (unsigned i = 0; i < 16; ++i) {
            a_.rex(Width::Dword, i, 0, 0);
            a_.bytes({0x0f, static_cast<std::uint8_t>(opcode)});
            a_.modrm_memory(i, cell(&cpu_.s.fx.xmm[i]));
        }
    }
    // Stores the upper halves of all YMM registers by VEXTRACTF128, opcode 19, or loads them by VINSERTF128, opcode 18.
    void move_ymm_high(unsigned opcode)
    {
        for (unsigned i = 0; i < 16; ++i) {
            const unsigned source = opcode == 0x18 ? i : 0;
            a_.bytes({0xc4, static_cast<std::uint8_t>((i < 8 ? 0x80 : 0) | 0x63),
                      static_cast<std::uint8_t>((~source & 15) << 3 | 5), static_cast<std::uint8_t>(opcode)});
            a_.modrm_memory(i, cell(&cpu_.s.ymm_high[i]));
            a_.byte(1);
        }
    }
    // Writes LDMXCSR, which is 0F AE /2, or STMXCSR, which is 0F AE /3.
    void mxcsr(unsigned extension, const std::uint32_t& at)
    {
        a_.bytes({0x0f, 0xae});
        a_.modrm_memory(extension, cell(&at));
    }
    void store_sse()
    {
        a_.cmp_byte(cell(&frame_.sse_live), 0);
        std::uint8_t* skip = a_.jcc(Cond::E);
        move_xmm(0x11);
        mxcsr(3, cpu_.s.fx.mxcsr);
        mxcsr(2, frame_.host_mxcsr);
        a_.cmp_byte(cell(&frame_.avx_live), 0);
        std::uint8_t* narrow = a_.jcc(Cond::E);
        move_ymm_high(0x19);
        a_.bytes({0xc5, 0xf8, 0x77}); // vzeroupper
        a_.bind(narrow);
        a_.bind(skip);
    }
    void load_sse()
    {
        a_.cmp_byte(cell(&frame_.sse_live), 0);
        std::uint8_t* skip = a_.jcc(Cond::E);
        move_xmm(0x10);
        mxcsr(2, cpu_.s.fx.mxcsr);
        a_.cmp_byte(cell(&frame_.avx_live), 0);
        std::uint8_t* narrow = a_.jcc(Cond::E);
        move_ymm_high(0x18);
        a_.bind(narrow);
        a_.bind(skip);
    }
    // Loads the guest's flags into the host's register. ADD sets OF if AL is 1, and SAHF sets the rest. Uses RAX.
    void load_flags()
    {
        a_.load_zero_extended16(Reg::Rax, cell(&frame_.flags));
        a_.bytes({0x04, 0x7f}); // add al, 0x7f
        a_.sahf();
    }

    void write_enter()
    {
        for (const Reg reg : kSaved) {
            push(reg);
        }
        a_.alu(Alu::Sub, Reg::Rsp, 8);
        a_.store({.base = Reg::Rdi, .displacement = cell(&frame_.host_rsp).displacement}, Reg::Rsp);
        a_.mov(kFrame, Reg::Rdi);
        a_.store(cell(&frame_.target), Reg::Rsi);
        load_registers();
        a_.jmp(cell(&frame_.target));
    }

    void return_to_host()
    {
        a_.load(Reg::Rsp, cell(&frame_.host_rsp));
        a_.alu(Alu::Add, Reg::Rsp, 8);
        for (auto reg = kSaved.rbegin(); reg != kSaved.rend(); ++reg) {
            pop(*reg);
        }
        a_.byte(0xc3);
    }

    void write_leave()
    {
        a_.store(cell(&cpu_.s.rip), kTemp0);
        store_registers();
        store_sse();
        a_.store_byte(cell(&frame_.sse_live), 0);
        a_.store_byte(cell(&frame_.avx_live), 0);
        return_to_host();
    }

    void write_help()
    {
        store_registers();
        store_sse();
        a_.mov(Reg::Rbx, kFrame);
        a_.load(Reg::Rdi, cell(&frame_.self));
        a_.mov32(Reg::Rsi, kTemp1);
        a_.load(Reg::Rsp, cell(&frame_.host_rsp));
        a_.byte(0xff); // call [rbx + helper]
        a_.modrm_memory(2, {.base = Reg::Rbx, .displacement = cell(&frame_.helper).displacement});
        a_.mov(kFrame, Reg::Rbx);
        a_.bytes({0x48, 0x85, 0xc0}); // test rax, rax
        std::uint8_t* stop = a_.jcc(Cond::E);
        a_.store(cell(&frame_.target), Reg::Rax);
        load_sse();
        load_flags();
        load_registers();
        a_.load(kTemp0, cell(&frame_.kept));
        a_.jmp(cell(&frame_.target));
        a_.bind(stop);
        a_.store_byte(cell(&frame_.sse_live), 0);
        a_.store_byte(cell(&frame_.avx_live), 0);
        return_to_host();
    }

    void write_give_up()
    {
        a_.cmp_byte(cell(&frame_.sse_live), 0);
        std::uint8_t* skip = a_.jcc(Cond::E);
        mxcsr(2, frame_.host_mxcsr);
        a_.cmp_byte(cell(&frame_.avx_live), 0);
        std::uint8_t* narrow = a_.jcc(Cond::E);
        a_.bytes({0xc5, 0xf8, 0x77}); // vzeroupper
        a_.bind(narrow);
        a_.bind(skip);
        a_.store_byte(cell(&frame_.sse_live), 0);
        a_.store_byte(cell(&frame_.avx_live), 0);
        return_to_host();
    }

    Assembler a_;
    const Frame& frame_;
    const emulate::Cpu& cpu_;
    Reach reach_;
};

} // namespace

std::uint8_t* write_stubs(Assembler assembler, const Frame& frame, const emulate::Cpu& cpu, Reach reach, Stubs& stubs)
{
    return Writer{assembler, frame, cpu, reach}.write(stubs);
}

} // namespace windsor::translate
