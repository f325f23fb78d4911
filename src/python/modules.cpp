// SPDX-License-Identifier: GPL-2.0-or-later
// The two modules that a text may import: os, with what tells of the host's name and of paths, and re.
#include <algorithm>
#include <array>

#include "python/interpreter.hpp"

namespace windsor::python {
namespace {

using Member = std::pair<std::string_view, BuiltinCall>;

constexpr std::array<std::string_view, 5> kUnameFields{"sysname", "nodename", "release", "version", "machine"};

Item os_uname(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(0, 0);
    auto* result = interpreter.make<TupleObject>();
    for (const auto& name : interpreter.environment().host_names) {
        result->items.push_back(interpreter.string(name));
    }
    result->names = kUnameFields;
    return result;
}

Item path_join(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 100);
    std::string path;
    for (std::size_t i = 0; i < arguments.positional.size(); ++i) {
        const auto& part = arguments.string(i);
        if (part.starts_with('/') || i == 0) {
            path = part;
        } else {
            path += path.empty() || path.ends_with('/') ? part : "/" + part;
        }
    }
    return interpreter.string(std::move(path));
}

Item path_basename(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 1);
    const auto& path = arguments.string(0);
    return interpreter.string(path.substr(path.rfind('/') + 1));
}

std::string directory_of(const std::string& path)
{
    auto head = path.substr(0, path.rfind('/') + 1);
    const auto end = head.find_last_not_of('/');
    return end == std::string::npos ? head : head.substr(0, end + 1);
}

Item path_dirname(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 1);
    return interpreter.string(directory_of(arguments.string(0)));
}

Item path_split(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 1);
    const auto& path = arguments.string(0);
    return interpreter.tuple(
        {interpreter.string(directory_of(path)), interpreter.string(path.substr(path.rfind('/') + 1))});
}

Item path_splitext(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 1);
    const auto& path = arguments.string(0);
    const auto name = path.rfind('/') + 1;
    const auto first = std::min(path.find_first_not_of('.', name), path.size());
    const auto dot = path.rfind('.');
    const auto end = dot == std::string::npos || dot < first ? path.size() : dot;
    return interpreter.tuple({interpreter.string(path.substr(0, end)), interpreter.string(path.substr(end))});
}

Item path_isabs(Interpreter&, Arguments& arguments)
{
    arguments.expect(1, 1);
    return arguments.string(0).starts_with('/');
}

Item path_normpath(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(1, 1);
    const auto& path = arguments.string(0);
    const bool absolute = path.starts_with('/');
    std::vector<std::string_view> parts;
    std::string_view rest = path;
    while (!rest.empty()) {
        const auto end = std::min(rest.find('/'), rest.size());
        const auto part = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (part == ".." && !parts.empty() && parts.back() != "..") {
            parts.pop_back();
        } else if (!part.empty() && part != "." && !(part == ".." && absolute)) {
            parts.push_back(part);
        }
    }
    std::string result = absolute ? "/" : "";
    for (std::size_t i = 0; i < parts.size(); ++i) {
        result += i == 0 ? "" : "/";
        result += parts[i];
    }
    return interpreter.string(result.empty() ? "." : std::move(result));
}

bool probe(Interpreter& interpreter, Arguments& arguments, PathQuestion question)
{
    arguments.expect(1, 1);
    interpreter.step(100);
    const auto& path = arguments.string(0);
    const auto& answer = interpreter.environment().path_probe;
    return path.find('\0') == std::string::npos && answer && answer(path, question);
}

Item path_exists(Interpreter& interpreter, Arguments& arguments)
{
    return probe(interpreter, arguments, PathQuestion::Exists);
}
Item path_isfile(Interpreter& interpreter, Arguments& arguments)
{
    return probe(interpreter, arguments, PathQuestion::IsFile);
}
Item path_isdir(Interpreter& interpreter, Arguments& arguments)
{
    return probe(interpreter, arguments, PathQuestion::IsDirectory);
}

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
    interpreter.charge(text.size() * 32 + 1024);
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

