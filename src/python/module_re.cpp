// SPDX-License-Identifier: GPL-2.0-or-later
// re: regular expressions, and the methods of patterns and matches.
#include <algorithm>
#include <array>

#include "python/modules.hpp"

namespace windsor::python {
namespace {

const Regex& compiled(Interpreter& interpreter, const Item& pattern, const Item& flags, const PatternObject*& object)
{
    if (const auto* existing = std::get_if<const PatternObject*>(&pattern)) {
        object = *existing;
        return object->regex;
    }
    const auto& text = interpreter.text(pattern, "a pattern");
    const auto flag_bits = interpreter.integer(flags, "the flags of a pattern");
    if ((flag_bits & ~std::int64_t{kIgnoreCase | kMultiLine | kDotAll}) != 0) {
        interpreter.fail("only the flags re.I, re.M and re.S are available in the xm language");
    }
    interpreter.step(text.size());
    auto regex = Regex::compile(text, static_cast<unsigned>(flag_bits));
    if (!regex) {
        interpreter.fail(regex.error());
    }
    interpreter.step(regex->instruction_count());
    interpreter.charge(text.size() + regex->byte_count() + 1024);
    auto* made = interpreter.make<PatternObject>();
    made->pattern = text;
    made->regex = std::move(*regex);
    object = made;
    return made->regex;
}

// What the functions of re and the methods of a pattern share: the pattern, and the arguments that follow it.
struct Matching {
    const PatternObject* pattern = nullptr;
    std::size_t next = 0; // the first argument behind the pattern
};

Matching matching(Interpreter& interpreter, Arguments& arguments, std::size_t least, std::size_t most)
{
    Matching result;
    const auto flags = arguments.take_keyword("flags");
    if (const auto* self = std::get_if<const PatternObject*>(&arguments.self)) {
        arguments.expect(least, most);
        result.pattern = *self;
        return result;
    }
    arguments.expect(least + 1, most + 2);
    const bool positional_flags = arguments.positional.size() == most + 2;
    const auto flag_item = flags ? *flags : positional_flags ? arguments.positional.back() : Item{std::int64_t{0}};
    if (positional_flags) {
        arguments.positional.pop_back();
    }
    compiled(interpreter, arguments.positional[0], flag_item, result.pattern);
    result.next = 1;
    return result;
}

std::optional<Regex::Match> find_match(Interpreter& interpreter, const Regex& regex, std::string_view text,
                                       std::size_t from, Regex::Anchor anchor)
{
    auto found = regex.find(text, from, anchor, interpreter.steps_left());
    if (!found) {
        interpreter.fail(found.error());
    }
    return *found;
}

Item make_match(Interpreter& interpreter, const PatternObject* pattern, const Item& text, Regex::Match match)
{
    auto* object = interpreter.make<MatchObject>();
    object->text = std::get<const StringObject*>(text);
    object->pattern = pattern;
    object->match = std::move(match);
    return object;
}

Item match_item(Interpreter& interpreter, Arguments& arguments, Regex::Anchor anchor)
{
    const auto [pattern, next] = matching(interpreter, arguments, 1, 1);
    const auto& text = arguments.string(next);
    auto found = find_match(interpreter, pattern->regex, text, 0, anchor);
    if (!found) {
        return None{};
    }
    interpreter.charge(found->slots.size() * sizeof(std::int64_t));
    return make_match(interpreter, pattern, arguments.positional[next], std::move(*found));
}

Item re_search(Interpreter& interpreter, Arguments& arguments)
{
    return match_item(interpreter, arguments, Regex::Anchor::Anywhere);
}
Item re_match(Interpreter& interpreter, Arguments& arguments)
{
    return match_item(interpreter, arguments, Regex::Anchor::Start);
}
Item re_fullmatch(Interpreter& interpreter, Arguments& arguments)
{
    return match_item(interpreter, arguments, Regex::Anchor::Whole);
}

Item re_compile(Interpreter& interpreter, Arguments& arguments)
{
    const auto flags = arguments.optional(1, "flags");
    arguments.expect(1, 2);
    const PatternObject* object = nullptr;
    compiled(interpreter, arguments.positional[0], flags.value_or(Item{std::int64_t{0}}), object);
    return object;
}

Item re_escape(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 1);
    std::string result;
    for (const char c : arguments.string(0)) {
        const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
                           (static_cast<unsigned char>(c) & 0x80) != 0;
        if (!plain) {
            result += '\\';
        }
        result += c;
    }
    return interpreter.string(std::move(result));
}

std::optional<std::string> group_text(std::string_view text, const Regex::Match& match, std::size_t group)
{
    const auto start = match.slots[group * 2];
    const auto end = match.slots[group * 2 + 1];
    if (start < 0 || end < start) {
        return std::nullopt;
    }
    return std::string{text.substr(static_cast<std::size_t>(start), static_cast<std::size_t>(end - start))};
}

std::size_t group_number(Interpreter& interpreter, const Regex& regex, const Item& key)
{
    if (const auto* name = std::get_if<const StringObject*>(&key)) {
        const auto found =
            std::ranges::find_if(regex.group_names(), [&](const auto& entry) { return entry.first == (*name)->text; });
        if (found == regex.group_names().end()) {
            interpreter.fail("the pattern has no group '{}'", (*name)->text.substr(0, 40));
        }
        return found->second;
    }
    const auto number = interpreter.integer(key, "a group");
    if (number < 0 || static_cast<std::size_t>(number) > regex.group_count()) {
        interpreter.fail("the pattern has no group {}", number);
    }
    return static_cast<std::size_t>(number);
}

// The replacement text of sub(), with \1 and \g<name>.
std::string expanded(Interpreter& interpreter, const std::string& replacement, std::string_view text,
                     const PatternObject& pattern, const Regex::Match& match)
{
    std::string result;
    for (std::size_t i = 0; i < replacement.size(); ++i) {
        if (replacement[i] != '\\' || i + 1 == replacement.size()) {
            result += replacement[i];
            continue;
        }
        const char c = replacement[++i];
        if (c >= '0' && c <= '9') {
            result += group_text(text, match,
                                 group_number(interpreter, pattern.regex, Item{static_cast<std::int64_t>(c - '0')}))
                          .value_or("");
        } else if (c == 'g' && i + 1 < replacement.size() && replacement[i + 1] == '<' &&
                   replacement.find('>', i) != std::string::npos) {
            const auto end = replacement.find('>', i);
            const auto name = replacement.substr(i + 2, end - i - 2);
            const bool numeric = !name.empty() && name.size() < 4 &&
                                 std::ranges::all_of(name, [](char d) { return d >= '0' && d <= '9'; });
            const auto key = numeric ? Item{static_cast<std::int64_t>(std::stoi(name))} : interpreter.string(name);
            result += group_text(text, match, group_number(interpreter, pattern.regex, key)).value_or("");
            i = end;
        } else if (c == 'n' || c == 't') {
            result += c == 'n' ? '\n' : '\t';
        } else {
            result += c == '\\' ? "\\" : std::string{"\\"} + c;
        }
    }
    return result;
}

struct Substituted {
    Item text;
    std::int64_t count = 0;
};

// One match's replacement: from the text with its references, or from the function.
std::string replacement_for(Interpreter& interpreter, const PatternObject* pattern, const Item& replacement,
                            const Item& text, const Regex::Match& match)
{
    if (const auto* literal = std::get_if<const StringObject*>(&replacement)) {
        interpreter.step((*literal)->text.size() / 16);
        return expanded(interpreter, (*literal)->text, std::get<const StringObject*>(text)->text, *pattern, match);
    }
    const auto made = interpreter.call(replacement, {make_match(interpreter, pattern, text, match)}, {});
    return interpreter.text(made, "what the function of sub() returns");
}

Substituted substitute(Interpreter& interpreter, Arguments& arguments)
{
    const auto count_item = arguments.take_keyword("count");
    const auto [pattern, next] = matching(interpreter, arguments, 2, 3);
    const auto most = count_item                               ? interpreter.integer(*count_item, "the count of sub()")
                      : arguments.positional.size() > next + 2 ? arguments.integer(next + 2)
                                                               : 0;
    const auto& text = arguments.string(next + 1);
    const auto limit = interpreter.environment().limits.text;
    std::string result;
    Substituted outcome;
    std::size_t from = 0;
    std::size_t copied = 0;
    while ((most <= 0 || outcome.count < most) && from <= text.size()) {
        const auto match = find_match(interpreter, pattern->regex, text, from, Regex::Anchor::Anywhere);
        if (!match) {
            break;
        }
        const auto start = static_cast<std::size_t>(match->slots[0]);
        const auto end = static_cast<std::size_t>(match->slots[1]);
        result.append(text, copied, start - copied);
        result +=
            replacement_for(interpreter, pattern, arguments.positional[next], arguments.positional[next + 1], *match);
        copied = end;
        from = end == start ? end + 1 : end;
        ++outcome.count;
        if (result.size() > limit) {
            interpreter.fail("a string grows longer than {} bytes", limit);
        }
    }
    result.append(text, copied);
    outcome.text = interpreter.string(std::move(result));
    return outcome;
}

Item re_sub(Interpreter& interpreter, Arguments& arguments)
{
    return substitute(interpreter, arguments).text;
}

Item re_subn(Interpreter& interpreter, Arguments& arguments)
{
    const auto [text, count] = substitute(interpreter, arguments);
    return interpreter.tuple({text, count});
}

// A list of the matches, since generators are lists here.
Item re_finditer(Interpreter& interpreter, Arguments& arguments)
{
    const auto [pattern, next] = matching(interpreter, arguments, 1, 1);
    const auto& text = arguments.string(next);
    Items result;
    for (std::size_t from = 0; from <= text.size();) {
        const auto match = find_match(interpreter, pattern->regex, text, from, Regex::Anchor::Anywhere);
        if (!match) {
            break;
        }
        interpreter.charge(match->slots.size() * sizeof(std::int64_t));
        result.push_back(make_match(interpreter, pattern, arguments.positional[next], *match));
        const auto end = static_cast<std::size_t>(match->slots[1]);
        from = end == static_cast<std::size_t>(match->slots[0]) ? end + 1 : end;
    }
    return interpreter.list(std::move(result));
}

Item re_findall(Interpreter& interpreter, Arguments& arguments)
{
    const auto [pattern, next] = matching(interpreter, arguments, 1, 1);
    const auto& text = arguments.string(next);
    const auto groups = pattern->regex.group_count();
    Items result;
    for (std::size_t from = 0; from <= text.size();) {
        const auto match = find_match(interpreter, pattern->regex, text, from, Regex::Anchor::Anywhere);
        if (!match) {
            break;
        }
        Items parts;
        for (std::size_t group = groups == 0 ? 0 : 1; group <= groups; ++group) {
            parts.push_back(interpreter.string(group_text(text, *match, group).value_or("")));
        }
        result.push_back(parts.size() == 1 ? parts[0] : interpreter.tuple(std::move(parts)));
        const auto end = static_cast<std::size_t>(match->slots[1]);
        from = end == static_cast<std::size_t>(match->slots[0]) ? end + 1 : end;
    }
    return interpreter.list(std::move(result));
}

Item re_split(Interpreter& interpreter, Arguments& arguments)
{
    const auto limit = arguments.take_keyword("maxsplit");
    const auto [pattern, next] = matching(interpreter, arguments, 1, 2);
    const auto& text = arguments.string(next);
    auto most = limit                                    ? interpreter.integer(*limit, "the limit of split()")
                : arguments.positional.size() > next + 1 ? arguments.integer(next + 1)
                                                         : 0;
    Items result;
    std::size_t copied = 0;
    std::size_t from = 0;
    for (most = most <= 0 ? INT64_MAX : most; most > 0 && from <= text.size();) {
        const auto match = find_match(interpreter, pattern->regex, text, from, Regex::Anchor::Anywhere);
        if (!match) {
            break;
        }
        const auto start = static_cast<std::size_t>(match->slots[0]);
        const auto end = static_cast<std::size_t>(match->slots[1]);
        if (start == end) {
            from = end + 1;
            continue;
        }
        result.push_back(interpreter.string(text.substr(copied, start - copied)));
        for (std::size_t group = 1; group <= pattern->regex.group_count(); ++group) {
            const auto part = group_text(text, *match, group);
            result.push_back(part ? interpreter.string(*part) : Item{});
        }
        copied = from = end;
        --most;
    }
    result.push_back(interpreter.string(text.substr(copied)));
    return interpreter.list(std::move(result));
}

const MatchObject& self_match(Arguments& arguments)
{
    return *std::get<const MatchObject*>(arguments.self);
}

Item match_part(Interpreter& interpreter, const MatchObject& match, std::size_t group)
{
    const auto part = group_text(match.text->text, match.match, group);
    return part ? interpreter.string(*part) : Item{};
}

Item match_group(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(0, 100);
    const auto& match = self_match(arguments);
    Items parts;
    for (const auto& key : arguments.positional) {
        parts.push_back(match_part(interpreter, match, group_number(interpreter, match.pattern->regex, key)));
    }
    if (parts.empty()) {
        return match_part(interpreter, match, 0);
    }
    return parts.size() == 1 ? parts[0] : interpreter.tuple(std::move(parts));
}

Item match_groups(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(0, 1);
    const auto& match = self_match(arguments);
    Items parts;
    for (std::size_t group = 1; group <= match.pattern->regex.group_count(); ++group) {
        const auto part = match_part(interpreter, match, group);
        parts.push_back(std::holds_alternative<None>(part) && !arguments.positional.empty() ? arguments.positional[0]
                                                                                            : part);
    }
    return interpreter.tuple(std::move(parts));
}

Item match_expand(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 1);
    const auto& match = self_match(arguments);
    return interpreter.string(
        expanded(interpreter, arguments.string(0), match.text->text, *match.pattern, match.match));
}

