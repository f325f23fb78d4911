// SPDX-License-Identifier: GPL-2.0-or-later
#include "keeper/console_parts.hpp"

#include "display/keymap.hpp"

namespace windsor::keeper {

namespace {

display::VncOptions vnc_options(const config::GraphicsConfig& graphics, const std::string& name, domain::DomainId id)
{
    display::VncOptions options{.listen = graphics.listen.value_or("127.0.0.1"),
                                .find_unused = graphics.unused == config::Switch::On,
                                .name = name,
                                .keymap = graphics.keymap.value_or("en-us")};
    if (graphics.has_password()) {
        options.password = graphics.password;
    }
    if (graphics.display) {
        options.display = static_cast<unsigned>(*graphics.display);
    } else if (graphics.unused == config::Switch::Off) {
        options.display = id; // as Xen does
    }
    return options;
}

} // namespace

base::Result<std::optional<ConsoleParts>> ConsoleParts::create(const config::GraphicsConfig& graphics,
                                                               const std::string& name, domain::DomainId id)
{
    if (graphics.vnc == config::Switch::Off) {
        return std::nullopt;
    }
    const display::VncOptions options = vnc_options(graphics, name, id);
    WINDSOR_TRY(display::Keymap::find(options.keymap)); // one from a saved state has not been checked here
    auto listener = display::VncListener::open(options);
    if (!listener) {
        const std::string& sentence = listener.error().message();
        const config::Location& where = graphics.display_where;
        return base::fail("{}", where.source != nullptr ? config::render(where, sentence) : sentence);
    }
    return ConsoleParts{.listener = *std::move(listener),
                        .options = options,
                        .frame = WINDSOR_TRY(display::SharedFrame::create()),
                        .channel = WINDSOR_TRY(display::ViewerChannel::create())};
}

} // namespace windsor::keeper
