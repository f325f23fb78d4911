// SPDX-License-Identifier: GPL-2.0-or-later
// The commands that move no sectors.
#include "devices/ide/hard_disk.hpp"
#include "devices/ide/identify.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

namespace windsor::devices::ide {

namespace {

constexpr std::uint32_t kMostLba28Sectors = 0x0FFFFFFF;
constexpr std::uint32_t kMostCylinders = 16383;

struct SmartAttribute {
    std::uint8_t id;
    std::uint16_t flags;
    std::uint8_t value;
    std::uint8_t raw;
    std::uint8_t threshold;
};

// The attributes that monitoring tools look for first; none has ever gone bad.
constexpr std::array<SmartAttribute, 5> kSmartAttributes{{
    {1, 0x0003, 100, 0, 6},    // raw read error rate
    {3, 0x0003, 100, 0, 0},    // spin-up time
    {4, 0x0012, 100, 1, 20},   // start/stop count
    {5, 0x0003, 100, 0, 36},   // reallocated sectors
    {194, 0x0022, 69, 31, 50}, // temperature, Celsius
}};

void seal(std::vector<std::uint8_t>& sector)
{
    unsigned sum = 0;
    for (std::size_t i = 0; i < 511; ++i) {
        sum += sector[i];
    }
    sector[511] = static_cast<std::uint8_t>(0x100 - (sum & 0xFF));
}

} // namespace

std::uint32_t HardDisk::cylinders() const
{
    const std::uint32_t per_cylinder = std::uint32_t{geometry_.heads} * geometry_.sectors;
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(sectors_ / per_cylinder, kMostCylinders));
}

void HardDisk::execute_other(Command command)
{
    transfer_ = {};
    switch (command) {
    case Command::IdentifyDevice:
        identify();
        return;
    case Command::SetFeatures:
        set_features();
        return;
    case Command::SetMultipleMode:
        set_multiple();
        return;
    case Command::InitializeDeviceParameters:
        initialize_parameters();
        return;
    case Command::ReadNativeMax:
        read_native_max(false);
        return;
    case Command::ReadNativeMaxExt:
        read_native_max(true);
        return;
    case Command::FlushCache:
    case Command::FlushCacheExt:
        flush();
        return;
    case Command::Smart:
        smart();
        return;
    default:
        break;
    }
    switch (static_cast<std::uint8_t>(command) & 0xF0) {
    case static_cast<std::uint8_t>(Command::Recalibrate):
        finish();
        return;
    case static_cast<std::uint8_t>(Command::Seek):
        seek();
        return;
    default:
        abort_command(); // NOP, PACKET, DEVICE RESET, the security commands and whatever is unknown
        return;
    }
}

void HardDisk::offer(std::vector<std::uint8_t> data)
{
    common_.buffer = std::move(data);
    common_.position = 0;
    begin_block(Phase::PioIn, common_.buffer.size(), true);
}

void HardDisk::identify()
{
    IdentifyWords words;
    const auto lba28 = static_cast<std::uint32_t>(std::min<std::uint64_t>(sectors_, kMostLba28Sectors));
    words.set(0, 0x0040); // fixed drive
    const auto default_cylinders = std::min<std::uint64_t>(sectors_ / (16 * 63), kMostCylinders);
    words.set(1, static_cast<unsigned>(default_cylinders));
    words.set(2, 0xC837); // complete without SET FEATURES spin-up
    words.set(3, 16);
    words.set(6, 63);
    words.set_common(common_, config_.serial, config_.firmware, config_.model);
    words.set(47, 0x8000 | kMaxMultiple);
    words.set(49, 0x2F00); // DMA, LBA, IORDY, standard standby timer
    words.set(54, cylinders());
    words.set(55, geometry_.heads);
    words.set(56, geometry_.sectors);
    words.set32(57, cylinders() * geometry_.heads * geometry_.sectors);
    words.set(59, multiple_ != 0 ? 0x0100U | multiple_ : 0U);
    words.set32(60, lba28);
    words.set(82, 0x4069); // NOP, read-ahead, write cache, power management, SMART
    words.set(83, 0x7400); // FLUSH CACHE (EXT), 48-bit addresses
    words.set(84, 0x4040); // forced unit access
    words.set(85, 0x4008U | (smart_ ? 0x01U : 0U) | (write_cache_ ? 0x20U : 0U) | (read_ahead_ ? 0x40U : 0U));
    words.set(86, 0x3400);
    words.set(87, 0x4040);
    words.set64(100, sectors_);
    offer(words.bytes());
}

