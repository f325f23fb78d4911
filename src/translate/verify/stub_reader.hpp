// SPDX-License-Identifier: GPL-2.0-or-later
// The stubs are the code by which C++ enters blocks and blocks leave to C++. This second reader proves, before any of
// them runs, that they do what blocks and the host take for granted.
#pragma once

#include "translate/verify/values.hpp"
#include "translate/verify/verifier.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace windsor::translate::verify {

// These are the distances from the frame of what stubs use. Most of it nothing but stubs may touch.
struct StubFields {
    std::array<std::int32_t, kRegisters> gpr{}; // of the guest's general registers
    std::array<std::int32_t, kRegisters> xmm{};
    std::array<std::int32_t, kRegisters> ymm_high{};
    std::int32_t self{0};
    std::int32_t helper{0};
    std::int32_t host_rsp{0};
    std::int32_t target{0};
    std::int32_t window{0};
    std::int32_t kept{0};
    std::int32_t rip{0};
    std::int32_t flags{0};
    std::int32_t mxcsr{0};
    std::int32_t host_mxcsr{0};
    std::int32_t sse_live{0};
    std::int32_t avx_live{0};
};

struct StubsView {
    std::span<const std::uint8_t> code;
    // The stubs begin at these offsets in the code.
    std::uint32_t enter{0};
    std::uint32_t leave{0};
    std::uint32_t cross{0};
    std::uint32_t help{0};
    std::uint32_t give_up{0};
    bool windowed{false};
};

class StubReader {
public:
    explicit StubReader(const StubFields& fields);

    // Returns nothing if every way through each stub is allowed, otherwise what is wrong.
    std::optional<Violation> verify(const StubsView& stubs);

private:
    enum class Kind : std::uint8_t {
        Unknown,
        Host,
        Guest,
        Frame,
        Stack,
        Target,
        Rip,
        Number,
        Window,
        Kept,
        Self,
        Result
    };
    struct Known {
        Kind kind{Kind::Unknown};
        std::uint8_t of{0}; // the number of the register that a Host or a Guest is the value of
        bool operator==(const Known&) const = default;
    };
    enum class Live : std::uint8_t { Unknown, No, Yes };
    using Mask = std::uint32_t;
    struct Registers {
        std::array<Known, kRegisters> values{};
        std::vector<Known> stack; // what has been pushed since the stub was called
        Mask stored{0};           // the guest's general registers that are in the frame
        Mask xmm_stored{0};
        Mask xmm_loaded{0};
        Mask ymm_stored{0};
        Mask ymm_loaded{0};
        Live sse{};
        Live avx{};
        bool host_mxcsr{false};
        bool mxcsr_stored{false};
        bool upper_clear{false};
        bool cleared_sse{false}; // the field `sse_live` has been set to zero
        bool cleared_avx{false}; // the field `avx_live` has been set to zero
        bool owes{false};        // the guest's registers have to be stored before the stub returns
        bool called{false};      // C++ has been called, and the frame holds the guest's flags and what goes into R10
        bool stopped{false};     // C++ has said that no code goes on
        // The guest's flags come into the host's in three steps: MOVZX loads them into EAX, ADD makes the overflow flag
        // of AL, and SAHF makes the others of AH. This is how many have been taken.
        std::uint8_t flags{0};
        bool rip_stored{false};
        bool target_stored{false};
        const std::int32_t* compared{nullptr}; // `sse_live` or `avx_live` of the fields, if it was compared with zero
        Known tested{};
    };
    struct Decoded {
        ZydisDecodedInstruction i;
        std::array<ZydisDecodedOperand, ZYDIS_MAX_OPERAND_COUNT> operands;
    };
    enum class Next : std::uint8_t { On, End, Failed };

    // C++ calls a stub, or a block jumps to it.
    enum class From : std::uint8_t { Host, Block };
    Registers entered(From from) const;
    [[nodiscard]] bool follow(std::uint32_t offset, Registers registers);
    Next step(const Decoded& d, std::uint32_t offset, Registers& r);
    [[nodiscard]] bool move(const Decoded& d, Registers& r);
    [[nodiscard]] bool load(std::uint8_t to, std::int32_t from, Registers& r);
    [[nodiscard]] bool store(std::int32_t to, const Known& value, Registers& r);
    [[nodiscard]] bool stack(const Decoded& d, Registers& r);
    [[nodiscard]] bool vector(const Decoded& d, Registers& r);
    [[nodiscard]] bool flags(const Decoded& d, Registers& r);
    Next branch(const Decoded& d, std::uint32_t offset, Registers& r);
    Next jump(const Decoded& d, std::uint32_t offset, Registers& r);
    [[nodiscard]] bool call(const Decoded& d, Registers& r);
    [[nodiscard]] bool goes_to_guest(const Registers& r);
    [[nodiscard]] bool has_stored(const Registers& r) const;
    [[nodiscard]] bool goes_to_host(const Registers& r);
    [[nodiscard]] bool returns(const Registers& r);
    [[nodiscard]] bool refuse(const char* why)
    {
        violation_.what = why;
        return false;
    }

    StubFields fields_;
    StubsView stubs_;
    ZydisDecoder decoder_{};
    Violation violation_;
    std::vector<Known> host_stack_; // the host's stack as `enter` leaves it
};

} // namespace windsor::translate::verify
