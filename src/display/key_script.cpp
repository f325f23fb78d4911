// SPDX-License-Identifier: GPL-2.0-or-later
#include "display/key_script.hpp"

#include "base/printable.hpp"

#include <charconv>

namespace windsor::display {

namespace {

// Ctrl-Esc opens the Start menu, U is for "Turn Off Computer" or "Shut Down" there, and then for the button "Turn Off"
// in the dialog of Windows XP's welcome screen. The dialogs of Windows NT and 2000, and of XP in the classic way,
// ignore U and have "Shut down" chosen, which Enter takes.
const std::vector<std::string> kWindowsLines{"ctrl-esc", "wait 3", "u", "wait 5", "u", "wait 2", "enter"};

constexpr std::string_view kWait = "wait ";
constexpr std::string_view kType = "type ";
constexpr std::size_t kLongestShown = 40;

base::Result<std::chrono::milliseconds> parse_pause(std::string_view text)
{
    double seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    const double most = std::chrono::duration<double>{kLongestPause}.count();
    if (error != std::errc{} || end != text.data() + text.size() || !(seconds >= 0 && seconds <= most)) {
        return base::fail("\"wait {}\" is no pause; write \"wait 2\", with up to {} seconds",
                          base::printable(std::string{text.substr(0, kLongestShown)}), kLongestPause.count());
    }
    return std::chrono::milliseconds{static_cast<std::int64_t>(seconds * 1000)};
}

class Parser {
public:
    base::Status line(std::string_view line)
    {
        if (line.size() > kLongestScriptLine) {
            return base::fail("a line of {} characters is too long for keys; {} are the most", line.size(),
                              kLongestScriptLine);
        }
        if (line.starts_with(kWait)) {
            return wait(line.substr(kWait.size()));
        }
        if (line.starts_with(kType)) {
            add({.text = std::string{line.substr(kType.size())}});
            return {};
        }
        for (Chord& chord : WINDSOR_TRY(parse_keys(line))) {
            add({.keys = std::move(chord)});
        }
        return {};
    }
    KeyScript take() { return std::move(script_); }

private:
    base::Status wait(std::string_view text)
    {
        const std::chrono::milliseconds pause = WINDSOR_TRY(parse_pause(text));
        pause_ += pause;
        all_pauses_ += pause;
        if (all_pauses_ > kLongestScript) {
            return base::fail("the pauses between the keys are more than {} seconds in all", kLongestScript.count());
        }
        return {};
    }
    void add(KeyStep step)
    {
        step.pause = std::exchange(pause_, {});
        script_.push_back(std::move(step));
    }

    KeyScript script_;
    std::chrono::milliseconds pause_{0};
    std::chrono::milliseconds all_pauses_{0};
};

} // namespace

base::Result<KeyScript> parse_key_script(std::span<const std::string> lines)
{
    if (lines.size() > kMostScriptLines) {
        return base::fail("{} lines of keys are too many; {} are the most", lines.size(), kMostScriptLines);
    }
    Parser parser;
    for (const std::string& line : lines) {
        if (line != kWindowsScript) {
            WINDSOR_TRY(parser.line(line));
            continue;
        }
        for (const std::string& each : kWindowsLines) {
            WINDSOR_TRY(parser.line(each));
        }
    }
    return parser.take();
}

} // namespace windsor::display
