// SPDX-License-Identifier: GPL-2.0-or-later
#include "display/key_names.hpp"
#include "display/keymap.hpp"
#include "display/keysym.hpp"
#include "display/vnc_testing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace windsor::display {

namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<KeyEvent> press(std::string_view layout, std::initializer_list<std::uint32_t> keysyms)
{
    const Keymap keymap = Keymap::find(layout).value();
    KeysymTranslator translator{keymap};
    std::vector<KeyEvent> last;
    for (const std::uint32_t keysym : keysyms) {
        last = translator.key(keysym, true);
    }
    return last;
}

TEST(Keymap, RowsHaveOneCharacterForEachKey)
{
    constexpr std::array<std::size_t, 5> kKeys{13, 12, 12, 11, 2};
    for (const Layout& layout : layouts()) {
        for (std::size_t row = 0; row < kKeys.size(); ++row) {
            const LayoutRow& r = layout.rows[row];
            for (const std::u32string_view level : {r.plain, r.shift, r.alt_gr, r.shift_alt_gr}) {
                EXPECT_TRUE(level.empty() || level.size() == kKeys[row]) << layout.name << " row " << row;
            }
        }
    }
}

TEST(Keymap, EveryLayoutTypesAllOfAscii)
{
    for (const std::string_view name : Keymap::names()) {
        const Keymap keymap = Keymap::find(name).value();
        for (char32_t c = U' '; c < 0x7f; ++c) {
            EXPECT_THAT(keymap.strokes(c), ::testing::Not(IsEmpty())) << name << " '" << static_cast<char>(c) << "'";
        }
    }
}

TEST(Keymap, PlacesLettersWhereTheLayoutHasThem)
{
    EXPECT_EQ(Keymap::find("en-us")->stroke(U'y'), (Stroke{.code = 0x15}));
    EXPECT_EQ(Keymap::find("de")->stroke(U'y'), (Stroke{.code = 0x2c}));
    EXPECT_EQ(Keymap::find("de")->stroke(U'@'), (Stroke{.code = 0x10, .alt_gr = true}));
    EXPECT_EQ(Keymap::find("fr")->stroke(U'1'), (Stroke{.code = 0x02, .shift = true}));
    EXPECT_EQ(Keymap::find("fr")->stroke(U'é'), (Stroke{.code = 0x03}));
    EXPECT_EQ(Keymap::find("en-gb")->stroke(U'"'), (Stroke{.code = 0x03, .shift = true}));
    EXPECT_EQ(Keymap::find("es")->stroke(U'ñ'), (Stroke{.code = 0x27}));
    EXPECT_EQ(Keymap::find("it")->stroke(U'{'), (Stroke{.code = 0x1a, .shift = true, .alt_gr = true}));
    EXPECT_EQ(Keymap::find("sv")->stroke(U'å'), (Stroke{.code = 0x1a}));
    EXPECT_EQ(Keymap::find("tr")->stroke(U'ı'), (Stroke{.code = 0x17}));
    EXPECT_EQ(Keymap::find("ja")->stroke(U'_'), (Stroke{.code = 0x73, .shift = true}));
}

TEST(Keymap, DeadKeysCombine)
{
    const Keymap fr = Keymap::find("fr").value();
    EXPECT_THAT(fr.strokes(U'ê'), ElementsAre(Stroke{.code = 0x1a}, Stroke{.code = 0x12}));
    EXPECT_THAT(fr.strokes(U'Ï'),
                ElementsAre(Stroke{.code = 0x1a, .shift = true}, Stroke{.code = 0x17, .shift = true}));
    const Keymap de = Keymap::find("de").value();
    EXPECT_THAT(de.strokes(U'^'), ElementsAre(Stroke{.code = 0x29}, Stroke{.code = 0x39}));
    EXPECT_THAT(de.strokes(U'漢'), IsEmpty());
}

TEST(Keymap, UnknownNameListsTheKnown)
{
    const auto refused = Keymap::find("dvorak");
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message(), HasSubstr("en-us, en-gb, de"));
}

TEST(Keysym, CharactersAndKeys)
{
    EXPECT_EQ(keysym_character('A'), U'A');
    EXPECT_EQ(keysym_character(0xe9), U'é');
    EXPECT_EQ(keysym_character(0x20ac), U'€');
    EXPECT_EQ(keysym_character(0x010020ac), U'€');
    EXPECT_EQ(keysym_character(0xfe52), U'\u0302');
    EXPECT_EQ(keysym_character(0xff0d), std::nullopt);
    EXPECT_EQ(keysym_key(0xff0d), 0x1c);
    EXPECT_EQ(keysym_key(0xffc9), 0x58);
    EXPECT_EQ(keysym_key(0xffff), 0xe053);
    EXPECT_EQ(keysym_key('a'), std::nullopt);
}

TEST(Keysym, XtCodes)
{
    EXPECT_EQ(key_from_xt(0x1e), 0x1e);
    EXPECT_EQ(key_from_xt(0x9d), 0xe01d);
    EXPECT_EQ(key_from_xt(0xc6), 0xe11d);
    EXPECT_EQ(key_from_xt(0xb7), 0xe037);
    EXPECT_EQ(key_from_xt(0x54), 0xe037);
    EXPECT_EQ(key_from_xt(0), std::nullopt);
    EXPECT_EQ(key_from_xt(0x80), std::nullopt);
    EXPECT_EQ(key_from_xt(0x1e1e), std::nullopt);
}