Item match_item(Interpreter& interpreter, Arguments& arguments, Regex::Anchor anchor)
{
    const auto [pattern, next] = matching(interpreter, arguments, 1, 1);
    const auto& text = arguments.string(next);
    auto found = find_match(interpreter, pattern->regex, text, 0, anchor);
    if (!found) {
        return None{};
    }
    interpreter.charge(found->slots.size() * sizeof(std::int64_t));
    auto* match = interpreter.make<MatchObject>();
    match->text = std::get<const StringObject*>(arguments.positional[next]);
    match->pattern = pattern;
    match->match = std::move(*found);
    return match;
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

Item make_match(Interpreter& interpreter, const PatternObject* pattern, const Item& text, Regex::Match match)
{
    auto* object = interpreter.make<MatchObject>();
    object->text = std::get<const StringObject*>(text);
    object->pattern = pattern;
    object->match = std::move(match);
    return object;
}

Item re_sub(Interpreter& interpreter, Arguments& arguments)
{
    const auto count_item = arguments.take_keyword("count");
    const auto [pattern, next] = matching(interpreter, arguments, 2, 3);
    auto most = count_item                               ? interpreter.integer(*count_item, "the count of sub()")
                : arguments.positional.size() > next + 2 ? arguments.integer(next + 2)
                                                         : 0;
    const auto& replacement = arguments.positional[next];
    const auto& text = arguments.string(next + 1);
    const auto limit = interpreter.environment().limits.text;
    std::string result;
    std::size_t from = 0;
    std::size_t copied = 0;
    for (most = most <= 0 ? INT64_MAX : most; most > 0 && from <= text.size(); --most) {
        const auto match = find_match(interpreter, pattern->regex, text, from, Regex::Anchor::Anywhere);
        if (!match) {
            break;
        }
        const auto start = static_cast<std::size_t>(match->slots[0]);
        const auto end = static_cast<std::size_t>(match->slots[1]);
        result.append(text, copied, start - copied);
        if (const auto* literal = std::get_if<const StringObject*>(&replacement)) {
            interpreter.step((*literal)->text.size() / 16);
            result += expanded(interpreter, (*literal)->text, text, *pattern, *match);
        } else {
            const auto made = interpreter.call(
                replacement, {make_match(interpreter, pattern, arguments.positional[next + 1], *match)}, {});
            result += interpreter.text(made, "what the function of sub() returns");
        }
        copied = end;
        from = end == start ? end + 1 : end;
        if (result.size() > limit) {
            interpreter.fail("a string grows longer than {} bytes", limit);
        }
    }
    result.append(text, copied);
    return interpreter.string(std::move(result));
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
    const auto [pattern, next] = matching(interpreter, arguments, 1, 2);
    const auto& text = arguments.string(next);
    auto most = arguments.positional.size() > next + 1 ? arguments.integer(next + 1) : 0;
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

Item match_groupdict(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(0, 0);
    const auto& match = self_match(arguments);
    auto* dict = interpreter.make<DictObject>();
    for (const auto& [name, group] : match.pattern->regex.group_names()) {
        interpreter.store(*dict, interpreter.string(name), match_part(interpreter, match, group));
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

constexpr std::array kOsMembers{Member{"uname", os_uname}};
constexpr std::array kPathMembers{Member{"basename", path_basename}, Member{"dirname", path_dirname},
                                  Member{"exists", path_exists},     Member{"isabs", path_isabs},
                                  Member{"isdir", path_isdir},       Member{"isfile", path_isfile},
                                  Member{"join", path_join},         Member{"normpath", path_normpath},
                                  Member{"split", path_split},       Member{"splitext", path_splitext}};
constexpr std::array kReMembers{Member{"compile", re_compile}, Member{"escape", re_escape},
                                Member{"findall", re_findall}, Member{"fullmatch", re_fullmatch},
                                Member{"match", re_match},     Member{"search", re_search},
                                Member{"split", re_split},     Member{"sub", re_sub}};
constexpr std::array kPatternMethods{Member{"findall", re_findall}, Member{"fullmatch", re_fullmatch},
                                     Member{"match", re_match},     Member{"search", re_search},
                                     Member{"split", re_split},     Member{"sub", re_sub}};
constexpr std::array kMatchMethods{
    Member{"end", match_end},       Member{"group", match_group}, Member{"groupdict", match_groupdict},
    Member{"groups", match_groups}, Member{"span", match_span},   Member{"start", match_start}};

template <typename Table> BuiltinCall look_up(const Table& table, std::string_view name)
{
    const auto found = std::ranges::find_if(table, [&](const Member& entry) { return entry.first == name; });
    return found == table.end() ? nullptr : found->second;
}

template <typename Table> ModuleObject* module_of(Interpreter& interpreter, std::string_view name, const Table& table)
{
    auto* module = interpreter.make<ModuleObject>();
    module->name = name;
    for (const auto& [member, function] : table) {
        module->members.emplace(member, interpreter.bound(Item{}, member, function));
    }
    return module;
}

} // namespace

BuiltinCall find_pattern_method(std::string_view name)
{
    return look_up(kPatternMethods, name);
}

BuiltinCall find_match_method(std::string_view name)
{
    return look_up(kMatchMethods, name);
}

const ModuleObject* make_module(Interpreter& interpreter, std::string_view name)
{
    if (name == "os") {
        auto* os = module_of(interpreter, name, kOsMembers);
        os->members.emplace("path", make_module(interpreter, "os.path"));
        os->members.emplace("sep", interpreter.string("/"));
        return os;
    }
    if (name == "os.path") {
        return module_of(interpreter, name, kPathMembers);
    }
    if (name == "re") {
        auto* re = module_of(interpreter, name, kReMembers);
        for (const auto& [flag, bit] :
             {std::pair{"I", kIgnoreCase}, std::pair{"IGNORECASE", kIgnoreCase}, std::pair{"M", kMultiLine},
              std::pair{"MULTILINE", kMultiLine}, std::pair{"S", kDotAll}, std::pair{"DOTALL", kDotAll}}) {
            re->members.emplace(flag, Item{static_cast<std::int64_t>(bit)});
        }
        return re;
    }
    return nullptr;
}

} // namespace windsor::python
