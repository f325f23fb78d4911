// SPDX-License-Identifier: GPL-2.0-or-later
#include "bus/router.hpp"

#include <algorithm>
#include <cstring>
#include <set>
#include <utility>
#include <vector>

namespace windsor::bus {

Claim& Claim::operator=(Claim&& other) noexcept
{
    if (this != &other) {
        let_go();
        router_ = std::exchange(other.router_, nullptr);
        serial_ = other.serial_;
    }
    return *this;
}

void Claim::let_go()
{
    if (Router* const router = std::exchange(router_, nullptr)) {
        router->release(serial_);
    }
}

Claim Router::claim(std::uint64_t start, std::uint64_t size, AccessHandler& handler, std::string owner)
{
    if (size == 0) {
        return {};
    }
    const std::uint64_t serial = next_serial_++;
    claims_.emplace(serial, Range{start, size, &handler, std::move(owner)});
    rebuild();
    return {*this, serial};
}

void Router::release(std::uint64_t serial)
{
    claims_.erase(serial);
    rebuild();
}

// Cuts the claims at every start and end, and gives each piece to the newest claim that covers it.
void Router::rebuild()
{
    std::set<std::uint64_t> cuts;
    for (const auto& [serial, range] : claims_) {
        cuts.insert(range.start);
        cuts.insert(range.start + range.size);
    }
    visible_.clear();
    for (auto cut = cuts.begin(); cut != cuts.end() && std::next(cut) != cuts.end(); ++cut) {
        const Range* newest = nullptr;
        for (const auto& [serial, range] : claims_) {
            if (range.start <= *cut && *cut - range.start < range.size) {
                newest = &range;
            }
        }
        if (newest != nullptr) {
            visible_.emplace(*cut, std::pair{*std::next(cut), newest});
        }
    }
}

const Router::Range* Router::find(std::uint64_t address) const
{
    const auto after = visible_.upper_bound(address);
    if (after == visible_.begin()) {
        return nullptr;
    }
    const auto& [end, range] = std::prev(after)->second;
    return address < end ? range : nullptr;
}

const Router::Range* Router::find(std::uint64_t address, Width width) const
{
    const Range* range = find(address);
    const std::uint64_t last = address + bytes(width) - 1;
    return range != nullptr && find(last) == range ? range : nullptr;
}

std::uint64_t Router::read(std::uint64_t address, Width width)
{
    const Range* range = find(address, width);
    if (range == nullptr) {
        return width == Width::Byte ? all_ones(width) : read_bytes(address, width);
    }
    const ReadResult result = range->handler->read(address - range->start, width);
    if (result.status == AccessStatus::Ok) {
        return result.value & all_ones(width);
    }
    if (result.status == AccessStatus::BadWidth && width != Width::Byte) {
        return read_bytes(address, width);
    }
    log_refusal(address, width, "read");
    return all_ones(width);
}

void Router::write(std::uint64_t address, Width width, std::uint64_t value)
{
    const Range* range = find(address, width);
    if (range == nullptr) {
        if (width != Width::Byte) {
            write_bytes(address, width, value);
        }
        return;
    }
    const AccessStatus status = range->handler->write(address - range->start, width, value & all_ones(width));
    if (status == AccessStatus::BadWidth && width != Width::Byte) {
        write_bytes(address, width, value);
    } else if (status != AccessStatus::Ok) {
        log_refusal(address, width, "write");
    }
}

// The handler may have moved meanwhile.
void Router::log_refusal(std::uint64_t address, Width width, std::string_view what)
{
    const Range* const range = find(address);
    log_.guest(range != nullptr ? range->owner : name_, "no register for a {}-byte {} {} at {:#x}", bytes(width), name_,
               what, address);
}

void Router::read_run(std::uint64_t address, Width width, std::span<std::uint8_t> data)
{
    const Range* range = find(address, width);
    if (range != nullptr && range->handler->read_run(address - range->start, width, data)) {
        return;
    }
    for (; data.size() >= bytes(width); data = data.subspan(bytes(width))) {
        const std::uint64_t value = read(address, width); // each anew: an access may change who answers
        std::memcpy(data.data(), &value, bytes(width));
    }
}

void Router::write_run(std::uint64_t address, Width width, std::span<const std::uint8_t> data)
{
    const Range* range = find(address, width);
    if (range != nullptr && range->handler->write_run(address - range->start, width, data)) {
        return;
    }
    for (; data.size() >= bytes(width); data = data.subspan(bytes(width))) {
        std::uint64_t value = 0;
        std::memcpy(&value, data.data(), bytes(width));
        write(address, width, value);
    }
}

std::uint64_t Router::read_bytes(std::uint64_t address, Width width)
{
    std::uint64_t value = 0;
    for (unsigned i = 0; i < bytes(width); ++i) {
        value |= read(address + i, Width::Byte) << (8 * i);
    }
    return value;
}

void Router::write_bytes(std::uint64_t address, Width width, std::uint64_t value)
{
    for (unsigned i = 0; i < bytes(width); ++i) {
        write(address + i, Width::Byte, (value >> (8 * i)) & 0xff);
    }
}

} // namespace windsor::bus
