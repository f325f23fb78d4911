// SPDX-License-Identifier: GPL-2.0-or-later
// The console for programs: the screen as text or picture, keys, mouse, waiting for a text.
#include "domain/base64.hpp"
#include "state/file.hpp"
#include "toolstack/client.hpp"
#include "toolstack/commands.hpp"
#include "toolstack/numbers.hpp"
#include "toolstack/screen_text.hpp"

#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <thread>

namespace windsor::toolstack {

using domain::Json;

namespace {

constexpr int kGraphicsMode = 2; // exit status of `screen` when there is no text
constexpr auto kPollInterval = std::chrono::milliseconds{200};
constexpr double kDefaultTimeout = 60;
constexpr double kLongestTimeout = 1e8;

std::string joined(const std::vector<std::string>& words, std::size_t from)
{
    std::string text;
    for (std::size_t i = from; i < words.size(); ++i) {
        text += (i == from ? "" : " ") + words[i];
    }
    return text;
}

// Until the guest has been sent all keys: it takes them at its own pace.
base::Status wait_until_typed(Connection& connection)
{
    for (;;) {
        const Json queued = WINDSOR_TRY(connection.client.call("queued_keys"));
        if (!queued.is_number() || queued == 0) {
            return {};
        }
        std::this_thread::sleep_for(kPollInterval / 4);
    }
}

mode_t usual_mode()
{
    const mode_t mask = ::umask(0);
    ::umask(mask);
    return 0666 & ~mask;
}

// Written beside its place and moved there, so that nobody sees half a picture. The directory may be somebody else's: a
// new file has a name there that he cannot have foreseen.
base::Status write_file(const std::string& path, const std::vector<std::uint8_t>& bytes)
{
    namespace fs = std::filesystem;
    std::error_code error;
    if (fs::exists(path, error) && !fs::is_regular_file(path, error)) {
        state::FileOutput output{base::Fd{::open(path.c_str(), O_WRONLY | O_CLOEXEC)}, path};
        WINDSOR_TRY(output.write(bytes));
        return output.flush();
    }
    state::NewFile file = WINDSOR_TRY(state::NewFile::create(path));
    ::fchmod(file.descriptor(), usual_mode());
    state::FileOutput output{base::Fd{::fcntl(file.descriptor(), F_DUPFD_CLOEXEC, 0)}, path};
    WINDSOR_TRY(output.write(bytes));
    WINDSOR_TRY(output.finish());
    return file.commit();
}

} // namespace

base::Result<int> screen(Context& context, const Arguments& arguments)
{
    const Json answer = WINDSOR_TRY(fitting("screen", call(context, arguments.operand(0), "screen")));
    if (answer.value("mode", "") != "text") {
        context.err << context.program << ": the screen of '" << arguments.operand(0)
                    << "' is in a graphics mode and has no text; 'screenshot' gives the picture\n";
        return kGraphicsMode;
    }
    context.out << screen_lines(answer);
    return 0;
}

base::Result<int> screenshot(Context& context, const Arguments& arguments)
{
    const Json answer = WINDSOR_TRY(call(context, arguments.operand(0), "screenshot"));
    const std::vector<std::uint8_t> png = domain::from_base64(answer.value("png", ""));
    if (arguments.operand(1) == "-") {
        context.out << std::string{png.begin(), png.end()} << std::flush;
        return 0;
    }
    WINDSOR_TRY(write_file(arguments.operand(1), png));
    return 0;
}

base::Result<int> type(Context& context, const Arguments& arguments)
{
    Connection connection = WINDSOR_TRY(connect(context, arguments.operand(0)));
    Json params{{"text", joined(arguments.operands(), 1)}};
    if (arguments.has("keymap")) {
        params["keymap"] = arguments.value("keymap");
    }
    WINDSOR_TRY(connection.client.call("type", params));
    if (arguments.has("enter")) {
        WINDSOR_TRY(connection.client.call("keys", {{"keys", "enter"}}));
    }
    if (arguments.has("wait")) {
        WINDSOR_TRY(wait_until_typed(connection));
    }
    return 0;
}

base::Result<int> key(Context& context, const Arguments& arguments)
{
    Connection connection = WINDSOR_TRY(connect(context, arguments.operand(0)));
    WINDSOR_TRY(connection.client.call("keys", {{"keys", joined(arguments.operands(), 1)}}));
    if (arguments.has("wait")) {
        WINDSOR_TRY(wait_until_typed(connection));
    }
    return 0;
}

base::Result<int> mouse(Context& context, const Arguments& arguments)
{
    constexpr int kMost = 10'000;
    const auto number = [](const std::string& text, std::string_view what) {
        return parse_integer(text, what, -kMost, kMost);
    };
    const bool at = arguments.has("at");
    Json params{{at ? "x" : "dx", WINDSOR_TRY(number(arguments.operand(1), "dx"))},
                {at ? "y" : "dy", WINDSOR_TRY(number(arguments.operand(2), "dy"))}};
    params["buttons"] = arguments.operands().size() > 3 ? WINDSOR_TRY(parse_buttons(arguments.operand(3))) : 0;
    params["wheel"] = WINDSOR_TRY(number(arguments.value("wheel", "0"), "the wheel's clicks"));
    WINDSOR_TRY(call(context, arguments.operand(0), at ? "mouse_at" : "mouse", params));
    return 0;
}

base::Result<int> wait(Context& context, const Arguments& arguments)
{
    if (!arguments.has("text")) {
        return base::fail("say what to wait for: --text REGEX");
    }
    const TextPattern pattern = WINDSOR_TRY(TextPattern::compile(arguments.value("text")));
    const double seconds = arguments.has("timeout")
                               ? WINDSOR_TRY(parse_seconds(arguments.value("timeout"), kLongestTimeout))
                               : kDefaultTimeout;
    const auto until =
        std::chrono::steady_clock::now() + std::chrono::milliseconds{static_cast<std::int64_t>(seconds * 1000)};
    Connection connection = WINDSOR_TRY(connect(context, arguments.operand(0)));
    for (;;) {
        const Json answer = WINDSOR_TRY(fitting("screen", connection.client.call("screen")));
        const auto match = answer.value("mode", "") == "text" ? pattern.find(screen_lines(answer)) : std::nullopt;
        if (match) {
            context.out << *match << '\n';
            return 0;
        }
        if (std::chrono::steady_clock::now() >= until) {
            return base::fail("'{}' did not show on the screen of '{}' within {:g} s", arguments.value("text"),
                              arguments.operand(0), seconds);
        }
        std::this_thread::sleep_for(kPollInterval);
    }
}

} // namespace windsor::toolstack
