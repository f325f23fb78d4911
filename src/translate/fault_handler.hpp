// SPDX-License-Identifier: GPL-2.0-or-later
// Faults of translated code that reaches guest memory through an AddressWindow: the host's SIGSEGV leads to the cold
// code of the instruction.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace windsor::translate {

// Where translated code may fault, and where it goes on then.
class FaultTable {
public:
    explicit FaultTable(std::span<const std::uint8_t> code) : code_{code} {}

    // In ascending order of `at`: the first byte of a host instruction.
    void add(const std::uint8_t* at, const std::uint8_t* cold) { places_.push_back({offset(at), offset(cold)}); }
    void clear() { places_.clear(); }

    // The cold code for a fault at a host instruction, or null. Safe in a signal handler of the thread that runs the code.
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
    std::uint32_t offset(const std::uint8_t* address) const { return static_cast<std::uint32_t>(address - code_.data()); }

    std::span<const std::uint8_t> code_; // at the addresses that run
    std::vector<Place> places_;
    Fault fault_;
};

// Installs the handler of SIGSEGV, unless it is in place. It passes on what it does not know. False: the host refuses.
[[nodiscard]] bool install_fault_handler();

// While one lives, faults of its thread are looked up in its table.
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