Item match_groupdict(Interpreter& interpreter, Arguments& arguments)
{
    const auto otherwise = arguments.optional(0, "default");
    arguments.expect(0, 1);
    const auto& match = self_match(arguments);
    auto* dict = interpreter.make<DictObject>();
    for (const auto& [name, group] : match.pattern->regex.group_names()) {
        const auto part = match_part(interpreter, match, group);
        interpreter.store(*dict, interpreter.string(name),
                          std::holds_alternative<None>(part) ? otherwise.value_or(Item{}) : part);
    }
    return dict;
}

std::int64_t match_offset(Interpreter& interpreter, Arguments& arguments, std::size_t side)
{
    arguments.expect(0, 1);
    const auto& match = self_match(arguments);
    const auto group =
        arguments.positional.empty() ? 0 : group_number(interpreter, match.pattern->regex, arguments.positional[0]);
    return match.match.slots[group * 2 + side];
}

Item match_start(Interpreter& interpreter, Arguments& arguments)
{
    return match_offset(interpreter, arguments, 0);
}
Item match_end(Interpreter& interpreter, Arguments& arguments)
{
    return match_offset(interpreter, arguments, 1);
}
Item match_span(Interpreter& interpreter, Arguments& arguments)
{
    return interpreter.tuple({match_offset(interpreter, arguments, 0), match_offset(interpreter, arguments, 1)});
}

