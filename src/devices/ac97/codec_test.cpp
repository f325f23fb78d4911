// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/ac97/codec.hpp"

#include <gtest/gtest.h>
#include <limits>

namespace windsor::devices::ac97 {

namespace {

using backend::StereoFrame;

StereoFrame heard(const Codec& codec, StereoFrame frame)
{
    codec.amplify({&frame, 1});
    return frame;
}

// What Windows' driver and Linux look for before they take the codec for one.
TEST(Ac97Codec, SaysWhatItIs)
{
    const Codec codec;
    EXPECT_EQ(codec.read(mixer::kReset), 0);
    EXPECT_EQ(codec.read(mixer::kMaster), 0x8000);
    EXPECT_EQ(codec.read(mixer::kMono), 0x8000);
    EXPECT_EQ(codec.read(mixer::kPcmOut), 0x8808);
    EXPECT_EQ(codec.read(mixer::kPower), 0x000f);
    EXPECT_EQ(codec.read(mixer::kExtendedId), 0x0001);
    EXPECT_EQ(codec.read(mixer::kFrontRate), 48'000);
    EXPECT_EQ(codec.read(mixer::kRecordRate), 48'000);
    EXPECT_EQ(codec.read(mixer::kVendorId1), 0x8384);
    EXPECT_EQ(codec.read(mixer::kVendorId2), 0x7600);
    for (const unsigned absent : {0x04U, 0x08U, 0x1eU, 0x22U, 0x2eU, 0x30U, 0x34U, 0x36U, 0x5aU}) {
        EXPECT_EQ(codec.read(absent), 0) << absent;
    }
}

// AC'97 5.7.2: a sixth bit that is not there has a volume be the least there is.
TEST(Ac97Codec, KeepsTheBitsThatRegistersHave)
{
    Codec codec;
    codec.write(mixer::kMaster, 0xbf3f);
    EXPECT_EQ(codec.read(mixer::kMaster), 0x9f1f);
    codec.write(mixer::kMaster, 0x2005);
    EXPECT_EQ(codec.read(mixer::kMaster), 0x1f05);
    codec.write(mixer::kMono, 0xff20);
    EXPECT_EQ(codec.read(mixer::kMono), 0x801f);
    codec.write(mixer::kPcmOut, 0xffff);
    EXPECT_EQ(codec.read(mixer::kPcmOut), 0x9f1f);
    codec.write(mixer::kRecordSelect, 0xffff);
    EXPECT_EQ(codec.read(mixer::kRecordSelect), 0x0707);
    for (unsigned offset = mixer::kMaster; offset < 2 * mixer::kWords; offset += 2) {
        codec.write(offset, 0xffff);
    }
    EXPECT_EQ(codec.read(mixer::kExtendedId), 0x0001);
    EXPECT_EQ(codec.read(mixer::kVendorId2), 0x7600);
    EXPECT_EQ(codec.read(0x04), 0);
}

TEST(Ac97Codec, AnyWriteToTheResetRegisterIsOne)
{
    Codec codec;
    codec.write(mixer::kMaster, 0x0101);
    codec.write(mixer::kExtendedControl, mixer::kVariableRate);
    codec.write(mixer::kFrontRate, 8'000);
    codec.write(mixer::kReset, 0x1234);
    EXPECT_EQ(codec.read(mixer::kMaster), 0x8000);
    EXPECT_EQ(codec.read(mixer::kExtendedControl), 0);
    EXPECT_EQ(codec.output_rate(), 48'000U);
}

TEST(Ac97Codec, HasRatesOfTheGuestsChoiceOnlyWithVra)
{
    Codec codec;
    codec.write(mixer::kFrontRate, 44'100);
    EXPECT_EQ(codec.output_rate(), 48'000U);
    codec.write(mixer::kExtendedControl, 0xffff);
    EXPECT_EQ(codec.read(mixer::kExtendedControl), mixer::kVariableRate);
    for (const std::uint16_t rate : std::array<std::uint16_t, 5>{8'000, 11'025, 22'050, 44'100, 48'000}) {
        codec.write(mixer::kFrontRate, rate);
        EXPECT_EQ(codec.read(mixer::kFrontRate), rate);
        EXPECT_EQ(codec.output_rate(), rate);
    }
    codec.write(mixer::kFrontRate, 0);
    EXPECT_EQ(codec.read(mixer::kFrontRate), kLowestRate);
    codec.write(mixer::kRecordRate, 0xffff);
    EXPECT_EQ(codec.input_rate(), 48'000U);
    codec.write(mixer::kRecordRate, 16'000);
    EXPECT_EQ(codec.input_rate(), 16'000U) << "each direction has its own";
    EXPECT_EQ(codec.output_rate(), kLowestRate);
    codec.write(mixer::kExtendedControl, 0);
    EXPECT_EQ(codec.output_rate(), 48'000U);
    EXPECT_EQ(codec.read(mixer::kRecordRate), 48'000);
}

TEST(Ac97Codec, SaysWhatIsReadyByWhatIsShutOff)
{
    Codec codec;
    codec.write(mixer::kPower, mixer::kAdcOff | mixer::kDacOff);
    EXPECT_EQ(codec.read(mixer::kPower), mixer::kAdcOff | mixer::kDacOff | 0x000c);
    codec.write(mixer::kPower, mixer::kReferenceOff | mixer::kLinkOff);
    EXPECT_EQ(codec.read(mixer::kPower), mixer::kReferenceOff | mixer::kLinkOff | 0x0003);
    codec.warm_reset();
    EXPECT_EQ(codec.read(mixer::kPower) & 0xff00, mixer::kReferenceOff);
}

// AC'97 5.7.2 and 5.7.5: 1.5 dB a step; 8 is unity for PCM out, and 0 for the master volume.
TEST(Ac97Codec, AmplifiesByBothVolumes)
{
    Codec codec;
    EXPECT_EQ(heard(codec, {.left = 1000, .right = -1000}), StereoFrame{}) << "muted at first";
    codec.write(mixer::kMaster, 0x0000);
    EXPECT_EQ(heard(codec, {.left = 1000, .right = -1000}), StereoFrame{}) << "PCM out is muted";
    codec.write(mixer::kPcmOut, 0x0808);
    EXPECT_EQ(heard(codec, {.left = 1000, .right = -32'768}), (StereoFrame{.left = 1000, .right = -32'768}));
    codec.write(mixer::kMaster, 0x0400); // 6 dB
    EXPECT_NEAR(heard(codec, {.left = 10'000, .right = 10'000}).left, 5012, 2);
    EXPECT_EQ(heard(codec, {.left = 10'000, .right = 10'000}).right, 10'000);
    codec.write(mixer::kMaster, 0x0000);
    codec.write(mixer::kPcmOut, 0x0000); // 12 dB more
    EXPECT_NEAR(heard(codec, {.left = 1000, .right = 0}).left, 3981, 2);
    EXPECT_EQ(heard(codec, {.left = 20'000, .right = -20'000}),
              (StereoFrame{.left = std::numeric_limits<std::int16_t>::max(),
                           .right = std::numeric_limits<std::int16_t>::min()}));
    codec.write(mixer::kMaster, 0x1f1f);
    codec.write(mixer::kPcmOut, 0x1f1f);
    EXPECT_LT(heard(codec, {.left = 32'767, .right = 0}).left, 10);
    codec.write(mixer::kMaster, 0x0000);
    codec.write(mixer::kPower, mixer::kDacOff);
    EXPECT_EQ(heard(codec, {.left = 1000, .right = 1000}), StereoFrame{});
}

TEST(Ac97Codec, TakesForgedRegistersAsItCouldHaveThem)
{
    Codec::State forged;
    forged.words.fill(0xffff);
    Codec codec;
    codec.load(forged);
    EXPECT_EQ(codec.read(mixer::kReset), 0);
    EXPECT_EQ(codec.read(mixer::kVendorId1), 0x8384);
    EXPECT_EQ(codec.output_rate(), 48'000U);
    forged.words.fill(0);
    codec.load(forged);
    EXPECT_EQ(codec.output_rate(), 48'000U) << "no rate of zero";
    forged.words.at(mixer::kExtendedControl / 2) = mixer::kVariableRate;
    forged.words.at(mixer::kFrontRate / 2) = 1;
    codec.load(forged);
    EXPECT_EQ(codec.output_rate(), kLowestRate);
}

} // namespace

} // namespace windsor::devices::ac97
