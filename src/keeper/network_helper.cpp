// SPDX-License-Identifier: GPL-2.0-or-later
#include "keeper/network_helper.hpp"

#include <cstdint>

namespace windsor::keeper {

namespace {

// For a thousand connections, each with what libslirp holds of both directions.
constexpr std::uint64_t kMostData = std::uint64_t{1} << 30;

class NetworkHelper final : public Helper {
public:
    NetworkHelper(std::vector<std::unique_ptr<network::Nat>> networks, std::unique_ptr<network::ShareGate> gate,
                  sandbox::Mode walls, uid_t user)
        : networks_{std::move(networks)}, gate_{std::move(gate)}, walls_{walls}, user_{user}
    {
    }

    std::string name() const override { return "network"; }
    std::vector<int> descriptors() const override
    {
        std::vector<int> all;
        for (const auto& nat : networks_) {
            const std::vector<int> of_one = nat->descriptors();
            all.insert(all.end(), of_one.begin(), of_one.end());
        }
        if (gate_) {
            const std::vector<int> of_gate = gate_->descriptors();
            all.insert(all.end(), of_gate.begin(), of_gate.end());
        }
        return all;
    }
    sandbox::Plan plan() const override
    {
        return {.role = sandbox::Role::Network,
                .mode = walls_,
                .limits = {.data_bytes = kMostData, .file_bytes = 0},
                .variables = {},
                .user = user_,
                .reach = {{.path = "/etc/resolv.conf"}}}; // where the host's name servers stand
    }
    int serve(base::Fd life, const std::function<void()>& beat) override
    {
        network::serve(networks_, gate_.get(), life, beat);
        return 0;
    }

private:
    std::vector<std::unique_ptr<network::Nat>> networks_;
    std::unique_ptr<network::ShareGate> gate_;
    sandbox::Mode walls_;
    uid_t user_;
};

} // namespace

std::unique_ptr<Helper> network_helper(std::vector<std::unique_ptr<network::Nat>> networks,
                                       std::unique_ptr<network::ShareGate> gate, sandbox::Mode walls, uid_t user)
{
    return std::make_unique<NetworkHelper>(std::move(networks), std::move(gate), walls, user);
}

} // namespace windsor::keeper
