// SPDX-License-Identifier: GPL-2.0-or-later
#include "transport/tls_relay.hpp"

#include "base/descriptors.hpp"
#include "transport/tls_pump.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <unistd.h>

namespace windsor::transport {

namespace {

// The process itself gives up earlier.
constexpr std::chrono::milliseconds kPatience = TlsSession::kPatience + std::chrono::seconds{5};

void report(int to, std::string sentence)
{
    std::ranges::replace(sentence, '\n', ' ');
    sentence += '\n';
    // Who reads the reports may have gone.
    [[maybe_unused]] const ssize_t written = ::write(to, sentence.data(), sentence.size());
}

base::Status relay(TlsCredentials credentials, base::Fd network, int local, const std::string& host, int reports)
{
    TlsSession session = WINDSOR_TRY(TlsSession::open(std::move(credentials), std::move(network), host));
    report(reports, "");
    return TlsPump{std::move(session), local}.run();
}

// The next line of the reports; none if there are no more.
std::optional<std::string> read_report(int from)
{
    std::string line;
    for (;;) {
        char character = 0;
        if (::read(from, &character, 1) != 1) {
            return std::nullopt;
        }
        if (character == '\n') {
            return line;
        }
        line += character;
    }
}

} // namespace

base::Result<TlsRelay> TlsRelay::start(TlsCredentials credentials, base::Fd network, const std::string& host,
                                       const base::Interrupts& interrupts)
{
    SocketPair ends = WINDSOR_TRY(make_socket_pair());
    std::array<int, 2> pipe{};
    if (::pipe2(pipe.data(), O_CLOEXEC) != 0) {
        return base::fail("cannot make a pipe: {}", base::errno_text(errno));
    }
    base::Fd reports{pipe[0]};
    base::Fd reporter{pipe[1]};
    Carrier process = WINDSOR_TRY(Carrier::start("TLS", [&] {
        ::signal(SIGPIPE, SIG_IGN);
        ::signal(SIGHUP, SIG_IGN);
        base::close_all_but(std::array{network.get(), ends.other.get(), reporter.get()});
        base::silence_standard_streams();
        // Said before the local end is closed: who sees that may ask why.
        if (const base::Status done =
                relay(std::move(credentials), std::move(network), ends.other.get(), host, reporter.get());
            !done) {
            report(reporter.get(), done.error().message());
        }
    }));
    reporter.reset();
    ends.other.reset();
    network.reset();
    TlsRelay made{std::move(process), std::move(reports), std::move(ends.own)};
    if (const base::Status agreed = made.await_handshake(interrupts); !agreed) {
        made.process_.stop();
        return std::unexpected{agreed.error()};
    }
    return made;
}

base::Status TlsRelay::await_handshake(const base::Interrupts& interrupts) const
{
    if (!WINDSOR_TRY(interrupts.wait_for(reports_.get(), POLLIN, kPatience))) {
        return base::fail("TLS has not been agreed on in time");
    }
    const std::optional<std::string> said = read_report(reports_.get());
    if (!said || !said->empty()) {
        return base::fail("{}", said.value_or("the process that encrypts the connection has ended"));
    }
    return {};
}

base::Error TlsRelay::explain(const base::Error& error) const
{
    pollfd waiting{.fd = reports_.get(), .events = POLLIN, .revents = 0};
    const std::optional<std::string> said =
        ::poll(&waiting, 1, 0) > 0 ? read_report(reports_.get()) : std::optional<std::string>{};
    return said ? base::Error{fmt::format("{}: {}", error.message(), *said)} : error;
}

} // namespace windsor::transport
