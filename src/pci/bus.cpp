// SPDX-License-Identifier: GPL-2.0-or-later
#include "pci/bus.hpp"

namespace windsor::pci {

bool Bus::add(unsigned device, unsigned number, Function& function)
{
    if (device >= kDevices || number >= kFunctions || find(device, number) != nullptr) {
        return false;
    }
    functions_[device * kFunctions + number] = &function;
    return true;
}

void Bus::remove(unsigned device, unsigned number)
{
    if (device < kDevices && number < kFunctions) {
        functions_[device * kFunctions + number] = nullptr;
    }
}

Function* Bus::find(unsigned device, unsigned number) const
{
    return device < kDevices && number < kFunctions ? functions_[device * kFunctions + number] : nullptr;
}

void Bus::reset()
{
    state_ = {};
    for (Function* function : functions_) {
        if (function != nullptr) {
            function->reset();
        }
    }
}

Function* Bus::selected() const
{
    const std::uint32_t address = state_.config_address;
    const bool ours = (address & kConfigEnable) != 0 && (address >> 16 & 0xff) == 0;
    return ours ? find(address >> 11 & 31, address >> 8 & 7) : nullptr;
}

bus::ReadResult Bus::read(std::uint64_t offset, bus::Width width)
{
    if (width == bus::Width::Qword) {
        return bus::AccessStatus::BadWidth;
    }
    if (offset < kConfigDataOffset) {
        return offset == 0 && width == bus::Width::Dword ? state_.config_address : bus::all_ones(width);
    }
    Function* function = selected();
    if (function == nullptr) {
        return bus::all_ones(width);
    }
    const unsigned reg = (state_.config_address & 0xfc) + static_cast<unsigned>(offset - kConfigDataOffset);
    return function->config_read(reg, bus::bytes(width));
}

bus::AccessStatus Bus::write(std::uint64_t offset, bus::Width width, std::uint64_t value)
{
    if (width == bus::Width::Qword) {
        return bus::AccessStatus::BadWidth;
    }
    if (offset < kConfigDataOffset) {
        if (offset == 0 && width == bus::Width::Dword) {
            // Bits 30-24 and 1-0 are reserved and read as zero.
            state_.config_address = static_cast<std::uint32_t>(value) & 0x80fffffc;
        }
        return bus::AccessStatus::Ok;
    }
    if (Function* function = selected(); function != nullptr) {
        const unsigned reg = (state_.config_address & 0xfc) + static_cast<unsigned>(offset - kConfigDataOffset);
        function->config_write(reg, bus::bytes(width), static_cast<std::uint32_t>(value));
    }
    return bus::AccessStatus::Ok;
}

} // namespace windsor::pci
