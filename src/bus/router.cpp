// SPDX-License-Identifier: GPL-2.0-or-later
#include "bus/router.hpp"

#include <algorithm>
#include <cstring>
#include <set>
#include <utility>
#include <vector>

namespace windsor::bus {

void Router::claim(std::uint64_t start, std::uint64_t size, AccessHandler& handler, std::string owner)
{
    if (size != 0) {
        claims_.emplace(start, Claim{start, size, &handler, std::move(owner), next_serial_++});
        rebuild();
    }
}

void Router::release(std::uint64_t start, const AccessHandler& handler)
{
    const auto [first, last] = claims_.equal_range(start);
    const auto found = std::find_if(first, last, [&](const auto& entry) { return entry.second.handler == &handler; });
    if (found != last) {
        claims_.erase(found);
        rebuild();
    }
}

// Cuts the claims at every start and end, and gives each piece to the newest claim that covers it.
void Router::rebuild()
{
    std::set<std::uint64_t> cuts;
    for (const auto& [start, claim] : claims_) {
        cuts.insert(start);
        cuts.insert(start + claim.size);
    }
    visible_.clear();
    for (auto cut = cuts.begin(); cut != cuts.end() && std::next(cut) != cuts.end(); ++cut) {
        const Claim* newest = nullptr;
        for (const auto& [start, claim] : claims_) {
            if (start <= *cut && *cut - start < claim.size && (newest == nullptr || claim.serial > newest->serial)) {
                newest = &claim;
            }
        }
        if (newest != nullptr) {
            visible_.emplace(*cut, std::pair{*std::next(cut), newest});
        }
    }
}

const Router::Claim* Router::find(std::uint64_t address) const
{
    const auto after = visible_.upper_bound(address);
    if (after == visible_.begin()) {
        return nullptr;
    }
    const auto& [end, claim] = std::prev(after)->second;
    return address < end ? claim : nullptr;
}

const Router::Claim* Router::find(std::uint64_t address, Width width) const
{
    const Claim* claim = find(address);
    const std::uint64_t last = address + bytes(width) - 1;
    return claim != nullptr && find(last) == claim ? claim : nullptr;
}

std::uint64_t Router::read(std::uint64_t address, Width width)
{
    const Claim* claim = find(address, width);
    if (claim == nullptr) {
        return width == Width::Byte ? all_ones(width) : read_bytes(address, width);
    }
    const ReadResult result = claim->handler->read(address - claim->start, width);
    if (result.status == AccessStatus::Ok) {
        return result.value & all_ones(width);
    }
    if (result.status == AccessStatus::BadWidth && width != Width::Byte) {
        return read_bytes(address, width);
    }
    log_.guest(claim->owner, "no register for a {}-byte {} read at {:#x}", bytes(width), name_, address);
    return all_ones(width);
}

void Router::write(std::uint64_t address, Width width, std::uint64_t value)
{
    const Claim* claim = find(address, width);
    if (claim == nullptr) {
        if (width != Width::Byte) {
            write_bytes(address, width, value);
        }
        return;
    }
    const AccessStatus status = claim->handler->write(address - claim->start, width, value & all_ones(width));
    if (status == AccessStatus::BadWidth && width != Width::Byte) {
        write_bytes(address, width, value);
    } else if (status != AccessStatus::Ok) {
        log_.guest(claim->owner, "no register for a {}-byte {} write at {:#x}", bytes(width), name_, address);
    }
}

void Router::read_run(std::uint64_t address, Width width, std::span<std::uint8_t> data)
{
    const Claim* claim = find(address, width);
    if (claim != nullptr && claim->handler->read_run(address - claim->start, width, data)) {
        return;
    }
    for (; data.size() >= bytes(width); data = data.subspan(bytes(width))) {
        const std::uint64_t value = read(address, width); // each anew: an access may change who answers
        std::memcpy(data.data(), &value, bytes(width));
    }
}

void Router::write_run(std::uint64_t address, Width width, std::span<const std::uint8_t> data)
{
    const Claim* claim = find(address, width);
    if (claim != nullptr && claim->handler->write_run(address - claim->start, width, data)) {
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
