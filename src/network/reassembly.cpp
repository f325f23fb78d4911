// SPDX-License-Identifier: GPL-2.0-or-later
#include "network/reassembly.hpp"

#include "backend/frame.hpp"
#include "backend/network_link.hpp"

#include <algorithm>

namespace windsor::network {

namespace {

// RFC 791, 3.1; offsets into the frame.
constexpr std::size_t kType = 12;
constexpr unsigned kTypeIpv4 = 0x0800;
constexpr std::size_t kIp = backend::kFrameHeader;
constexpr std::size_t kLeastHeader = 20;
constexpr std::size_t kTotalLength = kIp + 2;
constexpr std::size_t kIdentification = kIp + 4;
constexpr std::size_t kFragment = kIp + 6;
constexpr unsigned kMore = 0x2000;
constexpr unsigned kOffset = 0x1fff;
constexpr std::size_t kUnit = 8; // of offsets
constexpr std::size_t kProtocol = kIp + 9;
constexpr std::size_t kChecksum = kIp + 10;
constexpr std::size_t kAddresses = kIp + 12;
constexpr std::size_t kLongestPacket = 65'535;

unsigned get16(std::span<const std::uint8_t> frame, std::size_t at)
{
    return unsigned{frame[at]} << 8 | frame[at + 1];
}

void put16(std::span<std::uint8_t> frame, std::size_t at, std::size_t value)
{
    frame[at] = static_cast<std::uint8_t>(value >> 8);
    frame[at + 1] = static_cast<std::uint8_t>(value);
}

// Whether the frame says that it has an IPv4 packet which is a fragment.
bool is_fragment(std::span<const std::uint8_t> frame)
{
    return frame.size() >= kFragment + 2 && get16(frame, kType) == kTypeIpv4 &&
           (get16(frame, kFragment) & (kMore | kOffset)) != 0;
}

// With the header of the frame; zero if the packet is not there as a whole.
std::size_t header_size(std::span<const std::uint8_t> frame)
{
    if (frame.size() < kIp + kLeastHeader || frame[kIp] >> 4 != 4) {
        return 0;
    }
    const std::size_t header = std::size_t{frame[kIp] & 0xfU} * 4;
    const std::size_t total = get16(frame, kTotalLength);
    if (header < kLeastHeader || total <= header || total > frame.size() - kIp ||
        backend::internet_checksum(frame.subspan(kIp, header)) != 0) {
        return 0;
    }
    return kIp + header;
}

} // namespace

std::deque<Reassembly::Datagram>::iterator Reassembly::find(const std::array<std::uint8_t, 11>& key, std::int64_t now)
{
    while (!waiting_.empty() && now - waiting_.front().begun > kLongestWait) {
        waiting_.pop_front();
    }
    if (const auto found = std::ranges::find(waiting_, key, &Datagram::key); found != waiting_.end()) {
        return found;
    }
    if (waiting_.size() == kMostDatagrams) {
        waiting_.pop_front();
    }
    waiting_.push_back({.key = key, .begun = now});
    return waiting_.end() - 1;
}

// A fragment that overlaps with another is nobody's who means well (RFC 1858); one that comes twice may be.
Reassembly::Added Reassembly::add(Datagram& datagram, Part part, bool last)
{
    if (std::ranges::find(datagram.parts, part) != datagram.parts.end()) {
        return Added::Again;
    }
    const bool overlaps = std::ranges::any_of(
        datagram.parts, [part](const Part& other) { return part.begin < other.end && other.begin < part.end; });
    const std::size_t size = datagram.size.value_or(last ? part.end : kLongestPacket);
    if (overlaps || datagram.parts.size() == kMostFragments || (last && datagram.size) || part.end > size ||
        datagram.data.size() > size) {
        return Added::Never;
    }
    if (last) {
        datagram.size = part.end;
    }
    datagram.parts.push_back(part);
    datagram.received += part.end - part.begin;
    datagram.data.resize(std::max(datagram.data.size(), part.end));
    return Added::Yes;
}

std::span<const std::uint8_t> Reassembly::take(std::span<const std::uint8_t> frame, std::int64_t now)
{
    if (!is_fragment(frame)) {
        return frame;
    }
    const std::size_t header = header_size(frame);
    if (header == 0) {
        return {};
    }
    const auto data = frame.subspan(header, kIp + get16(frame, kTotalLength) - header);
    const bool last = (get16(frame, kFragment) & kMore) == 0;
    const std::size_t begin = (get16(frame, kFragment) & kOffset) * kUnit;
    const Part part{.begin = begin, .end = begin + data.size()};
    if ((!last && data.size() % kUnit != 0) || part.end > kLongestPacket - (header - kIp)) {
        return {};
    }
    std::array<std::uint8_t, 11> key{};
    std::ranges::copy(frame.subspan(kAddresses, 8), key.begin());
    std::ranges::copy(frame.subspan(kIdentification, 2), key.begin() + 8);
    key.back() = frame[kProtocol];
    const auto datagram = find(key, now);
    const Added added = add(*datagram, part, last);
    if (added == Added::Never) {
        waiting_.erase(datagram);
    }
    if (added != Added::Yes) {
        return {};
    }
    std::ranges::copy(data, datagram->data.begin() + static_cast<std::ptrdiff_t>(begin));
    if (begin == 0) {
        datagram->header.assign(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(header));
    }
    if (datagram->received != datagram->size) {
        return {};
    }
    put_together(*datagram);
    waiting_.erase(datagram);
    return whole_;
}

// All its parts are there, and with them the first one's header, which may be longer than those of others.
void Reassembly::put_together(const Datagram& datagram)
{
    whole_.clear();
    const std::size_t total = datagram.header.size() - kIp + datagram.data.size();
    if (total > kLongestPacket) {
        return;
    }
    whole_ = datagram.header;
    put16(whole_, kTotalLength, total);
    put16(whole_, kFragment, 0);
    put16(whole_, kChecksum, 0);
    put16(whole_, kChecksum, backend::internet_checksum(std::span{whole_}.subspan(kIp)));
    whole_.insert(whole_.end(), datagram.data.begin(), datagram.data.end());
}

} // namespace windsor::network
