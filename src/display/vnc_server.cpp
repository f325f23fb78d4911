// SPDX-License-Identifier: GPL-2.0-or-later
#include "display/vnc_server.hpp"

#include "base/fd.hpp"
#include "display/vnc_front.hpp"
#include "display/vnc_session.hpp"

#include <algorithm>
#include <cerrno>

namespace windsor::display {

class VncServer::Impl {
public:
    Impl(const VncOptions& options, Keymap keymap, VncListener listener, VncHandler& handler, base::Log& log)
        : options_{options}, keymap_{std::move(keymap)}, port_{listener.port}, handler_{handler}
    {
        for (unsigned i = 0; i < kMostClients; ++i) {
            sessions_.push_back(std::make_unique<VncSession>(
                VncSession::Environment{options_, keymap_, shared_, handshake_, handler_, log, pointer_}));
        }
        front_ = std::make_unique<VncFront>(std::move(listener.socket), options_.password, sessions_,
                                            [this] { handler_.clients_changed(clients()); }, log);
    }

    ~Impl()
    {
        front_.reset();
        for (const std::unique_ptr<VncSession>& session : sessions_) {
            session->stop();
        }
    }

    base::Status run()
    {
        if (!std::ranges::all_of(sessions_, [](const auto& session) { return session->usable(); })) {
            return base::fail("cannot start the VNC server: {}", base::errno_text(ENOMEM));
        }
        return front_->run();
    }

    std::uint16_t port() const { return port_; }

    unsigned clients() const
    {
        const auto busy = std::ranges::count_if(sessions_, [](const auto& session) { return session->busy(); });
        return static_cast<unsigned>(busy);
    }

    bool healthy() const
    {
        return front_->moves() && std::ranges::none_of(sessions_, [](const auto& session) { return session->hangs(); });
    }

    void show(const backend::Picture& picture, std::span<const backend::Rectangle> damage)
    {
        const base::MutexLock lock{shared_.mutex};
        backend::Picture& shared = shared_.picture;
        const bool resized = shared.size != picture.size;
        if (resized) {
            shared = picture;
        } else {
            for (const backend::Rectangle& r : damage) {
                for (unsigned y = r.y; y < r.y + r.height; ++y) {
                    const std::size_t at = std::size_t{y} * picture.size.width + r.x;
                    std::copy_n(&picture.pixels[at], r.width, &shared.pixels[at]);
                }
            }
        }
        if (resized || !damage.empty()) {
            for (const std::unique_ptr<VncSession>& session : sessions_) {
                session->add_damage(damage, resized);
            }
        }
    }

    void set_pointer(PointerMode mode)
    {
        if (pointer_.exchange(mode) != mode) {
            for (const std::unique_ptr<VncSession>& session : sessions_) {
                session->add_damage({}, false); // which wakes it
            }
        }
    }

private:
    const VncOptions options_;
    const Keymap keymap_;
    const std::uint16_t port_;
    VncHandler& handler_;
    SharedPicture shared_;
    base::Mutex handshake_;
    std::atomic<PointerMode> pointer_{PointerMode::Relative};
    std::vector<std::unique_ptr<VncSession>> sessions_;
    std::unique_ptr<VncFront> front_;
};

VncServer::VncServer(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}
VncServer::~VncServer() = default;

base::Result<std::unique_ptr<VncServer>> VncServer::start(const VncOptions& options, VncHandler& handler,
                                                          base::Log& log)
{
    WINDSOR_TRY(Keymap::find(options.keymap));
    return serve(WINDSOR_TRY(VncListener::open(options)), options, handler, log);
}

base::Result<std::unique_ptr<VncServer>> VncServer::serve(VncListener listener, const VncOptions& options,
                                                          VncHandler& handler, base::Log& log)
{
    Keymap keymap = WINDSOR_TRY(Keymap::find(options.keymap));
    auto impl = std::make_unique<Impl>(options, std::move(keymap), std::move(listener), handler, log);
    WINDSOR_TRY(impl->run());
    return std::unique_ptr<VncServer>{new VncServer{std::move(impl)}};
}

std::uint16_t VncServer::port() const
{
    return impl_->port();
}

unsigned VncServer::clients() const
{
    return impl_->clients();
}

bool VncServer::healthy() const
{
    return impl_->healthy();
}

void VncServer::show(const backend::Picture& picture, std::span<const backend::Rectangle> damage)
{
    impl_->show(picture, damage);
}

void VncServer::set_pointer(PointerMode mode)
{
    impl_->set_pointer(mode);
}

} // namespace windsor::display
