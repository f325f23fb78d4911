// SPDX-License-Identifier: GPL-2.0-or-later
#include "firmware/fw_cfg.hpp"

#include "firmware/byte_order.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace windsor::firmware {

namespace {

// Interface bits of the Id item.
constexpr std::uint32_t kTraditional = 1;
constexpr std::uint32_t kDma = 2;

// Offsets from the base port.
constexpr std::uint64_t kSelector = 0;
constexpr std::uint64_t kData = 1;
constexpr std::uint64_t kDmaHigh = 4;
constexpr std::uint64_t kDmaLow = 8;

// What reading the DMA address register gives: "QEMU CFG".
constexpr std::uint32_t kDmaSignatureHigh = 0x51454d55;
constexpr std::uint32_t kDmaSignatureLow = 0x20434647;

// The control field of a DMA request.
constexpr std::uint32_t kDmaError = 1;
constexpr std::uint32_t kDmaRead = 2;
constexpr std::uint32_t kDmaSkip = 4;
constexpr std::uint32_t kDmaSelect = 8;
constexpr std::uint32_t kDmaWrite = 16;

constexpr std::uint32_t kMaxDmaLength = 64u << 20;
constexpr std::size_t kFileNameSize = 56;

std::uint32_t big(const std::uint8_t* bytes)
{
    std::uint32_t value = 0;
    std::memcpy(&value, bytes, sizeof value);
    return __builtin_bswap32(value);
}

} // namespace

FwCfg::FwCfg(memory::GuestMemory& memory) : memory_{memory}
{
    add(FwCfgKey::Signature, {'Q', 'E', 'M', 'U'});
    add_number(FwCfgKey::Id, kTraditional | kDma, 4);
}

void FwCfg::add(FwCfgKey key, Bytes data)
{
    items_[static_cast<std::uint16_t>(key)].data = std::move(data);
}

void FwCfg::add_number(FwCfgKey key, std::uint64_t value, unsigned size)
{
    Bytes data;
    put_little(data, value, size);
    add(key, std::move(data));
}

void FwCfg::add_file(const std::string& name, Bytes data)
{
    const auto key = static_cast<std::uint16_t>(static_cast<std::size_t>(FwCfgKey::FirstFile) + files_.size());
    files_.push_back({name, key, static_cast<std::uint32_t>(data.size())});
    items_[key].data = std::move(data);
}

void FwCfg::add_file(const std::string& name, std::function<Bytes()> make, std::size_t size)
{
    add_file(name, Bytes(size));
    items_[files_.back().key].make = std::move(make);
}

void FwCfg::finish()
{
    std::ranges::sort(files_, {}, &File::name);
    Bytes directory;
    put_big(directory, files_.size(), 4);
    for (const File& file : files_) {
        put_big(directory, file.size, 4);
        put_big(directory, file.key, 2);
        put_big(directory, 0, 2);
        put_text(directory, file.name, kFileNameSize);
    }
    add(FwCfgKey::FileDirectory, std::move(directory));
}

void FwCfg::reset()
{
    state_ = {};
}

void FwCfg::load(const State& state)
{
    select(state.selected);
    state_ = state;
}

void FwCfg::select(std::uint16_t key)
{
    state_.selected = key;
    state_.position = 0;
    const auto found = items_.find(key);
    if (found != items_.end() && found->second.make) {
        const std::size_t size = found->second.data.size();
        found->second.data = found->second.make();
        found->second.data.resize(size);
    }
}

std::uint8_t FwCfg::next_byte()
{
    const auto found = items_.find(state_.selected);
    if (found == items_.end() || state_.position >= found->second.data.size()) {
        return 0;
    }
    return found->second.data[state_.position++];
}

bus::ReadResult FwCfg::read(std::uint64_t offset, bus::Width width)
{
    if (offset == kData && width == bus::Width::Byte) {
        return next_byte();
    }
    if (offset == kDmaHigh && width == bus::Width::Dword) {
        return std::byteswap(kDmaSignatureHigh);
    }
    if (offset == kDmaLow && width == bus::Width::Dword) {
        return std::byteswap(kDmaSignatureLow);
    }
    return bus::AccessStatus::NoRegister;
}

bus::AccessStatus FwCfg::write(std::uint64_t offset, bus::Width width, std::uint64_t value)
{
    if (offset == kSelector && width == bus::Width::Word) {
        select(static_cast<std::uint16_t>(value));
    } else if (offset == kDmaHigh && width == bus::Width::Dword) {
        state_.dma_address = std::uint64_t{std::byteswap(static_cast<std::uint32_t>(value))} << 32;
    } else if (offset == kDmaLow && width == bus::Width::Dword) {
        const std::uint64_t address = state_.dma_address | std::byteswap(static_cast<std::uint32_t>(value));
        state_.dma_address = 0;
        run_dma(address);
    } else {
        return offset == kData ? bus::AccessStatus::Ok : bus::AccessStatus::NoRegister;
    }
    return bus::AccessStatus::Ok;
}

void FwCfg::run_dma(std::uint64_t control_address)
{
    std::array<std::uint8_t, 16> request{}; // control, length, address; all big-endian
    const memory::GuestPhysical at{control_address};
    if (!memory_.read(at, request)) {
        return;
    }
    const std::uint32_t control = big(request.data());
    const std::uint32_t length = big(request.data() + 4);
    const std::uint64_t address = (std::uint64_t{big(request.data() + 8)} << 32) | big(request.data() + 12);
    if ((control & kDmaSelect) != 0) {
        select(static_cast<std::uint16_t>(control >> 16));
    }
    std::uint32_t result = 0;
    if ((control & kDmaRead) != 0) {
        result = dma_read(address, length) ? 0 : kDmaError;
    } else if ((control & kDmaWrite) != 0) {
        result = kDmaError; // no item is writable
    } else if ((control & kDmaSkip) != 0) {
        state_.position = state_.position + length < state_.position ? ~std::uint32_t{0} : state_.position + length;
    }
    Bytes answer;
    put_big(answer, result, 4);
    // A guest that unmapped its own request cannot be told; there is nobody else to tell.
    static_cast<void>(memory_.write(at, answer));
}

bool FwCfg::dma_read(std::uint64_t address, std::uint32_t length)
{
    if (length > kMaxDmaLength) {
        return false;
    }
    Bytes data(length); // beyond the item's end reads zero
    const auto found = items_.find(state_.selected);
    if (found != items_.end() && state_.position < found->second.data.size()) {
        const std::size_t count = std::min<std::size_t>(length, found->second.data.size() - state_.position);
        std::copy_n(found->second.data.begin() + state_.position, count, data.begin());
        state_.position += static_cast<std::uint32_t>(count);
    }
    return memory_.write(memory::GuestPhysical{address}, data);
}

} // namespace windsor::firmware
