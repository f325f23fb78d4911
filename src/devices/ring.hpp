// SPDX-License-Identifier: GPL-2.0-or-later
// A bounded queue that lies wholly within its owner's state.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace windsor::devices {

// Safe for any value of its members, so that it may come from a file.
template <typename T, std::size_t Capacity> struct Ring {
    std::array<T, Capacity> items{};
    std::uint32_t first{0};
    std::uint32_t used{0};

    std::size_t size() const { return used < Capacity ? used : Capacity; }
    std::size_t space() const { return Capacity - size(); }
    bool empty() const { return used == 0; }

    // The item `index` places from the front; one beyond the end gives some item.
    const T& at(std::size_t index) const { return items[(std::size_t{first} + index) % Capacity]; }
    T& at(std::size_t index) { return items[(std::size_t{first} + index) % Capacity]; }
    const T& front() const { return at(0); }
    T& front() { return at(0); }
    T& back() { return at(size() == 0 ? 0 : size() - 1); }

    // False if it is full.
    bool push(const T& item)
    {
        if (space() == 0) {
            return false;
        }
        at(size()) = item;
        used = static_cast<std::uint32_t>(size() + 1);
        return true;
    }

    // The front item, or a default one if there is none.
    T pop()
    {
        if (empty()) {
            return T{};
        }
        const T item = front();
        first = static_cast<std::uint32_t>((std::size_t{first} + 1) % Capacity);
        used = static_cast<std::uint32_t>(size() - 1);
        return item;
    }

    void clear() { used = 0; }
};

template <typename Archive, typename T, std::size_t Capacity> void describe(Archive& archive, Ring<T, Capacity>& ring)
{
    archive.field("items", ring.items);
    archive.field("first", ring.first);
    archive.field("used", ring.used);
}

} // namespace windsor::devices
