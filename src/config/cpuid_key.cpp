// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/cpuid_key.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include <fmt/format.h>

namespace windsor::config {
namespace {

constexpr std::string_view kRegisters[] = {"eax", "ebx", "ecx", "edx"};
constexpr std::string_view kRegistersUpper[] = {"EAX", "EBX", "ECX", "EDX"};

// Names of xl.cfg(5) that stand for numbers of several bits.
constexpr std::array<std::string_view, 12> kNumbers{"maxleaf", "stepping", "model",      "family",
                                                    "brandid", "clflush",  "proccount",  "localapicid",
                                                    "procpkg", "nc",       "apicidsize", "maxhvleaf"};

std::string_view trimmed(std::string_view text)
{
    constexpr std::string_view kBlanks = " \t\r\n";
    const auto start = std::min(text.find_first_not_of(kBlanks), text.size());
    text.remove_prefix(start);
    return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

// Takes the part in front of the first comma off the text.
std::string_view next_part(std::string_view& rest)
{
    const auto comma = std::min(rest.find(','), rest.size());
    const auto part = trimmed(rest.substr(0, comma));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    return part;
}

std::string excerpt(std::string_view text)
{
    return std::string{text.substr(0, 40)};
}

// Decimal, or hexadecimal behind 0x.
std::optional<std::uint32_t> number(std::string_view text)
{
    const bool hex = text.starts_with("0x") || text.starts_with("0X");
    text.remove_prefix(hex ? 2 : 0);
    std::uint32_t value = 0;
    const auto* last = text.data() + text.size();
    const auto [end, error] = std::from_chars(text.data(), last, value, hex ? 16 : 10);
    return error == std::errc{} && end == last ? std::optional{value} : std::nullopt;
}

// x, k and s are what the host has, for now or across a migration: here, what the model has.
bool leaves_alone(char c)
{
    return c == 'x' || c == 'k' || c == 's';
}

bool is_osxsave(const CpuidBit& bit)
{
    return bit.leaf == 1 && bit.reg == 2 && bit.bit == 27;
}

class Parser {
public:
    // Fails by throwing a Complaint.
    std::vector<CpuidBit> run(const Setting& setting)
    {
        std::vector<std::pair<std::string_view, Location>> texts;
        if (const auto* text = setting.value.string()) {
            texts.emplace_back(*text, setting.value_at);
        } else if (const auto* items = setting.value.items()) {
            for (std::size_t i = 0; i < items->size(); ++i) {
                texts.emplace_back(*(*items)[i].string(), setting.item_at(i));
            }
        }
        std::erase_if(texts, [](const auto& text) { return trimmed(text.first).empty(); });
        // A colon is in every string of xend's form and in none of xl's.
        const bool rows = std::ranges::any_of(texts, [](const auto& text) { return text.first.contains(':'); });
        for (const auto& [text, where] : texts) {
            where_ = where;
            rows ? read_rows(text) : read_names(text);
        }
        return std::move(bits_);
    }

private:
    template <typename... Args> [[noreturn]] void complain(fmt::format_string<Args...> format, Args&&... args)
    {
        throw Complaint{where_, fmt::format(format, std::forward<Args>(args)...)};
    }

    // The last word on a bit; nothing leaves it as the model has it.
    void set(CpuidBit bit, std::optional<bool> value)
    {
        std::erase_if(bits_, [&](const CpuidBit& other) {
            return other.leaf == bit.leaf && other.subleaf == bit.subleaf && other.reg == bit.reg &&
                   other.bit == bit.bit;
        });
        // The guest itself sets OSXSAVE, by way of CR4.
        if (value && !is_osxsave(bit)) {
            bit.value = *value;
            bits_.push_back(bit);
        }
    }

    void read_names(std::string_view rest)
    {
        while (!trimmed(rest).empty()) {
            const auto part = next_part(rest);
            if (!after_host_) {
                if (part != "host") {
                    complain("'cpuid' in xl's form begins with the word host, as in 'host,avx=0', not with '{}'",
                             excerpt(part));
                }
                after_host_ = true;
            } else if (!part.empty()) {
                read_name(part);
            }
        }
    }

    void read_name(std::string_view part)
    {
        const auto equals = part.find('=');
        if (equals == std::string_view::npos) {
            complain("'{}' in 'cpuid' has no value; write NAME=0 to hide a feature, as in avx=0", excerpt(part));
        }
        const auto name = trimmed(part.substr(0, equals));
        const auto value = trimmed(part.substr(equals + 1));
        const bool alone = value.size() == 1 && leaves_alone(value[0]);
        if (std::ranges::find(kNumbers, name) != kNumbers.end()) {
            if (!alone) {
                complain("'{}' in 'cpuid' is a number of several bits, and those cannot be set yet; take it out", name);
            }
            return;
        }
        const auto feature = std::ranges::find(cpuid_features(), name, &CpuidFeature::name);
        if (feature == cpuid_features().end()) {
            complain_of_name(name);
        }
        if (!alone && value != "0" && value != "1") {
            complain("'{}' is no value for '{}' in 'cpuid'; 0 hides the feature, 1 shows it, x, k and s leave it alone",
                     excerpt(value), name);
        }
        set({.leaf = feature->leaf, .subleaf = feature->subleaf, .reg = feature->reg, .bit = feature->bit},
            alone ? std::nullopt : std::optional{value == "1"});
    }

    [[noreturn]] void complain_of_name(std::string_view name)
    {
        std::vector<std::string_view> names;
        for (const auto& feature : cpuid_features()) {
            names.push_back(feature.name);
        }
        const auto nearest = nearest_name(name, names);
        if (nearest.empty()) {
            complain("'{}' in 'cpuid' is no feature of a processor; xl.cfg(5) lists their names", excerpt(name));
        }
        complain("'{}' in 'cpuid' is no feature of a processor; the nearest is '{}'", excerpt(name), nearest);
    }

    // LEAF:REG=BITS,REG=BITS or LEAF,SUBLEAF:…
    void read_rows(std::string_view text)
    {
        const auto colon = text.find(':');
        if (colon == std::string_view::npos) {
            complain("'{}' in 'cpuid' has no leaf; write LEAF:REGISTER=BITS, as in '1:ecx=0x0'", excerpt(text));
        }
        auto rest = text.substr(0, colon);
        const bool has_subleaf = rest.contains(',');
        const auto leaf_text = next_part(rest);
        const auto leaf = number(leaf_text);
        if (!leaf) {
            complain("'{}' in 'cpuid' is no leaf of CPUID; one is a number like 7 or 0x80000001", excerpt(leaf_text));
        }
        const auto subleaf = has_subleaf ? number(trimmed(rest)) : std::optional{0U};
        if (!subleaf) {
            complain("'{}' in 'cpuid' is no subleaf of CPUID; one is a number, as in '7,0:ebx=0x0'",
                     excerpt(trimmed(rest)));
        }
        rest = text.substr(colon + 1);
        if (trimmed(rest).empty()) {
            complain("leaf {:#x} in 'cpuid' names no register; write LEAF:REGISTER=BITS, as in '1:ecx=0x0'", *leaf);
        }
        while (!trimmed(rest).empty()) {
            if (const auto part = next_part(rest); !part.empty()) {
                read_register(*leaf, *subleaf, part);
            }
        }
    }

    void read_register(std::uint32_t leaf, std::uint32_t subleaf, std::string_view part)
    {
        const auto equals = std::min(part.find('='), part.size());
        const auto name = trimmed(part.substr(0, equals));
        const auto reg = std::ranges::find(kRegisters, name);
        if (reg == std::ranges::end(kRegisters)) {
            complain("'{}' in 'cpuid' is no register of CPUID; eax, ebx, ecx and edx are", excerpt(name));
        }
        if (equals == part.size()) {
            complain("the register {} in 'cpuid' has no value; write {}=BITS", name, name);
        }
        CpuidBit bit{.leaf = leaf, .subleaf = subleaf, .reg = static_cast<unsigned>(reg - kRegisters)};
        const auto value = trimmed(part.substr(equals + 1));
        if (value.starts_with("0x")) {
            const auto word = number(value);
            if (!word) {
                complain("'{}' in 'cpuid' is no number of 32 bits; one is 0x and up to eight hexadecimal digits",
                         excerpt(value));
            }
            for (bit.bit = 0; bit.bit < 32; ++bit.bit) {
                set(bit, ((*word >> bit.bit) & 1) != 0);
            }
            return;
        }
        if (value.size() != 32) {
            complain("the bits of {} in 'cpuid' are {} characters; give 32, from bit 31 to bit 0, or a number like 0x0",
                     name, value.size());
        }
        for (unsigned i = 0; i < 32; ++i) {
            const char c = value[i];
            if (c != '0' && c != '1' && !leaves_alone(c)) {
                complain("'{}' among the bits of {} in 'cpuid' is none of 0, 1, x, k and s", c, name);
            }
            bit.bit = 31 - i;
            set(bit, leaves_alone(c) ? std::nullopt : std::optional{c == '1'});
        }
    }

    std::vector<CpuidBit> bits_;
    Location where_;
    bool after_host_{false};
};

} // namespace

std::expected<std::vector<CpuidBit>, Complaint> parse_cpuid(const Setting& setting)
{
    try {
        return Parser{}.run(setting);
    } catch (Complaint& complaint) {
        return std::unexpected{std::move(complaint)};
    }
}

std::string describe(const CpuidBit& bit)
{
    const auto subleaf = bit.subleaf != 0 ? fmt::format(" subleaf {:#x}", bit.subleaf) : "";
    const auto place =
        fmt::format("CPUID leaf {:#x}{}, {} bit {}", bit.leaf, subleaf, kRegistersUpper[bit.reg & 3], bit.bit);
    const auto feature = std::ranges::find_if(cpuid_features(), [&](const CpuidFeature& other) {
        return other.leaf == bit.leaf && other.subleaf == bit.subleaf && other.reg == bit.reg && other.bit == bit.bit;
    });
    return feature == cpuid_features().end() ? place : fmt::format("{} ({})", feature->name, place);
}

} // namespace windsor::config
