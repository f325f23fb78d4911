// SPDX-License-Identifier: GPL-2.0-or-later
#include "vcpu/machine_check_banks.hpp"

#include "x86/msr.hpp"

namespace windsor::vcpu {

namespace {

// The four registers of a bank, in their order.
enum class Register : std::uint8_t { Control, Status, Address, Misc };

constexpr std::uint32_t kRegisters = 4;

Register register_of(std::uint32_t number)
{
    return static_cast<Register>((number - x86::msr::kMc0Ctl) % kRegisters);
}
std::size_t bank_of(std::uint32_t number)
{
    return (number - x86::msr::kMc0Ctl) / kRegisters;
}

// All errors of a bank are reported, or none. Systems are known to leave out one: bit 0 for correctable errors, and bit
// 10 for those of AMD's GART.
bool may_control(std::uint64_t value)
{
    constexpr std::uint64_t kLeftOut = 1u << 0 | 1u << 10;
    return value == 0 || (value | kLeftOut) == ~std::uint64_t{0};
}

} // namespace

bool is_machine_check_bank(std::uint32_t number)
{
    constexpr std::uint32_t kBanks = MachineCheckBanks{}.control.size();
    return number >= x86::msr::kMc0Ctl && number < x86::msr::kMc0Ctl + kBanks * kRegisters;
}

std::uint64_t read_machine_check_bank(const MachineCheckBanks& banks, std::uint32_t number)
{
    switch (register_of(number)) {
    case Register::Control: return banks.control.at(bank_of(number));
    case Register::Address: return banks.address.at(bank_of(number));
    case Register::Misc: return banks.misc.at(bank_of(number));
    case Register::Status: break;
    }
    return 0;
}

bool write_machine_check_bank(MachineCheckBanks& banks, std::uint32_t number, std::uint64_t value)
{
    switch (register_of(number)) {
    case Register::Control:
        if (!may_control(value)) {
            return false;
        }
        banks.control.at(bank_of(number)) = value;
        return true;
    case Register::Address: banks.address.at(bank_of(number)) = value; return true;
    case Register::Misc: banks.misc.at(bank_of(number)) = value; return true;
    case Register::Status: break;
    }
    return value == 0; // a program can clear an error, and make none
}

} // namespace windsor::vcpu
