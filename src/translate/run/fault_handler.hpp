// SPDX-License-Identifier: GPL-2.0-or-later
// Faults of the host in translated code. Those that are expected, of accesses to guest memory through an AddressWindow
// and of operands that are not aligned, lead to the cold code of the instruction; others are told to whoever runs the
// code.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace windsor::translate {

// This describes what the host has refused to run.
struct HostFault {
    const std::uint8_t* at{nullptr}; // the instruction
    int signal{0};
    bool lost_memory{false}; // SIGBUS: the host cannot give what is mapped there
};

// The table says where translated code may fault, and where it goes on then.
class FaultTable {
public:
    explicit FaultTable(std::span<const std::uint8_t> code) : code_{code} {}

    // Adds a place whose `at`, the first byte of a host instruction, is higher than all that there are.
    void add(const std::uint8_t* at, const std::uint8_t* cold) { places_.push_back({offset(at), offset(cold)}); }
    // Adds a place anywhere.
    void insert(const std::uint8_t* at, const std::uint8_t* cold);
    void clear() { places_.clear(); }
    // Forgets the places from an address on, since the code there is thrown away.
    void forget_from(const std::uint8_t* at);
    // Calls `visit` for each place in `code`, with the offsets of both addresses from its beginning.
    template <typename Visit> void each_in(std::span<const std::uint8_t> code, Visit visit) const
    {
        const std::uint32_t first = offset(code.data());
        for (auto place = first_from(first); place != places_.end() && place->at - first < code.size(); ++place) {
            visit(place->at - first, place->cold - first);
        }
    }

    // Says that code runs while the stack pointer is `stack`, and what is asked then where to go on after a fault that
    // the table does not know. It is asked in the signal handler, but nothing of the process has been interrupted by it
    // but translated code: it may do what translated code may call.
    using Rescue = const std::uint8_t* (*)(void* self, const HostFault& fault);
    void set_rescue(const void* stack, Rescue way_out, void* self)
    {
        stack_ = stack;
        rescue_ = way_out;
        self_ = self;
    }
    // Returns where to go on; null if the fault is not of translated code.
    const std::uint8_t* rescue(const void* stack, const HostFault& fault) const
    {
        return rescue_ != nullptr && stack == stack_ ? rescue_(self_, fault) : nullptr;
    }

    // Returns the cold code for a fault at a host instruction, or null. It is safe in a signal handler of the thread
    // that runs the code.
    const std::uint8_t* cold_of(const std::uint8_t* at) const;

    // The last fault, until it is taken.
    struct Fault {
        const std::uint8_t* address{nullptr}; // null: not one of memory, or none
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

    std::span<const std::uint8_t> code_; // at the addresses that run
    std::vector<Place> places_;
    const void* stack_{nullptr};
    Rescue rescue_{nullptr};
    void* self_{nullptr};
    Fault fault_;
};

// Installs the handler of SIGSEGV, SIGBUS, SIGILL, SIGFPE and SIGTRAP, unless it is in place. It passes on what it does
// not know. False: the host refuses.
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
