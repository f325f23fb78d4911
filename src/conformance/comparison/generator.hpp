// SPDX-License-Identifier: GPL-2.0-or-later
// Random instructions over random state: every form of an instruction family by its opcode bytes, with operands
// mostly arranged so that they lie in the window.
#pragma once

#include "conformance/comparison/random.hpp"
#include "conformance/comparison/test_case.hpp"

#include <Zydis/Zydis.h>

#include <optional>
#include <span>

namespace windsor::conformance::comparison {

enum class Family : std::uint8_t { Integer, X87, Mmx, Sse, Avx, Bmi };

struct GeneratorOptions {
    Family family{Family::Integer};
    CodeMode mode{CodeMode::Long64};
    unsigned block_length{1}; // instructions a case
    std::uint64_t seed{1};
};

class Generator {
public:
    explicit Generator(const GeneratorOptions& options);

    TestCase next();

private:
    struct Made {
        ZydisDecodedInstruction instruction;
        std::array<ZydisDecodedOperand, ZYDIS_MAX_OPERAND_COUNT> operands;
        std::vector<std::uint8_t> bytes;

        std::span<const ZydisDecodedOperand> all() const
        {
            return std::span{operands}.first(instruction.operand_count);
        }
    };

    std::vector<std::uint8_t> random_bytes();
    void append_prefixes(std::vector<std::uint8_t>& bytes);
    void append_opcode(std::vector<std::uint8_t>& bytes);
    void append_vex(std::vector<std::uint8_t>& bytes);
    void append_bmi(std::vector<std::uint8_t>& bytes);
    std::optional<Made> decode(std::vector<std::uint8_t> bytes) const;
    bool acceptable(const Made& made) const;
    bool fits_block(const Made& made) const;
    // Gives the instruction at `address` its operands: registers and memory of `test`, displacements of `made`.
    void arrange(Made& made, std::uint64_t address, TestCase& test);
    void arrange_memory(Made& made, std::uint64_t address, TestCase& test);
    void arrange_gather(Made& made, const ZydisDecodedOperand& operand, TestCase& test);
    void arrange_branch(Made& made, TestCase& test);
    void arrange_implied(const Made& made, TestCase& test);
    void place_operand(const Made& made, std::uint64_t target, unsigned size, TestCase& test);
    std::uint64_t choose_target(unsigned size);
    Made make(std::uint64_t address, TestCase& test, bool last);

    void fill_registers(Registers& registers);
    void fill_x87(x86::FxArea& fx);
    void fill_mxcsr(x86::FxArea& fx);
    void fill_vector(std::array<std::uint8_t, 16>& half, std::uint64_t kind);
    void fill_vectors(Registers& registers);
    void fill_window(Window& window);
    std::uint64_t code_target(std::uint64_t avoid_from, std::uint64_t avoid_to);

    GeneratorOptions options_;
    Random random_;
    ZydisDecoder decoder_{};
};

} // namespace windsor::conformance::comparison
