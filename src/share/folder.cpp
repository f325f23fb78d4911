// SPDX-License-Identifier: GPL-2.0-or-later
#include "share/folder.hpp"

#include "base/printable.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace windsor::share {

namespace {

constexpr std::size_t kLongestShown = 60;
constexpr std::size_t kLongestPath = 1024;

std::string shown(std::string_view text)
{
    return base::printable_line(text.substr(0, kLongestShown));
}

bool equal_names(std::string_view one, std::string_view other)
{
    return std::ranges::equal(one, other,
                              [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); });
}

bool may_be_in_a_name(unsigned char c)
{
    return c < 0x80 && (std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.');
}

base::Status check_name(std::string_view name)
{
    // Sections of smb.conf(5) that mean something else, and a share that is always there.
    constexpr std::array<std::string_view, 4> kTaken{"global", "homes", "printers", "ipc"};
    if (name.empty() || name.size() > kLongestName || !std::ranges::all_of(name, may_be_in_a_name) ||
        std::ranges::any_of(kTaken, [&](std::string_view taken) { return equal_names(name, taken); })) {
        return base::fail("'{}' cannot be the name of a shared folder; give one of 1 to {} letters, digits, '-', '_' "
                          "or '.' by ,name=NAME",
                          shown(name), kLongestName);
    }
    return {};
}

// smb.conf(5) replaces what begins with a percent sign, and goes on with the next line after a backslash.
bool may_be_in_a_path(unsigned char c)
{
    return c >= ' ' && c != 0x7f && c != '%' && c != '\\' && c != '"';
}

base::Status check_path(std::string_view path)
{
    if (!path.starts_with('/') || path.size() > kLongestPath) {
        return base::fail("'{}' is no folder that can be shared; give its path from / on", shown(path));
    }
    if (!std::ranges::all_of(path, may_be_in_a_path) || path.ends_with(' ')) {
        return base::fail("'{}' cannot be shared, as its path has a %, a backslash, a quotation mark, a control "
                          "character or a blank at its end; give a symbolic link that leads to it",
                          shown(path));
    }
    if (path.find_first_not_of("/.") == std::string_view::npos) {
        return base::fail("'{}' is the whole file system, which is not shared; name a folder in it", shown(path));
    }
    return {};
}

std::string_view last_part(std::string_view path)
{
    path = path.substr(0, path.find_last_not_of('/') + 1);
    return path.substr(path.rfind('/') + 1);
}

base::Status set_option(Folder& folder, std::string_view option)
{
    if (option == "rw" || option == "ro") {
        folder.access = option == "rw" ? Access::ReadWrite : Access::ReadOnly;
        return {};
    }
    if (option.starts_with("name=")) {
        folder.name = std::string{option.substr(5)};
        return check_name(folder.name);
    }
    return base::fail("'{}' says nothing of a shared folder; 'rw', 'ro' and 'name=NAME' do, and its path has no comma",
                      shown(option));
}

} // namespace

base::Result<Folder> parse_folder(std::string_view text)
{
    std::size_t comma = std::min(text.find(','), text.size());
    Folder folder{.path = std::string{text.substr(0, comma)}, .name = {}};
    WINDSOR_TRY(check_path(folder.path));
    while (comma < text.size()) {
        text.remove_prefix(comma + 1);
        comma = std::min(text.find(','), text.size());
        WINDSOR_TRY(set_option(folder, text.substr(0, comma)));
    }
    if (folder.name.empty()) {
        folder.name = std::string{last_part(folder.path)};
        WINDSOR_TRY(check_name(folder.name));
    }
    return folder;
}

base::Result<std::vector<Folder>> parse_folders(const std::vector<std::string>& texts)
{
    std::vector<Folder> folders;
    for (const std::string& text : texts) {
        Folder folder = WINDSOR_TRY(parse_folder(text));
        if (std::ranges::any_of(folders, [&](const Folder& other) { return equal_names(folder.name, other.name); })) {
            return base::fail("two shared folders are called '{}'; give one of them another name by ,name=NAME",
                              folder.name);
        }
        if (folders.size() == kMostFolders) {
            return base::fail("a domain has {} shared folders at the most", kMostFolders);
        }
        folders.push_back(std::move(folder));
    }
    return folders;
}

std::string to_string(const Folder& folder, std::string_view server)
{
    return fmt::format("{} as \\\\{}\\{}, {}", shown(folder.path), server, folder.name,
                       folder.access == Access::ReadOnly ? "read-only" : "read and written");
}

} // namespace windsor::share
