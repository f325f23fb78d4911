// SPDX-License-Identifier: GPL-2.0-or-later
// How many million guest instructions a second the interpreter runs, for a few small programs.
#include "emulate/test_machine.hpp"

#include <array>
#include <cstdio>
#include <ctime>
#include <string>

namespace {

using namespace windsor;
using emulate::testing::TestMachine;
using emulate::testing::kCode;
namespace r = asmjit::x86;

constexpr std::uint64_t kArray = 0x100000;

struct Program {
    const char* name;
    bool wide;
    void (*write)(r::Assembler& a);
};

// Additions, logic and a branch that is taken every other time.
void alu_and_branches(r::Assembler& a)
{
    const auto loop = a.newLabel();
    const auto even = a.newLabel();
    a.mov(r::ecx, 5'000'000);
    a.bind(loop);
    a.add(r::eax, r::ecx);
    a.xor_(r::edx, r::eax);
    a.test(r::ecx, 1);
    a.jz(even);
    a.lea(r::ebx, r::ptr(r::eax, r::ecx, 2, 5));
    a.shr(r::edx, 3);
    a.bind(even);
    a.sub(r::esi, r::ebx);
    a.dec(r::ecx);
    a.jnz(loop);
    a.hlt();
}

// A word copied and changed in a loop.
void copy_loop(r::Assembler& a)
{
    const auto again = a.newLabel();
    const auto loop = a.newLabel();
    a.mov(r::ebx, 100);
    a.bind(again);
    a.mov(r::esi, kArray);
    a.mov(r::edi, kArray + 0x100000);
    a.mov(r::ecx, 0x10000);
    a.bind(loop);
    a.mov(r::eax, r::dword_ptr(r::esi));
    a.add(r::eax, 1);
    a.mov(r::dword_ptr(r::edi), r::eax);
    a.add(r::esi, 4);
    a.add(r::edi, 4);
    a.dec(r::ecx);
    a.jnz(loop);
    a.dec(r::ebx);
    a.jnz(again);
    a.hlt();
}

// Recursion: calls, returns, pushes, pops and compares, as in compiled code.
void fibonacci(r::Assembler& a)
{
    const auto fib = a.newLabel();
    const auto small = a.newLabel();
    const bool wide = a.is64Bit();
    const r::Gp ax = wide ? r::Gp(r::rax) : r::Gp(r::eax);
    const r::Gp bx = wide ? r::Gp(r::rbx) : r::Gp(r::ebx);
    a.mov(r::eax, 30);
    a.call(fib);
    a.hlt();
    a.bind(fib);
    a.cmp(r::eax, 2);
    a.jb(small);
    a.push(bx);
    a.push(ax);
    a.sub(r::eax, 1);
    a.call(fib);
    a.mov(r::ebx, r::eax);
    a.pop(ax);
    a.sub(r::eax, 2);
    a.call(fib);
    a.add(r::eax, r::ebx);
    a.pop(bx);
    a.bind(small);
    a.ret();
}

// Insertion sort of pseudo-random words, over and over: loads, compares, stores and hard branches.
void sort(r::Assembler& a)
{
    const auto again = a.newLabel();
    const auto fill = a.newLabel();
    const auto outer = a.newLabel();
    const auto inner = a.newLabel();
    const auto placed = a.newLabel();
    a.mov(r::ebp, 60);
    a.bind(again);
    a.mov(r::ecx, 0);
    a.bind(fill);
    a.imul(r::eax, r::eax, 1103515245);
    a.add(r::eax, 12345);
    a.mov(r::edx, r::eax);
    a.shr(r::edx, 8);
    a.mov(r::dword_ptr(r::ecx, kArray), r::edx);
    a.add(r::ecx, 4);
    a.cmp(r::ecx, 2000);
    a.jb(fill);
    a.mov(r::ecx, 4);
    a.bind(outer);
    a.mov(r::edx, r::dword_ptr(r::ecx, kArray));
    a.mov(r::edi, r::ecx);
    a.bind(inner);
    a.mov(r::ebx, r::dword_ptr(r::edi, kArray - 4));
    a.cmp(r::ebx, r::edx);
    a.jbe(placed);
    a.mov(r::dword_ptr(r::edi, kArray), r::ebx);
    a.sub(r::edi, 4);
    a.jnz(inner);
    a.bind(placed);
    a.mov(r::dword_ptr(r::edi, kArray), r::edx);
    a.add(r::ecx, 4);
    a.cmp(r::ecx, 2000);
    a.jb(outer);
    a.dec(r::ebp);
    a.jnz(again);
    a.hlt();
}

// Bytes hashed: movzx, multiply, rotate, memory operands.
void hash(r::Assembler& a)
{
    const auto again = a.newLabel();
    const auto loop = a.newLabel();
    a.mov(r::ebp, 40);
    a.bind(again);
    a.mov(r::esi, kArray);
    a.mov(r::ecx, 0x10000);
    a.bind(loop);
    a.movzx(r::edx, r::byte_ptr(r::esi));
    a.xor_(r::eax, r::edx);
    a.imul(r::eax, r::eax, 16777619);
    a.rol(r::eax, 5);
    a.add(r::dword_ptr(r::esi, 0x100000), r::eax);
    a.inc(r::esi);
    a.cmp(r::esi, kArray + 0x10000);
    a.jb(loop);
    a.dec(r::ebp);
    a.jnz(again);
    a.hlt();
}

double measure(const Program& program)
{
    TestMachine machine;
    machine.assemble(kCode, program.wide, program.write);
    const vcpu::CpuState state = program.wide ? machine.flat64() : machine.flat32();
    const std::clock_t begin = std::clock(); // processor time: the host may be busy with other things
    machine.run(state);
    const double took = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    const auto count = static_cast<double>(machine.cpu.statistics().instructions);
    const double mips = count / took / 1e6;
    std::printf("%-22s %s %8.1f M instructions %7.1f MIPS\n", program.name, program.wide ? "64" : "32", count / 1e6,
                mips);
    return mips;
}

} // namespace

int main(int argc, char** argv)
{
    constexpr auto programs = std::to_array<Program>({
        {"alu and branches", false, alu_and_branches},
        {"copy loop", false, copy_loop},
        {"calls (fibonacci)", false, fibonacci},
        {"calls (fibonacci)", true, fibonacci},
        {"insertion sort", false, sort},
        {"hash of bytes", false, hash},
    });
    for (const Program& program : programs) {
        if (argc < 2 || std::string{program.name}.find(argv[1]) != std::string::npos) {
            measure(program);
        }
    }
    return 0;
}