void HardDisk::set_features()
{
    switch (static_cast<Feature>(common_.features.now)) {
    case Feature::EnableWriteCache:
        write_cache_ = true;
        break;
    case Feature::DisableWriteCache:
        write_cache_ = false;
        flush(); // what was cached must be on the medium when the command ends
        return;
    case Feature::EnableReadAhead:
        read_ahead_ = true;
        break;
    case Feature::DisableReadAhead:
        read_ahead_ = false;
        break;
    case Feature::SetTransferMode:
        if (!set_transfer_mode(common_.sector_count.now)) {
            abort_command();
            return;
        }
        break;
    case Feature::KeepSettings:
    case Feature::RevertToDefaults:
        break;
    default:
        abort_command();
        return;
    }
    finish();
}

void HardDisk::set_multiple()
{
    const std::uint8_t count = common_.sector_count.now;
    if (count > kMaxMultiple || (count != 0 && !std::has_single_bit(count))) {
        multiple_ = 0;
        abort_command();
        return;
    }
    multiple_ = count;
    finish();
}

// ATA/ATAPI-5 8.16.
void HardDisk::initialize_parameters()
{
    if (common_.sector_count.now == 0) {
        abort_command();
        return;
    }
    geometry_ = {.heads = static_cast<std::uint8_t>((common_.device & device_bits::kHead) + 1),
                 .sectors = common_.sector_count.now};
    finish();
}

void HardDisk::seek()
{
    const auto lba = address(false);
    if (!lba || *lba >= sectors_) {
        fail(error::kIdnf);
        return;
    }
    finish();
}

void HardDisk::read_native_max(bool extended)
{
    if (sectors_ == 0 || (common_.device & device_bits::kLba) == 0) {
        abort_command();
        return;
    }
    transfer_.extended = extended;
    store_address(extended ? sectors_ - 1 : std::min<std::uint64_t>(sectors_, kMostLba28Sectors) - 1);
    finish();
}

void HardDisk::flush()
{
    transfer_ = {.operation = Operation::Flush};
    media_flush(config_.media);
}

void HardDisk::smart()
{
    const auto feature = static_cast<SmartFeature>(common_.features.now);
    const bool key = common_.lba_mid.now == kSmartKeyMid && common_.lba_high.now == kSmartKeyHigh;
    if (!key || (!smart_ && feature != SmartFeature::Enable)) {
        abort_command();
        return;
    }
    switch (feature) {
    case SmartFeature::ReadData:
        offer(smart_data());
        return;
    case SmartFeature::ReadThresholds:
        offer(smart_thresholds());
        return;
    case SmartFeature::Enable:
        smart_ = true;
        break;
    case SmartFeature::Disable:
        smart_ = false;
        break;
    case SmartFeature::AttributeAutosave:
    case SmartFeature::ReturnStatus: // the key unchanged: no threshold exceeded
        break;
    default:
        abort_command();
        return;
    }
    finish();
}

// Device SMART data structure (ATA/ATAPI-7 volume 1, 6.53.6.8).
std::vector<std::uint8_t> HardDisk::smart_data() const
{
    std::vector<std::uint8_t> data(kSectorBytes);
    data[0] = 0x10;
    std::size_t at = 2;
    for (const SmartAttribute& attribute : kSmartAttributes) {
        data[at] = attribute.id;
        data[at + 1] = static_cast<std::uint8_t>(attribute.flags);
        data[at + 2] = static_cast<std::uint8_t>(attribute.flags >> 8);
        data[at + 3] = attribute.value;
        data[at + 4] = attribute.value; // worst so far
        data[at + 5] = attribute.raw;
        at += 12;
    }
    data[368] = 0x02; // saves attributes; no off-line collection, so no EXECUTE OFF-LINE IMMEDIATE
    seal(data);
    return data;
}

std::vector<std::uint8_t> HardDisk::smart_thresholds() const
{
    std::vector<std::uint8_t> data(kSectorBytes);
    data[0] = 0x10;
    std::size_t at = 2;
    for (const SmartAttribute& attribute : kSmartAttributes) {
        data[at] = attribute.id;
        data[at + 1] = attribute.threshold;
        at += 12;
    }
    seal(data);
    return data;
}

} // namespace windsor::devices::ide
