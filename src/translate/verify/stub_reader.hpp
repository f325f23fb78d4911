// SPDX-License-Identifier: GPL-2.0-or-later
// A second reader of the stubs, by which code is entered and left: what blocks take for granted of them, and the host
// of both, is proven before any of it runs.
#pragma once

#include "translate/verify/values.hpp"
#include "translate/verify/verifier.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace windsor::translate::verify {

// Where in the frame things lie that only stubs touch, as distances from it.
struct StubFields {
    std::array<std::int32_t, kRegisters> gpr{}; // the guest's, by number
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
    std::uint32_t enter{0}; // offsets in it
    std::uint32_t leave{0};
    std::uint32_t cross{0};
    std::uint32_t help{0};
    std::uint32_t give_up{0};
    bool windowed{false};
};

class StubReader {
public:
    explicit StubReader(const StubFields& fields);

    // Returns nothing if every way through each of them is allowed, otherwise what is wrong.
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
        std::uint8_t of{0}; // Host, Guest: the register
        bool operator==(const Known&) const = default;
    };
    enum class Live : std::uint8_t { Unknown, No, Yes };
    using Mask = std::uint32_t;
    struct Registers {
        std::array<Known, kRegisters> values{};
        std::vector<Known> stack; // what has been pushed since the host has called
        Mask stored{0};           // of the guest's registers
        Mask xmm_stored{0};
        Mask xmm_loaded{0};
        Mask ymm_stored{0};
        Mask ymm_loaded{0};
        Live sse{};
        Live avx{};
        bool host_mxcsr{false};
        bool mxcsr_stored{false};
        bool upper_clear{false};
        bool cleared_sse{false}; // that the state is the guest's is no longer said
        bool cleared_avx{false};
        bool owes{false};   // the guest's registers have to be stored
        bool called{false}; // C++ has been: the guest's flags, and what R10 has to hold, are in the frame
        bool stopped{false}; // it has said that nothing goes on
        std::uint8_t flags{0}; // steps on the way of the guest's flags into the host's register
        bool rip_stored{false};
        bool target_stored{false};
        const std::int32_t* compared{nullptr}; // which of the two was compared with zero
        Known tested{};
    };
    struct Decoded {
        ZydisDecodedInstruction i;
        std::array<ZydisDecodedOperand, ZYDIS_MAX_OPERAND_COUNT> operands;
    };
    enum class Next : std::uint8_t { On, End, Failed };

    Registers entered(bool from_host) const;
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
    std::vector<Known> host_stack_; // as `enter` leaves it
};

} // namespace windsor::translate::verify