constexpr std::array kReMembers{
    Method{"compile", re_compile},   Method{"escape", re_escape},       Method{"findall", re_findall},
    Method{"finditer", re_finditer}, Method{"fullmatch", re_fullmatch}, Method{"match", re_match},
    Method{"search", re_search},     Method{"split", re_split},         Method{"sub", re_sub},
    Method{"subn", re_subn}};
constexpr std::array kPatternMethods{
    Method{"findall", re_findall}, Method{"finditer", re_finditer}, Method{"fullmatch", re_fullmatch},
    Method{"match", re_match},     Method{"search", re_search},     Method{"split", re_split},
    Method{"sub", re_sub},         Method{"subn", re_subn}};
constexpr std::array kMatchMethods{Method{"end", match_end},       Method{"expand", match_expand},
                                   Method{"group", match_group},   Method{"groupdict", match_groupdict},
                                   Method{"groups", match_groups}, Method{"span", match_span},
                                   Method{"start", match_start}};

} // namespace

BuiltinCall find_pattern_method(std::string_view name)
{
    return look_up(kPatternMethods, name);
}

BuiltinCall find_match_method(std::string_view name)
{
    return look_up(kMatchMethods, name);
}

ModuleObject* make_re(Interpreter& interpreter)
{
    auto* re = module_of(interpreter, "re", kReMembers);
    for (const auto& [flag, bit] :
         {std::pair{"I", kIgnoreCase}, std::pair{"IGNORECASE", kIgnoreCase}, std::pair{"M", kMultiLine},
          std::pair{"MULTILINE", kMultiLine}, std::pair{"S", kDotAll}, std::pair{"DOTALL", kDotAll}}) {
        re->members.emplace(flag, Item{static_cast<std::int64_t>(bit)});
    }
    return re;
}

} // namespace windsor::python
