// SPDX-License-Identifier: GPL-2.0-or-later
#include "domain/engine_settings.hpp"

#include <filesystem>
#include <gtest/gtest.h>
#include <unistd.h>

namespace windsor::domain {

namespace {

TEST(EngineSettings, AreWhatTheConfigurationSays)
{
    config::DomainConfig config;
    const engines::Settings usual = engine_settings(config);
    EXPECT_EQ(usual.verify, engines::Verify::No);
    EXPECT_EQ(usual.kvm_apics, kvm::ApicWish::Automatic);
    EXPECT_EQ(usual.interpreted, "");
    EXPECT_EQ(usual.trace, nullptr);
    config.verify = config::Switch::On;
    config.interpret = "shift,stack";
    config.kvm_apics = config::KvmApics::Windsor;
    const engines::Settings other = engine_settings(config);
    EXPECT_EQ(other.verify, engines::Verify::Yes);
    EXPECT_EQ(other.interpreted, "shift,stack");
    EXPECT_EQ(other.kvm_apics, kvm::ApicWish::Windsor);
    config.kvm_apics = config::KvmApics::Kernel;
    EXPECT_EQ(engine_settings(config).kvm_apics, kvm::ApicWish::Kernel);
}

TEST(EngineSettings, BeginATraceWhereOneIsWanted)
{
    base::Log log{base::Log::discard()};
    config::DomainConfig config;
    const auto none = trace_of(config, engines::Type::Emulate, log);
    ASSERT_TRUE(none.has_value());
    EXPECT_EQ(*none, nullptr);
    const std::filesystem::path file =
        std::filesystem::temp_directory_path() / ("windsor-trace-" + std::to_string(::getpid()));
    config.trace = file;
    config.trace_lines = 3;
    const auto trace = trace_of(config, engines::Type::Emulate, log);
    ASSERT_TRUE(trace.has_value()) << trace.error().message();
    EXPECT_NE(*trace, nullptr);
    EXPECT_TRUE(std::filesystem::exists(file));
    std::filesystem::remove(file);
    config.vcpus = 2;
    EXPECT_FALSE(trace_of(config, engines::Type::Emulate, log).has_value());
    config.vcpus = 1;
    EXPECT_FALSE(trace_of(config, engines::Type::Kvm, log).has_value());
    EXPECT_FALSE(std::filesystem::exists(file)) << "what cannot be traced makes no file";
    config.trace = "/nonexistent/trace";
    const auto failed = trace_of(config, engines::Type::Emulate, log);
    ASSERT_FALSE(failed.has_value());
    EXPECT_NE(failed.error().message().find("/nonexistent/trace"), std::string::npos);
}

} // namespace

} // namespace windsor::domain
