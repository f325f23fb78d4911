// SPDX-License-Identifier: GPL-2.0-or-later
// The ends of an encrypted connection do and say anything, in any order: the pump ends, and what it passes on in good
// order is what was sent.
#include "transport/tls_pump.hpp"

#include "transport/tls_testing.hpp"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <thread>

namespace {

using namespace windsor;
using namespace windsor::transport;
namespace fake = transport::testing;
using fake::Ends;
using fake::make_ends;

// Certificates of one authority for both ends, for the time of the target.
struct Hosts {
    const fake::Authority authority{"authority"};
    const std::unique_ptr<fake::Identity> client =
        authority.issue({.name = "client", .purpose = GNUTLS_KP_TLS_WWW_CLIENT});
    const std::unique_ptr<fake::Identity> server =
        authority.issue({.name = "server", .hosts = {"target.example"}, .purpose = GNUTLS_KP_TLS_WWW_SERVER});
    const fake::Directory source{authority, TlsRole::Source, *client};
    const fake::Directory target{authority, TlsRole::Target, *server};

    static base::Result<TlsSession> open(const fake::Directory& directory, TlsRole role, base::Fd socket)
    {
        auto credentials = WINDSOR_TRY(TlsCredentials::load(directory.path(), role));
        return TlsSession::open(std::move(credentials), std::move(socket), "target.example", std::chrono::seconds{5});
    }
};

// The far end: a session, and the bare socket below it.
class Far {
public:
    Far(TlsSession session, base::Fd bare) : session_{std::move(session)}, bare_{std::move(bare)} {}

    void say(std::span<const std::uint8_t> bytes)
    {
        if (rubbish_ || bytes.empty()) {
            return;
        }
        const auto sent = session_.send(bytes);
        if (sent && *sent) {
            said.append(static_cast<const char*>(static_cast<const void*>(bytes.data())), **sent);
        } else {
            rubbish_ = true; // a record that has been begun would have to be sent again
        }
    }
    // Below the encryption.
    void say_bare(std::span<const std::uint8_t> bytes)
    {
        rubbish_ = rubbish_ || !bytes.empty();
        static_cast<void>(::send(bare_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
    }
    void hear()
    {
        std::vector<std::uint8_t> into(TlsSession::kRecord);
        static_cast<void>(session_.receive(into));
    }
    void farewell() { static_cast<void>(session_.say_farewell()); }
    void shut() { ::shutdown(bare_.get(), SHUT_WR); }

    std::string said;

private:
    TlsSession session_;
    base::Fd bare_; // a second handle of the socket
    bool rubbish_{false};
};

// What the local end has got, read by the pieces.
void hear_local(int fd, std::string& heard)
{
    std::array<char, 4096> buffer{};
    const ssize_t count = ::recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
    heard.append(buffer.data(), static_cast<std::size_t>(std::max(count, ssize_t{0})));
}

void play(Far& far, const Ends& local, std::span<const std::uint8_t> input, std::string& heard)
{
    while (!input.empty()) {
        const std::uint8_t choice = input.front();
        const std::size_t length = std::min<std::size_t>(choice >> 3, input.size() - 1);
        const std::span bytes = input.subspan(1, length);
        input = input.subspan(1 + length);
        switch (choice & 7) {
        case 0:
        case 1: far.say(bytes); break;
        case 2:
            static_cast<void>(::send(local.one.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
            break;
        case 3: hear_local(local.one.get(), heard); break;
        case 4: far.hear(); break;
        case 5: far.say_bare(bytes); break;
        case 6: length == 31 ? far.shut() : length == 30 ? far.farewell() : std::this_thread::yield(); break;
        default:
            if (length == 31) {
                ::shutdown(local.one.get(), SHUT_WR);
            }
            break;
        }
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static const Hosts hosts;
    Ends wire = make_ends();
    base::Fd bare{::dup(wire.other.get())};
    auto waiting = std::async(std::launch::async,
                              [&] { return Hosts::open(hosts.target, TlsRole::Target, std::move(wire.other)); });
    auto source = Hosts::open(hosts.source, TlsRole::Source, std::move(wire.one));
    auto target = waiting.get();
    if (!source || !target) {
        return -1; // a busy host has taken too long for the handshake, and the input is not kept
    }
    Ends local = make_ends();
    std::string heard;
    {
        Far far{std::move(*target), std::move(bare)};
        std::thread pump{[&] {
            static_cast<void>(TlsPump{std::move(*source), local.other.get(), std::chrono::milliseconds{50}}.run());
            local.other.reset();
        }};
        play(far, local, {data, size}, heard);
        far.farewell();
        far.shut();
        ::shutdown(local.one.get(), SHUT_WR);
        for (std::size_t before = heard.size() + 1; before != heard.size();) {
            before = heard.size();
            pollfd ready{.fd = local.one.get(), .events = POLLIN, .revents = 0};
            ::poll(&ready, 1, 2000);
            hear_local(local.one.get(), heard);
        }
        pump.join();
        if (heard.size() > far.said.size() || !far.said.starts_with(heard)) {
            std::abort();
        }
    }
    return 0;
}
