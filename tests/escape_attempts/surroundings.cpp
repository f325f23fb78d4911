// SPDX-License-Identifier: GPL-2.0-or-later
#include "surroundings.hpp"

#include <array>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <netinet/in.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace windsor::escape {

namespace {

constexpr key_t kSharedMemory = 0x77696e64;

int make_file(const std::string& path)
{
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL, 0600);
    return file >= 0 && ::write(file, "secret", 6) == 6 ? file : -1;
}

template <typename Address> bool listen_at(base::Fd& socket, const Address& address, std::size_t size)
{
    return socket &&
           ::bind(socket.get(), static_cast<const sockaddr*>(static_cast<const void*>(&address)),
                  static_cast<socklen_t>(size)) == 0 &&
           ::listen(socket.get(), 16) == 0;
}

} // namespace

Stage::Stage()
{
    complete_ = make_files() && listen() && make_console() && start_neighbour();
}

Stage::~Stage()
{
    if (around_.neighbour > 0) {
        ::kill(around_.neighbour, SIGKILL);
        ::waitpid(around_.neighbour, nullptr, 0);
    }
    if (shared_memory_ >= 0) {
        ::shmctl(shared_memory_, IPC_RMID, nullptr);
    }
    std::error_code error;
    std::filesystem::remove_all(around_.folder, error);
    std::filesystem::remove("/tmp/windsor-escape", error);
}

bool Stage::make_files()
{
    std::string folder = std::filesystem::temp_directory_path() / "windsor-escape-XXXXXX";
    if (::mkdtemp(folder.data()) == nullptr) {
        return false;
    }
    around_.folder = folder;
    around_.secret = make_file(folder + "/secret");
    around_.log = make_file(folder + "/log");
    held_.emplace_back(around_.secret);
    held_.emplace_back(around_.log);
    held_.emplace_back(make_file(folder + "/image"));
    std::error_code error;
    std::filesystem::create_directory(folder + "/place", error);
    shared_memory_ = ::shmget(kSharedMemory, 4096, IPC_CREAT | 0600);
    return around_.secret >= 0 && around_.log >= 0 && shared_memory_ >= 0;
}

bool Stage::listen()
{
    sockaddr_un path{};
    path.sun_family = AF_UNIX;
    const std::string name = around_.folder + "/socket";
    std::memcpy(path.sun_path, name.data(), name.size());
    base::Fd control{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    bool good = listen_at(control, path, sizeof path);

    sockaddr_un abstract{};
    abstract.sun_family = AF_UNIX;
    around_.abstract = "windsor-escape-" + std::to_string(::getpid());
    std::memcpy(abstract.sun_path + 1, around_.abstract.data(), around_.abstract.size());
    base::Fd hidden{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    good = good && listen_at(hidden, abstract, offsetof(sockaddr_un, sun_path) + 1 + around_.abstract.size());

    sockaddr_in port{};
    port.sin_family = AF_INET;
    port.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
    base::Fd network{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    good = good && listen_at(network, port, sizeof port);
    socklen_t size = sizeof port;
    good = good && ::getsockname(network.get(), static_cast<sockaddr*>(static_cast<void*>(&port)), &size) == 0;
    around_.port = ::ntohs(port.sin_port);
    held_.push_back(std::move(control));
    held_.push_back(std::move(hidden));
    held_.push_back(std::move(network));
    return good;
}

bool Stage::make_console()
{
    sockaddr_in port{};
    port.sin_family = AF_INET;
    port.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
    base::Fd listener{::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    sockaddr_un path{};
    path.sun_family = AF_UNIX;
    const std::string name = around_.folder + "/datagrams";
    std::memcpy(path.sun_path, name.data(), name.size());
    base::Fd datagrams{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    base::Fd wake{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    std::array<int, 2> ends{-1, -1};
    const bool good =
        listen_at(listener, port, sizeof port) && wake && datagrams &&
        ::bind(datagrams.get(), static_cast<const sockaddr*>(static_cast<const void*>(&path)), sizeof path) == 0 &&
        ::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) == 0;
    around_.listener = listener.get();
    around_.wake = wake.get();
    around_.events = ends[0];
    for (base::Fd* const each : {&listener, &datagrams, &wake}) {
        held_.push_back(std::move(*each));
    }
    held_.emplace_back(ends[0]);
    held_.emplace_back(ends[1]);
    return good;
}

bool Stage::start_neighbour()
{
    static const char kInMemory = 'n';
    around_.memory = &kInMemory;
    around_.neighbour = ::fork();
    if (around_.neighbour == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;) {
            ::pause();
        }
    }
    return around_.neighbour > 0;
}

} // namespace windsor::escape
