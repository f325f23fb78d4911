// SPDX-License-Identifier: GPL-2.0-or-later
#include "domain/cpu_list.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace windsor::domain {

namespace {

struct Range {
    std::size_t first;
    std::size_t last;
};

std::optional<Range> parse_range(std::string_view words)
{
    Range range{};
    const auto [end, error] = std::from_chars(words.begin(), words.end(), range.first);
    if (error != std::errc{}) {
        return std::nullopt;
    }
    range.last = range.first;
    if (end == words.end()) {
        return range;
    }
    const auto [last_end, last_error] = std::from_chars(end + 1, words.end(), range.last);
    const bool whole = *end == '-' && last_error == std::errc{} && last_end == words.end();
    return whole && range.first <= range.last ? std::optional{range} : std::nullopt;
}

} // namespace

base::Result<std::vector<bool>> parse_cpu_list(std::string_view words, const ProcessorsOf& all)
{
    std::vector<bool> cpus(all.count);
    for (std::string_view rest = words; !rest.empty();) {
        std::string_view part = rest.substr(0, rest.find(','));
        rest.remove_prefix(std::min(part.size() + 1, rest.size()));
        const bool in = !part.starts_with('^');
        part.remove_prefix(in ? 0 : 1);
        const auto range = part == "all" ? std::optional{Range{0, all.count - 1}} : parse_range(part);
        if (!range) {
            return base::fail("'{}' is no list of processors; write all, or numbers and ranges as in 0-3,5,^2", words);
        }
        if (range->last >= all.count) {
            return base::fail("there is no {} {}: {} has {}{}", all.kind, range->last, all.owner,
                              all.count == 1 ? "one, number 0" : std::to_string(all.count),
                              all.count == 1 ? "" : ", from 0 on");
        }
        std::fill(cpus.begin() + static_cast<std::ptrdiff_t>(range->first),
                  cpus.begin() + static_cast<std::ptrdiff_t>(range->last) + 1, in);
    }
    if (std::ranges::none_of(cpus, [](bool in) { return in; })) {
        return base::fail("'{}' leaves no processor", words);
    }
    return cpus;
}

std::string format_cpu_list(const std::vector<bool>& cpus)
{
    if (std::ranges::all_of(cpus, [](bool in) { return in; })) {
        return "all";
    }
    std::string text;
    for (std::size_t at = 0; at < cpus.size();) {
        if (!cpus[at]) {
            ++at;
            continue;
        }
        const std::size_t first = at;
        while (at < cpus.size() && cpus[at]) {
            ++at;
        }
        text +=
            (text.empty() ? "" : ",") + std::to_string(first) + (at - first > 1 ? '-' + std::to_string(at - 1) : "");
    }
    return text.empty() ? "none" : text;
}

} // namespace windsor::domain
