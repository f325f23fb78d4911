// SPDX-License-Identifier: GPL-2.0-or-later
// The receiver: which frames it takes, its buffer in C mode, its ring in C+ mode.
#include "backend/frame.hpp"
#include "devices/rtl8139/rtl8139.hpp"

#include <algorithm>

namespace windsor::devices::rtl8139 {

namespace {

std::array<std::uint8_t, 4> little_endian(std::uint32_t value)
{
    return {static_cast<std::uint8_t>(value), static_cast<std::uint8_t>(value >> 8),
            static_cast<std::uint8_t>(value >> 16), static_cast<std::uint8_t>(value >> 24)};
}

// Which bit of MAR is an address's, 5.1: the upper six bits of its CRC, the first power of the polynomial first.
unsigned multicast_hash(std::span<const std::uint8_t> address)
{
    const std::uint32_t crc = ~backend::frame_crc(address);
    unsigned hash = 0;
    for (unsigned bit = 0; bit < 6; ++bit) {
        hash = hash << 1 | (crc >> bit & 1);
    }
    return hash;
}

constexpr std::size_t round_up_to_dword(std::size_t size)
{
    return (size + 3) & ~std::size_t{3};
}

} // namespace

std::uint32_t Rtl8139::buffer_size() const
{
    return kLeastReceiveBuffer << ((registers_.receive_config & rcr::kLength) >> rcr::kLengthShift);
}

std::uint32_t Rtl8139::read_position() const
{
    return (std::uint32_t{registers_.read_pointer} + kReadPointerBehind) & (buffer_size() - 1);
}

// The buffer never becomes quite full, as it could not be told from an empty one then.
std::uint32_t Rtl8139::buffer_free() const
{
    const std::uint32_t size = buffer_size();
    return size - ((registers_.write_pointer - read_position()) & (size - 1));
}

bool Rtl8139::receive(std::span<const std::uint8_t> frame)
{
    if (frame.size() < backend::kFrameHeader || frame.size() > backend::kLongestFrame || !carrier() || loopback()) {
        return true;
    }
    return take(frame);
}

bool Rtl8139::take(std::span<const std::uint8_t> frame)
{
    if (!receiving()) {
        return true;
    }
    const auto match = accepted(frame);
    if (!match) {
        return true;
    }
    std::uint16_t status = *match | rsr::kOk;
    const std::size_t size = std::max(frame.size(), kLeastFrame) + kFrameCheck;
    if (size > kLongFrame) {
        ++registers_.tallies.receive_errors;
        if ((registers_.receive_config & rcr::kErrors) == 0 || size > kLongestReceivedFrame) {
            return true;
        }
        status |= rsr::kLong;
    }
    if (!bus_master()) {
        miss(interrupt::kFifoOverflow);
        return true;
    }
    in_.assign(frame.begin(), frame.end());
    in_.resize(std::max(frame.size(), kLeastFrame));
    return plus_receive() ? receive_into_ring(status) : receive_into_buffer(status);
}

std::optional<std::uint16_t> Rtl8139::accepted(std::span<const std::uint8_t> frame) const
{
    const std::uint32_t accept = registers_.receive_config;
    const auto address = frame.first(registers_.id.size());
    const auto if_wanted = [accept](std::uint32_t by, std::uint16_t status) {
        return (accept & by) != 0 ? std::optional{status} : std::nullopt;
    };
    if (std::ranges::all_of(address, [](std::uint8_t byte) { return byte == 0xff; })) {
        return if_wanted(rcr::kBroadcast, rsr::kBroadcast);
    }
    if ((address[0] & 1) != 0) {
        const unsigned hash = multicast_hash(address);
        const bool member = (registers_.multicast[hash / 8] >> (hash % 8) & 1) != 0;
        return member ? if_wanted(rcr::kMulticast, rsr::kMulticast) : std::nullopt;
    }
    if (std::ranges::equal(address, registers_.id)) {
        return if_wanted(rcr::kOwnPhysical | rcr::kAllPhysical, rsr::kPhysical);
    }
    return if_wanted(rcr::kAllPhysical, 0);
}

// 6.1 of the programming guide: header, frame and check, at multiples of four bytes.
bool Rtl8139::receive_into_buffer(std::uint16_t status)
{
    const std::uint32_t size = buffer_size();
    const std::size_t length = in_.size() + kFrameCheck;
    const std::size_t room = round_up_to_dword(kReceiveHeader + length);
    if (room >= size) {
        miss(interrupt::kReceiveOverflow);
        return true;
    }
    if (room >= buffer_free()) {
        return refuse(room);
    }
    const auto check = little_endian(backend::frame_crc(in_));
    in_.insert(in_.end(), check.begin(), check.end());
    const auto header = little_endian(status | static_cast<std::uint32_t>(length) << 16);
    in_.insert(in_.begin(), header.begin(), header.end());

    const std::uint64_t start = registers_.receive_start;
    const bool goes_on = (registers_.receive_config & rcr::kNoWrap) != 0 && size < 65536;
    const std::size_t before_end =
        goes_on ? in_.size() : std::min<std::size_t>(in_.size(), size - registers_.write_pointer);
    const std::span<const std::uint8_t> bytes{in_};
    if (!memory_.write(base::GuestPhysical{start + registers_.write_pointer}, bytes.first(before_end)) ||
        !memory_.write(base::GuestPhysical{start}, bytes.subspan(before_end))) {
        system_error();
        miss(interrupt::kFifoOverflow);
        return true;
    }
    registers_.write_pointer = static_cast<std::uint16_t>((registers_.write_pointer + room) & (size - 1));
    count(status);
    return true;
}

Rtl8139::Room Rtl8139::find_descriptors(std::size_t length)
{
    found_.clear();
    after_found_ = registers_.next_received;
    for (std::size_t room = 0; room < length;) {
        if (found_.size() == kRingDescriptors || (!found_.empty() && after_found_ == registers_.next_received)) {
            return Room::Never; // more than the whole ring holds
        }
        const auto descriptor = read_descriptor(registers_.receive_ring, after_found_);
        if (!descriptor) {
            return Room::Never;
        }
        if ((descriptor->command & descriptor::kOwn) == 0) {
            return Room::NotYet;
        }
        found_.push_back(*descriptor);
        room += descriptor->command & received::kSize;
        const bool end = (descriptor->command & descriptor::kEndOfRing) != 0;
        after_found_ = end ? 0 : (after_found_ + 1) % kRingDescriptors;
    }
    return Room::Enough;
}

bool Rtl8139::receive_into_ring(std::uint16_t status)
{
    const std::uint32_t vlan = take_tag();
    const std::size_t length = in_.size() + kFrameCheck;
    switch (find_descriptors(length)) {
    case Room::NotYet: return refuse(length);
    case Room::Never: miss(interrupt::kReceiveOverflow); return true;
    case Room::Enough: break;
    }
    const std::uint32_t result = ring_status(status);
    const auto check = little_endian(backend::frame_crc(in_));
    in_.insert(in_.end(), check.begin(), check.end());
    std::span<const std::uint8_t> left{in_};
    bool written = true;
    for (const Descriptor& descriptor : found_) {
        const bool first = &descriptor == &found_.front();
        const bool last = &descriptor == &found_.back();
        const auto part = left.first(std::min<std::size_t>(left.size(), descriptor.command & received::kSize));
        left = left.subspan(part.size());
        const std::uint32_t given = (descriptor.command & descriptor::kEndOfRing) | (first ? descriptor::kFirst : 0) |
                                    (last ? descriptor::kLast : 0) | result |
                                    static_cast<std::uint32_t>(last ? length : part.size());
        // OWN goes last.
        written = memory_.write(base::GuestPhysical{descriptor.buffer}, part) &&
                  memory_.write(base::GuestPhysical{descriptor.at + 4}, little_endian(vlan)) &&
                  memory_.write(base::GuestPhysical{descriptor.at}, little_endian(given)) && written;
    }
    registers_.next_received = static_cast<std::uint8_t>(after_found_);
    if (!written) {
        system_error();
    }
    count(status);
    return true;
}

// Takes the VLAN tag out of the frame, if the driver wants that; the second dword for its descriptors.
std::uint32_t Rtl8139::take_tag()
{
    if ((registers_.plus_command & cpcr::kVlan) == 0 || in_.size() < kVlanTagAt + kVlanTagBytes ||
        (in_[kVlanTagAt] << 8 | in_[kVlanTagAt + 1]) != kVlanType) {
        return 0;
    }
    const std::uint32_t tag = in_[kVlanTagAt + 2] | std::uint32_t{in_[kVlanTagAt + 3]} << 8;
    const auto at = in_.begin() + kVlanTagAt;
    in_.erase(at, at + kVlanTagBytes);
    in_.resize(std::max(in_.size(), kLeastFrame));
    return received::kTagged | tag;
}

std::uint32_t Rtl8139::ring_status(std::uint16_t status) const
{
    std::uint32_t result = ((status & rsr::kBroadcast) != 0 ? received::kBroadcast : 0) |
                           ((status & rsr::kPhysical) != 0 ? received::kPhysical : 0) |
                           ((status & rsr::kMulticast) != 0 ? received::kMulticast : 0) |
                           ((status & rsr::kLong) != 0 ? received::kLong | received::kError : 0);
    if ((registers_.plus_command & cpcr::kChecksum) == 0) {
        return result;
    }
    const auto packet = backend::ip_packet(in_);
    if (!packet || packet->network != backend::Network::Ipv4) {
        return result;
    }
    result |= backend::network_checksum_right(in_, *packet) ? 0 : received::kIpWrong;
    if (packet->transport == backend::Transport::Other || packet->fragment) {
        return result | received::kOtherIp;
    }
    const bool right = backend::transport_checksum_right(in_, *packet);
    if (packet->transport == backend::Transport::Tcp) {
        return result | received::kTcp | (right ? 0 : received::kTcpWrong);
    }
    return result | received::kUdp | (right ? 0 : received::kUdpWrong);
}

void Rtl8139::count(std::uint16_t status)
{
    Tallies& tallies = registers_.tallies;
    ++tallies.received;
    tallies.received_physical += (status & rsr::kPhysical) != 0 ? 1 : 0;
    tallies.received_broadcast += (status & rsr::kBroadcast) != 0 ? 1 : 0;
    tallies.received_multicast += (status & rsr::kMulticast) != 0 ? 1 : 0;
    raise(interrupt::kReceived);
}

// A frame is lost.
void Rtl8139::miss(std::uint16_t interrupts)
{
    registers_.missed = (registers_.missed + 1) & kMissedBits;
    ++registers_.tallies.missed;
    raise(interrupts);
}

bool Rtl8139::still_refuses()
{
    if (!receiving() || !bus_master() || !carrier() || loopback()) {
        return false;
    }
    if (!plus_receive()) {
        return registers_.refused >= buffer_free() && registers_.refused < buffer_size();
    }
    return find_descriptors(registers_.refused) == Room::NotYet;
}

} // namespace windsor::devices::rtl8139
