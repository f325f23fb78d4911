// SPDX-License-Identifier: GPL-2.0-or-later
#include "emulate/core/offered.hpp"

#include "vcpu/host_features.hpp"

#include <array>

namespace windsor::emulate {

namespace {

enum class Word : std::uint8_t { Leaf1C, Leaf1D, Leaf7B, LeafD1A, Ext1C, Ext1D };

struct Feature {
    ZydisISASet set;
    Word word;
    unsigned bit;
};

// Bits of CPUID, SDM volume 2A and AMD64 APM volume 3 appendix E.
constexpr auto kFeatures = std::to_array<Feature>({
    {ZYDIS_ISA_SET_X87, Word::Leaf1D, 0},
    {ZYDIS_ISA_SET_CMOV, Word::Leaf1D, 15},
    {ZYDIS_ISA_SET_FCMOV, Word::Leaf1D, 15},
    {ZYDIS_ISA_SET_CLFSH, Word::Leaf1D, 19},
    {ZYDIS_ISA_SET_PENTIUMMMX, Word::Leaf1D, 23},
    {ZYDIS_ISA_SET_FXSAVE, Word::Leaf1D, 24},
    {ZYDIS_ISA_SET_FXSAVE64, Word::Leaf1D, 24},
    {ZYDIS_ISA_SET_SSE, Word::Leaf1D, 25},
    {ZYDIS_ISA_SET_SSEMXCSR, Word::Leaf1D, 25},
    {ZYDIS_ISA_SET_SSE_PREFETCH, Word::Leaf1D, 25},
    {ZYDIS_ISA_SET_SSE2, Word::Leaf1D, 26},
    {ZYDIS_ISA_SET_SSE2MMX, Word::Leaf1D, 26},
    {ZYDIS_ISA_SET_SSE3, Word::Leaf1C, 0},
    {ZYDIS_ISA_SET_SSE3X87, Word::Leaf1C, 0},
    {ZYDIS_ISA_SET_PCLMULQDQ, Word::Leaf1C, 1},
    {ZYDIS_ISA_SET_MONITOR, Word::Leaf1C, 3},
    {ZYDIS_ISA_SET_SSSE3, Word::Leaf1C, 9},
    {ZYDIS_ISA_SET_SSSE3MMX, Word::Leaf1C, 9},
    {ZYDIS_ISA_SET_CMPXCHG16B, Word::Leaf1C, 13},
    {ZYDIS_ISA_SET_SSE4, Word::Leaf1C, 19},
    {ZYDIS_ISA_SET_SSE42, Word::Leaf1C, 20},
    {ZYDIS_ISA_SET_MOVBE, Word::Leaf1C, 22},
    {ZYDIS_ISA_SET_POPCNT, Word::Leaf1C, 23},
    {ZYDIS_ISA_SET_AES, Word::Leaf1C, 25},
    {ZYDIS_ISA_SET_XSAVE, Word::Leaf1C, 26},
    {ZYDIS_ISA_SET_FMA, Word::Leaf1C, 12},
    {ZYDIS_ISA_SET_AVX, Word::Leaf1C, 28},
    {ZYDIS_ISA_SET_F16C, Word::Leaf1C, 29},
    {ZYDIS_ISA_SET_AVX2, Word::Leaf7B, 5},
    {ZYDIS_ISA_SET_AVX2GATHER, Word::Leaf7B, 5},
    {ZYDIS_ISA_SET_XSAVEOPT, Word::LeafD1A, 0},
    {ZYDIS_ISA_SET_XSAVEC, Word::LeafD1A, 1},
    {ZYDIS_ISA_SET_RDRAND, Word::Leaf1C, 30},
    {ZYDIS_ISA_SET_RDWRFSGS, Word::Leaf7B, 0},
    {ZYDIS_ISA_SET_BMI1, Word::Leaf7B, 3},
    {ZYDIS_ISA_SET_BMI2, Word::Leaf7B, 8},
    {ZYDIS_ISA_SET_INVPCID, Word::Leaf7B, 10},
    {ZYDIS_ISA_SET_RDSEED, Word::Leaf7B, 18},
    {ZYDIS_ISA_SET_ADOX_ADCX, Word::Leaf7B, 19},
    {ZYDIS_ISA_SET_SMAP, Word::Leaf7B, 20},
    {ZYDIS_ISA_SET_CLFLUSHOPT, Word::Leaf7B, 23},
    {ZYDIS_ISA_SET_LZCNT, Word::Ext1C, 5},
    {ZYDIS_ISA_SET_RDTSCP, Word::Ext1D, 27},
    {ZYDIS_ISA_SET_LONGMODE, Word::Ext1D, 29},
});

// Every processor that has long mode has these, and CPUID does not list them, or they are not worth hiding.
constexpr auto kAlways = std::to_array<ZydisISASet>({
    ZYDIS_ISA_SET_I86, ZYDIS_ISA_SET_I186, ZYDIS_ISA_SET_I286PROTECTED, ZYDIS_ISA_SET_I286REAL, ZYDIS_ISA_SET_I386,
    ZYDIS_ISA_SET_I486, ZYDIS_ISA_SET_I486REAL, ZYDIS_ISA_SET_PENTIUMREAL, ZYDIS_ISA_SET_PPRO, ZYDIS_ISA_SET_FAT_NOP,
    ZYDIS_ISA_SET_PAUSE, ZYDIS_ISA_SET_PREFETCH_NOP, ZYDIS_ISA_SET_RDPMC, ZYDIS_ISA_SET_LAHF, ZYDIS_ISA_SET_AMD,
});

// Whether the host can run a set whose instructions run by the host's own. If it cannot, they are not offered, even if
// the model has them.
bool host_runs(ZydisISASet set)
{
    const vcpu::HostFeatures host = vcpu::host_features();
    switch (set) {
    case ZYDIS_ISA_SET_AVX: return host.avx;
    case ZYDIS_ISA_SET_AVX2:
    case ZYDIS_ISA_SET_AVX2GATHER: return host.avx2;
    case ZYDIS_ISA_SET_FMA: return host.fma;
    case ZYDIS_ISA_SET_F16C: return host.f16c;
    case ZYDIS_ISA_SET_BMI1: return host.bmi1;
    case ZYDIS_ISA_SET_BMI2: return host.bmi2;
    case ZYDIS_ISA_SET_LZCNT: return host.lzcnt;
    case ZYDIS_ISA_SET_MOVBE: return host.movbe;
    default: return true;
    }
}

} // namespace

std::bitset<ZYDIS_ISA_SET_MAX_VALUE + 1> offered_sets(const vcpu::CpuModel& model)
{
    const vcpu::CpuState state;
    const vcpu::CpuidLeaf basic = model.cpuid(1, 0, state, 0);
    const vcpu::CpuidLeaf extended = model.cpuid(0x80000001, 0, state, 0);
    // A processor without leaf 7 answers with another leaf, whose bits mean something else.
    const bool has_structured = model.word(0, 0, 0) >= 7;
    const vcpu::CpuidLeaf structured = has_structured ? model.cpuid(7, 0, state, 0) : vcpu::CpuidLeaf{};
    const bool has_xsave = model.word(0, 0, 0) >= 0xd;
    const vcpu::CpuidLeaf xsave = has_xsave ? model.cpuid(0xd, 1, state, 0) : vcpu::CpuidLeaf{};
    std::bitset<ZYDIS_ISA_SET_MAX_VALUE + 1> offered;
    for (const ZydisISASet set : kAlways) {
        offered.set(set);
    }
    for (const Feature& feature : kFeatures) {
        std::uint32_t word = 0;
        switch (feature.word) {
        case Word::Leaf1C: word = basic.ecx; break;
        case Word::Leaf1D: word = basic.edx; break;
        case Word::Leaf7B: word = structured.ebx; break;
        case Word::LeafD1A: word = xsave.eax; break;
        case Word::Ext1C: word = extended.ecx; break;
        case Word::Ext1D: word = extended.edx; break;
        }
        if (((word >> feature.bit) & 1) != 0 && host_runs(feature.set)) {
            offered.set(feature.set);
        }
    }
    return offered;
}

} // namespace windsor::emulate
