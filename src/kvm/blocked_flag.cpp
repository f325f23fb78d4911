// SPDX-License-Identifier: GPL-2.0-or-later
#include "kvm/blocked_flag.hpp"

#include "kvm/control.hpp"

#include <cstddef>
#include <cstring>
#include <string_view>
#include <unistd.h>
#include <vector>

namespace windsor::kvm {

namespace {

// Without the name that follows, for which C++ counts a byte.
constexpr std::size_t kDescriptorBytes = offsetof(kvm_stats_desc, bucket_size) + sizeof(kvm_stats_desc::bucket_size);
constexpr std::size_t kMostBytes = 64 * 1024;

template <typename T> std::optional<T> read_at(std::span<const std::uint8_t> file, std::size_t offset)
{
    T value{};
    if (offset > file.size() || file.size() - offset < sizeof value) {
        return std::nullopt;
    }
    std::memcpy(&value, file.data() + offset, sizeof value);
    return value;
}

} // namespace

std::optional<std::uint64_t> find_statistic(std::span<const std::uint8_t> file, const char* name)
{
    const auto header = read_at<kvm_stats_header>(file, 0);
    if (!header) {
        return std::nullopt;
    }
    const std::string_view wanted{name, std::strlen(name) + 1};
    const std::size_t stride = kDescriptorBytes + header->name_size;
    for (std::size_t number = 0; number < header->num_desc; ++number) {
        const std::size_t at = header->desc_offset + number * stride;
        const auto offset = read_at<std::uint32_t>(file, at + offsetof(kvm_stats_desc, offset));
        if (!offset || file.size() - at < stride || wanted.size() > header->name_size) {
            return std::nullopt;
        }
        if (std::memcmp(file.data() + at + kDescriptorBytes, wanted.data(), wanted.size()) == 0) {
            return std::uint64_t{header->data_offset} + *offset;
        }
    }
    return std::nullopt;
}

BlockedFlag::BlockedFlag(int vcpu) : statistics_{control(vcpu, KVM_GET_STATS_FD)}
{
    if (!statistics_) {
        return;
    }
    std::vector<std::uint8_t> file(kMostBytes);
    const auto size = ::pread(statistics_.get(), file.data(), file.size(), 0);
    if (size > 0) {
        offset_ = find_statistic({file.data(), static_cast<std::size_t>(size)}, "blocking");
    }
}

bool BlockedFlag::test() const
{
    std::uint64_t value = 0;
    return offset_ &&
           ::pread(statistics_.get(), &value, sizeof value, static_cast<off_t>(*offset_)) == sizeof value && value != 0;
}

} // namespace windsor::kvm
