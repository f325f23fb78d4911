// SPDX-License-Identifier: GPL-2.0-or-later
// QEMU's documentation, "Invocation", option -serial, and docs/man/xl.cfg of Xen, key serial.
#include "serial/end.hpp"

#include "base/printable.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <sys/un.h>
#include <vector>

namespace windsor::serial {

namespace {

constexpr std::size_t kLongestShown = 60;
constexpr std::size_t kLongestPath = 4095; // PATH_MAX, with its end
constexpr std::size_t kLongestHost = 253;  // RFC 1035, section 2.3.4, in its usual spelling
constexpr std::string_view kKinds = "pty, null, none, file:PATH, unix:PATH[,server], tcp:HOST:PORT[,server] and "
                                    "/dev/NAME are";

// Kinds of QEMU's that a domain does not have, and why.
struct Other {
    std::string_view kind;
    std::string_view reason;
};
constexpr std::array kOthers{
    Other{"stdio", "a domain has no terminal of its own; use 'pty', which 'create -c' and 'console' join"},
    Other{"vc", "the console has no text windows; use 'pty'"},
    Other{"mon", "there is no monitor; use 'pty', and the commands for the rest"},
    Other{"telnet", "the Telnet protocol is not spoken; use 'tcp'"},
    Other{"websocket", "WebSockets are for viewers; use 'tcp'"},
    Other{"udp", "datagrams get lost; use 'tcp'"},
    Other{"pipe", "named pipes are not provided; use 'unix'"},
    Other{"chardev", "there are no named devices; write what the port is connected to"},
    Other{"msmouse", "the mouse is a PS/2 mouse"},
    Other{"braille", "there is no braille display"},
    Other{"fd", "a domain inherits no descriptors; use 'file' or 'unix'"},
};

std::string shown(std::string_view text)
{
    return base::printable_line(std::string{text.substr(0, kLongestShown)});
}

base::Result<std::string> path_of(std::string_view text, std::size_t longest)
{
    if (!text.starts_with('/') || text.size() > longest || text.find('\0') != std::string_view::npos) {
        return base::fail("'{}' is no path for a serial port; it has to begin with / and have {} characters at the "
                          "most",
                          shown(text), longest);
    }
    return std::string{text};
}

std::vector<std::string_view> split(std::string_view text, char separator)
{
    std::vector<std::string_view> parts;
    for (std::size_t end = text.find(separator); end != std::string_view::npos; end = text.find(separator)) {
        parts.push_back(text.substr(0, end));
        text.remove_prefix(end + 1);
    }
    parts.push_back(text);
    return parts;
}

bool says(std::string_view option, std::string_view name, bool& value)
{
    if (option == name) {
        value = true;
        return true;
    }
    if (!option.starts_with(name) || option.size() <= name.size() || option[name.size()] != '=') {
        return false;
    }
    const std::string_view word = option.substr(name.size() + 1);
    value = word == "on" || word == "yes";
    return value || word == "off" || word == "no";
}

// What follows the address of a socket, between commas.
base::Status read_options(std::string_view text, End& end)
{
    bool server = false;
    bool wait = true;
    if (!text.empty()) {
        for (const std::string_view option : split(text.substr(1), ',')) {
            bool off = false;
            if (says(option, "nowait", off)) {
                wait = !off;
            } else if (!says(option, "server", server) && !says(option, "wait", wait) &&
                       !says(option, "nodelay", off)) { // which is always so
                return base::fail("'{}' is no option of a serial port; server, nowait and nodelay are", shown(option));
            }
        }
    }
    end.part = server ? Part::Listens : Part::Connects;
    end.awaited = server && wait;
    return {};
}

base::Result<End> tcp(std::string_view text)
{
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string_view address = text.substr(0, comma);
    End end{.kind = Kind::Tcp};
    WINDSOR_TRY(read_options(text.substr(comma), end));
    const std::size_t colon = address.rfind(':');
    std::string_view host = address.substr(0, std::min(colon, address.size()));
    const std::string_view port = colon != std::string_view::npos ? address.substr(colon + 1) : "";
    if (host.size() > 1 && host.front() == '[' && host.back() == ']') { // RFC 3986, section 3.2.2: of IPv6
        host = host.substr(1, host.size() - 2);
    }
    std::uint16_t number = 0;
    const auto [rest, error] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (error != std::errc{} || rest != port.data() + port.size() || number == 0) {
        return base::fail("'tcp:{}' has no port from 1 to 65535; write tcp:HOST:PORT", shown(text));
    }
    const auto allowed = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               std::string_view{".:-_%"}.contains(c);
    };
    if (host.size() > kLongestHost || !std::ranges::all_of(host, allowed)) {
        return base::fail("'{}' is no name or address of a host", shown(host));
    }
    end.host = host.empty() ? "127.0.0.1" : std::string{host};
    end.port = std::to_string(number);
    return end;
}

base::Result<End> unix_socket(std::string_view text)
{
    const std::size_t comma = std::min(text.find(','), text.size());
    End end{.kind = Kind::Unix};
    end.path = WINDSOR_TRY(path_of(text.substr(0, comma), sizeof(sockaddr_un::sun_path) - 1));
    WINDSOR_TRY(read_options(text.substr(comma), end));
    return end;
}

base::Result<End> with_path(Kind kind, std::string_view path)
{
    return End{.kind = kind, .path = WINDSOR_TRY(path_of(path, kLongestPath))};
}

} // namespace

base::Result<End> parse_end(std::string_view text)
{
    if (text == "pty") {
        return End{.kind = Kind::Terminal};
    }
    if (text == "none" || text == "null" || text.empty()) {
        return End{.kind = text == "none" ? Kind::Absent : Kind::Nobody};
    }
    if (text.starts_with("/dev/")) {
        return with_path(Kind::Device, text);
    }
    const std::size_t colon = std::min(text.find(':'), text.size());
    const std::string_view kind = text.substr(0, colon);
    const std::string_view rest = colon < text.size() ? text.substr(colon + 1) : "";
    if (colon < text.size()) {
        if (kind == "tcp") {
            return tcp(rest);
        }
        if (kind == "unix") {
            return unix_socket(rest);
        }
        if (kind == "file") {
            return with_path(Kind::File, rest);
        }
    }
    const auto other = std::ranges::find(kOthers, kind, &Other::kind);
    if (other != kOthers.end()) {
        return base::fail("a serial port cannot be connected to '{}': {}", shown(text), other->reason);
    }
    return base::fail("'{}' is nothing that a serial port can be connected to; {}", shown(text), kKinds);
}

} // namespace windsor::serial
