// SPDX-License-Identifier: GPL-2.0-or-later
// The host's processor may fault in translated code. Faults that are expected, of accesses by an AddressWindow and of
// operands that are not aligned, lead to the cold code of the instruction. Whoever runs the code is asked what to do
// after any others.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace windsor::translate {

// This describes what the host has refused to run.
struct HostFault {
    const std::uint8_t* at{nullptr}; // the first byte of the instruction
    int signal{0};
    bool lost_memory{false}; // the host can no longer provide the memory that is mapped (SIGBUS)
};

// The table says where translated code may fault, and where it goes on then.
class FaultTable {
public:
    explicit FaultTable(std::span<const std::uint8_t> code) : code_{code} {}

    // Adds an instruction, of which `at` is the first byte. It must lie behind all that have been added.
    void add(const std::uint8_t* at, const std::uint8_t* cold) { places_.push_back({offset(at), offset(cold)}); }
    // Adds an instruction anywhere.
    void insert(const std::uint8_t* at, const std::uint8_t* cold);
    void clear() { places_.clear(); }
    // Forgets the instructions from an address on, because the code there is thrown away.
    void forget_from(const std::uint8_t* at);
    // Calls `visit` for each instruction in `code`, with the offsets in it of the instruction and of its cold code.
    template <typename Visit> void each_in(std::span<const std::uint8_t> code, Visit visit) const
    {
        const std::uint32_t first = offset(code.data());
        for (auto place = first_from(first); place != places_.end() && place->at - first < code.size(); ++place) {
            visit(place->at - first, place->cold - first);
        }
    }

    // While the stack pointer is `stack`, translated code runs. If it faults at an instruction that the table does not
    // know, `way_out` is asked where to go on. That happens in the signal handler, but the signal has interrupted
    // nothing but translated code, so that `way_out` may do all that translated code may call.
    using Rescue = const std::uint8_t* (*)(void* self, const HostFault& fault);
    void set_rescue(const void* stack, Rescue way_out, void* self)
    {
        stack_ = stack;
        rescue_ = way_out;
        self_ = self;
    }
    // Returns where to go on after a fault, or null if it is not one of translated code.
    const std::uint8_t* rescue(const void* stack, const HostFault& fault) const
    {
        return rescue_ != nullptr && stack == stack_ ? rescue_(self_, fault) : nullptr;
    }

    // Returns the cold code for a fault at a host instruction, or null. It is safe in a signal handler of the thread
    // that runs the code.
    const std::uint8_t* cold_of(const std::uint8_t* at) const;

    // The last fault is noted here until it is taken.
    struct Fault {
        const std::uint8_t* address{nullptr}; // where memory was accessed; null: it was no page fault, or there is none
        bool write{false};
    };
    void note(const Fault& fault) { fault_ = fault; }
    Fault take()
    {
        const Fault fault = fault_;
        fault_ = {};
        return fault;
    }

private:
    struct Place {
        std::uint32_t at;
        std::uint32_t cold;
    };
    std::vector<Place>::const_iterator first_from(std::uint32_t at) const;
    std::uint32_t offset(const std::uint8_t* address) const
    {
        return static_cast<std::uint32_t>(address - code_.data());
    }

    std::span<const std::uint8_t> code_; // the executable mapping
    std::vector<Place> places_;
    const void* stack_{nullptr};
    Rescue rescue_{nullptr};
    void* self_{nullptr};
    Fault fault_;
};

// Installs the handler of SIGSEGV, SIGBUS, SIGILL, SIGFPE and SIGTRAP, unless it is in place. It passes signals that
// are none of its business on to the handlers before it. Returns false if the host refuses.
[[nodiscard]] bool install_fault_handler();

// While an object of this class lives, faults of its thread are looked up in its table.
class FaultScope {
public:
    explicit FaultScope(FaultTable& table);
    ~FaultScope();
    FaultScope(const FaultScope&) = delete;
    FaultScope& operator=(const FaultScope&) = delete;

private:
    FaultTable* before_;
};

} // namespace windsor::translate
