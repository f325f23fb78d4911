// SPDX-License-Identifier: GPL-2.0-or-later
#include "network/bridge.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <string_view>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace windsor::network {

namespace {

constexpr const char* kTun = "/dev/net/tun";

bool set_name(ifreq& request, const std::string& name)
{
    if (name.empty() || name.size() >= sizeof request.ifr_name) {
        return false;
    }
    std::memcpy(request.ifr_name, name.c_str(), name.size() + 1);
    return true;
}

// By ethtool, as /sys may show another network namespace.
bool is_bridge(int socket, const std::string& name)
{
    ethtool_drvinfo info{};
    info.cmd = ETHTOOL_GDRVINFO;
    ifreq request{};
    request.ifr_data = static_cast<char*>(static_cast<void*>(&info));
    return set_name(request, name) && ::ioctl(socket, SIOCETHTOOL, &request) == 0 &&
           std::string_view{info.driver} == "bridge";
}

base::Result<base::Fd> make_tap(const std::string& name)
{
    base::Fd tap{::open(kTun, O_RDWR | O_NONBLOCK | O_CLOEXEC)};
    if (!tap) {
        return base::fail("{} cannot be opened: {}", kTun, base::errno_text(errno));
    }
    ifreq request{};
    request.ifr_flags = IFF_TAP | IFF_NO_PI;
    if ((!name.empty() && !set_name(request, name)) || ::ioctl(tap.get(), TUNSETIFF, &request) != 0) {
        return base::fail("a tap device cannot be made: {}", base::errno_text(errno));
    }
    return tap;
}

// What vif-bridge and xen-network-common.sh do to the device.
bool plug_in(int socket, const std::string& bridge, const std::string& name)
{
    ifreq tap{};
    ifreq other{};
    set_name(tap, name);
    set_name(other, bridge);
    if (::ioctl(socket, SIOCGIFMTU, &other) == 0) {
        tap.ifr_mtu = other.ifr_mtu;
        static_cast<void>(::ioctl(socket, SIOCSIFMTU, &tap)); // the usual one is as good
    }
    tap.ifr_hwaddr = {};
    tap.ifr_hwaddr.sa_family = ARPHRD_ETHER;
    std::memcpy(tap.ifr_hwaddr.sa_data, "\xfe\xff\xff\xff\xff\xff", 6);
    if (::ioctl(socket, SIOCSIFHWADDR, &tap) != 0) {
        return false;
    }
    tap.ifr_ifindex = static_cast<int>(::if_nametoindex(name.c_str()));
    other.ifr_ifindex = tap.ifr_ifindex;
    if (::ioctl(socket, SIOCBRADDIF, &other) != 0 || ::ioctl(socket, SIOCGIFFLAGS, &tap) != 0) {
        return false;
    }
    tap.ifr_flags = static_cast<short>(tap.ifr_flags | IFF_UP);
    return ::ioctl(socket, SIOCSIFFLAGS, &tap) == 0;
}

base::Fd control_socket()
{
    return base::Fd{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
}

} // namespace

base::Status check_bridge(const std::string& bridge)
{
    if (!is_bridge(control_socket().get(), bridge)) {
        return base::fail("there is no bridge '{}' on this host", bridge);
    }
    if (const auto tap = make_tap(""); !tap) {
        return base::fail("nothing can be plugged into the bridge '{}': {}", bridge, tap.error().message());
    }
    return {};
}

base::Result<base::Fd> tap_on_bridge(const std::string& bridge, const std::string& name)
{
    const base::Fd socket = control_socket();
    if (!is_bridge(socket.get(), bridge)) {
        return base::fail("there is no bridge '{}' on this host; give the name of one, or network=nat", bridge);
    }
    auto tap = make_tap(name);
    if (!tap) {
        return base::fail("cannot connect '{}' with the bridge '{}': {}", name, bridge, tap.error().message());
    }
    if (!plug_in(socket.get(), bridge, name)) {
        return base::fail("cannot connect '{}' with the bridge '{}': {}", name, bridge, base::errno_text(errno));
    }
    return tap;
}

} // namespace windsor::network
