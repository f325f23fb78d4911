// SPDX-License-Identifier: GPL-2.0-or-later
// The layouts. Dead keys are the combining characters that they add: U+0300 grave, U+0301 acute,
// U+0302 circumflex, U+0303 tilde, U+0308 diaeresis.
#include "display/keymap.hpp"

namespace windsor::display {

namespace {

constexpr LayoutRow kNoRow{U"", U""};

constexpr std::array<Layout, 14> kLayouts{{
    {"en-us",
     {{{U"`1234567890-=", U"~!@#$%^&*()_+"},
       {U"qwertyuiop[]", U"QWERTYUIOP{}"},
       {U"asdfghjkl;'\\", U"ASDFGHJKL:\"|"},
       {U" zxcvbnm,./", U" ZXCVBNM<>?"},
       kNoRow}}},
    {"en-gb",
     {{{U"`1234567890-=", U"¬!\"£$%^&*()_+", U"¦   €        "},
       {U"qwertyuiop[]", U"QWERTYUIOP{}"},
       {U"asdfghjkl;'#", U"ASDFGHJKL:@~"},
       {U"\\zxcvbnm,./", U"|ZXCVBNM<>?"},
       kNoRow}}},
    {"de",
     {{{U"\u03021234567890ß\u0301", U"°!\"§$%&/()=?\u0300", U"  ²³   {[]}\\ "},
       {U"qwertzuiopü+", U"QWERTZUIOPÜ*", U"@ €        ~"},
       {U"asdfghjklöä#", U"ASDFGHJKLÖÄ'"},
       {U"<yxcvbnm,.-", U">YXCVBNM;:_", U"|      µ   "},
       kNoRow}}},
    {"de-ch",
     {{{U"§1234567890'\u0302", U"°+\"*ç%&/()=?\u0300", U" ¦@#  ¬|¢  \u0301\u0303"},
       {U"qwertzuiopü\u0308", U"QWERTZUIOPè!", U"  €       []"},
       {U"asdfghjklöä$", U"ASDFGHJKLéà£", U"          {}"},
       {U"<yxcvbnm,.-", U">YXCVBNM;:_", U"\\          "},
       kNoRow}}},
    {"fr",
     {{{U"²&é\"'(-è_çà)=", U" 1234567890°+", U"  ~#{[|`\\^@]}"},
       {U"azertyuiop\u0302$", U"AZERTYUIOP\u0308£", U"  €        ¤"},
       {U"qsdfghjklmù*", U"QSDFGHJKLM%µ"},
       {U"<wxcvbn,;:!", U">WXCVBN?./§"},
       kNoRow}}},
    {"es",
     {{{U"º1234567890'¡", U"ª!\"·$%&/()=?¿", U"\\|@#~€¬      "},
       {U"qwertyuiop\u0300+", U"QWERTYUIOP\u0302*", U"  €       []"},
       {U"asdfghjklñ\u0301ç", U"ASDFGHJKLÑ\u0308Ç", U"          {}"},
       {U"<zxcvbnm,.-", U">ZXCVBNM;:_"},
       kNoRow}}},
    {"it",
     {{{U"\\1234567890'ì", U"|!\"£$%&/()=?^", U"     €     `~"},
       {U"qwertyuiopè+", U"QWERTYUIOPé*", U"  €       []", U"          {}"},
       {U"asdfghjklòàù", U"ASDFGHJKLç°§", U"         @# "},
       {U"<zxcvbnm,.-", U">ZXCVBNM;:_"},
       kNoRow}}},
    {"sv",
     {{{U"§1234567890+\u0301", U"½!\"#¤%&/()=?\u0300", U"  @£$€ {[]}\\ "},
       {U"qwertyuiopå\u0308", U"QWERTYUIOPÅ\u0302", U"  €        \u0303"},
       {U"asdfghjklöä'", U"ASDFGHJKLÖÄ*"},
       {U"<zxcvbnm,.-", U">ZXCVBNM;:_", U"|      µ   "},
       kNoRow}}},
    {"fi",
     {{{U"§1234567890+\u0301", U"½!\"#¤%&/()=?\u0300", U"  @£$€ {[]}\\ "},
       {U"qwertyuiopå\u0308", U"QWERTYUIOPÅ\u0302", U"  €        \u0303"},
       {U"asdfghjklöä'", U"ASDFGHJKLÖÄ*"},
       {U"<zxcvbnm,.-", U">ZXCVBNM;:_", U"|      µ   "},
       kNoRow}}},
    {"da",
     {{{U"½1234567890+\u0301", U"§!\"#¤%&/()=?\u0300", U"  @£$€ {[]} |"},
       {U"qwertyuiopå\u0308", U"QWERTYUIOPÅ\u0302", U"  €        \u0303"},
       {U"asdfghjklæø'", U"ASDFGHJKLÆØ*"},
       {U"<zxcvbnm,.-", U">ZXCVBNM;:_", U"\\      µ   "},
       kNoRow}}},
    {"no",
     {{{U"|1234567890+\\", U"§!\"#¤%&/()=?\u0300", U"  @£$€ {[]} \u0301"},
       {U"qwertyuiopå\u0308", U"QWERTYUIOPÅ\u0302", U"  €        \u0303"},
       {U"asdfghjkløæ'", U"ASDFGHJKLØÆ*"},
       {U"<zxcvbnm,.-", U">ZXCVBNM;:_", U"       µ   "},
       kNoRow}}},
    {"pt",
     {{{U"\\1234567890'«", U"|!\"#$%&/()=?»", U"  @£§€ {[]}  "},
       {U"qwertyuiop+\u0301", U"QWERTYUIOP*\u0300", U"  €       \u0308 "},
       {U"asdfghjklçº\u0303", U"ASDFGHJKLÇª\u0302"},
       {U"<zxcvbnm,.-", U">ZXCVBNM;:_"},
       kNoRow}}},
    {"tr",
     {{{U"\"1234567890*-", U"é!'^+%&/()=?_", U"<>£#$½ {[]}\\|"},
       {U"qwertyuıopğü", U"QWERTYUIOPĞÜ", U"@ €        ~"},
       {U"asdfghjklşi,", U"ASDFGHJKLŞİ;", U"           `"},
       {U"<zxcvbnmöç.", U">ZXCVBNMÖÇ:", U"|          "},
       kNoRow}}},
    {"ja",
     {{{U" 1234567890-^", U" !\"#$%&'() =~"},
       {U"qwertyuiop@[", U"QWERTYUIOP`{"},
       {U"asdfghjkl;:]", U"ASDFGHJKL+*}"},
       {U" zxcvbnm,./", U" ZXCVBNM<>?"},
       {U"\\¥", U"_|"}}}},
}};

} // namespace

std::span<const Layout> layouts()
{
    return kLayouts;
}

} // namespace windsor::display