TEST(Keysym, AddsTheShiftThatTheGuestNeeds)
{
    // A French client types "1" with Shift; "&" without. A US guest has them the other way round.
    EXPECT_THAT(press("en-us", {'&'}),
                ElementsAre(KeyEvent{0x2a, true}, KeyEvent{0x08, true}, KeyEvent{0x2a, false}));
    EXPECT_THAT(press("en-us", {0xffe1, '1'}),
                ElementsAre(KeyEvent{0x2a, false}, KeyEvent{0x02, true}, KeyEvent{0x2a, true}));
    EXPECT_THAT(press("en-us", {0xffe1, '!'}), ElementsAre(KeyEvent{0x02, true}));
    EXPECT_THAT(press("de", {'@'}), ElementsAre(KeyEvent{0xe038, true}, KeyEvent{0x10, true}, KeyEvent{0xe038, false}));
    EXPECT_THAT(press("en-us", {0xfe03, '@'}),
                ElementsAre(KeyEvent{0x2a, true}, KeyEvent{0xe038, false}, KeyEvent{0x03, true},
                            KeyEvent{0xe038, true}, KeyEvent{0x2a, false}));
}

// As TigerVNC's and others' viewers do when Shift is let go first.
TEST(Keysym, AKeyIsReleasedUnderTheNameThatItHasWithoutShift)
{
    const Keymap keymap = Keymap::find("en-us").value();
    KeysymTranslator translator{keymap};
    for (const auto& [upper, lower, code] :
         {std::tuple{0x41U, 0x61U, KeyCode{0x1e}}, std::tuple{0x21U, 0x31U, KeyCode{0x02}}}) {
        translator.key(0xffe1, true);
        EXPECT_THAT(translator.key(upper, true), ElementsAre(KeyEvent{code, true}));
        EXPECT_THAT(translator.key(0xffe1, false), ElementsAre(KeyEvent{0x2a, false}));
        EXPECT_THAT(translator.key(lower, false), ElementsAre(KeyEvent{code, false}));
        EXPECT_THAT(translator.key(upper, false), IsEmpty());
    }
    translator.key(0xff09, true); // Tab, which is ISO_Left_Tab with Shift
    EXPECT_THAT(translator.key(0xfe20, false), ElementsAre(KeyEvent{0x0f, false}));
    translator.key('a', true);
    EXPECT_THAT(translator.key('b', false), IsEmpty());
    EXPECT_THAT(translator.key(0x41, false), ElementsAre(KeyEvent{0x1e, false}));
}

TEST(Keysym, ReleasesTheKeyThatWasPressed)
{
    const Keymap keymap = Keymap::find("en-us").value();
    KeysymTranslator translator{keymap};
    translator.key(0xffe1, true);
    EXPECT_THAT(translator.key('A', true), ElementsAre(KeyEvent{0x1e, true}));
    EXPECT_THAT(translator.key('A', true), ElementsAre(KeyEvent{0x1e, true})); // repeats
    EXPECT_THAT(translator.key(0xffe1, false), ElementsAre(KeyEvent{0x2a, false}));
    EXPECT_THAT(translator.key('A', false), ElementsAre(KeyEvent{0x1e, false}));
    EXPECT_THAT(translator.key('A', false), IsEmpty());
    EXPECT_THAT(translator.key(0xffe5, true), IsEmpty()); // Caps Lock stays with the client
    EXPECT_THAT(translator.key(0x12345678, true), IsEmpty());
}

TEST(KeyNames, ReadsCombinations)
{
    const auto keys = [](std::string_view text) { return parse_keys(text).value(); };
    EXPECT_THAT(keys("ctrl-alt-delete"), ElementsAre(Chord{0x1d, 0x38, 0xe053}));
    EXPECT_THAT(keys("Ctrl+Alt+F2"), ElementsAre(Chord{0x1d, 0x38, 0x3c}));
    EXPECT_THAT(keys("  down enter\n"), ElementsAre(Chord{0xe050}, Chord{0x1c}));
    EXPECT_THAT(keys("ctrl-c"), ElementsAre(Chord{0x1d, 0x2e}));
    EXPECT_THAT(keys("A"), ElementsAre(Chord{0x1e}));
    EXPECT_THAT(keys("?"), ElementsAre(Chord{0x2a, 0x35}));
    EXPECT_THAT(keys("-"), ElementsAre(Chord{0x0c}));
    EXPECT_THAT(keys("ctrl--"), ElementsAre(Chord{0x1d, 0x0c}));
    EXPECT_THAT(keys("f12"), ElementsAre(Chord{0x58}));
}

TEST(KeyNames, UnknownNamesErrWithTheNearest)
{
    const auto message = [](std::string_view text) {
        const auto parsed = parse_keys(text);
        return parsed ? std::string{"accepted"} : parsed.error().message();
    };
    EXPECT_THAT(message("ctrl-alt-delte"), HasSubstr("\"delte\"; did you mean \"delete\""));
    EXPECT_THAT(message("bakspace"), HasSubstr("\"backspace\""));
    EXPECT_THAT(message("ctrl-"), HasSubstr("missing"));
    EXPECT_THAT(message("  "), HasSubstr("no key"));
    EXPECT_THAT(message("a-b-c-d-e-f-g-h-i"), HasSubstr("more than 8"));
    EXPECT_THAT(message("é"), HasSubstr("no key"));
}

} // namespace

} // namespace windsor::display
