// SPDX-License-Identifier: GPL-2.0-or-later
// For tests: a whole domain without walls, whose guest is a few instructions, on a thread of its own.
#pragma once

#include "base/event_loop.hpp"
#include "base/test_folder.hpp"
#include "domain/domain.hpp"
#include "machine/tiny_guest.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace windsor::domain {

// Longer than anything takes: host time only bounds waits for what has to come.
constexpr std::chrono::seconds kTestPatience{60};

struct SocketPair {
    base::Fd one;
    base::Fd other;

    static SocketPair make()
    {
        std::array<int, 2> ends{-1, -1};
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
        return {base::Fd{ends[0]}, base::Fd{ends[1]}};
    }
};

// A pipe that takes nothing until somebody reads it: whoever writes to it waits.
class FullPipe {
public:
    FullPipe()
    {
        std::array<int, 2> ends{-1, -1};
        EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
        read_.reset(ends[0]);
        write_.reset(ends[1]);
        const std::array<char, 4096> page{};
        ::fcntl(write_.get(), F_SETFL, O_NONBLOCK);
        while (::write(write_.get(), page.data(), page.size()) > 0) {
        }
        ::fcntl(write_.get(), F_SETFL, 0);
    }
    int to_write() const { return write_.get(); }
    // In the background, until all who write have closed it.
    void drain()
    {
        write_.reset();
        drainer_ = std::jthread{[fd = read_.get()] {
            std::array<char, 65536> buffer{};
            while (::read(fd, buffer.data(), buffer.size()) > 0) {
            }
        }};
    }

private:
    base::Fd read_;
    base::Fd write_;
    std::jthread drainer_;
};

// Does for the domain what is asked, and takes note of it.
class TestKeeper final : public KeeperServices {
public:
    explicit TestKeeper(std::optional<Claim>& claim) : claim_{claim} {}

    base::Result<bool> rename(const std::string& name) override
    {
        return renames ? claim_->rename(name) : base::fail("the registry is full");
    }
    base::Result<base::Fd> open_image(unsigned) override { return base::fail("there is no image"); }
    base::Status restart(const std::string& name) override
    {
        restarted = name;
        return {};
    }
    base::Status stop_helpers() override
    {
        console_stopped = true;
        return {};
    }
    void ending() override { ended = true; }

    std::atomic<bool> renames{true};
    // Written by the domain's thread.
    std::string restarted;
    std::atomic<bool> console_stopped{false};
    std::atomic<bool> ended{false};

private:
    std::optional<Claim>& claim_;
};

class DomainTest : public testing::Test {
protected:
    void SetUp() override
    {
        if (const machine::MachineSpec spec; !std::filesystem::exists(spec.vga_bios)) {
            GTEST_SKIP() << "Debian's package seabios is not installed";
        }
        settings_.config.name = "falstaff";
        settings_.config.memory_mb = settings_.config.maxmem_mb = 4;
        settings_.config.sandbox = sandbox::Mode::Off;
        settings_.engine = {.type = engines::Type::Emulate, .name = "emulate", .line = "engine: a test's"};
        settings_.runtime = folder_ / "run";
        settings_.origin = {.text = "memory = 4", .directory = "/"};
        sleep_forever();
    }
    void TearDown() override { stop(); }

    // Guests.
    void sleep_forever() { firmware_->code({0xf4, 0xeb, 0xfd}); } // hlt; jmp -3
    // Resets the machine when a key is pressed.
    void reset_at_a_key()
    {
        firmware_ = std::make_unique<machine::TinyFirmware>();
        code({0xe4, 0x64, 0xa8, 0x01, 0x74, 0xfa});       // in al, 64h; test al, 1; jz -6
        code({0xba, 0xf9, 0x0c, 0xb0, 0x06, 0xee, 0xf4}); // mov dx, 0cf9h; mov al, 6; out dx, al; hlt
    }

    base::Status create()
    {
        settings_.bios = firmware_->write();
        const Registry registry = Registry::open(settings_.runtime).value();
        claim_.emplace(registry.claim(settings_.config.name).value());
        loop_ = base::EventLoop::create().value();
        domain_ = WINDSOR_TRY(Domain::create(settings_, keeper_, *claim_, *loop_, log_));
        return {};
    }
    void start()
    {
        const base::Status created = create();
        ASSERT_TRUE(created) << created.error().message();
        thread_ = std::thread{[this] { domain_->run(); }};
        client_.emplace(client());
    }
    void stop()
    {
        if (thread_.joinable()) {
            loop_->stop();
            thread_.join();
        }
        client_.reset();
        domain_.reset();
        claim_.reset();
    }

    RpcClient client() const { return RpcClient::connect(claim_->entry().control_socket(), kTestPatience).value(); }
    base::Result<Json> call(const std::string& method, const Json& params = Json::object(), int descriptor = -1)
    {
        return client_->call(method, params, descriptor);
    }
    // What it is refused with; empty if it is not.
    std::string refusal(const std::string& method, const Json& params = Json::object(), int descriptor = -1)
    {
        const auto answer = call(method, params, descriptor);
        return answer ? "" : answer.error().message();
    }
    std::string state() { return call("status").value().value("state", ""); }
    template <typename Condition> bool soon(Condition condition)
    {
        const auto until = std::chrono::steady_clock::now() + kTestPatience;
        while (!condition()) {
            if (std::chrono::steady_clock::now() > until) {
                return false;
            }
            std::this_thread::sleep_for(std::chrono::milliseconds{2});
        }
        return true;
    }

    base::TestFolder folder_;
    base::Log log_{base::Log::discard()};
    std::unique_ptr<machine::TinyFirmware> firmware_{std::make_unique<machine::TinyFirmware>()};
    Settings settings_;
    std::optional<Claim> claim_;
    TestKeeper keeper_{claim_};
    std::unique_ptr<base::EventLoop> loop_;
    std::unique_ptr<Domain> domain_;
    std::thread thread_;
    std::optional<RpcClient> client_;

private:
    void code(std::initializer_list<unsigned> bytes) { firmware_->code(bytes); }
};

} // namespace windsor::domain
