// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/e1000/e1000_bench.hpp"

#include <gmock/gmock.h>

namespace windsor::devices::e1000 {

namespace {

constexpr std::uint32_t kControl = 0;
constexpr std::uint32_t kStatus = 1;

class E1000Registers : public testing::Test, protected Bench {
protected:
    // A word by the pins, as drivers read it.
    void clock_out(unsigned bits, unsigned count)
    {
        for (unsigned i = count; i-- > 0;) {
            const std::uint32_t data = (bits >> i & 1) != 0 ? eecd::kDataIn : 0;
            write(reg::kEecd, eecd::kChipSelect | eecd::kRequest | data);
            write(reg::kEecd, eecd::kChipSelect | eecd::kRequest | data | eecd::kClock);
        }
        write(reg::kEecd, eecd::kChipSelect | eecd::kRequest);
    }
    unsigned clock_in(unsigned count)
    {
        unsigned value = 0;
        for (unsigned i = 0; i < count; ++i) {
            write(reg::kEecd, eecd::kChipSelect | eecd::kRequest | eecd::kClock);
            value = value << 1 | ((read(reg::kEecd) & eecd::kDataOut) != 0 ? 1 : 0);
            write(reg::kEecd, eecd::kChipSelect | eecd::kRequest);
        }
        return value;
    }
    void deselect() { write(reg::kEecd, eecd::kRequest); }
    std::uint16_t eeprom(unsigned address)
    {
        write(reg::kEerd, address << eerd::kAddressShift | eerd::kStart);
        const std::uint32_t value = read(reg::kEerd);
        EXPECT_NE(value & eerd::kDone, 0u);
        EXPECT_EQ(value & eerd::kStart, 0u);
        return static_cast<std::uint16_t>(value >> eerd::kDataShift);
    }
};

TEST_F(E1000Registers, ConfigurationSpaceIsThatOfTheDesktopAdapter)
{
    EXPECT_EQ(card.config_read(0x00, 4), 0x100e'8086u);
    EXPECT_EQ(card.config_read(0x08, 4), 0x0200'0003u);
    EXPECT_EQ(card.config_read(0x2c, 4), 0x001e'8086u);
    EXPECT_EQ(card.config_read(0x3d, 1), 1u);
    card.config_write(0x10, 4, 0xffff'ffff);
    EXPECT_EQ(card.config_read(0x10, 4), 0xfffe'0000u);
    card.config_write(0x14, 4, 0xffff'ffff);
    EXPECT_EQ(card.config_read(0x14, 4), 0u);
    card.config_write(0x18, 4, 0xffff'ffff);
    EXPECT_EQ(card.config_read(0x18, 4), 0xffff'ffc1u);
    card.config_write(0x30, 4, 0xffff'ffff);
    EXPECT_EQ(card.config_read(0x30, 4), 0u);
    EXPECT_EQ(card.config_read(0x34, 1), 0xdcu);
    EXPECT_EQ(card.config_read(0xdc, 4), 0x0022'0001u);
}

TEST_F(E1000Registers, ResetValuesAreThoseOfTheManual)
{
    EXPECT_EQ(read(reg::kCtrl), ctrl::kFullDuplex | ctrl::kLinkReset);
    EXPECT_EQ(read(reg::kCtrlDup), read(reg::kCtrl));
    EXPECT_EQ(read(reg::kPba), 0x0010'0030u);
    EXPECT_EQ(read(reg::kVet), 0x8100u);
    EXPECT_EQ(read(reg::kIms), 0u);
    EXPECT_EQ(read(reg::kRctl), 0u);
    EXPECT_EQ(read(reg::kRa), 0x1200'5452u);
    EXPECT_EQ(read(reg::kRa + 4), 0x8000'5634u);
    EXPECT_EQ(read(0x5b50), 0u); // SWSM, of later chips
    EXPECT_EQ(read(reg::kPacketBuffer), 0u);
}

// As a driver's self test does: which bits of a register can be written.
TEST_F(E1000Registers, RegistersHoldTheBitsThatTheyHave)
{
    card.config_write(offset_of(pci::Register::Command), 2, pci::kCommandMemory);
    const std::vector<std::pair<std::uint32_t, std::uint32_t>> masks{
        {reg::kFcal, 0xffff'ffff}, {reg::kFcah, 0xffff},      {reg::kFct, 0xffff},        {reg::kVet, 0xffff},
        {reg::kRdtr, 0xffff},      {reg::kRdbah, ~0u},        {reg::kRdlen, 0xf'ff80},    {reg::kRdh, 0xffff},
        {reg::kRdt, 0xffff},       {reg::kFcrth, 0xfff8},     {reg::kFcttv, 0xffff},      {reg::kTipg, 0x3fff'ffff},
        {reg::kTdbah, ~0u},        {reg::kTdlen, 0xf'ff80},   {reg::kRdbal, 0xffff'fff0}, {reg::kTdbal, 0xffff'fff0},
        {reg::kTidv, 0xffff},      {reg::kTxcw, 0xc000'ffff}, {reg::kRa + 8, ~0u},        {reg::kRa + 12, 0x8003'ffff},
        {reg::kMta + 508, ~0u},    {reg::kVfta + 508, ~0u},   {reg::kItr, 0xffff},        {reg::kIms, cause::kAll}};
    for (const auto& [offset, mask] : masks) {
        for (const std::uint32_t pattern : {0x5a5a'5a5au, 0xa5a5'a5a5u, 0u, 0xffff'ffffu}) {
            write(offset, pattern);
            const std::uint32_t expected = offset == reg::kIms ? read(offset) & mask : pattern & mask;
            EXPECT_EQ(read(offset), expected) << std::hex << offset << " " << pattern;
        }
    }
    write(reg::kRctl, 0xffff'fffd);
    EXPECT_EQ(read(reg::kRctl) & 0x06c3'b33c, 0x06c3'b33cu);
    const std::uint32_t before = read(reg::kStatus);
    write(reg::kStatus, ~before);
    EXPECT_EQ(read(reg::kStatus), before);
}

TEST_F(E1000Registers, OldPlacesOfTheFirstChipStillWork)
{
    write(0x0110, 0x1230);
    EXPECT_EQ(read(reg::kRdbal), 0x1230u);
    write(0x0438, 0x12);
    EXPECT_EQ(read(reg::kTdt), 0x12u);
    write(0x0200 + 4, 77);
    EXPECT_EQ(read(reg::kMta + 4), 77u);
    EXPECT_EQ(read(0x0040), read(reg::kRa));
}

TEST_F(E1000Registers, AccessesOfOtherWidths)
{
    auto& registers = card.memory_registers();
    EXPECT_EQ(registers.read(reg::kRa + 1, bus::Width::Byte).value, 0x54u);
    EXPECT_EQ(registers.read(reg::kRa + 2, bus::Width::Word).value, 0x1200u);
    EXPECT_EQ(registers.read(reg::kRa, bus::Width::Qword).value, 0x8000'5634'1200'5452u);
    EXPECT_EQ(registers.read(reg::kRa + 2, bus::Width::Dword).status, bus::AccessStatus::BadWidth);
    EXPECT_EQ(registers.write(reg::kRa, bus::Width::Byte, 1), bus::AccessStatus::NoRegister);
    EXPECT_EQ(registers.write(reg::kRa + 2, bus::Width::Dword, 1), bus::AccessStatus::NoRegister);
    EXPECT_EQ(registers.write(reg::kRa + 8, bus::Width::Qword, 0x8000'0002'0000'0001), bus::AccessStatus::Ok);
    EXPECT_EQ(read(reg::kRa + 8), 1u);
    EXPECT_EQ(read(reg::kRa + 12), 0x8000'0002u);
}

TEST_F(E1000Registers, RegistersByTwoPorts)
{
    auto& ports = card.io_registers();
    EXPECT_EQ(ports.write(kIoAddress, bus::Width::Dword, reg::kVet), bus::AccessStatus::Ok);
    EXPECT_EQ(ports.read(kIoAddress, bus::Width::Dword).value, reg::kVet);
    EXPECT_EQ(ports.read(kIoData, bus::Width::Dword).value, 0x8100u);
    EXPECT_EQ(ports.write(kIoData, bus::Width::Dword, 0x88a8), bus::AccessStatus::Ok);
    EXPECT_EQ(read(reg::kVet), 0x88a8u);
    EXPECT_EQ(ports.write(kIoAddress, bus::Width::Word, 0), bus::AccessStatus::NoRegister);
    ports.write(kIoAddress, bus::Width::Dword, kMemorySize);
    EXPECT_EQ(ports.read(kIoData, bus::Width::Dword).value, 0u);
    EXPECT_EQ(ports.write(kIoData, bus::Width::Dword, 1), bus::AccessStatus::Ok);
    EXPECT_EQ(ports.read(8, bus::Width::Dword).value, 0u);
}

TEST_F(E1000Registers, TheEepromHasTheAddressAndARightSum)
{
    std::uint16_t sum = 0;
    for (unsigned i = 0; i < kEepromWords; ++i) {
        sum = static_cast<std::uint16_t>(sum + eeprom(i));
    }
    EXPECT_EQ(sum, 0xbaba);
    EXPECT_EQ(eeprom(0), 0x5452);
    EXPECT_EQ(eeprom(1), 0x1200);
    EXPECT_EQ(eeprom(2), 0x5634);
    EXPECT_EQ(eeprom(0x0b), kSubsystem);
    EXPECT_EQ(eeprom(0x0d), kDevice);
    EXPECT_EQ(eeprom(0x0e), kVendor);
}

TEST_F(E1000Registers, TheEepromIsReadByItsPins)
{
    EXPECT_EQ(read(reg::kEecd) & (eecd::kPresent | eecd::kGrant), eecd::kPresent);
    write(reg::kEecd, eecd::kRequest);
    EXPECT_NE(read(reg::kEecd) & eecd::kGrant, 0u);
    clock_out(0b110'000001, 9);
    EXPECT_EQ(read(reg::kEecd) & eecd::kDataOut, 0u); // the zero before the word
    EXPECT_EQ(clock_in(16), 0x1200u);
    EXPECT_EQ(clock_in(16), 0x5634u); // the next one
    deselect();
    clock_out(0b110'000000, 9);
    EXPECT_EQ(clock_in(16), 0x5452u);
}

TEST_F(E1000Registers, TheEepromIsWrittenOnlyWhenAllowed)
{
    const auto write_word = [this](unsigned address, unsigned value) {
        clock_out(0b101'000000 | address, 9);
        clock_out(value, 16);
        deselect();
    };
    write_word(5, 0x1234);
    EXPECT_EQ(eeprom(5), 0x1001);
    clock_out(0b100'110000, 9); // EWEN
    deselect();
    write_word(5, 0x1234);
    EXPECT_EQ(eeprom(5), 0x1234);
    write(reg::kEecd, eecd::kChipSelect);
    EXPECT_NE(read(reg::kEecd) & eecd::kDataOut, 0u); // ready
    deselect();
    clock_out(0b111'000101, 9); // ERASE
    deselect();
    EXPECT_EQ(eeprom(5), 0xffff);
    clock_out(0b100'000000, 9); // EWDS
    deselect();
    write_word(5, 0x4321);
    EXPECT_EQ(eeprom(5), 0xffff);
    card.reset();
    EXPECT_EQ(eeprom(5), 0xffff); // kept
}

TEST_F(E1000Registers, WrittenAddressesAreLoadedAnew)
{
    clock_out(0b100'110000, 9);
    deselect();
    clock_out(0b101'000000, 9);
    clock_out(0x1602, 16);
    deselect();
    EXPECT_EQ(read(reg::kRa), 0x1200'5452u);
    write(reg::kCtrlExt, ctrl_ext::kEepromReset);
    EXPECT_EQ(read(reg::kRa), 0x1200'1602u);
    EXPECT_EQ(read(reg::kCtrlExt) & ctrl_ext::kEepromReset, 0u);
}

TEST_F(E1000Registers, ThePhyIsAMarvell88E1011)
{
    EXPECT_EQ(phy(2), 0x0141);
    EXPECT_EQ(phy(3), 0x0c20);
    EXPECT_EQ(phy(kControl), 0x1140);
    EXPECT_EQ(phy(15), 0x3000);
    set_phy(16, 0x1234);
    EXPECT_EQ(phy(16), 0x1234);
    write(reg::kMdic, mdic::kRead | 2 << mdic::kRegisterShift | 7 << mdic::kPhyShift);
    EXPECT_NE(read(reg::kMdic) & mdic::kError, 0u);
    EXPECT_NE(read(reg::kMdic) & mdic::kReady, 0u);
    write(reg::kMdic, mdic::kRead | 2 << mdic::kRegisterShift | 1 << mdic::kPhyShift | mdic::kInterruptEnable);
    EXPECT_EQ(read(reg::kIcr), cause::kMdioDone);
}

TEST_F(E1000Registers, TheLinkComesUpAMomentAfterItIsWanted)
{
    write(reg::kIms, cause::kLinkChange);
    write(reg::kCtrl, ctrl::kFullDuplex | ctrl::kSetLinkUp);
    EXPECT_EQ(read(reg::kStatus) & status::kLinkUp, 0u);
    EXPECT_EQ(phy(kStatus) & 0x24, 0);
    EXPECT_FALSE(interrupt.level);
    pass(kLinkTime);
    EXPECT_TRUE(interrupt.level);
    EXPECT_EQ(read(reg::kIcr), cause::kLinkChange);
    EXPECT_FALSE(interrupt.level);
    EXPECT_EQ(read(reg::kStatus), status::kFullDuplex | status::kLinkUp | 2 << 6 | 2 << 8);
    EXPECT_EQ(phy(kStatus), 0x796d);
    EXPECT_EQ(phy(17), 0xac00);
    EXPECT_EQ(phy(10) & 0x3c00, 0x3c00);
    EXPECT_EQ(phy(5), 0x41e1);
}

TEST_F(E1000Registers, ACableThatIsPulledOut)
{
    bring_up();
    write(reg::kIms, cause::kLinkChange);
    card.set_carrier(false);
    EXPECT_EQ(read(reg::kStatus) & status::kLinkUp, 0u);
    EXPECT_TRUE(interrupt.level);
    EXPECT_EQ(read(reg::kIcr), cause::kLinkChange);
    pass(kLinkTime);
    EXPECT_EQ(phy(kStatus) & 4, 0);
    EXPECT_EQ(phy(kStatus) & 4, 0);
    EXPECT_EQ(read(reg::kIcr), 0u);
    card.set_carrier(true);
    pass(kLinkTime);
    EXPECT_EQ(phy(kStatus) & 4, 4); // whose loss has been read
    card.set_carrier(false);
    card.set_carrier(true);
    pass(kLinkTime);
    EXPECT_EQ(phy(kStatus) & 4, 0); // was lost
    EXPECT_EQ(phy(kStatus) & 4, 4);
    EXPECT_EQ(read(reg::kIcr), cause::kLinkChange);
    EXPECT_NE(read(reg::kStatus) & status::kLinkUp, 0u);
}

TEST_F(E1000Registers, NegotiationThatIsBegunAnew)
{
    bring_up();
    set_phy(kControl, 0x1340);
    EXPECT_EQ(phy(kControl), 0x1140);
    EXPECT_EQ(read(reg::kStatus) & status::kLinkUp, 0u);
    pass(kLinkTime);
    EXPECT_NE(read(reg::kStatus) & status::kLinkUp, 0u);
    set_phy(9, 0);
    set_phy(4, 0x0081);
    set_phy(kControl, 0x9140);
    pass(kLinkTime);
    EXPECT_EQ(read(reg::kStatus) & 0xc1, 0x40u); // 100 Mb/s, half duplex
    EXPECT_EQ(phy(17) & 0xe000, 0x4000);
    set_phy(kControl, 0x0100);
    pass(kLinkTime);
    EXPECT_EQ(read(reg::kStatus) & 0xc1, 0x01u); // 10 Mb/s
    set_phy(kControl, 0x0800);
    pass(kLinkTime);
    EXPECT_EQ(phy(kStatus) & 4, 0);
}

TEST_F(E1000Registers, PhyInterrupts)
{
    set_phy(18, 0x0400);
    pass(kLinkTime);
    EXPECT_EQ(read(reg::kIcr), cause::kPhy);
    EXPECT_EQ(phy(19), 0x0c00);
    EXPECT_EQ(phy(19), 0);
}

TEST_F(E1000Registers, InterruptCausesAndTheirMask)
{
    write(reg::kIcs, cause::kTransmitted | cause::kReceived);
    EXPECT_FALSE(interrupt.level);
    write(reg::kIms, cause::kReceived);
    EXPECT_TRUE(interrupt.level);
    EXPECT_EQ(card.config_read(0x06, 2) & pci::kStatusInterrupt, pci::kStatusInterrupt);
    write(reg::kImc, cause::kReceived);
    EXPECT_FALSE(interrupt.level);
    EXPECT_EQ(read(reg::kIms), 0u);
    EXPECT_EQ(read(reg::kImc), 0u);
    write(reg::kIms, cause::kReceived | cause::kTransmitted);
    write(reg::kIcr, cause::kReceived);
    EXPECT_TRUE(interrupt.level);
    EXPECT_EQ(read(reg::kIcr), cause::kTransmitted);
    EXPECT_FALSE(interrupt.level);
    EXPECT_EQ(read(reg::kIcr), 0u);
}

// As Linux's self test has it, one by one.
TEST_F(E1000Registers, EachCauseInterruptsIfItIsEnabled)
{
    for (unsigned i = 0; i <= 16; ++i) {
        write(reg::kImc, ~0u);
        write(reg::kIcs, 1u << i);
        EXPECT_FALSE(interrupt.level) << i;
        write(reg::kIms, 1u << i);
        EXPECT_TRUE(interrupt.level) << i;
        EXPECT_EQ(read(reg::kIcr), 1u << i);
    }
}

TEST_F(E1000Registers, ThrottledInterruptsComeLateButCome)
{
    write(reg::kIms, cause::kReceived);
    write(reg::kItr, 1000); // 256 us
    write(reg::kIcs, cause::kReceived);
    EXPECT_EQ(interrupt.rises, 1u);
    read(reg::kIcr);
    write(reg::kIcs, cause::kReceived);
    EXPECT_FALSE(interrupt.level);
    pass(255 * base::kMicrosecond);
    EXPECT_FALSE(interrupt.level);
    pass(base::kMicrosecond);
    EXPECT_TRUE(interrupt.level);
    read(reg::kIcr);
    pass(base::kSecond);
    EXPECT_EQ(interrupt.rises, 2u);
    write(reg::kIcs, cause::kReceived); // long after the last one
    EXPECT_TRUE(interrupt.level);
    read(reg::kIcr);
    write(reg::kIcs, cause::kReceived);
    EXPECT_FALSE(interrupt.level);
    write(reg::kItr, 0); // nothing to wait for any more
    EXPECT_TRUE(interrupt.level);
}

TEST_F(E1000Registers, SoftwareResetKeepsWhatItIsToKeep)
{
    bring_up();
    phy(kStatus); // what was lost before
    write(reg::kPba, 0x20);
    write(reg::kMta, 1);
    write(reg::kRctl, rctl::kBroadcast);
    write(reg::kTdbal, 0x1000);
    write(reg::kIms, cause::kLinkChange);
    write(reg::kRa, 7);
    card.config_write(0x3c, 1, 11);
    write(reg::kCtrl, ctrl::kReset | ctrl::kSetLinkUp);
    EXPECT_EQ(read(reg::kCtrl), ctrl::kFullDuplex | ctrl::kLinkReset);
    EXPECT_EQ(read(reg::kPba), 0x0020'0020u);
    EXPECT_EQ(read(reg::kMta), 1u);
    EXPECT_EQ(read(reg::kRctl), 0u);
    EXPECT_EQ(read(reg::kTdbal), 0u);
    EXPECT_EQ(read(reg::kIms), 0u);
    EXPECT_EQ(read(reg::kIcr), 0u);
    EXPECT_EQ(read(reg::kRa), 0x1200'5452u);
    EXPECT_EQ(card.config_read(0x3c, 1), 11u);
    EXPECT_EQ(phy(kStatus) & 4, 4); // which goes on
    write(reg::kCtrl, ctrl::kSetLinkUp);
    EXPECT_EQ(read(reg::kIcr), cause::kLinkChange);
    write(reg::kCtrl, ctrl::kSetLinkUp | ctrl::kPhyReset);
    EXPECT_EQ(read(reg::kCtrl), ctrl::kSetLinkUp);
    EXPECT_EQ(read(reg::kStatus) & status::kLinkUp, 0u);
}

TEST_F(E1000Registers, InD3NothingAnswersAndThenAllIsReset)
{
    write(reg::kIms, cause::kReceived);
    write(reg::kIcs, cause::kReceived);
    EXPECT_TRUE(interrupt.level);
    card.config_write(pm::kControl, 2, 3);
    EXPECT_FALSE(interrupt.level);
    EXPECT_EQ(read(reg::kVet), 0xffff'ffffu);
    write(reg::kVet, 5);
    card.config_write(pm::kControl, 2, 0);
    EXPECT_EQ(read(reg::kVet), 0x8100u);
    EXPECT_EQ(read(reg::kIms), 0u);
    EXPECT_EQ(card.config_read(0x04, 2), pci::kCommandMemory | pci::kCommandBusMaster);
}

TEST(E1000Alone, WithoutALinkThereIsNoCarrier)
{
    base::ManualClock clock;
    base::TimerQueue timers;
    memory::GuestMemory memory;
    E1000 card{clock, timers, memory, {.mac = kBenchMac}};
    static_cast<void>(card.memory_registers().write(reg::kCtrl, bus::Width::Dword, ctrl::kSetLinkUp));
    clock.advance(kLinkTime);
    timers.run_due(clock.now());
    EXPECT_EQ(card.memory_registers().read(reg::kStatus, bus::Width::Dword).value & status::kLinkUp, 0u);
    card.set_carrier(true);
    EXPECT_FALSE(timers.next_deadline().has_value());
}

TEST(E1000Alone, AnExpansionRomHasARangeOfItsOwn)
{
    base::ManualClock clock;
    base::TimerQueue timers;
    memory::GuestMemory memory;
    E1000 card{clock, timers, memory, {.mac = kBenchMac, .rom = std::move(*memory::Block::create(64 * 1024))}};
    card.config_write(0x30, 4, 0xffff'ffff);
    EXPECT_EQ(card.config_read(0x30, 4), 0xffff'0001u);
}

} // namespace

} // namespace windsor::devices::e1000
